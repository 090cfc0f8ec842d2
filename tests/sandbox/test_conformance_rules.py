"""The rules that hold for every type: names, tags, secrets, partial failure, regions, refusals, functions."""

import json

import pytest

from sandbox.aws_plugin import handlers
from sandbox.aws_plugin.aws import Aws, AwsError, perform
from sandbox.aws_plugin.handlers import translate
from sandbox.aws_plugin.handlers.records import Handler
from sandbox.aws_plugin.values import Props
from tests.sandbox.conformance.case import TRUST, Account


def find(token: str) -> Handler:
    handler = handlers.find(token)
    assert handler is not None
    return handler


KEY, BUCKET, ROLE, CLUSTER = "aws:kms/key:Key", "aws:s3/bucket:Bucket", "aws:iam/role:Role", "aws:rds/cluster:Cluster"


@pytest.mark.parametrize(
    "endpoint_url", ["https://kms.us-west-2.amazonaws.com", "http://10.0.0.1:5000", "127.0.0.1:5000", ""]
)
def test_only_an_endpoint_on_loopback_is_taken(endpoint_url: str) -> None:
    with pytest.raises(ValueError, match="only talks to loopback"):
        Aws(endpoint_url, "us-west-2")


def test_a_proxy_or_profile_of_the_machine_changes_nothing(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "production")
    assert Aws(endpoint, "us-west-2").account == "123456789012"


