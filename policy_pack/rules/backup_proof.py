"""Proof of backups: failures are told, and what snapshots and logs bring back is decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.backup import settings_beside
from policy_pack.rules.restore_tests import RESTORE_SELECTION
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
    # A restore of a bucket completes, whatever objects it could not bring back.
    restored = {item.get("protectedResourceType") for item in graph.of_type(RESTORE_SELECTION)}
    told = [list(item.get("backupVaultEvents", default=())) for item in settings_beside(vault, graph, NOTIFICATIONS)]
    for event in [*events, *(["S3_RESTORE_OBJECT_FAILED"] if "S3" in restored else [])]:
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
def objects_that_a_restore_test_left_out_not_told() -> None:
    failures_told()
    aws.backup.RestoreTestingSelection(
        "buckets", restore_testing_plan_name="all", protected_resource_type="S3", iam_role_arn="arn:role"
    )


@vault_tells_of_failures.fails
def copies_not_told() -> None:
    _vault("BACKUP_JOB_FAILED")


@vault_tells_of_failures.fails
def nothing_told() -> None:
    aws.backup.Vault("daily")


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
