"""Session recordings: a bucket of customer data.

Enters: how long recordings are kept. Leaves: `session_recordings`, a private bucket that the backup plan selects.
No Object Lock: a lock would outlive the erasure promise. Backups protect against deletion instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from infrastructure.buckets import PrivateBucket, PrivateBucketArgs
from infrastructure.promises import NONCURRENT_DAYS, RECORDING_DAYS, Recovery
from infrastructure.scope import CustomerData

SERVICE = "session-recordings"

RECOVERY = Recovery(
    lost_minutes=15,
    lost_hours_with_region=24,
    restore_hours=24,
    in_plan=True,
    source="the continuous backup of the last 35 days; in the recovery region its daily copy",
)
"""A continuous backup restores to any second of its 35 days, and lags by minutes."""


@dataclass(frozen=True)
class SessionRecordingsArgs:
    """A recording is deleted after `recording_days`; a deleted one's version after another `noncurrent_days`."""

    customer_data: CustomerData
    key_arn: pulumi.Output[str]
    access_logs: PrivateBucket
    recording_days: int
    noncurrent_days: int

    def __post_init__(self) -> None:
        RECORDING_DAYS.require("recording_days", self.recording_days)
        NONCURRENT_DAYS.require("noncurrent_days", self.noncurrent_days)


def session_recordings(args: SessionRecordingsArgs) -> PrivateBucket:
    """The bucket of session recordings."""
    return PrivateBucket(
        SERVICE,
        PrivateBucketArgs(
            scope=args.customer_data.scope,
            tags=args.customer_data.tags(SERVICE),
            key_arn=args.key_arn,
            access_logs=args.access_logs,
            expire_after_days=args.recording_days,
            noncurrent_days=args.noncurrent_days,
        ),
    )
