"""The audit archive: where the account's trail is kept, for seven years, so that nobody can change it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.deletion import LOCK, active_rules, covers_everything
from policy_pack.tokens import BUCKET, BUCKETS, TRAIL
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Severity, aws, rule, setting


def _require_archive(bucket: Resource, graph: Graph) -> None:
    if not graph.children(bucket, on=TRAIL, via="s3BucketName"):
        raise NotApplicable("no trail of the stack writes to it")


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="information-security",
    controls=("SH:S3.15", "PH:LOG-ARCHIVE"),
    fix="give the bucket objectLockEnabled and an aws.s3.BucketObjectLockConfiguration with a default retention",
)
def audit_archive_locked(
    bucket: Resource,
    graph: Graph,
    *,
    least_days: int = setting(365, "days for which the audit archive is locked", minimum=1),
) -> Iterator[Finding]:
    """Whoever takes over the account must not be able to change what it did."""
    _require_archive(bucket, graph)
    locks = graph.children(bucket, on=LOCK, via="bucket")
    rules = [lock.get("rule", "defaultRetention") for lock in locks]
    if bucket.type == BUCKET:
        rules.append(bucket.get("objectLockConfiguration", "rule", "defaultRetention"))
    days = [
        item.get("days", default=0) + 365 * item.get("years", default=0)
        for item in rules
        if item is not None and item.get("mode") in {"COMPLIANCE", "GOVERNANCE"}
    ]
    if not days:
        yield "no Object Lock with a default retention keeps its objects"
    elif max(days) < least_days:
        yield f"its objects are locked for {max(days)} days, less than {least_days}"


def _archive(*, days: int, expire: int) -> None:
    for kind, name in ((aws.s3.Bucket, "trails"), (aws.s3.BucketV2, "old")):
        bucket = kind(name)
        aws.cloudtrail.Trail(name, s3_bucket_name=bucket.id)
        retention: Any = {"default_retention": {"mode": "COMPLIANCE", "days": days}}
        aws.s3.BucketObjectLockConfiguration(name, bucket=bucket.id, rule=retention)
        expiry: Any = {"id": "expire", "status": "Enabled", "expiration": {"days": expire}}
        aws.s3.BucketLifecycleConfiguration(name, bucket=bucket.id, rules=[expiry])


@audit_archive_locked.passes
def locked_for_seven_years() -> None:
    _archive(days=2555, expire=2555)


@audit_archive_locked.fails
def locked_for_a_day() -> None:
    _archive(days=1, expire=2555)


@audit_archive_locked.fails
def not_locked() -> None:
    bucket = aws.s3.Bucket("trails")
    aws.cloudtrail.Trail("account", s3_bucket_name=bucket.id)


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="information-security",
    controls=("PH:AUDIT-7Y",),
    fix="let the lifecycle rules of the bucket expire objects after seven years, or later",
)
def audit_archive_kept(
    bucket: Resource,
    graph: Graph,
    *,
    least_days: int = setting(2555, "days that the audit archive is kept", minimum=1),
) -> Iterator[Finding]:
    """What happened years ago is asked when it comes to light."""
    _require_archive(bucket, graph)
    for item in active_rules(bucket, graph):
        days = item.get("expiration", "days")
        if days is not None and 0 < days < least_days:
            which = "" if covers_everything(item) else " of some objects"
            yield f"{item.where('expiration', 'days')}{which} is {days}, less than {least_days}"


@audit_archive_kept.passes
def kept_for_seven_years() -> None:
    _archive(days=2555, expire=2555)


@audit_archive_kept.fails
def kept_for_a_year() -> None:
    _archive(days=365, expire=365)
