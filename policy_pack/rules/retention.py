"""Retention: data is kept as long as its tag says and its class allows, and no copy is treated as less than it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from policy_pack.rules.classification import CLASS_TAG, CLASSES
from policy_pack.rules.deletion import (
    LIFECYCLES,
    active_rules,
    covers_everything,
    require_versions,
    versions_gone_after,
)
from policy_pack.tokens import BUCKETS, DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Resource,
    Row,
    Severity,
    aws,
    each,
    rule,
    setting,
)

RECORDINGS: list[str] = setting(
    ["session-recordings"], "values of the service tag of buckets that hold recordings of sessions"
)


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="data-deletion",
    controls=("PH:REPLAY-TTL",),
    fix="expire every object of the bucket within the days that recordings are promised to be kept",
)
def recordings_expire(
    bucket: Resource,
    graph: Graph,
    *,
    services: list[str] = RECORDINGS,
    most_days: int = setting(30, "days after which a recording is gone", minimum=1),
) -> Iterator[Finding]:
    """A recording shows what somebody did and typed; customers were told how long it is kept."""
    if bucket.tag("service") not in services:
        raise NotApplicable("it holds no recordings")
    rules = [item for item in active_rules(bucket, graph) if covers_everything(item)]
    days = [item.get("expiration", "days", default=0) for item in rules]
    if not any(0 < count <= most_days for count in days):
        yield f"no lifecycle rule expires every object within {most_days} days"


def _recordings(days: int) -> None:
    for kind, name in ((aws.s3.Bucket, "recordings"), (aws.s3.BucketV2, "old")):
        bucket = kind(name, tags={"service": "session-recordings"})
        expire: Any = {"id": "expire", "status": "Enabled", "expiration": {"days": days}}
        aws.s3.BucketLifecycleConfiguration(name, bucket=bucket.id, rules=[expire])


@recordings_expire.passes
def gone_in_a_month() -> None:
    _recordings(30)


@recordings_expire.fails
def kept_for_a_year() -> None:
    _recordings(365)


RETENTION = {
    **dict.fromkeys(BUCKETS, Row(())),
    "aws:cloudwatch/logGroup:LogGroup": Row(("retentionInDays",), unset=0),
    DATABASE_CLUSTER: Row(("backupRetentionPeriod",), unset=1),
    DATABASE_INSTANCE: Row(("backupRetentionPeriod",), unset=0),
}


RETENTION_TAG: str = setting(
    "retention-days", "key of the tag that says how many days a store keeps data", owner="retention_tag_true"
)
UNTIL_DELETED = "until-deleted"
"""What the tag says of a bucket from which nothing leaves by itself."""


@rule(
    on=RETENTION,
    severity=Severity.LOW,
    promise="data-deletion",
    controls=("PH:RETENTION-TAG",),
    fix="tag the store with the days that it, or the backup of it, keeps data, as its settings say",
)
def retention_tag_true(
    store: Resource,
    graph: Graph,
    row: Row,
    *,
    tag: str = RETENTION_TAG,
    grace_days: int = setting(
        30, "days after the end that the tag tells by which a bucket's versions are gone, too", minimum=1
    ),
) -> Iterator[Finding]:
    """Who answers a customer how long data is kept reads the tag: it must be there, and it must be true."""
    if store.has("replicateSourceDb"):
        raise NotApplicable("a replica keeps what its source keeps")
    told = store.tag(tag)
    if told is None:
        yield f"tag {tag} is not set"
        return
    kept = _expiry(store, graph) if store.type in BUCKETS else store.get(*row.path, default=row.unset)
    if told != (UNTIL_DELETED if kept is None else str(kept)):
        yield f"tag {tag} is {told}, and its settings keep data for {kept or 'ever, or for no'} days"
    elif kept is not None and store.type in BUCKETS:
        yield from _judge_versions(store, graph, grace_days)


def _judge_versions(bucket: Resource, graph: Graph, grace_days: int) -> Iterator[Finding]:
    """Yield what keeps an object beyond its end: in a versioned bucket, that only makes it a version of the past."""
    try:
        require_versions(bucket, graph)
    except NotApplicable:
        return
    days = versions_gone_after(bucket, graph)
    if days is None or days > grace_days:
        yield f"its versions stay for {days or 'ever, or for no'} days after that, more than {grace_days}"


def _expiry(bucket: Resource, graph: Graph) -> int | None:
    """Return after how many days a lifecycle rule expires every object of a bucket, the soonest where several do."""
    rules = [item for item in active_rules(bucket, graph) if covers_everything(item)]
    days = [count for item in rules if (count := item.get("expiration", "days", default=0)) > 0]
    return min(days, default=None)


def _kept(days: int, told: str | None = "30") -> None:
    tags = None if told is None else {"retention-days": told}
    for kind, name in ((aws.s3.Bucket, "data"), (aws.s3.BucketV2, "old")):
        bucket = kind(name, tags=tags)
        expire: Any = {"id": "expire", "status": "Enabled", "expiration": {"days": days}}
        aws.s3.BucketLifecycleConfiguration(name, bucket=bucket.id, rules=[expire])
    aws.cloudwatch.LogGroup("web", retention_in_days=days, tags=tags)
    aws.rds.Cluster("orders", engine="aurora-postgresql", backup_retention_period=days, tags=tags)
    aws.rds.Instance("reports", instance_class="db.t4g.small", backup_retention_period=days, tags=tags)


@retention_tag_true.passes
def as_the_tag_says() -> None:
    _kept(30)


@retention_tag_true.passes
def in_use_and_says_so() -> None:
    aws.s3.Bucket("state", tags={"retention-days": UNTIL_DELETED})


def _versioned(**old: int) -> None:
    bucket = aws.s3.Bucket("data", tags={"retention-days": "30"})
    aws.s3.BucketVersioning("data", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
    expire: Any = {
        "id": "expire",
        "status": "Enabled",
        "expiration": {"days": 30},
        "noncurrent_version_expiration": old,
    }
    aws.s3.BucketLifecycleConfiguration("data", bucket=bucket.id, rules=[expire])


@retention_tag_true.passes
def versions_gone_the_day_after() -> None:
    _versioned(noncurrent_days=1)


@retention_tag_true.fails
def versions_kept_for_ever() -> None:
    _versioned()


@retention_tag_true.fails
def versions_kept_for_a_year() -> None:
    _versioned(noncurrent_days=365)


@retention_tag_true.fails
def longer_than_the_tag_says() -> None:
    _kept(90)


@retention_tag_true.fails
def deleted_and_says_it_is_not() -> None:
    _kept(30, UNTIL_DELETED)


@retention_tag_true.fails
def no_tag() -> None:
    _kept(30, None)


DIRECTORY_BUCKET = "aws:s3/directoryBucket:DirectoryBucket"


@rule(
    on=(DIRECTORY_BUCKET,),
    severity=Severity.LOW,
    promise="data-deletion",
    controls=("SH:S3.25",),
    fix="give the bucket an aws.s3.BucketLifecycleConfiguration with an enabled rule",
)
def directory_bucket_has_lifecycle(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """What has no end is kept for ever, in a fast bucket too."""
    holders = graph.children(bucket, on=LIFECYCLES, via="bucket")
    if not any(item.get("status") == "Enabled" for holder in holders for item in holder.get("rules", default=())):
        yield "no lifecycle rule is enabled"


def _directory(status: str) -> None:
    bucket = aws.s3.DirectoryBucket("fast", bucket="fast--usw2-az1--x-s3", location={"name": "usw2-az1"})
    expire: Any = {"id": "expire", "status": status, "expiration": {"days": 7}}
    aws.s3.BucketLifecycleConfiguration("fast", bucket=bucket.id, rules=[expire])


@directory_bucket_has_lifecycle.passes
def emptied_in_a_week() -> None:
    _directory("Enabled")


@directory_bucket_has_lifecycle.fails
def rule_switched_off() -> None:
    _directory("Disabled")


class Copy(NamedTuple):
    """Which property of a copy names what it is made from, and the types that may be."""

    source: str
    types: tuple[str, ...]


SNAPSHOT = "aws:ebs/snapshot:Snapshot"
VOLUME = "aws:ebs/volume:Volume"
COPIES = {
    SNAPSHOT: Copy("volumeId", (VOLUME,)),
    "aws:ebs/snapshotCopy:SnapshotCopy": Copy("sourceSnapshotId", (SNAPSHOT,)),
    VOLUME: Copy("snapshotId", (SNAPSHOT, "aws:ebs/snapshotCopy:SnapshotCopy")),
    "aws:rds/clusterSnapshot:ClusterSnapshot": Copy("dbClusterIdentifier", (DATABASE_CLUSTER,)),
    "aws:rds/snapshot:Snapshot": Copy("dbInstanceIdentifier", (DATABASE_INSTANCE,)),
    DATABASE_CLUSTER: Copy("replicationSourceIdentifier", (DATABASE_CLUSTER, DATABASE_INSTANCE)),
    DATABASE_INSTANCE: Copy("replicateSourceDb", (DATABASE_INSTANCE, DATABASE_CLUSTER)),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": Copy("bucket", BUCKETS),
}


@rule(
    on=COPIES,
    severity=Severity.HIGH,
    promise="data-classification",
    controls=("PH:TAG-MATCH",),
    fix="tag the copy with the class of what it is made from, or a stricter one",
)
def copy_keeps_class(
    copy: Resource, graph: Graph, row: Copy, *, tag: str = CLASS_TAG, classes: list[str] = CLASSES
) -> Iterator[Finding]:
    """What decides key, backup and exposure must not be lost with a copy: it holds the same data."""
    if row.source not in copy:
        raise NotApplicable("it is no copy")
    sources = graph.targets(copy, row.source, *row.types)
    copies = graph.targets(copy, "rules", *BUCKETS) if row.types == BUCKETS else [copy]

    def judge(pair: tuple[Resource, Resource]) -> Iterator[Finding]:
        source, made = pair
        if _rank(made.tag(tag), classes) < _rank(source.tag(tag), classes):
            yield f"{made.name} is {made.tag(tag) or 'of no class'}, and {source.name} is {source.tag(tag)}"

    yield from each([(source, made) for source in sources for made in copies if made is not source], judge)


def _rank(name: str | None, classes: list[str]) -> int:
    return classes.index(name) if name in classes else -1


def _copies(held: str, copied: str | None) -> None:
    source = {"data-class": held}
    made = {"data-class": copied} if copied else {}
    volume = aws.ebs.Volume("data", availability_zone="us-west-2a", tags=source)
    snapshot = aws.ebs.Snapshot("data", volume_id=volume.id, tags=made)
    aws.ebs.SnapshotCopy("away", source_snapshot_id=snapshot.id, source_region="us-west-2", tags=made)
    aws.ebs.Volume("restored", availability_zone="us-west-2a", snapshot_id=snapshot.id, tags=made)
    cluster = aws.rds.Cluster("orders", engine="aurora-postgresql", tags=source)
    aws.rds.ClusterSnapshot(
        "orders", db_cluster_identifier=cluster.id, db_cluster_snapshot_identifier="orders-1", tags=made
    )
    aws.rds.Cluster("away", engine="aurora-postgresql", replication_source_identifier=cluster.arn, tags=made)
    instance = aws.rds.Instance("reports", instance_class="db.t4g.small", tags=source)
    aws.rds.Snapshot("reports", db_instance_identifier=instance.id, db_snapshot_identifier="reports-1", tags=made)
    aws.rds.Instance("replica", instance_class="db.t4g.small", replicate_source_db=instance.id, tags=made)
    bucket = aws.s3.Bucket("exports", tags=source)
    replica = aws.s3.Bucket("exports-away", tags=made)
    rules: Any = [{"status": "Enabled", "destination": {"bucket": replica.arn}}]
    aws.s3.BucketReplicationConfig("exports", bucket=bucket.id, role="arn", rules=rules)


@copy_keeps_class.passes
def of_the_same_class() -> None:
    _copies("restricted", "restricted")


@copy_keeps_class.passes
def of_a_stricter_class() -> None:
    _copies("internal", "restricted")


@copy_keeps_class.fails
def of_a_lower_class() -> None:
    _copies("restricted", "internal")


@copy_keeps_class.fails
def of_no_class() -> None:
    _copies("confidential", None)
