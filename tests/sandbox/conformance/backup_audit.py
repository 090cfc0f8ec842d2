"""AWS Backup's proofs: who is told, frameworks and reports, restore tests, and which resource types it takes."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case

_TOPIC = "arn:aws:sns:us-west-2:123456789012:alarms"
_ROLE = "arn:aws:iam::123456789012:role/case-role"
_POINTS = {"algorithm": "LATEST_WITHIN_WINDOW", "includeVaults": ["*"], "recoveryPointTypes": ["SNAPSHOT"]}
_FREQUENCY = {
    "name": "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK",
    "inputParameters": [
        {"name": "requiredFrequencyUnit", "value": "days"},
        {"name": "requiredFrequencyValue", "value": "1"},
        {"name": "requiredRetentionDays", "value": "35"},
    ],
}
_COVERED = {"name": "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN", "scope": {"tags": {"backup": "daily"}}}


def _vault(account: Account) -> str:
    account.client("backup").create_backup_vault(BackupVaultName="case-vault")
    return "case-vault"


def _told(account: Account, vault: str) -> tuple[str, list[str]]:
    found = account.client("backup").get_backup_vault_notifications(BackupVaultName=vault)
    return found["SNSTopicArn"], found["BackupVaultEvents"]


def _tags(account: Account, arn: str) -> dict[str, str]:
    return dict(account.client("backup").list_tags(ResourceArn=arn)["Tags"])


def _framework(account: Account, name: str) -> dict[str, Any]:
    found = account.client("backup").describe_framework(FrameworkName=name)
    return {
        "description": found.get("FrameworkDescription"),
        "controls": {
            control["ControlName"]: (
                {each["ParameterName"]: each["ParameterValue"] for each in control.get("ControlInputParameters", ())},
                control.get("ControlScope", {}),
            )
            for control in found["FrameworkControls"]
        },
        "tags": _tags(account, found["FrameworkArn"]),
    }


_FREQUENT: tuple[dict[str, str], dict[str, str]] = (
    {"requiredFrequencyUnit": "days", "requiredFrequencyValue": "1", "requiredRetentionDays": "35"},
    {},
)


def _report(account: Account, name: str) -> dict[str, Any]:
    found = account.client("backup").describe_report_plan(ReportPlanName=name)["ReportPlan"]
    return {
        "channel": found["ReportDeliveryChannel"],
        "setting": found["ReportSetting"],
        "tags": _tags(account, found["ReportPlanArn"]),
    }


def _restore_plan(account: Account, name: str) -> dict[str, Any]:
    found = account.client("backup").get_restore_testing_plan(RestoreTestingPlanName=name)["RestoreTestingPlan"]
    return {
        "at": found["ScheduleExpression"],
        "hours": found["StartWindowHours"],
        "points": found["RecoveryPointSelection"],
        "tags": _tags(account, found["RestoreTestingPlanArn"]),
    }


def _new_plan(account: Account) -> str:
    points = {"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"], "RecoveryPointTypes": ["SNAPSHOT"]}
    account.client("backup").create_restore_testing_plan(
        RestoreTestingPlan={
            "RestoreTestingPlanName": "case_plan",
            "ScheduleExpression": "cron(0 7 1 * ? *)",
            "RecoveryPointSelection": points,
        }
    )
    return "case_plan"


def _selection(account: Account, selection_id: str) -> dict[str, Any]:
    name, plan = selection_id.split(":")
    found = account.client("backup").get_restore_testing_selection(
        RestoreTestingPlanName=plan, RestoreTestingSelectionName=name
    )["RestoreTestingSelection"]
    return {name: value for name, value in found.items() if name not in ("CreationTime", "RestoreTestingPlanName")}


def _selected(hours: int, group: str) -> dict[str, Any]:
    return {
        "RestoreTestingSelectionName": "aurora",
        "IamRoleArn": _ROLE,
        "ProtectedResourceType": "Aurora",
        "ProtectedResourceArns": ["*"],
        "ProtectedResourceConditions": {"StringEquals": [{"Key": "aws:ResourceTag/backup", "Value": "daily"}]},
        "RestoreMetadataOverrides": {"dbsubnetgroupname": group},
        "ValidationWindowHours": hours,
    }


def _opted(account: Account, region: str) -> dict[str, bool]:
    found = account.client("backup", region).describe_region_settings()
    return {name: found["ResourceTypeOptInPreference"][name] for name in ("Aurora", "S3")} | {
        "managed": found["ResourceTypeManagementPreference"].get("DynamoDB")
    }


CASES = (
    Case(
        "aws:backup/vaultNotifications:VaultNotifications",
        inputs=lambda account: {
            "backupVaultName": _vault(account),
            "snsTopicArn": _TOPIC,
            "backupVaultEvents": ["BACKUP_JOB_FAILED", "COPY_JOB_FAILED"],
        },
        seen=_told,
        created=(_TOPIC, ["BACKUP_JOB_FAILED", "COPY_JOB_FAILED"]),
        update={"backupVaultEvents": ["RESTORE_JOB_COMPLETED"]},
        updated=(_TOPIC, ["RESTORE_JOB_COMPLETED"]),
        drift=lambda account, vault: account.client("backup").put_backup_vault_notifications(
            BackupVaultName=vault, SNSTopicArn=f"{_TOPIC}-by-hand", BackupVaultEvents=["RESTORE_JOB_COMPLETED"]
        ),
        drifted={"snsTopicArn": f"{_TOPIC}-by-hand"},
        outputs=("backupVaultArn", "backupVaultEvents", "region"),
        never="never",
    ),
    Case(
        "aws:backup/framework:Framework",
        inputs=lambda _account: {"name": "case_framework", "controls": [_FREQUENCY], "tags": {"owner": "data"}},
        seen=_framework,
        created={"description": None, "controls": {_FREQUENCY["name"]: _FREQUENT}, "tags": {"owner": "data"}},
        update={"controls": [_FREQUENCY, _COVERED], "description": "Backups", "tags": {"owner": "web"}},
        updated={
            "description": "Backups",
            "controls": {_FREQUENCY["name"]: _FREQUENT, _COVERED["name"]: ({}, {"Tags": {"backup": "daily"}})},
            "tags": {"owner": "web"},
        },
        drift=lambda account, name: account.client("backup").update_framework(
            FrameworkName=name, FrameworkDescription="by hand"
        ),
        drifted={"description": "by hand"},
        outputs=("arn", "creationTime", "deploymentStatus", "name", "region", "status"),
        never="never",
    ),
    Case(
        "aws:backup/reportPlan:ReportPlan",
        inputs=lambda _account: {
            "name": "case_report",
            "reportDeliveryChannel": {"s3BucketName": "reports", "s3KeyPrefix": "jobs", "formats": ["JSON"]},
            "reportSetting": {"reportTemplate": "BACKUP_JOB_REPORT"},
            "tags": {"owner": "data"},
        },
        seen=_report,
        created={
            "channel": {"S3BucketName": "reports", "S3KeyPrefix": "jobs", "Formats": ["JSON"]},
            "setting": {"ReportTemplate": "BACKUP_JOB_REPORT"},
            "tags": {"owner": "data"},
        },
        update={"reportSetting": {"reportTemplate": "COPY_JOB_REPORT"}, "tags": None},
        updated={
            "channel": {"S3BucketName": "reports", "S3KeyPrefix": "jobs", "Formats": ["JSON"]},
            "setting": {"ReportTemplate": "COPY_JOB_REPORT"},
            "tags": {},
        },
        drift=lambda account, name: account.client("backup").update_report_plan(
            ReportPlanName=name, ReportSetting={"ReportTemplate": "RESTORE_JOB_REPORT"}
        ),
        drifted={"reportSetting": {"reportTemplate": "RESTORE_JOB_REPORT"}},
        outputs=("arn", "creationTime", "deploymentStatus", "name", "region"),
        never="never",
    ),
    Case(
        "aws:backup/restoreTestingPlan:RestoreTestingPlan",
        inputs=lambda _account: {
            "name": "case_restores",
            "scheduleExpression": "cron(0 7 1 * ? *)",
            "startWindowHours": 4,
            "recoveryPointSelection": _POINTS,
            "tags": {"owner": "data"},
        },
        seen=_restore_plan,
        created={
            "at": "cron(0 7 1 * ? *)",
            "hours": 4,
            "points": {
                "Algorithm": "LATEST_WITHIN_WINDOW",
                "IncludeVaults": ["*"],
                "ExcludeVaults": [],
                "RecoveryPointTypes": ["SNAPSHOT"],
                "SelectionWindowDays": 30,
            },
            "tags": {"owner": "data"},
        },
        update={"startWindowHours": 8, "recoveryPointSelection": {**_POINTS, "selectionWindowDays": 7}},
        updated={
            "at": "cron(0 7 1 * ? *)",
            "hours": 8,
            "points": {
                "Algorithm": "LATEST_WITHIN_WINDOW",
                "IncludeVaults": ["*"],
                "ExcludeVaults": [],
                "RecoveryPointTypes": ["SNAPSHOT"],
                "SelectionWindowDays": 7,
            },
            "tags": {"owner": "data"},
        },
        drift=lambda account, name: account.client("backup").update_restore_testing_plan(
            RestoreTestingPlanName=name, RestoreTestingPlan={"ScheduleExpression": "cron(0 7 1 1 ? *)"}
        ),
        drifted={"scheduleExpression": "cron(0 7 1 1 ? *)"},
        outputs=("arn", "name", "region", "scheduleExpression", "tagsAll"),
        never="never",
    ),
    Case(
        "aws:backup/restoreTestingSelection:RestoreTestingSelection",
        inputs=lambda account: {
            "name": "aurora",
            "restoreTestingPlanName": _new_plan(account),
            "protectedResourceType": "Aurora",
            "protectedResourceArns": ["*"],
            "protectedResourceConditions": {"stringEquals": [{"key": "aws:ResourceTag/backup", "value": "daily"}]},
            "restoreMetadataOverrides": {"dbsubnetgroupname": "isolated"},
            "iamRoleArn": _ROLE,
            "validationWindowHours": 4,
        },
        seen=_selection,
        created=_selected(4, "isolated"),
        update={"validationWindowHours": 8, "restoreMetadataOverrides": {"dbsubnetgroupname": "private"}},
        updated=_selected(8, "private"),
        drift=lambda account, _id: account.client("backup").update_restore_testing_selection(
            RestoreTestingPlanName="case_plan",
            RestoreTestingSelectionName="aurora",
            RestoreTestingSelection={"ValidationWindowHours": 1},
        ),
        drifted={"validationWindowHours": 1},
        outputs=("iamRoleArn", "name", "protectedResourceType", "region"),
        never="never:never",
    ),
    Case(
        "aws:backup/regionSettings:RegionSettings",
        inputs=lambda _account: {
            "region": "us-west-1",
            "resourceTypeOptInPreference": {
                "Aurora": True,
                "DocumentDB": True,
                "DynamoDB": True,
                "EBS": True,
                "EC2": True,
                "EFS": True,
                "FSx": True,
                "Neptune": True,
                "RDS": True,
                "S3": True,
                "Storage Gateway": True,
            },
            "resourceTypeManagementPreference": {"DynamoDB": True},
        },
        seen=_opted,
        created={"Aurora": True, "S3": True, "managed": True},
        update={"resourceTypeManagementPreference": {"DynamoDB": False}},
        updated={"Aurora": True, "S3": True, "managed": False},
        drift=lambda account, region: account.client("backup", region).update_region_settings(
            ResourceTypeManagementPreference={"DynamoDB": True}
        ),
        drifted={"resourceTypeManagementPreference": {"DynamoDB": True}},
        outputs=("region",),
        never=None,
        left={"Aurora": True, "S3": True, "managed": True},
    ),
)
