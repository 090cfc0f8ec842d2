"""What holds data, asked of each service itself: encrypted under a key of ours, private, kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from evidence.live.account import Account
from evidence.live.checks import Seen, check, code_of, each

_OF_AWS = "alias/aws/"


class _Kind(NamedTuple):
    """How a service tells of its stores, and by which property that one is encrypted; its key is always `KmsKeyId`."""

    service: str
    operation: str
    list: str
    arn: str
    switch: str


_DATABASES = (
    _Kind("rds", "describe_db_clusters", "DBClusters", "{DBClusterArn}", "StorageEncrypted"),
    _Kind("rds", "describe_db_instances", "DBInstances", "{DBInstanceArn}", "StorageEncrypted"),
)
_VOLUMES = (
    _Kind("ec2", "describe_volumes", "Volumes", "arn:aws:ec2:{region}:{account}:volume/{VolumeId}", "Encrypted"),
)


class _Keys:
    """Which keys are ours: a key that AWS manages is everybody's who may use the service."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._ours: dict[str, bool] = {}

    def wrong(self, key: str | None, region: str) -> Iterator[str]:
        """Yield what is wrong with the key that encrypts a store."""
        if not key:
            yield "it is not encrypted under a key of ours"
            return
        if key not in self._ours:
            self._ours[key] = not key.startswith(_OF_AWS) and (
                self._account.ask("kms", "describe_key", region, KeyId=key)["KeyMetadata"]["KeyManager"] == "CUSTOMER"
            )
        if not self._ours[key]:
            yield "its key is AWS's, not ours"


@check(promise="encryption", severity="high", controls=("SH:S3.17",))
def buckets_encrypted_under_our_keys(account: Account) -> Iterator[Seen]:
    """A bucket's default encryption names a key; what AWS delivers access logs to can't have one."""
    keys = _Keys(account)

    def judge(bucket: str) -> Iterator[str]:
        default = _or_none(
            "ServerSideEncryptionConfigurationNotFoundError",
            lambda: account.ask("s3", "get_bucket_encryption", Bucket=bucket)["ServerSideEncryptionConfiguration"],
        )
        rules = (default or {}).get("Rules", [])
        by_default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
        if by_default.get("SSEAlgorithm") == "AES256" and _takes_access_logs(account, bucket):
            return
        yield from keys.wrong(by_default.get("KMSMasterKeyID"), _region_of(account, bucket))

    yield from each(_buckets(account), _bucket_arn, judge)


@check(promise="data-protection", severity="critical", controls=("SH:S3.8",))
def buckets_not_public(account: Account) -> Iterator[Seen]:
    """Each bucket blocks the public itself, whatever the account's setting is tomorrow."""

    def judge(bucket: str) -> Iterator[str]:
        found = _or_none(
            "NoSuchPublicAccessBlockConfiguration",
            lambda: account.ask("s3", "get_public_access_block", Bucket=bucket)["PublicAccessBlockConfiguration"],
        )
        closed = found or {}
        names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        yield from (f"{name} is off" for name in names if not closed.get(name))

    yield from each(_buckets(account), _bucket_arn, judge)


@check(promise="backup", severity="high", controls=("SH:S3.14",))
def buckets_versioned(account: Account) -> Iterator[Seen]:
    """What was overwritten or deleted by mistake can be had back."""

    def judge(bucket: str) -> Iterator[str]:
        status = account.ask("s3", "get_bucket_versioning", Bucket=bucket).get("Status", "off")
        if status != "Enabled":
            yield f"versioning is {status.lower()}"

    yield from each(_buckets(account), _bucket_arn, judge)


@check(promise="data-protection", severity="medium", controls=("SH:S3.9",))
def buckets_log_access(account: Account) -> Iterator[Seen]:
    """Every access to data is logged; the bucket that takes the logs doesn't log itself."""

    def judge(bucket: str) -> Iterator[str]:
        logging = account.ask("s3", "get_bucket_logging", Bucket=bucket).get("LoggingEnabled")
        if not logging and not _takes_access_logs(account, bucket):
            yield "access is not logged"

    yield from each(_buckets(account), _bucket_arn, judge)


