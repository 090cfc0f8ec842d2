"""Caches, streams, buckets, keys and instances in the emulator, where moto differs from AWS. boto3 alone looks."""

from typing import Any

import pytest

from tests.sandbox.conformance.case import Account, refused


def _user(cache: Any, name: str) -> None:
    cache.create_user(
        UserId=name, UserName=name, Engine="valkey", AccessString="on ~a:* +@read", AuthenticationMode={"Type": "iam"}
    )


def _cache(account: Account, nodes: int = 2) -> Any:
    cache = account.client("elasticache")
    subnets = account.subnets(account.vpc())
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="isolated", CacheSubnetGroupDescription="Isolated", SubnetIds=subnets
    )
    cache.create_replication_group(
        ReplicationGroupId="sessions",
        ReplicationGroupDescription="Sessions",
        Engine="valkey",
        EngineVersion="8.0",
        CacheSubnetGroupName="isolated",
        NumCacheClusters=nodes,
        PreferredCacheClusterAZs=["us-west-2a", "us-west-2b"],
    )
    return cache


def _members(cache: Any) -> list[str]:
    [group] = cache.describe_replication_groups(ReplicationGroupId="sessions")["ReplicationGroups"]
    members: list[str] = group["MemberClusters"]
    return members


def test_a_user_leaves_its_group_before_it_is_deleted(account: Account) -> None:
    cache = account.client("elasticache")
    _user(cache, "web")
    cache.create_user_group(UserGroupId="users", Engine="valkey", UserIds=["web"])
    [user] = cache.describe_users(UserId="web")["Users"]
    assert user["UserGroupIds"] == ["users"]
    with refused("InvalidUserState"):
        cache.delete_user(UserId="web")
    cache.delete_user_group(UserGroupId="users")
    cache.delete_user(UserId="web")
    with refused("UserNotFound"):
        cache.describe_users(UserId="web")


def test_a_user_group_takes_users_that_are_there(account: Account) -> None:
    cache = account.client("elasticache")
    with refused("UserNotFound"):
        cache.create_user_group(UserGroupId="users", Engine="valkey", UserIds=["nobody"])
    with refused("UserGroupNotFound"):
        cache.describe_user_groups(UserGroupId="users")
    assert cache.describe_user_groups()["UserGroups"] == []


def test_a_cache_has_the_nodes_that_were_asked_for(account: Account) -> None:
    cache = _cache(account)
    assert _members(cache) == ["sessions-001", "sessions-002"]
    cache.increase_replica_count(ReplicationGroupId="sessions", NewReplicaCount=3, ApplyImmediately=True)
    assert len(_members(cache)) == 4
    cache.decrease_replica_count(ReplicationGroupId="sessions", NewReplicaCount=1, ApplyImmediately=True)
    nodes = [cache.describe_cache_clusters(CacheClusterId=name)["CacheClusters"][0] for name in _members(cache)]
    assert [node["PreferredAvailabilityZone"] for node in nodes] == ["us-west-2a", "us-west-2b"]
    assert {node["CacheParameterGroup"]["CacheParameterGroupName"] for node in nodes} == {"default.valkey8"}
    assert len(cache.describe_cache_clusters()["CacheClusters"]) == 2


def test_a_deleted_cache_is_gone_with_its_nodes_and_frees_its_subnets(account: Account) -> None:
    cache = _cache(account)
    with refused("CacheSubnetGroupInUse"):
        cache.delete_cache_subnet_group(CacheSubnetGroupName="isolated")
    cache.delete_replication_group(ReplicationGroupId="sessions")
    with refused("ReplicationGroupNotFoundFault"):
        cache.describe_replication_groups(ReplicationGroupId="sessions")
    assert cache.describe_cache_clusters()["CacheClusters"] == []
    cache.delete_cache_subnet_group(CacheSubnetGroupName="isolated")
    with refused("CacheSubnetGroupNotFoundFault"):
        cache.describe_cache_subnet_groups(CacheSubnetGroupName="isolated")


def test_a_log_delivery_is_turned_off_by_its_kind(account: Account) -> None:
    cache = _cache(account)
    details = {"CloudWatchLogsDetails": {"LogGroup": "logs"}}
    deliveries = [
        {"LogType": kind, "LogFormat": "json", "DestinationType": "cloudwatch-logs", "DestinationDetails": details}
        for kind in ("slow-log", "engine-log")
    ]
    cache.modify_replication_group(ReplicationGroupId="sessions", LogDeliveryConfigurations=deliveries)
    off = [{"LogType": "slow-log", "Enabled": False}]
    cache.modify_replication_group(ReplicationGroupId="sessions", LogDeliveryConfigurations=off)
    [group] = cache.describe_replication_groups(ReplicationGroupId="sessions")["ReplicationGroups"]
    assert [each["LogType"] for each in group["LogDeliveryConfigurations"]] == ["engine-log"]


