"""A change is what AWS would notice, and replaces what AWS can't change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws_plugin import schema
from sandbox.aws_plugin.cloudformation import create_only
from sandbox.aws_plugin.diff import diff, must_delete_first, replacing, same, says_it_replaces, written
from sandbox.aws_plugin.values import UNKNOWN, Secret

KEY = "aws:kms/key:Key"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
SUBNETS = "aws:rds/subnetGroup:SubnetGroup"


def changes(
    olds: dict[str, Any], news: dict[str, Any], token: str = KEY, ignore: tuple[str, ...] = (), replace_on: str = ""
) -> dict[str, str]:
    """Path → kind, with a `!` where the change replaces."""
    found = diff(schema.resource(token), olds, news, replace_on=frozenset(replace_on.split()), ignore=ignore)
    return {written(change.path): change.kind.value + "!" * change.replaces for change in found}


JSON = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
INPUTS = st.dictionaries(st.sampled_from(["isEnabled", "policy", "tags", "description", "xksKeyId"]), JSON)


@given(INPUTS)
def test_nothing_differs_from_itself(inputs: dict[str, Any]) -> None:
    assert changes(inputs, json.loads(json.dumps(inputs))) == {}
    assert changes(inputs, {name: Secret(value) for name, value in inputs.items()}) == {}


@given(INPUTS, INPUTS)
def test_a_change_is_seen_from_both_sides(olds: dict[str, Any], news: dict[str, Any]) -> None:
    """There, back: a change one way is one the other way, unless AWS fills in what was left out."""
    computed = schema.resource(KEY).computed
    there = {path for path in changes(olds, {**olds, **news}) if path not in computed}
    back = {path for path in changes({**olds, **news}, olds) if path not in computed}
    assert {path.partition("[")[0] for path in there} >= {path.partition("[")[0] for path in back}


def test_paths_are_as_deep_as_the_change() -> None:
    olds = {"tags": {"a": "1", "b": "2", "x.y": "3"}, "description": "old"}
    news = {"tags": {"a": "1", "b": "3", "c": "4"}, "description": "new"}
    assert changes(olds, news) == {
        "description": "update",
        "tags.b": "update",
        "tags.c": "add",
        'tags["x.y"]': "delete",
    }


def test_lists_of_objects_are_compared_in_place() -> None:
    by_default = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    other = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}
    assert changes({"rules": [by_default]}, {"rules": [other, by_default]}, ENCRYPTION) == {
        "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm": "update",
        "rules[1]": "add",
    }


@given(st.permutations(["subnet-1", "subnet-2", "subnet-3", "subnet-4"]))
def test_the_order_of_a_set_is_no_change(order: list[str]) -> None:
    olds = {"subnetIds": ["subnet-1", "subnet-2", "subnet-3", "subnet-4"]}
    assert changes(olds, {"subnetIds": order}, SUBNETS) == {}
    assert changes({"subnetIds": [*order, "subnet-5"]}, {"subnetIds": order}, SUBNETS) == {"subnetIds[4]": "delete"}


def test_sets_of_objects_and_sets_inside_objects_have_no_order_either() -> None:
    http = {"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["10.0.0.0/8", "172.16.0.0/12"]}
    tls = {"protocol": "tcp", "fromPort": 443, "toPort": 443}
    turned = {**http, "cidrBlocks": ["172.16.0.0/12", "10.0.0.0/8"]}
    assert changes({"ingress": [http, tls]}, {"ingress": [tls, turned]}, GROUP) == {}
    assert changes({"ingress": [http, tls]}, {"ingress": [tls, {**turned, "toPort": 81}]}, GROUP) == {
        "ingress[0]": "delete",
        "ingress[1]": "add",
    }


def test_the_order_of_a_command_is_a_change() -> None:
    olds = {"imageConfig": {"commands": ["a", "b"]}}
    assert changes(olds, {"imageConfig": {"commands": ["b", "a"]}}, "aws:lambda/function:Function") != {}


def test_a_repeated_element_counts() -> None:
    assert changes({"subnetIds": ["a"]}, {"subnetIds": ["a", "a"]}, SUBNETS) == {"subnetIds[1]": "add"}


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": "*", "Principal": {"AWS": "arn"}},
        {"Effect": "Deny", "Action": "kms:*", "Resource": ["*"], "Principal": "*"},
    ],
}


def test_a_policy_is_compared_by_meaning() -> None:
    spaced = json.dumps(POLICY, indent=4)
    first, second = POLICY["Statement"]
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    turned = {
        **POLICY,
        "Statement": [
            {**second, "Resource": "*"},
            {**first, "Action": ["kms:Decrypt", "kms:Encrypt"], "Principal": {"AWS": ["arn"]}},
        ],
    }
    assert changes({"policy": spaced}, {"policy": json.dumps(turned)}) == {}
    allowed = {**POLICY, "Statement": [first, {**second, "Effect": "Allow"}]}
    assert changes({"policy": spaced}, {"policy": json.dumps(allowed)}) == {"policy": "update"}
    assert changes({"policy": spaced}, {"policy": Secret(json.dumps(POLICY))}) == {}


def test_other_documents_keep_their_order_and_text_is_text() -> None:
    assert same('{"a": [1, 2]}', '{"a":[1,2]}')
    assert not same('{"a": [1, 2]}', '{"a": [2, 1]}')
    assert not same("{not json", "{not  json")
    assert not same("1", "1.0")


def test_an_unknown_value_is_a_change() -> None:
    assert changes({"description": "x"}, {"description": UNKNOWN}) == {"description": "update"}
    assert changes({"subnetIds": ["a", "b"]}, {"subnetIds": ["b", UNKNOWN]}, SUBNETS) == {
        "subnetIds[0]": "delete",
        "subnetIds[1]": "add",
    }


def test_empty_is_none_and_null_is_absent() -> None:
    assert changes({"tags": {}}, {"description": None}) == {}
    assert changes({}, {"tags": {}}) == {}
    assert changes({"tags": {"a": "b"}}, {}) == {"tags": "delete"}


def test_leaving_out_what_aws_fills_in_is_no_change() -> None:
    assert changes({"description": "x", "isEnabled": True}, {}) == {"isEnabled": "delete"}


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        (("tags",), {"description": "update"}),
        (("tags.a",), {"description": "update", 'tags["b.c"]': "add"}),
        (('tags["b.c"]',), {"description": "update", "tags.a": "update"}),
        (("tags[*]", "description"), {}),
        (("*",), {}),
        (("tagsAll",), {"description": "update", "tags.a": "update", 'tags["b.c"]': "add"}),
    ],
)
def test_ignored_paths_do_not_count(ignore: tuple[str, ...], left: dict[str, str]) -> None:
    olds = {"description": "old", "tags": {"a": "1"}}
    news = {"description": "new", "tags": {"a": "2", "b.c": "3"}}
    assert changes(olds, news, ignore=ignore) == left


def test_the_handlers_word_decides_what_replaces() -> None:
    assert changes({"tags": {"a": "1"}}, {"tags": {"a": "2"}, "multiRegion": True}, replace_on="multiRegion tags") == {
        "multiRegion": "add!",
        "tags.a": "update!",
    }


def test_internal_keys_are_no_inputs() -> None:
    assert changes({"__defaults": ["a"]}, {"__defaults": []}) == {}


@pytest.mark.parametrize(
    ("token", "replaces", "stays"),
    [
        (GROUP, {"name", "namePrefix", "description", "vpcId", "region"}, {"ingress", "tags"}),
        ("aws:rds/instance:Instance", {"identifier", "storageEncrypted", "kmsKeyId"}, {"instanceClass", "tags"}),
        ("aws:lb/loadBalancer:LoadBalancer", {"name", "region"}, {"subnets", "securityGroups", "tags"}),
        ("aws:eks/cluster:Cluster", {"name", "roleArn", "encryptionConfig"}, {"version", "vpcConfig"}),
        ("aws:sqs/queue:Queue", {"name", "fifoQueue"}, {"kmsMasterKeyId", "tags"}),
        ("aws:elasticache/user:User", {"userId", "region"}, {"accessString"}),
        ("aws:glue/job:Job", {"name"}, {"maxRetries"}),
    ],
)
def test_what_replaces_a_type_without_handler_comes_from_the_installed_packages(
    token: str, replaces: set[str], stays: set[str]
) -> None:
    found = replacing(token)
    assert replaces <= found
    assert not stays & found
    assert found <= schema.resource(token).inputs.keys()


def test_a_type_is_never_taken_for_another_of_the_same_name() -> None:
    """A transit gateway's route table is not a VPC's, and a DocDB cluster not an elastic one."""
    nothing = create_only("aws:ec2transitgateway/routeTable:RouteTable", frozenset({"vpcId"}))
    assert nothing == frozenset()
    assert "clusterIdentifier" in create_only("aws:docdb/cluster:Cluster", frozenset({"clusterIdentifier"}))


def test_every_type_has_an_answer_and_every_region_replaces() -> None:
    for token in schema.tokens():
        assert ("region" in schema.resource(token).inputs) == ("region" in replacing(token)), token
        assert "tags" not in replacing(token), token


@pytest.mark.parametrize(
    ("text", "replaces"),
    [
        ("The name. Changing this forces a new resource to be created.", True),
        ("(Required, Forces new resource) The name.", True),
        ("Forces replacement if changed.", True),
        ("Cannot be changed after creation.", True),
        ("Changing this value requires creating a new resource.", True),
        ("Changing this from `false` to `true` forces a new resource.", False),
        ("If set, changing this forces a new resource.", False),
        ("Enable to force a new task deployment of the service.", False),
        ("Can be updated in place without recreating the channel.", False),
        ("The name.", False),
    ],
)
def test_documentation_is_read_as_a_person_reads_it(text: str, replaces: bool) -> None:  # noqa: FBT001 - a table
    assert says_it_replaces(text) is replaces


def test_a_fixed_name_must_be_free_before_the_replacement_takes_it() -> None:
    bucket = schema.resource("aws:s3/bucket:Bucket")
    assert must_delete_first(bucket, {"bucket": "mine"}, {"bucket": "mine"})
    assert must_delete_first(bucket, {"bucket": Secret("mine")}, {"bucket": "mine"})
    assert not must_delete_first(bucket, {"bucket": "mine"}, {"bucket": "other"})
    assert not must_delete_first(bucket, {"bucket": "b-1"}, {"bucket": "b-1", "__defaults": ["bucket"]})
    assert not must_delete_first(bucket, {"bucket": "mine"}, {"bucket": UNKNOWN})
    assert not must_delete_first(schema.resource(KEY), {}, {})
