"""Aurora: subnet groups, parameter groups, clusters and their instances."""

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

_TAGGING = Tagging(
    "add_tags_to_resource", "remove_tags_from_resource", "list_tags_for_resource", {"ResourceName": "{arn}"}
)

_APPLY_METHOD = "immediate"


def _change_log_exports(scope: Scope, old: Props) -> None:
    """Exports are created as a set but changed by difference."""
    wanted, before = (set(props.get("enabledCloudwatchLogsExports") or ()) for props in (scope, old))
    scope.call(
        "modify_db_cluster",
        DBClusterIdentifier=scope["id"],
        CloudwatchLogsExportConfiguration={
            "EnableLogTypes": sorted(wanted - before),
            "DisableLogTypes": sorted(before - wanted),
        },
    )


def _change_parameters(scope: Scope, old: Props) -> None:
    """Set what is new or other than it was, and reset what is no longer given, by at most 20 a call.

    20: "A maximum of 20 parameters can be modified in a single request" (ModifyDBClusterParameterGroup).
    """
    wanted, before = (
        {
            parameter["name"]: {
                "ParameterName": parameter["name"],
                "ParameterValue": parameter["value"],
                "ApplyMethod": parameter.get("applyMethod") or _APPLY_METHOD,
            }
            for parameter in props.get("parameters") or ()
        }
        for props in (scope, old)
    )
    changed = [parameter for name, parameter in wanted.items() if before.get(name) != parameter]
    removed = [
        {member: parameter[member] for member in ("ParameterName", "ApplyMethod")}
        for name, parameter in before.items()
        if name not in wanted
    ]
    for operation, parameters in (
        ("modify_db_cluster_parameter_group", changed),
        ("reset_db_cluster_parameter_group", removed),
    ):
        for start in range(0, len(parameters), 20):
            batch = parameters[start : start + 20]
            scope.call(operation, DBClusterParameterGroupName=scope["id"], Parameters=batch)


