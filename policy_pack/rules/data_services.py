"""Data services in operation: databases that don't listen where everybody looks, and an erasure that nothing stops."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.rules.monitoring import ALARM
from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Severity, Unknown, aws, rule, setting

# Amazon RDS User Guide and API Reference, CreateDBInstance ("Port"): by the beginning of the engine's name.
DEFAULT_PORTS = {
    "aurora-postgresql": 5432,
    "aurora": 3306,
    "db2": 50000,
    "mariadb": 3306,
    "mysql": 3306,
    "oracle": 1521,
    "custom-oracle": 1521,
    "postgres": 5432,
    "sqlserver": 1433,
    "custom-sqlserver": 1433,
}


@rule(
    on=(DATABASE_CLUSTER, DATABASE_INSTANCE),
    severity=Severity.LOW,
    promise="data-protection",
    controls=("SH:RDS.23",),
    fix="set port to another than the engine's default",
)
def database_port_not_the_default(database: Resource) -> Iterator[Finding]:
    """Who scans a network for databases tries the well-known ports first."""
    if database.has("snapshotIdentifier") and not database.has("port"):
        raise Unknown("port, which comes with its snapshot")
    if any(name in database for name in ("replicateSourceDb", "replicationSourceIdentifier")):
        raise NotApplicable("a replica listens where its source does, unless it says otherwise")
    engine = str(database.get("engine", default=""))
    usual = next((port for name, port in DEFAULT_PORTS.items() if engine.startswith(name)), None)
    if usual is None:
        raise Unknown(f"the default port of the engine {engine or '(not set)'}")
    port = database.get("port", default=usual)
    if port == usual:
        yield f"port is {usual}, the default of {engine}"


def _databases(port: int | None) -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", port=port)
    aws.rds.Instance("reports", engine="postgres", instance_class="db.t4g.small", port=port)


@database_port_not_the_default.passes
def another_port() -> None:
    _databases(5433)


@database_port_not_the_default.fails
def the_well_known_port() -> None:
    _databases(5432)


@database_port_not_the_default.fails
def left_to_the_engine() -> None:
    _databases(None)


@database_port_not_the_default.undetermined
def of_an_engine_not_known() -> None:
    aws.rds.Instance("reports", engine="newsql", instance_class="db.t4g.small")


ERASURE: list[str] = setting(
    ["erasure"], "values of the service tag of what carries out customers' requests for deletion"
)
QUEUE = "aws:sqs/queue:Queue"
REDRIVE = "aws:sqs/redrivePolicy:RedrivePolicy"
MACHINE = "aws:sfn/stateMachine:StateMachine"


@rule(
    on=(QUEUE, MACHINE),
    severity=Severity.HIGH,
    promise="ccpa",
    controls=("PH:CCPA-DELETE",),
    fix="give the queue a dead-letter queue with an alarm that tells somebody, and log the state machine",
)
def erasure_requests_never_lost(
    pipeline: Resource,
    graph: Graph,
    *,
    services: list[str] = ERASURE,
) -> Iterator[Finding]:
    """Who asked to be forgotten is told that it was done: a request that got stuck must be noticed.

    A program names what carries requests out by its service tag; the queue that takes in what failed needs none.
    """
    if pipeline.tag("service") not in services:
        raise NotApplicable("it carries out no requests for deletion")
    if pipeline.type == MACHINE:
        if pipeline.get("loggingConfiguration", "level", default="OFF") == "OFF":
            yield "loggingConfiguration.level is OFF"
        return
    dead = _dead_letters(pipeline, graph)
    if not dead:
        yield "it has no dead-letter queue of the stack"
    elif not any(_watched(queue, graph) for queue in dead):
        yield f"nobody hears of what ends in {dead[0].name}"


def _dead_letters(queue: Resource, graph: Graph) -> list[Resource]:
    if "redrivePolicy" in queue:
        return graph.targets(queue, "redrivePolicy", QUEUE)
    beside = graph.children(queue, on=REDRIVE, via="queueUrl")
    return [target for item in beside for target in graph.targets(item, "redrivePolicy", QUEUE)]


def _watched(queue: Resource, graph: Graph) -> bool:
    return any(
        alarm.get("metricName") == "ApproximateNumberOfMessagesVisible"
        and alarm.has("alarmActions")
        and graph.refers(alarm, "dimensions", queue)
        for alarm in graph.of_type(ALARM)
    )


def _erasure(level: str, *, dead: bool = True, alarmed: bool = True) -> None:
    tags = {"service": "erasure"}
    logs: Any = {"level": level}
    aws.sfn.StateMachine("erasure", definition="{}", role_arn="arn:role", logging_configuration=logs, tags=tags)
    failed = aws.sqs.Queue("failed", name="failed")
    redrive = failed.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3}))
    aws.sqs.Queue("requests", redrive_policy=redrive if dead else None, tags=tags)
    if alarmed:
        aws.cloudwatch.MetricAlarm(
            "failed",
            namespace="AWS/SQS",
            metric_name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": failed.name},
            comparison_operator="GreaterThanThreshold",
            evaluation_periods=1,
            alarm_actions=["arn:aws:sns:us-west-2:111122223333:alarms"],
        )


@erasure_requests_never_lost.passes
def failures_kept_and_told() -> None:
    _erasure("ALL")


@erasure_requests_never_lost.fails
def failures_thrown_away() -> None:
    _erasure("ALL", dead=False)


@erasure_requests_never_lost.fails
def failures_told_to_nobody() -> None:
    _erasure("ALL", alarmed=False)


@erasure_requests_never_lost.fails
def not_logged() -> None:
    _erasure("OFF")
