"""What holds for the whole environment, whichever stack it is."""

import re

import pytest

from tests.infrastructure.conftest import NAMES, STACKS, built
from tests.infrastructure.mocks import ACCOUNT, TAGGED, Registrations

STATEFUL = (
    "backup/vault:Vault",
    "backup/vaultLockConfiguration:VaultLockConfiguration",
    "cloudwatch/logGroup:LogGroup",
    "ecr/repository:Repository",
    "eks/cluster:Cluster",
    "kms/key:Key",
    "lb/loadBalancer:LoadBalancer",
    "ebs/volume:Volume",
    "ec2/instance:Instance",
    "elasticache/replicationGroup:ReplicationGroup",
    "msk/cluster:Cluster",
    "rds/cluster:Cluster",
    "rds/clusterInstance:ClusterInstance",
    "s3/bucket:Bucket",
    "secretsmanager/secret:Secret",
)


def test_every_stack_of_the_design_is_there() -> None:
    files = {path.name for path in STACKS.glob("Pulumi.*.yaml")}
    assert files == {f"Pulumi.{name}.yaml" for name in ("sandbox", "us-west-staging", "us-west-prod", "self-hosted")}


def test_every_taggable_resource_has_owner_environment_service_and_class(environment: Registrations) -> None:
    for resource in environment.aws():
        if resource.type in TAGGED:
            assert {"owner", "environment", "deployment", "service", "data-class"} <= resource.inputs["tags"].keys(), (
                resource.name
            )
        else:
            assert "tags" not in resource.inputs


@pytest.mark.parametrize(
    ("suffix", "key"),
    [
        ("cloudtrail/trail:Trail", "name"),
        ("cloudwatch/eventRule:EventRule", "name"),
        ("cloudwatch/logGroup:LogGroup", "name"),
        ("cloudwatch/metricAlarm:MetricAlarm", "name"),
        ("elasticache/replicationGroup:ReplicationGroup", "replicationGroupId"),
        ("elasticache/subnetGroup:SubnetGroup", "name"),
        ("elasticache/user:User", "userId"),
        ("elasticache/userGroup:UserGroup", "userGroupId"),
        ("kms/alias:Alias", "name"),
        ("msk/cluster:Cluster", "clusterName"),
        ("msk/configuration:Configuration", "name"),
        ("rds/cluster:Cluster", "clusterIdentifier"),
        ("rds/clusterInstance:ClusterInstance", "identifier"),
        ("sns/topic:Topic", "name"),
    ],
)
def test_stacks_in_one_account_do_not_claim_the_same_names(suffix: str, key: str) -> None:
    found = [resource for stack in NAMES for resource in built(stack).of(suffix)]
    names = [(resource.state["region"], resource.inputs[key]) for resource in found]
    assert len(names) == len(set(names)) >= len(NAMES)


def test_tags_never_come_empty(environment: Registrations) -> None:
    values = [value for resource in environment.aws() for value in resource.inputs.get("tags", {}).values()]
    assert all(isinstance(value, str) and value for value in values)


def test_every_store_says_how_long_it_keeps_data(environment: Registrations) -> None:
    stores = (
        "backup/vault:Vault",
        "cloudwatch/logGroup:LogGroup",
        "ebs/volume:Volume",
        "elasticache/replicationGroup:ReplicationGroup",
        "msk/cluster:Cluster",
        "rds/cluster:Cluster",
        "s3/bucket:Bucket",
    )
    for suffix in stores:
        for store in environment.of(suffix):
            kept = store.inputs.get("retentionInDays") or store.inputs.get("backupRetentionPeriod")
            days = int(store.inputs["tags"]["retention-days"])
            assert days == (kept or days) > 0, store.name


