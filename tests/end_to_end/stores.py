"""What every store in the account shows to boto3 alone: its key, its transport, its backups, its logs."""

import json
from typing import Any

Tags = dict[str, str]
REGIONS = ("us-west-2", "us-west-1")


def tags_of(pairs: list[dict[str, str]]) -> Tags:
    return {pair["Key"]: pair["Value"] for pair in pairs}


def refuses_plain_http(policy: str) -> bool:
    """Whether a policy document denies everybody what doesn't come by TLS."""
    return any(
        statement["Effect"] == "Deny"
        and statement["Principal"] in ("*", {"AWS": "*"})
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in json.loads(policy)["Statement"]
    )


def customer_keys(kms: Any) -> set[str]:
    """The ARNs of the keys that the account itself made and rotates."""
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    own = [key for key in keys if key["KeyManager"] == "CUSTOMER" and key["KeyState"] == "Enabled"]
    encrypt = [key for key in own if key["KeyUsage"] == "ENCRYPT_DECRYPT"]
    assert all(kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"] for key in encrypt)
    return {key["Arn"] for key in encrypt}


def check_databases(aws: Any, keys: set[str]) -> None:
    rds = aws("rds")
    clusters = rds.describe_db_clusters()["DBClusters"]
    for cluster in clusters:
        name = cluster["DBClusterIdentifier"]
        assert cluster["StorageEncrypted"], name
        assert cluster["KmsKeyId"] in keys, name
        assert cluster["BackupRetentionPeriod"] == 35, name
        assert cluster["EnabledCloudwatchLogsExports"] == ["postgresql"], name
        assert tags_of(cluster["TagList"])["backup"] == "daily", name
        assert cluster["MasterUserSecret"]["KmsKeyId"] in keys, name
        group = cluster["DBClusterParameterGroup"]
        pages = rds.get_paginator("describe_db_cluster_parameters").paginate(DBClusterParameterGroupName=group)
        values = {one["ParameterName"]: one.get("ParameterValue") for page in pages for one in page["Parameters"]}
        assert values["rds.force_ssl"] == "1", name
        check_log_groups(aws, [f"/aws/rds/cluster/{name}/postgresql"], keys)
    members = {member["DBInstanceIdentifier"] for each in clusters for member in each["DBClusterMembers"]}
    for instance in rds.describe_db_instances()["DBInstances"]:
        assert instance["DBInstanceIdentifier"] in members, "a database outside a cluster is nobody's"
        assert instance["PubliclyAccessible"] is False


def check_caches(aws: Any, keys: set[str]) -> None:
    for cache in aws("elasticache").describe_replication_groups()["ReplicationGroups"]:
        check_cache(aws, cache, keys)


def check_cache(aws: Any, cache: dict[str, Any], keys: set[str]) -> None:
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
    for listed in aws("kafka").list_clusters()["ClusterInfoList"]:
        check_stream(aws, aws("kafka").describe_cluster(ClusterArn=listed["ClusterArn"])["ClusterInfo"], keys)


def check_stream(aws: Any, cluster: dict[str, Any], keys: set[str]) -> None:
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


def check_volumes(aws: Any, keys: set[str]) -> None:
    for volume in aws("ec2").describe_volumes()["Volumes"]:
        assert volume["Encrypted"], volume["VolumeId"]
        assert volume["KmsKeyId"] in keys, volume["VolumeId"]


def check_buckets(aws: Any, keys: set[str]) -> None:
    s3 = aws("s3")
    for name in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        tags = tags_of(s3.get_bucket_tagging(Bucket=name)["TagSet"])
        [rule] = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        default = rule["ApplyServerSideEncryptionByDefault"]
        logs = name.startswith(("access-logs-", "load-balancer-logs-"))  # delivered under no key of ours
        assert default["SSEAlgorithm"] == ("AES256" if logs else "aws:kms"), name
        assert logs or default["KMSMasterKeyID"] in keys, name
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled", name
        is_log = name.startswith("access-logs-")
        assert is_log or s3.get_bucket_logging(Bucket=name)["LoggingEnabled"]["TargetPrefix"], name
        assert refuses_plain_http(s3.get_bucket_policy(Bucket=name)["Policy"]), name
        assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()), name
        assert s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"], name
        customers = tags["data-class"] == "restricted" and tags.get("backup") != "is-backup"
        assert not customers or tags["backup"] == "daily", f"{name} holds what nothing else has"