def test_a_resource_is_made_in_its_own_region(aws: Aws, account: Account) -> None:
    created = find(KEY).create({"region": "us-west-1"}, aws)
    assert account.client("kms", "us-west-1").describe_key(KeyId=created.id)
    assert created.state["region"] == "us-west-1"
    assert find(KEY).read(created.id, {}, aws) is None, "the provider's region has no such key"
    find(KEY).delete(created.id, created.state, aws)
    found = account.client("kms", "us-west-1").describe_key(KeyId=created.id)
    assert found["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_a_name_is_made_up_from_its_prefix(aws: Aws) -> None:
    created = find(BUCKET).create({"bucketPrefix": "exports-"}, aws)
    assert created.id.startswith("exports-")
    assert created.state["bucket"] == created.id
    assert created.state["bucketPrefix"] == "exports-"


def test_tags_of_the_provider_reach_the_thing_but_not_the_resources_own(aws: Aws, account: Account) -> None:
    inputs = {"tags": {"class": "public"}, "tagsAll": {"class": "public", "environment": "test"}}
    created = find(KEY).create(inputs, aws)
    tags = account.client("kms").list_resource_tags(KeyId=created.id)["Tags"]
    assert {tag["TagKey"]: tag["TagValue"] for tag in tags} == inputs["tagsAll"]
    assert {name: created.state[name] for name in inputs} == inputs
    account.client("kms").tag_resource(KeyId=created.id, Tags=[{"TagKey": "by", "TagValue": "hand"}])
    read = find(KEY).read(created.id, created.state, aws)
    assert read is not None
    assert read["tags"] == {"class": "public", "by": "hand"}
    new = {"tags": {"class": "public"}, "tagsAll": {"class": "public"}}
    find(KEY).update(created.id, read, new, aws)
    assert account.client("kms").list_resource_tags(KeyId=created.id)["Tags"] == [
        {"TagKey": "class", "TagValue": "public"}
    ]


def test_a_failure_after_creation_loses_nothing(aws: Aws, account: Account) -> None:
    """S3 takes tags after a bucket is made, and refuses those that begin with aws:."""
    inputs = {"bucket": "untagged", "tags": {"aws:owner": "me"}}
    with pytest.raises(handlers.PartlyCreated, match="put_bucket_tagging on s3") as failure:
        find(BUCKET).create(inputs, aws)
    assert account.client("s3").head_bucket(Bucket=failure.value.id)
    assert failure.value.state.items() >= {"bucket": "untagged"}.items()
    assert isinstance(failure.value.cause, AwsError)
    find(BUCKET).delete(failure.value.id, failure.value.state, aws)
    assert account.client("s3").list_buckets()["Buckets"] == []


def test_a_password_is_sent_but_neither_kept_nor_repeated(aws: Aws) -> None:
    inputs: Props = {"clusterIdentifier": "c", "engine": "aurora-postgresql", "masterUsername": "root"}
    created = find(CLUSTER).create({**inputs, "masterPassword": "correct-horse"}, aws)
    assert "correct-horse" not in json.dumps(created.state)
    with pytest.raises(AwsError) as refused:
        find(CLUSTER).create({**inputs, "clusterIdentifier": "d", "masterPassword": "horse"}, aws)
    assert "horse" not in str(refused.value)


def test_an_error_that_would_repeat_a_secret_hides_it(aws: Aws) -> None:
    with pytest.raises(AwsError, match=r"ParamValidationError.*\[secret\]") as refused:
        perform(aws.client("kms"), "create_key", {"Description": ["correct-horse"]}, ["correct-horse"])
    assert "horse" not in str(refused.value)


def test_a_property_that_was_unset_by_hand_leaves_the_state(aws: Aws, account: Account) -> None:
    group = find("aws:cloudwatch/logGroup:LogGroup")
    created = group.create({"name": "kept", "retentionInDays": 365}, aws)
    account.client("logs").delete_retention_policy(logGroupName="kept")
    read = group.read(created.id, created.state, aws)
    assert read is not None
    assert "retentionInDays" not in read


def test_an_error_is_one_line_that_names_operation_service_and_code(aws: Aws) -> None:
    inputs = {"name": "twice", "assumeRolePolicy": TRUST % "ec2.amazonaws.com"}
    find(ROLE).create(inputs, aws)
    with pytest.raises(AwsError, match=r"\Acreate_role on iam: EntityAlreadyExists: [^\n]+\Z"):
        find(ROLE).create(inputs, aws)


def test_an_input_that_nothing_takes_is_refused_before_anything_is_made(aws: Aws, account: Account) -> None:
    with pytest.raises(handlers.NotEmulated, match=r"aws:s3/bucket:Bucket: .* website"):
        find(BUCKET).create({"bucket": "site", "website": {"indexDocument": "index.html"}}, aws)
    assert account.client("s3").list_buckets()["Buckets"] == []


def test_a_property_without_a_default_keeps_what_is_there_when_removed(aws: Aws, account: Account) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    created = find(KEY).create({"policy": policy}, aws)
    find(KEY).update(created.id, created.state, {"description": "new"}, aws)
    assert account.client("kms").get_key_policy(KeyId=created.id, PolicyName="default")["Policy"] == policy


@pytest.mark.parametrize("force", [True, False])
def test_a_bucket_with_objects_is_deleted_only_by_force(aws: Aws, account: Account, *, force: bool) -> None:
    created = find(BUCKET).create({"bucket": "full", "forceDestroy": force}, aws)
    account.client("s3").put_object(Bucket="full", Key="a", Body=b"1")
    if force:
        find(BUCKET).delete(created.id, created.state, aws)
        assert find(BUCKET).read(created.id, created.state, aws) is None
    else:
        with pytest.raises(AwsError, match="delete_bucket on s3: BucketNotEmpty"):
            find(BUCKET).delete(created.id, created.state, aws)


def test_a_forced_deletion_takes_versions_and_locked_objects_along(aws: Aws, account: Account) -> None:
    s3 = account.client("s3")
    created = find(BUCKET).create({"bucket": "locked", "forceDestroy": True, "objectLockEnabled": True}, aws)
    lock = find("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    rule = {"defaultRetention": {"mode": "GOVERNANCE", "days": 365}}
    locked = lock.create({"bucket": "locked", "rule": rule}, aws)
    for body in (b"1", b"2"):
        s3.put_object(Bucket="locked", Key="a", Body=body)
    s3.delete_object(Bucket="locked", Key="a")
    lock.delete(locked.id, locked.state, aws)
    find(BUCKET).delete(created.id, created.state, aws)
    assert s3.list_buckets()["Buckets"] == []


def test_a_selection_is_read_by_its_id_alone_among_several_plans(aws: Aws, account: Account) -> None:
    backup, rule = account.client("backup"), {"RuleName": "daily", "TargetBackupVaultName": "vault"}
    plans = [
        backup.create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": [rule]})["BackupPlanId"]
        for name in ("first", "second")
    ]
    selection = find("aws:backup/selection:Selection")
    created = selection.create({"name": "all", "iamRoleArn": "arn", "planId": plans[1], "resources": ["*"]}, aws)
    read = selection.read(created.id, {}, aws)
    assert read is not None
    assert (read["planId"], read["resources"]) == (plans[1], ["*"])


def test_a_role_with_policies_is_deleted_only_by_force(aws: Aws, account: Account) -> None:
    inputs = {"name": "r", "assumeRolePolicy": TRUST % "ec2.amazonaws.com"}
    created = find(ROLE).create(inputs, aws)
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}'
    policy = account.client("iam").create_policy(PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
    account.client("iam").attach_role_policy(RoleName="r", PolicyArn=policy)
    with pytest.raises(AwsError, match="DeleteConflict"):
        find(ROLE).delete(created.id, created.state, aws)
    find(ROLE).delete(created.id, {**created.state, "forceDetachPolicies": True}, aws)
    assert find(ROLE).read(created.id, {}, aws) is None


@pytest.mark.parametrize(
    ("prior", "actual", "settled"),
    [
        ('{"a": ["x"]}', '{"a":"x"}', '{"a": ["x"]}'),
        ({"Version": "1"}, '{"Version": "1"}', {"Version": "1"}),
        ("arn:aws:kms:us-west-2:1:key/abc", "abc", "arn:aws:kms:us-west-2:1:key/abc"),
        ("arn:aws:kms:us-west-2:1:key/abc", "bc", "bc"),
        (["b", "a"], ["a", "b"], ["b", "a"]),
        (["b", "a"], ["c", "a", "b"], ["b", "a", "c"]),
        (["b", "a"], ["a"], ["a"]),
        ({"days": 1}, {"days": 1, "marker": False}, {"days": 1}),
        ({"days": 1}, {"days": 1, "marker": True}, {"days": 1, "marker": True}),
        ({"days": 1}, {"days": 1, "size": "128K"}, {"days": 1}),
        (
            [{"id": "b", "n": 1}, {"id": "a", "n": 2}],
            [{"id": "a", "n": 2}, {"id": "b", "n": 3}],
            [{"id": "b", "n": 3}, {"id": "a", "n": 2}],
        ),
        (True, 1, 1),
        (None, "chosen", "chosen"),
    ],
)
def test_only_what_means_something_else_is_reported_as_drift(prior: object, actual: object, settled: object) -> None:
    result = translate.settle(prior, actual, {"p.size": "128K"}, "p")
    assert result == settled
    assert type(result) is type(settled)


@pytest.mark.parametrize(
    ("name", "noun", "members", "found"),
    [
        ("vpcId", "", ["VpcIds", "Filters"], "VpcIds"),
        ("arn", "DBCluster", ["Arn", "DBClusterArn"], "DBClusterArn"),
        ("policies", "", ["Policy"], "Policy"),
        ("name", "Role", ["RoleName", "PolicyName"], "RoleName"),
        ("zone", "", ["ZoneId"], None),
    ],
)
def test_a_wire_name_finds_its_aws_name(name: str, noun: str, members: list[str], found: str | None) -> None:
    assert translate.find_name(members, name, noun) == found


def test_the_newest_image_is_found_by_owner_and_name(aws: Aws) -> None:
    wanted = {"owners": ["amazon"], "filters": [{"name": "name", "values": ["al2023-ami-2023.*-arm64"]}]}
    found = handlers.invoke("aws:ec2/getAmi:getAmi", {**wanted, "mostRecent": True}, aws)
    assert found["name"].startswith("al2023-ami-2023.")
    assert (found["architecture"], found["id"]) == ("arm64", found["imageId"])
    with pytest.raises(AwsError, match="images match, and one is to be found"):
        handlers.invoke("aws:ec2/getAmi:getAmi", wanted, aws)
    with pytest.raises(AwsError, match="0 images match"):
        handlers.invoke("aws:ec2/getAmi:getAmi", {"owners": ["self"], "mostRecent": True}, aws)


def test_functions_answer_for_the_account_and_the_region(aws: Aws) -> None:
    identity = handlers.invoke("aws:index/getCallerIdentity:getCallerIdentity", {}, aws)
    assert (identity["accountId"], identity["id"]) == ("123456789012", "123456789012")
    zones = handlers.invoke(
        "aws:index/getAvailabilityZones:getAvailabilityZones",
        {"state": "available", "excludeNames": ["us-west-2b"]},
        aws,
    )
    assert zones["names"][:2] == ["us-west-2a", "us-west-2c"]
    assert len(zones["zoneIds"]) == len(zones["names"])
    other = handlers.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {"region": "us-west-1"}, aws)
    assert all(name.startswith("us-west-1") for name in other["names"])
    region = handlers.invoke("aws:index/getRegion:getRegion", {}, aws)
    assert (region["name"], region["description"]) == ("us-west-2", "US West (Oregon)")
    partition = handlers.invoke("aws:index/getPartition:getPartition", {}, aws)
    assert (partition["partition"], partition["dnsSuffix"]) == ("aws", "amazonaws.com")
    assert partition["reverseDnsPrefix"] == "com.amazonaws"
