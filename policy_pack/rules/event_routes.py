"""Where EventBridge sends a region's events, and rules that send none."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from policy_pack.documents import written
from policy_pack.values import raw
from policy_pack.vocabulary import Finding, Graph, Resource, Severity, Unknown, aws, rule

EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"


class Route(NamedTuple):
    """What one rule of the default bus takes of a region's events, and where to."""

    pattern: Mapping[str, Any]
    targets: list[Resource]


def routes(graph: Graph, regions: Collection[str]) -> Iterator[Route]:
    """Yield the route of every rule of the given regions that is on, and has targets.

    Raises:
        Unknown: a pattern isn't known; those that are come first.
    """
    unknown: Unknown | None = None
    for item in graph.of_type(EVENT_RULE):
        try:
            if (
                item.get("state", default="ENABLED") == "DISABLED"
                or not item.get("isEnabled", default=True)
                or not item.has("eventPattern")
                or not str(item.get("eventBusName", default="default")).endswith("default")
                or item.region not in regions
            ):
                continue
            pattern = raw(written(item, "eventPattern"))
            targets = graph.children(item, on=EVENT_TARGET, via="rule")
            if targets and isinstance(pattern, Mapping):
                yield Route(pattern, targets)
        except Unknown as error:
            unknown = error
    if unknown:
        raise unknown


@rule(
    on=(EVENT_RULE,),
    severity=Severity.MEDIUM,
    promise="incident-response",
    controls=("PH:FIND-ROUTE",),
    fix="give the rule an aws.cloudwatch.EventTarget, and a pattern whose lists hold what events may have",
)
def event_rule_leads_somewhere(item: Resource, graph: Graph) -> Iterator[Finding]:
    """A rule without a target, or with a pattern that nothing meets, looks like one that tells somebody."""
    if not graph.children(item, on=EVENT_TARGET, via="rule"):
        yield "it has no target"
    if not item.has("eventPattern") and not item.has("scheduleExpression"):
        yield "it has neither eventPattern nor scheduleExpression"
    if item.has("eventPattern"):
        yield from _unmet(raw(written(item, "eventPattern")), "eventPattern")


def _unmet(pattern: Any, where: str) -> Iterator[Finding]:
    if isinstance(pattern, Mapping):
        for name, inside in pattern.items():
            yield from _unmet(inside, f"{where}.{name}")
    elif isinstance(pattern, list):
        # Amazon EventBridge User Guide, "Creating event patterns": what isn't in an object is compared as it is.
        if not pattern:
            yield f"{where} is empty, which EventBridge refuses"
        if "*" in pattern:
            yield f"{where} holds * alone, which is no wildcard and meets nothing but itself"
        for inside in pattern:
            yield from _unmet(inside, where)


def send_events(pattern: dict[str, Any], *, targeted: bool = True, key: str | None = "alias/alarms") -> None:
    """An event rule with a topic as its target, for examples."""
    topic = aws.sns.Topic("alarms", kms_master_key_id=key)
    item = aws.cloudwatch.EventRule("events", name="events", event_pattern=json.dumps(pattern))
    if targeted:
        aws.cloudwatch.EventTarget("events", rule=item.name, arn=topic.arn)


@event_rule_leads_somewhere.passes
def findings_to_a_topic() -> None:
    send_events({"source": ["aws.guardduty"], "detail": {"type": [{"wildcard": "*"}]}})


@event_rule_leads_somewhere.passes
def a_schedule() -> None:
    item = aws.cloudwatch.EventRule("nightly", name="nightly", schedule_expression="rate(1 day)")
    aws.cloudwatch.EventTarget("nightly", rule=item.name, arn="arn:aws:lambda:us-west-2:111122223333:function:nightly")


@event_rule_leads_somewhere.fails
def of_nothing() -> None:
    item = aws.cloudwatch.EventRule("nightly", name="nightly")
    aws.cloudwatch.EventTarget("nightly", rule=item.name, arn="arn:aws:lambda:us-west-2:111122223333:function:nightly")


@event_rule_leads_somewhere.fails
def findings_to_nobody() -> None:
    send_events({"source": ["aws.guardduty"]}, targeted=False)


@event_rule_leads_somewhere.fails
def a_star_that_is_no_wildcard() -> None:
    send_events({"source": ["aws.guardduty"], "detail": {"type": ["*"]}})


@event_rule_leads_somewhere.fails
def of_no_source() -> None:
    send_events({"source": [], "detail-type": ["GuardDuty Finding"]})
