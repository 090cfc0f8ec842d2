"""The analytics database: ClickHouse on EC2, in shards whose replicas are in different zones.

Enters: the isolated subnets, the keys and the size. Leaves: `AnalyticsDatabase` with its `backups` bucket and the
security group of its `clients`. ClickHouse, its certificates and the way its nodes find each other by their tags come
with the image; what a node is, where its data is and how it is backed up comes from here.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import ebs, ec2

from infrastructure import node_start
from infrastructure.analytics_access import admit_nodes, node_profile
from infrastructure.buckets import Lock, PrivateBucket, PrivateBucketArgs
from infrastructure.clients import admit_clients
from infrastructure.network import Network
from infrastructure.promises import BACKUP_DAYS, CLICKHOUSE_REPLICAS, CLICKHOUSE_SHARDS, VOLUME_GIB, Recovery
from infrastructure.scope import CustomerData, kept_by, retention_tag

SERVICE = "analytics-database"
CLIENT_PORTS = {8443: "ClickHouse over HTTPS", 9440: "ClickHouse over TLS"}
DEVICE = "/dev/sdf"
ROOT_GIB = 20

RECOVERY = Recovery(
    lost_minutes=24 * 60,
    lost_hours_with_region=24,
    restore_hours=24,
    in_plan=True,
    source="the daily backups: ClickHouse's own in the home region, those of the volumes in both; events since then "
    "are read again as long as the event stream has them. The loss of a node or a zone costs nothing: its replica has "
    "the same data",
)


@dataclass(frozen=True)
class AnalyticsDatabaseArgs:
    """What varies between environments: where the nodes are, who may decrypt their data, how many and how large.

    `image` is who made the image of a new node, and its name: `owner/name`, `*` for what varies.
    """

    customer_data: CustomerData
    network: Network
    access_logs: PrivateBucket
    data_key_arn: pulumi.Output[str]
    backups_key_arn: pulumi.Output[str]
    image: str
    instance_type: str
    shards: int
    replicas: int
    volume_gib: int
    backup_retention_days: int

    def __post_init__(self) -> None:
        CLICKHOUSE_SHARDS.require("ClickHouse shards", self.shards)
        CLICKHOUSE_REPLICAS.require("ClickHouse replicas", self.replicas)
        VOLUME_GIB.require("ClickHouse volume_gib", self.volume_gib)
        BACKUP_DAYS.require("ClickHouse backup_retention_days", self.backup_retention_days)


class AnalyticsDatabase(pulumi.ComponentResource):
    """Nodes without a public address, a key pair or a way out, each with an encrypted volume of its own."""

    def __init__(self, name: str, args: AnalyticsDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:analytics:AnalyticsDatabase", name, {}, opts)
        self._args = args
        self._scope = args.customer_data.scope
        self._kept = pulumi.ResourceOptions(parent=self, protect=not self._scope.disposable)
        self._tags = self._scope.tags(SERVICE, args.customer_data.data_class)
        self.clients, self._group = admit_clients(name, self._scope, args.network, CLIENT_PORTS, self)
        routes = admit_nodes(name, self._scope, args.network, self._group)
        self.backups = self._create_backups(f"{name}-backups")
        profile, permissions = node_profile(name, self._scope, self.backups.arn, args.backups_key_arn, self)
        owner, _, image_name = args.image.partition("/")
        image = ec2.get_ami_output(
            owners=[owner],
            most_recent=True,
            filters=[{"name": "name", "values": [image_name]}, {"name": "architecture", "values": ["arm64"]}],
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        for shard in range(args.shards):
            for replica in range(args.replicas):
                self._create_node(shard, replica, image.id, profile.name, [*routes, *permissions])
        self.register_outputs({"backups": self.backups.name})

    def _create_backups(self, name: str) -> PrivateBucket:
        """Locked as long as backups are kept, and gone with the lock: `promises.ERASURE_WINDOW_DAYS` counts on it."""
        args, days = self._args, self._args.backup_retention_days
        return PrivateBucket(
            name,
            PrivateBucketArgs(
                scope=self._scope,
                tags=args.customer_data.tags(SERVICE) | kept_by("is-backup"),
                key_arn=args.backups_key_arn,
                access_logs=args.access_logs,
                expire_after_days=days - 1,
                noncurrent_days=1,
                lock=Lock("GOVERNANCE" if self._scope.disposable else "COMPLIANCE", days),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _create_node(
        self,
        shard: int,
        replica: int,
        image: pulumi.Output[str],
        profile: pulumi.Output[str],
        before: list[pulumi.Resource],
    ) -> None:
        args, disposable = self._args, self._scope.disposable
        name = f"{self.pulumi_resource_name}-{shard + 1}-{replica + 1}"
        zone = (shard + replica) % len(args.network.zones)
        place = {"Name": f"{self._scope.prefix}-{name}", "shard": str(shard + 1), "replica": str(replica + 1)}
        node = ec2.Instance(
            name,
            ami=image,
            instance_type=args.instance_type,
            subnet_id=args.network.subnets["isolated"][zone].id,
            vpc_security_group_ids=[self._group.id],
            associate_public_ip_address=False,
            iam_instance_profile=profile,
            metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1, "http_endpoint": "enabled"},
            root_block_device={
                "encrypted": True,
                "kms_key_id": args.data_key_arn,
                "volume_type": "gp3",
                "volume_size": ROOT_GIB,
                "tags": self._tags | place,
            },
            ebs_optimized=True,
            monitoring=True,
            disable_api_termination=not disposable,
            disable_api_stop=not disposable,
            user_data=self.backups.name.apply(
                lambda bucket: node_start.script(self._scope.region, bucket, DEVICE, shard + 1, replica + 1)
            ),
            tags=self._tags | place,
            # A newer image or script is for new nodes: nodes are replaced one by one, never all at once by an update.
            opts=pulumi.ResourceOptions.merge(
                self._kept, pulumi.ResourceOptions(depends_on=before, ignore_changes=["ami", "userData"])
            ),
        )
        volume = ebs.Volume(
            f"{name}-data",
            availability_zone=args.network.zones[zone],
            encrypted=True,
            kms_key_id=args.data_key_arn,
            type="gp3",
            size=args.volume_gib,
            tags=args.customer_data.tags(SERVICE) | place | retention_tag(args.backup_retention_days),
            opts=self._kept,
        )
        ec2.VolumeAttachment(
            f"{name}-data",
            device_name=DEVICE,
            instance_id=node.id,
            volume_id=volume.id,
            stop_instance_before_detaching=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
