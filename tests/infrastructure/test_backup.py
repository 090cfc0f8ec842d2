"""Backup: every store in a plan, kept 35 days in locked vaults, and copied to us-west-1 under that region's key."""

from typing import Any

import pytest

from infrastructure.backup import BackupArgs
from infrastructure.promises import BACKUP_DAYS, ERASURE_WINDOW_DAYS, BrokenPromise
from infrastructure.scope import BACKUP_KEY, BackupFrequency, CustomerData, Deployment, Environment, Scope
from infrastructure.scope import DataClass as Class
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations

STORES = (
    "ebs/volume:Volume",
    "elasticache/replicationGroup:ReplicationGroup",
    "msk/cluster:Cluster",
    "rds/cluster:Cluster",
    "s3/bucket:Bucket",
)
HOURS_BETWEEN = {"cron(30 * * * ? *)": 1, "cron(0 5 * * ? *)": 24, "cron(0 2 1 * ? *)": 31 * 24}
"""Of each schedule: the longest time from one backup to the next."""


def _recovery(environment: Registrations) -> Registered:
    return environment.one("backup/vault:Vault", "backup-recovery-vault")


def _plans(environment: Registrations) -> dict[str, Registered]:
    """The plans by the value of the tag that they select."""
    plans = {f"{plan.name}-id": plan for plan in environment.of("backup/plan:Plan")}
    selected = {}
    for selection in environment.of("backup/selection:Selection"):
        (tag,) = selection.inputs["selectionTags"]
        assert (tag["type"], tag["key"]) == ("STRINGEQUALS", "backup")
        assert not {"resources", "notResources", "conditions"} & selection.inputs.keys()
        selected[tag["value"]] = plans[selection.inputs["planId"]]
    return selected


def _rules(environment: Registrations) -> list[dict[str, Any]]:
    return [rule for plan in environment.of("backup/plan:Plan") for rule in plan.inputs["rules"]]


def test_every_store_of_customer_data_has_the_tag_of_a_plan_and_nothing_else_has(environment: Registrations) -> None:
    plans = _plans(environment)
    assert set(plans) == {frequency.value for frequency in BackupFrequency}
    selected = {
        resource.name for resource in environment.aws() if resource.inputs.get("tags", {}).get("backup") in plans
    }
    customer = {
        store.name: store.inputs["tags"]["backup"]
        for suffix in STORES
        for store in environment.of(suffix)
        if "gdpr-role" in store.inputs["tags"]
    }
    assert selected == {name for name, means in customer.items() if means in plans}
    volumes = {name: means for name, means in customer.items() if name.endswith("-data")}
    assert len(volumes) >= 2
    assert customer == {
        **dict.fromkeys(("product-database", "session-recordings", "exports", *volumes), "daily"),
        "analytics-database-backups": "is-backup",
        "cache": "own-snapshots",
        "event-stream": "replicas",
    }


@pytest.mark.parametrize("frequency", list(BackupFrequency))
def test_a_store_says_in_its_tag_how_often_it_is_backed_up(frequency: BackupFrequency) -> None:
    scope = Scope("dev", ACCOUNT, "us-west-2", "us-west-1", "platform", Environment.STAGING, Deployment.CLOUD)
    data = CustomerData(scope, Class.RESTRICTED, "scc-2021", "dpa/cloud", holds_phi=False)
    assert data.tags("events", frequency)[BACKUP_KEY] == frequency.value
    assert data.tags("events")[BACKUP_KEY] == "daily"


def test_plans_run_as_often_as_they_are_named_and_daily_and_monthly_too(environment: Registrations) -> None:
    plans = _plans(environment)
    for frequency, plan in plans.items():
        rules = {rule["ruleName"]: rule for rule in plan.inputs["rules"]}
        assert next(iter(rules)) == frequency
        assert {"daily", "monthly"} <= set(rules)
        assert HOURS_BETWEEN[rules[frequency]["schedule"]] == {"hourly": 1, "daily": 24}[frequency]
        assert HOURS_BETWEEN[rules["monthly"]["schedule"]] == 31 * 24