def _stream(account: Account, **more: Any) -> tuple[Any, str]:
    kafka = account.client("kafka")
    nodes = {"InstanceType": "kafka.t3.small", "ClientSubnets": account.subnets(account.vpc())}
    answer = kafka.create_cluster(
        ClusterName="events", KafkaVersion="3.9.x.kraft", NumberOfBrokerNodes=3, BrokerNodeGroupInfo=nodes, **more
    )
    return kafka, str(answer["ClusterArn"])


def test_a_change_of_a_cluster_names_the_version_that_it_changes(account: Account) -> None:
    kafka, arn = _stream(account)
    before = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]["CurrentVersion"]
    kafka.update_broker_count(ClusterArn=arn, CurrentVersion=before, TargetNumberOfBrokerNodes=6)
    found = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]
    assert (found["State"], found["NumberOfBrokerNodes"]) == ("ACTIVE", 6)
    assert found["CurrentVersion"] != before
    with refused("BadRequestException"):
        kafka.update_broker_count(ClusterArn=arn, CurrentVersion=before, TargetNumberOfBrokerNodes=9)
    with refused("BadRequestException"):
        kafka.delete_cluster(ClusterArn=arn, CurrentVersion=before)
    kafka.delete_cluster(ClusterArn=arn)
    with refused("NotFoundException"):
        kafka.describe_cluster(ClusterArn=arn)


def test_a_cluster_without_zookeeper_has_no_address_of_it(account: Account) -> None:
    kafka, arn = _stream(account)
    found = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]
    assert not {"ZookeeperConnectString", "ActiveOperationArn"} & found.keys()


@pytest.mark.parametrize(
    ("authentication", "port"),
    [({"Sasl": {"Iam": {"Enabled": True}}}, 9098), ({"Sasl": {"Scram": {"Enabled": True}}}, 9096)],
)
def test_brokers_answer_where_their_clients_may_sign_in(
    account: Account, authentication: dict[str, Any], port: int
) -> None:
    kafka, arn = _stream(account, ClientAuthentication=authentication)
    answer = kafka.get_bootstrap_brokers(ClusterArn=arn)
    [addresses] = [value for name, value in answer.items() if name.startswith("BootstrapBrokerString")]
    assert [address.rpartition(":")[2] for address in addresses.split(",")] == [str(port)] * 3


def test_a_configuration_keeps_its_revisions_and_stays_while_a_cluster_has_it(account: Account) -> None:
    kafka = account.client("kafka")
    arn = kafka.create_configuration(Name="closed", ServerProperties=b"a=1\n")["Arn"]
    kafka.update_configuration(Arn=arn, ServerProperties=b"a=2\n")
    texts = [kafka.describe_configuration_revision(Arn=arn, Revision=number)["ServerProperties"] for number in (1, 2)]
    assert texts == [b"a=1\n", b"a=2\n"]
    with refused("NotFoundException"):
        kafka.describe_configuration_revision(Arn=arn, Revision=3)
    _, cluster = _stream(account, ConfigurationInfo={"Arn": arn, "Revision": 2})
    with refused("BadRequestException"):
        kafka.delete_configuration(Arn=arn)
    kafka.delete_cluster(ClusterArn=cluster)
    kafka.delete_configuration(Arn=arn)
    assert kafka.list_configurations()["Configurations"] == []


def test_metadata_options_that_are_not_given_stay(account: Account) -> None:
    ec2 = account.client("ec2")
    [node] = ec2.run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, MetadataOptions={"HttpTokens": "required"}
    )["Instances"]
    ec2.modify_instance_metadata_options(InstanceId=node["InstanceId"], HttpPutResponseHopLimit=2)
    [reservation] = ec2.describe_instances(InstanceIds=[node["InstanceId"]])["Reservations"]
    options = reservation["Instances"][0]["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 2)


def test_the_rotation_of_a_key_has_a_period_while_it_is_enabled(account: Account) -> None:
    """ "If no value is specified, the default value is 365 days" (EnableKeyRotation)."""
    kms, key = account.client("kms"), account.key()
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)
    for asked, days in (({"RotationPeriodInDays": 90}, 90), ({}, 365)):
        kms.enable_key_rotation(KeyId=key, **asked)
        status = kms.get_key_rotation_status(KeyId=key)
        assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, days)
    kms.disable_key_rotation(KeyId=key)
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)


def test_a_bucket_with_objects_can_be_locked_for_days_or_years_once_it_is_versioned(account: Account) -> None:
    """ "You can enable Object Lock for new or existing buckets" (PutObjectLockConfiguration)."""
    s3, bucket = account.client("s3"), account.bucket()
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    with refused("InvalidBucketState"):
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for period in ({"Days": 365}, {"Years": 2}):
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", **period}}
        locked = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=locked)
        assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == locked
        written = s3.put_object(Bucket=bucket, Key="b", Body=b"2")["VersionId"]
        with refused("AccessDenied"):
            s3.delete_object(Bucket=bucket, Key="b", VersionId=written)
