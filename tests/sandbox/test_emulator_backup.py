"""Backup plans, selections and vaults are, in the emulator too, what AWS documents. boto3 alone looks."""

from typing import Any

from tests.sandbox.conformance.case import Account, refused

RULE = {"RuleName": "daily", "TargetBackupVaultName": "vault"}


PLAN = {"BackupPlanName": "plan", "Rules": [RULE]}


SELECTION = {"SelectionName": "tagged", "IamRoleArn": "arn:aws:iam::123456789012:role/backup"}


TAG = {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"}


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
