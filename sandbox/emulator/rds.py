"""RDS as documented, where moto differs: changes of groups and of log exports, and what an instance remembers."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import DBSubnetGroupNotFoundError
from moto.rds.models import DBCluster, DBInstance, DBInstanceClustered, DBSubnetGroup, RDSBackend
from moto.rds.responses import RDSResponse

from sandbox.emulator.extensions import put

_create_cluster, _modify_cluster = RDSBackend.create_db_cluster, RDSBackend.modify_db_cluster
_delete_cluster = RDSBackend.delete_db_cluster
_create_instance, _modify_instance = RDSBackend.create_db_instance, RDSBackend.modify_db_instance

PERFORMANCE_INSIGHTS_DAYS = 7
"""CreateDBInstance, PerformanceInsightsRetentionPeriod: "Default: 7 days"."""
LIFECYCLE_SUPPORT = "open-source-rds-extended-support"
"""CreateDBCluster, EngineLifecycleSupport: "By default, this value is set to open-source-rds-extended-support"."""


def install() -> None:
    """Correct moto's operations and add the missing one."""
    put(RDSBackend, modify_db_subnet_group, create_db_cluster, modify_db_cluster, delete_db_cluster)
    put(RDSBackend, create_db_instance, modify_db_instance)
    put(RDSResponse, reset_db_cluster_parameter_group, create_event_subscription, modify_event_subscription)


def _as_described(settings: Any) -> Any:
    """Performance Insights are enabled by one name and described by another, the one that moto must keep."""
    if "enable_performance_insights" in settings:
        settings["performance_insights_enabled"] = settings.pop("enable_performance_insights")
        if settings["performance_insights_enabled"]:
            settings.setdefault("performance_insights_retention_period", PERFORMANCE_INSIGHTS_DAYS)
    return settings


def _remember(created: Any, settings: Any) -> None:
    """What moto drops of a creation: the same names describe it."""
    for name, value in settings.items():
        if value is not None and name not in vars(created) and not hasattr(type(created), name):
            setattr(created, name, value)


def modify_db_subnet_group(
    self: RDSBackend, subnet_name: str, description: str | None, subnets: list[Any]
) -> DBSubnetGroup:
    """The group is there afterwards, which moto forgets."""
    group = self.subnet_groups.get(subnet_name)
    if group is None:
        raise DBSubnetGroupNotFoundError(subnet_name)
    group.subnets = subnets
    if description is not None:
        group.description = description
    return group


def create_db_cluster(self: RDSBackend, kwargs: Any) -> DBCluster:
    kwargs.setdefault("engine_lifecycle_support", LIFECYCLE_SUPPORT)
    cluster = _create_cluster(self, _as_described(kwargs))
    _remember(cluster, kwargs)
    return cluster


def modify_db_cluster(self: RDSBackend, kwargs: Any) -> DBCluster:
    """Log exports change by difference: types to enable, types to disable."""
    changes = kwargs.pop("cloudwatch_logs_export_configuration", None) or {}
    answer = _modify_cluster(self, _as_described(kwargs))
    if changes:
        cluster = self.clusters[answer.db_cluster_identifier]
        disabled = changes.get("disable_log_types") or []
        kept = [name for name in cluster.enabled_cloudwatch_logs_exports if name not in disabled]
        kept += [name for name in changes.get("enable_log_types") or [] if name not in kept]
        cluster.enabled_cloudwatch_logs_exports = answer.enabled_cloudwatch_logs_exports = kept
    return answer


def delete_db_cluster(self: RDSBackend, cluster_identifier: str, snapshot_name: str | None = None) -> DBCluster:
    """ "When you delete a DB cluster, all automated backups for that DB cluster are deleted." """
    deleted = _delete_cluster(self, cluster_identifier, snapshot_name)
    for name, snapshot in list(self.cluster_snapshots.items()):
        if snapshot.db_cluster_identifier == deleted.db_cluster_identifier and snapshot.snapshot_type == "automated":
            del self.cluster_snapshots[name]
    return deleted


def create_db_instance(self: RDSBackend, db_kwargs: Any) -> DBInstance:
    """An instance of a cluster is in the cluster's subnets."""
    cluster = self.clusters.get(db_kwargs.get("db_cluster_identifier"))
    if cluster is not None and cluster.db_subnet_group in self.subnet_groups:
        db_kwargs.setdefault("db_subnet_group_name", cluster.db_subnet_group)
    instance = _create_instance(self, _as_described(db_kwargs))
    _remember(instance, db_kwargs)
    return instance


def modify_db_instance(self: RDSBackend, db_instance_identifier: str, db_kwargs: Any) -> DBInstance:
    """ "The version number of the database engine [an Aurora] instance uses is managed by the DB cluster." """
    if isinstance(self.databases.get(db_instance_identifier), DBInstanceClustered):
        db_kwargs.pop("engine_version", None)
    return _modify_instance(self, db_instance_identifier, _as_described(db_kwargs))


def reset_db_cluster_parameter_group(self: RDSResponse) -> ActionResult:
    """Back to the engine's defaults: every parameter, or those that are named."""
    name = self.params.get("DBClusterParameterGroupName")
    self.backend.describe_db_cluster_parameters(name)  # raises "not found"
    parameters = self.backend.db_cluster_parameter_groups[name].parameters
    named = [parameter["ParameterName"] for parameter in self.params.get("Parameters") or []]
    for parameter in list(parameters) if self.params.get("ResetAllParameters") else named:
        parameters.pop(parameter, None)
    return ActionResult({"DBClusterParameterGroupName": name})


def create_event_subscription(self: RDSResponse) -> ActionResult:
    """CreateEventSubscription, Enabled: it is, unless the request says otherwise."""
    self.params.setdefault("Enabled", True)
    return ActionResult({"EventSubscription": self.backend.create_event_subscription(self.params)})


def modify_event_subscription(self: RDSResponse) -> ActionResult:
    """A member that isn't given stays as it is."""
    (subscription,) = self.backend.describe_event_subscriptions(self.params.get("SubscriptionName"))
    for member, name in (
        ("SnsTopicArn", "sns_topic_arn"),
        ("SourceType", "source_type"),
        ("EventCategories", "event_categories"),
        ("Enabled", "enabled"),
    ):
        if self.params.get(member) is not None:
            setattr(subscription, name, self.params[member])
    return ActionResult({"EventSubscription": subscription})
