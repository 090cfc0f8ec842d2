"""Exports: a bucket of what customers asked to be written out for them.

Enters: how long exports are kept. Leaves: `exports`, a private bucket that the backup plan selects.
No Object Lock: a lock would outlive the erasure promise. Backups protect against deletion instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from infrastructure.buckets import PrivateBucket, PrivateBucketArgs
from infrastructure.promises import EXPORT_DAYS, NONCURRENT_DAYS, Recovery
from infrastructure.scope import CustomerData

SERVICE = "exports"

RECOVERY = Recovery(
    lost_minutes=15,
    lost_hours_with_region=24,
    restore_hours=24,
    in_plan=True,
    source="the continuous backup of the last 35 days; an export can also be made again from the analytics database",
)


@dataclass(frozen=True)
class ExportsArgs:
    """An export is deleted after `export_days`; a deleted one's version after another `noncurrent_days`."""

    customer_data: CustomerData
    key_arn: pulumi.Output[str]
    access_logs: PrivateBucket
    export_days: int
    noncurrent_days: int

    def __post_init__(self) -> None:
        EXPORT_DAYS.require("export_days", self.export_days)
        NONCURRENT_DAYS.require("noncurrent_days", self.noncurrent_days)


def exports(args: ExportsArgs) -> PrivateBucket:
    """The bucket of exports."""
    return PrivateBucket(
        SERVICE,
        PrivateBucketArgs(
            scope=args.customer_data.scope,
            tags=args.customer_data.tags(SERVICE),
            key_arn=args.key_arn,
            access_logs=args.access_logs,
            expire_after_days=args.export_days,
            noncurrent_days=args.noncurrent_days,
        ),
    )
