"""Object locks: what a locked bucket keeps is kept as long as was told, and no longer than may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.backup_reports import REPORT_PLAN
from policy_pack.rules.deletion import LOCK, require_versions, versions_gone_after
from policy_pack.rules.detection import CHANNEL
from policy_pack.rules.erasure import MOST_DAYS
from policy_pack.rules.privacy import CUSTOMER_CLASSES
from policy_pack.rules.retention import RETENTION_TAG
from policy_pack.tokens import BUCKETS, TRAIL
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Severity, aws, each, rule, setting

MODES = ["COMPLIANCE", "GOVERNANCE"]
LOCK_MODES: list[str] = setting(MODES, "modes of object locks; an administrator can lift GOVERNANCE")
WRITES_HISTORY = {TRAIL: "s3BucketName", CHANNEL: "s3BucketName", REPORT_PLAN: "reportDeliveryChannel"}
"""What writes down what happened, and the property by which it names the bucket."""


def keeps_history(bucket: Resource, graph: Graph) -> bool:
    """Return whether a trail, a recorder or a report of the stack writes to a bucket.

    Raises:
        Unknown: one may.
    """
    return any(graph.children(bucket, on=token, via=via) for token, via in WRITES_HISTORY.items())


def default_retentions(bucket: Resource, graph: Graph) -> list[Props]:
    """Return what a bucket's locks do to every new object, wherever they are written.

    Raises:
        Unknown: it isn't known which there are.
    """
    holders = [*graph.children(bucket, on=LOCK, via="bucket"), bucket.get("objectLockConfiguration", default=Props({}))]
    rules = [item for holder in holders for item in _blocks(holder, "rule")]
    return [retention for item in rules for retention in _blocks(item, "defaultRetention")]


def _blocks(holder: Props, name: str) -> list[Props]:
    """Return the blocks of a name, which is in the plural where there may be several."""
    several = f"{name}s"
    if several in holder:
        return list(holder.get(several, default=()))
    return list(filter(None, [holder.get(name)]))


def locked_days(retention: Props) -> int:
    """Return for how many days a default retention locks an object."""
    return int(retention.get("days", default=0)) + 365 * int(retention.get("years", default=0))


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="backup",
    controls=("SH:S3.15", "PH:LOG-ARCHIVE"),
    fix="give the bucket an aws.s3.BucketObjectLockConfiguration whose default retention is as long as data is kept",
)
def object_lock_keeps_what_is_told(
    bucket: Resource, graph: Graph, *, tag: str = RETENTION_TAG, modes: list[str] = LOCK_MODES
) -> Iterator[Finding]:
    """A bucket that can lock and doesn't, or not for as long as it tells, keeps nothing from whoever may delete."""
    if not bucket.get("objectLockEnabled") and not graph.children(bucket, on=LOCK, via="bucket"):
        raise NotApplicable("it has no object lock")
    retentions = default_retentions(bucket, graph)
    told = bucket.tag(tag) or ""

    def judge(retention: Props) -> Iterator[Finding]:
        if retention.get("mode") not in modes:
            yield f"the mode of its lock is {retention.get('mode') or 'not set'}; it must be {' or '.join(modes)}"
        days = locked_days(retention)
        if days < 1 or (told.isdecimal() and days < int(told)):
            yield f"its objects are locked for {days} days" + (f", and tag {tag} says {told}" if told else "")

    if not retentions:
        yield "objectLockEnabled is true, and no default retention locks its objects"
    yield from each(retentions, judge)


def _locked(told: str | None, retention: Any, **tags: str) -> None:
    rule: Any = {"default_retention": retention} if retention else None
    given = tags | ({"retention-days": told} if told else {})
    for kind, name in ((aws.s3.Bucket, "archive"), (aws.s3.BucketV2, "old")):
        bucket = kind(name, object_lock_enabled=True, tags=given)
        aws.s3.BucketObjectLockConfiguration(name, bucket=bucket.id, rule=rule)


