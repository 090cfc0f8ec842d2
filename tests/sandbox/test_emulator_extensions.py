"""What the emulator adds to moto, and corrects in it, is what AWS documents. boto3 alone looks."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.conformance.case import Account

RULE = {"RuleName": "daily", "TargetBackupVaultName": "vault"}
PLAN = {"BackupPlanName": "plan", "Rules": [RULE]}
SELECTION = {"SelectionName": "tagged", "IamRoleArn": "arn:aws:iam::123456789012:role/backup"}
TAG = {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"}


def refused(code: str) -> Any:
    """AWS refuses with this code."""
    return pytest.raises(ClientError, match=rf"\({code}\)")


def select(backup: Any) -> tuple[str, str]:
    """The ids of a new plan and of a selection in it."""
    plan = backup.create_backup_plan(BackupPlan=PLAN)["BackupPlanId"]
    chosen = {**SELECTION, "ListOfTags": [TAG]}
    return plan, backup.create_backup_selection(BackupPlanId=plan, BackupSelection=chosen)["SelectionId"]


def test_a_backup_selection_is_found_and_listed_until_it_is_deleted(account: Account) -> None:
    backup = account.client("backup")
    plan, selection = select(backup)
    found = backup.get_backup_selection(BackupPlanId=plan, SelectionId=selection)
    assert found["BackupSelection"] == {**SELECTION, "ListOfTags": [TAG]}
    assert (found["BackupPlanId"], found["SelectionId"]) == (plan, selection)
    [listed] = backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    assert (listed["SelectionId"], listed["SelectionName"]) == (selection, "tagged")
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=selection)
    assert backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"] == []
    with refused("ResourceNotFoundException"):
        backup.get_backup_selection(BackupPlanId=plan, SelectionId=selection)
    with refused("ResourceNotFoundException"):
        backup.delete_backup_selection(BackupPlanId=plan, SelectionId=selection)


def test_a_backup_selection_needs_a_plan(account: Account) -> None:
    """CreateBackupSelection knows no ResourceNotFoundException, ListBackupSelections does."""
    backup = account.client("backup")
    with refused("InvalidParameterValueException"):
        backup.create_backup_selection(BackupPlanId="none", BackupSelection=SELECTION)
    with refused("ResourceNotFoundException"):
        backup.list_backup_selections(BackupPlanId="none")


def test_a_backup_plan_outlives_its_selections_and_frees_its_name(account: Account) -> None:
    """ "A backup plan can only be deleted after all associated selections of resources have been deleted." """
    backup = account.client("backup")
    plan, selection = select(backup)
    with refused("InvalidRequestException"):
        backup.delete_backup_plan(BackupPlanId=plan)
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=selection)
    assert backup.delete_backup_plan(BackupPlanId=plan)["BackupPlanId"] == plan
    with refused("ResourceNotFoundException"):
        backup.get_backup_plan(BackupPlanId=plan)
    assert backup.create_backup_plan(BackupPlan=PLAN)["BackupPlanId"] != plan


def test_an_updated_backup_plan_is_the_same_plan_in_a_new_version(account: Account) -> None:
    backup = account.client("backup")
    created = backup.create_backup_plan(BackupPlan=PLAN)
    rules = [{**RULE, "Lifecycle": {"DeleteAfterDays": 30}}, {**RULE, "RuleName": "hourly"}]
    updated = backup.update_backup_plan(BackupPlanId=created["BackupPlanId"], BackupPlan={**PLAN, "Rules": rules})
    assert updated["BackupPlanArn"] == created["BackupPlanArn"]
    assert updated["VersionId"] != created["VersionId"]
    found = backup.get_backup_plan(BackupPlanId=created["BackupPlanId"])
    assert found["VersionId"] == updated["VersionId"]
    assert [rule["RuleName"] for rule in found["BackupPlan"]["Rules"]] == ["daily", "hourly"]
    assert found["BackupPlan"]["Rules"][0]["Lifecycle"] == {"DeleteAfterDays": 30}


def test_a_vault_has_a_policy_only_while_one_is_put(account: Account) -> None:
    backup = account.client("backup")
    arn = backup.create_backup_vault(BackupVaultName="vault")["BackupVaultArn"]
    with refused("ResourceNotFoundException"):
        backup.get_backup_vault_access_policy(BackupVaultName="vault")
    backup.put_backup_vault_access_policy(BackupVaultName="vault", Policy='{"Version":"2012-10-17"}')
    found = backup.get_backup_vault_access_policy(BackupVaultName="vault")
    assert (found["BackupVaultArn"], found["Policy"]) == (arn, '{"Version":"2012-10-17"}')
    backup.delete_backup_vault_access_policy(BackupVaultName="vault")
    with refused("ResourceNotFoundException"):
        backup.get_backup_vault_access_policy(BackupVaultName="vault")
    with refused("ResourceNotFoundException"):
        backup.put_backup_vault_access_policy(BackupVaultName="none", Policy="{}")


def test_a_new_vault_has_no_tags_of_an_older_one_and_counts_its_recovery_points(account: Account) -> None:
    backup = account.client("backup")
    backup.create_backup_vault(BackupVaultName="vault", BackupVaultTags={"owner": "data"})
    backup.delete_backup_vault(BackupVaultName="vault")
    arn = backup.create_backup_vault(BackupVaultName="vault")["BackupVaultArn"]
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {}
    assert backup.describe_backup_vault(BackupVaultName="vault")["NumberOfRecoveryPoints"] == 0


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


def test_the_rotation_of_a_key_has_a_period_while_it_is_enabled(account: Account) -> None:
    """ "If no value is specified, the default value is 365 days" (EnableKeyRotation)."""
    kms, key = account.client("kms"), account.key()
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)
    for asked, days in (({"RotationPeriodInDays": 90}, 90), ({}, 365)):
        kms.enable_key_rotation(KeyId=key, **asked)
        status = kms.get_key_rotation_status(KeyId=key)
        assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, days)
    kms.disable_key_rotation(KeyId=key)
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)


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


def test_a_modified_subnet_group_is_there_afterwards(account: Account) -> None:
    rds, subnets = account.client("rds"), account.subnets(account.vpc())
    group = {"DBSubnetGroupName": "group"}
    rds.create_db_subnet_group(**group, DBSubnetGroupDescription="first", SubnetIds=subnets)
    rds.modify_db_subnet_group(**group, SubnetIds=subnets[:2])
    [found] = rds.describe_db_subnet_groups(**group)["DBSubnetGroups"]
    assert {subnet["SubnetIdentifier"] for subnet in found["Subnets"]} == {*subnets[:2]}
    assert found["DBSubnetGroupDescription"] == "first"
    with refused("DBSubnetGroupNotFoundFault"):
        rds.modify_db_subnet_group(DBSubnetGroupName="none", SubnetIds=subnets)


def make_cluster(account: Account, **more: Any) -> Any:
    """An RDS client that has made a cluster."""
    rds = account.client("rds")
    about = {"Engine": "aurora-postgresql", "MasterUsername": "hedgerow", "ManageMasterUserPassword": True}
    rds.create_db_cluster(DBClusterIdentifier="cluster", **about, **more)
    return rds


def cluster_of(rds: Any) -> dict[str, Any]:
    [cluster] = rds.describe_db_clusters(DBClusterIdentifier="cluster")["DBClusters"]
    return dict(cluster)


def test_the_log_exports_of_a_cluster_change_by_what_is_enabled_and_disabled(account: Account) -> None:
    rds = make_cluster(account, EnableCloudwatchLogsExports=["postgresql"])
    for changes, exported in (
        ({"EnableLogTypes": ["instance", "postgresql"]}, {"postgresql", "instance"}),
        ({"DisableLogTypes": ["postgresql"]}, {"instance"}),
    ):
        rds.modify_db_cluster(DBClusterIdentifier="cluster", CloudwatchLogsExportConfiguration=changes)
        assert {*cluster_of(rds)["EnabledCloudwatchLogsExports"]} == exported
        assert len(cluster_of(rds)["EnabledCloudwatchLogsExports"]) == len(exported)


def test_a_cluster_is_in_extended_support_unless_told_otherwise(account: Account) -> None:
    """ "By default, this value is set to open-source-rds-extended-support" (CreateDBCluster)."""
    rds = make_cluster(account)
    assert cluster_of(rds)["EngineLifecycleSupport"] == "open-source-rds-extended-support"
    rds.delete_db_cluster(DBClusterIdentifier="cluster", SkipFinalSnapshot=True)
    make_cluster(account, EngineLifecycleSupport="open-source-rds-extended-support-disabled")
    assert cluster_of(rds)["EngineLifecycleSupport"] == "open-source-rds-extended-support-disabled"


def test_automated_backups_go_with_their_cluster_and_other_snapshots_stay(account: Account) -> None:
    """ "All automated backups for that DB cluster are deleted [...]. Manual DB cluster snapshots [...] are not." """
    rds = make_cluster(account)
    rds.delete_db_cluster(DBClusterIdentifier="cluster", FinalDBSnapshotIdentifier="last")
    left = rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert [snapshot["DBClusterSnapshotIdentifier"] for snapshot in left] == ["last"]


def test_an_instance_has_its_clusters_subnets_and_says_of_its_performance_insights(account: Account) -> None:
    rds = account.client("rds")
    subnets = account.subnets(account.vpc())
    rds.create_db_subnet_group(DBSubnetGroupName="group", DBSubnetGroupDescription="group", SubnetIds=subnets)
    make_cluster(account, DBSubnetGroupName="group", EngineVersion="16.6")
    about = {"Engine": "aurora-postgresql", "DBInstanceClass": "db.r6g.large", "DBClusterIdentifier": "cluster"}
    rds.create_db_instance(DBInstanceIdentifier="instance", **about, EnablePerformanceInsights=True)

    def instance() -> dict[str, Any]:
        [found] = rds.describe_db_instances(DBInstanceIdentifier="instance")["DBInstances"]
        return dict(found)

    assert instance()["DBSubnetGroup"]["DBSubnetGroupName"] == "group"
    assert instance()["PerformanceInsightsEnabled"] is True
    assert instance()["PerformanceInsightsRetentionPeriod"] == 7, "the documented default"
    rds.modify_db_instance(
        DBInstanceIdentifier="instance", EnablePerformanceInsights=False, EngineVersion="15.1", ApplyImmediately=True
    )
    assert instance()["PerformanceInsightsEnabled"] is False
    assert instance()["EngineVersion"] == "16.6", "the cluster manages it"


def test_parameters_of_a_cluster_are_reset_by_name_or_all_at_once(account: Account) -> None:
    rds = account.client("rds")
    group = {"DBClusterParameterGroupName": "group"}
    rds.create_db_cluster_parameter_group(**group, DBParameterGroupFamily="aurora-postgresql17", Description="d")

    def names() -> set[str]:
        return {each["ParameterName"] for each in rds.describe_db_cluster_parameters(**group)["Parameters"]}

    set_to = [{"ParameterName": name, "ParameterValue": "1", "ApplyMethod": "immediate"} for name in ("a", "b", "c")]
    rds.modify_db_cluster_parameter_group(**group, Parameters=set_to)
    rds.reset_db_cluster_parameter_group(**group, Parameters=[{"ParameterName": "b", "ApplyMethod": "immediate"}])
    assert names() == {"a", "c"}
    rds.reset_db_cluster_parameter_group(**group, ResetAllParameters=True)
    assert names() == set()
    with refused("DBParameterGroupNotFound"):
        rds.reset_db_cluster_parameter_group(DBClusterParameterGroupName="none", ResetAllParameters=True)


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


def test_a_bucket_with_objects_can_be_locked_for_days_or_years_once_it_is_versioned(account: Account) -> None:
    """ "You can enable Object Lock for new or existing buckets" (PutObjectLockConfiguration)."""
    s3, bucket = account.client("s3"), account.bucket()
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    with refused("InvalidBucketState"):
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for period in ({"Days": 365}, {"Years": 2}):
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", **period}}
        locked = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=locked)
        assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == locked
        written = s3.put_object(Bucket=bucket, Key="b", Body=b"2")["VersionId"]
        with refused("AccessDenied"):
            s3.delete_object(Bucket=bucket, Key="b", VersionId=written)


def test_a_disabled_hub_loses_its_settings_and_standards(account: Account) -> None:
    hub = account.client("securityhub")
    standard = "arn:aws:securityhub:us-west-2::standards/cis-aws-foundations-benchmark/v/5.0.0"
    with refused("InvalidAccessException"):
        hub.batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": standard}])
    hub.enable_security_hub(ControlFindingGenerator="STANDARD_CONTROL")
    assert hub.describe_hub()["ControlFindingGenerator"] == "STANDARD_CONTROL"
    enabled = hub.batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": standard}])
    assert hub.get_enabled_standards()["StandardsSubscriptions"] == enabled["StandardsSubscriptions"]
    hub.disable_security_hub()
    with refused("InvalidAccessException"):
        hub.get_enabled_standards()
    hub.enable_security_hub()
    assert hub.describe_hub()["ControlFindingGenerator"] == "SECURITY_CONTROL"
    assert hub.get_enabled_standards()["StandardsSubscriptions"] == []
