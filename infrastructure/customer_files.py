"""Files of customers: what their users' sessions recorded, and what they asked to be written out for them.

Enters: which of the two, and how long it is kept. Leaves: `customer_files`, a private bucket that the backup plan
selects. No Object Lock: a lock would outlive the erasure promise. Backups protect against deletion instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from infrastructure.buckets import PrivateBucket, PrivateBucketArgs
from infrastructure.promises import EXPORT_DAYS, NONCURRENT_DAYS, RECORDING_DAYS, Limit, Recovery
from infrastructure.scope import CustomerData

_BACKED_UP = "the continuous backup of the last 35 days; "


@dataclass(frozen=True)
class Kind:
    """A kind of files: `days` is how long they may be kept, `setting` what says how long they are."""

    service: str
    setting: str
    days: Limit
    source: str

    @property
    def recovery(self) -> Recovery:
        """A continuous backup restores to any second of its 35 days, and lags by minutes."""
        return Recovery(lost_minutes=15, lost_hours_with_region=24, restore_hours=24, in_plan=True, source=self.source)


RECORDINGS = Kind(
    "session-recordings",
    "recording_days",
    RECORDING_DAYS,
    f"{_BACKED_UP}in the recovery region its daily copy",
)
EXPORTS = Kind(
    "exports",
    "export_days",
    EXPORT_DAYS,
    f"{_BACKED_UP}an export can also be made again from the analytics database",
)


@dataclass(frozen=True)
class CustomerFilesArgs:
    """A file is deleted after `kept_days`; a deleted one's version after another `noncurrent_days`."""

    kind: Kind
    customer_data: CustomerData
    key_arn: pulumi.Output[str]
    access_logs: PrivateBucket
    kept_days: int
    noncurrent_days: int

    def __post_init__(self) -> None:
        self.kind.days.require(self.kind.setting, self.kept_days)
        NONCURRENT_DAYS.require("noncurrent_days", self.noncurrent_days)


def customer_files(args: CustomerFilesArgs) -> PrivateBucket:
    """The bucket of a kind of files."""
    return PrivateBucket(
        args.kind.service,
        PrivateBucketArgs(
            scope=args.customer_data.scope,
            tags=args.customer_data.tags(args.kind.service),
            key_arn=args.key_arn,
            access_logs=args.access_logs,
            expire_after_days=args.kept_days,
            noncurrent_days=args.noncurrent_days,
        ),
    )
