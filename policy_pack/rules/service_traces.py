"""What AWS services write down of what they do, and that it is delivered somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.examples import declare, declare_rows
from policy_pack.values import Items, Props
from policy_pack.vocabulary import Finding, Resource, Row, Rows, Severity, judge_rows, rows_of, rule

OFF = (False, "false", "OFF", "NONE", "DISABLED", "Disabled", "")
BROKER = "aws:mq/broker:Broker"
WORKFLOW_LOGS = ("dagProcessingLogs", "schedulerLogs", "taskLogs", "webserverLogs", "workerLogs")
# Where a type says what it logs, or where to: the row's own values are examples alone.
LOGS: dict[str, Rows] = {
    "aws:apigateway/methodSettings:MethodSettings": Row(("settings", "loggingLevel"), ("ERROR",)),
    "aws:apigateway/stage:Stage": Row(("accessLogSettings", "destinationArn"), ("arn",)),
    "aws:apigatewayv2/stage:Stage": Row(("accessLogSettings", "destinationArn"), ("arn",)),
    "aws:appmesh/virtualGateway:VirtualGateway": Row(
        ("spec", "logging", "accessLog"), ({"file": {"path": "/dev/stdout"}},)
    ),
    "aws:appmesh/virtualNode:VirtualNode": Row(("spec", "logging", "accessLog"), ({"file": {"path": "/dev/stdout"}},)),
    "aws:appsync/api:Api": Row(("eventConfig", "logConfig", "logLevel"), ("ERROR",)),
    "aws:appsync/graphQLApi:GraphQLApi": Row(("logConfig", "fieldLogLevel"), ("ERROR",)),
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration": Row(("loggingLevel",), ("INFO",)),
    "aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration": Row(("loggingLevel",), ("INFO",)),
    "aws:chime/voiceConnectorLogging:VoiceConnectorLogging": Row(("enableSipLogs",)),
    "aws:cleanrooms/collaboration:Collaboration": Row(("queryLogStatus",), ("ENABLED",)),
    "aws:cleanrooms/membership:Membership": Row(("queryLogStatus",), ("ENABLED",)),
    "aws:cloudwatch/eventBus:EventBus": Row(("logConfig", "level"), ("ERROR",)),
    "aws:connect/instance:Instance": Row(("contactFlowLogsEnabled",)),
    "aws:datasync/task:Task": (
        Row(("cloudwatchLogGroupArn",), ("arn",)),
        Row(("options", "logLevel"), ("BASIC",)),
    ),
    "aws:ecs/daemonTaskDefinition:DaemonTaskDefinition": Row(
        ("containerDefinitions", "logConfiguration", "logDriver"), ("awslogs",)
    ),
    "aws:ecs/expressGatewayService:ExpressGatewayService": Row(
        ("primaryContainer", "awsLogsConfigurations", "logGroup"), ("web",)
    ),
    "aws:emr/cluster:Cluster": Row(("logUri",), ("s3://logs/",)),
    "aws:fsx/windowsFileSystem:WindowsFileSystem": (
        Row(("auditLogConfiguration", "fileAccessAuditLogLevel"), ("SUCCESS_AND_FAILURE",)),
        Row(("auditLogConfiguration", "fileShareAccessAuditLogLevel"), ("SUCCESS_AND_FAILURE",)),
    ),
    "aws:fis/experimentTemplate:ExperimentTemplate": Row(("logConfiguration", "logSchemaVersion"), (2,)),
    "aws:fsx/fileCache:FileCache": Row(("lustreConfigurations", "logConfigurations", "level"), ("WARN_ERROR",)),
    "aws:globalaccelerator/accelerator:Accelerator": Row(("attributes", "flowLogsEnabled")),
    "aws:globalaccelerator/customRoutingAccelerator:CustomRoutingAccelerator": Row(("attributes", "flowLogsEnabled")),
    "aws:guardduty/organizationConfiguration:OrganizationConfiguration": Row(
        ("autoEnableOrganizationMembers",), ("ALL",)
    ),
    "aws:imagebuilder/image:Image": Row(("loggingConfiguration", "logGroupName"), ("images",)),
    "aws:imagebuilder/imagePipeline:ImagePipeline": Row(("loggingConfiguration", "imageLogGroupName"), ("images",)),
    "aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration": Row(
        ("logging", "s3Logs", "s3BucketName"), ("logs",)
    ),
    "aws:iot/loggingOptions:LoggingOptions": (
        Row(("defaultLogLevel",), ("WARN",)),
        Row(("disableAllLogs",), (False,)),
    ),
    "aws:ivschat/room:Room": Row(("loggingConfigurationIdentifiers",), (["arn"],)),
    "aws:kinesis/analyticsApplication:AnalyticsApplication": Row(
        ("cloudwatchLoggingOptions", "logStreamArn"), ("arn",)
    ),
    "aws:kinesisanalyticsv2/application:Application": Row(("cloudwatchLoggingOptions", "logStreamArn"), ("arn",)),
    "aws:lambdamicrovms/microvm:Microvm": Row(("logging", "cloudwatch", "logGroup"), ("machines",)),
    "aws:medialive/channel:Channel": Row(("logLevel",), ("WARNING",)),
    BROKER: (Row(("logs", "general")), Row(("logs", "audit"))),
    "aws:mwaa/environment:Environment": tuple(Row(("loggingConfiguration", name, "enabled")) for name in WORKFLOW_LOGS),
    "aws:opensearchingest/pipeline:Pipeline": Row(("logPublishingOptions", "isLoggingEnabled")),
    "aws:pipes/pipe:Pipe": Row(("logConfiguration", "level"), ("ERROR",)),
    "aws:redshift/logging:Logging": Row(("logDestinationType",), ("cloudwatch",)),
    "aws:rum/appMonitor:AppMonitor": Row(("cwLogEnabled",)),
    "aws:storagegateway/fileSystemAssociation:FileSystemAssociation": Row(("auditDestinationArn",), ("arn",)),
    "aws:storagegateway/gateway:Gateway": Row(("cloudwatchLogGroupArn",), ("arn",)),
    "aws:storagegateway/nfsFileShare:NfsFileShare": Row(("auditDestinationArn",), ("arn",)),
    "aws:storagegateway/smbFileShare:SmbFileShare": Row(("auditDestinationArn",), ("arn",)),
    "aws:timestreaminfluxdb/dbCluster:DbCluster": Row(
        ("logDeliveryConfiguration", "s3Configuration", "enabled"),
    ),
    "aws:timestreaminfluxdb/dbInstance:DbInstance": Row(
        ("logDeliveryConfiguration", "s3Configuration", "enabled"),
    ),
    "aws:transfer/connector:Connector": Row(("loggingRole",), ("arn",)),
    "aws:transfer/server:Server": Row(("structuredLogDestinations",), (["arn"],), unless=("loggingRole",)),
    "aws:workspacesweb/sessionLogger:SessionLogger": Row(("logConfiguration", "s3", "bucket"), ("logs",)),
}


@rule(
    on=LOGS,
    severity=Severity.MEDIUM,
    promise="information-security",
    fix="turn the service's own log on, and say where it goes",
)
def service_writes_log(service: Resource, row: Rows) -> Iterator[Finding]:
    """Without a log nobody can say afterwards what a service did, and for whom."""
    if service.type == BROKER and str(service.get("engineType")).upper() == "RABBITMQ":
        row = rows_of(row)[0]  # Amazon MQ Developer Guide, "Configuring RabbitMQ logs": it has no audit log
    yield from judge_rows(row, service, _is_on)


def _is_on(holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
    value = holder.get(*names)
    if names[-1].startswith("disable"):
        if value:
            yield f"{holder.where(*names)} is true"
        return
    if isinstance(value, (Items, Props)):
        value = len(list(value)) > 0
    if value is None or value in OFF:
        yield f"{holder.where(*names)} is {'not set' if value is None else value}, so that nothing is logged"


@service_writes_log.passes
def written_down() -> None:
    declare_rows(LOGS)


@service_writes_log.passes
def all_that_the_service_can_write() -> None:
    declare_rows(LOGS)
    declare(BROKER, engineType="RabbitMQ", logs={"general": True})
    declare("aws:transfer/server:Server", loggingRole="arn")


@service_writes_log.fails
def a_broker_without_its_audit_log() -> None:
    declare(BROKER, engineType="ActiveMQ", logs={"general": True})


@service_writes_log.fails
def left_at_the_default() -> None:
    declare("aws:apigatewayv2/stage:Stage", apiId="api", name="live")


@service_writes_log.fails
def switched_off() -> None:
    declare("aws:cloudwatch/eventBus:EventBus", name="orders", logConfig={"level": "OFF"})


@service_writes_log.fails
def one_part_of_a_workflow_left_out() -> None:
    logs: Any = {name: {"enabled": name != "taskLogs"} for name in WORKFLOW_LOGS}
    declare("aws:mwaa/environment:Environment", loggingConfiguration=logs)


SINKS = ("cloudwatchLogs", "firehose", "s3")
DELIVERED = {
    "aws:msk/channel:Channel": (("loggingInfo",), SINKS),
    "aws:msk/replicator:Replicator": (("logDelivery", "replicatorLogDelivery"), SINKS),
    "aws:verifiedaccess/instanceLoggingConfiguration:InstanceLoggingConfiguration": (
        ("accessLogs",),
        ("cloudwatchLogs", "kinesisDataFirehose", "s3"),
    ),
}


@rule(
    on=DELIVERED,
    severity=Severity.MEDIUM,
    promise="information-security",
    fix="enable one of the places that logs can be delivered to",
)
def service_log_delivered(service: Resource, row: tuple[tuple[str, ...], tuple[str, ...]]) -> Iterator[Finding]:
    """A log that is delivered nowhere ends with what wrote it."""
    path, sinks = row
    if not any(service.get(*path, sink, "enabled") for sink in sinks):
        yield f"{service.where(*path)} is delivered nowhere"


def _delivered(*, on: bool) -> None:
    for token, (path, sinks) in DELIVERED.items():
        declare_rows({token: Row((*path, sinks[0], "enabled"), (on,))})


@service_log_delivered.passes
def delivered() -> None:
    _delivered(on=True)


@service_log_delivered.fails
def delivered_nowhere() -> None:
    _delivered(on=False)


# Handbook, Backup: kept 35 days, audit trails seven years; point-in-time recovery where the service has it.
