"""Backup coverage: every store is selected by a plan of the stack."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from policy_pack.rules.privacy import CUSTOMER_CLASSES
from policy_pack.schedules import DAY
from policy_pack.tokens import BUCKETS, DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.values import leaves, raw
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Severity, Unknown, aws, rule, setting

SELECTION = "aws:backup/selection:Selection"
INSTANCE = "aws:ec2/instance:Instance"
PACES = {"hourly": 1, "daily": DAY, "weekly": 7 * DAY, "monthly": 31 * DAY}
"""What a store's backup tag promises, in hours from one backup to the next."""


class Store(NamedTuple):
    """What a plan may name every store of a type by, and the controls that ask for it."""

    arns: str
    controls: tuple[str, ...] = ()


IN_A_PLAN = {
    "aws:dynamodb/table:Table": Store("arn:aws:dynamodb:*:*:table/*", ("SH:DynamoDB.4",)),
    "aws:ebs/volume:Volume": Store("arn:aws:ec2:*:*:volume/*", ("SH:EC2.28",)),
    "aws:efs/fileSystem:FileSystem": Store("arn:aws:elasticfilesystem:*:*:file-system/*", ("SH:EFS.2",)),
    INSTANCE: Store("arn:aws:ec2:*:*:instance/*", ("SH:EC2.28",)),
    DATABASE_CLUSTER: Store("arn:aws:rds:*:*:cluster:*", ("PH:AURORA-PLAN",)),
    DATABASE_INSTANCE: Store("arn:aws:rds:*:*:db:*", ("SH:RDS.26",)),
}
# Many of these hold nothing to restore: their tags say which do.
IF_PROMISED = {
    **dict.fromkeys(BUCKETS, Store("arn:aws:s3:::*")),
    "aws:docdb/cluster:Cluster": Store("arn:aws:rds:*:*:cluster:*"),
    "aws:neptune/cluster:Cluster": Store("arn:aws:rds:*:*:cluster:*"),
}


@rule(
    on=IN_A_PLAN,
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:SEL-COVER",),
    fix="name the store in an aws.backup.Selection, or give it the tag that one selects by",
)
def store_in_backup_plan(
    store: Resource,
    graph: Graph,
    row: Store,
    *,
    engine_native: str = setting("engine-native", "value of the backup tag of a store whose engine backs it up"),
) -> Iterator[Finding]:
    """A store that no plan selects has no backup, whatever the plan says."""
    if store.type == INSTANCE and not store.has("ebsBlockDevices"):
        raise NotApplicable("it has no volume inside beside the one that its image fills")
    if store.has("replicateSourceDb"):
        raise NotApplicable("a replica is backed up with its source")
    if store.tag("backup") == engine_native:
        raise NotApplicable("its engine writes backups of its own, whose bucket is judged itself")
    yield from _require_selection(store, graph, row)


def _require_selection(store: Resource, graph: Graph, row: Store) -> Iterator[Finding]:
    unknown: Unknown | None = None
    for selection in graph.of_type(SELECTION):
        try:
            if _selects(selection, graph, store, row.arns):
                return
        except Unknown as error:
            unknown = error
    if unknown:
        raise unknown
    yield "no backup selection of the stack covers it"


def _selects(selection: Resource, graph: Graph, store: Resource, arn_pattern: str) -> bool:
    """Return whether a selection covers a store.

    AWS Backup API Reference, BackupSelection: of the resources and of the `ListOfTags` (selectionTags) one must match,
    of the `Conditions` all.
    """
    if graph.refers(selection, "notResources", store) or _matches(selection, "notResources", store, arn_pattern):
        return False
    named, tagged = selection.has("resources"), selection.has("selectionTags")
    by_name = graph.refers(selection, "resources", store) or _matches(selection, "resources", store, arn_pattern)
    by_tag = any(_tag(store, tag) == tag.get("value") for tag in selection.get("selectionTags", default=()))
    if named and tagged and by_name != by_tag:
        # The Developer Guide says that tags narrow the resources; users report that they widen them.
        raise Unknown(f"whether {selection.name} takes what its resources or its tags name; use conditions instead")
    if (named or tagged) and not (by_name or by_tag):
        return False
    conditions = selection.get("conditions", default=())
    return bool(named or tagged or len(conditions)) and all(_meets(condition, store) for condition in conditions)


def _matches(selection: Resource, name: str, store: Resource, arn_pattern: str) -> bool:
    """Return whether one of a selection's known patterns covers a store; unknown ones are references."""
    arns = [identity for identity in store.identities if identity.startswith("arn:")]
    service = arn_pattern.split(":")[2]
    for pattern in (leaf for leaf in leaves(raw(selection).get(name)) if isinstance(leaf, str)):
        if pattern in {"*", arn_pattern} or any(fnmatchcase(arn, pattern) for arn in arns):
            return True
        if not arns and "*" in pattern and pattern.split(":")[2:3] == [service]:
            raise Unknown("arn")
    return False


def _tag(store: Resource, part: Props) -> str | None:
    return store.tag(str(part.get("key")).removeprefix("aws:ResourceTag/"))


