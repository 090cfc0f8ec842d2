"""What AWS services leave behind: logs of what they did, backups of what they hold, and no way to lose it by a slip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.examples import declare, declare_rows
from policy_pack.rules.change_protection import DISPOSABLE, refuse_disposable
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
KEPT_DAYS = 35
AUDIT_DAYS = 2555
FSX_DAYS = ("automaticBackupRetentionDays",)


def _none_of_scratch(system: Props) -> int:
    """Leave out what has no backups: a file system of Lustre that is made for one computation."""
    # FSx API Reference, CreateFileSystemLustreConfiguration: SCRATCH_1 where no type is given.
    scratch = str(system.get("deploymentType", default="SCRATCH_1")).startswith("SCRATCH")
    return KEPT_DAYS if scratch else 0


BACKUPS: dict[str, Rows] = {
    "aws:cfg/retentionConfiguration:RetentionConfiguration": Row(("retentionPeriodInDays",), at_least=AUDIT_DAYS),
    "aws:docdb/cluster:Cluster": Row(("backupRetentionPeriod",), unset=1, at_least=KEPT_DAYS),
    "aws:docdb/elasticCluster:ElasticCluster": Row(("backupRetentionPeriod",), unset=1, at_least=KEPT_DAYS),
    "aws:dynamodb/tableReplica:TableReplica": Row(("pointInTimeRecovery",)),
    "aws:fsx/lustreFileSystem:LustreFileSystem": Row(FSX_DAYS, unset=_none_of_scratch, at_least=KEPT_DAYS),
    "aws:fsx/ontapFileSystem:OntapFileSystem": Row(FSX_DAYS, unset=0, at_least=KEPT_DAYS),
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": Row(FSX_DAYS, unset=0, at_least=KEPT_DAYS),
    "aws:fsx/windowsFileSystem:WindowsFileSystem": Row(FSX_DAYS, unset=7, at_least=KEPT_DAYS),
    "aws:fsx/ontapVolume:OntapVolume": (
        Row(("skipFinalBackup",), (False,), unset=False),
        Row(("bypassSnaplockEnterpriseRetention",), (False,), unset=False),
    ),
    "aws:keyspaces/table:Table": Row(("pointInTimeRecovery", "status"), ("ENABLED",)),
    "aws:kinesisanalyticsv2/application:Application": Row(
        ("applicationConfiguration", "applicationSnapshotConfiguration", "snapshotsEnabled")
    ),
    "aws:lightsail/instance:Instance": Row(("addOn", "status"), ("Enabled",)),
    "aws:neptune/cluster:Cluster": Row(
        ("backupRetentionPeriod",), unset=1, unless=("replicationSourceIdentifier",), at_least=KEPT_DAYS
    ),
    "aws:odb/autonomousDatabase:AutonomousDatabase": Row(("backupRetentionPeriodInDays",), at_least=KEPT_DAYS),
    "aws:odb/cloudVmCluster:CloudVmCluster": Row(("isLocalBackupEnabled",)),
    "aws:rbin/rule:Rule": Row(("retentionPeriod", "retentionPeriodValue"), at_least=7),
    "aws:redshift/cluster:Cluster": Row(("automatedSnapshotRetentionPeriod",), unset=1, at_least=KEPT_DAYS),
}


@rule(
    on=BACKUPS,
    severity=Severity.MEDIUM,
    promise="backup",
    fix="set the property as the message says",
)
def service_keeps_backups(store: Resource, row: Rows) -> Iterator[Finding]:
    """What a small store loses is lost as thoroughly as what a large one does."""
    yield from judge_rows(row, store)


@service_keeps_backups.passes
def kept_for_five_weeks() -> None:
    declare_rows(BACKUPS)


@service_keeps_backups.passes
def scratch_space() -> None:
    declare("aws:fsx/lustreFileSystem:LustreFileSystem", subnetIds="subnet-1")


@service_keeps_backups.fails
def files_without_backups() -> None:
    declare("aws:fsx/lustreFileSystem:LustreFileSystem", deploymentType="PERSISTENT_2")


@service_keeps_backups.fails
def documents_kept_for_a_day() -> None:
    declare("aws:docdb/elasticCluster:ElasticCluster", name="documents")


@service_keeps_backups.fails
def no_point_in_time() -> None:
    declare("aws:keyspaces/table:Table", keyspaceName="events", tableName="clicks")


PROTECTED: dict[str, Rows] = {
    "aws:dsql/cluster:Cluster": Row(("deletionProtectionEnabled",), unset=False),
    "aws:dynamodb/tableReplica:TableReplica": Row(("deletionProtectionEnabled",), unset=False),
    "aws:neptunegraph/graph:Graph": Row(("deletionProtection",), unset=True),
    **dict.fromkeys(
        (
            "aws:pinpoint/smsvoicev2PhoneNumber:Smsvoicev2PhoneNumber",
            "aws:pinpoint/smsvoicev2Pool:Smsvoicev2Pool",
            "aws:pinpoint/smsvoicev2SenderId:Smsvoicev2SenderId",
        ),
        Row(("deletionProtectionEnabled",), unset=False),
    ),
    # Whoever moves a domain elsewhere, or lets it lapse, has every address in it.
    "aws:route53domains/registeredDomain:RegisteredDomain": (
        Row(("transferLock",), unset=True),
        Row(("autoRenew",), unset=True),
    ),
    "aws:qldb/ledger:Ledger": Row(("deletionProtection",), unset=True),
    "aws:verifiedpermissions/policyStore:PolicyStore": Row(("deletionProtection",), ("ENABLED",), unset="DISABLED"),
}


@rule(
    on=PROTECTED,
    severity=Severity.MEDIUM,
    promise="business-continuity",
    fix="turn deletion protection on",
)
def service_deletion_protected(store: Resource, row: Rows, *, disposable: bool = DISPOSABLE) -> Iterator[Finding]:
    """One wrong command must not end a store, also one of the newer kinds."""
    refuse_disposable(disposable=disposable)
    yield from judge_rows(row, store)


@service_deletion_protected.passes
def protected() -> None:
    declare_rows(PROTECTED)


@service_deletion_protected.fails
def left_to_the_service() -> None:
    declare("aws:dsql/cluster:Cluster")


SNAPSHOTS: dict[str, Rows] = {
    "aws:redshift/clusterSnapshot:ClusterSnapshot": Row(("manualSnapshotRetentionPeriod",), unset=-1, at_least=1),
    "aws:redshiftserverless/snapshot:Snapshot": Row(("retentionPeriod",), unset=-1, at_least=1),
}


@rule(
    on=SNAPSHOTS,
    severity=Severity.MEDIUM,
    promise="data-deletion",
    fix="set the days after which the snapshot is deleted",
)
def manual_snapshot_has_an_end(snapshot: Resource, row: Rows) -> Iterator[Finding]:
    """A snapshot taken by hand is kept for ever unless it says otherwise, with all that was erased since."""
    yield from judge_rows(row, snapshot)


@manual_snapshot_has_an_end.passes
def with_an_end() -> None:
    declare_rows(SNAPSHOTS, 30)


@manual_snapshot_has_an_end.fails
def kept_for_ever() -> None:
    declare("aws:redshiftserverless/snapshot:Snapshot", namespaceName="events", snapshotName="before")
