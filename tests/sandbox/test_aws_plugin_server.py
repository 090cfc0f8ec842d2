"""The plugin over its real protocol: previews, what it lacks, the life of a resource, the provider's configuration."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from sandbox.aws_plugin import handlers, schema
from sandbox.aws_plugin.aws import AwsError
from sandbox.aws_plugin.handlers import PartlyCreated
from sandbox.aws_plugin.server import AwsPlugin
from sandbox.aws_plugin.values import UNKNOWN, Secret, decode, encode
from sandbox.home import Home
from tests.sandbox import aws_plugin_samples
from tests.sandbox.aws_plugin_doubles import Identity, Shelf, identity
from tests.sandbox.aws_plugin_served import ABOUT, KEY, URN, configured, error_of, served


def test_every_type_previews_with_every_undeclared_output_unknown() -> None:
    plugin = AwsPlugin(None)
    for token in schema.tokens():
        resource = schema.resource(token)
        inputs = aws_plugin_samples.required(resource.inputs)
        request = provider_pb2.CreateRequest(type=token, name="a", properties=encode(inputs), preview=True)
        outputs = decode(plugin.Create(request, None).properties)
        assert outputs.keys() == resource.outputs | inputs.keys(), token
        assert all((value is UNKNOWN) == (name not in inputs) for name, value in outputs.items()), token


def test_a_preview_of_new_resources_needs_no_emulator(tmp_path: Path) -> None:
    with served(None, tmp_path) as plugin:
        client = configured(plugin.client, defaultTags='{"tags":{"owner":"platform"}}')
        assert client.GetPluginInfo(empty_pb2.Empty()).version == "7.51.1"
        news = {"description": Secret("d"), "tags": {"a": UNKNOWN}}
        checked = client.Check(provider_pb2.CheckRequest(**ABOUT, news=encode(news), randomSeed=b"s"))
        assert list(checked.failures) == []
        inputs = decode(checked.inputs)
        assert inputs == {**news, "region": "us-west-2", "tagsAll": UNKNOWN}
        created = client.Create(provider_pb2.CreateRequest(**ABOUT, properties=checked.inputs, preview=True))
        assert created.id == ""
        outputs = decode(created.properties)
        assert outputs["description"] == Secret("d")
        assert outputs["arn"] is UNKNOWN


def test_what_was_created_unheard_keeps_the_name_that_was_made_up_for_it(tmp_path: Path) -> None:
    """Else the state would tell another name than the thing has, and a refresh a drift."""
    journal = Home(tmp_path).created / "999999991.jsonl"
    about = {**ABOUT, "type": "aws:iam/role:Role"}
    asked = provider_pb2.CheckRequest(**about, news=encode({"assumeRolePolicy": "{}"}), randomSeed=b"s" * 32)
    with identity() as emulator, served(emulator.url, tmp_path) as plugin:
        client = configured(plugin.client)
        made_up = decode(client.Check(asked).inputs)["name"]
        journal.parent.mkdir(parents=True)
        for incarnation, expected in (("first", "k-before"), ("another", made_up)):
            noted = {"urn": URN, "id": "k-before", "incarnation": incarnation, "identity": {"name": "k-before"}}
            journal.write_text(json.dumps(noted) + "\n")
            assert decode(client.Check(asked).inputs)["name"] == expected
        known = provider_pb2.CheckRequest(**about, news=encode({"assumeRolePolicy": "{}", "name": "mine"}))
        assert decode(client.Check(known).inputs)["name"] == "mine"


def test_a_failed_check_names_the_property_where_the_engine_does_not_print_its_value(tmp_path: Path) -> None:
    """Beside `CheckFailure.property` the engine prints the property's value."""
    with served(None, tmp_path) as plugin:
        news = encode({"enableKeyRotatoin": "hunter2"})
        failures = configured(plugin.client).Check(provider_pb2.CheckRequest(**ABOUT, news=news)).failures
        assert [(failure.property, failure.reason) for failure in failures] == [
            ("", "enableKeyRotatoin: no such property, did you mean enableKeyRotation?")
        ]


def test_what_the_plugin_lacks_is_said_in_one_line(tmp_path: Path) -> None:
    with served("http://127.0.0.1:9", tmp_path) as plugin:
        client = configured(plugin.client)
        calls = {
            "the sandbox's AWS plugin has no package schema: `pulumi import` needs --generate-code=false": lambda: (
                client.GetSchema(provider_pb2.GetSchemaRequest())
            ),
            "aws:s3/bukket:Bukket: pulumi_aws 7.51.1 has no such resource type": lambda: client.Check(
                provider_pb2.CheckRequest(type="aws:s3/bukket:Bukket")
            ),
            "aws:s3/getBukket:getBukket: pulumi_aws 7.51.1 has no such function": lambda: client.Invoke(
                provider_pb2.InvokeRequest(tok="aws:s3/getBukket:getBukket")
            ),
            "the AWS emulator at http://127.0.0.1:9 does not answer: start it with `python -m sandbox start`": lambda: (
                client.Create(provider_pb2.CreateRequest(**ABOUT, properties=encode({})))
            ),
            "x: the sandbox's AWS plugin has no component resources": lambda: client.Construct(
                provider_pb2.ConstructRequest(type="x")
            ),
            "x: the sandbox's AWS plugin has no resource methods": lambda: client.Call(
                provider_pb2.CallRequest(tok="x")
            ),
            "the AWS provider takes no parameters": lambda: client.Parameterize(provider_pb2.ParameterizeRequest()),
        }
        for message, call in calls.items():
            assert error_of(call).details() == message


