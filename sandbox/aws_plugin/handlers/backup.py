"""AWS Backup: vaults with their locks and policies, plans, and what they select."""

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

TAGGING = Tagging("tag_resource", "untag_resource", "list_tags", {"ResourceArn": "{arn}"})
_LIFECYCLE = {"coldStorageAfter": "MoveToColdStorageAfterDays", "deleteAfter": "DeleteAfterDays"}
_PAIR = ("key", "value")
_CONDITIONS = ("stringEquals", "stringLikes", "stringNotEquals", "stringNotLikes")


def _plan_of(scope: Scope, _old: Props) -> Props | None:
    """The plan that has the selection: AWS finds a selection only with its plan, the id doesn't tell it."""
    plans = scope.call("list_backup_plans")["BackupPlansList"]
    for plan in [scope["planId"]] if "planId" in scope else [each["BackupPlanId"] for each in plans]:
        selections = scope.call("list_backup_selections", BackupPlanId=plan)["BackupSelectionsList"]
        if any(selection["SelectionId"] == scope["id"] for selection in selections):
            return {"planId": plan}
    return None


RECORDS = (
    Record(
        "aws:backup/vault:Vault",
        service="backup",
        noun="BackupVault",
        key={"BackupVaultName": "{name}"},
        id="{name}",
        create=Call("create_backup_vault"),
        reads=(Call("describe_backup_vault"),),
        deletes=(Call("delete_backup_vault"),),
        names={"kmsKeyArn": "EncryptionKeyArn", "recoveryPoints": "NumberOfRecoveryPoints"},
        flags=frozenset({"forceDestroy"}),
        tagging=TAGGING,
    ),
    Record(
        "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
        service="backup",
        key={"BackupVaultName": "{backupVaultName}"},
        id="{backupVaultName}",
        create=Call("put_backup_vault_lock_configuration"),
        reads=(Call("describe_backup_vault"),),
        gone="!Locked",
        deletes=(Call("delete_backup_vault_lock_configuration"),),
    ),
    Record(
        "aws:backup/vaultPolicy:VaultPolicy",
        service="backup",
        key={"BackupVaultName": "{backupVaultName}"},
        id="{backupVaultName}",
        create=(policy := Call("put_backup_vault_access_policy")),
        reads=(Call("get_backup_vault_access_policy"),),
        updates=(policy,),
        deletes=(Call("delete_backup_vault_access_policy"),),
    ),
    Record(
        "aws:backup/plan:Plan",
        service="backup",
        noun="BackupPlan",
        key={"BackupPlanId": "{id}"},
        id="BackupPlanId",
        create=Call("create_backup_plan"),
        reads=(Call("get_backup_plan"),),
        updates=(Call("update_backup_plan"),),
        deletes=(Call("delete_backup_plan"),),
        names={
            "advancedBackupSettings": "BackupPlan.AdvancedBackupSettings",
            "name": "BackupPlan.BackupPlanName",
            "rules": "BackupPlan.Rules",
            "rules.completionWindow": "CompletionWindowMinutes",
            "rules.copyActions.destinationVaultArn": "DestinationBackupVaultArn",
            **{f"rules.copyActions.lifecycle.{name}": member for name, member in _LIFECYCLE.items()},
            **{f"rules.lifecycle.{name}": member for name, member in _LIFECYCLE.items()},
            "rules.schedule": "ScheduleExpression",
            "rules.startWindow": "StartWindowMinutes",
            "rules.targetVaultName": "TargetBackupVaultName",
            "scanSettings": "BackupPlan.ScanSettings",
            "version": "VersionId",
        },
        defaults={
            "advancedBackupSettings": [],
            "rules.completionWindow": 10080,
            "rules.scheduleExpressionTimezone": "Etc/UTC",
            "rules.startWindow": 480,
            "scanSettings": [],
        },
        replace_on=frozenset({"name"}),
        tagging=TAGGING,
    ),
    Record(
        "aws:backup/selection:Selection",
        service="backup",
        key={"BackupPlanId": "{planId}", "SelectionId": "{id}"},
        id="SelectionId",
        create=Call("create_backup_selection"),
        reads=(Code(("planId",), _plan_of), Call("get_backup_selection")),
        deletes=(Call("delete_backup_selection"),),
        names={
            "conditions": "BackupSelection.Conditions",
            **{f"conditions.{name}.{end}": f"Condition{end.capitalize()}" for name in _CONDITIONS for end in _PAIR},
            "iamRoleArn": "BackupSelection.IamRoleArn",
            "name": "BackupSelection.SelectionName",
            "notResources": "BackupSelection.NotResources",
            "resources": "BackupSelection.Resources",
            "selectionTags": "BackupSelection.ListOfTags",
            "selectionTags.key": "ConditionKey",
            "selectionTags.type": "ConditionType",
            "selectionTags.value": "ConditionValue",
        },
    ),
)