def test_environments_differ_in_size_never_in_kind(environment: Registrations, production: Registrations) -> None:
    """Every resource of production that isn't a matter of size is in every other environment."""
    sized = (
        "aws:ebs/volume:Volume",
        "aws:ec2/eip:Eip",
        "aws:ec2/instance:Instance",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/volumeAttachment:VolumeAttachment",
        "aws:rds/clusterInstance:ClusterInstance",
    )

    def kinds(registrations: Registrations) -> set[tuple[str, str]]:
        return {
            (resource.type, re.sub(r"^(analytics-database)-\d+", r"\1", resource.name))  # one for each shard
            for resource in registrations.resources
            if resource.type not in sized
        }

    assert kinds(environment) == kinds(production)


def test_what_holds_state_is_protected_outside_the_sandbox(environment: Registrations, stack: str) -> None:
    for suffix in STATEFUL:
        found = environment.of(suffix)
        assert found
        assert all(resource.protect is (stack != "sandbox") for resource in found), suffix


def test_only_the_sandbox_destroys_buckets_and_vaults_with_what_is_in_them(
    environment: Registrations, stack: str
) -> None:
    for holder in [*environment.of("s3/bucket:Bucket"), *environment.of("backup/vault:Vault")]:
        assert holder.inputs["forceDestroy"] is (stack == "sandbox"), holder.name


def test_nothing_else_is_protected_so_that_it_can_be_replaced(production: Registrations) -> None:
    protected = {resource.type for resource in production.resources if resource.protect}
    assert protected == {f"aws:{suffix}" for suffix in STATEFUL}


def test_region_is_set_on_what_is_not_in_the_home_region_alone(environment: Registrations) -> None:
    elsewhere = {
        resource.name: resource.inputs["region"] for resource in environment.aws() if "region" in resource.inputs
    }
    assert set(elsewhere.values()) == {"us-west-1"}
    assert all("recovery" in name for name in elsewhere)
    assert len(elsewhere) == len([resource for resource in environment.aws() if "recovery" in resource.name])


def test_no_foreign_account_is_named_anywhere(environment: Registrations) -> None:
    accounts = set(re.findall(r"\b\d{12}\b", str([resource.inputs for resource in environment.resources])))
    assert accounts == {ACCOUNT}


def test_outputs_say_of_each_store_its_class_key_and_recovery(environment: Registrations) -> None:
    plan = environment.one("backup/plan:Plan", "backup-daily-plan").state["name"]
    for name, store in environment.outputs["stores"].items():
        held = "assets" if name == "static-assets" else "customer-data"
        assert store["dataClass"] == ("public" if held == "assets" else "restricted")
        assert store["key"] == environment.one("kms/key:Key", f"{held}-key").state["arn"]
        assert store.get("backupPlan", plan) == plan
        assert store["recoveryTimeHours"] > 0
        assert store["recoveredFrom"]
        if "backupPlan" in store:
            assert store["backupRetentionDays"] == 35
            assert store["recoveryPointHoursWithRegion"] <= 24
    assert "password" not in str(environment.outputs).lower()


def test_no_recovery_point_is_claimed_for_a_store_without_a_backup(environment: Registrations) -> None:
    stores = environment.outputs["stores"]
    assert {name for name, store in stores.items() if "backupPlan" not in store} == {
        "cache",
        "event-stream",
        "static-assets",
    }
    assert not {"backupRetentionDays", "recoveryPointMinutes"} & stores["event-stream"].keys()
    assert "recoveryPointHoursWithRegion" not in stores["cache"], "its snapshots stay in the home region"


@pytest.mark.parametrize(
    "name",
    [
        "session-recordings",
        "exports",
        "static-assets",
        "product-database",
        "cache",
        "event-stream",
        "analytics-database",
    ],
)
def test_every_output_store_exists(production: Registrations, name: str) -> None:
    tagged = [resource for resource in production.aws() if resource.inputs.get("tags", {}).get("service") == name]
    names = {value for resource in tagged for value in resource.state.values() if isinstance(value, str)}
    assert production.outputs["stores"][name]["name"] in names
