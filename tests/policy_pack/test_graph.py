"""References between resources: by dependency while ids aren't known, by any name once they are."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime import proto

from policy_pack.graph import Graph
from policy_pack.resources import Resource
from policy_pack.values import Unknown
from tests.policy_pack.protocol import UNKNOWN_TEXT, in_stack, provider, resource, struct, urn_of

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
PARAMETER = "aws:ssm/parameter:Parameter"
SELECTION = "aws:backup/selection:Selection"
CLUSTER = "aws:rds/cluster:Cluster"
GROUP = "aws:cloudwatch/logGroup:LogGroup"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"


def graph_of(*messages: proto.AnalyzerResource) -> Graph:
    return Graph(messages, {})


def children(graph: Graph, bucket: str) -> list[str]:
    target = graph.resource(urn_of(BUCKET, bucket))
    return [child.name for child in graph.children(target, on=VERSIONING, via="bucket")]


def new_bucket(name: str) -> proto.AnalyzerResource:
    return in_stack(BUCKET, name, id=UNKNOWN_TEXT, arn=UNKNOWN_TEXT, bucket=UNKNOWN_TEXT)


def versioning(name: str, bucket: Any = UNKNOWN_TEXT, *depends_on: str) -> proto.AnalyzerResource:
    return in_stack(VERSIONING, name, bucket=bucket, names={"bucket": list(depends_on)} if depends_on else {})


def test_by_dependency_while_the_id_is_unknown() -> None:
    graph = graph_of(new_bucket("a"), new_bucket("b"), versioning("of-b", UNKNOWN_TEXT, urn_of(BUCKET, "b")))
    assert children(graph, "b") == ["of-b"]
    assert children(graph, "a") == []


@pytest.mark.parametrize("text", ["data-1a2b", "arn:aws:s3:::data-1a2b"])
def test_by_a_name_written_as_text(text: str) -> None:
    known: Any = {"id": "data-1a2b", "arn": "arn:aws:s3:::data-1a2b", "bucket": "data-1a2b"}
    graph = graph_of(in_stack(BUCKET, "a", **known), new_bucket("b"), versioning("of-a", text))
    assert children(graph, "a") == ["of-a"]
    assert children(graph, "b") == []


def test_by_a_name_written_as_text_while_the_id_is_unknown() -> None:
    graph = graph_of(
        in_stack(BUCKET, "a", id=UNKNOWN_TEXT, bucket="hedgerow-data"), versioning("of-a", "hedgerow-data")
    )
    assert children(graph, "a") == ["of-a"]


def test_by_a_name_inside_a_longer_text_that_depends_on_it() -> None:
    group = "aws:cloudwatch/logGroup:LogGroup"
    trail = "aws:cloudtrail/trail:Trail"
    arn = "arn:aws:logs:us-west-2:111122223333:log-group:trail"
    via = "cloudWatchLogsGroupArn"
    graph = graph_of(
        in_stack(group, "g", arn=arn),
        in_stack(trail, "t", cloudWatchLogsGroupArn=f"{arn}:*", names={via: [urn_of(group, "g")]}),
    )
    found = graph.targets(graph.resource(urn_of(trail, "t")), via, group)
    assert [target.name for target in found] == ["g"]


@pytest.mark.parametrize(
    ("answered", "found"),
    [
        ({"id": "vpc-1"}, True),
        ({"arn": "arn:aws:ec2:us-west-2:111122223333:vpc/vpc-1"}, True),
        ({}, True),
        ({"id": "vpc-2"}, False),
        ({"arn": "arn:aws:ec2:us-west-2:111122223333:vpc/vpc-2"}, False),
    ],
)
def test_by_a_known_id_that_the_provider_may_keep_to_itself(answered: Any, found: bool) -> None:  # noqa: FBT001 - a case's expectation
    """Of a resource that exists, the engine sends the outputs; not every provider puts the id among them."""
    vpc, group = "aws:ec2/vpc:Vpc", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    depends_on = {"vpcId": [urn_of(vpc, "v")]}
    graph = graph_of(in_stack(vpc, "v", **answered), in_stack(group, "g", vpcId="vpc-1", names=depends_on))
    children = graph.children(graph.resource(urn_of(vpc, "v")), on=group, via="vpcId")
    assert [child.name for child in children] == (["g"] if found else [])


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:logs:us-west-2:111122223333:log-group:/aws/rds/orders", "/aws/rds/orders"),
        ("arn:aws:rds:us-west-2:111122223333:cluster:orders", "orders"),
        ("arn:aws:kms:us-west-2:111122223333:key/0b1c2d3e", "0b1c2d3e"),
        ("arn:aws:s3:::data", "data"),
    ],
)
def test_an_arn_holds_the_name(arn: str, name: str) -> None:
    assert name in Resource(resource(BUCKET), struct({"arn": arn}), None).identities


def test_a_name_of_another_type_is_not_meant() -> None:
    graph = graph_of(
        in_stack(BUCKET, "a", bucket="data"), in_stack(CLUSTER, "c", id="data"), versioning("of-a", "data")
    )
    target = graph.resource(urn_of(CLUSTER, "c"))
    assert [child.name for child in graph.children(target, on=VERSIONING, via="bucket")] == ["of-a"]
    assert children(graph, "a") == ["of-a"]


def test_through_another_setting_of_the_bucket_is_undetermined_for_that_bucket_alone() -> None:
    block = in_stack(BLOCK, "p", bucket=UNKNOWN_TEXT, names={"bucket": [urn_of(BUCKET, "a")]})
    graph = graph_of(new_bucket("a"), new_bucket("b"), block, versioning("v", UNKNOWN_TEXT, urn_of(BLOCK, "p")))
    with pytest.raises(Unknown, match="bucket of v"):
        children(graph, "a")
    assert children(graph, "b") == []


def test_one_of_two_is_undetermined_for_both() -> None:
    either = versioning("v", UNKNOWN_TEXT, urn_of(BUCKET, "a"), urn_of(BUCKET, "b"))
    graph = graph_of(new_bucket("a"), new_bucket("b"), new_bucket("c"), either)
    for name in ("a", "b"):
        with pytest.raises(Unknown):
            children(graph, name)
    assert children(graph, "c") == []


@pytest.mark.parametrize(
    "depends_on", [(), (urn_of(PARAMETER, "p"),), ("urn:pulumi:test::project::command:local:Command::x",)]
)
def test_a_value_from_anywhere_may_name_any_bucket(depends_on: tuple[str, ...]) -> None:
    messages = [in_stack(PARAMETER, "p"), in_stack("command:local:Command", "x")]
    graph = graph_of(new_bucket("a"), *messages, versioning("v", UNKNOWN_TEXT, *depends_on))
    with pytest.raises(Unknown):
        children(graph, "a")


def test_what_is_sure_is_not_spoilt_by_what_may_be() -> None:
    sure = versioning("sure", UNKNOWN_TEXT, urn_of(BUCKET, "a"))
    graph = graph_of(new_bucket("a"), sure, versioning("maybe"))
    assert children(graph, "a") == ["sure"]


def test_a_list_of_references_names_each_of_them() -> None:
    depends_on = [urn_of(CLUSTER, "a"), urn_of(CLUSTER, "b")]
    selection = in_stack(SELECTION, "s", resources=[UNKNOWN_TEXT, UNKNOWN_TEXT], names={"resources": depends_on})
    graph = graph_of(*(in_stack(CLUSTER, name, arn=UNKNOWN_TEXT) for name in "abc"), selection)
    source = graph.resource(urn_of(SELECTION, "s"))
    refers = {name: graph.refers(source, "resources", graph.resource(urn_of(CLUSTER, name))) for name in "abc"}
    assert refers == {"a": True, "b": True, "c": False}


def test_a_rule_of_the_stack_sees_the_inputs_not_what_aws_answers() -> None:
    """AWS answers with the key of its own where a program names none."""
    answered = in_stack(
        CLUSTER, "c", arn="arn:aws:rds:us-west-2:1:cluster:c", kmsKeyId="arn:aws:kms:us-west-2:1:key/aws"
    )
    graph = Graph([answered], {answered.urn: struct({"engine": "aurora-postgresql"})})
    cluster = graph.resource(answered.urn)
    assert cluster.get("kmsKeyId") is None
    assert cluster.outputs.get("kmsKeyId")
    assert "arn:aws:rds:us-west-2:1:cluster:c" in cluster.identities


def test_region_is_the_resource_s_then_the_provider_s() -> None:
    assert Resource(resource(BUCKET, region="us-west-1"), struct({"region": "us-west-1"}), None).region == "us-west-1"
    assert Resource(resource(BUCKET), struct({}), None).region == "us-west-2"


def test_region_that_nobody_names_is_unknown() -> None:
    message = proto.AnalyzeRequest(type=BUCKET, provider=proto.AnalyzerProviderResource(type="pulumi:providers:aws"))
    with pytest.raises(Unknown, match="region"):
        _ = Resource(message, struct({}), None).region


def test_region_that_aws_has_yet_to_answer_is_unknown() -> None:
    with pytest.raises(Unknown, match=r"^region$"):
        _ = Resource(resource(BUCKET), struct({}), struct({"region": UNKNOWN_TEXT})).region
    assert Resource(resource(BUCKET), struct({}), struct({"region": "us-west-1"})).region == "us-west-1"


def test_a_resource_that_is_sent_twice_is_one() -> None:
    graph = graph_of(new_bucket("a"), new_bucket("b"), new_bucket("a"))
    assert [bucket.name for bucket in graph.of_type(BUCKET)] == ["a", "b"]


def test_what_is_of_a_type_is_nobodys_to_change() -> None:
    graph = graph_of(new_bucket("a"))
    graph.of_type(BUCKET).clear()
    assert len(graph.of_type(BUCKET)) == 1


@pytest.mark.parametrize("tags", ['{"tags": {"owner": "platform"}}', {"tags": {"owner": "platform"}}])
def test_default_tags_of_the_provider_count_unless_overridden(tags: Any) -> None:
    """The engine sends a provider's objects as JSON text; a program may have set them as objects."""
    west = provider()
    west.properties.update({"defaultTags": tags})
    message = proto.AnalyzeRequest(type=BUCKET, provider=west)
    assert Resource(message, struct({}), None).tag("owner") == "platform"
    assert Resource(message, struct({"tags": {"owner": "data"}}), None).tag("owner") == "data"
    assert Resource(message, struct({}), None).tag("service") is None