@check(promise="encryption", severity="high", controls=("SH:RDS.3", "SH:RDS.27"))
def databases_encrypted_under_our_keys(account: Account) -> Iterator[Seen]:
    """A stolen disk or snapshot must be unreadable."""
    yield from _encrypted(account, _DATABASES)


@check(promise="business-continuity", severity="medium", controls=("SH:RDS.7", "SH:RDS.8"))
def databases_protected_from_deletion(account: Account) -> Iterator[Seen]:
    """One slip of a hand must not cost the store."""

    def judge(store: dict[str, Any]) -> Iterator[str]:
        if not store.get("DeletionProtection"):
            yield "deletion protection is off"

    for region in account.regions:
        clusters = account.list("rds", "describe_db_clusters", "DBClusters", region)
        yield from each(clusters, lambda store: str(store["DBClusterArn"]), judge)
        alone = account.list("rds", "describe_db_instances", "DBInstances[?!DBClusterIdentifier]", region)
        yield from each(alone, lambda store: str(store["DBInstanceArn"]), judge)


@check(promise="encryption", severity="high", controls=("SH:EC2.3",))
def volumes_encrypted_under_our_keys(account: Account) -> Iterator[Seen]:
    """Disks of machines hold what the machines work on."""
    yield from _encrypted(account, _VOLUMES)


@check(promise="encryption", severity="medium", controls=("SH:ElastiCache.4", "SH:ElastiCache.5"))
def caches_encrypted(account: Account) -> Iterator[Seen]:
    """Sessions and results in a cache are customers' data too, on disk and on the way."""
    keys = _Keys(account)
    for region in account.regions:

        def judge(cache: dict[str, Any], region: str = region) -> Iterator[str]:
            yield from keys.wrong(cache.get("KmsKeyId") if cache.get("AtRestEncryptionEnabled") else None, region)
            if not cache.get("TransitEncryptionEnabled"):
                yield "it can be reached without TLS"

        caches = account.list("elasticache", "describe_replication_groups", "ReplicationGroups", region)
        yield from each(caches, lambda cache: str(cache["ARN"]), judge)


@check(promise="encryption", severity="medium", controls=("SH:MSK.1",))
def streams_encrypted(account: Account) -> Iterator[Seen]:
    """Events on their way are encrypted between clients, brokers and disks."""
    keys = _Keys(account)
    for region in account.regions:

        def judge(cluster: dict[str, Any], region: str = region) -> Iterator[str]:
            provisioned = cluster.get("Provisioned")
            if provisioned is None:  # a serverless cluster is always encrypted, and takes no key
                return
            encryption = provisioned.get("EncryptionInfo", {})
            yield from keys.wrong(encryption.get("EncryptionAtRest", {}).get("DataVolumeKMSKeyId"), region)
            transit = encryption.get("EncryptionInTransit", {})
            if transit.get("ClientBroker") != "TLS" or not transit.get("InCluster"):
                yield "it can be reached without TLS"

        clusters = account.list("kafka", "list_clusters_v2", "ClusterInfoList", region)
        yield from each(clusters, lambda cluster: str(cluster["ClusterArn"]), judge)


@check(promise="encryption", severity="medium", controls=("SH:KMS.4",))
def keys_rotate_and_stay(account: Account) -> Iterator[Seen]:
    """A key of ours is rotated each year, and none is on its way to deletion unnoticed."""

    def judge(key: dict[str, Any]) -> Iterator[str]:
        if key["KeyState"] == "PendingDeletion":
            yield "it is pending deletion"
        elif key["KeySpec"] == "SYMMETRIC_DEFAULT" and key.get("Origin") == "AWS_KMS":
            region = key["Arn"].split(":")[3]
            if not account.ask("kms", "get_key_rotation_status", region, KeyId=key["KeyId"])["KeyRotationEnabled"]:
                yield "it is not rotated"

    for region in account.regions:
        known = (
            account.ask("kms", "describe_key", region, KeyId=key["KeyId"])["KeyMetadata"]
            for key in account.list("kms", "list_keys", "Keys", region)
        )
        ours = (key for key in known if key["KeyManager"] == "CUSTOMER")
        yield from each(ours, lambda key: str(key["Arn"]), judge)


