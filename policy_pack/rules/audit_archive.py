"""The audit archive: where the account's trail is kept, for seven years, so that nobody can change it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.callers import principals
from policy_pack.documents import allows, conditions, name_of, statements
from policy_pack.examples import allow
from policy_pack.rules.deletion import VERSIONING, active_rules, covers_everything
from policy_pack.rules.object_locks import MODES, default_retentions, keeps_history, locked_days
from policy_pack.rules.public_buckets import BLOCKS, PUBLIC_ACCESS_BLOCK
from policy_pack.tokens import BUCKET_LOGGING, BUCKET_POLICY, BUCKETS, TRAIL, inline
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
    days = [locked_days(item) for item in default_retentions(bucket, graph) if item.get("mode") in MODES]
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
    """What happened years ago is asked when it comes to light, of trails, recorders and reports of backups."""
    if not keeps_history(bucket, graph):
        raise NotApplicable("neither a trail, nor a recorder, nor a report of the stack writes to it")
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


def _history(expire: int) -> None:
    bucket = aws.s3.Bucket("history")
    expiry: Any = {"id": "expire", "status": "Enabled", "expiration": {"days": expire}}
    aws.s3.BucketLifecycleConfiguration("history", bucket=bucket.id, rules=[expiry])
    aws.cfg.DeliveryChannel("all", s3_bucket_name=bucket.bucket)


@audit_archive_kept.passes
def history_kept_for_seven_years() -> None:
    _history(2555)


@audit_archive_kept.fails
def history_kept_for_a_year() -> None:
    _history(365)


@audit_archive_kept.fails
def reports_kept_for_a_year() -> None:
    bucket = aws.s3.Bucket("reports")
    expiry: Any = {"id": "expire", "status": "Enabled", "expiration": {"days": 365}}
    aws.s3.BucketLifecycleConfiguration("reports", bucket=bucket.id, rules=[expiry])
    aws.backup.ReportPlan(
        "jobs",
        report_delivery_channel={"s3_bucket_name": bucket.bucket},
        report_setting={"report_template": "BACKUP_JOB_REPORT"},
    )


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="information-security",
    controls=("SH:CloudTrail.6", "SH:CloudTrail.7", "CIS7:4.4"),
    fix="block public access, log accesses, keep versions, and let cloudtrail.amazonaws.com in with aws:SourceArn",
)
def audit_archive_guarded(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """Whoever reads the trail learns how the account works; whoever writes to it says what happened."""
    _require_archive(bucket, graph)
    parts = (_closed, _access_logged, _versioned, _written_by_the_trail_alone)
    yield from each(parts, lambda part: part(bucket, graph))


def _closed(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    blocks = graph.children(bucket, on=PUBLIC_ACCESS_BLOCK, via="bucket")
    if not any(all(block.get(name) is True for name in BLOCKS) for block in blocks):
        yield "public access is not blocked in all four ways"


def _access_logged(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    if not inline(bucket, "logging") and not graph.children(bucket, on=BUCKET_LOGGING, via="bucket"):
        yield "accesses to it are not logged"


def _versioned(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    states = [item.get("versioningConfiguration", "status") for item in graph.children(bucket, VERSIONING, "bucket")]
    if "Enabled" not in states and not any(item.get("enabled") for item in inline(bucket, "versioning")):
        yield "it keeps no versions"


def _written_by_the_trail_alone(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    holders = [bucket] if bucket.has("policy") else graph.children(bucket, on=BUCKET_POLICY, via="bucket")
    for holder in holders:
        yield from each(statements(holder, "policy"), _bound_to_a_trail)


def _bound_to_a_trail(statement: Props) -> Iterator[Finding]:
    if not allows(statement):
        return
    for kind, text in principals(statement):
        if kind == "Service" and text == "cloudtrail.amazonaws.com":
            if "aws:sourcearn" not in {key for _, key, _ in conditions(statement)}:
                yield f"{name_of(statement)} lets CloudTrail in for whoever asks it: aws:SourceArn is missing"
        elif kind != "Service":
            yield f"{name_of(statement)} lets {text} in"


def _guarded(**condition: Any) -> None:
    for kind, name in ((aws.s3.Bucket, "trails"), (aws.s3.BucketV2, "old")):
        bucket = kind(name, bucket=name)
        aws.cloudtrail.Trail(name, s3_bucket_name=bucket.id)
        aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        aws.s3.BucketLogging(name, bucket=bucket.id, target_bucket="logs", target_prefix=f"{name}/")
        aws.s3.BucketVersioning(name, bucket=bucket.id, versioning_configuration={"status": "Enabled"})
        policy = allow("s3:PutObject", Principal={"Service": "cloudtrail.amazonaws.com"}, Resource="*", **condition)
        aws.s3.BucketPolicy(name, bucket=bucket.id, policy=policy)


@audit_archive_guarded.passes
def for_one_trail() -> None:
    _guarded(Condition={"StringEquals": {"aws:SourceArn": "arn:aws:cloudtrail:us-west-2:111122223333:trail/account"}})


@audit_archive_guarded.fails
def for_every_trail_of_the_world() -> None:
    _guarded()


@audit_archive_guarded.fails
def unguarded() -> None:
    bucket = aws.s3.Bucket("trails")
    aws.cloudtrail.Trail("account", s3_bucket_name=bucket.id)
