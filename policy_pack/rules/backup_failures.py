"""Backups that fail: somebody hears of it, whichever way a job ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.event_patterns import Event, selects
from policy_pack.rules.backup import PLAN
from policy_pack.rules.event_routes import routes, send_events
from policy_pack.rules.monitoring import ALARM
from policy_pack.rules.restore_tests import RESTORE_PLAN
from policy_pack.vocabulary import Finding, Graph, Resource, Severity, aws, rule, setting

# AWS Backup API Reference: the states of BackupJob and CopyJob, the status of RestoreJob, as they end without success.
# The events spell them as the API does: AWS Backup Developer Guide, "Monitoring AWS Backup events using EventBridge".
FAILURES = {
    "Backup": ("state", ("ABORTED", "EXPIRED", "FAILED", "PARTIAL")),
    "Copy": ("state", ("FAILED", "PARTIAL")),
    "Restore": ("status", ("ABORTED", "FAILED")),
}


def _job(job: str, state: str) -> Event:
    detail_type, (name, _) = f"{job} Job State Change", FAILURES[job]
    return {"source": "aws.backup", "detail-type": detail_type, "detail": {name: state, "resourceType": "Aurora"}}


STATES: list[str] = setting(
    ["ABORTED", "EXPIRED", "FAILED"], "states in which a job ends without success, and of which somebody must hear"
)


@rule(
    on=(PLAN, RESTORE_PLAN),
    severity=Severity.HIGH,
    promise="backup",
    controls=("PH:ALARM-BACKUP",),
    fix="send the failures of backup, copy and restore jobs to somebody: by an event rule with a target, or by alarms",
)
def backup_failures_told(plan: Resource, graph: Graph, *, states: list[str] = STATES) -> Iterator[Finding]:
    """A backup that fails in silence is found out on the day that it is needed.

    Events stay in their region, and some say `state` where others say `status`: what counts is whether a rule of the
    plan's region selects the event of a job that failed.
    """
    region = plan.region
    missing = {
        (job, state)
        for job, (_, ends) in FAILURES.items()
        if not _alarmed(job, graph, region)
        for state in ends
        if state in states
    }
    for route in routes(graph, {region}) if missing else ():
        missing = {one for one in missing if not selects(route.pattern, _job(*one))}
        if not missing:
            return
    for job in sorted({job for job, _ in missing}):
        ends = ", ".join(sorted(state for of, state in missing if of == job))
        yield f"nobody hears of a {job.lower()} job in {region} that ends without success ({FAILURES[job][0]}: {ends})"


def _alarmed(job: str, graph: Graph, region: str) -> bool:
    # AWS Backup Developer Guide, "AWS Backup metrics with CloudWatch".
    metric = ("AWS/Backup", f"NumberOf{job}JobsFailed")
    return any(
        (alarm.get("namespace"), alarm.get("metricName")) == metric
        and alarm.has("alarmActions")
        and alarm.region == region
        for alarm in graph.of_type(ALARM)
    )


ENDED = {"$or": [{"state": ["ABORTED", "EXPIRED", "FAILED"]}, {"status": ["ABORTED", "FAILED"]}]}


def _plan(*jobs: str, detail: Any = ENDED, targeted: bool = True, region: str | None = None) -> None:
    daily: Any = {"rule_name": "daily", "target_vault_name": "daily"}
    aws.backup.Plan("daily", rules=[daily], region=region)
    kinds = [f"{job} Job State Change" for job in jobs]
    send_events({"source": ["aws.backup"], "detail-type": kinds, "detail": detail}, targeted=targeted)


@backup_failures_told.passes
def every_job_told() -> None:
    _plan(*FAILURES)
    selection: Any = {
        "algorithm": "LATEST_WITHIN_WINDOW",
        "include_vaults": ["*"],
        "recovery_point_types": ["SNAPSHOT"],
    }
    aws.backup.RestoreTestingPlan("all", recovery_point_selection=selection, schedule_expression="rate(30 days)")


@backup_failures_told.passes
def whatever_becomes_of_a_job_told() -> None:
    _plan(*FAILURES, detail={"$or": [{"state": [{"anything-but": "COMPLETED"}]}, {"status": [{"exists": True}]}]})


@backup_failures_told.passes
def alarms_on_metrics() -> None:
    _plan("Copy")
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
    _plan("Backup", "Restore")


@backup_failures_told.fails
def events_that_go_nowhere() -> None:
    _plan(*FAILURES, targeted=False)


@backup_failures_told.fails
def restores_say_status_and_not_state() -> None:
    _plan(*FAILURES, detail={"state": ["ABORTED", "EXPIRED", "FAILED"]})


@backup_failures_told.fails
def windows_missed_in_silence() -> None:
    _plan(*FAILURES, detail={"$or": [{"state": ["FAILED"]}, {"status": ["FAILED"]}]})


@backup_failures_told.fails
def events_of_another_region() -> None:
    _plan(*FAILURES, region="us-west-1")
