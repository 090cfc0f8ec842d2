"""Backup: every store in a plan, kept long enough, copied to the second region, in vaults nobody can empty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi

from policy_pack.rules.residency import ALLOWED_REGIONS
from policy_pack.tokens import BUCKETS, DATABASE_CLUSTER, DATABASE_INSTANCE, VAULT, inline
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Severity,
    Unknown,
    aws,
    each,
    rule,
    setting,
)

BUCKET_VERSIONING = (
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketVersioningV2:BucketVersioningV2",
)
VERSIONING_ON = Row(("versioningConfiguration", "status"), ("Enabled",))
PLAN = "aws:backup/plan:Plan"
VAULT_LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
RETENTION_DAYS = setting(35, "days that every recovery point is kept", minimum=1, owner="backup_plan_keeps_long_enough")


def settings_beside(vault: Resource, graph: Graph, token: str) -> list[Resource]:
    """Return what sets a vault's lock, policy or notifications: in its region, as vaults of two may share a name.

    Raises:
        Unknown: none is known to, and one may.
    """
    named = graph.children(vault, on=token, via="backupVaultName")
    return [item for item in named if item.named_region == vault.named_region]


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="backup",
    controls=("SH:S3.14",),
    fix='give the bucket an aws.s3.BucketVersioning with the status "Enabled"',
)
def bucket_versioned(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """An object that software deletes by mistake must come back: loss without versioning is for good."""
    separate = graph.children(bucket, on=BUCKET_VERSIONING, via="bucket")
    if separate:
        yield from each(separate, VERSIONING_ON.judge)
    elif not any(versioning.get("enabled") for versioning in inline(bucket, "versioning")):
        yield "versioning is not enabled"


@bucket_versioned.passes
def versioned_by_its_own_resource() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketVersioning("data", bucket=data.id, versioning_configuration={"status": "Enabled"})
    aws.s3.BucketV2("named", bucket="named-data")
    aws.s3.BucketVersioningV2("named", bucket="named-data", versioning_configuration={"status": "Enabled"})
    aws.s3.Bucket("inline", versioning={"enabled": True})
    aws.s3.BucketV2("inline", versionings=[{"enabled": True}])


@bucket_versioned.fails
def versioning_suspended() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketVersioning("data", bucket=data.id, versioning_configuration={"status": "Suspended"})


@bucket_versioned.fails
def another_bucket_versioned() -> None:
    aws.s3.Bucket("data")
    other = aws.s3.Bucket("other")
    aws.s3.BucketVersioning("other", bucket=other.id, versioning_configuration={"status": "Enabled"})


@bucket_versioned.undetermined
def one_of_two_buckets() -> None:
    first, second = aws.s3.Bucket("first"), aws.s3.Bucket("second")
    either = pulumi.Output.all(first.id, second.id).apply(min)
    aws.s3.BucketVersioning("either", bucket=either, versioning_configuration={"status": "Enabled"})


@rule(
    on={
        DATABASE_CLUSTER: Row(("backupRetentionPeriod",), unset=1, controls=("SH:RDS.50",)),
        DATABASE_INSTANCE: Row(("backupRetentionPeriod",), unset=0, controls=("SH:RDS.11",)),
    },
    severity=Severity.HIGH,
    promise="backup",
    fix="set backupRetentionPeriod to 35, the most that RDS keeps",
)
def database_backups_kept(
    database: Resource,
    row: Row,
    *,
    least_days: int = setting(35, "days that RDS keeps automated backups; it keeps 35 at most", minimum=1),
) -> Iterator[Finding]:
    """Point-in-time recovery reaches back as far as the automated backups do."""
    if database.has("replicateSourceDb"):
        raise NotApplicable("a replica has the backups of its source")
    days = database.get(*row.path, default=row.unset)
    if days < least_days:
        yield f"{row.path[0]} is {days}, less than {least_days} days"


@database_backups_kept.passes
def kept_for_five_weeks() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", backup_retention_period=35)
    aws.rds.Instance("reports", instance_class="db.t4g.small", backup_retention_period=35)


@database_backups_kept.fails
def kept_for_a_day() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql")


@rule(
    on=(PLAN,),
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:PLAN-RET",),
    fix="set lifecycle.deleteAfter of every rule and copy to 35 or more",
)
def backup_plan_keeps_long_enough(plan: Resource, *, least_days: int = RETENTION_DAYS) -> Iterator[Finding]:
    """Damage is often noticed weeks after it was done."""

    def judge(holder: Props) -> Iterator[Finding]:
        # AWS Backup API Reference, Lifecycle: a recovery point without deleteAfterDays is kept forever.
        days = holder.get("lifecycle", "deleteAfter")
        if days is not None and days < least_days:
            yield f"{holder.where('lifecycle', 'deleteAfter')} is {days}, less than {least_days} days"

    for item in plan.get("rules", default=()):
        yield from each([item], judge)
        yield from each(item.get("copyActions", default=()), judge)


def _plan(delete_after: int, destination: object = None) -> None:
    lifecycle = {"delete_after": delete_after}
    copies = [{"destination_vault_arn": destination, "lifecycle": lifecycle}] if destination else []
    daily: Any = {
        "rule_name": "daily",
        "target_vault_name": "daily",
        "schedule": "cron(0 5 * * ? *)",
        "lifecycle": lifecycle,
        "copy_actions": copies,
    }
    aws.backup.Plan("daily", rules=[daily])


@backup_plan_keeps_long_enough.passes
def five_weeks() -> None:
    _plan(35, "arn:aws:backup:us-west-1:111122223333:backup-vault:recovery")


@backup_plan_keeps_long_enough.fails
def one_week() -> None:
    _plan(7)


@rule(
    on=(PLAN,),
    severity=Severity.HIGH,
    promise="disaster-recovery",
    controls=("PH:PLAN-COPY", "PH:NO-CROSSBORDER"),
    fix="give every rule of the plan a copy action to a vault in the second region",
)
def backup_plan_copies_to_second_region(
    plan: Resource, graph: Graph, *, regions: list[str] = ALLOWED_REGIONS
) -> Iterator[Finding]:
    """A copy in the same region is lost with the region; one outside the promised regions breaks another promise."""

    def judge(item: Props) -> Iterator[Finding]:
        targets = [_copy_region(plan, graph, copy) for copy in item.get("copyActions", default=())]
        for region in targets:
            if region not in regions:
                yield f"{item.where('copyActions')} copies to {region}, outside {', '.join(regions)}"
        if not any(region in regions and region != plan.region for region in targets):
            yield f"{item.where('copyActions')} has no copy to a second region of {', '.join(regions)}"

    yield from each(plan.get("rules", default=()), judge)


def _copy_region(plan: Resource, graph: Graph, copy: Props) -> str:
    try:
        arn = copy.get("destinationVaultArn")
    except Unknown:
        # One dependency of the plan's rules can only be the vault; of several, only if all are in one region.
        regions = {vault.region for vault in graph.targets(plan, "rules", VAULT)}
        elsewhere = regions - {plan.region}
        if len(elsewhere) != 1:
            raise
        return elsewhere.pop()
    # arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME
    _, _, region = str(arn).partition(":backup:")
    return region.partition(":")[0] or "a vault that is no ARN"


@backup_plan_copies_to_second_region.passes
def copied_to_the_other_region() -> None:
    recovery = aws.backup.Vault("recovery", region="us-west-1")
    _plan(35, recovery.arn)


@backup_plan_copies_to_second_region.fails
def not_copied() -> None:
    _plan(35)


@backup_plan_copies_to_second_region.fails
def copied_out_of_the_west() -> None:
    _plan(35, "arn:aws:backup:eu-central-1:111122223333:backup-vault:recovery")


@rule(
    on=(VAULT,),
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:VAULT-LOCK",),
    fix="give the vault an aws.backup.VaultLockConfiguration with minRetentionDays",
)
def backup_vault_locked(
    vault: Resource,
    graph: Graph,
    *,
    least_days: int = RETENTION_DAYS,
    final_within_days: int = setting(
        0, "days after which nobody can lift a vault's lock any more (changeableForDays); 0 where an administrator may"
    ),
) -> Iterator[Finding]:
    """Whoever takes over the account must not be able to delete the backups too."""
    locks = settings_beside(vault, graph, VAULT_LOCK)
    if not locks:
        yield "no vault lock is configured"

    def judge(lock: Resource) -> Iterator[Finding]:
        days = lock.get("minRetentionDays", default=0)
        if days < least_days:
            yield f"minRetentionDays of its lock is {days}, less than {least_days}"
        if final_within_days and not 0 < lock.get("changeableForDays", default=0) <= final_within_days:
            yield f"changeableForDays of its lock is not set, or more than {final_within_days}: it can still be lifted"

    yield from each(locks, judge)


@backup_vault_locked.passes
def locked() -> None:
    daily = aws.backup.Vault("daily")
    aws.backup.VaultLockConfiguration("daily", backup_vault_name=daily.name, min_retention_days=35)


@backup_vault_locked.passes
def locked_for_good_in_three_days() -> None:
    daily = aws.backup.Vault("daily")
    aws.backup.VaultLockConfiguration(
        "daily", backup_vault_name=daily.name, min_retention_days=35, changeable_for_days=3
    )


@backup_vault_locked.fails
def not_locked() -> None:
    aws.backup.Vault("daily")


@backup_vault_locked.fails
def a_vault_of_the_same_name_locked_in_another_region() -> None:
    aws.backup.Vault("daily", name="daily")
    aws.backup.VaultLockConfiguration("daily", backup_vault_name="daily", min_retention_days=35, region="us-west-1")


@backup_vault_locked.fails
def locked_for_a_week() -> None:
    aws.backup.Vault("daily", name="daily")
    aws.backup.VaultLockConfiguration("daily", backup_vault_name="daily", min_retention_days=7)
