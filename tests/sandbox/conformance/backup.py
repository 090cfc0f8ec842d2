"""AWS Backup: vaults with their locks and policies, plans and selections."""

import json
from typing import Any

from tests.sandbox.conformance.case import Account, Case

_RULE = {
    "ruleName": "daily",
    "targetVaultName": "case-vault",
    "schedule": "cron(0 5 * * ? *)",
    "startWindow": 60,
    "completionWindow": 600,
    "enableContinuousBackup": True,
    "lifecycle": {"deleteAfter": 35},
    "recoveryPointTags": {"class": "restricted"},
    "copyActions": [
        {
            "destinationVaultArn": "arn:aws:backup:us-west-1:123456789012:backup-vault:recovery",
            "lifecycle": {"deleteAfter": 35},
        }
    ],
}
_HOURLY = {"ruleName": "hourly", "targetVaultName": "case-vault", "schedule": "cron(0 * * * ? *)"}
_TAG = {"type": "STRINGEQUALS", "key": "backup", "value": "daily"}


def _new_vault(account: Account) -> str:
    account.client("backup").create_backup_vault(BackupVaultName="case-vault")
    return "case-vault"


def _vault(account: Account, name: str) -> dict[str, Any]:
    backup = account.client("backup")
    vault = backup.describe_backup_vault(BackupVaultName=name)
    tags = backup.list_tags(ResourceArn=vault["BackupVaultArn"])["Tags"]
    return {"key": vault["EncryptionKeyArn"], "tags": tags}


def _vault_arn(name: str) -> str:
    return f"arn:aws:backup:us-west-2:123456789012:backup-vault:{name}"


def _lock(account: Account, name: str) -> tuple[int, int] | None:
    vault = account.client("backup").describe_backup_vault(BackupVaultName=name)
    return (vault["MinRetentionDays"], vault["MaxRetentionDays"]) if vault["Locked"] else None


def _policy(action: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}],
    }


def _vault_policy(account: Account, name: str) -> Any:
    return json.loads(account.client("backup").get_backup_vault_access_policy(BackupVaultName=name)["Policy"])


def _plan(account: Account, plan_id: str) -> dict[str, Any]:
    backup = account.client("backup")
    plan = backup.get_backup_plan(BackupPlanId=plan_id)
    return {
        "name": plan["BackupPlan"]["BackupPlanName"],
        "rules": {
            rule["RuleName"]: {
                "vault": rule["TargetBackupVaultName"],
                "at": rule["ScheduleExpression"],
                "minutes": (rule["StartWindowMinutes"], rule["CompletionWindowMinutes"]),
                "days": rule.get("Lifecycle", {}).get("DeleteAfterDays"),
                "copies": [
                    (copy["DestinationBackupVaultArn"], copy["Lifecycle"]["DeleteAfterDays"])
                    for copy in rule.get("CopyActions", [])
                ],
                "continuous": rule.get("EnableContinuousBackup", False),
                "tags": rule.get("RecoveryPointTags", {}),
            }
            for rule in plan["BackupPlan"]["Rules"]
        },
        "tags": backup.list_tags(ResourceArn=plan["BackupPlanArn"])["Tags"],
    }


def _daily_seen(days: int) -> dict[str, Any]:
    return {
        "vault": "case-vault",
        "at": "cron(0 5 * * ? *)",
        "minutes": (60, 600),
        "days": days,
        "copies": [("arn:aws:backup:us-west-1:123456789012:backup-vault:recovery", 35)],
        "continuous": True,
        "tags": {"class": "restricted"},
    }


def _plan_inputs(account: Account) -> dict[str, Any]:
    _new_vault(account)
    return {"name": "case-plan", "rules": [_RULE], "tags": {"owner": "data"}}


def _run_by_hand(account: Account, plan_id: str) -> None:
    backup = account.client("backup")
    plan = backup.get_backup_plan(BackupPlanId=plan_id)["BackupPlan"]
    for rule in plan["Rules"]:
        del rule["RuleId"]
        rule["ScheduleExpression"] = "cron(0 1 * * ? *)"
    backup.update_backup_plan(BackupPlanId=plan_id, BackupPlan=plan)


def _new_plan(account: Account) -> str:
    rule = {"RuleName": "daily", "TargetBackupVaultName": _new_vault(account)}
    plan = {"BackupPlanName": "case-plan", "Rules": [rule]}
    return str(account.client("backup").create_backup_plan(BackupPlan=plan)["BackupPlanId"])


def _selection(account: Account, selection_id: str) -> dict[str, Any] | None:
    backup = account.client("backup")
    for plan in backup.list_backup_plans()["BackupPlansList"]:
        plan_id = plan["BackupPlanId"]
        for listed in backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]:
            if listed["SelectionId"] == selection_id:
                found = backup.get_backup_selection(BackupPlanId=plan_id, SelectionId=selection_id)
                return dict(found["BackupSelection"])
    return None