RECORDS = (
    Record(
        "aws:rds/subnetGroup:SubnetGroup",
        service="rds",
        noun="DBSubnetGroup",
        key={"DBSubnetGroupName": "{name}"},
        id="{name}",
        create=Call("create_db_subnet_group", at="DBSubnetGroup"),
        reads=(
            Call(
                "describe_db_subnet_groups", at="DBSubnetGroups[0]", names={"subnetIds": "Subnets[].SubnetIdentifier"}
            ),
        ),
        updates=(Call("modify_db_subnet_group"),),
        deletes=(Call("delete_db_subnet_group"),),
        defaults={"description": "Managed by Pulumi"},
        tagging=_TAGGING,
    ),
    Record(
        "aws:rds/cluster:Cluster",
        service="rds",
        noun="DB",
        key={"DBClusterIdentifier": "{clusterIdentifier}"},
        id="{clusterIdentifier}",
        create=Call("create_db_cluster", at="DBCluster"),
        reads=(
            Call(
                "describe_db_clusters",
                at="DBClusters[0]",
                names={
                    "caCertificateIdentifier": "CertificateDetails.CAIdentifier",
                    "caCertificateValidTill": "CertificateDetails.ValidTill",
                    "clusterMembers": "DBClusterMembers[].DBInstanceIdentifier",
                    "dbClusterParameterGroupName": "DBClusterParameterGroup",
                    "dbSubnetGroupName": "DBSubnetGroup",
                    "enableGlobalWriteForwarding": "GlobalWriteForwardingRequested",
                    "enableHttpEndpoint": "HttpEndpointEnabled",
                    "engineVersionActual": "EngineVersion",
                    "manageMasterUserPassword": "MasterUserSecret != null",
                    "masterUserSecretKmsKeyId": "MasterUserSecret.KmsKeyId",
                    "masterUserSecrets": "MasterUserSecret && [MasterUserSecret]",
                    "scalingConfiguration": "ScalingConfigurationInfo",
                    "vpcSecurityGroupIds": "VpcSecurityGroups[].VpcSecurityGroupId",
                },
            ),
        ),
        updates=(Call("modify_db_cluster"), Code(("enabledCloudwatchLogsExports",), _change_log_exports)),
        deletes=(Call("delete_db_cluster"),),
        names={
            "arn": "DBClusterArn",
            "clusterResourceId": "DbClusterResourceId",
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
            "finalSnapshotIdentifier": "FinalDBSnapshotIdentifier",
            "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "masterPassword": "MasterUserPassword",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
        },
        defaults={"deletionProtection": False},
        flags=frozenset(
            {
                "allowMajorVersionUpgrade",
                "applyImmediately",
                "deleteAutomatedBackups",
                "finalSnapshotIdentifier",
                "skipFinalSnapshot",
            }
        ),
        tagging=_TAGGING,
        ready="db_cluster_available",
        deleted="db_cluster_deleted",
    ),
    Record(
        "aws:rds/clusterParameterGroup:ClusterParameterGroup",
        service="rds",
        noun="DBClusterParameterGroup",
        key={"DBClusterParameterGroupName": "{name}"},
        id="{name}",
        create=Call("create_db_cluster_parameter_group", at="DBClusterParameterGroup"),
        reads=(
            Call("describe_db_cluster_parameter_groups", at="DBClusterParameterGroups[0]"),
            Call("describe_db_cluster_parameters", given={"Source": "user"}, only=("parameters",)),
        ),
        updates=(Code(("parameters",), _change_parameters),),
        deletes=(Call("delete_db_cluster_parameter_group"),),
        names={
            "family": "DBParameterGroupFamily",
            "parameters.name": "ParameterName",
            "parameters.value": "ParameterValue",
        },
        defaults={
            "description": "Managed by Pulumi",
            "parameters": [],
            "parameters.applyMethod": _APPLY_METHOD,
        },
        tagging=_TAGGING,
    ),
    Record(
        "aws:rds/clusterInstance:ClusterInstance",
        service="rds",
        noun="DB",
        key={"DBInstanceIdentifier": "{identifier}"},
        id="{identifier}",
        create=Call("create_db_instance", at="DBInstance"),
        reads=(
            Call(
                "describe_db_instances",
                at="DBInstances[0]",
                names={
                    "dbParameterGroupName": "DBParameterGroups[0].DBParameterGroupName",
                    "dbSubnetGroupName": "DBSubnetGroup.DBSubnetGroupName",
                    "endpoint": "Endpoint.Address",
                    "engineVersionActual": "EngineVersion",
                    "port": "Endpoint.Port",
                },
            ),
            Call(
                "describe_db_clusters",
                at="DBClusters[0].DBClusterMembers[?DBInstanceIdentifier == '{id}'] | [0]",
                given={"DBClusterIdentifier": "{clusterIdentifier}"},
                only=("writer",),
                names={"writer": "IsClusterWriter"},
            ),
        ),
        updates=(Call("modify_db_instance"),),
        deletes=(Call("delete_db_instance"),),
        names={
            "arn": "DBInstanceArn",
            "caCertIdentifier": "CACertificateIdentifier",
            "instanceClass": "DBInstanceClass",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
        },
        flags=frozenset({"applyImmediately", "forceDestroy"}),
        replace_on=frozenset({"dbSubnetGroupName", "engine"}),
        tagging=_TAGGING,
        ready="db_instance_available",
        deleted="db_instance_deleted",
    ),
    Record(
        "aws:rds/eventSubscription:EventSubscription",
        service="rds",
        noun="EventSubscription",
        key={"SubscriptionName": "{name}"},
        id="{name}",
        create=Call("create_event_subscription", at="EventSubscription"),
        reads=(Call("describe_event_subscriptions", at="EventSubscriptionsList[0]"),),
        updates=(Call("modify_event_subscription"),),
        deletes=(Call("delete_event_subscription"),),
        names={"snsTopic": "SnsTopicArn"},
        defaults={"enabled": True},
        tagging=_TAGGING,
    ),
)
