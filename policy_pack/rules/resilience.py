"""Resilience: stores and services keep a second copy at work, which takes over when the first is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from policy_pack.examples import declare
from policy_pack.rules.resilience_zones import zone_of
from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Row, Severity, aws, each, rule

DOCUMENT_CLUSTER = "aws:docdb/cluster:Cluster"
GRAPH_CLUSTER = "aws:neptune/cluster:Cluster"
FILE_SYSTEMS = (
    "aws:fsx/ontapFileSystem:OntapFileSystem",
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
    "aws:fsx/windowsFileSystem:WindowsFileSystem",
)
REPLICATION_GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"


def _spread_by_aws(variant: Props) -> int:
    """Leave out what runs on no instance of its own."""
    return 2 if variant.has("serverlessConfig") else 1


@rule(
    on={
        DATABASE_INSTANCE: Row(("multiAz",), unset=False, controls=("SH:RDS.5", "CIS7:3.2.4")),
        "aws:dms/replicationInstance:ReplicationInstance": Row(("multiAz",), unset=False),
        "aws:mq/broker:Broker": Row(
            ("deploymentMode",), ("ACTIVE_STANDBY_MULTI_AZ", "CLUSTER_MULTI_AZ"), unset="SINGLE_INSTANCE"
        ),
        "aws:dax/cluster:Cluster": Row(("replicationFactor",), at_least=2),
        "aws:memorydb/cluster:Cluster": Row(("numReplicasPerShard",), unset=1, at_least=1),
        "aws:timestreaminfluxdb/dbInstance:DbInstance": Row(
            ("deploymentType",), ("WITH_MULTIAZ_STANDBY",), unset="SINGLE_AZ"
        ),
        "aws:fsx/ontapFileSystem:OntapFileSystem": Row(("deploymentType",), ("MULTI_AZ_1", "MULTI_AZ_2")),
        "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": Row(("deploymentType",), ("MULTI_AZ_1",)),
        "aws:fsx/windowsFileSystem:WindowsFileSystem": Row(("deploymentType",), ("MULTI_AZ_1",), unset="SINGLE_AZ_1"),
        "aws:redshift/cluster:Cluster": Row(("multiAz",), unset=False),
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration": Row(
            ("productionVariants[]", "initialInstanceCount"), unset=_spread_by_aws, at_least=2
        ),
        "aws:efs/fileSystem:FileSystem": Row(("availabilityZoneName",), (None,), controls=("PH:EFS-REGIONAL",)),
    },
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    fix="let AWS keep a copy of it in a second availability zone",
)
def kept_in_several_zones(resource: Resource, row: Row) -> Iterator[Finding]:
    """What is in one zone alone is gone for as long as the zone is."""
    if resource.type == DATABASE_INSTANCE and resource.has("replicateSourceDb"):
        raise NotApplicable("a replica is a second copy itself")
    yield from row.judge(resource)


def _stores(*, multi: bool | None, mode: str, zone: str | None) -> None:
    aws.rds.Instance("reports", instance_class="db.t4g.small", multi_az=multi)
    aws.dms.ReplicationInstance(
        "move", replication_instance_class="dms.t3.small", replication_instance_id="move", multi_az=multi
    )
    aws.mq.Broker(
        "jobs", engine_type="RabbitMQ", engine_version="3.13", host_instance_type="mq.m7g.large", deployment_mode=mode
    )
    aws.efs.FileSystem("shared", availability_zone_name=zone)
    aws.redshift.Cluster("facts", cluster_identifier="facts", node_type="ra3.xlplus", multi_az=multi)
    variants = [{"initialInstanceCount": 2 if multi else 1}, {"serverlessConfig": {"maxConcurrency": 5}}]
    declare("aws:sagemaker/endpointConfiguration:EndpointConfiguration", productionVariants=variants)
    declare("aws:dax/cluster:Cluster", replicationFactor=3 if multi else 1)
    declare("aws:memorydb/cluster:Cluster", numReplicasPerShard=1 if multi else 0)
    influx = "WITH_MULTIAZ_STANDBY" if multi else "SINGLE_AZ"
    declare("aws:timestreaminfluxdb/dbInstance:DbInstance", deploymentType=influx)
    for token in FILE_SYSTEMS:
        declare(token, deploymentType="MULTI_AZ_1" if multi else "SINGLE_AZ_1")


@kept_in_several_zones.passes
def a_second_copy() -> None:
    _stores(multi=True, mode="CLUSTER_MULTI_AZ", zone=None)


@kept_in_several_zones.fails
def no_second_copy() -> None:
    _stores(multi=None, mode="SINGLE_INSTANCE", zone="us-west-2a")


@kept_in_several_zones.fails
def a_file_system_in_one_zone() -> None:
    aws.efs.FileSystem("shared", availability_zone_name="us-west-2a")


class Members(NamedTuple):
    """The type of a cluster's instances, and the controls that ask for several."""

    token: str
    controls: tuple[str, ...] = ()


