"""Encryption of what AWS services keep and send, beside the stores: where a property says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.examples import declare, declare_rows
from policy_pack.vocabulary import Finding, Props, Resource, Row, Rows, Severity, Unknown, judge_rows, rule

YES = (True, "true")
NO = (False, "false")


def _as_its_snapshot(disk: Props) -> None:
    """Leave open what a disk takes over from the snapshot that it is made from."""
    if disk.has("snapshotId"):
        raise Unknown(disk.where("encrypted"))


# Where an object says nothing, its bucket encrypts it, which is judged itself.
OBJECT = Row(("serverSideEncryption",), ("aws:kms", "aws:kms:dsse"), unset="aws:kms")
DISKS = ("blockDeviceMappings[]", "ebs[]", "encrypted")
EXEC_LOG = ("configuration", "executeCommandConfiguration", "logConfiguration")
KEPT: dict[str, Rows] = {
    "aws:apigateway/methodSettings:MethodSettings": Row(
        ("settings", "cacheDataEncrypted"), when=("settings", "cachingEnabled"), unset=False
    ),
    "aws:appsync/apiCache:ApiCache": Row(("atRestEncryptionEnabled",)),
    "aws:codebuild/project:Project": (
        Row(("artifacts", "encryptionDisabled"), NO, unset=False),
        Row(("secondaryArtifacts[]", "encryptionDisabled"), NO, unset=False),
        Row(("logsConfig[]", "s3Logs[]", "encryptionDisabled"), NO, unset=False),
    ),
    "aws:codebuild/reportGroup:ReportGroup": Row(
        ("exportConfig", "s3Destination[]", "encryptionDisabled"), NO, unset=False
    ),
    "aws:dlm/lifecyclePolicy:LifecyclePolicy": Row(
        ("policyDetails", "action[]", "crossRegionCopies[]", "encryptionConfiguration", "encrypted")
    ),
    "aws:drs/replicationConfigurationTemplate:ReplicationConfigurationTemplate": Row(("ebsEncryption",), ("CUSTOM",)),
    "aws:dynamodb/tableExport:TableExport": Row(("s3SseAlgorithm",), ("KMS",)),
    "aws:ebs/snapshotImport:SnapshotImport": Row(("encrypted",)),
    "aws:ec2/ami:Ami": Row(("ebsBlockDevices[]", "encrypted"), unset=_as_its_snapshot),
    # Amazon ECS API Reference, ExecuteCommandLogConfiguration: what was typed in a container is logged in the clear.
    "aws:ecs/cluster:Cluster": (
        Row((*EXEC_LOG, "cloudWatchEncryptionEnabled"), when=(*EXEC_LOG, "cloudWatchLogGroupName"), unset=False),
        Row((*EXEC_LOG, "s3BucketEncryptionEnabled"), when=(*EXEC_LOG, "s3BucketName"), unset=False),
    ),
    "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings": (
        Row(
            ("dataCatalogEncryptionSettings", "encryptionAtRest", "catalogEncryptionMode"),
            ("SSE-KMS", "SSE-KMS-WITH-SERVICE-ROLE"),
        ),
        Row(("dataCatalogEncryptionSettings", "connectionPasswordEncryption", "returnConnectionPasswordEncrypted")),
    ),
    "aws:glue/securityConfiguration:SecurityConfiguration": (
        Row(("encryptionConfiguration", "cloudwatchEncryption", "cloudwatchEncryptionMode"), ("SSE-KMS",)),
        Row(("encryptionConfiguration", "jobBookmarksEncryption", "jobBookmarksEncryptionMode"), ("CSE-KMS",)),
        Row(("encryptionConfiguration", "s3Encryption", "s3EncryptionMode"), ("SSE-KMS",)),
    ),
    "aws:imagebuilder/containerRecipe:ContainerRecipe": Row(
        ("instanceConfiguration[]", *DISKS), YES, unset=_as_its_snapshot
    ),
    "aws:imagebuilder/imageRecipe:ImageRecipe": Row(DISKS, YES, unset=_as_its_snapshot),
    "aws:kinesisanalyticsv2/application:Application": Row(
        ("applicationConfiguration", "applicationEncryptionConfiguration", "keyType"), ("CUSTOMER_MANAGED_KEY",)
    ),
    "aws:s3/bucketObject:BucketObject": OBJECT,
    "aws:s3/bucketObjectv2:BucketObjectv2": OBJECT,
    "aws:s3/objectCopy:ObjectCopy": OBJECT,
    "aws:storagegateway/cachesIscsiVolume:CachesIscsiVolume": Row(("kmsEncrypted",)),
    "aws:storagegateway/nfsFileShare:NfsFileShare": Row(("kmsEncrypted",)),
    "aws:storagegateway/smbFileShare:SmbFileShare": Row(("kmsEncrypted",)),
    "aws:storagegateway/storedIscsiVolume:StoredIscsiVolume": Row(("kmsEncrypted",)),
    "aws:synthetics/canary:Canary": Row(("artifactConfig", "s3Encryption", "encryptionMode"), ("SSE_KMS",)),
    "aws:timestreamquery/scheduledQuery:ScheduledQuery": Row(
        ("errorReportConfiguration", "s3Configuration", "encryptionOption"), ("SSE_KMS",)
    ),
    "aws:timestreamwrite/table:Table": Row(
        (
            "magneticStoreWriteProperties[]",
            "magneticStoreRejectedDataLocation[]",
            "s3Configuration[]",
            "encryptionOption",
        ),
        ("SSE_KMS",),
    ),
    "aws:workspaces/workspace:Workspace": (
        Row(("rootVolumeEncryptionEnabled",)),
        Row(("userVolumeEncryptionEnabled",)),
    ),
}


@rule(
    on=KEPT,
    severity=Severity.HIGH,
    promise="encryption",
    fix="set the property as the message says",
)
def service_data_encrypted(service: Resource, row: Rows) -> Iterator[Finding]:
    """What a service writes down on the side is the same data, on another disk."""
    yield from judge_rows(row, service)


@service_data_encrypted.passes
def kept_encrypted() -> None:
    declare_rows(KEPT)


@service_data_encrypted.fails
def a_virtual_desktop_in_clear() -> None:
    declare("aws:workspaces/workspace:Workspace", rootVolumeEncryptionEnabled=True)


@service_data_encrypted.fails
def an_image_in_clear() -> None:
    declare("aws:ec2/ami:Ami", ebsBlockDevices=[{"deviceName": "/dev/sda1"}])


@service_data_encrypted.undetermined
def an_image_of_a_snapshot() -> None:
    declare("aws:ec2/ami:Ami", ebsBlockDevices=[{"deviceName": "/dev/sda1", "snapshotId": "snap-1"}])


# Engines whose endpoint has no sslMode: they speak TLS by settings of their own, or through AWS's own API.
WITHOUT_SSL_MODE = frozenset({"dynamodb", "elasticsearch", "kafka", "kinesis", "neptune", "opensearch", "redis", "s3"})
SSL_MODES = ("require", "verify-ca", "verify-full")
PROVIDERS = (
    "docDbSettings",
    "ibmDb2LuwSettings",
    "ibmDb2ZosSettings",
    "mariaDbSettings",
    "microsoftSqlServerSettings",
    "mongoDbSettings",
    "mysqlSettings",
    "oracleSettings",
    "postgresqlSettings",
)


def _ssl_mode(endpoint: Props) -> str:
    # AWS DMS API Reference, CreateEndpoint: none where it is absent.
    return "require" if endpoint.get("engineName") in WITHOUT_SSL_MODE else "none"


NOT_VERIFIED = ("tlsConfig[]", "insecureSkipVerification")
MESH_TLS = ("spec", "backendDefaults[]", "clientPolicy[]", "tls[]", "enforce")
SENT: dict[str, Rows] = {
    "aws:apigateway/domainName:DomainName": Row(("securityPolicy",), ("TLS_1_2",), unset="TLS_1_2"),
    "aws:apigateway/integration:Integration": Row(NOT_VERIFIED, NO, unset=False),
    "aws:apigatewayv2/domainName:DomainName": Row(("domainNameConfiguration", "securityPolicy"), ("TLS_1_2",)),
    "aws:appmesh/virtualGateway:VirtualGateway": (
        Row(("spec", "listeners", "tls", "mode"), ("STRICT",)),
        Row(MESH_TLS, unset=True),
    ),
    "aws:appmesh/virtualNode:VirtualNode": (
        Row(("spec", "listeners[]", "tls", "mode"), ("STRICT",)),
        Row(MESH_TLS, unset=True),
    ),
    "aws:appsync/apiCache:ApiCache": Row(("transitEncryptionEnabled",)),
    "aws:chime/voiceConnector:VoiceConnector": Row(("requireEncryption",)),
    "aws:cloudfront/multitenantDistribution:MultitenantDistribution": (
        Row(("defaultCacheBehavior", "viewerProtocolPolicy"), ("https-only", "redirect-to-https")),
        Row(("cacheBehaviors[]", "viewerProtocolPolicy"), ("https-only", "redirect-to-https")),
        Row(
            ("viewerCertificate", "minimumProtocolVersion"),
            ("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"),
            unset="TLSv1",
        ),
        Row(("origins", "customOriginConfigs[]", "originSslProtocols"), ("TLSv1.2", "TLSv1.3")),
    ),
    "aws:cloudfront/vpcOrigin:VpcOrigin": (
        Row(("vpcOriginEndpointConfig", "originProtocolPolicy"), ("https-only",)),
        Row(("vpcOriginEndpointConfig", "originSslProtocols", "items"), ("TLSv1.2", "TLSv1.3")),
    ),
    "aws:codebuild/project:Project": (
        Row(("source", "insecureSsl"), NO, unset=False),
        Row(("secondarySources[]", "insecureSsl"), NO, unset=False),
    ),
    "aws:cloudsearch/domain:Domain": (
        Row(("endpointOptions", "enforceHttps")),
        Row(("endpointOptions", "tlsSecurityPolicy"), ("Policy-Min-TLS-1-2-2019-07",)),
    ),
    "aws:datasync/efsLocation:EfsLocation": Row(("inTransitEncryption",), ("TLS1_2",), unset="NONE"),
    "aws:datasync/locationHdfs:LocationHdfs": (
        Row(("qopConfiguration", "dataTransferProtection"), ("PRIVACY",), unset="PRIVACY"),
        Row(("qopConfiguration", "rpcProtection"), ("PRIVACY",), unset="PRIVACY"),
    ),
    "aws:datasync/locationObjectStorage:LocationObjectStorage": Row(("serverProtocol",), ("HTTPS",), unset="HTTPS"),
    "aws:directconnect/connection:Connection": Row(("encryptionMode",), ("must_encrypt",)),
    "aws:dms/dataProvider:DataProvider": tuple(
        Row(("settings", f"{name}[]", "sslMode"), SSL_MODES, unset="none") for name in PROVIDERS
    ),
    "aws:dms/endpoint:Endpoint": (
        Row(("sslMode",), SSL_MODES, unset=_ssl_mode),
        Row(
            ("kafkaSettings[]", "securityProtocol"),
            ("ssl-encryption", "ssl-authentication", "sasl-ssl"),
            unset="plaintext",
        ),
        Row(("redisSettings[]", "sslSecurityProtocol"), ("ssl-encryption",), unset="ssl-encryption"),
    ),
    # A member of a replication group speaks as the group says.
    "aws:elasticache/cluster:Cluster": Row(("transitEncryptionEnabled",), unset=False, unless=("replicationGroupId",)),
    "aws:glue/connection:Connection": Row(
        ("connectionProperties", "JDBC_ENFORCE_SSL"),
        YES,
        unset=False,
        when=("connectionProperties", "JDBC_CONNECTION_URL"),
    ),
    # AWS IoT Core Developer Guide, "Configuring TLS settings in domain configurations".
    "aws:iot/domainConfiguration:DomainConfiguration": Row(
        ("tlsConfig", "securityPolicy"),
        ("IoTSecurityPolicy_TLS13_1_3_2022_10", "IoTSecurityPolicy_TLS13_1_2_2022_10"),
        unset="IoTSecurityPolicy_TLS13_1_2_2022_10",
    ),
    "aws:mailmanager/ingressPoint:IngressPoint": Row(("tlsPolicy",), ("REQUIRED", "FIPS"), unset="REQUIRED"),
    "aws:memorydb/multiRegionCluster:MultiRegionCluster": Row(("tlsEnabled",), unset=True),
    "aws:odb/cloudAutonomousVmCluster:CloudAutonomousVmCluster": Row(("isMtlsEnabledVmCluster",)),
    "aws:quicksight/dataSource:DataSource": Row(("sslProperties", "disableSsl"), NO, unset=False),
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": Row(
        ("networkConfig", "enableInterContainerTrafficEncryption")
    ),
    "aws:sagemaker/hyperParameterTuningJob:HyperParameterTuningJob": (
        Row(("trainingJobDefinition[]", "enableInterContainerTrafficEncryption")),
        Row(("trainingJobDefinitions[]", "enableInterContainerTrafficEncryption")),
    ),
    "aws:sagemaker/monitoringSchedule:MonitoringSchedule": Row(
        (
            "monitoringScheduleConfig",
            "monitoringJobDefinition[]",
            "networkConfig",
            "enableInterContainerTrafficEncryption",
        )
    ),
    "aws:sagemaker/trainingJob:TrainingJob": Row(("enableInterContainerTrafficEncryption",)),
    "aws:ses/configurationSet:ConfigurationSet": Row(
        ("deliveryOptions", "tlsPolicy"), ("Require", "REQUIRE"), unset="Optional"
    ),
    "aws:ses/receiptRule:ReceiptRule": Row(("tlsPolicy",), ("Require", "REQUIRE"), unset="Optional"),
    "aws:sesv2/configurationSet:ConfigurationSet": Row(
        ("deliveryOptions", "tlsPolicy"), ("REQUIRE",), unset="OPTIONAL"
    ),
    "aws:transfer/connector:Connector": Row(
        ("as2Config[]", "encryptionAlgorithm"), ("AES128_CBC", "AES192_CBC", "AES256_CBC")
    ),
}


@rule(
    on=SENT,
    severity=Severity.HIGH,
    promise="encryption",
    fix="let the service send over TLS 1.2 or newer alone",
)
def service_link_encrypted(service: Resource, row: Rows) -> Iterator[Finding]:
    """Whoever is between two services reads what they tell each other in clear."""
    yield from judge_rows(row, service)


@service_link_encrypted.passes
def sent_encrypted() -> None:
    declare_rows(SENT)


@service_link_encrypted.passes
def an_engine_without_the_setting() -> None:
    declare("aws:dms/endpoint:Endpoint", engineName="kinesis")


@service_link_encrypted.fails
def a_database_moved_in_clear() -> None:
    declare("aws:dms/endpoint:Endpoint", engineName="postgres")


@service_link_encrypted.fails
def mail_in_clear_where_the_other_side_wants_it() -> None:
    declare("aws:sesv2/configurationSet:ConfigurationSet", configurationSetName="news")


@service_link_encrypted.fails
def one_listener_of_two_in_clear() -> None:
    strict: Any = {"tls": {"mode": "STRICT"}}
    declare("aws:appmesh/virtualNode:VirtualNode", spec={"listeners": [strict, {"portMapping": {"port": 80}}]})
