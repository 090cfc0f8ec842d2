"""The product database: Aurora PostgreSQL, a store of customer data.

Enters: the isolated subnets, the keys and the size. Leaves: `ProductDatabase` with its `cluster` and the security
group of its `clients`, whose members alone may connect, over TLS.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, iam, rds

from infrastructure.clients import admit_clients
from infrastructure.documents import trust
from infrastructure.logs import LogGroups
from infrastructure.network import Network
from infrastructure.promises import BACKUP_DAYS, DATABASE_INSTANCES, Recovery
from infrastructure.scope import CustomerData, DataClass, Scope, retention_tag

SERVICE = "product-database"
ENGINE = rds.EngineType.AURORA_POSTGRESQL
MAJOR_VERSION = "17"
"""A major version alone, so that AWS picks the minor one and keeps it current."""

PORT = 5433
"""Not the engine's default: RDS.23."""

RECOVERY = Recovery(
    lost_minutes=5,
    lost_hours_with_region=24,
    restore_hours=4,
    in_plan=True,
    source="the continuous backup of the last 35 days; in the recovery region its daily copy",
)
"""Aurora's latest restorable time is typically within the last five minutes."""

PARAMETERS = {
    "rds.force_ssl": "1",
    "ssl_min_protocol_version": "TLSv1.2",
    "shared_preload_libraries": "pg_stat_statements,pgaudit",
    "pgaudit.log": "ddl,role",
    "log_connections": "1",
    "log_disconnections": "1",
    # Logs outlive the erasure window, so no row may reach them: neither an error's detail nor its statement.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True)
class ProductDatabaseArgs:
    """What varies between environments: where the database is, who may decrypt it and how large it is."""

    customer_data: CustomerData
    network: Network
    log_groups: LogGroups
    data_key_arn: pulumi.Output[str]
    secrets_key_arn: pulumi.Output[str]
    instance_class: str
    instances: int
    backup_retention_days: int

    def __post_init__(self) -> None:
        DATABASE_INSTANCES.require("database instances", self.instances)
        BACKUP_DAYS.require("database backup_retention_days", self.backup_retention_days)


def cluster_identifier(scope: Scope) -> str:
    """The cluster's name, fixed so that the path of its log group is known."""
    return f"{scope.prefix}-{SERVICE}"


def log_group(scope: Scope) -> str:
    """The path that RDS exports the cluster's PostgreSQL logs to."""
    return f"/aws/rds/cluster/{cluster_identifier(scope)}/postgresql"


class ProductDatabase(pulumi.ComponentResource):
    """A cluster that spans zones in subnets without a way out, and a master password that nobody has seen."""

    def __init__(self, name: str, args: ProductDatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:database:ProductDatabase", name, {}, opts)
        self._args = args
        self._scope = args.customer_data.scope
        self._identifier = cluster_identifier(self._scope)
        self._child = pulumi.ResourceOptions(parent=self)
        self._stateful = pulumi.ResourceOptions(parent=self, protect=not self._scope.disposable)
        self._tags = self._scope.tags(SERVICE, DataClass.INTERNAL)
        self.clients, group = admit_clients(name, self._scope, args.network, {PORT: "PostgreSQL over TLS"}, self)
        self.cluster = self._create_cluster(group)
        self._create_instances()
        self.register_outputs({"endpoint": self.cluster.endpoint})

    def _create_cluster(self, group: ec2.SecurityGroup) -> rds.Cluster:
        args, disposable = self._args, self._scope.disposable
        exports = args.log_groups.create(
            f"{self.pulumi_resource_name}-log-group", log_group(self._scope), SERVICE, self
        )
        subnets = rds.SubnetGroup(
            self.pulumi_resource_name,
            description="Isolated subnets",
            subnet_ids=[subnet.id for subnet in args.network.subnets["isolated"]],
            tags=self._tags,
            opts=self._child,
        )
        return rds.Cluster(
            self.pulumi_resource_name,
            cluster_identifier=self._identifier,
            engine=ENGINE,
            engine_version=MAJOR_VERSION,
            engine_lifecycle_support="open-source-rds-extended-support-disabled",
            database_name="product",
            port=PORT,
            master_username="hedgerow_owner",
            manage_master_user_password=True,
            master_user_secret_kms_key_id=args.secrets_key_arn,
            iam_database_authentication_enabled=True,
            storage_encrypted=True,
            kms_key_id=args.data_key_arn,
            db_subnet_group_name=subnets.name,
            db_cluster_parameter_group_name=self._create_parameters().name,
            vpc_security_group_ids=[group.id],
            backup_retention_period=args.backup_retention_days,
            preferred_backup_window="09:00-09:30",
            preferred_maintenance_window="sun:11:00-sun:11:30",
            copy_tags_to_snapshot=True,
            delete_automated_backups=disposable,
            skip_final_snapshot=disposable,
            final_snapshot_identifier=None if disposable else f"{self._identifier}-final",
            deletion_protection=not disposable,
            enabled_cloudwatch_logs_exports=["postgresql"],
            tags=args.customer_data.tags(SERVICE) | retention_tag(args.backup_retention_days),
            opts=pulumi.ResourceOptions.merge(self._stateful, pulumi.ResourceOptions(depends_on=[exports])),
        )

    def _create_parameters(self) -> rds.ClusterParameterGroup:
        return rds.ClusterParameterGroup(
            self.pulumi_resource_name,
            description="TLS for every connection, and an audit log without customer data",
            family=f"aurora-postgresql{MAJOR_VERSION}",
            parameters=[
                {"name": name, "value": value, "apply_method": "pending-reboot"} for name, value in PARAMETERS.items()
            ],
            tags=self._tags,
            opts=self._child,
        )

    def _create_instances(self) -> None:
        args = self._args
        role, permissions = self._create_monitoring_role()
        zones = args.network.zones
        for index in range(args.instances):
            rds.ClusterInstance(
                f"{self.pulumi_resource_name}-{index}",
                identifier=f"{self._identifier}-{index}",
                cluster_identifier=self.cluster.cluster_identifier,
                engine=ENGINE,
                instance_class=args.instance_class,
                availability_zone=zones[index % len(zones)],
                publicly_accessible=False,
                auto_minor_version_upgrade=True,
                ca_cert_identifier="rds-ca-rsa2048-g1",
                monitoring_interval=60,
                monitoring_role_arn=role.arn,
                performance_insights_enabled=True,
                performance_insights_kms_key_id=args.data_key_arn,
                performance_insights_retention_period=7,
                promotion_tier=index,
                tags=self._scope.tags(SERVICE, args.customer_data.data_class),
                opts=pulumi.ResourceOptions.merge(self._stateful, pulumi.ResourceOptions(depends_on=[permissions])),
            )

    def _create_monitoring_role(self) -> tuple[iam.Role, iam.RolePolicyAttachment]:
        """Source: "Setting up and enabling Enhanced Monitoring" in the RDS user guide."""
        source = self._scope.arn("rds", f"db:{self._identifier}-*")
        role = iam.Role(
            f"{self.pulumi_resource_name}-monitoring-role",
            description="RDS Enhanced Monitoring delivers metrics",
            assume_role_policy=trust(
                "monitoring.rds.amazonaws.com",
                {"StringEquals": {"aws:SourceAccount": self._scope.account}, "ArnLike": {"aws:SourceArn": source}},
            ),
            tags=self._tags,
            opts=self._child,
        )
        permissions = iam.RolePolicyAttachment(
            f"{self.pulumi_resource_name}-monitoring-role-policy",
            role=role.name,
            policy_arn="arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
            opts=pulumi.ResourceOptions(parent=role),
        )
        return role, permissions
