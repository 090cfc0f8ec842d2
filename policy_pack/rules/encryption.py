"""Encryption at rest: every store encrypted, under a key of the customer's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.tokens import BUCKET_LOGGING, BUCKETS, DATABASE_CLUSTER, DATABASE_INSTANCE, KEY, TRAIL, VAULT, inline
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Severity,
    Unknown,
    aws,
    each,
    rule,
)

BUCKET_ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
KEY_SOURCES = (KEY, "aws:kms/alias:Alias", "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey")
# AWS KMS Developer Guide, "AWS managed keys": their aliases begin so, and their policies can't be changed.
AWS_MANAGED = "alias/aws/"

ENCRYPTED = {
    "aws:ebs/volume:Volume": Row(("encrypted",), controls=("SH:EC2.3",)),
    "aws:efs/fileSystem:FileSystem": Row(("encrypted",), controls=("SH:EFS.1",)),
    DATABASE_CLUSTER: Row(("storageEncrypted",), controls=("SH:RDS.27",)),
    "aws:rds/globalCluster:GlobalCluster": Row(("storageEncrypted",), controls=("SH:RDS.27",)),
    DATABASE_INSTANCE: Row(("storageEncrypted",), controls=("SH:RDS.3", "CIS7:3.2.1")),
}


@rule(
    on=ENCRYPTED,
    severity=Severity.HIGH,
    promise="encryption",
    fix="encrypt the store when it is created; an existing one has to be copied into an encrypted one",
)
def storage_encrypted(store: Resource, row: Row) -> Iterator[Finding]:
    """A stolen disk, backup or snapshot must be unreadable."""
    if any(store.has(source) for source in ("replicateSourceDb", "sourceDbClusterIdentifier")):
        raise NotApplicable("it inherits the encryption of its source")
    yield from row.judge(store)


@storage_encrypted.passes
def encrypted() -> None:
    aws.ebs.Volume("data", availability_zone="us-west-2a", size=100, encrypted=True)
    aws.efs.FileSystem("shared", encrypted=True)
    aws.rds.Cluster("orders", engine="aurora-postgresql", storage_encrypted=True)
    aws.rds.GlobalCluster("orders", global_cluster_identifier="orders", storage_encrypted=True)
    aws.rds.Instance("reports", instance_class="db.t4g.small", storage_encrypted=True)


@storage_encrypted.fails
def left_unencrypted() -> None:
    aws.rds.Instance("reports", instance_class="db.t4g.small")


@storage_encrypted.undetermined
def decided_by_another_resource() -> None:
    marker = aws.ssm.Parameter("encrypt", type="String", value="yes")
    aws.ebs.Volume(
        "data",
        availability_zone="us-west-2a",
        size=100,
        encrypted=marker.arn.apply(lambda arn: arn.endswith("encrypt")),
    )


KEY_PROPERTY = {
    VAULT: Row(("kmsKeyArn",), controls=("SH:Backup.1",)),
    TRAIL: Row(("kmsKeyId",), controls=("SH:CloudTrail.2", "CIS7:4.5")),
    "aws:cloudwatch/logGroup:LogGroup": Row(("kmsKeyId",), controls=("PH:CWL-CMK",)),
    "aws:ebs/volume:Volume": Row(("kmsKeyId",), controls=("SH:EC2.3",)),
    "aws:efs/fileSystem:FileSystem": Row(("kmsKeyId",), controls=("SH:EFS.1",)),
    DATABASE_CLUSTER: Row(("kmsKeyId",), controls=("SH:RDS.27",)),
    DATABASE_INSTANCE: Row(("kmsKeyId",), controls=("SH:RDS.3",)),
    "aws:secretsmanager/secret:Secret": Row(("kmsKeyId",)),
    "aws:sns/topic:Topic": Row(("kmsMasterKeyId",), controls=("SH:SNS.1",)),
    "aws:sqs/queue:Queue": Row(("kmsMasterKeyId",), controls=("SH:SQS.1",)),
}


@rule(
    on=KEY_PROPERTY,
    severity=Severity.HIGH,
    promise="encryption",
    controls=("PH:KMS-AWSMANAGED",),
    fix="name a KMS key of your own, one per data domain",
)
def customer_key_used(store: Resource, graph: Graph, row: Row) -> Iterator[Finding]:
    """Only a key of the customer's own can be withdrawn, and says who used it."""
    if any(store.has(source) for source in ("replicateSourceDb", "sourceDbClusterIdentifier")):
        raise NotApplicable("it inherits the key of its source")
    (name,) = row.path
    yield from _names_customer_key(store, graph, store, name)


def _names_customer_key(holder: Props, graph: Graph, resource: Resource, name: str) -> Iterator[Finding]:
    where = holder.where(name)
    try:
        key = holder.get(name)
    except Unknown:
        # The reference is known, where the value isn't; it raises again where neither is.
        graph.targets(resource, where.partition("[")[0].partition(".")[0], *KEY_SOURCES)
        return
    if not key:
        yield f"{where} names no key"
    elif AWS_MANAGED in key:
        yield f"{where} is {key}, which AWS manages"


