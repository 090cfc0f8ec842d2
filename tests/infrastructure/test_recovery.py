"""Disaster recovery: backups are restored before anybody needs them, audited, reported, and taken of every type."""

import json

import pytest

from infrastructure.backup_audit import MANAGED_TYPES, RESOURCE_TYPES
from infrastructure.key_statements import report_role_arn
from infrastructure.scope import Deployment, Environment, Scope
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations

BOTH = {"us-west-2", "us-west-1"}


def _selections(environment: Registrations, plan: str) -> dict[str, Registered]:
    return {
        selection.inputs["protectedResourceType"]: selection
        for selection in environment.of("backup/restoreTestingSelection:RestoreTestingSelection")
        if selection.parent.endswith(f"::{plan}")
    }


def test_every_vault_is_tested_every_month_in_both_regions(environment: Registrations) -> None:
    plans = environment.of("backup/restoreTestingPlan:RestoreTestingPlan")
    assert {plan.state["region"] for plan in plans} == BOTH
    for plan in plans:
        minute, hour, day, month, weekday, _ = plan.inputs["scheduleExpression"].removeprefix("cron(").split()
        assert (month, weekday) == ("*", "?")
        assert minute.isdigit()
        assert hour.isdigit()
        assert 1 <= int(day) <= 28
        points = plan.inputs["recoveryPointSelection"]
        assert points["includeVaults"] == ["*"]
        assert set(points["recoveryPointTypes"]) == {"CONTINUOUS", "SNAPSHOT"}
        assert points["selectionWindowDays"] <= 30
        assert len(plan.inputs["name"]) <= 50, "the most that AWS Backup takes"


def test_each_type_of_store_is_restored_and_there_is_time_to_look_at_it(environment: Registrations) -> None:
    at_home = _selections(environment, "restore-tests-plan")
    assert set(at_home) == {"Aurora", "EBS", "S3"}
    assert set(_selections(environment, "restore-tests-recovery-plan")) == {"EBS", "S3"}
    for selection in environment.of("backup/restoreTestingSelection:RestoreTestingSelection"):
        assert selection.inputs["protectedResourceArns"] == ["*"]
        assert 1 <= selection.inputs["validationWindowHours"] <= 168


def test_what_is_restored_is_under_a_customers_key_of_its_region(environment: Registrations) -> None:
    keys = {key.state["arn"]: key for key in environment.of("kms/key:Key")}
    for selection in environment.of("backup/restoreTestingSelection:RestoreTestingSelection"):
        overrides = selection.inputs["restoreMetadataOverrides"]
        key = keys[overrides.get("kmsKeyId") or overrides["kmsKey"]]
        assert key.state["region"] == selection.state["region"]


def test_a_database_is_restored_in_isolation(environment: Registrations) -> None:
    overrides = _selections(environment, "restore-tests-plan")["Aurora"].inputs["restoreMetadataOverrides"]
    subnets = environment.one("rds/subnetGroup:SubnetGroup", "restore-tests")
    isolated = {f"{subnet.name}-id" for subnet in environment.of("ec2/subnet:Subnet") if "isolated" in subnet.name}
    assert overrides["dbSubnetGroupName"] == subnets.state["name"]
    assert set(subnets.inputs["subnetIds"]) == isolated
    assert json.loads(overrides["vpcSecurityGroupIds"]) == ["restore-tests-id"]
    for kind in ("Ingress", "Egress"):
        rules = environment.of(f"vpc/securityGroup{kind}Rule:SecurityGroup{kind}Rule")
        assert "restore-tests-id" not in {rule.inputs["securityGroupId"] for rule in rules}


def test_who_restores_does_not_back_up(environment: Registrations) -> None:
    role = environment.one("iam/role:Role", "restore-tests-role")
    used = environment.of("backup/restoreTestingSelection:RestoreTestingSelection")
    assert {selection.inputs["iamRoleArn"] for selection in used} == {role.state["arn"]}
    assert role.document("assumeRolePolicy")[0]["Principal"] == {"Service": "backup.amazonaws.com"}
    attached = {
        attachment.inputs["policyArn"].rpartition("/")[2]
        for attachment in environment.of("iam/rolePolicyAttachment:RolePolicyAttachment")
        if attachment.inputs["role"] == role.state["name"]
    }
    assert attached == {"AWSBackupServiceRolePolicyForRestores", "AWSBackupServiceRolePolicyForS3Restore"}


