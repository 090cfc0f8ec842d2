"""AWS Backup's proofs: who is told, frameworks and reports, restore tests, and which resource types it takes."""

from sandbox.aws_plugin.handlers.backup import TAGGING
from sandbox.aws_plugin.handlers.records import Call, Record

_PLAN = ("recoveryPointSelection", "scheduleExpression", "scheduleExpressionTimezone", "startWindowHours")
_SELECTION = ("iamRoleArn", "protectedResourceConditions", "restoreMetadataOverrides", "validationWindowHours")


def _below(member: str, names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"{member}.{name[0].upper()}{name[1:]}" for name in names}


RECORDS = (
    Record(
        "aws:backup/vaultNotifications:VaultNotifications",
        service="backup",
        key={"BackupVaultName": "{backupVaultName}"},
        id="{backupVaultName}",
        create=(tell := Call("put_backup_vault_notifications")),
        reads=(Call("get_backup_vault_notifications"),),
        updates=(tell,),
        deletes=(Call("delete_backup_vault_notifications"),),
    ),
    Record(
        "aws:backup/framework:Framework",
        service="backup",
        noun="Framework",
        key={"FrameworkName": "{name}"},
        id="{name}",
        create=Call("create_framework"),
        reads=(Call("describe_framework"),),
        updates=(Call("update_framework"),),
        deletes=(Call("delete_framework"),),
        names={
            "controls": "FrameworkControls",
            "controls.inputParameters": "ControlInputParameters",
            "controls.inputParameters.name": "ParameterName",
            "controls.inputParameters.value": "ParameterValue",
            "controls.name": "ControlName",
            "controls.scope": "ControlScope",
            "status": "FrameworkStatus",
        },
        tagging=TAGGING,
    ),
    Record(
        "aws:backup/reportPlan:ReportPlan",
        service="backup",
        noun="ReportPlan",
        key={"ReportPlanName": "{name}"},
        id="{name}",
        create=Call("create_report_plan"),
        reads=(Call("describe_report_plan", at="ReportPlan"),),
        updates=(Call("update_report_plan"),),
        deletes=(Call("delete_report_plan"),),
        tagging=TAGGING,
    ),
    Record(
        "aws:backup/restoreTestingPlan:RestoreTestingPlan",
        service="backup",
        key={"RestoreTestingPlanName": "{name}"},
        id="{name}",
        create=Call("create_restore_testing_plan"),
        reads=(Call("get_restore_testing_plan"),),
        updates=(Call("update_restore_testing_plan", only=_PLAN),),
        deletes=(Call("delete_restore_testing_plan"),),
        names={
            **_below("RestoreTestingPlan", _PLAN),
            "arn": "RestoreTestingPlan.RestoreTestingPlanArn",
            "name": "RestoreTestingPlan.RestoreTestingPlanName",
        },
        defaults={"scheduleExpressionTimezone": "Etc/UTC", "recoveryPointSelection.selectionWindowDays": 30},
        tagging=TAGGING,
    ),
    Record(
        "aws:backup/restoreTestingSelection:RestoreTestingSelection",
        service="backup",
        key={"RestoreTestingPlanName": "{restoreTestingPlanName}", "RestoreTestingSelectionName": "{name}"},
        id="{name}:{restoreTestingPlanName}",
        create=Call("create_restore_testing_selection"),
        reads=(Call("get_restore_testing_selection"),),
        updates=(Call("update_restore_testing_selection", only=(*_SELECTION, "protectedResourceArns")),),
        deletes=(Call("delete_restore_testing_selection"),),
        names={
            **_below("RestoreTestingSelection", (*_SELECTION, "protectedResourceArns", "protectedResourceType")),
            "name": "RestoreTestingSelection.RestoreTestingSelectionName",
        },
    ),
    Record(
        "aws:backup/regionSettings:RegionSettings",
        service="backup",
        key={},
        id="{region}",
        create=(settings := Call("update_region_settings")),
        reads=(Call("describe_region_settings"),),
        updates=(settings,),  # AWS can't take a region's settings away again: they stay as they are
    ),
)