def groups() -> list[proto.AnalyzerResource]:
    """Two log groups of one name, which AWS allows where their regions differ."""
    known: Any = {"id": "web"}
    return [in_stack(GROUP, "home", **known), in_stack(GROUP, "away", **known, region="us-west-1")]


def meant(metric_filter: proto.AnalyzerResource) -> list[str]:
    graph = graph_of(*groups(), metric_filter)
    return [target.name for target in graph.targets(graph.resource(metric_filter.urn), "logGroupName", GROUP)]


@pytest.mark.parametrize(("region", "found"), [({}, ["home"]), ({"region": "us-west-1"}, ["away"])])
def test_a_name_means_the_resource_of_the_same_region(region: Any, found: list[str]) -> None:
    assert meant(in_stack(FILTER, "f", logGroupName="web", **region)) == found


def test_a_name_that_comes_from_a_resource_means_that_one_wherever_it_is() -> None:
    depends_on = {"logGroupName": [urn_of(GROUP, "away")]}
    assert meant(in_stack(FILTER, "f", logGroupName="web", names=depends_on)) == ["away"]


def test_a_name_that_its_own_region_lacks_may_mean_any() -> None:
    assert meant(in_stack(FILTER, "f", logGroupName="web", region="us-east-1")) == ["home", "away"]


def test_regions_are_those_of_the_resources_or_of_their_provider() -> None:
    graph = graph_of(*groups(), in_stack(FILTER, "f", region="eu-west-1"))
    assert list(graph.regions(GROUP)) == ["us-west-1", "us-west-2"]


def test_of_regions_the_known_ones_come_first() -> None:
    graph = graph_of(*groups(), in_stack(GROUP, "somewhere", region=UNKNOWN_TEXT))
    assert "us-west-1" in graph.regions(GROUP)
    with pytest.raises(Unknown):
        list(graph.regions(GROUP))
