"""Aurora."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of


def _tags(account: Account, arn: str) -> dict[str, str]:
    return tags_of(account.client("rds").list_tags_for_resource(ResourceName=arn)["TagList"])


def _subnet_group(account: Account, name: str) -> dict[str, Any]:
    [group] = account.client("rds").describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    return {
        "subnets": {subnet["SubnetIdentifier"] for subnet in group["Subnets"]},
        "tags": _tags(account, group["DBSubnetGroupArn"]),
    }


def _retag_subnet_group(account: Account, name: str) -> None:
    rds = account.client("rds")
    [group] = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    rds.add_tags_to_resource(ResourceName=group["DBSubnetGroupArn"], Tags=[{"Key": "owner", "Value": "by hand"}])


def _cluster(account: Account, name: str) -> dict[str, Any]:
    [cluster] = account.client("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
    return {
        "engine": cluster["Engine"],
        "encrypted": (cluster["StorageEncrypted"], cluster["KmsKeyId"]),
        "days": cluster["BackupRetentionPeriod"],
        "protected": cluster["DeletionProtection"],
        "managed": "MasterUserSecret" in cluster,
        "iam": cluster["IAMDatabaseAuthenticationEnabled"],
        "logs": {*cluster["EnabledCloudwatchLogsExports"]},
        "capacity": cluster["ServerlessV2ScalingConfiguration"],
        "group": cluster["DBSubnetGroup"],
        "tags": _tags(account, cluster["DBClusterArn"]),
    }


def _cluster_inputs(account: Account) -> dict[str, Any]:
    subnets = account.subnets(account.vpc())
    account.client("rds").create_db_subnet_group(
        DBSubnetGroupName="case-group", DBSubnetGroupDescription="case", SubnetIds=subnets
    )
    return {
        "clusterIdentifier": "case-cluster",
        "engine": "aurora-postgresql",
        "engineVersion": "16.6",
        "dbSubnetGroupName": "case-group",
        "masterUsername": "hedgerow",
        "manageMasterUserPassword": True,
        "storageEncrypted": True,
        "kmsKeyId": account.key(),
        "backupRetentionPeriod": 35,
        "deletionProtection": True,
        "iamDatabaseAuthenticationEnabled": True,
        "copyTagsToSnapshot": True,
        "enabledCloudwatchLogsExports": ["postgresql"],
        "serverlessv2ScalingConfiguration": {"minCapacity": 0.5, "maxCapacity": 4},
        "skipFinalSnapshot": True,
        "tags": {"class": "restricted", "owner": "data"},
    }


def _cluster_seen(inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "engine": "aurora-postgresql",
        "encrypted": (True, inputs["kmsKeyId"]),
        "days": inputs["backupRetentionPeriod"],
        "protected": inputs.get("deletionProtection", False),
        "managed": True,
        "iam": True,
        "logs": {*inputs["enabledCloudwatchLogsExports"]},
        "capacity": {"MinCapacity": 0.5, "MaxCapacity": inputs["serverlessv2ScalingConfiguration"]["maxCapacity"]},
        "group": "case-group",
        "tags": inputs["tags"],
    }


def _parameter_group(account: Account, name: str) -> dict[str, Any]:
    rds = account.client("rds")
    [group] = rds.describe_db_cluster_parameter_groups(DBClusterParameterGroupName=name)["DBClusterParameterGroups"]
    parameters = rds.describe_db_cluster_parameters(DBClusterParameterGroupName=name)["Parameters"]
    return {
        "family": group["DBParameterGroupFamily"],
        "description": group["Description"],
        "parameters": {each["ParameterName"]: (each["ParameterValue"], each["ApplyMethod"]) for each in parameters},
        "tags": _tags(account, group["DBClusterParameterGroupArn"]),
    }


def _set_by_hand(account: Account, name: str) -> None:
    parameter = {"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "pending-reboot"}
    account.client("rds").modify_db_cluster_parameter_group(DBClusterParameterGroupName=name, Parameters=[parameter])


_MANY = [{"name": f"setting_{place}", "value": str(place), "applyMethod": "pending-reboot"} for place in range(45)]
_FORCE_TLS = {"name": "rds.force_ssl", "value": "1", "applyMethod": "pending-reboot"}


def _instance(account: Account, name: str) -> dict[str, Any]:
    [instance] = account.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return {
        "cluster": instance["DBClusterIdentifier"],
        "class": instance["DBInstanceClass"],
        "zone": instance["AvailabilityZone"],
        "public": instance["PubliclyAccessible"],
        "certificate": instance["CACertificateIdentifier"],
        "seconds": instance["MonitoringInterval"],
        "insights": (
            instance["PerformanceInsightsEnabled"],
            instance.get("PerformanceInsightsKMSKeyId"),
            instance.get("PerformanceInsightsRetentionPeriod"),
        ),
        "tier": instance["PromotionTier"],
        "tags": _tags(account, instance["DBInstanceArn"]),
    }


def _instance_inputs(account: Account) -> dict[str, Any]:
    account.client("rds").create_db_cluster(
        DBClusterIdentifier="case-cluster",
        Engine="aurora-postgresql",
        MasterUsername="hedgerow",
        ManageMasterUserPassword=True,
    )
    role = account.role("monitoring.rds.amazonaws.com")
    return {
        "identifier": "case-instance",
        "clusterIdentifier": "case-cluster",
        "engine": "aurora-postgresql",
        "instanceClass": "db.r6g.large",
        "availabilityZone": "us-west-2b",
        "publiclyAccessible": False,
        "autoMinorVersionUpgrade": True,
        "caCertIdentifier": "rds-ca-rsa2048-g1",
        "copyTagsToSnapshot": True,
        "monitoringInterval": 60,
        "monitoringRoleArn": f"arn:aws:iam::123456789012:role/{role}",
        "performanceInsightsEnabled": True,
        "performanceInsightsKmsKeyId": account.key(),
        "performanceInsightsRetentionPeriod": 7,
        "promotionTier": 3,
        "tags": {"owner": "data"},
    }


def _instance_seen(inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "cluster": "case-cluster",
        "class": inputs["instanceClass"],
        "zone": "us-west-2b",
        "public": False,
        "certificate": "rds-ca-rsa2048-g1",
        "seconds": 60,
        "insights": (
            True,
            inputs["performanceInsightsKmsKeyId"],
            inputs["performanceInsightsRetentionPeriod"],
        ),
        "tier": inputs["promotionTier"],
        "tags": inputs["tags"],
    }


def _subscription(account: Account, name: str) -> dict[str, Any]:
    [found] = account.client("rds").describe_event_subscriptions(SubscriptionName=name)["EventSubscriptionsList"]
    return {
        "of": (found["SourceType"], {*found["EventCategoriesList"]}),
        "to": found["SnsTopicArn"],
        "on": found["Enabled"],
        "tags": _tags(account, found["EventSubscriptionArn"]),
    }


CASES = (
    Case(
        "aws:rds/subnetGroup:SubnetGroup",
        inputs=lambda account: {
            "name": "case-new-group",
            "subnetIds": account.subnets(account.vpc())[::-1],
            "tags": {"owner": "data"},
        },
        seen=_subnet_group,
        created=lambda inputs: {"subnets": {*inputs["subnetIds"]}, "tags": {"owner": "data"}},
        update=lambda account: {
            "subnetIds": account.subnets(account.vpc())[1:],
            "description": "Two zones",
            "tags": {"class": "restricted", "owner": "data"},
        },
        updated=lambda inputs: {"subnets": {*inputs["subnetIds"]}, "tags": {"class": "restricted", "owner": "data"}},
        drift=_retag_subnet_group,
        drifted={"tags": {"class": "restricted", "owner": "by hand"}},
        outputs=("arn", "description", "name", "region", "subnetIds", "tagsAll", "vpcId"),
        never="never",
    ),
    Case(
        "aws:rds/cluster:Cluster",
        inputs=_cluster_inputs,
        seen=_cluster,
        created=_cluster_seen,
        update={
            "backupRetentionPeriod": 30,
            "deletionProtection": None,
            "enabledCloudwatchLogsExports": ["instance"],
            "serverlessv2ScalingConfiguration": {"minCapacity": 0.5, "maxCapacity": 8},
            "tags": {"class": "restricted", "service": "web"},
        },
        updated=_cluster_seen,
        drift=lambda account, name: account.client("rds").modify_db_cluster(
            DBClusterIdentifier=name, BackupRetentionPeriod=1
        ),
        drifted={"backupRetentionPeriod": 1},
        outputs=(
            "arn",
            "availabilityZones",
            "clusterResourceId",
            "endpoint",
            "engineVersionActual",
            "masterUserSecrets",
            "port",
            "readerEndpoint",
            "region",
            "tagsAll",
        ),
        never="never",
    ),
    Case(
        "aws:rds/clusterParameterGroup:ClusterParameterGroup",
        inputs=lambda _: {
            "name": "case-parameters",
            "family": "aurora-postgresql17",
            "parameters": [_FORCE_TLS, *_MANY],
            "tags": {"owner": "data"},
        },
        seen=_parameter_group,
        created={
            "family": "aurora-postgresql17",
            "description": "Managed by Pulumi",
            "parameters": {
                "rds.force_ssl": ("1", "pending-reboot"),
                **{parameter["name"]: (parameter["value"], "pending-reboot") for parameter in _MANY},
            },
            "tags": {"owner": "data"},
        },
        update={"parameters": [{"name": "log_connections", "value": "1"}, _FORCE_TLS], "tags": {"owner": "web"}},
        updated={
            "family": "aurora-postgresql17",
            "description": "Managed by Pulumi",
            "parameters": {"rds.force_ssl": ("1", "pending-reboot"), "log_connections": ("1", "immediate")},
            "tags": {"owner": "web"},
        },
        drift=_set_by_hand,
        drifted={"parameters": [{"name": "log_connections", "value": "1"}, {**_FORCE_TLS, "value": "0"}]},
        outputs=("arn", "description", "family", "name", "parameters", "region", "tagsAll"),
        never="never",
    ),
    Case(
        "aws:rds/clusterInstance:ClusterInstance",
        inputs=_instance_inputs,
        seen=_instance,
        created=_instance_seen,
        update={
            "instanceClass": "db.r6g.xlarge",
            "performanceInsightsRetentionPeriod": 93,
            "promotionTier": 0,
            "tags": {"class": "restricted"},
        },
        updated=_instance_seen,
        drift=lambda account, name: account.client("rds").modify_db_instance(
            DBInstanceIdentifier=name, PromotionTier=9
        ),
        drifted={"promotionTier": 9},
        outputs=(
            "arn",
            "dbiResourceId",
            "endpoint",
            "engineVersionActual",
            "port",
            "region",
            "storageEncrypted",
            "tagsAll",
            "writer",
        ),
        never="never",
    ),
    Case(
        "aws:rds/eventSubscription:EventSubscription",
        inputs=lambda _account: {
            "name": "case-events",
            "snsTopic": "arn:aws:sns:us-west-2:123456789012:alarms",
            "sourceType": "db-cluster",
            "eventCategories": ["failure", "maintenance"],
            "tags": {"owner": "data"},
        },
        seen=_subscription,
        created={
            "of": ("db-cluster", {"failure", "maintenance"}),
            "to": "arn:aws:sns:us-west-2:123456789012:alarms",
            "on": True,
            "tags": {"owner": "data"},
        },
        update={"eventCategories": ["failure"], "tags": {"owner": "web"}},
        updated={
            "of": ("db-cluster", {"failure"}),
            "to": "arn:aws:sns:us-west-2:123456789012:alarms",
            "on": True,
            "tags": {"owner": "web"},
        },
        drift=lambda account, name: account.client("rds").modify_event_subscription(
            SubscriptionName=name, Enabled=False
        ),
        drifted={},
        outputs=("arn", "enabled", "eventCategories", "name", "region", "snsTopic", "sourceType"),
        never="never",
    ),
)
