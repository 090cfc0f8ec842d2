"""ElastiCache: subnet groups, users who sign in through IAM, their groups, and replication groups."""

from collections.abc import Sequence

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

_TAGGING = Tagging(
    "add_tags_to_resource", "remove_tags_from_resource", "list_tags_for_resource", {"ResourceName": "{arn}"}
)


def _difference(scope: Scope, old: Props, name: str) -> tuple[Sequence[str], Sequence[str]]:
    """What is to be added to a set, and what to be removed."""
    wanted, before = (set(props.get(name) or ()) for props in (scope, old))
    return sorted(wanted - before), sorted(before - wanted)


def _change_members(scope: Scope, old: Props) -> None:
    added, removed = _difference(scope, old, "userIds")
    changes = {"UserIdsToAdd": added, "UserIdsToRemove": removed}
    scope.call(
        "modify_user_group", UserGroupId=scope["id"], **{member: users for member, users in changes.items() if users}
    )


def _change_user_groups(scope: Scope, old: Props) -> None:
    added, removed = _difference(scope, old, "userGroupIds")
    changes = {"UserGroupIdsToAdd": added, "UserGroupIdsToRemove": removed}
    scope.call(
        "modify_replication_group",
        ReplicationGroupId=scope["id"],
        ApplyImmediately=True,
        **{member: groups for member, groups in changes.items() if groups},
    )


def _change_log_deliveries(scope: Scope, old: Props) -> None:
    """Each kind is set by itself; one that is no longer given is turned off."""
    wanted, before = (
        {each["logType"]: each for each in props.get("logDeliveryConfigurations") or ()} for props in (scope, old)
    )
    on = [
        {
            "LogType": kind,
            "LogFormat": each["logFormat"],
            "DestinationType": each["destinationType"],
            "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": each["destination"]}},
        }
        for kind, each in wanted.items()
        if before.get(kind) != each
    ]
    off = [{"LogType": kind, "Enabled": False} for kind in before if kind not in wanted]
    scope.call(
        "modify_replication_group",
        ReplicationGroupId=scope["id"],
        ApplyImmediately=True,
        LogDeliveryConfigurations=on + off,
    )


def _change_nodes(scope: Scope, old: Props) -> None:
    """Replicas are added or taken away; the primary stays."""
    more = scope["numCacheClusters"] > old.get("numCacheClusters", 1)
    scope.call(
        "increase_replica_count" if more else "decrease_replica_count",
        ReplicationGroupId=scope["id"],
        NewReplicaCount=scope["numCacheClusters"] - 1,
        ApplyImmediately=True,
    )


_CREATED = (
    "atRestEncryptionEnabled",
    "autoMinorVersionUpgrade",
    "automaticFailoverEnabled",
    "description",
    "engine",
    "engineVersion",
    "kmsKeyId",
    "logDeliveryConfigurations",
    "maintenanceWindow",
    "multiAzEnabled",
    "nodeType",
    "numCacheClusters",
    "parameterGroupName",
    "port",
    "preferredCacheClusterAzs",
    "replicationGroupId",
    "securityGroupIds",
    "snapshotRetentionLimit",
    "snapshotWindow",
    "subnetGroupName",
    "transitEncryptionEnabled",
    "transitEncryptionMode",
    "userGroupIds",
)
"""Neither auth tokens nor shards: what a password or a node group would need, the sandbox refuses."""

_MODIFIED = (
    "applyImmediately",
    "autoMinorVersionUpgrade",
    "automaticFailoverEnabled",
    "description",
    "engine",
    "engineVersion",
    "maintenanceWindow",
    "multiAzEnabled",
    "nodeType",
    "parameterGroupName",
    "securityGroupIds",
    "snapshotRetentionLimit",
    "snapshotWindow",
    "transitEncryptionMode",
)

