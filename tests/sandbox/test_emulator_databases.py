"""Databases are, in the emulator too, what AWS documents. boto3 alone looks."""

from typing import Any

from tests.sandbox.conformance.case import Account, refused


def test_a_modified_subnet_group_is_there_afterwards(account: Account) -> None:
    rds, subnets = account.client("rds"), account.subnets(account.vpc())
    group = {"DBSubnetGroupName": "group"}
    rds.create_db_subnet_group(**group, DBSubnetGroupDescription="first", SubnetIds=subnets)
    rds.modify_db_subnet_group(**group, SubnetIds=subnets[:2])
    [found] = rds.describe_db_subnet_groups(**group)["DBSubnetGroups"]
    assert {subnet["SubnetIdentifier"] for subnet in found["Subnets"]} == {*subnets[:2]}
    assert found["DBSubnetGroupDescription"] == "first"
    with refused("DBSubnetGroupNotFoundFault"):
        rds.modify_db_subnet_group(DBSubnetGroupName="none", SubnetIds=subnets)


def make_cluster(account: Account, **more: Any) -> Any:
    """An RDS client that has made a cluster."""
    rds = account.client("rds")
    about = {"Engine": "aurora-postgresql", "MasterUsername": "hedgerow", "ManageMasterUserPassword": True}
    rds.create_db_cluster(DBClusterIdentifier="cluster", **about, **more)
    return rds


def cluster_of(rds: Any) -> dict[str, Any]:
    [cluster] = rds.describe_db_clusters(DBClusterIdentifier="cluster")["DBClusters"]
    return dict(cluster)


def test_the_log_exports_of_a_cluster_change_by_what_is_enabled_and_disabled(account: Account) -> None:
    rds = make_cluster(account, EnableCloudwatchLogsExports=["postgresql"])
    for changes, exported in (
        ({"EnableLogTypes": ["instance", "postgresql"]}, {"postgresql", "instance"}),
        ({"DisableLogTypes": ["postgresql"]}, {"instance"}),
    ):
        rds.modify_db_cluster(DBClusterIdentifier="cluster", CloudwatchLogsExportConfiguration=changes)
        assert {*cluster_of(rds)["EnabledCloudwatchLogsExports"]} == exported
        assert len(cluster_of(rds)["EnabledCloudwatchLogsExports"]) == len(exported)


def test_a_cluster_is_in_extended_support_unless_told_otherwise(account: Account) -> None:
    """ "By default, this value is set to open-source-rds-extended-support" (CreateDBCluster)."""
    rds = make_cluster(account)
    assert cluster_of(rds)["EngineLifecycleSupport"] == "open-source-rds-extended-support"
    rds.delete_db_cluster(DBClusterIdentifier="cluster", SkipFinalSnapshot=True)
    make_cluster(account, EngineLifecycleSupport="open-source-rds-extended-support-disabled")
    assert cluster_of(rds)["EngineLifecycleSupport"] == "open-source-rds-extended-support-disabled"


def test_automated_backups_go_with_their_cluster_and_other_snapshots_stay(account: Account) -> None:
    """ "All automated backups for that DB cluster are deleted [...]. Manual DB cluster snapshots [...] are not." """
    rds = make_cluster(account)
    rds.delete_db_cluster(DBClusterIdentifier="cluster", FinalDBSnapshotIdentifier="last")
    left = rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert [snapshot["DBClusterSnapshotIdentifier"] for snapshot in left] == ["last"]


def test_an_instance_has_its_clusters_subnets_and_says_of_its_performance_insights(account: Account) -> None:
    rds = account.client("rds")
    subnets = account.subnets(account.vpc())
    rds.create_db_subnet_group(DBSubnetGroupName="group", DBSubnetGroupDescription="group", SubnetIds=subnets)
    make_cluster(account, DBSubnetGroupName="group", EngineVersion="16.6")
    about = {"Engine": "aurora-postgresql", "DBInstanceClass": "db.r6g.large", "DBClusterIdentifier": "cluster"}
    rds.create_db_instance(DBInstanceIdentifier="instance", **about, EnablePerformanceInsights=True)

    def instance() -> dict[str, Any]:
        [found] = rds.describe_db_instances(DBInstanceIdentifier="instance")["DBInstances"]
        return dict(found)

    assert instance()["DBSubnetGroup"]["DBSubnetGroupName"] == "group"
    assert instance()["PerformanceInsightsEnabled"] is True
    assert instance()["PerformanceInsightsRetentionPeriod"] == 7, "the documented default"
    rds.modify_db_instance(
        DBInstanceIdentifier="instance", EnablePerformanceInsights=False, EngineVersion="15.1", ApplyImmediately=True
    )
    assert instance()["PerformanceInsightsEnabled"] is False
    assert instance()["EngineVersion"] == "16.6", "the cluster manages it"


def test_parameters_of_a_cluster_are_reset_by_name_or_all_at_once(account: Account) -> None:
    rds = account.client("rds")
    group = {"DBClusterParameterGroupName": "group"}
    rds.create_db_cluster_parameter_group(**group, DBParameterGroupFamily="aurora-postgresql17", Description="d")

    def names() -> set[str]:
        return {each["ParameterName"] for each in rds.describe_db_cluster_parameters(**group)["Parameters"]}

    set_to = [{"ParameterName": name, "ParameterValue": "1", "ApplyMethod": "immediate"} for name in ("a", "b", "c")]
    rds.modify_db_cluster_parameter_group(**group, Parameters=set_to)
    rds.reset_db_cluster_parameter_group(**group, Parameters=[{"ParameterName": "b", "ApplyMethod": "immediate"}])
    assert names() == {"a", "c"}
    rds.reset_db_cluster_parameter_group(**group, ResetAllParameters=True)
    assert names() == set()
    with refused("DBParameterGroupNotFound"):
        rds.reset_db_cluster_parameter_group(DBClusterParameterGroupName="none", ResetAllParameters=True)
