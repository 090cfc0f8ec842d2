"""Remedies: each makes its rule's bad examples good, and touches nothing that isn't known, is secret or isn't wrong."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import proto
from pulumi_policy import deserialize

from policy_pack.pack import PACK, Pack
from policy_pack.server import Analyzer
from policy_pack.vocabulary import Changes, Example, Finding, Resource, Rule, Severity, rows_of, rule
from tests.policy_pack.engine import CONTEXT, TODAY, Program, ask, run
from tests.policy_pack.protocol import UNKNOWN_TEXT, resource, secret, struct

REMEDIED = [found for found in PACK.rules if found.remedies]
BAD = [(found, example) for found in REMEDIED for example in found.examples if example.verdict == "fail"]
SETTINGS: dict[str, dict[str, Any]] = {
    "resource_has_inventory_tags": {"fill": ["owner=platform", "environment=test", "service=orders"]}
}
KEY = "aws:kms/key:Key"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"


def remediating(*rules: Rule, pack: Pack = PACK) -> Analyzer:
    """Return the pack as a stack configures it that lets these rules change resources."""
    subject = Analyzer(pack, TODAY)
    sent = {
        found.id: proto.PolicyConfig(enforcementLevel=proto.REMEDIATE, properties=struct(SETTINGS.get(found.id, {})))
        for found in rules
    }
    subject.Configure(proto.ConfigureAnalyzerRequest(policyConfig=sent), CONTEXT)
    return subject


def remedy(subject: Analyzer, program: Program) -> Program:
    """Return a program as the engine goes on with it: each remediation in place of a resource's inputs."""
    changed = copy.deepcopy(program)
    for request, whole in zip(changed.analyze, changed.stack.resources, strict=True):
        for found in subject.Remediate(request, CONTEXT).remediations:
            request.properties.CopyFrom(found.properties)
            for name, value in found.properties.fields.items():
                whole.properties.fields[name].CopyFrom(value)
    return changed


def by_name(names: list[str], token: str, **values: Any) -> dict[str, Any] | None:
    """Return a resource's inputs after the remedies of some rules, if any changed them."""
    rules = [found for found in REMEDIED if found.id in names]
    assert len(rules) == len(names)
    response = remediating(*rules).Remediate(resource(token, **values), CONTEXT)
    return json_format.MessageToDict(response.remediations[-1].properties) if response.remediations else None


@pytest.mark.parametrize(("found", "example"), BAD, ids=lambda item: getattr(item, "id", "") or item.program.__name__)
def test_a_bad_example_is_good_after_the_remedy(found: Rule, example: Example) -> None:
    subject = remediating(found)
    program = run(example.program, preview=False)
    assert ask(program, analyzer=remediating(found)).verdict(found) == "fail"
    assert ask(remedy(subject, program), analyzer=subject).verdict(found) == "pass"


@pytest.mark.parametrize("found", REMEDIED, ids=lambda found: found.id)
def test_a_good_example_is_left_alone(found: Rule) -> None:
    for example in found.examples:
        if example.verdict != "fail":
            program = run(example.program, preview=example.verdict == "undetermined")
            assert remedy(remediating(found), program) == program, example.program.__name__


@pytest.mark.parametrize("found", REMEDIED, ids=lambda found: found.id)
def test_a_remedy_says_what_it_does(found: Rule) -> None:
    (change,) = found.remedies
    assert change.__doc__
    assert not change.__doc__.endswith("."), "it is the middle of a sentence"


def test_what_is_to_be_mended_at_least_can_be() -> None:
    assert {found.id for found in REMEDIED} >= {
        "instance_metadata_requires_token",
        "kms_key_rotates_yearly",
        "public_access_blocked",
        "resource_has_inventory_tags",
        "service_speaks_tls_alone",
    }


@pytest.mark.parametrize("example", [example for _, example in BAD], ids=lambda example: example.program.__name__)
def test_nothing_is_mended_unless_the_stack_says_so(example: Example) -> None:
    program = run(example.program, preview=False)
    assert remedy(Analyzer(PACK, TODAY), program) == program


def test_what_no_remedy_mends_blocks() -> None:
    (found,) = [item for item in REMEDIED if item.id == "service_speaks_tls_alone"]
    subject = remediating(found)
    request = resource("aws:dax/cluster:Cluster", clusterEndpointEncryptionType="NONE")
    assert not subject.Remediate(request, CONTEXT).remediations
    (told,) = [item for item in subject.Analyze(request, CONTEXT).diagnostics if item.policyName == found.id]
    assert told.enforcementLevel == proto.MANDATORY


@pytest.mark.parametrize("value", [UNKNOWN_TEXT, secret(0), secret(UNKNOWN_TEXT)])
def test_what_is_not_known_or_secret_is_never_replaced(value: Any) -> None:
    assert by_name(["kms_key_rotates_yearly"], KEY, enableKeyRotation=value) is None
    assert by_name(["public_access_blocked"], BLOCK, blockPublicAcls=value, blockPublicPolicy=False) is None
    brokers = {"encryptionInTransit": {"clientBroker": value}}
    assert by_name(["service_speaks_tls_alone"], "aws:msk/cluster:Cluster", encryptionInfo=brokers) is None


@pytest.mark.parametrize("hidden", [UNKNOWN_TEXT, secret({"enabled": True})])
def test_an_object_that_is_not_known_or_secret_is_never_filled(hidden: Any) -> None:
    token = "aws:ec2/launchTemplate:LaunchTemplate"  # noqa: S105 - the token of a type
    assert by_name(["instance_metadata_requires_token"], token, metadataOptions=hidden) is None


