"""The cache: TLS, users without a password, several zones, and snapshots."""

import dataclasses

import pytest

from infrastructure.cache import ACCESS, CacheArgs
from infrastructure.promises import BrokenPromise
from tests.infrastructure.mocks import Registered, Registrations


def _group(environment: Registrations) -> Registered:
    (group,) = environment.of("elasticache/replicationGroup:ReplicationGroup")
    return group


def test_it_speaks_tls_alone_and_is_encrypted(environment: Registrations) -> None:
    group = _group(environment).inputs
    assert group["engine"] == "valkey"
    assert (group["transitEncryptionEnabled"], group["transitEncryptionMode"]) == (True, "required")
    assert group["atRestEncryptionEnabled"] is True


def test_users_sign_in_through_iam_and_no_password_is_anywhere(environment: Registrations) -> None:
    (user,) = environment.of("elasticache/user:User")
    (users,) = environment.of("elasticache/userGroup:UserGroup")
    assert user.inputs["authenticationMode"] == {"type": "iam"}
    assert user.inputs["userId"] == user.inputs["userName"], "IAM takes no other users"
    assert not {"passwords", "noPasswordRequired"} & user.inputs.keys()
    assert users.inputs["userIds"] == [user.inputs["userId"]]
    assert _group(environment).inputs["userGroupIds"] == [users.inputs["userGroupId"]]
    assert "authToken" not in _group(environment).inputs


def test_the_product_reaches_its_own_keys_and_no_dangerous_command() -> None:
    rules = ACCESS.split()
    assert [rule for rule in rules if rule.startswith("~")] == ["~product:*"]
    assert "resetchannels" in rules
    assert "+@all" not in rules
    assert rules[-1] == "-@dangerous"


def test_a_replica_in_another_zone_takes_over(environment: Registrations) -> None:
    group = _group(environment).inputs
    zones = group["preferredCacheClusterAzs"]
    assert group["automaticFailoverEnabled"] is group["multiAzEnabled"] is True
    assert len(zones) == group["numCacheClusters"] >= 2
    assert len(set(zones)) == min(3, len(zones))


def test_it_is_in_isolated_subnets_and_admits_its_clients_alone(environment: Registrations) -> None:
    group = _group(environment).inputs
    subnets = environment.one("elasticache/subnetGroup:SubnetGroup", "cache")
    isolated = {
        f"{subnet.name}-id"
        for subnet in environment.of("ec2/subnet:Subnet")
        if subnet.inputs["tags"]["tier"] == "isolated"
    }
    assert set(subnets.inputs["subnetIds"]) == isolated
    assert group["subnetGroupName"] == subnets.inputs["name"]
    assert group["securityGroupIds"] == ["cache-id"]
    (ingress,) = [
        rule.inputs
        for rule in environment.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if rule.inputs["securityGroupId"] == "cache-id"
    ]
    assert ingress["referencedSecurityGroupId"] == environment.outputs["clients"]["cache"] == "cache-clients-id"
    assert ingress["fromPort"] == ingress["toPort"] == group["port"]


def test_snapshots_are_kept_as_long_as_backups_and_one_outlives_it_outside_the_sandbox(
    environment: Registrations, stack: str
) -> None:
    group = _group(environment).inputs
    assert group["snapshotRetentionLimit"] == int(group["tags"]["retention-days"]) == 35
    assert ("finalSnapshotIdentifier" in group) is (stack != "sandbox")
    assert group["tags"]["backup"] != "daily", "no backup plan can select it"


def test_both_logs_go_to_encrypted_groups(environment: Registrations) -> None:
    deliveries = _group(environment).inputs["logDeliveryConfigurations"]
    assert {each["logType"] for each in deliveries} == {"slow-log", "engine-log"}
    for each in deliveries:
        group = environment.one("cloudwatch/logGroup:LogGroup", f"cache-{each['logType']}-group")
        assert each["destination"] == group.inputs["name"]
        assert each["destinationType"] == "cloudwatch-logs"


def test_its_names_fit_elasticache_however_long_the_stacks_name(environment: Registrations, stack: str) -> None:
    longest = 30 - len(stack)
    (user,) = environment.of("elasticache/user:User")
    for name in (_group(environment).inputs["replicationGroupId"], user.inputs["userId"]):
        assert len(name) + longest <= 40


@pytest.mark.parametrize(
    ("change", "promise"),
    [({"nodes": 1}, "Business Continuity"), ({"nodes": 7}, "Business Continuity"), ({"snapshot_days": 34}, "Backup")],
)
def test_a_cache_that_would_break_a_promise_is_refused(change: dict[str, int], promise: str) -> None:
    names = [field.name for field in dataclasses.fields(CacheArgs)]
    good = dict.fromkeys(names) | {"nodes": 2, "snapshot_days": 35}
    with pytest.raises(BrokenPromise, match=promise):
        CacheArgs(**good | change)  # type: ignore[arg-type] # only the numbers are looked at
