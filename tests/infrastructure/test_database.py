"""The product database: out of reach, encrypted, recoverable, and with a password that nobody has seen."""

import dataclasses

import pytest

from infrastructure.database import PARAMETERS, ProductDatabaseArgs
from infrastructure.promises import BrokenPromise
from tests.infrastructure.mocks import Registered, Registrations


def _cluster(environment: Registrations) -> Registered:
    (cluster,) = environment.of("rds/cluster:Cluster")
    return cluster


def test_storage_is_encrypted_and_the_engine_supported(environment: Registrations) -> None:
    cluster = _cluster(environment).inputs
    assert cluster["storageEncrypted"] is True
    assert cluster["engine"] == "aurora-postgresql"
    assert cluster["engineLifecycleSupport"] == "open-source-rds-extended-support-disabled"


def test_the_master_password_is_made_by_aws_and_nowhere_in_the_program(environment: Registrations) -> None:
    cluster = _cluster(environment).inputs
    assert cluster["manageMasterUserPassword"] is True
    assert cluster["masterUsername"] not in {"admin", "postgres", "root"}
    assert not {"masterPassword", "masterPasswordWo"} & cluster.keys()
    assert cluster["iamDatabaseAuthenticationEnabled"] is True


def test_only_tls_is_served_and_the_audit_log_is_on(environment: Registrations) -> None:
    (group,) = environment.of("rds/clusterParameterGroup:ClusterParameterGroup")
    assert _cluster(environment).inputs["dbClusterParameterGroupName"] == group.state["name"]
    parameters = {parameter["name"]: parameter["value"] for parameter in group.inputs["parameters"]}
    assert parameters["rds.force_ssl"] == "1"
    assert parameters["ssl_min_protocol_version"] == "TLSv1.2"
    assert "pgaudit" in parameters["shared_preload_libraries"].split(",")
    assert group.inputs["family"] == f"aurora-postgresql{_cluster(environment).inputs['engineVersion']}"


def test_no_row_of_customer_data_reaches_logs_that_outlive_the_erasure_window() -> None:
    assert not {"read", "write", "all"} & set(PARAMETERS["pgaudit.log"].split(","))
    assert PARAMETERS["log_error_verbosity"] == "terse"
    assert PARAMETERS["log_min_error_statement"] == "panic"
    assert not {"log_statement", "log_min_duration_statement"} & PARAMETERS.keys()


def test_it_is_in_isolated_subnets_and_admits_its_clients_alone(environment: Registrations) -> None:
    group = environment.one("rds/subnetGroup:SubnetGroup", "product-database")
    isolated = {
        f"{subnet.name}-id"
        for subnet in environment.of("ec2/subnet:Subnet")
        if subnet.inputs["tags"]["tier"] == "isolated"
    }
    assert set(group.inputs["subnetIds"]) == isolated
    cluster = _cluster(environment)
    assert cluster.inputs["dbSubnetGroupName"] == group.state["name"]
    assert cluster.inputs["vpcSecurityGroupIds"] == ["product-database-id"]
    (ingress,) = [
        rule.inputs
        for rule in environment.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if rule.inputs["securityGroupId"] == "product-database-id"
    ]
    assert (
        ingress["referencedSecurityGroupId"]
        == environment.outputs["clients"]["product-database"]
        == "product-database-clients-id"
    )
    assert ingress["fromPort"] == cluster.inputs["port"] != 5432
    groups = ("product-database-id", "product-database-clients-id")
    (egress,) = [
        rule.inputs
        for rule in environment.of("vpc/securityGroupEgressRule:SecurityGroupEgressRule")
        if rule.inputs["securityGroupId"] in groups
    ]
    assert (egress["securityGroupId"], egress["referencedSecurityGroupId"]) == groups[::-1]
    assert egress["toPort"] == cluster.inputs["port"]


def test_its_data_survives_its_deletion_outside_the_sandbox(environment: Registrations, stack: str) -> None:
    cluster = _cluster(environment).inputs
    assert cluster["backupRetentionPeriod"] == 35
    assert cluster["deletionProtection"] is (stack != "sandbox")
    assert cluster["skipFinalSnapshot"] is cluster["deleteAutomatedBackups"] is (stack == "sandbox")
    assert ("finalSnapshotIdentifier" in cluster) is (stack != "sandbox")
    assert cluster["copyTagsToSnapshot"] is True


def test_instances_span_zones_and_are_watched(environment: Registrations) -> None:
    instances = environment.of("rds/clusterInstance:ClusterInstance")
    assert len(instances) >= 2
    assert len({instance.inputs["availabilityZone"] for instance in instances}) == min(3, len(instances))
    role = environment.one("iam/role:Role", "product-database-monitoring-role")
    for instance in instances:
        assert instance.inputs["clusterIdentifier"] == _cluster(environment).state["clusterIdentifier"]
        assert instance.inputs["publiclyAccessible"] is False
        assert instance.inputs["autoMinorVersionUpgrade"] is True
        assert instance.inputs["performanceInsightsEnabled"] is True
        assert instance.inputs["monitoringInterval"] > 0
        assert instance.inputs["monitoringRoleArn"] == role.state["arn"]
        assert instance.inputs["caCertIdentifier"].startswith("rds-ca-")


def test_its_logs_go_to_a_log_group_that_is_there_first(environment: Registrations) -> None:
    cluster = _cluster(environment)
    assert cluster.inputs["enabledCloudwatchLogsExports"] == ["postgresql"]
    group = environment.one("cloudwatch/logGroup:LogGroup", "product-database-log-group")
    assert group.inputs["name"] == f"/aws/rds/cluster/{cluster.inputs['clusterIdentifier']}/postgresql"
    order = [resource.name for resource in environment.aws()]
    assert order.index("product-database-log-group") < order.index("product-database-0")


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ({"instances": 1}, "Business Continuity"),
        ({"instances": 17}, "Business Continuity"),
        ({"backup_retention_days": 34}, "Backup: kept 35 days"),
    ],
)
def test_a_database_that_would_break_a_promise_is_refused(change: dict[str, int], promise: str) -> None:
    names = [field.name for field in dataclasses.fields(ProductDatabaseArgs)]
    good = dict.fromkeys(names) | {"instances": 2, "backup_retention_days": 35}
    with pytest.raises(BrokenPromise, match=promise):
        ProductDatabaseArgs(**good | change)  # type: ignore[arg-type] # only the numbers are looked at