def test_what_stands_beside_is_kept_as_it_was_sent() -> None:
    beside = {"description": secret("hunter2"), "policy": UNKNOWN_TEXT, "tags": {"owner": UNKNOWN_TEXT}, "count": 1.5}
    changed = by_name(["kms_key_rotates_yearly"], KEY, **beside)
    assert changed == {**beside, "enableKeyRotation": True}


def test_of_a_list_every_block_is_mended_or_none() -> None:
    token = "aws:ecs/taskDefinition:TaskDefinition"  # noqa: S105 - the token of a type
    plain: dict[str, Any] = {"efsVolumeConfiguration": {"fileSystemId": "fs-1"}}
    mended = {"efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryption": "ENABLED"}}
    names = ["service_speaks_tls_alone"]
    assert by_name(names, token, volumes=[plain, plain]) == {"volumes": [mended, mended]}
    assert by_name(names, token, volumes=[plain, {"efsVolumeConfiguration": UNKNOWN_TEXT}]) is None
    assert by_name(names, token, volumes=[plain, secret(mended)]) == {"volumes": [mended, secret(mended)]}


def test_a_secret_that_is_right_already_is_left_and_the_rest_is_mended() -> None:
    closed = secret(1) | {"value": True}
    changed = by_name(["public_access_blocked"], BLOCK, blockPublicAcls=closed)
    assert changed == {
        "blockPublicAcls": closed,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }


def test_each_remediation_holds_those_before_it() -> None:
    """The engine takes the last one for the whole."""
    names = ["kms_key_rotates_yearly", "resource_has_inventory_tags"]
    assert by_name(names, KEY, tags={"owner": "security"}) == {
        "enableKeyRotation": True,
        "tags": {"owner": "security", "environment": "test", "service": "orders"},
    }


NAMES = st.sampled_from(
    sorted(
        {"enableKeyRotation", "rotationPeriodInDays", "tags", "owner", "metadataOptions", "volumes", "other"}
        | {"publicAccessBlockConfiguration", "blockPublicAcls", "ignorePublicAcls"}
        | {name for found in REMEDIED for row in found.on.values() for line in rows_of(row) for name in line.path}
    )
)
LEAVES = st.sampled_from(
    [UNKNOWN_TEXT, secret("hunter2"), secret({"a": UNKNOWN_TEXT}), True, False, None, "a", 400, {}]
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3))


def hidden(value: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    """Return the unknown and secret values inside a value, by their paths."""
    if value == UNKNOWN_TEXT or (isinstance(value, dict) and deserialize.SPECIAL_SIG_KEY in value):
        return {path: value}
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {at: found for key, item in inside for at, found in hidden(item, (*path, key)).items()}


@given(
    token=st.sampled_from(sorted({token for found in REMEDIED for token in found.on})),
    values=st.dictionaries(NAMES, VALUES, max_size=4),
)
def test_whatever_a_resource_holds_nothing_hidden_changes(token: str, values: dict[str, Any]) -> None:
    for remediation in remediating(*REMEDIED).Remediate(resource(token, **values), CONTEXT).remediations:
        assert hidden(json_format.MessageToDict(remediation.properties)) == hidden(values)


@rule(on=(KEY,), severity=Severity.HIGH, promise="encryption", fix="close it")
def key_closed(key: Resource) -> Iterator[Finding]:
    """A remedy may be wrong, too."""
    if key.get("open"):
        yield "open is true"


@key_closed.remedy
def crash(key: Resource) -> Changes:
    """closes it"""
    return {("open",): int(key.get("text"))}


def test_a_remedy_that_crashes_changes_nothing_and_the_violation_blocks() -> None:
    subject = remediating(key_closed, pack=Pack([key_closed], reviewed=(), fallback=None))
    request = resource(KEY, open=True, text="many")
    assert not subject.Remediate(request, CONTEXT).remediations
    assert [item.enforcementLevel for item in subject.Analyze(request, CONTEXT).diagnostics] == [proto.MANDATORY]


def test_a_remedy_that_does_not_help_changes_nothing() -> None:
    subject = remediating(key_closed, pack=Pack([key_closed], reviewed=(), fallback=None))
    assert not subject.Remediate(resource(KEY, open=True, text="1"), CONTEXT).remediations
    assert subject.Remediate(resource(KEY, open=True, text="0"), CONTEXT).remediations


@rule(on=(KEY,), severity=Severity.HIGH, promise="encryption", fix="close every door")
def doors_closed(key: Resource) -> Iterator[Finding]:
    """Some of a list may be hidden."""
    if any(door.get("open") for door in key.get("doors")):
        yield "a door is open"


@doors_closed.remedy
def close(_key: Resource) -> Changes:
    """closes them"""
    return {("doors", "open"): False}


def test_of_a_list_a_secret_block_is_left_as_it_was_sent() -> None:
    subject = remediating(doors_closed, pack=Pack([doors_closed], reviewed=(), fallback=None))
    beside = secret({"open": False})
    (found,) = subject.Remediate(resource(KEY, doors=[{"open": True}, beside]), CONTEXT).remediations
    assert json_format.MessageToDict(found.properties) == {"doors": [{"open": False}, beside]}


def test_a_second_remedy_is_refused() -> None:
    with pytest.raises(ValueError, match="key_closed has a remedy already"):
        key_closed.remedy(crash)
