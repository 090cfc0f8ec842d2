"""Service logs: every service that can say what it did says it, to somewhere outside of itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.documents import written
from policy_pack.rules.change_protection import LOAD_BALANCERS
from policy_pack.vocabulary import (
    Finding,
    NotApplicable,
    Props,
    Resource,
    Row,
    Rows,
    Severity,
    aws,
    declare,
    each,
    judge_rows,
    rule,
)

REPLICATION_GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"


@rule(
    on={
        **dict.fromkeys(
            LOAD_BALANCERS, Row(("accessLogs", "enabled"), unset=False, controls=("SH:ELB.5", "CIS7:4.10"))
        ),
        "aws:elb/loadBalancer:LoadBalancer": Row(("accessLogs", "enabled"), unset=True, controls=("SH:ELB.5",)),
        "aws:athena/workgroup:Workgroup": Row(
            ("configuration", "publishCloudwatchMetricsEnabled"), unset=True, controls=("SH:Athena.4",)
        ),
        "aws:sfn/stateMachine:StateMachine": (
            Row(
                ("loggingConfiguration", "level"),
                ("ALL", "ERROR", "FATAL"),
                unset="OFF",
                controls=("SH:StepFunctions.1",),
            ),
            Row(("tracingConfiguration", "enabled"), unset=False),
        ),
        "aws:lambda/function:Function": Row(
            ("tracingConfig", "mode"), ("Active",), unset="PassThrough", controls=("SH:Lambda.7",)
        ),
        "aws:apigateway/stage:Stage": Row(("xrayTracingEnabled",), unset=False),
        # Amazon ECS API Reference, ExecuteCommandConfiguration: the default logs only where the container does.
        "aws:ecs/cluster:Cluster": Row(
            ("configuration[]", "executeCommandConfiguration[]", "logging"),
            ("OVERRIDE",),
            unset="DEFAULT",
            controls=("PH:ECS-EXEC",),
        ),
    },
    severity=Severity.MEDIUM,
    promise="information-security",
    fix="turn the service's own log, metrics or trace on",
)
def service_logged(resource: Resource, row: Rows) -> Iterator[Finding]:
    """What nobody wrote down, nobody can look up after an incident."""
    if resource.type in LOAD_BALANCERS and resource.get("loadBalancerType", default="application") == "gateway":
        raise NotApplicable("a gateway load balancer has no access log")
    if resource.type == "aws:elb/loadBalancer:LoadBalancer" and not resource.has("accessLogs"):
        yield "accessLogs is not set"
        return
    yield from judge_rows(row, resource)


def _services(*, on: Any) -> None:
    logs: Any = {"bucket": "logs", "enabled": on}
    aws.lb.LoadBalancer("web", access_logs=logs)
    aws.alb.LoadBalancer("old", access_logs=logs)
    listener: Any = {"instance_port": 80, "instance_protocol": "http", "lb_port": 443, "lb_protocol": "https"}
    aws.elb.LoadBalancer("classic", listeners=[listener], access_logs=logs)
    aws.athena.Workgroup("reports", configuration={"publish_cloudwatch_metrics_enabled": on})
    level: Any = {"level": "ERROR" if on else "OFF"}
    trace: Any = {"enabled": on}
    aws.sfn.StateMachine(
        "flow", definition="{}", role_arn="arn:role", logging_configuration=level, tracing_configuration=trace
    )
    declare("aws:apigateway/stage:Stage", restApi="api", stageName="live", xrayTracingEnabled=on)
    commands = {"logging": "OVERRIDE" if on else "NONE"}
    declare("aws:ecs/cluster:Cluster", configuration={"executeCommandConfiguration": commands})
    aws.lambda_.Function("report", role="arn:role", tracing_config={"mode": "Active" if on else "PassThrough"})


@service_logged.passes
def services_logged() -> None:
    _services(on=True)


@service_logged.fails
def services_not_logged() -> None:
    _services(on=False)


@service_logged.fails
def logs_left_at_the_default() -> None:
    aws.lb.LoadBalancer("web")


@rule(
    on={
        "aws:eks/cluster:Cluster": Row(
            ("enabledClusterLogTypes",),
            ("audit", "authenticator", "api", "controllerManager", "scheduler"),
            controls=("SH:EKS.8",),
        ),
        "aws:docdb/cluster:Cluster": Row(("enabledCloudwatchLogsExports",), ("audit",)),
        "aws:neptune/cluster:Cluster": Row(("enableCloudwatchLogsExports",), ("audit",)),
        "aws:redshiftserverless/namespace:Namespace": Row(
            ("logExports",), ("connectionlog", "useractivitylog", "userlog")
        ),
    },
    severity=Severity.MEDIUM,
    promise="information-security",
    fix="list the logs that the message names",
)
def log_types_exported(cluster: Resource, row: Row) -> Iterator[Finding]:
    """Who asked for what is in these logs and nowhere else."""
    exported = cluster.get(*row.path, default=())
    for name in row.allowed:
        if name not in exported:
            yield f"{row.path[0]} lacks {name}"


def _clusters(*types: str) -> None:
    subnets: Any = {"subnet_ids": ["subnet-1", "subnet-2"]}
    aws.eks.Cluster("workers", role_arn="arn:role", vpc_config=subnets, enabled_cluster_log_types=list(types))
    aws.docdb.Cluster("documents", enabled_cloudwatch_logs_exports=list(types))
    aws.neptune.Cluster("relations", enable_cloudwatch_logs_exports=list(types))
    facts = ["connectionlog", "useractivitylog", "userlog"][: len(types)]
    aws.redshiftserverless.Namespace("facts", namespace_name="facts", log_exports=facts)


@log_types_exported.passes
def all_exported() -> None:
    _clusters("audit", "authenticator", "api", "scheduler", "controllerManager")


@log_types_exported.fails
def audit_left_out() -> None:
    _clusters("api")


@rule(
    on={
        "aws:msk/cluster:Cluster": Row(("loggingInfo", "brokerLogs"), controls=("PH:MSK-LOGS",)),
        "aws:mskconnect/connector:Connector": Row(("logDelivery", "workerLogDelivery"), controls=("SH:MSK.5",)),
    },
    severity=Severity.MEDIUM,
    promise="information-security",
    fix="enable cloudwatchLogs, firehose or s3",
)
def kafka_logged(resource: Resource, row: Row) -> Iterator[Finding]:
    """A broker that was taken over keeps no log of it for long."""
    if not any(resource.get(*row.path, sink, "enabled") for sink in ("cloudwatchLogs", "firehose", "s3")):
        yield f"{resource.where(*row.path)} is delivered nowhere"


def _kafka(*, on: bool) -> None:
    sink: Any = {"cloudwatch_logs": {"enabled": on, "log_group": "kafka"}}
    nodes: Any = {"client_subnets": ["subnet-1"], "instance_type": "kafka.m7g.large", "security_groups": ["sg-1"]}
    aws.msk.Cluster(
        "events",
        kafka_version="3.8.x",
        number_of_broker_nodes=3,
        broker_node_group_info=nodes,
        logging_info={"broker_logs": sink},
    )
    connector: Any = {
        "capacity": {"provisioned_capacity": {"worker_count": 1}},
        "connector_configuration": {},
        "kafka_cluster": {"apache_kafka_cluster": {"bootstrap_servers": "b", "vpc": {"security_groups": ["sg-1"]}}},
        "kafka_cluster_client_authentication": {"authentication_type": "IAM"},
        "kafka_cluster_encryption_in_transit": {"encryption_type": "TLS"},
        "kafkaconnect_version": "2.7.1",
        "plugins": [],
        "service_execution_role_arn": "arn:role",
        "log_delivery": {"worker_log_delivery": sink},
    }
    connector["kafka_cluster"]["apache_kafka_cluster"]["vpc"]["subnets"] = ["subnet-1"]
    aws.mskconnect.Connector("copy", **connector)


@kafka_logged.passes
def broker_logs_delivered() -> None:
    _kafka(on=True)


@kafka_logged.fails
def broker_logs_lost() -> None:
    _kafka(on=False)


@rule(
    on={
        REPLICATION_GROUP: Row(
            ("logDeliveryConfigurations", "logType"), ("slow-log", "engine-log"), controls=("PH:EC-LOGS",)
        ),
        "aws:opensearch/domain:Domain": Row(
            ("logPublishingOptions", "logType"),
            ("ES_APPLICATION_LOGS", "AUDIT_LOGS"),
            controls=("SH:Opensearch.4", "SH:Opensearch.5"),
        ),
        "aws:elasticsearch/domain:Domain": Row(
            ("logPublishingOptions", "logType"), ("ES_APPLICATION_LOGS", "AUDIT_LOGS")
        ),
        "aws:networkfirewall/loggingConfiguration:LoggingConfiguration": Row(
            ("loggingConfiguration", "logDestinationConfigs", "logType"),
            ("ALERT", "FLOW"),
            controls=("SH:NetworkFirewall.2",),
        ),
    },
    severity=Severity.MEDIUM,
    promise="information-security",
    fix="deliver the logs that the message names",
)
def log_kinds_delivered(resource: Resource, row: Row) -> Iterator[Finding]:
    """Errors and accesses are two logs; an investigation needs both."""
    *path, key = row.path
    entries = resource.get(*path, default=())
    delivered = (
        [entry for entry in entries if entry.get("enabled", default=True)] if "Publishing" in path[0] else entries
    )

    def judge(kind: str) -> Iterator[Finding]:
        if not any(entry.get(key) == kind for entry in delivered):
            yield f"{'.'.join(path)} lacks {kind}"

    yield from each(row.allowed, judge)


def _kinds(cache: list[str], domain: list[str], firewall: list[str]) -> None:
    group = "arn:aws:logs:us-west-2:111122223333:log-group:service"
    entries: Any = [
        {"log_type": kind, "destination": "service", "destination_type": "cloudwatch-logs", "log_format": "json"}
        for kind in cache
    ]
    aws.elasticache.ReplicationGroup("sessions", description="s", log_delivery_configurations=entries)
    options: Any = [{"log_type": kind, "cloudwatch_log_group_arn": group} for kind in domain]
    aws.opensearch.Domain("search", log_publishing_options=options)
    aws.elasticsearch.Domain("old", log_publishing_options=options)
    configs: Any = [
        {"log_type": kind, "log_destination_type": "CloudWatchLogs", "log_destination": {"logGroup": "service"}}
        for kind in firewall
    ]
    aws.networkfirewall.LoggingConfiguration(
        "edge", firewall_arn="arn:firewall", logging_configuration={"log_destination_configs": configs}
    )


@log_kinds_delivered.passes
def both_kinds() -> None:
    _kinds(["slow-log", "engine-log"], ["ES_APPLICATION_LOGS", "AUDIT_LOGS"], ["ALERT", "FLOW"])


@log_kinds_delivered.fails
def one_kind() -> None:
    _kinds(["slow-log"], ["ES_APPLICATION_LOGS"], ["ALERT"])


@rule(
    on=("aws:ecs/taskDefinition:TaskDefinition",),
    severity=Severity.HIGH,
    promise="information-security",
    controls=("SH:ECS.9",),
    fix="give every container a logConfiguration with a logDriver",
)
def containers_logged(task: Resource) -> Iterator[Finding]:
    """A container's own files are gone with it."""

    def judge(container: Props) -> Iterator[Finding]:
        if not container.get("logConfiguration", "logDriver"):
            yield f"container {container.get('name')} has no logConfiguration.logDriver"

    yield from each(written(task, "containerDefinitions") or (), judge)


def _task(**container: Any) -> None:
    definition = {"name": "web", "image": "web", **container}
    aws.ecs.TaskDefinition("web", family="web", container_definitions=json.dumps([definition]))


@containers_logged.passes
def container_logged() -> None:
    _task(logConfiguration={"logDriver": "awslogs"})


@containers_logged.fails
def container_not_logged() -> None:
    _task()


@rule(
    on=("aws:ecs/cluster:Cluster",),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:ECS.12",),
    fix='add the setting containerInsights with the value "enabled" or "enhanced"',
)
def container_insights_on(cluster: Resource) -> Iterator[Finding]:
    """A container that restarts all night is seen by nobody else."""
    settings = cluster.get("settings", default=())
    if not any(item.get("name") == "containerInsights" and item.get("value") != "disabled" for item in settings):
        yield "settings do not turn containerInsights on"


def _insights(value: str) -> None:
    aws.ecs.Cluster("workers", settings=[{"name": "containerInsights", "value": value}])


@container_insights_on.passes
def insights_on() -> None:
    _insights("enhanced")


@container_insights_on.fails
def insights_off() -> None:
    _insights("disabled")