def test_no_type_of_store_is_skipped_in_either_region(environment: Registrations) -> None:
    """A type that is opted out is backed up by no plan, and nothing says so (PH:OPTIN)."""
    settings = environment.of("backup/regionSettings:RegionSettings")
    assert {setting.state["region"] for setting in settings} == BOTH
    for setting in settings:
        opted = setting.inputs["resourceTypeOptInPreference"]
        assert {"Aurora", "DynamoDB", "EBS", "EC2", "EFS", "EKS", "RDS", "S3"} <= set(opted) == set(RESOURCE_TYPES)
        assert all(value is True for value in opted.values())
        assert setting.inputs["resourceTypeManagementPreference"] == dict.fromkeys(MANAGED_TYPES, True)


def test_the_framework_holds_backups_to_the_promise(environment: Registrations) -> None:
    controls = {
        control["name"]: {each["name"]: each["value"] for each in control["inputParameters"]}
        for control in environment.one("backup/framework:Framework", "backup-audit-framework").inputs["controls"]
    }
    assert controls["BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK"] == {"requiredRetentionDays": "35"}
    assert controls["BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK"] == {
        "requiredFrequencyUnit": "days",
        "requiredFrequencyValue": "1",
        "requiredRetentionDays": "35",
    }
    assert controls["BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION"] == {"crossRegionList": "us-west-1"}
    hours = max(store["recoveryTimeHours"] for store in environment.outputs["stores"].values())
    assert controls["RESTORE_TIME_FOR_RESOURCES_MEET_TARGET"] == {"maxRestoreTime": str(60 * hours)}
    assert {
        "BACKUP_RECOVERY_POINT_ENCRYPTED",
        "BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED",
        "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN",
        "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK",
        "BACKUP_LAST_RECOVERY_POINT_CREATED",
    } <= set(controls)


def test_what_the_framework_asks_of_stores_it_asks_of_customer_data(environment: Registrations) -> None:
    framework = environment.one("backup/framework:Framework", "backup-audit-framework")
    (scope,) = {json.dumps(control["scope"]) for control in framework.inputs["controls"] if "scope" in control}
    ((key, value),) = json.loads(scope)["tags"].items()
    database = environment.one("rds/cluster:Cluster", "product-database")
    assert database.inputs["tags"][key] == value


def test_both_regions_have_a_framework_with_a_name_that_aws_takes(environment: Registrations) -> None:
    frameworks = environment.of("backup/framework:Framework")
    assert {framework.state["region"] for framework in frameworks} == BOTH
    for named in (*frameworks, *environment.of("backup/reportPlan:ReportPlan")):
        assert named.inputs["name"].replace("_", "").isalnum()


def test_jobs_of_both_regions_and_compliance_are_reported_into_the_archive(environment: Registrations) -> None:
    reports = {
        plan.inputs["reportSetting"]["reportTemplate"]: plan for plan in environment.of("backup/reportPlan:ReportPlan")
    }
    assert set(reports) == {
        *(f"{job}_JOB_REPORT" for job in ("BACKUP", "COPY", "RESTORE")),
        *(f"{of}_COMPLIANCE_REPORT" for of in ("CONTROL", "RESOURCE")),
    }
    bucket = environment.one("s3/bucket:Bucket", "backup-audit-reports").state["bucket"]
    framework = environment.one("backup/framework:Framework", "backup-audit-framework").state["arn"]
    for template, plan in reports.items():
        assert plan.inputs["reportDeliveryChannel"]["s3BucketName"] == bucket
        setting = plan.inputs["reportSetting"]
        if "JOB" in template:
            assert set(setting["regions"]) == BOTH
        else:
            assert setting["frameworkArns"] == [framework]


def test_the_services_own_role_writes_reports_and_nobody_deletes_them(environment: Registrations, stack: str) -> None:
    scope = Scope(stack, ACCOUNT, "us-west-2", "us-west-1", "platform", Environment.STAGING, Deployment.CLOUD)
    role = environment.one("iam/serviceLinkedRole:ServiceLinkedRole", "backup-report-role")
    assert role.inputs["awsServiceName"] == "reports.backup.amazonaws.com"
    policy = environment.one("s3/bucketPolicy:BucketPolicy", "backup-audit-reports-policy")
    statements = {statement["Sid"]: statement for statement in policy.document()}
    assert statements["BackupWritesReports"]["Principal"] == {"AWS": report_role_arn(scope)}
    assert statements["BackupWritesReports"]["Action"] == "s3:PutObject"
    assert "s3:DeleteObjectVersion" in statements["NobodyDeletes"]["Action"]


