"""Monitoring: what CIS wants to be woken for wakes somebody, through filter, metric, alarm, topic and subscriber."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pulumi

from policy_pack.filter_patterns import Predicate, parse
from policy_pack.tokens import TRAIL
from policy_pack.trail_events import ORDINARY, WATCHES
from policy_pack.values import UNKNOWN, raw
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
)

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
ACTIONS_ON = Row(("actionsEnabled",), unset=True)
# CloudWatch Logs API Reference, MetricTransformation: a number, or a field of the event that holds one.
COUNTS = re.compile(r"\$.*|0*[1-9]\d*(\.\d*)?")
TOPIC = "aws:sns/topic:Topic"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"


@rule(
    on=(ALARM, COMPOSITE),
    severity=Severity.HIGH,
    promise="incident-response",
    controls=("SH:CloudWatch.15", "SH:CloudWatch.17"),
    fix="name a topic in alarmActions, and leave actionsEnabled on",
)
def alarm_does_something(alarm: Resource, graph: Graph) -> Iterator[Finding]:
    """An alarm that tells nobody is a light in an empty room."""
    if not alarm.has("alarmActions"):
        yield "alarmActions is empty"
    yield from ACTIONS_ON.judge(alarm)

    def judge(name: str) -> Iterator[Finding]:
        actions = raw(alarm.get(name, default=[]))
        for action in actions:
            if action is not UNKNOWN and not str(action).startswith("arn:"):
                yield f"{name} holds {action}, which is no ARN"
        if UNKNOWN in actions:
            graph.targets(alarm, name, TOPIC)

    yield from each(("alarmActions", "insufficientDataActions"), judge)


def _alarms(actions: list[str]) -> None:
    aws.cloudwatch.MetricAlarm("errors", comparison_operator="x", evaluation_periods=1, alarm_actions=actions)
    aws.cloudwatch.CompositeAlarm("all", alarm_name="all", alarm_rule="ALARM(errors)", alarm_actions=actions)


@alarm_does_something.passes
def somebody_told() -> None:
    _alarms(["arn:aws:sns:us-west-2:111122223333:alarms"])


@alarm_does_something.fails
def nobody_told() -> None:
    _alarms([])


@alarm_does_something.fails
def told_to_a_name() -> None:
    _alarms(["arn:aws:sns:us-west-2:111122223333:alarms", "alarms"])


@alarm_does_something.fails
def muted() -> None:
    aws.cloudwatch.MetricAlarm(
        "errors",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        alarm_actions=["arn:aws:sns:us-west-2:111122223333:alarms"],
        actions_enabled=False,
    )


@rule(
    on=(TRAIL,),
    severity=Severity.MEDIUM,
    promise="incident-response",
    controls=tuple(control for watch in WATCHES.values() for control in watch.controls),
    fix="give the trail's log group a metric filter for it, with an alarm that tells a topic with a subscriber",
)
def trail_changes_raise_alarms(trail: Resource, graph: Graph) -> Iterator[Finding]:
    """An intruder's first steps are changes that seldom happen: whoever hears of them at once can still act.

    Filters are compared by what they select: each of the benchmark's events must be selected by a filter with an alarm.
    """
    if not trail.get("isMultiRegionTrail", default=False):
        raise NotApplicable("it isn't the account's trail")
    groups = graph.targets(trail, "cloudWatchLogsGroupArn", LOG_GROUP)
    if not groups:
        if trail.has("cloudWatchLogsGroupArn"):
            raise Unknown("the alarms of a log group that is not part of the stack")
        yield "cloudWatchLogsGroupArn is not set, so nothing of it can raise an alarm"
        return
    unknown: list[Unknown] = []
    filters = list(watching(groups[0], graph, unknown))

    def judge(name: str) -> Iterator[Finding]:
        missed = [event for event in WATCHES[name].events if not any(selects(event) for selects in filters)]
        if missed and unknown:
            raise unknown[0]
        if missed:
            names = ", ".join(dict.fromkeys(str(event["eventName"]) for event in missed))
            yield f"no alarm tells anybody of {name} ({names})"

    yield from each(WATCHES, judge)


def watching(group: Resource, graph: Graph, unknown: list[Unknown]) -> Iterator[Predicate]:
    """Yield what each filter of a log group selects, of those with an alarm; add to `unknown` what can't be told."""
    for item in graph.of_type(FILTER):
        try:
            if not graph.refers(item, "logGroupName", group):
                continue
            selects = parse(item.get("pattern"))
            if not selects(ORDINARY) and raises_alarm(item, graph):
                yield selects
        except Unknown as error:
            unknown.append(error)
        except ValueError:
            continue  # a pattern over text selects no field of an event


