"""Diagnostic access leaves traces: it is taken back on its day, and somebody hears of every use."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any

from policy_pack.examples import allow
from policy_pack.rules.diagnostic_access import PERSON, TAGS, TIER, require_diagnostic
from policy_pack.rules.monitoring import LOG_GROUP, trail_with_alarms, watching
from policy_pack.tokens import ROLE, TRAIL
from policy_pack.values import raw
from policy_pack.vocabulary import Finding, Graph, Resource, Severity, Unknown, aws, rule

SCHEDULE = "aws:scheduler/schedule:Schedule"
_ONCE = re.compile(r"at\((\d{4}-\d{2}-\d{2})T[\d:]+\)")


@rule(
    on=(ROLE,),
    severity=Severity.HIGH,
    promise="gdpr",
    controls=("PH:DIAG-REVOKE",),
    fix="add an aws.scheduler.Schedule that fires once, on the day of the tag expires, and deletes the role",
)
def diagnostic_role_revoked(role: Resource, graph: Graph, *, tier: str = TIER) -> Iterator[Finding]:
    """A role that nobody can use any more is still one that somebody may open again."""
    require_diagnostic(role, tier)
    expires = datetime.date.fromisoformat(str(role.tag("expires") or ""))
    found = [item for item in graph.of_type(SCHEDULE) if graph.refers(item, "target", role)]
    if not found:
        yield "no schedule takes it away"
    for item in found:
        once = _ONCE.fullmatch(str(item.get("scheduleExpression", default="")))
        if item.get("state", default="ENABLED") != "ENABLED":
            yield f"the schedule {item.name} is not enabled"
        elif once is None:
            yield f"scheduleExpression of {item.name} names no single moment"
        elif datetime.date.fromisoformat(once[1]) > expires + datetime.timedelta(days=1):
            yield f"{item.name} fires on {once[1]}, after the role has expired on {expires}"


def _revoked(moment: str | None) -> None:
    role = _diagnostic_role()
    if moment:
        target: Any = {"arn": "arn:aws:scheduler:::aws-sdk:iam:deleteRole", "role_arn": "arn", "input": role.name}
        aws.scheduler.Schedule(
            "revoke", schedule_expression=f"at({moment})", flexible_time_window={"mode": "OFF"}, target=target
        )


def _diagnostic_role() -> aws.iam.Role:
    trust = allow("sts:AssumeRole", Principal={"AWS": PERSON})
    return aws.iam.Role("look", name="diagnostic-look", assume_role_policy=trust, tags=TAGS)


@diagnostic_role_revoked.passes
def on_its_day() -> None:
    _revoked("2026-03-03T09:00:00")


@diagnostic_role_revoked.fails
def a_month_later() -> None:
    _revoked("2026-04-03T09:00:00")


@diagnostic_role_revoked.fails
def by_nobody() -> None:
    _revoked(None)


@rule(
    on=(ROLE,),
    severity=Severity.HIGH,
    promise="gdpr",
    controls=("PH:DIAG-LOG",),
    fix="give the trail's log group a metric filter on AssumeRole of the role, with an alarm that tells somebody",
)
def diagnostic_use_raises_alarm(role: Resource, graph: Graph, *, tier: str = TIER) -> Iterator[Finding]:
    """The customer is told of every look, and nobody can look unnoticed."""
    require_diagnostic(role, tier)
    if not use_is_told(role, graph):
        yield "no alarm tells anybody when it is assumed"


def use_is_told(role: Resource, graph: Graph) -> bool:
    """Return whether an alarm on a trail of the stack tells somebody that a role is assumed.

    Raises:
        Unknown: it can't be told.
    """
    event = {
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "eventType": "AwsApiCall",
        "requestParameters": {"roleArn": _arn(role)},
    }
    unknown: list[Unknown] = []
    trails = graph.of_type(TRAIL)
    groups = [group for trail in trails for group in graph.targets(trail, "cloudWatchLogsGroupArn", LOG_GROUP)]
    told = any(selects(event) for group in groups for selects in watching(group, graph, unknown))
    if unknown and not told:
        raise unknown[0]
    return told


def _arn(role: Resource) -> str:
    """Return a role's ARN: AWS's, or the one that it will have.

    Raises:
        Unknown: the name, or the account, isn't known before the deployment.
    """
    name = role.get("name")
    accounts = role.provider.get("allowedAccountIds", default=())
    if name and len(accounts) == 1:
        return f"arn:aws:iam::{accounts[0]}:role{role.get('path', default='/')}{name}"
    arn = raw(role.outputs).get("arn")
    if not isinstance(arn, str):
        raise Unknown("arn, by which a filter knows the role")
    return arn


@diagnostic_use_raises_alarm.passes
def every_use_told() -> None:
    _diagnostic_role()
    used = '{ $.eventName = "AssumeRole" && $.requestParameters.roleArn = "*diagnostic-*" }'
    trail_with_alarms({"diagnostic": used})


@diagnostic_use_raises_alarm.fails
def used_unnoticed() -> None:
    _diagnostic_role()
    trail_with_alarms({"other": '{ $.eventName = "StopLogging" }'})


@diagnostic_use_raises_alarm.fails
def told_to_nobody() -> None:
    _diagnostic_role()
    used = '{ $.eventName = "AssumeRole" && $.requestParameters.roleArn = "*diagnostic-*" }'
    trail_with_alarms({"diagnostic": used}, subscribed=False)