@customer_key_used.passes
def a_key_of_its_own() -> None:
    key = aws.kms.Key("data")
    aws.backup.Vault("daily", kms_key_arn=key.arn)
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", kms_key_id=key.arn)
    aws.cloudwatch.LogGroup("web", kms_key_id=key.arn)
    aws.ebs.Volume("data", availability_zone="us-west-2a", kms_key_id=key.arn)
    aws.efs.FileSystem("shared", kms_key_id=key.arn)
    aws.rds.Cluster("orders", engine="aurora-postgresql", kms_key_id=key.arn)
    aws.rds.Instance("reports", instance_class="db.t4g.small", kms_key_id=key.arn)
    aws.secretsmanager.Secret("token", kms_key_id=key.arn)
    aws.sns.Topic("alarms", kms_master_key_id=key.id)
    aws.sqs.Queue("events", kms_master_key_id=aws.kms.Alias("queue", target_key_id=key.id).name)


@customer_key_used.fails
def no_key() -> None:
    aws.rds.Cluster("orders", engine="aurora-postgresql", storage_encrypted=True)


@customer_key_used.fails
def the_key_of_aws() -> None:
    aws.sns.Topic("alarms", kms_master_key_id="alias/aws/sns")


@customer_key_used.undetermined
def a_key_from_a_parameter_not_written_yet() -> None:
    parameter = aws.ssm.Parameter("key", type="String", value="alias/orders")
    aws.sqs.Queue("events", kms_master_key_id=parameter.arn)


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="encryption",
    controls=("SH:S3.17",),
    fix="give the bucket an aws.s3.BucketServerSideEncryptionConfiguration with aws:kms and a key of your own",
)
def bucket_encrypted_with_customer_key(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """Objects must be readable by those only who may use the key of their data domain."""
    # Amazon S3 User Guide, "Enabling server access logging": a target bucket is encrypted with SSE-S3 only.
    is_log_target = graph.children(bucket, on=BUCKET_LOGGING, via="targetBucket")
    allowed = ("aws:kms", "aws:kms:dsse", *(("AES256",) if is_log_target else ()))
    separate = graph.children(bucket, on=BUCKET_ENCRYPTION, via="bucket")
    holders: list[tuple[Resource, Props]] = [(config, config) for config in separate] or [
        (bucket, block) for block in inline(bucket, "serverSideEncryptionConfiguration")
    ]
    if not holders:
        yield "no default encryption is configured"

    def judge(pair: tuple[Resource, Props]) -> Iterator[Finding]:
        holder, default = pair
        algorithm = default.get("sseAlgorithm")
        if algorithm not in allowed:
            yield f"{default.where('sseAlgorithm')} is {algorithm or 'not set'}; it must be {' or '.join(allowed)}"
        elif algorithm != "AES256":
            yield from _names_customer_key(default, graph, holder, "kmsMasterKeyId")

    for holder, block in holders:
        yield from each([(holder, default) for default in _defaults(block)], judge)


def _defaults(block: Props) -> Iterator[Props]:
    """Yield the default encryptions of a configuration. It spells them in three ways, by the type that holds it."""
    rules = block.get("rules", default=()) if "rules" in block else [block.get("rule")]
    for item in rules:
        if "applyServerSideEncryptionByDefaults" in item:
            yield from item.get("applyServerSideEncryptionByDefaults")
        else:
            yield item.get("applyServerSideEncryptionByDefault", default=Props({}))


def _encryption(algorithm: str, key: object = None) -> list[Any]:
    return [{"apply_server_side_encryption_by_default": {"sse_algorithm": algorithm, "kms_master_key_id": key}}]


@bucket_encrypted_with_customer_key.passes
def bucket_under_a_key() -> None:
    key = aws.kms.Key("data")
    data = aws.s3.Bucket("data")
    aws.s3.BucketServerSideEncryptionConfiguration("data", bucket=data.id, rules=_encryption("aws:kms", key.arn))
    logs = aws.s3.BucketV2("logs")
    aws.s3.BucketServerSideEncryptionConfigurationV2("logs", bucket=logs.id, rules=_encryption("AES256"))
    aws.s3.BucketLogging("data", bucket=data.id, target_bucket=logs.id, target_prefix="data/")


@bucket_encrypted_with_customer_key.passes
def bucket_named_in_text() -> None:
    aws.s3.Bucket("data", bucket="hedgerow-data")
    aws.s3.BucketServerSideEncryptionConfiguration(
        "data",
        bucket="hedgerow-data",
        rules=_encryption("aws:kms", "arn:aws:kms:us-west-2:111122223333:key/0b1c2d3e-aaaa-bbbb-cccc-1234567890ab"),
    )


@bucket_encrypted_with_customer_key.passes
def settings_inside_the_bucket() -> None:
    key = aws.kms.Key("data")
    by_default: Any = [{"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}]
    inside: Any = [{"rules": [{"apply_server_side_encryption_by_defaults": by_default}]}]
    aws.s3.BucketV2("logs", server_side_encryption_configurations=inside)
    aws.s3.Bucket("data", server_side_encryption_configuration={"rule": _encryption("aws:kms", key.arn)[0]})


@bucket_encrypted_with_customer_key.fails
def left_to_s3() -> None:
    aws.s3.Bucket("data")


@bucket_encrypted_with_customer_key.fails
def encrypted_by_s3() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketServerSideEncryptionConfiguration("data", bucket=data.id, rules=_encryption("AES256"))


@bucket_encrypted_with_customer_key.undetermined
def settings_for_a_bucket_that_is_not_known() -> None:
    aws.s3.Bucket("data")
    which = aws.ssm.Parameter("which", type="String", value="data")
    aws.s3.BucketServerSideEncryptionConfiguration("data", bucket=which.insecure_value, rules=_encryption("aws:kms"))