def check_archives(aws: Any, _keys: set[str]) -> None:
    """Audit trail, evidence and ClickHouse's backups can't be deleted before their time."""
    s3 = aws("s3")
    locked = ("audit-archive-", "hedgerow-sandbox-evidence-", "analytics-database-backups-", "backup-audit-reports-")
    names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    for prefix in locked:
        [name] = [each for each in names if each.startswith(prefix)]
        lock = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
        assert lock["Rule"]["DefaultRetention"]["Days"] >= 34, name


def check_registry(aws: Any, keys: set[str]) -> None:
    for repository in aws("ecr").describe_repositories()["repositories"]:
        name = repository["repositoryName"]
        assert repository["encryptionConfiguration"]["encryptionType"] == "KMS", name
        assert repository["encryptionConfiguration"]["kmsKey"] in keys, name
        assert repository["imageTagMutability"] == "IMMUTABLE", name


def check_clusters(aws: Any, keys: set[str]) -> None:
    eks = aws("eks")
    for name in eks.list_clusters()["clusters"]:
        cluster = eks.describe_cluster(name=name)["cluster"]
        [encryption] = cluster["encryptionConfig"]
        assert encryption["resources"] == ["secrets"], name
        assert encryption["provider"]["keyArn"] in keys, name
        assert cluster["resourcesVpcConfig"]["endpointPublicAccess"] is False, name
        [logs] = [each for each in cluster["logging"]["clusterLogging"] if each["enabled"]]
        assert set(logs["types"]) == {"api", "audit", "authenticator", "controllerManager", "scheduler"}, name


def check_vault(aws: Any, keys: set[str]) -> None:
    for region in REGIONS:
        for vault in aws("backup", region).list_backup_vaults()["BackupVaultList"]:
            name = vault["BackupVaultName"]
            assert vault["EncryptionKeyArn"] in keys, name
            assert vault["Locked"] is True, name
            assert (
                "backup:DeleteRecoveryPoint"
                in aws("backup", region).get_backup_vault_access_policy(BackupVaultName=name)["Policy"]
            ), name


def check_secrets(aws: Any, keys: set[str]) -> None:
    for region in REGIONS:
        for secret in aws("secretsmanager", region).list_secrets()["SecretList"]:
            assert secret["KmsKeyId"] in keys, secret["Name"]
            replica = secret.get("PrimaryRegion", region) != region
            assert replica or secret.get("OwningService") or secret["RotationEnabled"], secret["Name"]


def check_topics(aws: Any, keys: set[str]) -> None:
    for region in REGIONS:
        sns = aws("sns", region)
        for topic in sns.list_topics()["Topics"]:
            arn = topic["TopicArn"]
            attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
            assert attributes["KmsMasterKeyId"] in keys, arn
            assert refuses_plain_http(attributes["Policy"]), arn
            assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"], arn


def check_queries(aws: Any, keys: set[str]) -> None:
    for group in aws("athena").list_work_groups()["WorkGroups"]:
        if group["Name"] != "primary":  # AWS's own, which nobody is let into
            found = aws("athena").get_work_group(WorkGroup=group["Name"])["WorkGroup"]["Configuration"]
            encryption = found["ResultConfiguration"]["EncryptionConfiguration"]
            assert encryption["EncryptionOption"] == "SSE_KMS", group["Name"]
            assert encryption["KmsKey"] in keys, group["Name"]
            assert found["EnforceWorkGroupConfiguration"] is True, group["Name"]