DIFF = provider_pb2.PropertyDiff


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin's journal is the test's own."""
    monkeypatch.setenv("HEDGEROW_SANDBOX_HOME", str(tmp_path / "own home"))


@pytest.fixture
def emulator() -> Iterator[Identity]:
    with identity() as running:
        yield running


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf()
    monkeypatch.setattr(handlers, "find", lambda token: shelf.handler if token == KEY else None)
    return shelf


@pytest.fixture
def client(emulator: Identity, shelf: Shelf) -> Iterator[Any]:  # noqa: ARG001 - the plugin finds the shelf by itself
    """The plugin in this process, with a handler of the test's own, behind real gRPC."""
    with ThreadPoolExecutor(32) as threads:
        server = grpc.server(threads)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(AwsPlugin(emulator.url), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield configured(provider_pb2_grpc.ResourceProviderStub(channel))
        server.stop(0).wait()


def diffed(client: Any, state: Any, olds: dict[str, Any], news: dict[str, Any], token: str = KEY) -> Any:
    request = provider_pb2.DiffRequest(
        urn=URN, type=token, name="k", id="id-1", olds=state, old_inputs=encode(olds), news=encode(news)
    )
    return client.Diff(request)


def test_what_has_not_begun_when_the_user_cancels_never_does(client: Any, shelf: Shelf) -> None:
    client.Cancel(empty_pb2.Empty())
    late = error_of(lambda: client.Create(provider_pb2.CreateRequest(**ABOUT, properties=encode({}))))
    assert (late.code(), late.details()) == (grpc.StatusCode.CANCELLED, "cancelled")
    assert shelf.calls == []
    client.Cancel(empty_pb2.Empty())


def test_the_life_of_a_resource(client: Any, shelf: Shelf) -> None:
    olds, news = {"description": "d", "isEnabled": True}, {"description": "d", "isEnabled": False}
    created = client.Create(provider_pb2.CreateRequest(**ABOUT, properties=encode(olds)))
    assert (created.id, decode(created.properties)["__emulator"]) == ("id-1", "first")

    unchanged = diffed(client, created.properties, olds, olds)
    assert unchanged.changes == provider_pb2.DiffResponse.DIFF_NONE
    changed = diffed(client, created.properties, olds, {**news, "description": "e"})
    assert changed.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert {path: (d.kind, d.inputDiff) for path, d in changed.detailedDiff.items()} == {
        "description": (DIFF.UPDATE_REPLACE, True),  # as the handler's `replace_on` has it
        "isEnabled": (DIFF.UPDATE, True),
    }
    assert (list(changed.replaces), list(changed.diffs)) == (["description"], ["description", "isEnabled"])

    update = {**ABOUT, "id": "id-1", "olds": created.properties, "old_inputs": encode(olds), "news": encode(news)}
    planned = decode(client.Update(provider_pb2.UpdateRequest(**update, preview=True)).properties)
    assert (planned["arn"], planned["isEnabled"], planned["keyId"]) == ("arn:1", False, UNKNOWN)
    assert shelf.calls == [("create", olds)]
    updated = client.Update(provider_pb2.UpdateRequest(**update)).properties
    assert decode(updated) == {**news, "arn": "arn:1", "__emulator": "first"}

    read = {**ABOUT, "id": "id-1", "properties": updated, "inputs": encode(news)}
    found = client.Read(provider_pb2.ReadRequest(**read))
    assert (found.id, decode(found.inputs), found.properties) == ("id-1", news, updated)
    client.Delete(provider_pb2.DeleteRequest(**ABOUT, id="id-1", properties=updated))
    assert shelf.things == {}
    assert client.Read(provider_pb2.ReadRequest(**read)).id == ""


def test_a_preview_shows_as_unknown_what_the_program_no_longer_sets(client: Any) -> None:
    state = {"description": "d", "arn": "arn:1", "tags": {"a": "b"}, "__emulator": "first"}
    request = provider_pb2.UpdateRequest(
        **ABOUT, id="i", olds=encode(state), old_inputs=encode({"tags": {"a": "b"}}), news=encode({}), preview=True
    )
    planned = decode(client.Update(request).properties)
    assert planned["tags"] is UNKNOWN
    assert planned["arn"] == "arn:1"


def test_a_fixed_name_is_freed_before_its_replacement(client: Any) -> None:
    group, queue, state = "aws:xray/group:Group", "aws:sqs/queue:Queue", encode({"__emulator": "first"})
    olds, news = {"groupName": "g", "region": "us-west-1"}, {"groupName": "g", "region": "us-west-2"}
    assert list(diffed(client, state, olds, news, group).replaces) == ["region"]
    fixed = diffed(client, state, {"name": "q", "fifoQueue": False}, {"name": "q", "fifoQueue": True}, queue)
    assert fixed.deleteBeforeReplace
    automatic = {"name": "q", "fifoQueue": True, "__defaults": ["name"]}
    assert not diffed(client, state, {**automatic, "fifoQueue": False}, automatic, queue).deleteBeforeReplace


def test_a_partial_creation_reaches_the_engine_with_id_and_state(client: Any, shelf: Shelf) -> None:
    """As the detail that the engine looks for (`parseError` in its provider_plugin.go)."""
    shelf.fail = lambda: PartlyCreated("id-9", {"keyId": "k"}, AwsError("op", "kms", "Bad", "why"))
    error = error_of(lambda: client.Create(provider_pb2.CreateRequest(**ABOUT, properties=encode({}))))
    metadata = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert (detail.id, list(detail.reasons)) == ("id-9", ["op on kms: Bad: why"])
    assert decode(detail.properties) == {"keyId": "k", "__emulator": "first"}
    assert (status.code, status.message) == (error.code().value[0], error.details())


def test_a_resource_of_a_stopped_emulator_cannot_be_diffed(client: Any) -> None:
    error = error_of(lambda: diffed(client, encode({"__emulator": "stopped"}), {}, {}))
    assert error.details().startswith(f"{KEY} `id-1` exists in the state, but the emulator that held it has stopped: ")


def test_many_resources_are_created_at_a_time(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(16)
    monkeypatch.setattr(Shelf, "_called", lambda _self, *_call: together.wait(timeout=20))
    calls = [client.Create.future(provider_pb2.CreateRequest(**ABOUT, properties=encode({}))) for _ in range(16)]
    assert [call.result().id for call in calls] == ["id-1"] * 16


@pytest.mark.parametrize(
    ("given", "id_", "state"),
    [
        ("id-1", "id-1", {}),
        ("id-1@us-west-1", "id-1", {"region": "us-west-1"}),
        ("arn:a@b@us-gov-west-1", "arn:a@b", {"region": "us-gov-west-1"}),
        ("someone@example", "someone@example", {}),
    ],
)
def test_an_import_may_name_its_region(client: Any, shelf: Shelf, given: str, id_: str, state: dict[str, Any]) -> None:
    shelf.things[id_] = {"arn": "arn:1"}
    assert client.Read(provider_pb2.ReadRequest(**ABOUT, id=given)).id == id_
    assert shelf.calls == [("read", id_, state)]


def test_an_endpoint_off_this_machine_is_refused_before_anything_else(tmp_path: Path) -> None:
    with served("https://sts.us-west-2.amazonaws.com", tmp_path) as plugin:
        error = error_of(lambda: configured(plugin.client))
    message = "the sandbox's AWS plugin only talks to this machine, not to sts.us-west-2.amazonaws.com"
    assert error.details() == message


@pytest.mark.parametrize(
    ("arguments", "failures"),
    [
        ({"region": "us-west-2", "version": "7.51.1", "__internal": {}}, []),
        ({"region": UNKNOWN}, []),
        ({"region": "us-west-2", "skipRegionValidation": "true", "maxRetries": "3"}, []),
        ({"region": "us-west-2", "endpoints": '[{"s3":"http://127.0.0.1:1"}]'}, []),
        (
            {"region": "us-west-2", "endpoints": '[{"s3":"https://s3.amazonaws.com"}]'},
            ["endpoints[0].s3: the sandbox's AWS plugin only talks to this machine, not to s3.amazonaws.com"],
        ),
        ({"region": "us-west-2", "regoin": "x"}, ["regoin: no such property, did you mean region?"]),
        ({"region": "us-west-2", "allowedAccountIds": "hunter2"}, ["allowedAccountIds: list expected, string given"]),
        ({}, ["region: is not set: run `pulumi config set aws:region us-west-2`"]),
    ],
)
def test_the_providers_own_configuration_is_checked(
    client: Any, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], failures: list[str]
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    checked = client.CheckConfig(provider_pb2.CheckRequest(news=encode(arguments)))
    assert [failure.reason for failure in checked.failures] == failures
    assert decode(checked.inputs) == arguments


def test_a_changed_configuration_replaces_nothing(client: Any) -> None:
    olds, news = {"region": "us-west-2", "accessKey": Secret("a")}, {"region": "us-west-1", "accessKey": Secret("a")}
    found = client.DiffConfig(provider_pb2.DiffRequest(old_inputs=encode(olds), news=encode(news)))
    assert (found.changes, list(found.diffs), list(found.replaces)) == (
        provider_pb2.DiffResponse.DIFF_SOME,
        ["region"],
        [],
    )


def test_tags_that_the_provider_ignores_are_not_among_all_tags(client: Any) -> None:
    configured(client, ignoreTags='{"keys":["a"],"keyPrefixes":["aws-"]}', defaultTags='{"tags":{"aws-x":"1","b":"2"}}')
    request = provider_pb2.CheckRequest(**ABOUT, news=encode({"tags": {"a": "1", "c": "3"}}))
    assert decode(client.Check(request).inputs)["tagsAll"] == {"b": "2", "c": "3"}
