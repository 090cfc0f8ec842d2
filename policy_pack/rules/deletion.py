"""Deletion: what is kept has an end, and everything that a customer may ask to be erased ages out in time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.tokens import BUCKET, BUCKETS
from policy_pack.values import UNKNOWN, leaves, raw
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Severity,
    Unknown,
    aws,
    rule,
    setting,
)

LIFECYCLES = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
)
LOCK = (
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2",
)


def active_rules(bucket: Resource, graph: Graph) -> list[Props]:
    """Return the lifecycle rules of a bucket that are on, wherever they are written.

    Raises:
        Unknown: it isn't known which there are.
    """
    return graph.remember(_active_rules, bucket)


def _active_rules(graph: Graph, bucket: Resource) -> list[Props]:
    rules: list[Props] = []
    for holder in graph.children(bucket, on=LIFECYCLES, via="bucket"):
        rules += [item for item in holder.get("rules", default=()) if item.get("status") == "Enabled"]
    rules += [item for item in bucket.get("lifecycleRules", default=()) if item.get("enabled")]
    return rules


def covers_everything(item: Props) -> bool:
    """Return whether a lifecycle rule is for every object of its bucket.

    Raises:
        Unknown: it isn't known whether it is.
    """
    narrowing = [leaf for name in ("prefix", "tags", "filter") for leaf in leaves(raw(item).get(name))]
    if any(leaf not in (None, "", UNKNOWN) for leaf in narrowing):
        return False
    if UNKNOWN in narrowing:
        raise Unknown(item.where("filter"))
    return True


@rule(
    on=BUCKETS,
    severity=Severity.LOW,
    promise="data-deletion",
    controls=("SH:S3.13",),
    fix="give the bucket an aws.s3.BucketLifecycleConfiguration with an enabled rule",
)
def bucket_has_lifecycle(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """What has no end is kept for ever, also what somebody asked to be erased."""
    if not active_rules(bucket, graph):
        yield "no lifecycle rule is enabled"


def bucket_with_rule(**parts: Any) -> None:
    """A bucket of the newer kind and one of the older kind, with one lifecycle rule each."""
    item: Any = {"id": "expire", "status": "Enabled", **parts}
    data = aws.s3.Bucket("data")
    aws.s3.BucketLifecycleConfiguration("data", bucket=data.id, rules=[item])
    aws.s3.BucketV2("old", bucket="old")
    aws.s3.BucketLifecycleConfigurationV2("old", bucket="old", rules=[item])


@bucket_has_lifecycle.passes
def expired_in_a_month() -> None:
    bucket_with_rule(expiration={"days": 30})
    aws.s3.Bucket("inline", lifecycle_rules=[{"enabled": True, "expiration": {"days": 30}}])


@bucket_has_lifecycle.fails
def rule_off() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketLifecycleConfiguration("data", bucket=data.id, rules=[{"id": "expire", "status": "Disabled"}])


@bucket_has_lifecycle.fails
def no_rule() -> None:
    aws.s3.Bucket("data")


VERSIONING = ("aws:s3/bucketVersioning:BucketVersioning", "aws:s3/bucketVersioningV2:BucketVersioningV2")


def require_versions(bucket: Resource, graph: Graph) -> None:
    """Raise `NotApplicable` unless the stack versions a bucket."""
    on = [item.get("versioningConfiguration", "status") for item in graph.children(bucket, on=VERSIONING, via="bucket")]
    inline = bucket.get("versioning", "enabled") if bucket.type == BUCKET else None
    if "Enabled" not in on and not inline:
        raise NotApplicable("the stack doesn't version it")


def versions_gone_after(bucket: Resource, graph: Graph) -> int | None:
    """Return after how many days every version that is no longer current is gone, None where it never is."""
    days = [
        item.get("noncurrentVersionExpiration", key)
        for item in active_rules(bucket, graph)
        if covers_everything(item)
        for key in ("noncurrentDays", "days")
        if key in item.get("noncurrentVersionExpiration", default=Props({}))
    ]
    return min(days, default=None)


@rule(
    on=BUCKETS,
    severity=Severity.MEDIUM,
    promise="data-deletion",
    controls=("SH:S3.10",),
    fix="give every object of the bucket a rule with noncurrentVersionExpiration",
)
def old_versions_expire(
    bucket: Resource,
    graph: Graph,
    *,
    most_days: int = setting(365, "days after which a deleted object's version is gone", minimum=1),
) -> Iterator[Finding]:
    """Deleting an object of a versioned bucket only hides it; the version stays until a rule takes it away."""
    require_versions(bucket, graph)
    if graph.children(bucket, on=LOCK, via="bucket") or bucket.get("objectLockEnabled"):
        raise NotApplicable("a lock decides how long its versions stay")
    days = versions_gone_after(bucket, graph)
    if days is None:
        yield "no enabled lifecycle rule for every object has noncurrentVersionExpiration"
    elif days > most_days:
        yield f"noncurrentVersionExpiration is after {days} days, more than {most_days}"


def _versioned(days: int) -> None:
    for kind, name in ((aws.s3.Bucket, "data"), (aws.s3.BucketV2, "old")):
        bucket = kind(name)
        aws.s3.BucketVersioning(name, bucket=bucket.id, versioning_configuration={"status": "Enabled"})
        item: Any = {
            "id": "old",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "noncurrent_version_expiration": {"noncurrent_days": days},
        }
        aws.s3.BucketLifecycleConfiguration(name, bucket=bucket.id, rules=[item])


@old_versions_expire.passes
def versions_gone_in_a_month() -> None:
    _versioned(30)


@old_versions_expire.passes
def versions_gone_by_an_inline_rule() -> None:
    expiry: Any = {"enabled": True, "noncurrent_version_expiration": {"days": 30}}
    aws.s3.Bucket("data", versioning={"enabled": True}, lifecycle_rules=[expiry])


@old_versions_expire.fails
def versions_kept_for_years() -> None:
    _versioned(1000)


@old_versions_expire.fails
def versions_kept_for_ever() -> None:
    aws.s3.Bucket("data", versioning={"enabled": True})


@rule(
    on=BUCKETS,
    severity=Severity.LOW,
    promise="data-deletion",
    controls=("PH:S3-MPU",),
    fix="give every object of the bucket a rule with abortIncompleteMultipartUpload within a week",
)
def unfinished_uploads_removed(
    bucket: Resource,
    graph: Graph,
    *,
    most_days: int = setting(7, "days after which the parts of an unfinished upload are gone", minimum=1),
) -> Iterator[Finding]:
    """Parts of an upload that never ended are stored, and shown in no list of objects."""
    found = [
        days
        for item in active_rules(bucket, graph)
        if covers_everything(item)
        for days in (_abort_days(item),)
        if days is not None
    ]
    if not found:
        yield "no enabled lifecycle rule for every object has abortIncompleteMultipartUpload"
    elif min(found) > most_days:
        yield f"abortIncompleteMultipartUpload is after {min(found)} days, more than {most_days}"


def _abort_days(item: Props) -> int | None:
    for path in (("abortIncompleteMultipartUpload", "daysAfterInitiation"), ("abortIncompleteMultipartUploadDays",)):
        if path[0] in item and item.get(*path) is not None:
            return int(item.get(*path))
    return None


@unfinished_uploads_removed.passes
def gone_in_a_week() -> None:
    bucket_with_rule(abort_incomplete_multipart_upload={"days_after_initiation": 7})
    aws.s3.Bucket("inline", lifecycle_rules=[{"enabled": True, "abort_incomplete_multipart_upload_days": 7}])


@unfinished_uploads_removed.fails
def gone_in_a_month() -> None:
    bucket_with_rule(abort_incomplete_multipart_upload={"days_after_initiation": 30})


@unfinished_uploads_removed.fails
def kept() -> None:
    aws.s3.Bucket("data")
