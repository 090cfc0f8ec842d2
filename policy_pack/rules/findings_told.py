"""Findings and failures reach somebody: of detectors and of backup jobs; scanners look for data on a schedule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pulumi

from policy_pack.documents import written
from policy_pack.examples import declare
from policy_pack.rules.account_baseline import DETECTOR
from policy_pack.rules.backup import PLAN
from policy_pack.rules.monitoring import ALARM, TOPIC
from policy_pack.values import UNKNOWN, leaves, raw
from policy_pack.vocabulary import Finding, Graph, Props, Resource, Severity, Unknown, aws, rule

EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
HUB = "aws:securityhub/account:Account"
# AWS Backup Developer Guide, "Monitoring AWS Backup events using Amazon EventBridge".
JOBS = tuple(f"{job} Job State Change" for job in ("Backup", "Copy", "Restore"))


def routes(graph: Graph, source: str) -> Iterator[tuple[Props, list[Resource]]]:
    """Yield the pattern of every rule of the default bus that is on and takes events of a source, and its targets.

    Raises:
        Unknown: a pattern isn't known; those that are come first.
    """
    unknown: Unknown | None = None
    for item in graph.of_type(EVENT_RULE):
        try:
            if item.get("state", default="ENABLED") == "DISABLED" or not item.has("eventPattern"):
                continue
            pattern = written(item, "eventPattern")
            if source in pattern.get("source", default=(source,)):
                yield pattern, graph.children(item, on=EVENT_TARGET, via="rule")
        except Unknown as error:
            unknown = error
    if unknown:
        raise unknown


@rule(
    on=(PLAN,),
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:ALARM-BACKUP",),
    fix="send the failures of backup, copy and restore jobs to somebody: by an event rule with a target, or by alarms",
)
def backup_failures_told(plan: Resource, graph: Graph) -> Iterator[Finding]:
    """A backup that fails in silence is found out on the day that it is needed."""
    missing = {job for job in JOBS if not _alarmed(job.split()[0], graph)}
    if not missing:
        return
    for pattern, targets in routes(graph, "aws.backup"):
        if targets:
            missing -= set(pattern.get("detail-type", default=JOBS))
        if not missing:
            return
    for job in sorted(missing):
        yield f"nobody hears of a {job.split()[0].lower()} job of {plan.name} that fails"


def _alarmed(job: str, graph: Graph) -> bool:
    # AWS Backup Developer Guide, "AWS Backup metrics with CloudWatch".
    metric = ("AWS/Backup", f"NumberOf{job}JobsFailed")
    return any(
        (alarm.get("namespace"), alarm.get("metricName")) == metric and alarm.has("alarmActions")
        for alarm in graph.of_type(ALARM)
    )


def _events(pattern: dict[str, Any], *, targeted: bool = True, key: str | None = "alias/alarms") -> None:
    topic = aws.sns.Topic("alarms", kms_master_key_id=key)
    item = aws.cloudwatch.EventRule("events", name="events", event_pattern=json.dumps(pattern))
    if targeted:
        aws.cloudwatch.EventTarget("events", rule=item.name, arn=topic.arn)


def _plan(*details: str, targeted: bool = True) -> None:
    daily: Any = {"rule_name": "daily", "target_vault_name": "daily"}
    aws.backup.Plan("daily", rules=[daily])
    _events({"source": ["aws.backup"], "detail-type": list(details)}, targeted=targeted)


@backup_failures_told.passes
def every_job_told() -> None:
    _plan(*JOBS)


@backup_failures_told.passes
def alarms_on_metrics() -> None:
    _plan("Copy Job State Change")
    for job in ("Backup", "Restore"):
        aws.cloudwatch.MetricAlarm(
            job,
            namespace="AWS/Backup",
            metric_name=f"NumberOf{job}JobsFailed",
            comparison_operator="GreaterThanThreshold",
            evaluation_periods=1,
            alarm_actions=["arn:aws:sns:us-west-2:111122223333:alarms"],
        )


@backup_failures_told.fails
def copies_fail_in_silence() -> None:
    _plan("Backup Job State Change", "Restore Job State Change")


@backup_failures_told.fails
def events_that_go_nowhere() -> None:
    _plan(*JOBS, targeted=False)


SOURCES = {DETECTOR: ("aws.guardduty", "aws.securityhub"), HUB: ("aws.securityhub",)}
URGENT = {"HIGH", "CRITICAL"}


@rule(
    on=SOURCES,
    severity=Severity.HIGH,
    promise="incident-response",
    controls=("PH:FIND-ROUTE",),
    fix="send findings of high and critical severity by an event rule to a topic that a key of your own encrypts",
)
def findings_reach_somebody(finder: Resource, graph: Graph, row: tuple[str, ...]) -> Iterator[Finding]:
    """A finding that waits in a console is read after the incident."""
    unknown: Unknown | None = None
    heard = False
    for source in row:
        try:
            for pattern, targets in routes(graph, source):
                if targets and _is_urgent(pattern):
                    heard = True
                    if any(_is_encrypted(target, graph) for target in targets):
                        return
        except Unknown as error:
            unknown = error
    if unknown:
        raise unknown
    what = "go to no topic that is encrypted" if heard else "are sent on by no event rule"
    yield f"urgent findings of {finder.name} {what}"


def _is_urgent(pattern: Props) -> bool:
    """Return whether a pattern lets high and critical findings through, where it asks for labels at all."""
    labels = pattern.get("detail", "findings", "Severity", "Label", default=())
    return not len(labels) or set(labels) >= URGENT


def _is_encrypted(target: Resource, graph: Graph) -> bool:
    topics = graph.targets(target, "arn", TOPIC)
    if not topics and UNKNOWN not in leaves(raw(target).get("arn")):
        raise Unknown("whether the target of another stack is encrypted")
    return any("kmsMasterKeyId" in topic for topic in topics)


def _found(labels: list[str], **more: Any) -> None:
    hub = aws.securityhub.Account("all")
    aws.guardduty.Detector("all", opts=pulumi.ResourceOptions(depends_on=[hub]))
    detail = {"findings": {"Severity": {"Label": labels}}}
    _events({"source": ["aws.securityhub"], "detail": detail}, **more)


@findings_reach_somebody.passes
def urgent_findings_told() -> None:
    _found(["HIGH", "CRITICAL"])


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
