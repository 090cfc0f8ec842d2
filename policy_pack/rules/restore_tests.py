"""Restore tests: every kind of store is restored, every quarter, in every region that has a plan to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.examples import OWN_ACCOUNT
from policy_pack.rules.backup import PLAN
from policy_pack.schedules import DAY, longest_gap
from policy_pack.tokens import BUCKETS, DATABASE_CLUSTER, DATABASE_INSTANCE, SUBNET
from policy_pack.values import raw
from policy_pack.vocabulary import (
    Finding,
    Graph,
    Props,
    Resource,
    Severity,
    aws,
    rule,
    setting,
)

RESTORE_PLAN = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
RESTORE_SELECTION = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
BACKUP_TAG: str = setting(
    "backup", "key of the tag of the stores that are backed up", owner="restore_tests_try_every_kind"
)


@rule(
    on=(RESTORE_PLAN,),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("PH:RESTORE-PLAN",),
    fix='test every quarter or oftener, include every vault ("*"), and set selectionWindowDays to 30 or less',
)
def restore_tests_cover_vaults(
    plan: Resource,
    graph: Graph,
    *,
    most_days: int = setting(30, "age in days of the oldest recovery point that is tried", minimum=1),
    days_between: int = setting(93, "days from one restore test to the next at most", minimum=1),
) -> Iterator[Finding]:
    """A backup that nobody restored is a hope."""
    points = plan.get("recoveryPointSelection", default=Props({}))
    vaults = points.get("includeVaults", default=())
    if "*" not in vaults:
        yield "recoveryPointSelection.includeVaults does not include every vault"
    if points.has("excludeVaults"):
        yield "recoveryPointSelection.excludeVaults leaves vaults out"
    # AWS Backup API Reference, RestoreTestingRecoveryPointSelection: 30 days where it is absent.
    days = points.get("selectionWindowDays", default=30)
    if days > most_days:
        yield f"recoveryPointSelection.selectionWindowDays is {days}, more than {most_days}"
    # Many kinds of stores have snapshots alone; what is backed up continuously would be recovered from that.
    kinds = ["SNAPSHOT", *(["CONTINUOUS"] if any(map(_is_continuous, graph.of_type(PLAN))) else [])]
    for kind in kinds:
        if kind not in points.get("recoveryPointTypes", default=()):
            yield f"recoveryPointSelection.recoveryPointTypes leaves out {kind}"
    gap = longest_gap(str(plan.get("scheduleExpression", default="")))
    if gap is None or gap > days_between * DAY:
        yield f"scheduleExpression is none that fires every {days_between} days or oftener"


def _is_continuous(plan: Resource) -> bool:
    return any(item.get("enableContinuousBackup", default=False) for item in plan.get("rules", default=()))


def _plan(*vaults: str, types: tuple[str, ...] = ("SNAPSHOT",), **changes: Any) -> aws.backup.RestoreTestingPlan:
    given: Any = {
        "algorithm": "LATEST_WITHIN_WINDOW",
        "include_vaults": list(vaults or ("*",)),
        "recovery_point_types": list(types),
        "selection_window_days": changes.pop("days", 30),
    }
    schedule = changes.pop("schedule", "rate(30 days)")
    return aws.backup.RestoreTestingPlan("all", recovery_point_selection=given, schedule_expression=schedule, **changes)


def _continuous() -> None:
    daily: Any = {"rule_name": "daily", "target_vault_name": "daily", "enable_continuous_backup": True}
    aws.backup.Plan("daily", rules=[daily])


@restore_tests_cover_vaults.passes
def every_vault() -> None:
    _plan()


@restore_tests_cover_vaults.passes
def every_quarter() -> None:
    _plan(schedule="cron(0 8 2 1/3 ? *)", types=("CONTINUOUS", "SNAPSHOT"))
    _continuous()


@restore_tests_cover_vaults.fails
def one_vault() -> None:
    _plan(f"arn:aws:backup:us-west-2:{OWN_ACCOUNT}:backup-vault:daily")


@restore_tests_cover_vaults.fails
def year_old_points() -> None:
    _plan(days=365)


@restore_tests_cover_vaults.fails
def twice_a_year() -> None:
    _plan(schedule="cron(0 8 2 1,7 ? *)")


@restore_tests_cover_vaults.fails
def never_from_the_continuous_backup() -> None:
    _plan()
    _continuous()


# AWS Backup API Reference, RestoreTestingSelectionForCreate: the names of resource types.
TESTED_AS = {
    "Aurora": (DATABASE_CLUSTER,),
    "DynamoDB": ("aws:dynamodb/table:Table",),
    "EBS": ("aws:ebs/volume:Volume",),
    "EFS": ("aws:efs/fileSystem:FileSystem",),
    "RDS": (DATABASE_INSTANCE,),
    "S3": BUCKETS,
}
ON_A_NETWORK = ("Aurora", "RDS")


@rule(
    on=(RESTORE_PLAN, RESTORE_SELECTION),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("PH:RESTORE-SEL",),
    fix="add an aws.backup.RestoreTestingSelection for every kind of store, with a role and validationWindowHours",
)
def restore_tests_try_every_kind(resource: Resource, graph: Graph, *, tag: str = BACKUP_TAG) -> Iterator[Finding]:
    """The kind of store that was never restored is the one that can't be.

    It is tried in every region that has a plan of its own: copies are there to be restored there. Only databases are
    restored into a network, which the region of copies may not have until there is a recovery.
    """
    if resource.type == RESTORE_SELECTION:
        if not raw(resource).get("iamRoleArn"):
            yield "iamRoleArn is not set"
        if resource.get("validationWindowHours", default=0) < 1:
            yield "validationWindowHours is not set, or leaves no hour to look at what was restored"
        return
    # Plans of two regions may share a name.
    named = graph.children(resource, on=RESTORE_SELECTION, via="restoreTestingPlanName")
    tried = [item.get("protectedResourceType") for item in named if item.named_region == resource.named_region]
    if not tried:
        yield "no selection of the plan tries to restore anything"
    for kind, types in TESTED_AS.items():
        if kind in tried:
            continue
        stores = [store for store in graph.of_type(*types) if store.tag(tag)]
        if stores and (kind not in ON_A_NETWORK or _has_network(resource.named_region, stores, graph)):
            yield f"no selection of the plan tries to restore {kind}"


def _has_network(region: str | None, stores: list[Resource], graph: Graph) -> bool:
    return any(store.named_region == region for store in [*stores, *graph.of_type(SUBNET)])


def _tests(*kinds: str, also_away: tuple[str, ...] = (), **more: Any) -> None:
    for region, tried in ((None, kinds), ("us-west-1", also_away)):
        if tried:
            plan = aws.backup.RestoreTestingPlan(
                f"all-{region}",
                name="all",
                recovery_point_selection={
                    "algorithm": "LATEST_WITHIN_WINDOW",
                    "include_vaults": ["*"],
                    "recovery_point_types": ["SNAPSHOT"],
                },
                schedule_expression="rate(30 days)",
                region=region,
            )
            for kind in tried:
                aws.backup.RestoreTestingSelection(
                    f"{kind}-{region}",
                    restore_testing_plan_name=plan.name,
                    protected_resource_type=kind,
                    iam_role_arn=f"arn:aws:iam::{OWN_ACCOUNT}:role/restore",
                    region=region,
                    **more,
                )
    aws.rds.Cluster("orders", engine="aurora-postgresql", tags={"backup": "daily"})
    aws.s3.Bucket("exports", tags={"backup": "daily"})
    aws.ebs.Volume("events", availability_zone="us-west-2a", tags={"backup": "daily"})
    aws.s3.Bucket("logs")


@restore_tests_try_every_kind.passes
def every_kind_tried() -> None:
    _tests("Aurora", "EBS", "S3", validation_window_hours=24)


@restore_tests_try_every_kind.passes
def copies_tried_where_there_is_no_network_yet() -> None:
    _tests("Aurora", "EBS", "S3", also_away=("EBS", "S3"), validation_window_hours=24)


@restore_tests_try_every_kind.fails
def one_kind_tried() -> None:
    _tests("S3", validation_window_hours=24)


@restore_tests_try_every_kind.fails
def nothing_tried() -> None:
    _plan()


@restore_tests_try_every_kind.fails
def one_kind_of_copies_tried() -> None:
    _tests("Aurora", "EBS", "S3", also_away=("S3",), validation_window_hours=24)


@restore_tests_try_every_kind.fails
def one_kind_tried_away_alone() -> None:
    _tests("Aurora", "EBS", also_away=("EBS", "S3"), validation_window_hours=24)


@restore_tests_try_every_kind.fails
def nobody_looks_at_what_was_restored() -> None:
    _tests("Aurora", "EBS", "S3")


@restore_tests_try_every_kind.fails
def gone_before_anybody_looks() -> None:
    _tests("Aurora", "EBS", "S3", validation_window_hours=0)
