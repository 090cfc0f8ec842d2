"""Encryption at rest: under a key of the customer's own, which can be withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.encryption import CATALOGUE, FILE_SYSTEM, VOLUME
from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE, KEY, TRAIL, VAULT
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Rows,
    Severity,
    Unknown,
    aws,
    declare,
    judge_rows,
    rule,
)

KEY_SOURCES = (KEY, "aws:kms/alias:Alias", "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey")
# AWS KMS Developer Guide, "AWS managed keys": their aliases begin so, and their policies can't be changed.
AWS_MANAGED = "alias/aws/"
COPIES = ("SH:RDS.4",)
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
INSIGHTS = Row(("performanceInsightsKmsKeyId",), when=("performanceInsightsEnabled",), controls=("PH:RDS-PI",))

KEY_PROPERTY: dict[str, Rows] = {
    VAULT: Row(("kmsKeyArn",), controls=("SH:Backup.1",)),
    TRAIL: Row(("kmsKeyId",), controls=("SH:CloudTrail.2", "CIS7:4.5")),
    "aws:cloudwatch/logGroup:LogGroup": Row(("kmsKeyId",), controls=("PH:CWL-CMK",)),
    VOLUME: Row(("kmsKeyId",), inherits=("snapshotId",), controls=("SH:EC2.3",)),
    FILE_SYSTEM: Row(("kmsKeyId",), controls=("SH:EFS.1", "CIS7:3.3.1")),
    DATABASE_CLUSTER: (
        Row(
            ("kmsKeyId",),
            unless=("replicationSourceIdentifier",),
            inherits=("snapshotIdentifier", "restoreToPointInTime"),
            controls=("SH:RDS.27",),
        ),
        INSIGHTS,
    ),
    DATABASE_INSTANCE: (
        Row(
            ("kmsKeyId",),
            unless=("replicateSourceDb",),
            inherits=("snapshotIdentifier", "restoreToPointInTime"),
            controls=("SH:RDS.3",),
        ),
        INSIGHTS,
    ),
    "aws:secretsmanager/secret:Secret": (
        Row(("kmsKeyId",), controls=("PH:SM-CMK",)),
        Row(("replicas[]", "kmsKeyId"), controls=("PH:SM-CMK",)),
    ),
    "aws:sns/topic:Topic": Row(("kmsMasterKeyId",), controls=("SH:SNS.1",)),
    "aws:sqs/queue:Queue": Row(("kmsMasterKeyId",), controls=("SH:SQS.1",)),
    "aws:backup/logicallyAirGappedVault:LogicallyAirGappedVault": Row(("encryptionKeyArn",), controls=("SH:Backup.1",)),
    "aws:cloudtrail/eventDataStore:EventDataStore": Row(("kmsKeyId",), controls=("SH:CloudTrail.10",)),
    "aws:docdb/cluster:Cluster": Row(("kmsKeyId",), inherits=("snapshotIdentifier", "restoreToPointInTime")),
    "aws:docdb/clusterInstance:ClusterInstance": Row(
        ("performanceInsightsKmsKeyId",), when=("enablePerformanceInsights",)
    ),
    "aws:dynamodb/table:Table": (
        Row(("serverSideEncryption", "enabled"), controls=("PH:DDB-CMK",)),
        Row(("serverSideEncryption", "kmsKeyArn"), controls=("PH:DDB-CMK",)),
        Row(("replicas[]", "kmsKeyArn"), controls=("PH:DDB-CMK",)),
    ),
    "aws:ebs/snapshotCopy:SnapshotCopy": Row(("kmsKeyId",), controls=("SH:EC2.3",)),
    "aws:ec2/amiCopy:AmiCopy": Row(("kmsKeyId",), controls=("SH:EC2.3",)),
    "aws:ecr/repository:Repository": Row(("encryptionConfigurations", "kmsKey"), controls=("SH:ECR.5",)),
    "aws:elasticache/replicationGroup:ReplicationGroup": Row(
        ("kmsKeyId",), unless=("globalReplicationGroupId",), controls=("SH:ElastiCache.4",)
    ),
    "aws:elasticache/serverlessCache:ServerlessCache": Row(("kmsKeyId",), controls=("PH:EC-SERVERLESS",)),
    "aws:elasticsearch/domain:Domain": Row(("encryptAtRest", "kmsKeyId")),
    LUSTRE: Row(("kmsKeyId",)),
    "aws:fsx/ontapFileSystem:OntapFileSystem": Row(("kmsKeyId",)),
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": Row(("kmsKeyId",)),
    "aws:fsx/windowsFileSystem:WindowsFileSystem": Row(("kmsKeyId",)),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": Row(
        ("serverSideEncryption", "keyArn"),
        unless=("kinesisSourceConfiguration", "mskSourceConfiguration"),
        controls=("SH:DataFirehose.1",),
    ),
    "aws:kinesis/stream:Stream": Row(("kmsKeyId",), controls=("SH:Kinesis.1",)),
    "aws:memorydb/cluster:Cluster": Row(("kmsKeyArn",)),
    "aws:msk/cluster:Cluster": Row(("encryptionInfo", "encryptionAtRestKmsKeyArn"), controls=("PH:MSK-CMK",)),
    "aws:neptune/cluster:Cluster": Row(
        ("kmsKeyArn",), unless=("replicationSourceIdentifier",), inherits=("snapshotIdentifier",)
    ),
    "aws:opensearch/domain:Domain": Row(("encryptAtRest", "kmsKeyId"), controls=("SH:Opensearch.1",)),
    "aws:rds/clusterInstance:ClusterInstance": INSIGHTS,
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": Row(("kmsKeyId",), controls=COPIES),
    "aws:rds/exportTask:ExportTask": Row(("kmsKeyId",), controls=("PH:RDS-EXPORT",)),
    "aws:rds/snapshotCopy:SnapshotCopy": Row(("kmsKeyId",), controls=COPIES),
    "aws:redshift/cluster:Cluster": Row(("kmsKeyId",), inherits=("snapshotIdentifier", "snapshotArn")),
    "aws:redshiftserverless/namespace:Namespace": Row(("kmsKeyId",)),
    # What isn't a store, and writes data of its own or holds settings that tell something.
    "aws:athena/workgroup:Workgroup": Row(
        ("configuration", "resultConfiguration[]", "encryptionConfiguration", "kmsKeyArn"), controls=("PH:ATHENA-SSE",)
    ),
    "aws:cfg/deliveryChannel:DeliveryChannel": Row(("s3KmsKeyArn",), controls=("PH:CONFIG-KMS",)),
    "aws:codebuild/project:Project": Row(("encryptionKey",)),
    "aws:ebs/defaultKmsKey:DefaultKmsKey": Row(("keyArn",), controls=("PH:EBS-DEFAULTKEY",)),
    "aws:ecs/cluster:Cluster": (
        Row(("configuration", "executeCommandConfiguration", "kmsKeyId"), controls=("PH:ECS-EXEC",)),
        Row(("configuration", "managedStorageConfiguration", "kmsKeyId"), controls=("PH:ECS-EXEC",)),
        Row(
            ("configuration", "managedStorageConfiguration", "fargateEphemeralStorageKmsKeyId"),
            controls=("PH:ECS-EXEC",),
        ),
    ),
    "aws:eks/cluster:Cluster": Row(("encryptionConfig", "provider", "keyArn"), controls=("SH:EKS.3",)),
    CATALOGUE: (
        Row(("dataCatalogEncryptionSettings", "encryptionAtRest", "sseAwsKmsKeyId")),
        Row(("dataCatalogEncryptionSettings", "connectionPasswordEncryption", "awsKmsKeyId")),
    ),
    "aws:lambda/function:Function": Row(("kmsKeyArn",), when=("environment",), controls=("PH:LAMBDA-ENV",)),
    "aws:macie2/classificationExportConfiguration:ClassificationExportConfiguration": Row(
        ("s3Destination", "kmsKeyArn"), controls=("PH:MACIE-EXPORT",)
    ),
}


@rule(
    on=KEY_PROPERTY,
    severity=Severity.HIGH,
    promise="encryption",
    controls=("PH:KMS-AWSMANAGED",),
    fix="name a KMS key of your own, one per data domain",
)
def customer_key_used(store: Resource, graph: Graph, row: Rows) -> Iterator[Finding]:
    """Only a key of the customer's own can be withdrawn, and says who used it."""
    # FSx API Reference, CreateFileSystem: what is made for one computation is under a key of FSx, which nobody chooses.
    if store.type == LUSTRE and str(store.get("deploymentType", default="SCRATCH_1")).startswith("SCRATCH"):
        raise NotApplicable("a file system for one computation takes no key")

    def check(holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        if names[-1] == "enabled":
            # A key that encryption isn't switched on for encrypts nothing.
            if holder.get(*names) is not True:
                yield f"{holder.where(*names)} is not true"
        else:
            yield from names_customer_key(holder, graph, store, *names)

    yield from judge_rows(row, store, check)


def names_customer_key(holder: Props, graph: Graph, resource: Resource, *names: str) -> Iterator[Finding]:
    """Yield what is wrong with a reference to a key that must be the customer's own."""
    where = holder.where
    try:
        key = holder.get(*names)
    except Unknown:
        # The reference is known, where the value isn't; it raises again where neither is.
        graph.targets(resource, where(*names).partition("[")[0].partition(".")[0], *KEY_SOURCES)
        return
    if not key:
        yield f"{where(*names)} names no key"
    elif AWS_MANAGED in key or key == "AWS_OWNED_KMS_KEY":
        yield f"{where(*names)} is {key}, which AWS manages"


@customer_key_used.passes
def a_key_of_its_own() -> None:
    key = aws.kms.Key("data")
    aws.backup.Vault("daily", kms_key_arn=key.arn)
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", kms_key_id=key.arn)
    aws.cloudwatch.LogGroup("web", kms_key_id=key.arn)
    aws.ebs.Volume("data", availability_zone="us-west-2a", kms_key_id=key.arn)
    aws.efs.FileSystem("shared", kms_key_id=key.arn)
    aws.rds.Cluster("orders", engine="aurora-postgresql", kms_key_id=key.arn)
    aws.rds.Instance("reports", instance_class="db.t4g.small", kms_key_id=key.arn)
    replica = aws.kms.ReplicaKey("data", primary_key_arn=key.arn)
    aws.secretsmanager.Secret(
        "token", kms_key_id=key.arn, replicas=[{"region": "us-west-1", "kms_key_id": replica.arn}]
    )
    aws.sns.Topic("alarms", kms_master_key_id=key.id)
    aws.sqs.Queue("events", kms_master_key_id=aws.kms.Alias("queue", target_key_id=key.id).name)
    aws.dynamodb.Table("sessions", hash_key="id", server_side_encryption={"enabled": True, "kms_key_arn": key.arn})
    aws.msk.Cluster(
        "events",
        kafka_version="3.8.x",
        number_of_broker_nodes=3,
        broker_node_group_info={"client_subnets": [], "instance_type": "kafka.m7g.large", "security_groups": []},
        encryption_info={"encryption_at_rest_kms_key_arn": key.arn},
    )


@customer_key_used.passes
def a_key_of_its_own_for_the_other_kinds() -> None:
    key = aws.kms.Key("data").arn
    declare("aws:athena/workgroup:Workgroup", configuration=_results(encryptionOption="SSE_KMS", kmsKeyArn=key))
    declare("aws:backup/logicallyAirGappedVault:LogicallyAirGappedVault", encryptionKeyArn=key)
    declare("aws:cfg/deliveryChannel:DeliveryChannel", s3KmsKeyArn=key)
    declare("aws:cloudtrail/eventDataStore:EventDataStore", kmsKeyId=key)
    declare("aws:codebuild/project:Project", encryptionKey=key)
    declare("aws:docdb/cluster:Cluster", kmsKeyId=key)
    declare(
        "aws:docdb/clusterInstance:ClusterInstance", enablePerformanceInsights=True, performanceInsightsKmsKeyId=key
    )
    declare("aws:ebs/defaultKmsKey:DefaultKmsKey", keyArn=key)
    declare("aws:ebs/snapshotCopy:SnapshotCopy", kmsKeyId=key)
    declare("aws:ec2/amiCopy:AmiCopy", kmsKeyId=key)
    declare("aws:ecr/repository:Repository", encryptionConfigurations=[{"encryptionType": "KMS", "kmsKey": key}])
    storage = {"kmsKeyId": key, "fargateEphemeralStorageKmsKeyId": key}
    declare(
        "aws:ecs/cluster:Cluster",
        configuration={"executeCommandConfiguration": {"kmsKeyId": key}, "managedStorageConfiguration": storage},
    )
    declare("aws:eks/cluster:Cluster", encryptionConfig={"provider": {"keyArn": key}, "resources": ["secrets"]})
    declare("aws:elasticache/replicationGroup:ReplicationGroup", kmsKeyId=key)
    declare("aws:elasticache/serverlessCache:ServerlessCache", kmsKeyId=key)
    declare("aws:elasticsearch/domain:Domain", encryptAtRest={"enabled": True, "kmsKeyId": key})
    declare(LUSTRE, deploymentType="PERSISTENT_2", kmsKeyId=key)
    declare(LUSTRE, subnetIds="subnet-1")
    declare("aws:fsx/ontapFileSystem:OntapFileSystem", kmsKeyId=key)
    declare("aws:fsx/openZfsFileSystem:OpenZfsFileSystem", kmsKeyId=key)
    declare("aws:fsx/windowsFileSystem:WindowsFileSystem", kmsKeyId=key)
    declare("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", serverSideEncryption={"keyArn": key})
    declare("aws:kinesis/stream:Stream", kmsKeyId=key)
    declare(
        CATALOGUE,
        dataCatalogEncryptionSettings={
            "encryptionAtRest": {"catalogEncryptionMode": "SSE-KMS", "sseAwsKmsKeyId": key},
            "connectionPasswordEncryption": {"returnConnectionPasswordEncrypted": True, "awsKmsKeyId": key},
        },
    )
    declare("aws:lambda/function:Function", kmsKeyArn=key, environment={"variables": {"LEVEL": "info"}})
    declare(
        "aws:macie2/classificationExportConfiguration:ClassificationExportConfiguration",
        s3Destination={"bucketName": "findings", "kmsKeyArn": key},
    )
    declare("aws:memorydb/cluster:Cluster", kmsKeyArn=key)
    declare("aws:neptune/cluster:Cluster", kmsKeyArn=key)
    declare("aws:opensearch/domain:Domain", encryptAtRest={"enabled": True, "kmsKeyId": key})
    declare("aws:rds/clusterInstance:ClusterInstance", performanceInsightsEnabled=True, performanceInsightsKmsKeyId=key)
    declare("aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy", kmsKeyId=key)
    declare("aws:rds/exportTask:ExportTask", kmsKeyId=key)
    declare("aws:rds/snapshotCopy:SnapshotCopy", kmsKeyId=key)
    declare("aws:redshift/cluster:Cluster", kmsKeyId=key)
    declare("aws:redshiftserverless/namespace:Namespace", kmsKeyId=key)


def _results(**encryption: object) -> dict[str, object]:
    return {"resultConfiguration": {"encryptionConfiguration": encryption}}


@customer_key_used.fails
def no_key() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", storage_encrypted=True)


@customer_key_used.fails
def files_that_stay_without_a_key() -> None:
    declare(LUSTRE, deploymentType="PERSISTENT_1")


@customer_key_used.fails
def the_key_of_aws() -> None:
    aws.sns.Topic("alarms", kms_master_key_id="alias/aws/sns")


@customer_key_used.fails
def the_key_of_aws_by_its_arn() -> None:
    aws.kinesis.Stream("events", kms_key_id="arn:aws:kms:us-west-2:111122223333:alias/aws/kinesis")


@customer_key_used.fails
def a_key_for_one_replica_of_two() -> None:
    key = aws.kms.Key("data")
    aws.dynamodb.Table(
        "sessions",
        hash_key="id",
        server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
        replicas=[
            {"region_name": "us-west-1", "kms_key_arn": "arn:aws:kms:us-west-1:111122223333:key/0b1c2d3e"},
            {"region_name": "us-east-2"},
        ],
    )


@customer_key_used.fails
def a_key_for_a_table_that_is_not_encrypted_with_it() -> None:
    key = aws.kms.Key("data")
    aws.dynamodb.Table("sessions", hash_key="id", server_side_encryption={"enabled": False, "kms_key_arn": key.arn})


@customer_key_used.fails
def insights_under_the_key_of_aws() -> None:
    aws.rds.ClusterInstance("orders", performance_insights_enabled=True, **_ORDERS)


_ORDERS: Any = {"cluster_identifier": "orders", "engine": "aurora-postgresql", "instance_class": "db.r7g.large"}


@customer_key_used.undetermined
def a_key_from_a_parameter_not_written_yet() -> None:
    parameter = aws.ssm.Parameter("key", type="String", value="alias/orders")
    aws.sqs.Queue("events", kms_master_key_id=parameter.arn)
