"""Alarms of the trail: whatever is picked out of its events is told to somebody, and at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pulumi

from policy_pack.examples import OWN_ACCOUNT, allow
from policy_pack.rules.diagnostic_traces import use_is_told
from policy_pack.rules.escalation import BREAK_GLASS, TIER_TAG
from policy_pack.rules.monitoring import (
    ALARM,
    ALARMED,
    FILTER,
    periods_until_told,
    raises_alarm,
    reads_trail,
    trail_with_alarms,
)
from policy_pack.tokens import ROLE, TRAIL
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Row, Severity, Unknown, aws, rule, setting


@rule(
    on=(FILTER,),
    severity=Severity.MEDIUM,
    promise="incident-response",
    controls=("PH:DIAG-LOG",),
    fix="give the filter's metric an alarm that tells a topic with a subscriber",
)
def trail_filter_raises_alarm(item: Resource, graph: Graph) -> Iterator[Finding]:
    """Whoever picks events out of the trail wants to hear of them: the use of a role for emergencies, for one."""
    if not reads_trail(item, graph):
        raise NotApplicable("no trail of the stack writes to its log group")
    if not raises_alarm(item, graph):
        yield "nobody hears of its metric: no alarm on it tells a topic with a subscriber"


def _watched(metric: str, **more: Any) -> None:
    group = aws.cloudwatch.LogGroup("trail", name="trail")
    arn = pulumi.Output.concat(group.arn, ":*")
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", cloud_watch_logs_group_arn=arn)
    topic = aws.sns.Topic("alarms")
    aws.sns.TopicSubscription("alarms", topic=topic.arn, protocol="email", endpoint="security@example.com")
    counted: Any = {"namespace": "trail", "name": "break-glass", "value": "1"}
    pattern = '{ $.requestParameters.roleArn = "*break-glass" }'
    aws.cloudwatch.LogMetricFilter(
        "break-glass", log_group_name=group.name, pattern=pattern, metric_transformation=counted
    )
    aws.cloudwatch.MetricAlarm(
        "break-glass", namespace="trail", metric_name=metric, **{**ALARMED, "alarm_actions": [topic.arn], **more}
    )


@trail_filter_raises_alarm.passes
def use_of_a_role_told() -> None:
    _watched("break-glass")


@trail_filter_raises_alarm.fails
def use_of_a_role_counted_and_told_to_nobody() -> None:
    _watched("break-glas")


@trail_filter_raises_alarm.fails
def use_of_a_role_counted_alone() -> None:
    group = aws.cloudwatch.LogGroup("trail", name="trail")
    arn = pulumi.Output.concat(group.arn, ":*")
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", cloud_watch_logs_group_arn=arn)
    counted: Any = {"namespace": "trail", "name": "break-glass", "value": "1"}
    aws.cloudwatch.LogMetricFilter(
        "break-glass", log_group_name=group.name, pattern="{ $.a = 1 }", metric_transformation=counted
    )


MOST_EVENTS: int = setting(
    10, "events of one kind in the trail, within an alarm's period, after which somebody hears of them", minimum=1
)


@rule(
    on=(ALARM,),
    severity=Severity.MEDIUM,
    promise="incident-response",
    controls=("PH:DIAG-LOG",),
    fix="let the alarm go off at the first event: threshold 1, GreaterThanOrEqualToThreshold, in one period",
)
def trail_alarm_goes_off_in_time(
    alarm: Resource,
    graph: Graph,
    *,
    most_events: int = MOST_EVENTS,
    most_minutes: int = setting(60, "minutes of an alarm's period", minimum=1),
) -> Iterator[Finding]:
    """What an intruder needs to do once must not have to happen a thousand times until somebody is told."""
    if not _is_about_the_trail(alarm, graph):
        raise NotApplicable("no filter of a trail's events fills its metric")
    yield from Row(("statistic",), ("Sum", "SampleCount")).judge(alarm)
    comparison, threshold = alarm.get("comparisonOperator"), alarm.get("threshold", default=0)
    enough = {"GreaterThanOrEqualToThreshold": threshold, "GreaterThanThreshold": math.floor(threshold) + 1}
    if comparison not in enough:
        yield f"comparisonOperator is {comparison}, and more events are what it should tell of"
    elif enough[comparison] > most_events:
        yield f"threshold is {threshold}: it takes {enough[comparison]} events, more than {most_events}"
    periods, minutes = periods_until_told(alarm), alarm.get("period", default=0) / 60
    if periods > 1:
        yield f"events have to go on for {periods} periods"
    if minutes > most_minutes:
        yield f"period is {minutes:.0f} minutes, more than {most_minutes}"


def _is_about_the_trail(alarm: Resource, graph: Graph) -> bool:
    metric = (alarm.get("namespace"), alarm.get("metricName"))
    return any(
        tuple(item.get("metricTransformation", key) for key in ("namespace", "name")) == metric
        and reads_trail(item, graph)
        for item in graph.of_type(FILTER)
    )


@trail_alarm_goes_off_in_time.passes
def at_the_first_event() -> None:
    _watched("break-glass")
    aws.cloudwatch.MetricAlarm("orders", namespace="shop", metric_name="orders", **ALARMED)


@trail_alarm_goes_off_in_time.passes
def after_some_refused_calls() -> None:
    _watched("break-glass", comparison_operator="GreaterThanThreshold", threshold=5)


@trail_alarm_goes_off_in_time.fails
def after_a_hundred_events() -> None:
    _watched("break-glass", threshold=100)


@trail_alarm_goes_off_in_time.fails
def where_nothing_happens() -> None:
    _watched("break-glass", comparison_operator="LessThanThreshold")


@trail_alarm_goes_off_in_time.fails
def where_it_goes_on_for_an_hour() -> None:
    _watched("break-glass", evaluation_periods=12)


@trail_alarm_goes_off_in_time.fails
def counted_by_the_day() -> None:
    _watched("break-glass", period=86_400)


@rule(
    on=(ROLE,),
    severity=Severity.HIGH,
    promise="incident-response",
    controls=("PH:DIAG-LOG",),
    fix="give the trail's log group a metric filter on AssumeRole of the role, with an alarm that tells somebody",
)
def break_glass_use_raises_alarm(
    role: Resource, graph: Graph, *, tag: str = TIER_TAG, break_glass: str = BREAK_GLASS
) -> Iterator[Finding]:
    """Who breaks the glass has every right there is: that it was broken is known to all, at once."""
    if role.tag(tag) != break_glass:
        raise NotApplicable("it is no role for emergencies")
    if not graph.of_type(TRAIL):
        raise Unknown("the alarms of a trail that is not part of the stack")
    if not use_is_told(role, graph):
        yield "no alarm tells anybody when it is assumed"


def _emergency(*patterns: str, trail: bool = True, **more: Any) -> None:
    trust = allow("sts:AssumeRole", Principal={"AWS": OWN_ACCOUNT})
    aws.iam.Role("break-glass", name="break-glass", assume_role_policy=trust, tags={"access-tier": "break-glass"})
    if trail:
        trail_with_alarms({f"filter-{index}": pattern for index, pattern in enumerate(patterns)}, **more)


TAKEN = '{ $.eventName = "AssumeRole*" && $.requestParameters.roleArn = "*:role/break-glass" }'


@break_glass_use_raises_alarm.passes
def told_that_the_glass_was_broken() -> None:
    _emergency(TAKEN)


@break_glass_use_raises_alarm.fails
def told_of_another_role() -> None:
    _emergency(TAKEN.replace("break-glass", "auditor"))


@break_glass_use_raises_alarm.fails
def counted_as_nothing() -> None:
    _emergency(TAKEN, value="0")


@break_glass_use_raises_alarm.undetermined
def with_the_trail_of_another_stack() -> None:
    _emergency(trail=False)
