"""Logs of what works on data by the hour: warehouses, migrations and builds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.documents import written
from policy_pack.examples import declare
from policy_pack.rules.store_parameters import WAREHOUSE
from policy_pack.vocabulary import Finding, Graph, Resource, Severity, aws, rule

BUILD = "aws:codebuild/project:Project"
MIGRATION = "aws:dms/replicationTask:ReplicationTask"
SETTINGS = {MIGRATION: "replicationTaskSettings", "aws:dms/replicationConfig:ReplicationConfig": "replicationSettings"}


@rule(
    on=(WAREHOUSE,),
    severity=Severity.MEDIUM,
    promise="data-protection",
    fix="give the warehouse an aws.redshift.Logging",
)
def warehouse_logged(warehouse: Resource, graph: Graph) -> Iterator[Finding]:
    """Who read what of a warehouse is in its audit log alone, and that is off."""
    if not graph.children(warehouse, on="aws:redshift/logging:Logging", via="clusterIdentifier"):
        yield "no aws.redshift.Logging is about it"


@warehouse_logged.passes
def logged_beside() -> None:
    facts = aws.redshift.Cluster("facts", cluster_identifier="facts", node_type="ra3.xlplus")
    aws.redshift.Logging("facts", cluster_identifier=facts.id, log_destination_type="cloudwatch")


@warehouse_logged.fails
def not_logged() -> None:
    aws.redshift.Cluster("facts", cluster_identifier="facts", node_type="ra3.xlplus")


@rule(
    on=SETTINGS,
    severity=Severity.MEDIUM,
    promise="information-security",
    fix="set Logging.EnableLogging to true in the task's settings",
)
def migration_logged(task: Resource, row: str) -> Iterator[Finding]:
    """A migration copies whole databases; without its log nobody can say what it left out."""
    # AWS DMS User Guide, "Logging task settings": false where it isn't given.
    settings = written(task, row)
    if not settings or settings.get("Logging", "EnableLogging", default=False) is not True:
        yield f"{row} does not set Logging.EnableLogging to true"


def _migrations(*, on: bool) -> None:
    settings = json.dumps({"Logging": {"EnableLogging": on}})
    for token, name in SETTINGS.items():
        declare(token, {name: settings})


@migration_logged.passes
def migrations_logged() -> None:
    _migrations(on=True)


@migration_logged.fails
def migrations_not_logged() -> None:
    _migrations(on=False)


@migration_logged.fails
def left_at_the_default() -> None:
    declare(MIGRATION, replicationTaskId="move")


@rule(
    on=(BUILD,),
    severity=Severity.MEDIUM,
    promise="information-security",
    fix="leave logsConfig.cloudwatchLogs on, or turn s3Logs on",
)
def build_logged(project: Resource) -> Iterator[Finding]:
    """A build holds the keys to production; what it did with them is in its log alone."""
    # AWS CodeBuild API Reference, LogsConfig: CloudWatch Logs are enabled by default, those in S3 are not.
    kinds = {"cloudwatchLogs": "ENABLED", "s3Logs": "DISABLED"}
    if not any(project.get("logsConfig", kind, "status", default=unset) == "ENABLED" for kind, unset in kinds.items()):
        yield "logsConfig turns every log off"


def _build(**logs: Any) -> None:
    declare(BUILD, logsConfig={name: {"status": status} for name, status in logs.items()})


@build_logged.passes
def logged_in_a_bucket() -> None:
    _build(cloudwatchLogs="DISABLED", s3Logs="ENABLED")


@build_logged.fails
def logged_nowhere() -> None:
    _build(cloudwatchLogs="DISABLED")