def _selection_inputs(account: Account) -> dict[str, Any]:
    role = account.role("backup.amazonaws.com")
    return {
        "name": "case-selection",
        "planId": _new_plan(account),
        "iamRoleArn": f"arn:aws:iam::123456789012:role/{role}",
        "selectionTags": [_TAG],
        "resources": ["arn:aws:rds:*:*:cluster:*"],
        "notResources": ["arn:aws:rds:*:*:cluster:scratch-*"],
        "conditions": [{"stringEquals": [{"key": "aws:ResourceTag/environment", "value": "production"}]}],
    }


CASES = (
    Case(
        "aws:backup/vault:Vault",
        inputs=lambda account: {
            "name": "case-new-vault",
            "kmsKeyArn": account.key(),
            "forceDestroy": False,
            "tags": {"owner": "data"},
        },
        seen=_vault,
        created=lambda inputs: {"key": inputs["kmsKeyArn"], "tags": {"owner": "data"}},
        update={"tags": {"class": "restricted"}},
        updated=lambda inputs: {"key": inputs["kmsKeyArn"], "tags": {"class": "restricted"}},
        drift=lambda account, name: account.client("backup").tag_resource(
            ResourceArn=_vault_arn(name), Tags={"class": "by hand"}
        ),
        drifted={"tags": {"class": "by hand"}},
        outputs=("arn", "kmsKeyArn", "name", "recoveryPoints", "region", "tagsAll"),
        never="never",
    ),
    Case(
        "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
        inputs=lambda account: {
            "backupVaultName": _new_vault(account),
            "minRetentionDays": 35,
            "maxRetentionDays": 365,
            "changeableForDays": 3,
        },
        seen=_lock,
        created=(35, 365),
        drift=lambda account, name: account.client("backup").put_backup_vault_lock_configuration(
            BackupVaultName=name, MinRetentionDays=1, MaxRetentionDays=365
        ),
        drifted={"minRetentionDays": 1},
        outputs=("backupVaultArn", "backupVaultName", "region"),
        never="never",
    ),
    Case(
        "aws:backup/vaultPolicy:VaultPolicy",
        inputs=lambda account: {
            "backupVaultName": _new_vault(account),
            "policy": json.dumps(_policy("backup:DeleteRecoveryPoint"), indent=1),
        },
        seen=_vault_policy,
        created=_policy("backup:DeleteRecoveryPoint"),
        update={"policy": json.dumps(_policy("backup:*"))},
        updated=_policy("backup:*"),
        drift=lambda account, name: account.client("backup").put_backup_vault_access_policy(
            BackupVaultName=name, Policy=json.dumps(_policy("backup:Get*"))
        ),
        drifted={"policy": json.dumps(_policy("backup:Get*"))},
        outputs=("backupVaultArn", "backupVaultName", "policy", "region"),
        never="never",
    ),
    Case(
        "aws:backup/plan:Plan",
        inputs=_plan_inputs,
        seen=_plan,
        created={"name": "case-plan", "rules": {"daily": _daily_seen(35)}, "tags": {"owner": "data"}},
        update={"rules": [{**_RULE, "lifecycle": {"deleteAfter": 30}}, _HOURLY], "tags": {"owner": "web"}},
        updated={
            "name": "case-plan",
            "rules": {
                "daily": _daily_seen(30),
                "hourly": {
                    "vault": "case-vault",
                    "at": "cron(0 * * * ? *)",
                    "minutes": (480, 10080),
                    "days": None,
                    "copies": [],
                    "continuous": False,
                    "tags": {},
                },
            },
            "tags": {"owner": "web"},
        },
        drift=_run_by_hand,
        drifted={
            "rules": [
                {**_RULE, "lifecycle": {"deleteAfter": 30}, "schedule": "cron(0 1 * * ? *)"},
                {**_HOURLY, "schedule": "cron(0 1 * * ? *)"},
            ]
        },
        outputs=("arn", "name", "region", "rules", "tagsAll", "version"),
        never="never",
    ),
    Case(
        "aws:backup/selection:Selection",
        inputs=_selection_inputs,
        seen=_selection,
        created=lambda inputs: {
            "SelectionName": "case-selection",
            "IamRoleArn": inputs["iamRoleArn"],
            "ListOfTags": [
                {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"},
            ],
            "Resources": ["arn:aws:rds:*:*:cluster:*"],
            "NotResources": ["arn:aws:rds:*:*:cluster:scratch-*"],
            "Conditions": {
                "StringEquals": [
                    {"ConditionKey": "aws:ResourceTag/environment", "ConditionValue": "production"},
                ]
            },
        },
        outputs=("iamRoleArn", "name", "planId", "region", "resources", "selectionTags"),
        never="never",
    ),
)
