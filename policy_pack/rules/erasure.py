"""Erasure: backups, locks and streams of customer data end within the promised time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.backup import PLAN, VAULT_LOCK, settings_beside
from policy_pack.tokens import VAULT
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Severity,
    aws,
    each,
    rule,
    setting,
)

MOST_DAYS: int = setting(
    35, "days after which a backup of customer data is gone", minimum=1, owner="backups_age_out_in_time"
)


@rule(
    on=(PLAN,),
    severity=Severity.HIGH,
    promise="data-deletion",
    controls=("PH:BACKUP-CEILING",),
    fix="set lifecycle.deleteAfter of every rule and copy to what the erasure promise allows",
)
def backups_age_out_in_time(plan: Resource, *, most_days: int = MOST_DAYS) -> Iterator[Finding]:
    """A backup can't be edited: what was erased is gone when the last backup that holds it is.

    Plans whose tag `data-class` names a class that no customer asks to be erased may keep longer.
    """
    held = plan.tag("data-class")
    if held not in (None, "confidential", "restricted"):
        raise NotApplicable(f"it keeps data of the class {held}")

    def judge(holder: Props) -> Iterator[Finding]:
        days = holder.get("lifecycle", "deleteAfter")
        if days is None:
            yield f"{holder.where('lifecycle', 'deleteAfter')} is not set, so that the backup is kept for ever"
        elif days > most_days:
            yield f"{holder.where('lifecycle', 'deleteAfter')} is {days}, more than {most_days} days"

    for item in plan.get("rules", default=()):
        yield from each([item], judge)
        yield from each(item.get("copyActions", default=()), judge)


def _plan(**lifecycle: int) -> None:
    daily: Any = {"rule_name": "daily", "target_vault_name": "daily", "lifecycle": lifecycle}
    aws.backup.Plan("daily", rules=[daily])


@backups_age_out_in_time.passes
def gone_in_five_weeks() -> None:
    _plan(delete_after=35)


@backups_age_out_in_time.fails
def kept_for_a_year() -> None:
    _plan(delete_after=365)


@backups_age_out_in_time.fails
def backups_kept_for_ever() -> None:
    _plan()


@rule(
    on=(VAULT,),
    severity=Severity.HIGH,
    promise="data-deletion",
    controls=("PH:LOCK-CONFLICT",),
    fix="set maxRetentionDays of the vault's lock to what the erasure promise allows",
)
def vault_lock_allows_erasure(vault: Resource, graph: Graph, *, most_days: int = MOST_DAYS) -> Iterator[Finding]:
    """A lock that nobody can lift must not hold what was promised to be erased."""
    held = vault.tag("data-class")
    if held not in (None, "confidential", "restricted"):
        raise NotApplicable(f"it keeps data of the class {held}")
    locks = settings_beside(vault, graph, VAULT_LOCK)
    if not locks:
        raise NotApplicable("it has no lock")

    def judge(lock: Resource) -> Iterator[Finding]:
        for name in ("minRetentionDays", "maxRetentionDays"):
            days = lock.get(name)
            if days is None and name == "maxRetentionDays":
                yield "maxRetentionDays of its lock is not set, so that a backup may be kept for ever"
            elif days is not None and days > most_days:
                yield f"{name} of its lock is {days}, more than {most_days}"

    yield from each(locks, judge)


def _vault(**days: int) -> None:
    vault = aws.backup.Vault("daily")
    retention: Any = days
    aws.backup.VaultLockConfiguration("daily", backup_vault_name=vault.name, **retention)


@vault_lock_allows_erasure.passes
def locked_for_five_weeks() -> None:
    _vault(min_retention_days=35, max_retention_days=35)


@vault_lock_allows_erasure.fails
def locked_for_a_year() -> None:
    _vault(min_retention_days=365, max_retention_days=365)


@vault_lock_allows_erasure.fails
def no_most() -> None:
    _vault(min_retention_days=35)


STREAM = "aws:kinesis/stream:Stream"


@rule(
    on=(STREAM,),
    severity=Severity.MEDIUM,
    promise="data-deletion",
    controls=("SH:Kinesis.3",),
    fix="set retentionPeriod to a week or more, and to a month at most",
)
def stream_kept_as_long_as_needed(
    stream: Resource,
    *,
    least_hours: int = setting(168, "hours that a stream keeps records, so that an outage loses none", minimum=24),
    most_hours: int = setting(720, "hours after which a stream's records are gone", minimum=24),
) -> Iterator[Finding]:
    """A stream that forgets in a day loses what an outage held up; one that keeps a year is a store."""
    hours = stream.get("retentionPeriod", default=24)
    if not least_hours <= hours <= most_hours:
        yield f"retentionPeriod is {hours}; it must be from {least_hours} to {most_hours} hours"


@stream_kept_as_long_as_needed.passes
def a_week() -> None:
    aws.kinesis.Stream("events", retention_period=168)


@stream_kept_as_long_as_needed.fails
def a_day() -> None:
    aws.kinesis.Stream("events")


@stream_kept_as_long_as_needed.fails
def a_year() -> None:
    aws.kinesis.Stream("events", retention_period=8760)