def check_every_log_group(aws: Any, keys: set[str]) -> None:
    for region in REGIONS:
        pages = aws("logs", region).get_paginator("describe_log_groups").paginate()
        for group in [group for page in pages for group in page["logGroups"]]:
            assert group["kmsKeyId"] in keys, group["logGroupName"]
            assert group["retentionInDays"] >= 365, group["logGroupName"]


def check_log_groups(aws: Any, names: list[str], keys: set[str]) -> None:
    for name in names:
        [group] = aws("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        assert group["kmsKeyId"] in keys
        assert group["retentionInDays"] >= 365


STORES = {
    "athena:workgroup": check_queries,
    "backup:backup-vault": check_vault,
    "ec2:instance": check_nodes,
    "ec2:volume": check_volumes,
    "elasticache:replicationgroup": check_caches,
    "kafka:cluster": check_streams,
    "logs:log-group": check_every_log_group,
    "rds:cluster": check_databases,
    "rds:db": check_databases,
    "s3:bucket": check_buckets,
    "secretsmanager:secret": check_secrets,
    "sns:topic": check_topics,
}
"""The kinds of the account's resources that hold data, as the tagging API names them, and what checks all of a kind."""

UNLISTED = {"ecr:repository": check_registry, "eks:cluster": check_clusters, "s3:archive": check_archives}
"""What the emulator's tagging API leaves out, and what is asked of some of a kind."""

HOLD_NOTHING = frozenset(
    {
        "acm:certificate",
        "cloudwatch:alarm",
        "ec2:flow-logs",
        "ec2:internet-gateway",
        "ec2:natgateway",
        "ec2:route-table",
        "ec2:security-group",
        "ec2:subnet",
        "ec2:vpc",
        "elasticache:cluster",  # the nodes of a replication group
        "elasticache:subnetgroup",
        "elasticache:user",
        "elasticloadbalancing:loadbalancer",
        "elasticloadbalancing:targetgroup",
        "glue:database",  # a catalogue of what a bucket holds
        "kms:key",
        "lambda:function",
        "rds:cluster-snapshot",  # under the key of its cluster
        "rds:snapshot",
        "ssm:document",
    }
)
NOT_USED = (
    ("dynamodb", "list_tables", "TableNames"),
    ("efs", "describe_file_systems", "FileSystems"),
    ("sqs", "list_queues", "QueueUrls"),
    ("kinesis", "list_streams", "StreamNames"),
    ("redshift", "describe_clusters", "Clusters"),
    ("opensearch", "list_domain_names", "DomainNames"),
)
"""Services that hold data and that nothing here checks: whoever begins to use one adds its check."""


def kind(arn: str) -> str:
    """`service:kind` of an ARN; some services have the name alone where others have the kind."""
    service, rest = arn.split(":", 5)[2], arn.split(":", 5)[5]
    alone = {"s3": "bucket", "sns": "topic", "sqs": "queue"}
    return f"{service}:{alone.get(service) or rest.replace(':', '/').split('/')[0]}"


def kinds_in(aws: Any) -> set[str]:
    """The kinds of everything that the account lists in both regions."""
    pages = [
        page
        for region in REGIONS
        for page in aws("resourcegroupstaggingapi", region).get_paginator("get_resources").paginate()
    ]
    return {kind(one["ResourceARN"]) for page in pages for one in page["ResourceTagMappingList"]}


def check_stores(aws: Any) -> None:
    """Every store in the account is under a key of its own, speaks TLS, is backed up, and logs.

    The account says what there is: a kind that is neither checked nor known to hold nothing fails.
    """
    keys = customer_keys(aws("kms")) | customer_keys(aws("kms", "us-west-1"))
    found = kinds_in(aws)
    assert found - HOLD_NOTHING - STORES.keys() == set(), "a kind of resource that nobody has judged"
    assert STORES.keys() <= found, "a kind of store that is checked and not there"
    for service, operation, key in NOT_USED:
        assert not getattr(aws(service), operation)().get(key), f"{service} holds something that nothing checks"
    for check in dict.fromkeys([*STORES.values(), *UNLISTED.values()]):
        check(aws, keys)
