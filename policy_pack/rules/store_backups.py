"""Backups that stores keep by themselves: snapshots, and what is left when a store is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.change_protection import DISPOSABLE, refuse_disposable
from policy_pack.rules.privacy import CUSTOMER_CLASSES
from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.vocabulary import (
    Finding,
    NotApplicable,
    Resource,
    Row,
    Severity,
    aws,
    declare,
    each,
    rule,
    setting,
)

TABLE = "aws:dynamodb/table:Table"
FILE_SYSTEMS = (
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
    "aws:fsx/windowsFileSystem:WindowsFileSystem",
)
# What keeps no automated backups that could outlive it.
OTHER_DATABASES = (
    "aws:docdb/cluster:Cluster",
    "aws:neptune/cluster:Cluster",
    "aws:redshift/cluster:Cluster",
)
LAST_BACKUP = (
    Row(("skipFinalSnapshot",), (False,), unset=False),
    Row(("deleteAutomatedBackups",), (False,), unset=True),
)


@rule(
    on={
        "aws:elasticache/replicationGroup:ReplicationGroup": Row(("snapshotRetentionLimit",), unset=0),
        "aws:elasticache/cluster:Cluster": Row(("snapshotRetentionLimit",), unset=0),
        "aws:elasticache/serverlessCache:ServerlessCache": Row(("snapshotRetentionLimit",), unset=0),
        "aws:memorydb/cluster:Cluster": Row(("snapshotRetentionLimit",), unset=0),
    },
    severity=Severity.HIGH,
    promise="backup",
    controls=("SH:ElastiCache.1",),
    fix="set snapshotRetentionLimit to a week or more",
)
def cache_snapshots_kept(
    cache: Resource,
    row: Row,
    *,
    least_days: int = setting(7, "days that snapshots of a cache are kept", minimum=1),
) -> Iterator[Finding]:
    """Sessions and queues in a cache are lost with it."""
    if cache.type != "aws:memorydb/cluster:Cluster" and cache.get("engine", default="") == "memcached":
        raise NotApplicable("memcached has no snapshots")
    if cache.type == "aws:elasticache/cluster:Cluster" and cache.has("replicationGroupId"):
        raise NotApplicable("its replication group keeps the snapshots")
    days = cache.get(*row.path, default=row.unset)
    if days < least_days:
        yield f"{row.path[0]} is {days}, less than {least_days} days"


def _caches(days: int) -> None:
    aws.elasticache.ReplicationGroup("sessions", description="s", snapshot_retention_limit=days)
    aws.elasticache.Cluster("cache", engine="redis", snapshot_retention_limit=days)
    aws.elasticache.ServerlessCache("elastic", engine="valkey", snapshot_retention_limit=days)
    aws.memorydb.Cluster("memory", acl_name="app", node_type="db.t4g.small", snapshot_retention_limit=days)


@cache_snapshots_kept.passes
def a_week_of_snapshots() -> None:
    _caches(7)


@cache_snapshots_kept.fails
def no_snapshots() -> None:
    aws.elasticache.ReplicationGroup("sessions", description="s")


@rule(
    on={TABLE: Row(("pointInTimeRecovery", "enabled"), unset=False)},
    severity=Severity.HIGH,
    promise="backup",
    controls=("SH:DynamoDB.2",),
    fix="set pointInTimeRecovery.enabled to true",
)
def table_recovers_to_any_second(table: Resource, row: Row) -> Iterator[Finding]:
    """Between two daily backups a table can be emptied."""
    yield from row.judge(table)


def _table(*, on: bool) -> None:
    columns: Any = [{"name": "id", "type": "S"}]
    aws.dynamodb.Table("sessions", hash_key="id", attributes=columns, point_in_time_recovery={"enabled": on})


@table_recovers_to_any_second.passes
def any_second() -> None:
    _table(on=True)


@table_recovers_to_any_second.fails
def not_at_all() -> None:
    _table(on=False)


@rule(
    on={
        DATABASE_CLUSTER: Row(("copyTagsToSnapshot",), unset=False, controls=("SH:RDS.16", "SH:RDS.47")),
        DATABASE_INSTANCE: Row(("copyTagsToSnapshot",), unset=False, controls=("SH:RDS.17",)),
        "aws:neptune/cluster:Cluster": Row(("copyTagsToSnapshot",), unset=False),
        **dict.fromkeys(FILE_SYSTEMS, Row(("copyTagsToBackups",), unset=False)),
    },
    severity=Severity.LOW,
    promise="backup",
    fix="set copyTagsToSnapshot to true",
)
def snapshots_carry_tags(database: Resource, row: Row) -> Iterator[Finding]:
    """A snapshot without the class of its data is handled as if it had none."""
    yield from row.judge(database)


def _databases(**more: Any) -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", **more)
    aws.rds.Instance("reports", instance_class="db.t4g.small", **more)


@snapshots_carry_tags.passes
def tags_copied() -> None:
    _databases(copy_tags_to_snapshot=True)
    aws.neptune.Cluster("relations", copy_tags_to_snapshot=True)
    for token in FILE_SYSTEMS:
        declare(token, copyTagsToBackups=True)


@snapshots_carry_tags.fails
def tags_lost() -> None:
    _databases()


@snapshots_carry_tags.fails
def tags_of_files_lost() -> None:
    declare(FILE_SYSTEMS[0], copyTagsToBackups=False)


@rule(
    on=(DATABASE_CLUSTER, DATABASE_INSTANCE, *OTHER_DATABASES),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:FINALSNAP",),
    fix="set finalSnapshotIdentifier and deleteAutomatedBackups: false, and leave skipFinalSnapshot out",
)
def last_backup_outlives_database(database: Resource, *, disposable: bool = DISPOSABLE) -> Iterator[Finding]:
    """A database deleted by mistake must not take its backups with it."""
    refuse_disposable(disposable=disposable)
    if database.type == DATABASE_INSTANCE and database.has("replicateSourceDb"):
        raise NotApplicable("a replica has the backups of its source")
    rows = LAST_BACKUP[:1] if database.type in OTHER_DATABASES else LAST_BACKUP
    yield from each(rows, lambda row: row.judge(database))
    if not database.has("finalSnapshotIdentifier"):
        yield "finalSnapshotIdentifier is not set"


@last_backup_outlives_database.passes
def a_last_snapshot() -> None:
    for token in OTHER_DATABASES:
        declare(token, finalSnapshotIdentifier="last")
    _databases(final_snapshot_identifier="last", delete_automated_backups=False)


@last_backup_outlives_database.fails
def none_left_of_a_warehouse() -> None:
    declare(OTHER_DATABASES[-1], skipFinalSnapshot=True)


@last_backup_outlives_database.fails
def none_left() -> None:
    _databases(skip_final_snapshot=True)


@rule(
    on=("aws:elasticache/replicationGroup:ReplicationGroup",),
    severity=Severity.MEDIUM,
    promise="business-continuity",
    controls=("SH:ElastiCache.1",),
    fix="set finalSnapshotIdentifier",
)
def last_snapshot_outlives_cache(
    cache: Resource, *, disposable: bool = DISPOSABLE, classes: list[str] = CUSTOMER_CLASSES
) -> Iterator[Finding]:
    """ElastiCache deletes a cache's automatic snapshots with the cache: the last one alone is left."""
    # Amazon ElastiCache User Guide, "Scheduling automatic backups" and "Creating a final backup".
    refuse_disposable(disposable=disposable)
    if cache.tag("data-class") not in classes:
        raise NotApplicable("it holds no customers' data")
    if not cache.has("finalSnapshotIdentifier"):
        yield "finalSnapshotIdentifier is not set"


def _deleted(**last: Any) -> None:
    tags = {"data-class": "restricted"}
    aws.elasticache.ReplicationGroup("sessions", description="s", snapshot_retention_limit=35, tags=tags, **last)


@last_snapshot_outlives_cache.passes
def a_last_snapshot_of_a_cache() -> None:
    _deleted(final_snapshot_identifier="last")
    aws.elasticache.ReplicationGroup("pages", description="p")


@last_snapshot_outlives_cache.fails
def none_left_of_a_cache() -> None:
    _deleted()
