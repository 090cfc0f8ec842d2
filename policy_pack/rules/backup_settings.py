"""Backup plans, the role that they use and the vaults that they fill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.callers import names_everyone
from policy_pack.documents import listed, statements, texts_of
from policy_pack.rules.backup import PLAN, settings_beside
from policy_pack.rules.backup_coverage import PACES, SELECTION
from policy_pack.rules.restore_tests import RESTORE_SELECTION
from policy_pack.schedules import DAY, longest_gap
from policy_pack.tokens import ROLE, VAULT
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

VAULT_POLICY = "aws:backup/vaultPolicy:VaultPolicy"


@rule(
    on=(PLAN,),
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:PLAN-FREQ", "PH:PLAN-WINDOW"),
    fix="give the plan a rule with a daily schedule, and every rule a startWindow of an hour and a completionWindow",
)
def backup_plan_runs_daily(
    plan: Resource, *, most_hours: int = setting(DAY, "hours from one backup to the next at most", minimum=1)
) -> Iterator[Finding]:
    """What was written since the last backup is what an outage costs."""
    rules = list(plan.get("rules", default=()))
    if not any(gap <= most_hours for item in rules if (gap := _gap(item)) is not None):
        yield f"rules have no schedule that fires every {most_hours} hours or oftener"
    yield from each(rules, _judge_times)


def _gap(item: Props) -> float | None:
    return longest_gap(str(item.get("schedule", default="")))


def _judge_times(item: Props) -> Iterator[Finding]:
    gap = _gap(item)
    if gap is None and item.has("schedule"):
        yield f"{item.where('schedule')} is no schedule that goes on"
    # AWS Backup API Reference, BackupRule: 8 hours where startWindow is absent; 60 minutes is the least.
    start = item.get("startWindow", default=480)
    if start < 60:
        yield f"{item.where('startWindow')} is less than 60 minutes"
    elif gap is not None and start > 60 * gap:
        yield f"{item.where('startWindow')} is {start} minutes, longer than the {gap:g} hours to the next backup"
    # Where it is absent, a backup that hangs is cancelled, and told, after a week.
    if item.get("completionWindow", default=0) < 60:
        yield f"{item.where('completionWindow')} is not set, or less than 60 minutes"


def _rules(schedule: str, *, continuous: bool = True, **changes: Any) -> Any:
    daily = {
        "rule_name": "daily",
        "target_vault_name": "daily",
        "schedule": schedule,
        "start_window": 60,
        "completion_window": 600,
        "enable_continuous_backup": continuous,
        **changes,
    }
    return [daily]


def _plan(schedule: str, **changes: Any) -> aws.backup.Plan:
    return aws.backup.Plan("daily", rules=_rules(schedule, **changes))


@backup_plan_runs_daily.passes
def every_day() -> None:
    _plan("cron(0 5 * * ? *)")


@backup_plan_runs_daily.passes
def every_hour() -> None:
    _plan("cron(0 0/1 ? * * *)")


@backup_plan_runs_daily.fails
def every_week() -> None:
    _plan("cron(0 5 ? * 1 *)")


@backup_plan_runs_daily.fails
def every_hour_within_eight() -> None:
    _plan("cron(0 0/1 ? * * *)", start_window=480)


@backup_plan_runs_daily.fails
def until_next_week() -> None:
    _plan("cron(0 5 * * ? *)", completion_window=None)


@backup_plan_runs_daily.fails
def cancelled_after_a_minute() -> None:
    _plan("cron(0 5 * * ? *)", completion_window=1)


@backup_plan_runs_daily.fails
def at_no_time_that_aws_knows() -> None:
    aws.backup.Plan("daily", rules=[*_rules("cron(0 5 * * ? *)"), *_rules("every day at five")])


@rule(
    on=(PLAN,),
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:SEL-COVER",),
    fix="give the plan an aws.backup.Selection",
)
def backup_plan_selects_stores(plan: Resource, graph: Graph) -> Iterator[Finding]:
    """A plan to which nobody gave a store runs every night, and backs up nothing."""
    if not graph.children(plan, on=SELECTION, via="planId"):
        yield "no selection of the stack gives it a store"


def _plan_of_stores_tagged(word: str, schedule: str) -> None:
    tag: Any = {"type": "STRINGEQUALS", "key": "backup", "value": word}
    aws.backup.Selection("tagged", iam_role_arn="arn:role", plan_id=_plan(schedule).id, selection_tags=[tag])


@backup_plan_selects_stores.passes
def what_carries_the_tag() -> None:
    _plan_of_stores_tagged("daily", "cron(0 5 * * ? *)")


@backup_plan_selects_stores.fails
def nothing_at_all() -> None:
    _plan("cron(0 5 * * ? *)")


@rule(
    on=(PLAN,),
    severity=Severity.HIGH,
    promise="disaster-recovery",
    controls=("PH:PLAN-FREQ",),
    fix="give the plan a rule that fires as often as the tag says by which it selects stores",
)
def backup_plan_keeps_pace_of_tag(plan: Resource, graph: Graph) -> Iterator[Finding]:
    """A store tagged hourly counts on losing an hour, and reads nowhere that its plan runs once a day."""
    selections = graph.children(plan, on=SELECTION, via="planId")
    promised = {word for selection in selections for word in _values(selection) if word in PACES}
    if not promised:
        raise NotApplicable("no selection takes stores by a tag that says how often they are backed up")
    gaps = [gap for item in plan.get("rules", default=()) if (gap := _gap(item)) is not None]
    for word in sorted(promised):
        if min(gaps, default=float("inf")) > PACES[word]:
            yield f"no rule fires as often as {word}, the tag of the stores that it selects"


def _values(selection: Resource) -> Iterator[str]:
    """Yield the values of the tags that a selection takes stores by."""
    for tag in selection.get("selectionTags", default=()):
        yield str(tag.get("value"))
    for condition in selection.get("conditions", default=()):
        for part in condition.get("stringEquals", default=()):
            yield str(part.get("value"))


@backup_plan_keeps_pace_of_tag.passes
def hourly_every_hour() -> None:
    _plan_of_stores_tagged("hourly", "cron(30 * * * ? *)")


@backup_plan_keeps_pace_of_tag.fails
def hourly_once_a_day() -> None:
    _plan_of_stores_tagged("hourly", "cron(0 5 * * ? *)")


@rule(
    on=(PLAN,),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:PLAN-PITR",),
    fix="set enableContinuousBackup to true in a rule of the plan",
)
def backup_plan_is_continuous(plan: Resource) -> Iterator[Finding]:
    """A daily backup may be a day old when it is needed."""
    if not any(item.get("enableContinuousBackup", default=False) for item in plan.get("rules", default=())):
        yield "no rule has enableContinuousBackup"


@backup_plan_is_continuous.passes
def continuous() -> None:
    _plan("cron(0 5 * * ? *)")


@backup_plan_is_continuous.fails
def daily_alone() -> None:
    _plan("cron(0 5 * * ? *)", continuous=False)


@rule(
    on={SELECTION: Row((), controls=("PH:SEL-ROLE",)), RESTORE_SELECTION: Row((), controls=("PH:RESTORE-SEL",))},
    severity=Severity.MEDIUM,
    promise="backup",
    fix="let the selection use a role that backup.amazonaws.com alone may assume",
)
def backup_role_dedicated(selection: Resource, graph: Graph) -> Iterator[Finding]:
    """A role that reads every store, or writes one, must be usable for nothing else."""
    roles = graph.targets(selection, "iamRoleArn", ROLE)
    if not roles:
        raise Unknown("who may assume the role of another stack")
    for role in roles:
        for statement in statements(role, "assumeRolePolicy"):
            services = list(listed(statement, "Principal", "Service")) if _has_services(statement) else []
            if services != ["backup.amazonaws.com"]:
                yield f"its role {role.name} may be assumed by others than backup.amazonaws.com"


def _has_services(statement: Props) -> bool:
    principal = statement.get("Principal")
    return isinstance(principal, Props) and list(principal) == ["Service"]


def _selection(service: str) -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    role = aws.iam.Role("backup", assume_role_policy=json.dumps({"Statement": [statement]}))
    aws.backup.Selection("all", iam_role_arn=role.arn, plan_id="daily", resources=["*"])
    aws.backup.RestoreTestingSelection(
        "all", iam_role_arn=role.arn, restore_testing_plan_name="all", protected_resource_type="S3"
    )


@backup_role_dedicated.passes
def backup_alone() -> None:
    _selection("backup.amazonaws.com")


@backup_role_dedicated.fails
def a_machine_too() -> None:
    _selection("ec2.amazonaws.com")


PROTECTED = ("backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:DeleteBackupVault")


@rule(
    on=(VAULT,),
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:VAULT-POLICY",),
    fix=f"give the vault an aws.backup.VaultPolicy that denies everybody {', '.join(PROTECTED)}",
)
def vault_policy_denies_deletion(vault: Resource, graph: Graph) -> Iterator[Finding]:
    """The lock keeps recovery points for their time; the policy keeps anybody from shortening it."""
    denied = {
        action.lower()
        for policy in settings_beside(vault, graph, VAULT_POLICY)
        for statement in statements(policy, "policy")
        if statement.get("Effect") == "Deny" and names_everyone(statement)
        for action in texts_of(statement, "Action")
    }
    if not denied & {"*", "backup:*"}:
        for action in PROTECTED:
            if action.lower() not in denied:
                yield f"no policy of the vault denies everybody {action}"


def _vault(*actions: str) -> None:
    statement = {"Effect": "Deny", "Principal": "*", "Action": list(actions), "Resource": "*"}
    vault = aws.backup.Vault("daily")
    aws.backup.VaultPolicy("daily", backup_vault_name=vault.name, policy=json.dumps({"Statement": [statement]}))


@vault_policy_denies_deletion.passes
def deletion_denied() -> None:
    _vault(*PROTECTED)


@vault_policy_denies_deletion.fails
def vault_deletable() -> None:
    _vault("backup:DeleteRecoveryPoint")


@vault_policy_denies_deletion.fails
def no_vault_policy() -> None:
    aws.backup.Vault("daily")
