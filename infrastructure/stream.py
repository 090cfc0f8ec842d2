"""The event stream: Kafka on MSK, between ingestion and the stores that read from it.

Enters: the isolated subnets, the key and the size. Leaves: `EventStream` with its `cluster` and the security group of
its `clients`. They connect over TLS and authenticate by IAM, which also says who may read or write which topic.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import msk

from infrastructure.clients import admit_clients
from infrastructure.logs import LogGroups
from infrastructure.network import Network
from infrastructure.promises import BROKERS, EVENT_HOURS, VOLUME_GIB, Recovery
from infrastructure.scope import CustomerData, kept_by, retention_tag

SERVICE = "event-stream"
KAFKA_VERSION = "3.9.x.kraft"
PORT = 9098
"""IAM access control from within AWS: "Port information" in the MSK developer guide."""

RECOVERY = Recovery(
    lost_minutes=None,
    lost_hours_with_region=None,
    restore_hours=2,
    in_plan=False,
    source="nothing: a broker's or a zone's loss costs no acknowledged event, because two replicas in other zones have "
    "it; with the whole cluster goes what no store has read yet, which clients send again as far as they still hold it",
)
"""MSK has no backup. What was read is in the analytics database and its backups."""


@dataclass(frozen=True)
class EventStreamArgs:
    """What varies: where the brokers are, who may decrypt their volumes, how many, how large, and how long they keep.

    `retention_hours` is how long an event can be read again, so that a store that lost a day can catch up.
    """

    customer_data: CustomerData
    network: Network
    log_groups: LogGroups
    key_arn: pulumi.Output[str]
    instance_type: str
    brokers: int
    volume_gib: int
    retention_hours: int

    def __post_init__(self) -> None:
        BROKERS.require("brokers", self.brokers)
        VOLUME_GIB.require("broker volume_gib", self.volume_gib)
        EVENT_HOURS.require("event retention_hours", self.retention_hours)


def server_properties(retention_hours: int) -> str:
    """The brokers' configuration: a topic is closed until somebody is let in, and every event has three replicas."""
    settings = {
        "allow.everyone.if.no.acl.found": "false",
        "auto.create.topics.enable": "false",
        "default.replication.factor": "3",
        "delete.topic.enable": "true",
        "log.retention.hours": str(retention_hours),
        "min.insync.replicas": "2",
        "unclean.leader.election.enable": "false",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


class EventStream(pulumi.ComponentResource):
    """Brokers in all zones. IAM alone decides who is a client; nothing is served in plain text, within or without."""

    def __init__(self, name: str, args: EventStreamArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:stream:EventStream", name, {}, opts)
        self._args = args
        self._scope = args.customer_data.scope
        self.clients, store = admit_clients(name, self._scope, args.network, {PORT: "Kafka over TLS"}, self)
        self.cluster = self._create_cluster(name, store.id, self._create_configuration(name))
        self.register_outputs({"cluster": self.cluster.cluster_name})

    def _create_configuration(self, name: str) -> msk.Configuration:
        return msk.Configuration(
            name,
            name=f"{self._scope.prefix}-{name}",
            description="Closed topics, three replicas, a limited past",
            kafka_versions=[KAFKA_VERSION],
            server_properties=server_properties(self._args.retention_hours),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _create_cluster(
        self, name: str, security_group: pulumi.Output[str], configuration: msk.Configuration
    ) -> msk.Cluster:
        args = self._args
        group = args.log_groups.create(f"{name}-log-group", self._scope.log_group(SERVICE), SERVICE, self)
        return msk.Cluster(
            name,
            cluster_name=f"{self._scope.prefix}-{name}",
            kafka_version=KAFKA_VERSION,
            number_of_broker_nodes=args.brokers,
            broker_node_group_info={
                "instance_type": args.instance_type,
                "client_subnets": [subnet.id for subnet in args.network.subnets["isolated"]],
                "security_groups": [security_group],
                "connectivity_info": {"public_access": {"type": "DISABLED"}},
                "storage_info": {"ebs_storage_info": {"volume_size": args.volume_gib}},
            },
            configuration_info={"arn": configuration.arn, "revision": configuration.latest_revision},
            client_authentication={"sasl": {"iam": True}},
            encryption_info={
                "encryption_at_rest_kms_key_arn": args.key_arn,
                "encryption_in_transit": {"client_broker": "TLS", "in_cluster": True},
            },
            enhanced_monitoring="PER_TOPIC_PER_BROKER",
            logging_info={"broker_logs": {"cloudwatch_logs": {"enabled": True, "log_group": group.name}}},
            tags=args.customer_data.tags(SERVICE) | kept_by("replicas") | retention_tag(-(-args.retention_hours // 24)),
            opts=pulumi.ResourceOptions(parent=self, protect=not self._scope.disposable),
        )
