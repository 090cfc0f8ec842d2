"""Proof of backups: failures are told, and restores are tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.tokens import DATABASE_CLUSTER, VAULT
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Severity,
    aws,
    each,
    rule,
    setting,
)

NOTIFICATIONS = "aws:backup/vaultNotifications:VaultNotifications"
RESTORE_PLAN = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
TOLD: list[str] = setting(
    ["BACKUP_JOB_FAILED", "BACKUP_JOB_EXPIRED", "COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED", "S3_BACKUP_OBJECT_FAILED"],
    "events of a vault that somebody hears of",
)


@rule(
    on=(VAULT,),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:VAULT-NOTIFY",),
    fix="give the vault an aws.backup.VaultNotifications with the events that the message names",
)
def vault_tells_of_failures(vault: Resource, graph: Graph, *, events: list[str] = TOLD) -> Iterator[Finding]:
    """A backup that stopped weeks ago is noticed on the day it is needed, or on the day it stopped."""
    told = [
        list(item.get("backupVaultEvents", default=()))
        for item in graph.children(vault, on=NOTIFICATIONS, via="backupVaultName")
    ]
    for event in events:
        if not any(event in listed for listed in told):
            yield f"nobody hears of {event}"


def _vault(*events: str) -> None:
    vault = aws.backup.Vault("daily")
    aws.backup.VaultNotifications(
        "daily", backup_vault_name=vault.name, sns_topic_arn="arn:topic", backup_vault_events=list(events)
    )


@vault_tells_of_failures.passes
def failures_told() -> None:
    _vault(
        "BACKUP_JOB_FAILED",
        "BACKUP_JOB_EXPIRED",
        "COPY_JOB_FAILED",
        "RESTORE_JOB_COMPLETED",
        "S3_BACKUP_OBJECT_FAILED",
    )


@vault_tells_of_failures.fails
def copies_not_told() -> None:
    _vault("BACKUP_JOB_FAILED")


@vault_tells_of_failures.fails
def nothing_told() -> None:
    aws.backup.Vault("daily")


@rule(
    on=(RESTORE_PLAN,),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("PH:RESTORE-PLAN",),
    fix='include every vault ("*") and set selectionWindowDays to 30 or less',
)
def restore_tests_cover_vaults(
    plan: Resource,
    *,
    most_days: int = setting(30, "age in days of the oldest recovery point that is tried", minimum=1),
) -> Iterator[Finding]:
    """A backup that nobody restored is a hope."""
    vaults = plan.get("recoveryPointSelection", "includeVaults", default=())
    if "*" not in vaults:
        yield "recoveryPointSelection.includeVaults does not include every vault"
    if plan.has("recoveryPointSelection", "excludeVaults"):
        yield "recoveryPointSelection.excludeVaults leaves vaults out"
    # AWS Backup API Reference, RestoreTestingRecoveryPointSelection: 30 days where it is absent.
    days = plan.get("recoveryPointSelection", "selectionWindowDays", default=30)
    if days > most_days:
        yield f"recoveryPointSelection.selectionWindowDays is {days}, more than {most_days}"


def _tests(*vaults: str, days: int = 30) -> None:
    selection: Any = {
        "algorithm": "LATEST_WITHIN_WINDOW",
        "include_vaults": list(vaults),
        "recovery_point_types": ["SNAPSHOT"],
        "selection_window_days": days,
    }
    aws.backup.RestoreTestingPlan("all", recovery_point_selection=selection, schedule_expression="rate(30 days)")


@restore_tests_cover_vaults.passes
def every_vault() -> None:
    _tests("*")


@restore_tests_cover_vaults.fails
def one_vault() -> None:
    _tests("arn:aws:backup:us-west-2:111122223333:backup-vault:daily")


@restore_tests_cover_vaults.fails
def year_old_points() -> None:
    _tests("*", days=365)


@rule(
    on=("aws:dlm/lifecyclePolicy:LifecyclePolicy",),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:DLM",),
    fix="create snapshots at least daily, and encrypt the copies in other regions",
)
def snapshot_policy_daily(policy: Resource) -> Iterator[Finding]:
    """A volume's snapshots are its backup where no plan selects it."""
    schedules = policy.get("policyDetails", "schedules", default=())
    if not len(schedules):
        raise NotApplicable("it has no schedule of its own")

    def judge(schedule: Props) -> Iterator[Finding]:
        hours = schedule.get("createRule", "interval")
        if hours is not None and hours > 24:
            yield f"{schedule.where('createRule', 'interval')} is {hours} hours, more than 24"
        yield from each(schedule.get("crossRegionCopyRules", default=()), Row(("encrypted",)).judge)

    yield from each(schedules, judge)


def _snapshots(*, encrypted: bool) -> None:
    copy: Any = {
        "encrypted": encrypted,
        "target": "us-west-1",
        "retain_rule": {"interval": 1, "interval_unit": "MONTHS"},
    }
    schedule: Any = {
        "name": "daily",
        "create_rule": {"interval": 24, "interval_unit": "HOURS", "times": "05:00"},
        "retain_rule": {"count": 35},
        "cross_region_copy_rules": [copy],
    }
    details: Any = {"resource_types": ["VOLUME"], "target_tags": {"backup": "daily"}, "schedules": [schedule]}
    aws.dlm.LifecyclePolicy("daily", description="Daily", execution_role_arn="arn:role", policy_details=details)


@snapshot_policy_daily.passes
def copies_encrypted() -> None:
    _snapshots(encrypted=True)


@snapshot_policy_daily.fails
def copies_in_the_clear() -> None:
    _snapshots(encrypted=False)


@rule(
    on=(DATABASE_CLUSTER,),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("SH:RDS.14",),
    fix="set backtrackWindow to 259200 seconds, which are 72 hours",
)
def aurora_mysql_goes_back(
    cluster: Resource,
    *,
    least_hours: int = setting(72, "hours that Aurora MySQL can be wound back, 72 at most", minimum=1),
) -> Iterator[Finding]:
    """Winding a cluster back takes minutes where a restore takes hours."""
    if cluster.get("engine", default="") != "aurora-mysql":
        raise NotApplicable("only Aurora MySQL can be wound back")
    seconds = cluster.get("backtrackWindow", default=0)
    if seconds < least_hours * 3600:
        yield f"backtrackWindow is {seconds}, less than {least_hours} hours"


@aurora_mysql_goes_back.passes
def three_days_back() -> None:
    aws.rds.Cluster("shop", engine="aurora-mysql", backtrack_window=259200)


@aurora_mysql_goes_back.fails
def no_way_back() -> None:
    aws.rds.Cluster("shop", engine="aurora-mysql")
