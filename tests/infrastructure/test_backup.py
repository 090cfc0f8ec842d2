"""Backup: every store in the plan, kept 35 days in locked vaults, and copied to us-west-1 under that region's key."""

import pytest

from infrastructure.backup import BackupArgs
from infrastructure.promises import BACKUP_DAYS, ERASURE_WINDOW_DAYS, BrokenPromise
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations

STORES = ("rds/cluster:Cluster", "s3/bucket:Bucket")


def _recovery(environment: Registrations) -> Registered:
    return environment.one("backup/vault:Vault", "backup-recovery-vault")


def test_the_selection_covers_every_store_of_customer_data_and_nothing_else(environment: Registrations) -> None:
    (selection,) = environment.of("backup/selection:Selection")
    (tag,) = selection.inputs["selectionTags"]
    assert tag["type"] == "STRINGEQUALS"
    selected = {
        resource.name
        for resource in environment.aws()
        if resource.inputs.get("tags", {}).get(tag["key"]) == tag["value"]
    }
    customer = {
        store.name for suffix in STORES for store in environment.of(suffix) if "gdpr-role" in store.inputs["tags"]
    }
    assert selected == customer == {"product-database", "session-recordings"}


def test_the_plan_runs_daily_and_continuously_into_the_home_vault(environment: Registrations) -> None:
    (plan,) = environment.of("backup/plan:Plan")
    (rule,) = plan.inputs["rules"]
    assert rule["targetVaultName"] == environment.one("backup/vault:Vault", "backup-vault").state["name"]
    assert rule["schedule"] == "cron(0 5 * * ? *)"
    assert rule["enableContinuousBackup"] is True
    assert rule["lifecycle"] == {"deleteAfter": 35}
    assert rule["startWindow"] >= 60
    assert rule["completionWindow"] >= rule["startWindow"] + 60
    (selection,) = environment.of("backup/selection:Selection")
    assert selection.inputs["planId"] == "backup-plan-id"


def test_every_backup_is_copied_to_the_recovery_vault_and_ends_there_as_soon(environment: Registrations) -> None:
    (plan,) = environment.of("backup/plan:Plan")
    (rule,) = plan.inputs["rules"]
    (copy,) = rule["copyActions"]
    vault = _recovery(environment)
    assert vault.inputs["region"] == "us-west-1"
    assert copy["destinationVaultArn"] == f"arn:aws:backup:us-west-1:{ACCOUNT}:backup-vault:{vault.state['name']}"
    assert copy["lifecycle"] == rule["lifecycle"]


def test_the_recovery_vault_is_under_a_key_of_its_region(environment: Registrations) -> None:
    key = environment.one("kms/key:Key", "recovery-key")
    assert key.inputs["region"] == "us-west-1"
    assert _recovery(environment).inputs["kmsKeyArn"] == key.state["arn"]


def test_both_vaults_are_locked_to_the_promised_retention(environment: Registrations, stack: str) -> None:
    vaults = {vault.state["name"]: vault for vault in environment.of("backup/vault:Vault")}
    locks = environment.of("backup/vaultLockConfiguration:VaultLockConfiguration")
    assert {lock.inputs["backupVaultName"] for lock in locks} == set(vaults)
    for lock in locks:
        assert lock.inputs["minRetentionDays"] == lock.inputs["maxRetentionDays"] == 35
        assert lock.inputs.get("changeableForDays") == (None if stack == "sandbox" else 3)
        assert lock.inputs.get("region") == vaults[lock.inputs["backupVaultName"]].inputs.get("region")


def test_nobody_deletes_backups_or_copies_them_out_of_us_west(environment: Registrations) -> None:
    policies = environment.of("backup/vaultPolicy:VaultPolicy")
    assert len(policies) == 2
    for policy in policies:
        statements = {statement["Sid"]: statement for statement in policy.document()}
        kept = statements["NobodyDeletesOrShortens"]
        assert {"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"} <= set(kept["Action"])
        assert (kept["Effect"], kept["Principal"], kept["Resource"]) == ("Deny", "*", "*")
        assert "Condition" not in kept
        stays = statements["CopiesStayInTheAccountAndInUsWest"]
        assert stays["Effect"] == "Deny"
        assert stays["Condition"]["ForAnyValue:ArnNotLike"]["backup:CopyTargets"] == [
            f"arn:aws:backup:{region}:{ACCOUNT}:backup-vault:*" for region in ("us-west-2", "us-west-1")
        ]


def test_the_role_may_back_up_and_is_assumed_by_backup_alone(environment: Registrations) -> None:
    role = environment.one("iam/role:Role", "backup-role")
    (selection,) = environment.of("backup/selection:Selection")
    assert selection.inputs["iamRoleArn"] == role.state["arn"]
    assert role.document("assumeRolePolicy")[0]["Principal"] == {"Service": "backup.amazonaws.com"}
    attached = [
        attachment.inputs["policyArn"].rpartition("/")[2]
        for attachment in environment.of("iam/rolePolicyAttachment:RolePolicyAttachment")
        if attachment.inputs["role"] == role.state["name"]
    ]
    assert sorted(attached) == ["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForS3Backup"]


def test_customer_data_is_gone_everywhere_65_days_after_the_contract_at_the_latest(environment: Registrations) -> None:
    """The sum that `ERASURE_WINDOW_DAYS` documents: the stores' window, then the age of the last backup."""
    ages = [
        lifecycle["deleteAfter"]
        for plan in environment.of("backup/plan:Plan")
        for rule in plan.inputs["rules"]
        for lifecycle in (rule["lifecycle"], *(copy["lifecycle"] for copy in rule["copyActions"]))
    ]
    assert ERASURE_WINDOW_DAYS + max(ages) == 65


@pytest.mark.parametrize("days", [BACKUP_DAYS.low - 1, BACKUP_DAYS.high + 1])
def test_backups_kept_shorter_or_longer_than_promised_are_refused(days: int) -> None:
    with pytest.raises(BrokenPromise, match=f"is {days}: must be 35 .*Backup: kept 35 days"):
        BackupArgs(None, None, None, None, retention_days=days)  # type: ignore[arg-type] # only the days are looked at
