"""Backups of what AWS services hold, an end for copies made by hand, and no way to lose either by a slip."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.examples import declare, declare_rows
from policy_pack.rules.change_protection import DISPOSABLE, refuse_disposable
from policy_pack.values import Props
from policy_pack.vocabulary import Finding, Resource, Row, Rows, Severity, judge_rows, rule

KEPT_DAYS = 35
AUDIT_DAYS = 2555
FSX_DAYS = ("automaticBackupRetentionDays",)


def _none_of_scratch(system: Props) -> int:
    """Leave out what has no backups: a file system of Lustre that is made for one computation."""
    # FSx API Reference, CreateFileSystemLustreConfiguration: SCRATCH_1 where no type is given.
    scratch = str(system.get("deploymentType", default="SCRATCH_1")).startswith("SCRATCH")
    return KEPT_DAYS if scratch else 0


BACKUPS: dict[str, Rows] = {
    "aws:cfg/retentionConfiguration:RetentionConfiguration": Row(("retentionPeriodInDays",), at_least=AUDIT_DAYS),
    "aws:docdb/cluster:Cluster": Row(("backupRetentionPeriod",), unset=1, at_least=KEPT_DAYS),
    "aws:docdb/elasticCluster:ElasticCluster": Row(("backupRetentionPeriod",), unset=1, at_least=KEPT_DAYS),
    "aws:dynamodb/tableReplica:TableReplica": Row(("pointInTimeRecovery",)),
    "aws:fsx/lustreFileSystem:LustreFileSystem": Row(FSX_DAYS, unset=_none_of_scratch, at_least=KEPT_DAYS),
    "aws:fsx/ontapFileSystem:OntapFileSystem": Row(FSX_DAYS, unset=0, at_least=KEPT_DAYS),
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": Row(FSX_DAYS, unset=0, at_least=KEPT_DAYS),
    "aws:fsx/windowsFileSystem:WindowsFileSystem": Row(FSX_DAYS, unset=7, at_least=KEPT_DAYS),
    "aws:fsx/ontapVolume:OntapVolume": (
        Row(("skipFinalBackup",), (False,), unset=False),
        Row(("bypassSnaplockEnterpriseRetention",), (False,), unset=False),
    ),
    "aws:keyspaces/table:Table": Row(("pointInTimeRecovery", "status"), ("ENABLED",)),
    "aws:kinesisanalyticsv2/application:Application": Row(
        ("applicationConfiguration", "applicationSnapshotConfiguration", "snapshotsEnabled")
    ),
    "aws:lightsail/instance:Instance": Row(("addOn", "status"), ("Enabled",)),
    "aws:neptune/cluster:Cluster": Row(
        ("backupRetentionPeriod",), unset=1, unless=("replicationSourceIdentifier",), at_least=KEPT_DAYS
    ),
    "aws:odb/autonomousDatabase:AutonomousDatabase": Row(("backupRetentionPeriodInDays",), at_least=KEPT_DAYS),
    "aws:odb/cloudVmCluster:CloudVmCluster": Row(("isLocalBackupEnabled",)),
    "aws:rbin/rule:Rule": Row(("retentionPeriod", "retentionPeriodValue"), at_least=7),
    "aws:redshift/cluster:Cluster": Row(("automatedSnapshotRetentionPeriod",), unset=1, at_least=KEPT_DAYS),
}


@rule(
    on=BACKUPS,
    severity=Severity.MEDIUM,
    promise="backup",
    fix="set the property as the message says",
)
def service_keeps_backups(store: Resource, row: Rows) -> Iterator[Finding]:
    """What a small store loses is lost as thoroughly as what a large one does."""
    yield from judge_rows(row, store)


@service_keeps_backups.passes
def kept_for_five_weeks() -> None:
    declare_rows(BACKUPS)


@service_keeps_backups.passes
def scratch_space() -> None:
    declare("aws:fsx/lustreFileSystem:LustreFileSystem", subnetIds="subnet-1")


@service_keeps_backups.fails
def files_without_backups() -> None:
    declare("aws:fsx/lustreFileSystem:LustreFileSystem", deploymentType="PERSISTENT_2")


@service_keeps_backups.fails
def documents_kept_for_a_day() -> None:
    declare("aws:docdb/elasticCluster:ElasticCluster", name="documents")


@service_keeps_backups.fails
def no_point_in_time() -> None:
    declare("aws:keyspaces/table:Table", keyspaceName="events", tableName="clicks")


PROTECTED: dict[str, Rows] = {
    "aws:dsql/cluster:Cluster": Row(("deletionProtectionEnabled",), unset=False),
    "aws:dynamodb/tableReplica:TableReplica": Row(("deletionProtectionEnabled",), unset=False),
    "aws:neptunegraph/graph:Graph": Row(("deletionProtection",), unset=True),
    **dict.fromkeys(
        (
            "aws:pinpoint/smsvoicev2PhoneNumber:Smsvoicev2PhoneNumber",
            "aws:pinpoint/smsvoicev2Pool:Smsvoicev2Pool",
            "aws:pinpoint/smsvoicev2SenderId:Smsvoicev2SenderId",
        ),
        Row(("deletionProtectionEnabled",), unset=False),
    ),
    # Whoever moves a domain elsewhere, or lets it lapse, has every address in it.
    "aws:route53domains/registeredDomain:RegisteredDomain": (
        Row(("transferLock",), unset=True),
        Row(("autoRenew",), unset=True),
    ),
    "aws:qldb/ledger:Ledger": Row(("deletionProtection",), unset=True),
    "aws:verifiedpermissions/policyStore:PolicyStore": Row(("deletionProtection",), ("ENABLED",), unset="DISABLED"),
}


@rule(
    on=PROTECTED,
    severity=Severity.MEDIUM,
    promise="business-continuity",
    fix="turn deletion protection on",
)
def service_deletion_protected(store: Resource, row: Rows, *, disposable: bool = DISPOSABLE) -> Iterator[Finding]:
    """One wrong command must not end a store, also one of the newer kinds."""
    refuse_disposable(disposable=disposable)
    yield from judge_rows(row, store)


@service_deletion_protected.passes
def protected() -> None:
    declare_rows(PROTECTED)


@service_deletion_protected.fails
def left_to_the_service() -> None:
    declare("aws:dsql/cluster:Cluster")


SNAPSHOTS: dict[str, Rows] = {
    "aws:redshift/clusterSnapshot:ClusterSnapshot": Row(("manualSnapshotRetentionPeriod",), unset=-1, at_least=1),
    "aws:redshiftserverless/snapshot:Snapshot": Row(("retentionPeriod",), unset=-1, at_least=1),
}


@rule(
    on=SNAPSHOTS,
    severity=Severity.MEDIUM,
    promise="data-deletion",
    fix="set the days after which the snapshot is deleted",
)
def manual_snapshot_has_an_end(snapshot: Resource, row: Rows) -> Iterator[Finding]:
    """A snapshot taken by hand is kept for ever unless it says otherwise, with all that was erased since."""
    yield from judge_rows(row, snapshot)


@manual_snapshot_has_an_end.passes
def with_an_end() -> None:
    declare_rows(SNAPSHOTS, 30)


@manual_snapshot_has_an_end.fails
def kept_for_ever() -> None:
    declare("aws:redshiftserverless/snapshot:Snapshot", namespaceName="events", snapshotName="before")
