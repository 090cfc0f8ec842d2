"""Backup plans, the role that they use and the vaults that they fill."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from policy_pack.documents import listed, names_everyone, statements
from policy_pack.rules.backup_coverage import SELECTION
from policy_pack.tokens import ROLE, VAULT
from policy_pack.vocabulary import (
    Finding,
    Graph,
    Props,
    Resource,
    Severity,
    Unknown,
    aws,
    each,
    rule,
)

PLAN = "aws:backup/plan:Plan"
VAULT_POLICY = "aws:backup/vaultPolicy:VaultPolicy"
DAILY = re.compile(
    r"cron\(\S+ \S+ (\*|\?|\*/1|1/1) (\*|\*/1) (\?|\*) (\*|\?)\)|rate\(1 day\)|rate\(\d+ (hours?|minutes?)\)"
)


@rule(
    on=(PLAN,),
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:PLAN-FREQ", "PH:PLAN-WINDOW"),
    fix="give the plan a rule with a daily schedule, and a startWindow of an hour or more",
)
def backup_plan_runs_daily(plan: Resource) -> Iterator[Finding]:
    """What was written since the last backup is what an outage costs."""
    rules = list(plan.get("rules", default=()))
    if not any(DAILY.fullmatch(" ".join(str(item.get("schedule", default="")).split())) for item in rules):
        yield "rules have no schedule that fires daily or oftener"

    def judge(item: Props) -> Iterator[Finding]:
        # AWS Backup API Reference, BackupRule: 8 hours where startWindow is absent; 60 minutes is the least.
        if item.get("startWindow", default=480) < 60:
            yield f"{item.where('startWindow')} is less than 60 minutes"

    yield from each(rules, judge)


def _plan(schedule: str, *, continuous: bool = True) -> None:
    daily: Any = {
        "rule_name": "daily",
        "target_vault_name": "daily",
        "schedule": schedule,
        "enable_continuous_backup": continuous,
    }
    aws.backup.Plan("daily", rules=[daily])


@backup_plan_runs_daily.passes
def every_day() -> None:
    _plan("cron(0 5 * * ? *)")


@backup_plan_runs_daily.passes
def every_hour() -> None:
    _plan("cron(0 0/1 ? * * *)")


@backup_plan_runs_daily.fails
def every_week() -> None:
    _plan("cron(0 5 ? * 1 *)")


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
    on=(SELECTION,),
    severity=Severity.MEDIUM,
    promise="backup",
    controls=("PH:SEL-ROLE",),
    fix="let the selection use a role that backup.amazonaws.com alone may assume",
)
def backup_role_dedicated(selection: Resource, graph: Graph) -> Iterator[Finding]:
    """A role that reads every store must be usable for nothing else."""
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
        for policy in graph.children(vault, on=VAULT_POLICY, via="backupVaultName")
        for statement in statements(policy, "policy")
        if statement.get("Effect") == "Deny" and names_everyone(statement)
        for action in listed(statement, "Action")
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