@check(
    promise="encryption",
    severity="medium",
    controls=("SH:SecretsManager.1", "SH:SecretsManager.2", "SH:SecretsManager.3"),
)
def secrets_rotate_and_are_used(account: Account) -> Iterator[Seen]:
    """A rotation that fails leaves yesterday's password in place; a secret that nobody reads only leaks."""
    keys = _Keys(account)
    for region in account.regions:

        def judge(secret: dict[str, Any], region: str = region) -> Iterator[str]:
            yield from keys.wrong(secret.get("KmsKeyId"), region)
            if not secret.get("RotationEnabled"):
                yield "it is not rotated"
            elif (due := secret.get("NextRotationDate")) is not None and due < account.now:
                yield f"its rotation was due on {due:%Y-%m-%d}"
            read = secret.get("LastAccessedDate") or secret["CreatedDate"]
            if (account.now - read).days > 90:  # Security Hub SecretsManager.3
                yield f"nobody has read it since {read:%Y-%m-%d}"

        secrets = account.list("secretsmanager", "list_secrets", "SecretList", region)
        yield from each(secrets, lambda secret: str(secret["ARN"]), judge)


@check(promise="encryption", severity="high", controls=("SH:EKS.3", "SH:EKS.1"))
def clusters_private_and_encrypted(account: Account) -> Iterator[Seen]:
    """Whoever reaches the API of a cluster can try its doors; whoever reads its store reads every secret."""
    for region in account.regions:

        def judge(name: str, region: str = region) -> Iterator[str]:
            cluster = account.ask("eks", "describe_cluster", region, name=name)["cluster"]
            if cluster["resourcesVpcConfig"].get("endpointPublicAccess"):
                yield "its endpoint is public"
            if not any("secrets" in item.get("resources", ()) for item in cluster.get("encryptionConfig") or ()):
                yield "its secrets are not encrypted under a key of ours"

        clusters = account.list("eks", "list_clusters", "clusters", region)
        prefix = f"arn:aws:eks:{region}:{account.id}:cluster/"
        yield from each(clusters, lambda name, prefix=prefix: f"{prefix}{name}", judge)  # type: ignore[misc]


def _encrypted(account: Account, kinds: tuple[_Kind, ...]) -> Iterator[Seen]:
    keys = _Keys(account)
    for kind in kinds:
        for region in account.regions:

            def judge(store: dict[str, Any], kind: _Kind = kind, region: str = region) -> Iterator[str]:
                if not store.get(kind.switch):
                    yield "it is not encrypted"
                else:
                    yield from keys.wrong(store.get("KmsKeyId"), region)

            def arn(store: dict[str, Any], kind: _Kind = kind, region: str = region) -> str:
                return kind.arn.format(region=region, account=account.id, **store)

            stores = account.list(kind.service, kind.operation, kind.list, region)
            yield from each(stores, arn, judge)


def _buckets(account: Account) -> Iterator[str]:
    return (str(bucket["Name"]) for bucket in account.list("s3", "list_buckets", "Buckets"))


def _bucket_arn(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}"


def _region_of(account: Account, bucket: str) -> str:
    # us-east-1 is told as nothing at all.
    return str(account.ask("s3", "get_bucket_location", Bucket=bucket).get("LocationConstraint") or "us-east-1")


def _takes_access_logs(account: Account, bucket: str) -> bool:
    """Return whether AWS may deliver access logs to a bucket: it lets a service of its own write there, and says so."""
    policy = _or_none("NoSuchBucketPolicy", lambda: account.ask("s3", "get_bucket_policy", Bucket=bucket)["Policy"])
    return any(name in (policy or "") for name in ("logging.s3.amazonaws.com", "logdelivery.elasticloadbalancing"))


def _or_none(code: str, ask: Callable[[], Any]) -> Any:
    """Return an answer, or None where AWS says by an error that there is none."""
    try:
        return ask()
    except ClientError as error:
        if code_of(error) != code:
            raise
        return None
