"""Backups that really ran, copies that really arrived, restores that were really tried."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from evidence.live.account import Account
from evidence.live.checks import Seen, check, code_of, each

RECOVERY_POINT = datetime.timedelta(hours=26)
"""Backup: at least daily. A job has two hours to end after the day is over."""
DATABASE_LAG = datetime.timedelta(minutes=30)
"""A database can be restored to five minutes ago (Amazon RDS user guide, "Restoring a DB instance to a specified
time"); past half an hour its log is no longer shipped."""
RESTORE_TEST = datetime.timedelta(days=92)
"""Disaster Recovery Plan: restore tests at least quarterly."""
_DONE = {"COMPLETED", "AVAILABLE"}


@check(promise="backup", severity="critical", controls=("SH:Backup.1",))
def backups_ran_within_the_day(account: Account) -> Iterator[Seen]:
    """A plan is an intention; a recovery point is a backup. Each store that was ever backed up has one of today."""

    def judge(resource: dict[str, Any]) -> Iterator[str]:
        points = account.list(
            "backup", "list_recovery_points_by_resource", "RecoveryPoints", ResourceArn=resource["ResourceArn"]
        )
        whole = [point["CreationDate"] for point in points if point["Status"] in _DONE]
        if not whole:
            yield "it has no complete recovery point"
        elif account.now - max(whole) > RECOVERY_POINT:
            yield f"its last recovery point is of {max(whole):%Y-%m-%d %H:%M}"

    protected = account.list("backup", "list_protected_resources", "Results")
    yield from each(protected, lambda resource: str(resource["ResourceArn"]), judge)


@check(promise="backup", severity="critical", controls=("PH:SEL-COVER",))
def every_store_is_backed_up(account: Account) -> Iterator[Seen]:
    """A store that no plan selects is missed on the day it is needed: those tagged for backup are compared."""
    protected = {str(item["ResourceArn"]) for item in account.list("backup", "list_protected_resources", "Results")}

    def judge(arn: str) -> Iterator[str]:
        if arn not in protected:
            yield "it is tagged for backup, and AWS Backup has never backed it up"

    tagged = account.list(
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList[].ResourceARN",
        TagFilters=[{"Key": "backup"}],
    )
    yield from each(tagged, str, judge)


@check(promise="backup", severity="high", controls=("SH:RDS.11", "SH:RDS.14"))
def databases_restorable_to_minutes_ago(account: Account) -> Iterator[Seen]:
    """Continuous backup is only as good as the last minute that reached it."""

    def judge(store: dict[str, Any]) -> Iterator[str]:
        if store.get("BackupRetentionPeriod", 0) < 35:  # the handbook's Backup policy
            yield f"automated backups are kept {store.get('BackupRetentionPeriod', 0)} days, below 35"
        latest = store.get("LatestRestorableTime")
        if latest is None:
            yield "it can't be restored to any point in time"
        elif account.now - latest > DATABASE_LAG:
            yield f"it can only be restored to {latest:%Y-%m-%d %H:%M}"

    clusters = account.list("rds", "describe_db_clusters", "DBClusters")
    yield from each(clusters, lambda store: str(store["DBClusterArn"]), judge)
    alone = account.list("rds", "describe_db_instances", "DBInstances[?!DBClusterIdentifier]")
    yield from each(alone, lambda store: str(store["DBInstanceArn"]), judge)


@check(promise="backup", severity="high", controls=("PH:PLAN-COPY",))
def copies_arrive_in_the_second_region(account: Account) -> Iterator[Seen]:
    """The day the region is gone, the copies are all there is."""
    since = account.now - RECOVERY_POINT
    recovery = account.regions[-1]
    jobs = list(account.list("backup", "list_copy_jobs", "CopyJobs", ByCreatedAfter=since))
    arrived = {
        job["ResourceArn"]
        for job in jobs
        if job["State"] == "COMPLETED" and job["DestinationBackupVaultArn"].split(":")[3] == recovery
    }

    def judge(resource: dict[str, Any]) -> Iterator[str]:
        if resource["ResourceArn"] not in arrived:
            yield f"no copy arrived in {recovery} within the day"

    protected = account.list("backup", "list_protected_resources", "Results")
    yield from each(protected, lambda resource: str(resource["ResourceArn"]), judge)


@check(promise="backup", severity="high", controls=("PH:VAULT-LOCK",))
def vaults_locked(account: Account) -> Iterator[Seen]:
    """Whoever took the account over must not take the backups with it."""
    for region in account.regions:

        def judge(vault: dict[str, Any], region: str = region) -> Iterator[str]:
            found = account.ask("backup", "describe_backup_vault", region, BackupVaultName=vault["BackupVaultName"])
            if not found.get("Locked"):
                yield "it is not locked"
            if not found.get("EncryptionKeyArn"):
                yield "it has no key of ours"

        vaults = account.list("backup", "list_backup_vaults", "BackupVaultList", region)
        yield from each(vaults, lambda vault: str(vault["BackupVaultArn"]), judge)


@check(promise="disaster-recovery", severity="high", controls=("PH:RESTORE-PLAN",))
def restores_were_tested(account: Account) -> Iterator[Seen]:
    """A backup that nobody restored is a hope: a test of the last quarter succeeded."""
    try:
        jobs = list(
            account.list("backup", "list_restore_jobs", "RestoreJobs", ByCreatedAfter=account.now - RESTORE_TEST)
        )
    except ClientError as error:
        yield Seen(account.in_region("backup", account.home), unknown=code_of(error))
        return
    tests = [job for job in jobs if job.get("CreatedBy", {}).get("RestoreTestingPlanArn")]
    wrong = [] if tests else ["no restore was tested in the last quarter"]
    failed = {job.get("ResourceType", "unknown") for job in tests if job["Status"] in {"FAILED", "ABORTED"}}
    passed = {job.get("ResourceType", "unknown") for job in tests if job["Status"] == "COMPLETED"}
    wrong += [f"no test of {kind} succeeded" for kind in sorted(failed - passed)]
    yield Seen(account.in_region("backup", account.home), tuple(wrong))
