"""Trails, log groups and access logs are, in the emulator too, what AWS documents. boto3 alone looks."""

import json
from typing import Any

import pytest

from tests.sandbox.conformance.case import Account, refused


def test_a_trail_has_either_kind_of_event_selectors_and_by_default_logs_management_events(account: Account) -> None:
    """ "You can use either AdvancedEventSelectors or EventSelectors, but not both" (PutEventSelectors)."""
    cloudtrail = account.client("cloudtrail")
    cloudtrail.create_trail(Name="trail", S3BucketName=account.bucket())

    def selectors() -> tuple[list[str], list[str]]:
        found = cloudtrail.get_event_selectors(TrailName="trail")
        basic, advanced = found.get("EventSelectors", []), found.get("AdvancedEventSelectors", [])
        return [each["ReadWriteType"] for each in basic], [each["Name"] for each in advanced]

    assert selectors() == (["All"], [])
    field = {"Field": "eventCategory", "Equals": ["Management"]}
    advanced = [{"Name": "management", "FieldSelectors": [field]}]
    cloudtrail.put_event_selectors(TrailName="trail", AdvancedEventSelectors=advanced)
    assert selectors() == ([], ["management"])
    cloudtrail.put_event_selectors(TrailName="trail", EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    assert selectors() == (["WriteOnly"], [])


def test_insight_selectors_replace_those_before_and_an_empty_list_turns_them_off(account: Account) -> None:
    cloudtrail = account.client("cloudtrail")
    cloudtrail.create_trail(Name="trail", S3BucketName=account.bucket())
    for kinds in (["ApiCallRateInsight"], ["ApiErrorRateInsight"], []):
        cloudtrail.put_insight_selectors(TrailName="trail", InsightSelectors=[{"InsightType": kind} for kind in kinds])
        found = cloudtrail.get_insight_selectors(TrailName="trail").get("InsightSelectors", [])
        assert [each["InsightType"] for each in found] == kinds
        assert cloudtrail.get_trail(Name="trail")["Trail"]["HasInsightSelectors"] == bool(kinds)


def test_a_trail_says_where_it_is_and_is_deleted_by_its_arn_with_its_tags(account: Account) -> None:
    cloudtrail = account.client("cloudtrail")
    made = {"Name": "trail", "S3BucketName": account.bucket()}
    arn = cloudtrail.create_trail(**made, TagsList=[{"Key": "owner", "Value": "data"}])["TrailARN"]
    assert cloudtrail.get_trail(Name=arn)["Trail"]["HomeRegion"] == account.region
    cloudtrail.delete_trail(Name=arn)
    with refused("TrailNotFoundException"):
        cloudtrail.get_trail(Name="trail")
    cloudtrail.create_trail(**made)
    assert cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"] == []


def test_a_metric_filter_is_replaced_by_the_next_of_its_name_and_ends_with_its_group(account: Account) -> None:
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/case")
    metric = {"metricName": "Errors", "metricNamespace": "Case", "metricValue": "1"}
    for pattern in ("ERROR", "FATAL"):
        logs.put_metric_filter(
            logGroupName="/case", filterName="errors", filterPattern=pattern, metricTransformations=[metric]
        )
    [found] = logs.describe_metric_filters(logGroupName="/case")["metricFilters"]
    assert found["filterPattern"] == "FATAL"
    logs.delete_log_group(logGroupName="/case")
    assert logs.describe_metric_filters(metricName="Errors", metricNamespace="Case")["metricFilters"] == []


def test_a_log_group_gets_and_loses_its_key(account: Account) -> None:
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/case")
    first, second = account.key(), account.key()

    def group() -> dict[str, Any]:
        [found] = logs.describe_log_groups(logGroupNamePrefix="/case")["logGroups"]
        return dict(found)

    for key in (first, second):
        logs.associate_kms_key(logGroupName="/case", kmsKeyId=key)
        assert group()["kmsKeyId"] == key
    logs.disassociate_kms_key(resourceIdentifier=group()["logGroupArn"])
    assert "kmsKeyId" not in group()
    with refused("ResourceNotFoundException"):
        logs.associate_kms_key(logGroupName="/none", kmsKeyId=first)


@pytest.mark.parametrize("created", [True, False])
def test_a_protected_log_group_is_not_deleted(account: Account, *, created: bool) -> None:
    """ "Deletion protection blocks all deletion operations until it is explicitly disabled." """
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/case", deletionProtectionEnabled=created)
    if not created:
        logs.put_log_group_deletion_protection(logGroupIdentifier="/case", deletionProtectionEnabled=True)
    [group] = logs.describe_log_groups()["logGroups"]
    assert group["deletionProtectionEnabled"] is True
    with refused("ValidationException"):
        logs.delete_log_group(logGroupName="/case")
    logs.put_log_group_deletion_protection(logGroupIdentifier=group["logGroupArn"], deletionProtectionEnabled=False)
    logs.delete_log_group(logGroupName="/case")
    assert logs.describe_log_groups()["logGroups"] == []


def deliver(resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:PutObject", "Resource": resource, **more}


S3_LOGS = {"Principal": {"Service": "logging.s3.amazonaws.com"}}


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([deliver("arn:aws:s3:::logs/*", **S3_LOGS)], True),
        ([deliver("arn:aws:s3:::logs/here/*", **S3_LOGS)], True),
        (
            [
                {**deliver("arn:aws:s3:::logs/*", Principal="*"), "Effect": "Deny"},
                deliver("arn:aws:s3:::logs/*", **S3_LOGS),
            ],
            True,
        ),
        ([deliver("arn:aws:s3:::logs/elsewhere/*", **S3_LOGS)], False),
        ([deliver("arn:aws:s3:::logs/*", Principal={"Service": "ec2.amazonaws.com"})], False),
        ([{**deliver("arn:aws:s3:::logs/*", **S3_LOGS), "Effect": "Deny"}], False),
    ],
)
def test_access_logs_go_where_the_targets_policy_lets_s3_deliver(
    account: Account, statements: list[dict[str, Any]], *, allowed: bool
) -> None:
    s3, bucket, target = account.client("s3"), account.bucket(), account.bucket("logs")
    s3.put_bucket_policy(Bucket=target, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    logging = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "here/"}}
    if allowed:
        s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=logging)
        assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetBucket"] == target
    else:
        with refused("InvalidTargetBucketForLogging"):
            s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=logging)
