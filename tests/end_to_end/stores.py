"""What every store in the account shows to boto3 alone: its key, its transport, its backups, its logs."""

from typing import Any

Tags = dict[str, str]


def tags_of(pairs: list[dict[str, str]]) -> Tags:
    return {pair["Key"]: pair["Value"] for pair in pairs}


def customer_keys(kms: Any) -> set[str]:
    """The ARNs of the keys that the account itself made and rotates."""
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    own = [key for key in keys if key["KeyManager"] == "CUSTOMER" and key["KeyState"] == "Enabled"]
    assert all(kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] for key in own)
    return {key["Arn"] for key in own}


def check_databases(aws: Any, keys: set[str]) -> None:
    [cluster] = aws("rds").describe_db_clusters()["DBClusters"]
    assert (cluster["StorageEncrypted"], cluster["KmsKeyId"] in keys) == (True, True)
    assert cluster["BackupRetentionPeriod"] == 35
    assert cluster["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert tags_of(cluster["TagList"])["backup"] == "daily"


def check_caches(aws: Any, keys: set[str]) -> None:
    [cache] = aws("elasticache").describe_replication_groups()["ReplicationGroups"]
    assert (cache["AtRestEncryptionEnabled"], cache["KmsKeyId"] in keys) == (True, True)
    assert (cache["TransitEncryptionEnabled"], cache["TransitEncryptionMode"]) == (True, "required")
    assert cache["SnapshotRetentionLimit"] == 35
    groups = [
        each["DestinationDetails"]["CloudWatchLogsDetails"]["LogGroup"] for each in cache["LogDeliveryConfigurations"]
    ]
    assert len(groups) == 2
    check_log_groups(aws, groups, keys)
    for user_group in cache["UserGroupIds"]:
        [group] = aws("elasticache").describe_user_groups(UserGroupId=user_group)["UserGroups"]
        users = [aws("elasticache").describe_users(UserId=user)["Users"][0] for user in group["UserIds"]]
        assert {user["Authentication"]["Type"] for user in users} == {"iam"}


def check_streams(aws: Any, keys: set[str]) -> None:
    [listed] = aws("kafka").list_clusters()["ClusterInfoList"]
    cluster = aws("kafka").describe_cluster(ClusterArn=listed["ClusterArn"])["ClusterInfo"]
    encryption = cluster["EncryptionInfo"]
    assert encryption["EncryptionAtRest"]["DataVolumeKMSKeyId"] in keys
    assert encryption["EncryptionInTransit"] == {"ClientBroker": "TLS", "InCluster": True}
    assert cluster["ClientAuthentication"]["Sasl"]["Iam"]["Enabled"] is True
    logs = cluster["LoggingInfo"]["BrokerLogs"]["CloudWatchLogs"]
    assert logs["Enabled"] is True
    check_log_groups(aws, [logs["LogGroup"]], keys)


def check_nodes(aws: Any, keys: set[str]) -> None:
    ec2 = aws("ec2")
    nodes = [node for found in ec2.describe_instances()["Reservations"] for node in found["Instances"]]
    running = [node for node in nodes if node["State"]["Name"] == "running"]
    assert len(running) >= 2
    for node in running:
        assert "PublicIpAddress" not in node
        assert node["MetadataOptions"]["HttpTokens"] == "required"
        attached = [mapping["Ebs"]["VolumeId"] for mapping in node["BlockDeviceMappings"]]
        volumes = ec2.describe_volumes(VolumeIds=attached)["Volumes"]
        assert all(volume["Encrypted"] and volume["KmsKeyId"] in keys for volume in volumes)
        backed_up = [volume for volume in volumes if tags_of(volume["Tags"]).get("backup") == "daily"]
        assert len(backed_up) == 1, "the volume of data"


def check_buckets(aws: Any, keys: set[str]) -> None:
    s3 = aws("s3")
    names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert len(names) >= 7
    for name in names:
        [rule] = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        default = rule["ApplyServerSideEncryptionByDefault"]
        logs = name.startswith("access-logs-")  # S3 delivers access logs to no bucket under a key of ours
        assert default["SSEAlgorithm"] == ("AES256" if logs else "aws:kms"), name
        assert logs or default["KMSMasterKeyID"] in keys, name
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled", name
        assert logs or s3.get_bucket_logging(Bucket=name)["LoggingEnabled"]["TargetPrefix"], name
        assert '"aws:SecureTransport": "false"' in s3.get_bucket_policy(Bucket=name)["Policy"], name


def check_log_groups(aws: Any, names: list[str], keys: set[str]) -> None:
    for name in names:
        [group] = aws("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        assert group["kmsKeyId"] in keys
        assert group["retentionInDays"] >= 365


def check_stores(aws: Any) -> None:
    """Every store is under a key of the account, speaks TLS, is backed up, and logs."""
    keys = customer_keys(aws("kms"))
    for check in (check_databases, check_caches, check_streams, check_nodes, check_buckets):
        check(aws, keys)