RECORDS = (
    Record(
        "aws:elasticache/subnetGroup:SubnetGroup",
        service="elasticache",
        noun="CacheSubnetGroup",
        key={"CacheSubnetGroupName": "{name}"},
        id="{name}",
        create=Call("create_cache_subnet_group", at="CacheSubnetGroup"),
        reads=(
            Call(
                "describe_cache_subnet_groups",
                at="CacheSubnetGroups[0]",
                names={"subnetIds": "Subnets[].SubnetIdentifier"},
            ),
        ),
        updates=(Call("modify_cache_subnet_group"),),
        deletes=(Call("delete_cache_subnet_group"),),
        defaults={"description": "Managed by Pulumi"},
        tagging=_TAGGING,
    ),
    Record(
        "aws:elasticache/user:User",
        service="elasticache",
        noun="User",
        key={"UserId": "{userId}"},
        id="{userId}",
        create=Call("create_user", only=("accessString", "authenticationMode", "engine", "userId", "userName")),
        reads=(Call("describe_users", at="Users[0]", names={"authenticationMode": "Authentication"}),),
        updates=(Call("modify_user", only=("accessString", "authenticationMode", "engine")),),
        deletes=(Call("delete_user"),),
        tagging=_TAGGING,
    ),
    Record(
        "aws:elasticache/userGroup:UserGroup",
        service="elasticache",
        noun="UserGroup",
        key={"UserGroupId": "{userGroupId}"},
        id="{userGroupId}",
        create=Call("create_user_group"),
        reads=(Call("describe_user_groups", at="UserGroups[0]"),),
        updates=(Code(("userIds",), _change_members), Call("modify_user_group", only=("engine",))),
        deletes=(Call("delete_user_group"),),
        tagging=_TAGGING,
    ),
    Record(
        "aws:elasticache/replicationGroup:ReplicationGroup",
        service="elasticache",
        noun="ReplicationGroup",
        key={"ReplicationGroupId": "{replicationGroupId}"},
        id="{replicationGroupId}",
        create=Call("create_replication_group", at="ReplicationGroup", only=_CREATED),
        reads=(
            Call(
                "describe_replication_groups",
                at="ReplicationGroups[0]",
                names={
                    "automaticFailoverEnabled": "AutomaticFailover == 'enabled'",
                    "description": "Description",
                    "multiAzEnabled": "MultiAZ == 'enabled'",
                    "numCacheClusters": "length(MemberClusters)",
                    "port": "NodeGroups[0].PrimaryEndpoint.Port",
                    "primaryEndpointAddress": "NodeGroups[0].PrimaryEndpoint.Address",
                    "readerEndpointAddress": "NodeGroups[0].ReaderEndpoint.Address",
                },
            ),
            Call(
                "describe_cache_clusters",
                at="CacheClusters[0]",
                given={"CacheClusterId": "{memberClusters[0]}"},
                only=(
                    "engineVersion",
                    "engineVersionActual",
                    "maintenanceWindow",
                    "parameterGroupName",
                    "securityGroupIds",
                    "subnetGroupName",
                ),
                names={
                    "engineVersionActual": "EngineVersion",
                    "parameterGroupName": "CacheParameterGroup.CacheParameterGroupName",
                    "securityGroupIds": "SecurityGroups[].SecurityGroupId",
                },
            ),
        ),
        updates=(
            Call("modify_replication_group", only=_MODIFIED),
            Code(("userGroupIds",), _change_user_groups),
            Code(("logDeliveryConfigurations",), _change_log_deliveries),
            Code(("numCacheClusters",), _change_nodes),
        ),
        deletes=(Call("delete_replication_group", only=("finalSnapshotIdentifier",)),),
        names={
            "logDeliveryConfigurations.destination": "DestinationDetails.CloudWatchLogsDetails.LogGroup",
            "maintenanceWindow": "PreferredMaintenanceWindow",
            "nodeType": "CacheNodeType",
            "parameterGroupName": "CacheParameterGroupName",
            "subnetGroupName": "CacheSubnetGroupName",
        },
        # The zones are those of the first nodes: AWS chooses them for what is added later.
        flags=frozenset({"applyImmediately", "finalSnapshotIdentifier", "preferredCacheClusterAzs"}),
        tagging=_TAGGING,
        ready="replication_group_available",
        deleted="replication_group_deleted",
    ),
)
