"""Backups that an engine writes itself: in two regions, kept long enough, and out of the engine's own reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.documents import actions_granted, name_of, names_any_resource, statements, texts_of
from policy_pack.examples import allow, declare
from policy_pack.rules.deletion import active_rules
from policy_pack.rules.monitoring import ALARM
from policy_pack.rules.recovery_copies import REPLICATION
from policy_pack.tokens import BUCKETS, inline
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

ENGINE_BACKUPS: list[str] = setting(
    ["clickhouse-backups"],
    "values of the service tag of buckets that an engine's own backups are in",
    owner="engine_backups_kept",
)


def require_engine_backups(bucket: Resource, services: list[str]) -> None:
    """Raise `NotApplicable` unless a bucket holds an engine's own backups."""
    if bucket.tag("service") not in services:
        raise NotApplicable("it holds no engine's own backups")


@rule(
    on=BUCKETS,
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("SH:S3.7",),
    fix="give the bucket an aws.s3.BucketReplicationConfig into the second region",
)
def engine_backups_replicated(
    bucket: Resource, graph: Graph, *, services: list[str] = ENGINE_BACKUPS
) -> Iterator[Finding]:
    """Backups that an engine writes into one region are lost with it: no backup plan copies them."""
    require_engine_backups(bucket, services)
    if not inline(bucket, "replicationConfiguration") and not graph.children(bucket, on=REPLICATION, via="bucket"):
        yield "nothing replicates it"


@engine_backups_replicated.passes
def backups_in_two_regions() -> None:
    tags = {"service": "clickhouse-backups"}
    replicated: Any = {"role": "arn", "rules": [{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::copy"}}]}
    aws.s3.Bucket("inside", tags=tags, replication_configuration=replicated)
    beside = aws.s3.BucketV2("beside", tags=tags)
    declare(REPLICATION, bucket=beside.id, role="arn", rules=replicated["rules"])


@engine_backups_replicated.fails
def backups_in_one_region() -> None:
    aws.s3.Bucket("backups", tags={"service": "clickhouse-backups"})


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:CH-BUCKET",),
    fix="let lifecycle rules expire backups after the last one that builds on them, or later",
)
def engine_backups_kept(
    bucket: Resource,
    graph: Graph,
    *,
    services: list[str] = ENGINE_BACKUPS,
    least_days: int = setting(8, "days that an engine's backups are kept: a weekly one and six on top", minimum=1),
) -> Iterator[Finding]:
    """A daily backup that holds the changes alone is worth nothing without the weekly one that it builds on."""
    require_engine_backups(bucket, services)
    for item in active_rules(bucket, graph):
        days = item.get("expiration", "days")
        if days is not None and 0 < days < least_days:
            yield f"{item.where('expiration', 'days')} is {days}, less than {least_days}"


def _engine_backups(days: int) -> None:
    for kind, name in ((aws.s3.Bucket, "backups"), (aws.s3.BucketV2, "old")):
        bucket = kind(name, tags={"service": "clickhouse-backups"})
        expire: Any = {"id": "expire", "status": "Enabled", "expiration": {"days": days}}
        aws.s3.BucketLifecycleConfiguration(name, bucket=bucket.id, rules=[expire])


@engine_backups_kept.passes
def kept_beyond_the_week() -> None:
    _engine_backups(14)


@engine_backups_kept.fails
def kept_for_less_than_the_week() -> None:
    _engine_backups(5)


# Amazon S3 User Guide, "Actions, resources, and condition keys": what takes a version, or the lock on it, away.
TAKES_AWAY = ("s3:BypassGovernanceRetention", "s3:DeleteObjectVersion", "s3:PutBucketVersioning", "s3:DeleteBucket")


@rule(
    on=("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"),
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:CH-ROLE",),
    fix="let the engine put, list and read its backups, and leave versions and locks alone",
)
def engine_cannot_delete_its_backups(
    policy: Resource, graph: Graph, *, services: list[str] = ENGINE_BACKUPS
) -> Iterator[Finding]:
    """Whoever takes over the database must not be able to take its backups too."""
    buckets = [bucket for bucket in graph.targets(policy, "policy", *BUCKETS) if bucket.tag("service") in services]
    if not buckets:
        raise NotApplicable("it names no bucket of an engine's own backups")
    names = [identity for bucket in buckets for identity in bucket.identities if not identity.startswith("arn:")]

    def judge(statement: Props) -> Iterator[Finding]:
        granted = actions_granted(statement, TAKES_AWAY)
        if granted and (names_any_resource(statement) or _names(statement, names)):
            yield f"{name_of(statement)} allows {', '.join(granted)} on {buckets[0].name}"

    yield from each(statements(policy, "policy"), judge)


def _names(statement: Props, names: list[str]) -> bool:
    return any(name in text for text in texts_of(statement, "Resource") for name in names)


def _engine(*actions: str) -> None:
    bucket = aws.s3.Bucket("backups", bucket="backups", tags={"service": "clickhouse-backups"})
    document = bucket.arn.apply(lambda arn: allow(list(actions), Resource=f"{arn}/*"))
    aws.iam.RolePolicy("node", role="node", policy=document)
    aws.iam.Policy("node", policy=document)


@engine_cannot_delete_its_backups.passes
def puts_and_reads() -> None:
    _engine("s3:PutObject", "s3:GetObject")


@engine_cannot_delete_its_backups.fails
def deletes_versions() -> None:
    _engine("s3:PutObject", "s3:DeleteObjectVersion")


@engine_cannot_delete_its_backups.fails
def whatever_it_likes() -> None:
    _engine("s3:*")


@rule(
    on=BUCKETS,
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:ALARM-BACKUP",),
    fix="give the bucket an alarm with an action on AWS/S3 NumberOfObjects, with its name as BucketName",
)
def object_loss_raises_alarm(
    bucket: Resource, graph: Graph, *, services: list[str] = ENGINE_BACKUPS
) -> Iterator[Finding]:
    """What a faulty database deleted was missed after eight hours: a count that drops says so in one day."""
    require_engine_backups(bucket, services)
    for alarm in graph.of_type(ALARM):
        metric = (alarm.get("namespace"), alarm.get("metricName"))
        counts = metric == ("AWS/S3", "NumberOfObjects") and alarm.has("alarmActions")
        if counts and graph.refers(alarm, "dimensions", bucket):
            return
    yield "no alarm counts its objects"


def _counted(metric: str) -> None:
    for kind, name in ((aws.s3.Bucket, "cold"), (aws.s3.BucketV2, "old")):
        bucket = kind(name, tags={"service": "clickhouse-backups"})
        aws.cloudwatch.MetricAlarm(
            name,
            namespace="AWS/S3",
            metric_name=metric,
            dimensions={"BucketName": bucket.bucket, "StorageType": "AllStorageTypes"},
            comparison_operator="LessThanThreshold",
            evaluation_periods=1,
            alarm_actions=["arn:aws:sns:us-west-2:111122223333:alarms"],
        )


@object_loss_raises_alarm.passes
def objects_counted() -> None:
    _counted("NumberOfObjects")


@object_loss_raises_alarm.fails
def bytes_counted_alone() -> None:
    _counted("BucketSizeBytes")
