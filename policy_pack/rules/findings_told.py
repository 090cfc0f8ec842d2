"""Findings reach somebody, and scanners look for data on a schedule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi

from policy_pack.event_patterns import Event, selects
from policy_pack.examples import declare
from policy_pack.rules.account_baseline import AGGREGATOR, DETECTOR, HUB
from policy_pack.rules.event_routes import Route, routes, send_events
from policy_pack.rules.monitoring import TOPIC
from policy_pack.values import UNKNOWN, leaves, raw
from policy_pack.vocabulary import Finding, Graph, Resource, Severity, Unknown, aws, rule

# Findings of a detector: a pattern that asks for more than these have, such as a failed check, loses them. Security Hub
# User Guide, "EventBridge event formats"; Amazon GuardDuty User Guide, "Severity levels of GuardDuty findings".
_IMPORTED: tuple[Event, ...] = tuple(
    {
        "source": "aws.securityhub",
        "detail-type": "Security Hub Findings - Imported",
        "detail": {
            "findings": [
                {
                    "ProductName": "GuardDuty",
                    "CompanyName": "AWS",
                    "Types": ["TTPs/Discovery"],
                    "Severity": {"Label": label, "Normalized": normalized},
                    "Workflow": {"Status": "NEW"},
                    "WorkflowState": "NEW",
                    "RecordState": "ACTIVE",
                }
            ]
        },
    }
    for label, normalized in (("HIGH", 70), ("CRITICAL", 90))
)
_DETECTED: tuple[Event, ...] = tuple(
    {"source": "aws.guardduty", "detail-type": "GuardDuty Finding", "detail": {"severity": severity}}
    for severity in (8, 9)
)
SOURCES = {DETECTOR: (_DETECTED, _IMPORTED), HUB: (_IMPORTED,)}


@rule(
    on=SOURCES,
    severity=Severity.HIGH,
    promise="incident-response",
    controls=("PH:FIND-ROUTE",),
    fix="send findings of high and critical severity by an event rule to a topic that a key of your own encrypts",
)
def findings_reach_somebody(finder: Resource, graph: Graph, row: tuple[tuple[Event, ...], ...]) -> Iterator[Finding]:
    """A finding that waits in a console is read after the incident.

    What counts is whether rules of its region, or of the one that findings are gathered in, select a finding of either
    severity.
    """
    unknown: Unknown | None = None
    heard = False
    found: list[Route] = []
    try:
        found.extend(routes(graph, {finder.region, *graph.regions(AGGREGATOR)}))
    except Unknown as error:
        unknown = error
    for events in row:
        told = [[route for route in found if selects(route.pattern, event)] for event in events]
        heard |= all(told)
        try:
            if all(any(_is_encrypted(target, graph) for route in of for target in route.targets) for of in told):
                return
        except Unknown as error:
            unknown = error
    if unknown:
        raise unknown
    what = "go to no topic that is encrypted" if heard else "are sent on by no event rule"
    yield f"urgent findings of {finder.name} {what}"


def _is_encrypted(target: Resource, graph: Graph) -> bool:
    topics = graph.targets(target, "arn", TOPIC)
    if not topics and UNKNOWN not in leaves(raw(target).get("arn")):
        raise Unknown("whether the target of another stack is encrypted")
    return any("kmsMasterKeyId" in topic for topic in topics)


def _found(labels: list[str], *, narrowed: dict[str, Any] | None = None, **more: Any) -> None:
    hub = aws.securityhub.Account("all")
    aws.guardduty.Detector("all", opts=pulumi.ResourceOptions(depends_on=[hub]))
    detail = {"findings": {"Severity": {"Label": labels}, **(narrowed or {})}}
    send_events({"source": ["aws.securityhub"], "detail": detail}, **more)


@findings_reach_somebody.passes
def urgent_findings_told() -> None:
    _found(["HIGH", "CRITICAL"])


@findings_reach_somebody.passes
def told_by_the_detector_itself() -> None:
    aws.guardduty.Detector("all")
    send_events({"source": ["aws.guardduty"], "detail": {"severity": [{"numeric": [">=", 7]}]}})


@findings_reach_somebody.passes
def told_where_findings_are_gathered() -> None:
    _found(["HIGH", "CRITICAL"])
    aws.securityhub.Account("recovery", region="us-west-1")
    aws.securityhub.FindingAggregator("all", linking_mode="ALL_REGIONS")


@findings_reach_somebody.fails
def gathered_nowhere() -> None:
    _found(["HIGH", "CRITICAL"])
    aws.securityhub.Account("recovery", region="us-west-1")


@findings_reach_somebody.fails
def failed_checks_alone() -> None:
    _found(["HIGH", "CRITICAL"], narrowed={"Compliance": {"Status": ["FAILED"]}})


@findings_reach_somebody.fails
def high_ones_left_out() -> None:
    _found(["CRITICAL"])


@findings_reach_somebody.fails
def told_in_clear() -> None:
    _found(["HIGH", "CRITICAL"], key=None)


@findings_reach_somebody.fails
def told_to_nobody() -> None:
    _found(["HIGH", "CRITICAL"], targeted=False)


JOB = "aws:macie2/classificationJob:ClassificationJob"
IDENTIFIER = "aws:macie/customDataIdentifier:CustomDataIdentifier"


@rule(
    on=(JOB,),
    severity=Severity.MEDIUM,
    promise="data-classification",
    controls=("PH:MACIE-JOB",),
    fix='set jobType to "SCHEDULED" with a scheduleFrequency, and leave jobStatus RUNNING',
)
def macie_looks_regularly(job: Resource) -> Iterator[Finding]:
    """Personal data turns up in a bucket after somebody has looked once."""
    if job.get("jobType") != "SCHEDULED":
        yield "jobType is not SCHEDULED"
    elif not any(job.has("scheduleFrequency", name) for name in ("dailySchedule", "weeklySchedule", "monthlySchedule")):
        yield "scheduleFrequency is not set"
    if job.get("jobStatus", default="RUNNING") not in ("RUNNING", "IDLE"):
        yield f"jobStatus is {job.get('jobStatus')}"
    if not job.has("s3JobDefinition", "bucketDefinitions") and not job.has("s3JobDefinition", "bucketCriteria"):
        yield "s3JobDefinition names no bucket"


def _job(kind: str, **more: Any) -> None:
    buckets = {"bucketDefinitions": [{"accountId": "111122223333", "buckets": ["exports"]}]}
    declare(JOB, jobType=kind, s3JobDefinition=buckets, **more)


@macie_looks_regularly.passes
def every_week() -> None:
    _job("SCHEDULED", scheduleFrequency={"weeklySchedule": "MONDAY"})


@macie_looks_regularly.fails
def once() -> None:
    _job("ONE_TIME")


@macie_looks_regularly.fails
def cancelled() -> None:
    _job("SCHEDULED", scheduleFrequency={"dailySchedule": True}, jobStatus="CANCELLED")


@rule(
    on=(IDENTIFIER,),
    severity=Severity.MEDIUM,
    promise="hipaa",
    controls=("PH:PHI-DETECT",),
    fix="name the identifier in customDataIdentifierIds of a scheduled aws.macie2.ClassificationJob",
)
def health_identifier_looked_for(identifier: Resource, graph: Graph) -> Iterator[Finding]:
    """What health data looks like is written down to find it where it must not be, which takes a job that looks."""
    jobs = graph.children(identifier, on=JOB, via="customDataIdentifierIds")
    if not any(job.get("jobType") == "SCHEDULED" for job in jobs):
        yield "no scheduled classification job looks for it"


def _identifier(kind: str) -> None:
    identifier = aws.macie.CustomDataIdentifier("record", regex="MRN-[0-9]{8}", keywords=["patient"])
    declare(JOB, jobType=kind, s3JobDefinition={}, customDataIdentifierIds=[identifier.id])


@health_identifier_looked_for.passes
def looked_for_by_a_schedule() -> None:
    _identifier("SCHEDULED")


@health_identifier_looked_for.fails
def looked_for_once() -> None:
    _identifier("ONE_TIME")
