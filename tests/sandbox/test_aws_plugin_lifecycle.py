"""Between the engine's state and the emulator: nothing is lost, nothing is shown, and neither is believed blindly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.aws_plugin import handlers
from sandbox.aws_plugin.aws import Aws, AwsError
from sandbox.aws_plugin.configuration import Configuration
from sandbox.aws_plugin.emulator import Emulator, EmulatorError
from sandbox.aws_plugin.errors import PartialError, PluginError
from sandbox.aws_plugin.handlers import NotEmulated, PartlyCreated
from sandbox.aws_plugin.lifecycle import Lifecycle
from sandbox.aws_plugin.values import Secret, decode
from tests.sandbox.aws_plugin_doubles import Identity, Shelf, identity

KEY = "aws:kms/key:Key"
CLUSTER = "aws:rds/cluster:Cluster"
GONE = (
    "aws:kms/key:Key `id-1` exists in the state, but the emulator that held it has stopped: run `pulumi refresh` "
    "to drop what is gone, or `python -m sandbox reset`"
)


@pytest.fixture
def emulator() -> Iterator[Identity]:
    with identity() as running:
        yield running


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()
    monkeypatch.setattr(handlers, "find", lambda token: shelf.handler if token in (KEY, CLUSTER) else None)
    return shelf


@pytest.fixture
def lifecycle(emulator: Identity, shelf: Shelf) -> Lifecycle:  # noqa: ARG001 - it finds the shelf by itself
    return Lifecycle(Emulator(emulator.url), Configuration())


def test_a_handler_gets_plain_values_and_no_internal_keys(lifecycle: Lifecycle, shelf: Shelf) -> None:
    lifecycle.create(KEY, {"description": Secret("x"), "tags": {"a": Secret("b")}, "__defaults": ["name"]})
    assert shelf.calls == [("create", {"description": "x", "tags": {"a": "b"}})]


def test_what_was_secret_stays_secret_in_the_state_and_the_state_names_its_emulator(lifecycle: Lifecycle) -> None:
    id_, state = lifecycle.create(CLUSTER, {"engine": "e", "masterPassword": "p", "tags": {"a": Secret("b")}})
    assert id_ == "id-1"
    assert state == {
        "engine": "e",
        "masterPassword": Secret("p"),  # always secret by its type
        "tags": {"a": Secret("b")},
        "arn": "arn:1",
        "__emulator": "first",
    }


def test_an_update_gets_the_old_state_and_keeps_secrets(lifecycle: Lifecycle, shelf: Shelf) -> None:
    _, olds = lifecycle.create(KEY, {"description": Secret("old")})
    state = lifecycle.update(KEY, "id-1", olds, {"description": Secret("new")})
    assert shelf.calls[-1] == ("update", "id-1", {"description": "old", "arn": "arn:1"}, {"description": "new"})
    assert state == {"description": Secret("new"), "arn": "arn:1", "__emulator": "first"}


def test_a_type_without_handler_previews_only(lifecycle: Lifecycle) -> None:
    with pytest.raises(PluginError) as refused:
        lifecycle.create("aws:xray/group:Group", {})
    assert str(refused.value) == (
        "aws:xray/group:Group: not emulated by the sandbox: it previews, but `up` cannot create it here"
    )


def test_a_resource_that_exists_in_part_is_not_lost(lifecycle: Lifecycle, shelf: Shelf) -> None:
    cause = AwsError("put_policy", "kms", "Malformed", "the policy hunter2 is bad")
    shelf.fail = lambda: PartlyCreated("id-9", {"policy": "hunter2", "keyId": "k"}, cause)
    with pytest.raises(PartialError) as partial:
        lifecycle.create(KEY, {"policy": Secret("hunter2")})
    detail = partial.value.detail
    assert detail.id == "id-9"
    assert decode(detail.properties) == {"policy": Secret("hunter2"), "keyId": "k", "__emulator": "first"}
    assert list(detail.reasons) == ["put_policy on kms: Malformed: the policy [secret] is bad"]


@pytest.mark.parametrize("code", ["EndpointConnectionError", "ConnectionClosedError", "HTTPClientError"])
def test_an_emulator_that_dies_halfway_through_a_creation_is_named(
    lifecycle: Lifecycle, shelf: Shelf, code: str
) -> None:
    shelf.fail = lambda: PartlyCreated("id-9", {}, AwsError("list_resource_tags", "kms", code, "gone"))
    with pytest.raises(PartialError, match="does not answer: start it with"):
        lifecycle.create(KEY, {})


@pytest.mark.parametrize("operation", ["create", "update", "delete", "read"])
def test_an_error_of_aws_is_one_line_without_secrets(lifecycle: Lifecycle, shelf: Shelf, operation: str) -> None:
    _, state = lifecycle.create(KEY, {"description": Secret("hunter2")})
    shelf.fail = lambda: AwsError("op", "kms", "Bad", "value\nhunter2 is too short")
    calls: dict[str, Any] = {
        "create": lambda: lifecycle.create(KEY, {"description": Secret("hunter2")}),
        "update": lambda: lifecycle.update(KEY, "id-1", state, {}),
        "delete": lambda: lifecycle.delete(KEY, "id-1", state),
        "read": lambda: lifecycle.read(KEY, "id-1", {}, state),
    }
    with pytest.raises(PluginError) as error:
        calls[operation]()
    assert str(error.value) == "op on kms: Bad: value [secret] is too short"


def test_what_a_handler_does_not_emulate_is_said_in_its_words(lifecycle: Lifecycle, shelf: Shelf) -> None:
    shelf.fail = lambda: NotEmulated("aws:kms/key:Key: xksKeyId is not emulated")
    with pytest.raises(PluginError, match=r"^aws:kms/key:Key: xksKeyId is not emulated$"):
        lifecycle.create(KEY, {})


@pytest.mark.parametrize(
    ("configuration", "refusal"),
    [
        (Configuration(allowed=frozenset({"111122223333"})), "is not among aws:allowedAccountIds"),
        (Configuration(forbidden=frozenset({"123456789012"})), "is among aws:forbiddenAccountIds"),
    ],
)
def test_an_account_that_the_provider_may_not_touch_is_not_touched(
    emulator: Identity, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, configuration: Configuration, refusal: str
) -> None:
    monkeypatch.setattr(Aws, "account", "123456789012")
    with pytest.raises(PluginError) as error:
        Lifecycle(Emulator(emulator.url), configuration).create(KEY, {})
    assert str(error.value) == f"the emulator's account 123456789012 {refusal}"
    assert shelf.calls == []


class TestAnotherEmulator:
    """The emulator that held the resources was stopped, and another one runs."""

    @pytest.fixture
    def state(self, lifecycle: Lifecycle, emulator: Identity, shelf: Shelf) -> dict[str, Any]:
        _, state = lifecycle.create(KEY, {"description": "x"})
        emulator.incarnation = "second"
        shelf.calls.clear()
        return state

    def test_a_diff_says_so(self, emulator: Identity, state: dict[str, Any]) -> None:
        with pytest.raises(PluginError) as error:
            Lifecycle(Emulator(emulator.url), Configuration()).require_held(KEY, "id-1", state)
        assert str(error.value) == GONE

    def test_an_update_says_so_and_touches_nothing(
        self, lifecycle: Lifecycle, shelf: Shelf, state: dict[str, Any]
    ) -> None:
        with pytest.raises(PluginError) as error:
            lifecycle.update(KEY, "id-1", state, {})
        assert str(error.value) == GONE
        assert shelf.calls == []

    def test_a_deletion_has_happened_already(self, lifecycle: Lifecycle, shelf: Shelf, state: dict[str, Any]) -> None:
        lifecycle.delete(KEY, "id-1", state)
        assert shelf.calls == []

    def test_a_refresh_finds_it_gone(self, lifecycle: Lifecycle, shelf: Shelf, state: dict[str, Any]) -> None:
        shelf.things.clear()
        assert lifecycle.read(KEY, "id-1", {"description": "x"}, state) is None

    def test_a_refresh_adopts_what_is_there_nevertheless(self, lifecycle: Lifecycle, state: dict[str, Any]) -> None:
        found = lifecycle.read(KEY, "id-1", {"description": "x"}, state)
        assert found == ({"description": "x"}, {**state, "__emulator": "second"})

    def test_a_refresh_drops_a_type_that_is_not_emulated(self, lifecycle: Lifecycle, state: dict[str, Any]) -> None:
        assert lifecycle.read("aws:xray/group:Group", "id-1", {}, state) is None


def test_a_state_that_names_no_emulator_is_not_believed(lifecycle: Lifecycle) -> None:
    """As the state of a real account would be."""
    with pytest.raises(PluginError):
        lifecycle.require_held(KEY, "id-1", {"arn": "arn:1"})


def test_an_endpoint_without_incarnations_is_one_that_never_changes(emulator: Identity, lifecycle: Lifecycle) -> None:
    emulator.incarnation = None
    _, state = lifecycle.create(KEY, {})
    assert state["__emulator"] == "unknown"
    lifecycle.require_held(KEY, "id-1", state)


def test_an_emulator_that_does_not_answer_is_named_with_the_remedy(shelf: Shelf) -> None:
    with identity() as stopped:
        url = stopped.url
    lifecycle = Lifecycle(Emulator(url), Configuration())
    calls: list[Any] = [
        lambda: lifecycle.create(KEY, {}),
        lambda: lifecycle.read(KEY, "i", {}, {}),
        lambda: lifecycle.update(KEY, "i", {}, {}),
        lambda: lifecycle.delete(KEY, "i", {}),
        lambda: lifecycle.require_held(KEY, "i", {}),
        lambda: lifecycle.invoke("aws:index/getCallerIdentity:getCallerIdentity", {}),
    ]
    for call in calls:
        with pytest.raises(EmulatorError) as error:
            call()
        assert str(error.value) == (
            f"the AWS emulator at {url} does not answer: start it with `python -m sandbox start`"
        )
    assert shelf.calls == []


def test_no_endpoint_is_an_error_where_one_is_needed() -> None:
    with pytest.raises(EmulatorError, match=r"^AWS_ENDPOINT_URL is not set: start the AWS emulator with"):
        Emulator(None).live()


@pytest.mark.parametrize(
    "endpoint", ["https://sts.us-west-2.amazonaws.com", "http://10.0.0.1:5000", "http://0.0.0.0:1", "x"]
)
def test_an_endpoint_off_this_machine_is_refused(endpoint: str) -> None:
    with pytest.raises(EmulatorError, match="only talks to this machine"):
        Emulator(endpoint).live()


class TestRefreshedInputs:
    """A refresh shows what really differs, in the words of the program."""

    @pytest.fixture
    def real(self, shelf: Shelf) -> dict[str, Any]:
        shelf.things["id-1"] = {}
        return shelf.things["id-1"]

    def read(self, lifecycle: Lifecycle, inputs: dict[str, Any], token: str = KEY) -> dict[str, Any]:
        found = lifecycle.read(token, "id-1", inputs, {**inputs, "__emulator": "first"})
        assert found is not None
        return found[0]

    def test_what_means_the_same_keeps_the_programs_form(self, lifecycle: Lifecycle, real: dict[str, Any]) -> None:
        inputs = {"policy": '{"Statement": []}', "tags": {"a": "b"}, "__defaults": ["x"]}
        real.update({"policy": '{"Statement":[]}', "tags": {"a": "b"}, "description": "AWS's own"})
        assert self.read(lifecycle, inputs) == inputs

    def test_drift_shows(self, lifecycle: Lifecycle, real: dict[str, Any]) -> None:
        real.update({"tags": {"a": "b", "by": "hand"}, "description": "changed"})
        drifted = self.read(lifecycle, {"tags": {"a": "b"}, "description": "x", "policy": "{}"})
        assert drifted == {"tags": {"a": "b", "by": "hand"}, "description": "changed"}

    def test_a_nested_object_keeps_to_what_the_program_set(self, lifecycle: Lifecycle, real: dict[str, Any]) -> None:
        real["scalingConfiguration"] = {"minCapacity": 2, "maxCapacity": 16, "autoPause": True}
        inputs = {"engine": "e", "scalingConfiguration": {"minCapacity": 1}}
        real["engine"] = "e"
        assert self.read(lifecycle, inputs, CLUSTER) == {"engine": "e", "scalingConfiguration": {"minCapacity": 2}}

    def test_a_secret_stays_secret_when_it_drifts(self, lifecycle: Lifecycle, real: dict[str, Any]) -> None:
        real["description"] = "changed"
        assert self.read(lifecycle, {"description": Secret("x")}) == {"description": Secret("changed")}

    def test_an_import_takes_all_that_is_set(self, lifecycle: Lifecycle, real: dict[str, Any]) -> None:
        real.update({"description": "d", "arn": "arn:1", "policy": "", "tags": {}, "isEnabled": False})
        found = lifecycle.read(KEY, "id-1", {}, {})
        assert found == ({"description": "d", "isEnabled": False}, {**real, "__emulator": "first"})