@object_lock_keeps_what_is_told.passes
def locked_for_as_long_as_kept() -> None:
    _locked("2555", {"mode": "COMPLIANCE", "years": 7})
    aws.s3.Bucket("scratch", tags={"retention-days": "7"})


@object_lock_keeps_what_is_told.passes
def locked_inside_the_bucket() -> None:
    inside: Any = {"object_lock_enabled": "Enabled", "rule": {"default_retention": {"mode": "GOVERNANCE", "days": 30}}}
    aws.s3.Bucket("state", object_lock_enabled=True, object_lock_configuration=inside)
    several: Any = {"rules": [{"default_retentions": [{"mode": "GOVERNANCE", "days": 30}]}]}
    aws.s3.BucketV2("old", object_lock_enabled=True, object_lock_configuration=several)


@object_lock_keeps_what_is_told.fails
def able_to_and_not_locked() -> None:
    aws.s3.Bucket("archive", object_lock_enabled=True)


@object_lock_keeps_what_is_told.fails
def configured_without_a_retention() -> None:
    _locked(None, None)


@object_lock_keeps_what_is_told.fails
def locked_for_less_than_kept() -> None:
    _locked("2555", {"mode": "COMPLIANCE", "days": 30})


@object_lock_keeps_what_is_told.fails
def locked_in_no_mode() -> None:
    _locked("30", {"days": 30})


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="data-deletion",
    controls=("PH:LOCK-CONFLICT", "SH:S3.10"),
    fix="lock customers' data no longer than backups are kept, and let old versions expire within the erasure window",
)
def customer_objects_erased_in_time(
    bucket: Resource,
    graph: Graph,
    *,
    most_days: int = MOST_DAYS,
    window_days: int = setting(30, "days within which what a customer asked to be erased is gone", minimum=1),
    classes: list[str] = CUSTOMER_CLASSES,
) -> Iterator[Finding]:
    """What a customer asked to be erased is gone when its last version is, and not while a lock holds it."""
    if bucket.tag("data-class") not in classes or keeps_history(bucket, graph):
        raise NotApplicable("it holds no customer's data")

    def judge(retention: Props) -> Iterator[Finding]:
        if locked_days(retention) > most_days:
            yield f"its objects are locked for {locked_days(retention)} days, more than {most_days}"

    yield from each(default_retentions(bucket, graph), judge)
    require_versions(bucket, graph)
    days = versions_gone_after(bucket, graph)
    if days is None or days > window_days:
        yield f"its old versions stay for {days or 'ever, or for no'} days, more than {window_days}"


def _customers(locked: int, gone: int | None) -> None:
    for kind, name in ((aws.s3.Bucket, "exports"), (aws.s3.BucketV2, "old")):
        bucket = kind(name, object_lock_enabled=True, tags={"data-class": "restricted"})
        retention: Any = {"default_retention": {"mode": "COMPLIANCE", "days": locked}}
        aws.s3.BucketObjectLockConfiguration(name, bucket=bucket.id, rule=retention)
        aws.s3.BucketVersioning(name, bucket=bucket.id, versioning_configuration={"status": "Enabled"})
        expire: Any = {"id": "old", "status": "Enabled", "noncurrent_version_expiration": {"noncurrent_days": gone}}
        aws.s3.BucketLifecycleConfiguration(name, bucket=bucket.id, rules=[expire] if gone else [])


@customer_objects_erased_in_time.passes
def gone_within_the_window() -> None:
    _customers(locked=35, gone=1)
    archive = aws.s3.Bucket("archive", tags={"data-class": "restricted"})
    aws.cloudtrail.Trail("account", s3_bucket_name=archive.id)


@customer_objects_erased_in_time.fails
def locked_for_years() -> None:
    _customers(locked=2555, gone=1)


@customer_objects_erased_in_time.fails
def versions_of_last_year() -> None:
    _customers(locked=35, gone=365)


@customer_objects_erased_in_time.fails
def versions_of_ever() -> None:
    _customers(locked=35, gone=None)
