"""Copies for recovery: in the second region under its own key, kept long enough, and out of reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from policy_pack.examples import OWN_ACCOUNT, declare
from policy_pack.rules.customer_keys import names_customer_key
from policy_pack.tokens import BUCKETS, inline
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
