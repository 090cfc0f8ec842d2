"""A resource that its program does not name gets one name, which AWS takes, for as long as it lives."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox.aws_plugin import schema
from sandbox.aws_plugin.check import check
from sandbox.aws_plugin.naming import Autonaming, named_by

CLUSTER = "aws:rds/cluster:Cluster"


def checked(token: str, logical_name: str, news: dict[str, Any] | None = None, **more: Any) -> tuple[Any, list[str]]:
    olds = more.pop("olds", {})
    seed = more.pop("seed", b"seed")
    return check(schema.resource(token), news or {}, olds, logical_name=logical_name, seed=seed, **more)


@pytest.mark.parametrize(
    ("token", "inputs", "name", "pattern"),
    [
        ("aws:s3/bucket:Bucket", {}, "bucket", "thing-hex"),
        (CLUSTER, {"engine": "aurora-postgresql"}, "clusterIdentifier", "thing-hex"),
        ("aws:rds/clusterParameterGroup:ClusterParameterGroup", {"family": "f"}, "name", "thing-hex"),
        ("aws:iam/role:Role", {"assumeRolePolicy": "{}"}, "name", "Thing-hex"),
        ("aws:cloudwatch/logGroup:LogGroup", {}, "name", "Thing-hex"),
        ("aws:kms/alias:Alias", {"targetKeyId": "k"}, "name", "alias/Thing-hex"),
        ("aws:sqs/queue:Queue", {"fifoQueue": True}, "name", "Thing-hex.fifo"),
        ("aws:sqs/queue:Queue", {}, "name", "Thing-hex"),
        ("aws:sns/topic:Topic", {"fifoTopic": True}, "name", "Thing-hex.fifo"),
        ("aws:appsync/dataSource:DataSource", {"apiId": "a", "type": "NONE"}, "name", "Thing_hex"),
        (
            "aws:eks/nodeGroup:NodeGroup",
            {"clusterName": "c", "nodeRoleArn": "r", "subnetIds": []},
            "nodeGroupName",
            "Thing-hex",
        ),
    ],
)
def test_the_name_is_the_logical_name_and_seven_digits_as_the_service_takes_it(
    token: str, inputs: dict[str, Any], name: str, pattern: str
) -> None:
    if name == "nodeGroupName":
        inputs = {**inputs, "scalingConfig": {"desiredSize": 1, "maxSize": 1, "minSize": 1}}
    found, failures = checked(token, "Thing", inputs)
    assert failures == []
    assert re.fullmatch(re.escape(pattern).replace("hex", "[0-9a-f]{7}"), found[name])
    assert found["__defaults"] == [name]


def test_the_same_seed_gives_the_same_name_and_another_seed_another() -> None:
    names = [checked("aws:s3/bucket:Bucket", "b", seed=seed)[0]["bucket"] for seed in (b"1", b"1", b"2", b"", b"")]
    assert names[0] == names[1]
    assert len(set(names)) == 4  # without a seed each name is new


def test_an_update_keeps_the_automatic_name() -> None:
    before, _ = checked("aws:s3/bucket:Bucket", "b", seed=b"1")
    after, _ = checked("aws:s3/bucket:Bucket", "b", {"forceDestroy": True}, olds=before, seed=b"2")
    assert after["bucket"] == before["bucket"]
    assert after["__defaults"] == ["bucket"]


def test_a_name_that_the_program_no_longer_gives_is_replaced_by_an_automatic_one() -> None:
    before, _ = checked("aws:s3/bucket:Bucket", "b", {"bucket": "mine"})
    assert "__defaults" not in before
    after, _ = checked("aws:s3/bucket:Bucket", "b", {}, olds=before)
    assert after["bucket"].startswith("b-")


@pytest.mark.parametrize("news", [{"bucket": "mine"}, {"bucketPrefix": "mine-"}])
def test_a_name_or_prefix_of_the_programs_own_is_left_alone(news: dict[str, Any]) -> None:
    found, failures = checked("aws:s3/bucket:Bucket", "b", news)
    assert failures == []
    assert {name: found[name] for name in found if name != "tagsAll"} == news


def test_a_type_without_an_optional_name_gets_none() -> None:
    assert named_by(schema.resource("aws:kms/key:Key")) is None
    assert named_by(schema.resource("aws:s3/bucketVersioning:BucketVersioning")) is None
    assert sum(named_by(schema.resource(token)) is not None for token in schema.tokens()) > 600


@pytest.mark.parametrize(
    ("token", "limit"),
    [("aws:s3/bucket:Bucket", 63), ("aws:iam/role:Role", 64), ("aws:lb/targetGroup:TargetGroup", 32)],
)
def test_a_name_that_aws_would_refuse_for_its_length_is_refused_at_preview(token: str, limit: int) -> None:
    inputs = {"assumeRolePolicy": "{}"} if "iam" in token else {}
    longest = "x" * (limit - 8)
    assert checked(token, longest, inputs)[1] == []
    (failure,) = checked(token, longest + "x", inputs)[1]
    assert re.match(rf"(name|bucket): the automatic name .* has {limit + 1} characters, AWS takes {limit}: ", failure)


def test_a_name_that_aws_would_refuse_for_its_characters_is_refused_at_preview() -> None:
    (failure,) = checked(CLUSTER, "my_cluster", {"engine": "aurora-postgresql"}, seed=b"seed")[1]
    assert failure.startswith("clusterIdentifier: AWS does not take the automatic name 'my_cluster-")
    assert failure.endswith("set clusterIdentifier itself")


def test_the_stacks_autonaming_configuration_is_followed() -> None:
    proposed, _ = checked("aws:s3/bucket:Bucket", "b", autonaming=Autonaming("My-Own", enforce=False, disable=False))
    assert proposed["bucket"] == "my-own"
    exactly = Autonaming("My-Own", enforce=True, disable=False)
    enforced, _ = checked("aws:iam/role:Role", "b", {"assumeRolePolicy": "{}"}, autonaming=exactly)
    assert enforced["name"] == "My-Own"
    assert checked("aws:s3/bucket:Bucket", "b", autonaming=exactly)[1][0].startswith("bucket: AWS does not take")
    none = Autonaming("", enforce=False, disable=True)
    assert checked("aws:s3/bucket:Bucket", "b", autonaming=none)[1] == [
        "bucket: is not set, and the stack's configuration turns automatic naming off"
    ]
    assert checked("aws:s3/bucket:Bucket", "b", {"bucket": "mine"}, autonaming=none)[1] == []