@pytest.mark.parametrize("name", ["session-recordings"])
def test_deletions_and_a_drop_of_objects_are_noticed(environment: Registrations, name: str) -> None:
    bucket = environment.one("s3/bucket:Bucket", name).state["bucket"]
    metric = environment.one("s3/bucketMetric:BucketMetric", f"{name}-requests").inputs
    deletions = environment.one("cloudwatch/metricAlarm:MetricAlarm", f"{name}-deletions-alarm").inputs
    assert metric["bucket"] == bucket
    assert deletions["dimensions"] == {"BucketName": bucket, "FilterId": metric["name"]}
    assert (deletions["metricName"], deletions["statistic"], deletions["period"]) == ("DeleteRequests", "Sum", 300)
    count = environment.one("cloudwatch/metricAlarm:MetricAlarm", f"{name}-object-count-alarm").inputs
    objects, change = count["metricQueries"]
    assert objects["metric"]["dimensions"] == {"BucketName": bucket, "StorageType": "AllStorageTypes"}
    assert objects["metric"]["period"] == 86_400, "the metric comes once a day"
    assert (objects["returnData"], change["returnData"]) == (False, True)
    assert count["comparisonOperator"] == "LessThanOrEqualToThreshold"
    assert -100 < count["threshold"] < 0
    assert count["evaluationPeriods"] * 86_400 <= 604_800, "the longest range of an alarm of daily periods"


def test_a_bucket_that_has_no_objects_left_is_noticed(environment: Registrations) -> None:
    """S3 reports no count of an empty bucket: no data is an alarm of its own."""
    count = environment.one("cloudwatch/metricAlarm:MetricAlarm", "session-recordings-object-count-alarm").inputs
    assert count["treatMissingData"] == "missing"
    assert count["insufficientDataActions"] == count["alarmActions"]


def test_every_bucket_in_a_backup_plan_is_watched(environment: Registrations) -> None:
    backed_up = {
        bucket.state["bucket"]
        for bucket in environment.of("s3/bucket:Bucket")
        if bucket.inputs["tags"].get("backup") in {"hourly", "daily"}
    }
    watched = {
        metric.inputs["bucket"]
        for metric in environment.of("s3/bucketMetric:BucketMetric")
        if "filter" not in metric.inputs
    }
    assert watched == backed_up


def test_a_shard_that_has_not_completed_its_own_backup_for_26_hours_is_noticed(environment: Registrations) -> None:
    bucket = environment.one("s3/bucket:Bucket", "analytics-database-backups").state["bucket"]
    metrics = {
        metric.inputs["name"]: metric.inputs["filter"]["prefix"]
        for metric in environment.of("s3/bucketMetric:BucketMetric")
        if metric.inputs["bucket"] == bucket
    }
    nodes = environment.of("ec2/instance:Instance")
    assert metrics == {
        f"completed-{shard}": f"completed/{shard}/" for shard in {n.inputs["tags"]["shard"] for n in nodes}
    }
    for prefix in metrics.values():
        written = f'note="https://{bucket}.s3.us-west-2.amazonaws.com/{prefix}$day"'
        assert sum(written in node.inputs["userData"] for node in nodes) == 1, "one replica backs the shard up"
    alarms = [
        alarm.inputs
        for alarm in environment.of("cloudwatch/metricAlarm:MetricAlarm")
        if alarm.name.endswith("-backup-missing-alarm")
    ]
    topic = environment.one("sns/topic:Topic", "alarms-topic").state["arn"]
    assert {alarm["dimensions"]["FilterId"] for alarm in alarms} == metrics.keys()
    for alarm in alarms:
        assert alarm["dimensions"]["BucketName"] == bucket
        assert (alarm["metricName"], alarm["statistic"], alarm["threshold"]) == ("PutRequests", "Sum", 1)
        assert alarm["comparisonOperator"] == "LessThanThreshold"
        assert alarm["treatMissingData"] == "breaching", (
            "a node that is gone makes no requests: there is no data at all"
        )
        assert alarm["datapointsToAlarm"] == alarm["evaluationPeriods"]
        assert 24 * 3600 < alarm["period"] * alarm["evaluationPeriods"] <= 28 * 3600
        assert alarm["alarmActions"] == [topic]