def test_each_plan_has_one_continuous_rule(environment: Registrations) -> None:
    """AWS Backup takes continuous backups of a store by one rule; those of a rule without are snapshots."""
    for plan in environment.of("backup/plan:Plan"):
        continuous = [rule["ruleName"] for rule in plan.inputs["rules"] if rule.get("enableContinuousBackup")]
        assert continuous == ["daily"]


def test_backups_go_to_the_home_vault_and_late_ones_are_found_out(environment: Registrations) -> None:
    home = environment.one("backup/vault:Vault", "backup-vault").state["name"]
    for rule in _rules(environment):
        assert rule["targetVaultName"] == home
        assert rule["startWindow"] >= 60
        assert rule["completionWindow"] >= rule["startWindow"] + 60


def test_there_is_always_a_monthly_backup_until_the_next(environment: Registrations) -> None:
    for rule in _rules(environment):
        assert rule["lifecycle"] == {"deleteAfter": 35}
        assert rule["lifecycle"]["deleteAfter"] * 24 > HOURS_BETWEEN[rule["schedule"]]


def test_what_each_store_may_lose_is_what_its_plan_loses_at_most(environment: Registrations) -> None:
    """RPO: the interval of the copies if the region fails, and no rule at all if only the store does."""
    plans = {plan.state["name"]: plan for plan in environment.of("backup/plan:Plan")}
    stores = environment.outputs["stores"]
    planned = [store for store in stores.values() if "backupPlan" in store]
    assert len(planned) >= 4
    for store in planned:
        rules = plans[store["backupPlan"]].inputs["rules"]
        copied = [HOURS_BETWEEN[rule["schedule"]] for rule in rules if rule["copyActions"]]
        assert min(copied) <= store["recoveryPointHoursWithRegion"]
        intervals = [HOURS_BETWEEN[rule["schedule"]] * 60 for rule in rules]
        continuous = any(rule.get("enableContinuousBackup") for rule in rules)
        assert continuous or min(intervals) <= store["recoveryPointMinutes"]


def test_a_store_is_in_the_plan_that_its_tag_selects(environment: Registrations) -> None:
    plans = {value: plan.state["name"] for value, plan in _plans(environment).items()}
    for name, store in environment.outputs["stores"].items():
        (tagged,) = {
            resource.inputs["tags"]["backup"]
            for suffix in STORES
            for resource in environment.of(suffix)
            if resource.inputs["tags"].get("service") == name and resource.inputs["tags"].get("backup") in plans
        } or {None}
        assert store.get("backupPlan") == plans.get(tagged)


def test_every_backup_is_copied_to_the_recovery_vault_and_ends_there_as_soon(environment: Registrations) -> None:
    vault = _recovery(environment)
    assert vault.inputs["region"] == "us-west-1"
    for rule in _rules(environment):
        (copy,) = rule["copyActions"]
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


def test_both_vaults_tell_the_topic_of_their_region_of_failures(environment: Registrations) -> None:
    vaults = {vault.state["name"]: vault for vault in environment.of("backup/vault:Vault")}
    topics = {topic.state["region"]: topic.state["arn"] for topic in environment.of("sns/topic:Topic")}
    told = environment.of("backup/vaultNotifications:VaultNotifications")
    assert {item.inputs["backupVaultName"] for item in told} == set(vaults)
    for item in told:
        region = vaults[item.inputs["backupVaultName"]].state["region"]
        assert (item.state["region"], item.inputs["snsTopicArn"]) == (region, topics[region])
        assert {"BACKUP_JOB_FAILED", "COPY_JOB_FAILED", "S3_BACKUP_OBJECT_FAILED"} <= {
            *item.inputs["backupVaultEvents"]
        }


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
    for selection in environment.of("backup/selection:Selection"):
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
        for rule in _rules(environment)
        for lifecycle in (rule["lifecycle"], *(copy["lifecycle"] for copy in rule["copyActions"]))
    ]
    assert ERASURE_WINDOW_DAYS + max(ages) == 65


@pytest.mark.parametrize("days", [BACKUP_DAYS.low - 1, BACKUP_DAYS.high + 1])
def test_backups_kept_shorter_or_longer_than_promised_are_refused(days: int) -> None:
    unread: Any = None
    with pytest.raises(BrokenPromise, match=f"is {days}: must be 35 .*Backup: kept 35 days"):
        BackupArgs(unread, unread, unread, unread, unread, unread, retention_days=days)