@rule(
    on={
        DATABASE_CLUSTER: Members("aws:rds/clusterInstance:ClusterInstance", ("SH:RDS.15", "CIS7:3.2.4")),
        DOCUMENT_CLUSTER: Members("aws:docdb/clusterInstance:ClusterInstance"),
        GRAPH_CLUSTER: Members("aws:neptune/clusterInstance:ClusterInstance"),
    },
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    fix="give the cluster instances in two or more availability zones",
)
def database_cluster_spans_zones(cluster: Resource, graph: Graph, row: Members) -> Iterator[Finding]:
    """A cluster with one instance waits for a new one to start when that is lost."""
    if cluster.type == DATABASE_CLUSTER:
        if cluster.has("dbClusterInstanceClass"):
            return  # RDS User Guide, "Multi-AZ DB cluster deployments": three instances in three zones
        if cluster.get("engineMode", default="provisioned") == "serverless":
            raise NotApplicable("AWS itself moves its capacity to another zone")
    instances = graph.children(cluster, on=row.token, via="clusterIdentifier")
    if len(instances) < 2:
        yield f"it has {len(instances)} instance(s); one must be left when a zone is lost"
        return
    if len({zone_of(instance) for instance in instances}) < 2:
        yield "availabilityZone of all its instances is the same"


def _cluster(*zones: Any) -> None:
    engine: Any = "aurora-postgresql"
    orders = aws.rds.Cluster("orders", engine=engine)
    documents, relations = aws.docdb.Cluster("documents"), aws.neptune.Cluster("relations")
    for index, zone in enumerate(zones):
        aws.rds.ClusterInstance(
            f"orders-{index}",
            cluster_identifier=orders.id,
            engine=engine,
            instance_class="db.r7g.large",
            availability_zone=zone,
        )
        aws.docdb.ClusterInstance(
            f"documents-{index}",
            cluster_identifier=documents.id,
            instance_class="db.r6g.large",
            availability_zone=zone,
        )
        aws.neptune.ClusterInstance(
            f"relations-{index}",
            cluster_identifier=relations.id,
            instance_class="db.r6g.large",
            availability_zone=zone,
        )


@database_cluster_spans_zones.passes
def an_instance_in_each_of_two_zones() -> None:
    _cluster("us-west-2a", "us-west-2b")
    aws.rds.Cluster("reports", engine="postgres", db_cluster_instance_class="db.r6gd.large")


@database_cluster_spans_zones.fails
def one_instance() -> None:
    _cluster("us-west-2a")


@database_cluster_spans_zones.fails
def both_in_one_zone() -> None:
    _cluster("us-west-2a", "us-west-2a")


@database_cluster_spans_zones.undetermined
def zones_left_to_aws() -> None:
    _cluster(None, None)


@rule(
    on=(REPLICATION_GROUP,),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("SH:ElastiCache.3",),
    fix="set automaticFailoverEnabled and multiAzEnabled to true, with a replica or more",
)
def cache_fails_over(group: Resource) -> Iterator[Finding]:
    """A cache that nothing stands in for takes down what stands on it."""
    rows = (Row(("automaticFailoverEnabled",), unset=False), Row(("multiAzEnabled",), unset=False))
    yield from each(rows, lambda row: row.judge(group))
    # A group that joins a global datastore, or has shards listed one by one, says its replicas there.
    if group.has("globalReplicationGroupId") or group.has("nodeGroupConfigurations"):
        return
    replicas = group.get("replicasPerNodeGroup")
    if (group.get("numCacheClusters", default=1) - 1 if replicas is None else replicas) < 1:
        yield "it has no replica"


@cache_fails_over.passes
def a_replica_takes_over() -> None:
    aws.elasticache.ReplicationGroup(
        "sessions", description="s", automatic_failover_enabled=True, multi_az_enabled=True, num_cache_clusters=2
    )
    aws.elasticache.ReplicationGroup(
        "shards", description="s", automatic_failover_enabled=True, multi_az_enabled=True, replicas_per_node_group=1
    )


@cache_fails_over.fails
def a_cache_by_itself() -> None:
    aws.elasticache.ReplicationGroup("sessions", description="s")


@cache_fails_over.fails
def shards_without_replicas() -> None:
    aws.elasticache.ReplicationGroup(
        "shards", description="s", automatic_failover_enabled=True, multi_az_enabled=True, replicas_per_node_group=0
    )


@rule(
    on=("aws:opensearch/domain:Domain", "aws:elasticsearch/domain:Domain"),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("SH:Opensearch.6",),
    fix="set clusterConfig.instanceCount to 3 or more, and zoneAwarenessEnabled to true",
)
def search_domain_spans_zones(domain: Resource) -> Iterator[Finding]:
    """Two nodes cannot tell which of them is cut off."""
    if domain.get("clusterConfig", "instanceCount", default=1) < 3:
        yield "clusterConfig.instanceCount is less than 3"
    if domain.type == "aws:opensearch/domain:Domain" and domain.get(
        "clusterConfig", "multiAzWithStandbyEnabled", default=False
    ):
        return
    yield from Row(("clusterConfig", "zoneAwarenessEnabled"), unset=False).judge(domain)


def _domains(count: int) -> None:
    config: Any = {"instance_count": count, "zone_awareness_enabled": True}
    aws.opensearch.Domain("search", cluster_config=config)
    aws.elasticsearch.Domain("old", cluster_config=config)


@search_domain_spans_zones.passes
def three_nodes() -> None:
    _domains(3)


@search_domain_spans_zones.fails
def two_nodes() -> None:
    _domains(2)
