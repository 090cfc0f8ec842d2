"""Copies for recovery: in the second region under its own key, kept long enough, out of reach, and tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from policy_pack.documents import actions_granted, listed, name_of, names_any_resource, statements
from policy_pack.examples import OWN_ACCOUNT, allow, declare
from policy_pack.rules.backup_proof import RESTORE_PLAN
from policy_pack.rules.customer_keys import names_customer_key
from policy_pack.rules.deletion import active_rules
from policy_pack.tokens import BUCKETS, DATABASE_CLUSTER, DATABASE_INSTANCE, inline
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Severity,
    aws,
    each,
    rule,
    setting,
)

REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"


class ReplicaKey(NamedTuple):
    """Where a replication rule names the key of the replica, by the form that the rule is written in."""

    path: tuple[str, ...]
    controls: tuple[str, ...] = ("SH:S3.7",)


REPLICA_KEYS = {
    REPLICATION: ReplicaKey(("destination", "encryptionConfiguration", "replicaKmsKeyId")),
    BUCKETS[0]: ReplicaKey(("destination", "replicaKmsKeyId")),
    BUCKETS[1]: ReplicaKey(("destinations", "replicaKmsKeyId")),
}


@rule(
    on=REPLICA_KEYS,
    severity=Severity.HIGH,
    promise="disaster-recovery",
    fix="enable every rule, name replicaKmsKeyId of its destination, and say what deletions do to the replica",
)
def replica_complete_and_encrypted(holder: Resource, row: ReplicaKey) -> Iterator[Finding]:
    """A replica that is off, unreadable or emptied with its source is none on the day that it is needed."""

    def judge(item: Props) -> Iterator[Finding]:
        if item.get("status") != "Enabled":
            yield f"{item.where('status')} is not Enabled"
        if holder.type == REPLICATION and not item.has("deleteMarkerReplication", "status"):
            yield f"{item.where('deleteMarkerReplication')} is not decided"
        yield from Row(row.path).visit(item, _names_key)

    yield from each(_replication_rules(holder), judge)


def _names_key(destination: Props, names: tuple[str, ...]) -> Iterator[Finding]:
    if not destination.has(*names):
        yield f"{destination.where(*names)} names no key for the replica"


def _replication_rules(holder: Resource) -> list[Props]:
    if holder.type == REPLICATION:
        return list(holder.get("rules", default=()))
    found = [item for block in inline(holder, "replicationConfiguration") for item in block.get("rules", default=())]
    if not found:
        raise NotApplicable("it has no replication inside; one beside it is judged itself")
    return found


KEY_ARN = f"arn:aws:kms:us-west-1:{OWN_ACCOUNT}:key/0b1c2d3e-aaaa-bbbb-cccc-1234567890ab"


def _replicate(*, beside: bool = True, **changes: Any) -> None:
    destination = {"bucket": "arn:aws:s3:::copy", "encryptionConfiguration": {"replicaKmsKeyId": KEY_ARN}}
    item = {
        "status": "Enabled",
        "destination": destination,
        "deleteMarkerReplication": {"status": "Disabled"},
        **changes,
    }
    if beside:
        declare(REPLICATION, bucket="data", role="arn", rules=[item])
    else:
        flat = {"bucket": "arn:aws:s3:::copy", "replicaKmsKeyId": KEY_ARN}
        declare(
            BUCKETS[0],
            replicationConfiguration={"role": "arn", "rules": [{"status": "Enabled", "destination": flat}]},
        )
        declare(
            BUCKETS[1],
            replicationConfigurations=[{"role": "arn", "rules": [{"status": "Enabled", "destinations": [flat]}]}],
        )


@replica_complete_and_encrypted.passes
def replicated_under_a_key() -> None:
    _replicate()
    _replicate(beside=False)


@replica_complete_and_encrypted.fails
def replication_off() -> None:
    _replicate(status="Disabled")


@replica_complete_and_encrypted.fails
def replica_without_a_key() -> None:
    _replicate(destination={"bucket": "arn:aws:s3:::copy"})


AUTOMATED_COPY = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"


@rule(
    on=(AUTOMATED_COPY,),
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:RDS-XREGION",),
    fix="set retentionPeriod as long as for backups, and kmsKeyId to a key of the second region",
)
def database_backups_copied_and_kept(
    copy: Resource,
    graph: Graph,
    *,
    least_days: int = setting(35, "days that a database's backups are kept in the second region", minimum=1),
) -> Iterator[Finding]:
    """What the second region keeps for a week can't bring back what was lost two weeks ago."""
    # Amazon RDS API Reference, StartDBInstanceAutomatedBackupsReplication: 7 days where it is absent.
    days = copy.get("retentionPeriod", default=7)
    if days < least_days:
        yield f"retentionPeriod is {days}, less than {least_days} days"
    yield from each([copy], lambda resource: names_customer_key(resource, graph, resource, "kmsKeyId"))


