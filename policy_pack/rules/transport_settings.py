"""Encryption in transit: services that speak TLS, and nothing else, where a property says so."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.tokens import DATABASE_INSTANCE
from policy_pack.vocabulary import (
    Changes,
    Finding,
    Resource,
    Row,
    Rows,
    Severity,
    aws,
    declare,
    judge_rows,
    rows_of,
    rule,
)

DOMAINS = ("aws:opensearch/domain:Domain", "aws:elasticsearch/domain:Domain")
# Amazon RDS User Guide, "Using SSL/TLS to encrypt a connection to a DB instance": rds-ca-2019 has expired.
CERTIFICATE_AUTHORITIES = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
CERTIFICATE_AUTHORITY = Row(
    ("caCertIdentifier",), CERTIFICATE_AUTHORITIES, unset="rds-ca-rsa2048-g1", controls=("PH:RDS-CA",)
)
SNS_PROTOCOLS = ("application", "email", "email-json", "firehose", "https", "lambda", "sms", "sqs")
SEARCH = ("SH:Opensearch.3", "SH:Opensearch.8")
BROKERS = ("encryptionInfo", "encryptionInTransit")
# AWS Transfer Family User Guide, "Security policies for AWS Transfer Family servers": AWS advises a recent one. The
# first, of 2018, is the provider's default and still accepts SHA-1.
TRANSFER_POLICIES = tuple(
    f"TransferSecurityPolicy-{name}"
    for name in (
        "2024-01",
        "2025-03",
        "2023-05",
        "2022-03",
        "FIPS-2023-05",
        "FIPS-2024-01",
        "FIPS-2024-05",
        "FIPS-2025-03",
        "Restricted-2024-06",
        "SshAuditCompliant-2025-02",
        "AS2Restricted-2025-07",
    )
)

TLS: dict[str, Rows] = {
    DATABASE_INSTANCE: CERTIFICATE_AUTHORITY,
    "aws:rds/clusterInstance:ClusterInstance": CERTIFICATE_AUTHORITY,
    "aws:dax/cluster:Cluster": Row(("clusterEndpointEncryptionType",), ("TLS",), controls=("SH:DynamoDB.7",)),
    "aws:ecs/taskDefinition:TaskDefinition": Row(
        ("volumes[]", "efsVolumeConfiguration[]", "transitEncryption"),
        ("ENABLED",),
        unset="DISABLED",
        controls=("SH:ECS.18",),
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        Row(
            ("transitEncryptionEnabled",),
            # Amazon ElastiCache API Reference, CreateReplicationGroup: false, of every engine.
            unset=False,
            unless=("globalReplicationGroupId",),
            controls=("SH:ElastiCache.5",),
        ),
        Row(("transitEncryptionMode",), ("required",), unset="required", controls=("SH:ElastiCache.5",)),
    ),
    **dict.fromkeys(
        DOMAINS,
        (
            Row(("nodeToNodeEncryption", "enabled"), controls=("SH:Opensearch.3",)),
            Row(
                ("domainEndpointOptions", "enforceHttps"),
                # The provider sets it where the block is there and says nothing; AWS doesn't where the block is absent.
                unset=lambda holder: holder.where() == "domainEndpointOptions",
                controls=("SH:Opensearch.8",),
            ),
            Row(
                ("domainEndpointOptions", "tlsSecurityPolicy"),
                ("Policy-Min-TLS-1-2-PFS-2023-10", "Policy-Min-TLS-1-2-RFC9151-FIPS-2024-08"),
                unset="Policy-Min-TLS-1-0-2019-07",
                controls=("SH:Opensearch.8",),
            ),
        ),
    ),
    "aws:memorydb/cluster:Cluster": Row(("tlsEnabled",), unset=True),
    "aws:msk/cluster:Cluster": (
        Row((*BROKERS, "inCluster"), unset=True, controls=("SH:MSK.1",)),
        Row((*BROKERS, "clientBroker"), ("TLS",), unset="TLS", controls=("SH:MSK.1",)),
    ),
    "aws:mskconnect/connector:Connector": Row(
        ("kafkaClusterEncryptionInTransit", "encryptionType"), ("TLS",), unset="PLAINTEXT", controls=("SH:MSK.3",)
    ),
    "aws:rds/proxy:Proxy": Row(("requireTls",), controls=("SH:RDS.43",)),
    "aws:sns/topicSubscription:TopicSubscription": Row(("protocol",), SNS_PROTOCOLS, controls=("PH:SNS-SUB",)),
    "aws:transfer/server:Server": (
        Row(("protocols",), ("SFTP", "FTPS", "AS2"), unset="SFTP"),
        Row(("securityPolicyName",), TRANSFER_POLICIES, unset="TransferSecurityPolicy-2018-11"),
    ),
}


@rule(
    on=TLS,
    severity=Severity.HIGH,
    promise="encryption",
    fix="let the service speak TLS 1.2 or newer alone",
)
def service_speaks_tls_alone(service: Resource, row: Rows) -> Iterator[Finding]:
    """Where plain text is possible, some client will send it."""
    yield from judge_rows(row, service)


@service_speaks_tls_alone.passes
def tls_alone() -> None:
    aws.rds.Instance("reports", instance_class="db.t4g.small")
    declare("aws:rds/clusterInstance:ClusterInstance", caCertIdentifier="rds-ca-ecc384-g1")
    declare("aws:dax/cluster:Cluster", clusterEndpointEncryptionType="TLS")
    shared = {"name": "shared", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "transitEncryption": "ENABLED"}}
    declare("aws:ecs/taskDefinition:TaskDefinition", volumes=[{"name": "scratch"}, shared])
    declare("aws:elasticache/replicationGroup:ReplicationGroup", transitEncryptionEnabled=True)
    for token in DOMAINS:
        declare(
            token,
            nodeToNodeEncryption={"enabled": True},
            domainEndpointOptions={"enforceHttps": True, "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
        )
    declare("aws:memorydb/cluster:Cluster", aclName="app")
    declare("aws:msk/cluster:Cluster", clusterName="events")
    declare("aws:mskconnect/connector:Connector", kafkaClusterEncryptionInTransit={"encryptionType": "TLS"})
    declare("aws:rds/proxy:Proxy", requireTls=True)
    declare("aws:sns/topicSubscription:TopicSubscription", protocol="https")
    declare("aws:transfer/server:Server", protocols=["SFTP"], securityPolicyName=TRANSFER_POLICIES[0])


@service_speaks_tls_alone.fails
def kafka_in_plain_text_too() -> None:
    declare("aws:msk/cluster:Cluster", encryptionInfo={"encryptionInTransit": {"clientBroker": "TLS_PLAINTEXT"}})


@service_speaks_tls_alone.fails
def cache_while_clients_move_over() -> None:
    declare(
        "aws:elasticache/replicationGroup:ReplicationGroup",
        transitEncryptionEnabled=True,
        transitEncryptionMode="preferred",
    )


@service_speaks_tls_alone.fails
def file_system_in_plain_text() -> None:
    shared = {"name": "shared", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}
    declare("aws:ecs/taskDefinition:TaskDefinition", volumes=[shared])


# What AWS changes in place, and can change back.
IN_PLACE = (
    "caCertIdentifier",
    "clientBroker",
    "enforceHttps",
    "requireTls",
    "securityPolicyName",
    "tlsSecurityPolicy",
    "transitEncryption",
    "transitEncryptionMode",
)


@service_speaks_tls_alone.remedy
def speak_tls(service: Resource, row: Rows) -> Changes:
    """sets what can be changed in place: endpoints, brokers, proxies, caches, mounts and certificate authorities"""
    return {
        line.path: line.allowed[0]
        for line in rows_of(row)
        if line.path[-1] in IN_PLACE and next(judge_rows(line, service), None)
    }


@service_speaks_tls_alone.undetermined
def proxy_that_another_resource_decides_on() -> None:
    parameter = aws.ssm.Parameter("tls", type="String", value="on")
    declare("aws:rds/proxy:Proxy", requireTls=parameter.arn.apply(bool))
