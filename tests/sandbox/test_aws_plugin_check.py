"""Check finds every mistake that a type's schema can show, names it in full, and never quotes a value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws_plugin import schema
from sandbox.aws_plugin.check import Provider, check
from sandbox.aws_plugin.naming import named_by
from sandbox.aws_plugin.values import UNKNOWN, Secret, plain
from tests.sandbox import aws_plugin_samples

BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
TEMPLATE = {"quotaCode": "L-1", "serviceCode": "ec2", "value": 1, "awsRegion": "us-west-1"}
KEY = "aws:kms/key:Key"
ROLE = "aws:iam/role:Role"
TAGS = schema.Property(schema.MapOf(schema.Scalar("string")), required=False)
TEXT = "hunter2-must-not-be-shown"


# A domain name, which no automatic name is.
NAMES = {"aws:servicediscovery/publicDnsNamespace:PublicDnsNamespace": {"name": "example.com"}}


def checked(token: str, news: dict[str, Any], olds: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    inputs, failures = check(schema.resource(token), news, olds or {}, logical_name="thing", seed=b"seed", **more)
    assert failures == []
    return inputs


def failures(token: str, news: dict[str, Any]) -> list[str]:
    return check(schema.resource(token), news, {}, logical_name="thing", seed=b"seed")[1]


def test_every_type_takes_its_required_inputs_and_misses_each_of_them() -> None:
    for token in schema.tokens():
        resource = schema.resource(token)
        inputs = aws_plugin_samples.required(resource.inputs)
        named = NAMES.get(token, {})
        assert failures(token, inputs | named) == [], token
        assert failures(token, named) == sorted(f"{name}: required property is missing" for name in inputs), token
        assert failures(token, dict.fromkeys(inputs, UNKNOWN) | named) == [], token


def test_every_type_refuses_a_property_that_it_does_not_have() -> None:
    for token in schema.tokens():
        inputs = {**aws_plugin_samples.required(schema.resource(token).inputs), "zzNoSuchProperty": 1}
        found = failures(token, inputs)
        assert [failure.partition(",")[0] for failure in found] == ["zzNoSuchProperty: no such property"], token


def test_every_type_refuses_an_object_for_a_scalar_and_a_scalar_for_an_object() -> None:
    for token in schema.tokens():
        wrong: Any
        for name, declared in schema.resource(token).inputs.items() - {("tagsAll", TAGS)}:
            match declared.type:
                case schema.Scalar(kind="string" | "integer" | "boolean" | "number" as kind):
                    wrong, expected = {TEXT: TEXT}, f"{name}: {kind} expected, object given"
                case schema.ListOf():
                    wrong, expected = TEXT, f"{name}: list expected, string given"
                case schema.MapOf() | schema.ObjectOf():
                    wrong, expected = [TEXT], f"{name}: object expected, list given"
                case _:
                    continue
            inputs = aws_plugin_samples.required(schema.resource(token).inputs)
            assert failures(token, {**inputs, name: wrong}) == [expected], token


def test_a_mistake_at_depth_is_named_with_its_path() -> None:
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": ["aws:kms"], "kmsMasterKey": "k"}}
    assert failures(ENCRYPTION, {"bucket": "b", "rules": [{}, rule]}) == [
        "rules[1].applyServerSideEncryptionByDefault.kmsMasterKey: no such property, did you mean kmsMasterKeyId?",
        "rules[1].applyServerSideEncryptionByDefault.sseAlgorithm: string expected, list given",
    ]
    assert failures(KEY, {"tags": {"a b": {}, "c": []}}) == [
        "tags.c: string expected, list given",
        'tags["a b"]: string expected, object given',
    ]


@pytest.mark.parametrize(
    ("wrong", "suggestion"),
    [
        ("enable_key_rotation", ", did you mean enableKeyRotation?"),
        ("enableKeyRotatoin", ", did you mean enableKeyRotation?"),
        ("Description", ", did you mean description?"),
        ("qwertyuiop", ""),
    ],
)
def test_a_misspelt_property_is_answered_with_the_right_one(wrong: str, suggestion: str) -> None:
    assert failures(KEY, {wrong: True}) == [f"{wrong}: no such property{suggestion}"]


def test_an_output_is_not_an_input() -> None:
    assert failures(KEY, {"arn": TEXT}) == ["arn: is an output of the resource, it can't be set"]


@pytest.mark.parametrize(
    ("given_value", "name", "normal"),
    [
        ("7", "deletionWindowInDays", 7),
        ("-1", "deletionWindowInDays", -1),
        (7, "deletionWindowInDays", 7),
        ("true", "enableKeyRotation", True),
        ("false", "enableKeyRotation", False),
        (12, "description", "12"),
        (True, "description", "true"),
        (1.5, "description", "1.5"),
    ],
)
def test_scalars_that_mean_the_same_are_normalised(given_value: Any, name: str, normal: Any) -> None:
    result = checked(KEY, {name: given_value})[name]
    assert (result, type(result)) == (normal, type(normal))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("deletionWindowInDays", "seven"),
        ("deletionWindowInDays", 1.5),
        ("deletionWindowInDays", True),
        ("deletionWindowInDays", "1_0"),
        ("deletionWindowInDays", "nan"),
        ("enableKeyRotation", "yes"),
        ("enableKeyRotation", 1),
        ("tags", "a=b"),
    ],
)
def test_scalars_that_mean_something_else_are_refused(name: str, wrong: Any) -> None:
    (failure,) = failures(KEY, {name: wrong})
    assert failure.startswith(f"{name}: ")
    assert " expected, " in failure


def test_a_null_is_an_absent_value() -> None:
    assert "description" not in checked(KEY, {"description": None, "tags": {"a": None, "b": "c"}})
    assert failures(ENCRYPTION, {"bucket": None, "rules": []}) == ["bucket: required property is missing"]


def test_unknowns_are_accepted_at_any_depth() -> None:
    inputs = {"bucket": UNKNOWN, "rules": [{"applyServerSideEncryptionByDefault": UNKNOWN}, UNKNOWN]}
    result = checked(ENCRYPTION, inputs)
    assert {name: result[name] for name in inputs} == inputs


def test_secrets_stay_secret_and_are_checked_like_other_values() -> None:
    assert checked(KEY, {"description": Secret(12)})["description"] == Secret("12")
    assert checked(KEY, {"tags": {"a": Secret("b")}})["tags"] == {"a": Secret("b")}
    assert failures(KEY, {"description": Secret([TEXT])}) == ["description: string expected, list given"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=3),
    max_leaves=6,
)


@given(value=JSON, name=st.sampled_from(sorted(schema.resource("aws:rds/cluster:Cluster").inputs)))
def test_no_failure_quotes_a_value(value: Any, name: str) -> None:
    for given_value in (value, Secret(value)):
        assert TEXT not in " ".join(failures("aws:rds/cluster:Cluster", {name: given_value}))


def test_a_policy_given_as_an_object_becomes_the_text_that_aws_takes() -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    assert json.loads(checked(ROLE, {"assumeRolePolicy": policy})["assumeRolePolicy"]) == policy
    assert checked(ROLE, {"assumeRolePolicy": "{}"})["assumeRolePolicy"] == "{}"
    hidden = {**policy, "Id": Secret("x")}
    assert isinstance(checked(ROLE, {"assumeRolePolicy": hidden})["assumeRolePolicy"], Secret)
    assert checked(ROLE, {"assumeRolePolicy": {**policy, "Id": UNKNOWN}})["assumeRolePolicy"] is UNKNOWN
    wrong = {**policy, "Statement": [{**statement, "Efect": "Allow"}]}
    assert failures(ROLE, {"assumeRolePolicy": wrong}) == [
        "assumeRolePolicy.Statement[0].Efect: no such property, did you mean Effect?"
    ]


def test_default_tags_come_under_the_resources_own_and_ignored_ones_go() -> None:
    provider = Provider(
        default_tags={"owner": "platform", "a": "default", "secret:x": "y"},
        ignored_tags=frozenset({"ignored"}),
        ignored_tag_prefixes=("secret:",),
    )
    inputs = checked(KEY, {"tags": {"a": "own", "ignored": "1"}}, provider=provider)
    assert inputs["tagsAll"] == {"owner": "platform", "a": "own"}
    assert inputs["tags"] == {"a": "own", "ignored": "1"}
    assert checked(KEY, {})["tagsAll"] == {}
    assert checked(KEY, {"tags": {"a": UNKNOWN}}, provider=provider)["tagsAll"] is UNKNOWN
    assert checked(KEY, {"tags": Secret({"a": "b"})})["tagsAll"] == Secret({"a": "b"})
    assert "tagsAll" not in checked(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "r", "policyArn": "p"}
    )


def test_a_secret_tag_makes_the_tag_secret_among_all_tags_too() -> None:
    assert checked(KEY, {"tags": {"a": Secret("b")}})["tagsAll"] == {"a": Secret("b")}


def test_the_region_is_the_providers_unless_the_resource_has_its_own() -> None:
    provider = Provider(region="us-west-2")
    assert checked(KEY, {}, provider=provider)["region"] == "us-west-2"
    assert checked(KEY, {"region": "us-west-1"}, provider=provider)["region"] == "us-west-1"
    replicas = "aws:ssmincidents/replicationSet:ReplicationSet"  # whose `region` is a list of its replicas
    assert "region" not in checked(replicas, {}, provider=provider)
    assert "region" not in checked("aws:servicequotas/template:Template", TEMPLATE, provider=provider)
    assert "region" not in checked(ROLE, {"assumeRolePolicy": "{}"}, provider=provider)


def test_checking_checked_inputs_changes_nothing() -> None:
    """The engine checks again what it stored: nothing may drift from one update to the next."""
    for token in schema.tokens():
        resource = schema.resource(token)
        provider = Provider("us-west-2", {"a": "b"})
        once = checked(token, aws_plugin_samples.required(resource.inputs) | NAMES.get(token, {}), provider=provider)
        again = checked(token, once, once, provider=provider)
        again.pop("__defaults", None)
        once.pop("__defaults", None)
        assert plain(again) == plain(once), token
        name = named_by(resource)
        assert name is None or once[name], token