def _meets(condition: Props, store: Resource) -> bool:
    """Return whether a store's tags meet every part of a condition block."""

    def like(part: Props) -> bool:
        return fnmatchcase(_tag(store, part) or "", part.get("value"))

    return (
        all(_tag(store, part) == part.get("value") for part in condition.get("stringEquals", default=()))
        and all(_tag(store, part) != part.get("value") for part in condition.get("stringNotEquals", default=()))
        and all(like(part) for part in condition.get("stringLikes", default=()))
        and not any(like(part) for part in condition.get("stringNotLikes", default=()))
    )


def _selection(**by: Any) -> None:
    aws.backup.Selection(
        "stores", iam_role_arn="arn:aws:iam::111122223333:role/backup", plan_id="daily", name="stores", **by
    )


@store_in_backup_plan.passes
def selected_by_tag() -> None:
    tags = {"backup": "daily"}
    aws.dynamodb.Table("sessions", hash_key="id", attributes=[{"name": "id", "type": "S"}], tags=tags)
    aws.ebs.Volume("data", availability_zone="us-west-2a", tags=tags)
    aws.efs.FileSystem("shared", tags=tags)
    aws.rds.Instance("reports", instance_class="db.t4g.small", tags=tags)
    _selection(selection_tags=[{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}])


@store_in_backup_plan.passes
def volumes_inside_an_instance() -> None:
    disk: Any = [{"device_name": "/dev/sdf", "volume_size": 500}]
    aws.ec2.Instance("events", ami="ami-1", ebs_block_devices=disk, tags={"backup": "daily"})
    _selection(selection_tags=[{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}])


@store_in_backup_plan.fails
def volumes_inside_an_instance_that_nobody_selects() -> None:
    disk: Any = [{"device_name": "/dev/sdf", "volume_size": 500}]
    aws.ec2.Instance("events", ami="ami-1", ebs_block_devices=disk)


@store_in_backup_plan.passes
def selected_by_arn() -> None:
    orders = aws.rds.Cluster("orders", engine="aurora-postgresql")
    _selection(resources=[orders.arn])


@store_in_backup_plan.passes
def selected_by_condition() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", tags={"class": "restricted"})
    only = {"string_equals": [{"key": "aws:ResourceTag/class", "value": "restricted"}]}
    _selection(resources=["arn:aws:rds:*:*:cluster:*"], conditions=[only])


@store_in_backup_plan.fails
def selected_by_nobody() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql")


@store_in_backup_plan.fails
def tagged_otherwise() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", tags={"backup": "never"})
    _selection(selection_tags=[{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}])


@store_in_backup_plan.fails
def another_store_selected() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql")
    other = aws.rds.Cluster("other", engine="aurora-postgresql", tags={"backup": "daily"})
    _selection(resources=[other.arn])


@store_in_backup_plan.undetermined
def tag_value_not_known_yet() -> None:
    key = aws.kms.Key("data")
    aws.rds.Cluster("orders", engine="aurora-postgresql", tags={"backup": key.id})
    _selection(selection_tags=[{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}])


INSTEAD: list[str] = setting(
    ["engine-native", "is-backup", "replica", "rebuilt"],
    "values of the backup tag of a store that is restored from elsewhere",
)


@rule(
    on=IF_PROMISED,
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:SEL-COVER",),
    fix="give the store the tag that an aws.backup.Selection takes, or say by its backup tag what it is restored from",
)
def promised_store_in_backup_plan(
    store: Resource, graph: Graph, row: Store, *, instead: list[str] = INSTEAD, classes: list[str] = CUSTOMER_CLASSES
) -> Iterator[Finding]:
    """A store that says how often it is backed up, or that holds customers' data, is lost if no plan heard of it."""
    means = store.tag("backup")
    if means not in PACES and (means in instead or store.tag("data-class") not in classes):
        raise NotApplicable("neither its backup tag nor its class asks for a plan")
    yield from _require_selection(store, graph, row)


@promised_store_in_backup_plan.passes
def buckets_and_clusters_by_tag() -> None:
    tags = {"backup": "daily"}
    aws.s3.Bucket("exports", tags=tags)
    aws.s3.BucketV2("old", tags=tags)
    aws.docdb.Cluster("documents", tags=tags)
    aws.neptune.Cluster("relations", tags=tags)
    aws.s3.Bucket("logs")
    aws.s3.Bucket("backups", tags={"backup": "is-backup", "data-class": "restricted"})
    _selection(selection_tags=[{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}])


@promised_store_in_backup_plan.fails
def bucket_tagged_and_selected_by_nobody() -> None:
    aws.s3.Bucket("exports", tags={"backup": "daily"})


@promised_store_in_backup_plan.fails
def bucket_of_customers_data() -> None:
    aws.s3.Bucket("exports", tags={"data-class": "restricted"})


@promised_store_in_backup_plan.fails
def bucket_whose_tag_no_selection_takes() -> None:
    aws.s3.BucketV2("exports", tags={"backup": "hourly"})
    _selection(selection_tags=[{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}])
