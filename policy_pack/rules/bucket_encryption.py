"""Encryption at rest of S3 buckets: every object under a key of the customer's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.customer_keys import names_customer_key
from policy_pack.tokens import BUCKET_LOGGING, BUCKETS, inline
from policy_pack.vocabulary import Finding, Graph, Props, Resource, Severity, aws, each, rule

BUCKET_ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)


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
            yield from names_customer_key(default, graph, holder, "kmsMasterKeyId")

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