def reads_trail(item: Resource, graph: Graph) -> bool:
    """Return whether a metric filter picks events out of a trail of the stack.

    Raises:
        Unknown: it can't be told.
    """
    groups = graph.targets(item, "logGroupName", LOG_GROUP)
    return any(graph.children(group, on=TRAIL, via="cloudWatchLogsGroupArn") for group in groups)


def raises_alarm(item: Resource, graph: Graph) -> bool:
    """Return whether somebody hears of a filter's metric.

    Raises:
        Unknown: it can't be told.
    """
    if not COUNTS.fullmatch(str(item.get("metricTransformation", "value"))):
        return False
    metric = tuple(item.get("metricTransformation", key) for key in ("namespace", "name"))
    unknown: Unknown | None = None
    for alarm in graph.of_type(ALARM):
        try:
            if metric in _metrics(alarm) and alarm.get("actionsEnabled", default=True) and _heard(alarm, graph):
                return True
        except Unknown as error:
            unknown = error
    if unknown:
        raise unknown
    return False


def metrics_of(alarm: Resource) -> list[Props]:
    """Return what names the metrics of an alarm: itself, or its queries."""
    queries = [query.get("metric") for query in alarm.get("metricQueries", default=()) if query.has("metric")]
    return [holder for holder in (alarm, *queries) if holder.has("metricName")]


def periods_until_told(alarm: Resource) -> int:
    """Return for how many periods a figure has to be as it should not be until an alarm goes off."""
    return int(alarm.get("datapointsToAlarm") or alarm.get("evaluationPeriods", default=1))


def _metrics(alarm: Resource) -> list[tuple[Any, ...]]:
    return [(holder.get("namespace"), holder.get("metricName")) for holder in metrics_of(alarm)]


def _heard(alarm: Resource, graph: Graph) -> bool:
    topics = graph.targets(alarm, "alarmActions", TOPIC)
    if not topics and alarm.has("alarmActions"):
        raise Unknown(f"who hears of {alarm.name}: its action is not part of the stack")
    return any(graph.children(topic, on=SUBSCRIPTION, via="topic") for topic in topics)


ALARMED: dict[str, Any] = {
    "comparison_operator": "GreaterThanOrEqualToThreshold",
    "evaluation_periods": 1,
    "threshold": 1,
    "period": 300,
    "statistic": "Sum",
    "alarm_actions": ["arn:aws:sns:us-west-2:111122223333:alarms"],
}


def trail_with_alarms(patterns: dict[str, str], *, subscribed: bool = True, value: str = "1") -> None:
    """A trail whose filters have an alarm each."""
    group = aws.cloudwatch.LogGroup("trail", name="trail")
    aws.cloudtrail.Trail(
        "account",
        s3_bucket_name="trails",
        is_multi_region_trail=True,
        cloud_watch_logs_group_arn=pulumi.Output.concat(group.arn, ":*"),
    )
    topic = aws.sns.Topic("alarms")
    if subscribed:
        aws.sns.TopicSubscription("alarms", topic=topic.arn, protocol="email", endpoint="security@example.com")
    for name, pattern in patterns.items():
        metric: Any = {"namespace": "trail", "name": name, "value": value}
        aws.cloudwatch.LogMetricFilter(
            name, name=name, log_group_name=group.name, pattern=pattern, metric_transformation=metric
        )
        aws.cloudwatch.MetricAlarm(
            name,
            name=name,
            namespace="trail",
            metric_name=name,
            **{**ALARMED, "alarm_actions": [topic.arn]},
        )


def _calls_of(*names: str) -> str:
    events = [str(event["eventName"]) for name in names or WATCHES for event in WATCHES[name].events]
    return "{ " + " || ".join(f"($.eventName = {event})" for event in dict.fromkeys(events)) + " }"


PATTERNS = {
    "root": (
        '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
    ),
    "refused": '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    "sign-in": '{ $.eventName = "ConsoleLogin" && ($.additionalEventData.MFAUsed != "Yes" || $.errorMessage EXISTS) }',
    "changes": _calls_of(*list(WATCHES)[4:]),
}


@trail_changes_raise_alarms.passes
def every_change_watched() -> None:
    trail_with_alarms(PATTERNS)


@trail_changes_raise_alarms.fails
def nothing_watched() -> None:
    trail_with_alarms({})


@trail_changes_raise_alarms.fails
def nothing_counted() -> None:
    trail_with_alarms(PATTERNS, value="0")


@trail_changes_raise_alarms.fails
def nobody_subscribed() -> None:
    trail_with_alarms(PATTERNS, subscribed=False)


@trail_changes_raise_alarms.fails
def one_event_left_out() -> None:
    trail_with_alarms({**PATTERNS, "changes": PATTERNS["changes"].replace("($.eventName = StopLogging) || ", "")})


@trail_changes_raise_alarms.fails
def everything_selected() -> None:
    trail_with_alarms({"everything": '{ $.eventName = "*" }'})
