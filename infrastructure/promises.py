"""The numbers and places that the Security & Privacy handbook promises, each with the sentence that it keeps.

Enters: nothing. Leaves: limits that settings and components check their values against, so that both say the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

HOME_REGION = "us-west-2"
RECOVERY_REGION = "us-west-1"
US_WEST = "GDPR: data stays in US-West, us-west-2 with us-west-1 for recovery"

ERASURE_WINDOW_DAYS = 30
"""Data Deletion: customer data leaves every store and version within 30 days of the contract's end.

Backups can't be edited: they age out. The arithmetic of the worst case, in days after the contract's end:
a last object is deleted on day 30 - noncurrent_days, its version is gone on day 30, and the last backup that
holds it, in either region, is gone on day 30 + 35 = 65. AWS Backup backs up versions like objects, and counts the
retention of a copy from its source's creation ("Amazon S3 backups" and "Copy a backup" in its developer guide).
The same holds of what stores keep by themselves for as long: the cache's snapshots, and ClickHouse's own backups.
"""

SEARCHABLE_LOG_DAYS = 400
"""Information Security: log groups keep 400 days, past the 365 of CloudWatch.16; the trail's archive keeps 2,555."""


PASSWORD_LENGTH = 16
PASSWORDS_REMEMBERED = 24
"""Password: 16 characters or more of all classes, and none of the last 24."""


class BrokenPromise(pulumi.RunError):
    """A value that would break a promise. Pulumi shows its text as it is, without a traceback."""


@dataclass(frozen=True)
class Limit:
    """The whole numbers from `low` to `high`, both included, in steps of `step`, and the promise that they keep."""

    low: int
    high: int
    promise: str
    step: int = 1

    @property
    def allowed(self) -> str:
        """What the limit allows, in words."""
        steps = f" in steps of {self.step}" if self.step > 1 else ""
        return str(self.low) if self.low == self.high else f"from {self.low} to {self.high}{steps}"

    def holds(self, value: int) -> bool:
        """Whether `value` is within the limit."""
        return value in range(self.low, self.high + 1, self.step)

    def require(self, name: str, value: int) -> None:
        """Raise `BrokenPromise` unless `value` is within the limit."""
        if not self.holds(value):
            raise BrokenPromise(f"{name} is {value}: must be {self.allowed} ({self.promise})")


BACKUP_DAYS = Limit(
    35, 35, "Backup: kept 35 days, the most that AWS keeps a continuous backup and the end of the erasure arithmetic"
)
AUDIT_DAYS = Limit(2555, 3650, "Backup: audit trails are kept 7 years, 2,555 days")
RECORDING_DAYS = Limit(1, 30, "Data Deletion: session recordings leave by lifecycle rule after at most 30 days")
NONCURRENT_DAYS = Limit(
    1, ERASURE_WINDOW_DAYS - 1, "Data Deletion: a deleted object's versions leave within the 30 days of erasure"
)
DATABASE_INSTANCES = Limit(
    2, 16, "Business Continuity: stores span zones, and an Aurora cluster has 16 instances at most"
)
NODES = Limit(3, 100, "Business Continuity: the cluster's nodes span three zones")
REQUESTS_PER_ADDRESS = Limit(
    100, 100_000, "Data Protection: an address that asks too much is turned away, and one that customers share is not"
)
EXPORT_DAYS = Limit(1, 30, "Data Deletion: exports leave by lifecycle rule after at most 30 days")
CACHE_NODES = Limit(2, 6, "Business Continuity: a replica takes over, and a group has a primary and 5 replicas at most")
BROKERS = Limit(3, 30, "Business Continuity: as many brokers in each of three zones, 30 by MSK's quota", step=3)
EVENT_HOURS = Limit(72, 720, "Data Deletion: events leave the stream within 30 days; Backup: three days can be reread")
CLICKHOUSE_SHARDS = Limit(1, 16, "Business Continuity: the analytics database is sharded, by what its network holds")
CLICKHOUSE_REPLICAS = Limit(2, 3, "Business Continuity: every shard has replicas in several zones")
VOLUME_GIB = Limit(20, 16384, "Business Continuity: room for the data, within what a gp3 volume and MSK have")
PASSWORD_AGE_DAYS = Limit(1, 90, "Password: expiry as configured, after 90 days at most (IAM.17)")
DIAGNOSTIC_DAYS = Limit(1, 7, "Self-hosted diagnostic access: for the minimum length of time, 7 days at most")
VPC_PREFIX = Limit(16, 20, "Data Protection: three zones with a public, a private and an isolated subnet each")
ZONES = Limit(3, 3, "Business Continuity: stores span three zones")


@dataclass(frozen=True)
class Recovery:
    """Disaster Recovery Plan: how much may be lost, and how long a restore may take. Proposed targets, by store."""

    lost_minutes: int | None
    """At most lost when the store fails: the lag or interval of its backup. None: it has no backup."""

    lost_hours_with_region: int | None
    """At most lost when the region fails: the interval of the copies to the recovery region. None: it starts empty."""

    restore_hours: int

    in_plan: bool
    """Whether the backup plan selects it. Of the others the backup tag says what they have instead."""

    source: str
    """What it is restored or rebuilt from, and what that costs."""
