"""The cache: Valkey on ElastiCache, for sessions and queued tasks.

Enters: the isolated subnets, the key and the size. Leaves: `Cache` with its replication `group` and the security group
of its `clients`. Whoever connects does so over TLS, as `USER`, with a token that IAM signs: there is no password.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import elasticache

from infrastructure.clients import admit_clients
from infrastructure.logs import LogGroups
from infrastructure.network import Network
from infrastructure.promises import BACKUP_DAYS, CACHE_NODES, Recovery
from infrastructure.scope import CustomerData, DataClass, kept_by, retention_tag

SERVICE = "cache"
ENGINE = "valkey"
VERSION = "8.0"
PORT = 6380
"""Not the port of plain text, so that a client that does not speak TLS finds nothing."""
USER = "product"
ACCESS = (
    "on ~product:* resetchannels &product:* -@all +@read +@write +@connection +@pubsub +@transaction +@scripting "
    "-@dangerous"
)
"""The product's own keys and channels; no command that sees, empties or reconfigures the whole cache."""

LOGS = ("slow-log", "engine-log")
"""Neither holds customer data: a slow command is logged by its name and the count of its arguments ("Contents of a
slow log entry" in the ElastiCache user guide)."""

RECOVERY = Recovery(
    lost_minutes=24 * 60,
    lost_hours_with_region=None,
    restore_hours=1,
    in_plan=False,
    source="its daily snapshot, in the home region alone; elsewhere it starts empty: people sign in again, and tasks "
    "are queued again from the product database",
)
"""AWS Backup does not know ElastiCache, whose snapshots stay in their region unless they are exported."""


@dataclass(frozen=True)
class CacheArgs:
    """What varies between environments: where the cache is, who may decrypt it and how large it is."""

    customer_data: CustomerData
    network: Network
    log_groups: LogGroups
    key_arn: pulumi.Output[str]
    node_type: str
    nodes: int
    snapshot_days: int

    def __post_init__(self) -> None:
        CACHE_NODES.require("cache nodes", self.nodes)
        BACKUP_DAYS.require("cache snapshot_days", self.snapshot_days)


class Cache(pulumi.ComponentResource):
    """A primary and its replicas in several zones, one of which takes over when the primary fails."""

    def __init__(self, name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:cache:Cache", name, {}, opts)
        self._args = args
        self._scope = args.customer_data.scope
        self._identifier = f"{self._scope.stack}-{name}"  # ElastiCache takes 40 characters: less than the prefix needs
        self._child = pulumi.ResourceOptions(parent=self)
        self._tags = self._scope.tags(SERVICE, DataClass.INTERNAL)
        self.clients, store = admit_clients(name, self._scope, args.network, {PORT: "Valkey over TLS"}, self)
        self.group = self._create_group(name, store.id, self._create_users(name))
        self.register_outputs({"group": self.group.replication_group_id})

    def _create_users(self, name: str) -> elasticache.UserGroup:
        """IAM users have one name and id, and a group for Valkey takes users that authenticate alone.

        Source: "Role-Based Access Control (RBAC)" and "Authenticating with IAM" in the ElastiCache user guide.
        """
        user_id = f"{self._scope.stack}-{USER}"
        user = elasticache.User(
            f"{name}-{USER}",
            user_id=user_id,
            user_name=user_id,
            engine=ENGINE,
            access_string=ACCESS,
            authentication_mode={"type": "iam"},
            tags=self._tags,
            opts=self._child,
        )
        return elasticache.UserGroup(
            f"{name}-users",
            user_group_id=self._identifier,
            engine=ENGINE,
            user_ids=[user.user_id],
            tags=self._tags,
            opts=self._child,
        )

    def _create_group(
        self, name: str, security_group: pulumi.Output[str], users: elasticache.UserGroup
    ) -> elasticache.ReplicationGroup:
        args, disposable = self._args, self._scope.disposable
        subnets = elasticache.SubnetGroup(
            name,
            name=self._identifier,
            description="Isolated subnets",
            subnet_ids=[subnet.id for subnet in args.network.subnets["isolated"]],
            tags=self._tags,
            opts=self._child,
        )
        logs = {
            kind: args.log_groups.create(
                f"{name}-{kind}-group", self._scope.log_group(f"{SERVICE}/{kind}"), SERVICE, self
            )
            for kind in LOGS
        }
        zones = args.network.zones
        return elasticache.ReplicationGroup(
            name,
            replication_group_id=self._identifier,
            description="Sessions and queued tasks",
            engine=ENGINE,
            engine_version=VERSION,
            node_type=args.node_type,
            num_cache_clusters=args.nodes,
            preferred_cache_cluster_azs=[zones[index % len(zones)] for index in range(args.nodes)],
            automatic_failover_enabled=True,
            multi_az_enabled=True,
            port=PORT,
            subnet_group_name=subnets.name,
            security_group_ids=[security_group],
            user_group_ids=[users.user_group_id],
            at_rest_encryption_enabled=True,
            kms_key_id=args.key_arn,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            auto_minor_version_upgrade=True,
            apply_immediately=True,
            maintenance_window="sun:11:00-sun:12:00",
            snapshot_window="09:00-10:00",
            snapshot_retention_limit=args.snapshot_days,
            final_snapshot_identifier=None if disposable else f"{self._identifier}-final",
            log_delivery_configurations=[
                {
                    "destination": group.name,
                    "destination_type": "cloudwatch-logs",
                    "log_format": "json",
                    "log_type": kind,
                }
                for kind, group in logs.items()
            ],
            tags=args.customer_data.tags(SERVICE) | kept_by("own-snapshots") | retention_tag(args.snapshot_days),
            opts=pulumi.ResourceOptions(parent=self, protect=not disposable),
        )