def _copied(**more: Any) -> None:
    source = f"arn:aws:rds:us-west-2:{OWN_ACCOUNT}:db:orders"
    aws.rds.InstanceAutomatedBackupsReplication("orders", source_db_instance_arn=source, **more)


@database_backups_copied_and_kept.passes
def copied_for_five_weeks() -> None:
    _copied(retention_period=35, kms_key_id=KEY_ARN)


@database_backups_copied_and_kept.fails
def copied_for_a_week() -> None:
    _copied(kms_key_id=KEY_ARN)


@database_backups_copied_and_kept.fails
def copied_under_the_key_of_aws() -> None:
    _copied(retention_period=35)


SELECTION = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
# AWS Backup API Reference, RestoreTestingSelectionForCreate: the names of resource types.
TESTED_AS = {
    "Aurora": (DATABASE_CLUSTER,),
    "DynamoDB": ("aws:dynamodb/table:Table",),
    "EBS": ("aws:ebs/volume:Volume",),
    "EFS": ("aws:efs/fileSystem:FileSystem",),
    "RDS": (DATABASE_INSTANCE,),
    "S3": BUCKETS,
}


@rule(
    on=(RESTORE_PLAN, SELECTION),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("PH:RESTORE-SEL",),
    fix="add an aws.backup.RestoreTestingSelection for every kind of store, with a role and validationWindowHours",
)
def restore_tests_try_every_kind(
    resource: Resource,
    graph: Graph,
    *,
    tag: str = setting("backup", "key of the tag of the stores that are backed up"),
) -> Iterator[Finding]:
    """The kind of store that was never restored is the one that can't be."""
    if resource.type == SELECTION:
        yield from each(("iamRoleArn", "validationWindowHours"), lambda name: _is_set(resource, name))
        return
    selections = graph.children(resource, on=SELECTION, via="restoreTestingPlanName")
    tried = [selection.get("protectedResourceType") for selection in selections]
    for kind, types in TESTED_AS.items():
        if kind not in tried and any(store.tag(tag) for store in graph.of_type(*types)):
            yield f"no selection of the plan tries to restore {kind}"


def _is_set(resource: Resource, name: str) -> Iterator[Finding]:
    if not resource.has(name):
        yield f"{name} is not set"


def _tests(*kinds: str, **more: Any) -> None:
    point: Any = {"algorithm": "LATEST_WITHIN_WINDOW", "include_vaults": ["*"], "recovery_point_types": ["SNAPSHOT"]}
    plan = aws.backup.RestoreTestingPlan(
        "all", name="all", recovery_point_selection=point, schedule_expression="rate(30 days)"
    )
    for kind in kinds:
        aws.backup.RestoreTestingSelection(
            kind,
            restore_testing_plan_name=plan.name,
            protected_resource_type=kind,
            iam_role_arn=f"arn:aws:iam::{OWN_ACCOUNT}:role/restore",
            **more,
        )
    aws.rds.Cluster("orders", engine="aurora-postgresql", tags={"backup": "daily"})
    aws.s3.Bucket("exports", tags={"backup": "daily"})
    aws.s3.Bucket("logs")


@restore_tests_try_every_kind.passes
def both_kinds_tried() -> None:
    _tests("Aurora", "S3", validation_window_hours=24)


@restore_tests_try_every_kind.fails
def one_kind_tried() -> None:
    _tests("S3", validation_window_hours=24)


@restore_tests_try_every_kind.fails
def nobody_looks_at_what_was_restored() -> None:
    _tests("Aurora", "S3")


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
    return any(name in text for text in listed(statement, "Resource") for name in names)


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
