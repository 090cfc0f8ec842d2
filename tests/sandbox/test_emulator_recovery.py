"""What proves backups, and what else an account has of a kind once, is in the emulator what AWS documents."""

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conformance.case import Account

_POINTS = {"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"], "RecoveryPointTypes": ["SNAPSHOT"]}


def _restore_plan(account: Account) -> None:
    account.client("backup").create_restore_testing_plan(
        RestoreTestingPlan={
            "RestoreTestingPlanName": "monthly",
            "ScheduleExpression": "cron(0 7 1 * ? *)",
            "RecoveryPointSelection": _POINTS,
        }
    )


def test_a_restore_testing_plan_is_deleted_only_after_its_selections(account: Account) -> None:
    backup = account.client("backup")
    _restore_plan(account)
    selection = {
        "RestoreTestingSelectionName": "buckets",
        "IamRoleArn": "arn:aws:iam::123456789012:role/restore",
        "ProtectedResourceType": "S3",
    }
    backup.create_restore_testing_selection(RestoreTestingPlanName="monthly", RestoreTestingSelection=selection)
    with pytest.raises(ClientError, match="Delete the selections"):
        backup.delete_restore_testing_plan(RestoreTestingPlanName="monthly")
    backup.delete_restore_testing_selection(RestoreTestingPlanName="monthly", RestoreTestingSelectionName="buckets")
    backup.delete_restore_testing_plan(RestoreTestingPlanName="monthly")
    assert backup.list_restore_testing_plans()["RestoreTestingPlans"] == []


def test_a_second_thing_of_a_name_is_refused(account: Account) -> None:
    _restore_plan(account)
    with pytest.raises(ClientError, match="AlreadyExists"):
        _restore_plan(account)


def test_resource_types_that_are_not_named_stay_opted_in_as_they_were(account: Account) -> None:
    backup, away = account.client("backup"), account.client("backup", "us-west-1")
    before = backup.describe_region_settings()["ResourceTypeOptInPreference"]
    backup.update_region_settings(ResourceTypeOptInPreference={"S3": True})
    assert backup.describe_region_settings()["ResourceTypeOptInPreference"] == before | {"S3": True}
    assert away.describe_region_settings()["ResourceTypeOptInPreference"] == before


def test_a_deleted_framework_or_report_leaves_no_tags_to_the_next_of_its_name(account: Account) -> None:
    backup = account.client("backup")
    channel, setting = {"S3BucketName": "reports"}, {"ReportTemplate": "BACKUP_JOB_REPORT"}
    about = {"ReportPlanName": "jobs", "ReportDeliveryChannel": channel, "ReportSetting": setting}
    arn = backup.create_report_plan(**about, ReportPlanTags={"owner": "data"})["ReportPlanArn"]
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"owner": "data"}
    backup.delete_report_plan(ReportPlanName="jobs")
    again = backup.create_report_plan(**about)["ReportPlanArn"]
    assert backup.list_tags(ResourceArn=again)["Tags"] == {}


def test_an_account_has_one_aggregator_index(account: Account) -> None:
    home, away = account.client("resource-explorer-2"), account.client("resource-explorer-2", "us-west-1")
    home.update_index_type(Arn=home.create_index()["Arn"], Type="AGGREGATOR")
    other = away.create_index()["Arn"]
    with pytest.raises(ClientError, match="ServiceQuotaExceeded"):
        away.update_index_type(Arn=other, Type="AGGREGATOR")
    assert away.get_index()["Type"] == "LOCAL"


def test_query_logging_that_a_vpc_uses_is_not_deleted(account: Account) -> None:
    resolver = account.client("route53resolver")
    config = resolver.create_resolver_query_log_config(
        Name="queries", DestinationArn="arn:aws:logs:us-west-2:123456789012:log-group:queries", CreatorRequestId="one"
    )["ResolverQueryLogConfig"]["Id"]
    use = {"ResolverQueryLogConfigId": config, "ResourceId": account.vpc()}
    resolver.associate_resolver_query_log_config(**use)
    with pytest.raises(ClientError, match="ResourceInUse"):
        resolver.delete_resolver_query_log_config(ResolverQueryLogConfigId=config)
    resolver.disassociate_resolver_query_log_config(**use)
    resolver.delete_resolver_query_log_config(ResolverQueryLogConfigId=config)
    assert resolver.list_resolver_query_log_configs()["ResolverQueryLogConfigs"] == []


def test_a_vpc_has_one_encryption_control_which_begins_by_watching(account: Account) -> None:
    ec2, vpc = account.client("ec2"), account.vpc()
    assert ec2.create_vpc_encryption_control(VpcId=vpc)["VpcEncryptionControl"]["Mode"] == "monitor"
    with pytest.raises(ClientError, match="AlreadyExists"):
        ec2.create_vpc_encryption_control(VpcId=vpc)


def test_the_metrics_of_a_bucket_are_no_other_setting_of_it(account: Account) -> None:
    s3, bucket = account.client("s3"), account.bucket()
    s3.put_bucket_metrics_configuration(Bucket=bucket, Id="requests", MetricsConfiguration={"Id": "requests"})
    s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="requests")
    with pytest.raises(ClientError, match="NoSuchConfiguration"):
        s3.get_bucket_metrics_configuration(Bucket=bucket, Id="requests")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
