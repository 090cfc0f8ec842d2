"""Encryption at rest of S3 buckets: every object under a key of the customer's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from policy_pack.rules.change_protection import LOAD_BALANCERS
from policy_pack.rules.customer_keys import names_customer_key
from policy_pack.tokens import BUCKET_LOGGING, BUCKETS, inline
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Severity, aws, each, rule

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
    allowed = ("aws:kms", "aws:kms:dsse", *(("AES256",) if is_log_target(bucket, graph) else ()))
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
        defaults = [(holder, default) for default in _defaults(block)]
        if not defaults:
            yield "the rules of its default encryption are empty"
        yield from each(defaults, judge)


def is_log_target(bucket: Resource, graph: Graph) -> bool:
    """Return whether access logs are delivered to a bucket, which may then be encrypted by S3 alone.

    Source: "Enabling Amazon S3 server access logging" in the Amazon S3 User Guide, and "Enable access logs" and
    "Enable connection logs for your Application Load Balancer" in the User Guide for Application Load Balancers.
    """
    return graph.remember(_is_log_target, bucket)


def _is_log_target(graph: Graph, bucket: Resource) -> bool:
    return bool(graph.children(bucket, on=BUCKET_LOGGING, via="targetBucket")) or any(
        graph.children(bucket, on=LOAD_BALANCERS, via=logs) for logs in ("accessLogs", "connectionLogs")
    )


def _defaults(block: Props) -> Iterator[Props]:
    """Yield the default encryptions of a configuration. It spells them in three ways, by the type that holds it."""
    for item in _rules(block):
        yield from _defaults_of(item)


def _defaults_of(item: Props) -> Iterator[Props]:
    if "applyServerSideEncryptionByDefaults" in item:
        yield from item.get("applyServerSideEncryptionByDefaults", default=())
    else:
        yield item.get("applyServerSideEncryptionByDefault", default=Props({}))


def _rules(block: Props) -> Iterable[Props]:
    rules: Iterable[Props] = block.get("rules", default=()) if "rules" in block else filter(None, [block.get("rule")])
    return rules


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
def logs_of_a_load_balancer() -> None:
    logs = aws.s3.Bucket("logs")
    aws.s3.BucketServerSideEncryptionConfiguration("logs", bucket=logs.id, rules=_encryption("AES256"))
    aws.lb.LoadBalancer("web", access_logs={"bucket": logs.bucket, "enabled": True})


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
def configured_without_a_rule() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketServerSideEncryptionConfiguration("data", bucket=data.id, rules=[])


@bucket_encrypted_with_customer_key.fails
def encrypted_by_s3() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketServerSideEncryptionConfiguration("data", bucket=data.id, rules=_encryption("AES256"))


@bucket_encrypted_with_customer_key.undetermined
def settings_for_a_bucket_that_is_not_known() -> None:
    aws.s3.Bucket("data")
    which = aws.ssm.Parameter("which", type="String", value="data")
    aws.s3.BucketServerSideEncryptionConfiguration("data", bucket=which.insecure_value, rules=_encryption("aws:kms"))


@rule(
    on=(*BUCKET_ENCRYPTION, *BUCKETS),
    severity=Severity.LOW,
    promise="encryption",
    controls=("PH:S3-BUCKETKEY",),
    fix="set bucketKeyEnabled to true",
)
def bucket_key_enabled(holder: Resource) -> Iterator[Finding]:
    """Without a bucket key every object costs a call to KMS, and drowns the audit trail in them."""
    blocks = inline(holder, "serverSideEncryptionConfiguration") if holder.type in BUCKETS else [holder]
    if not blocks:
        raise NotApplicable("its encryption is configured beside it, or not at all")

    def judge(item: Props) -> Iterator[Finding]:
        algorithms = [default.get("sseAlgorithm") for default in _defaults_of(item)]
        # Amazon S3 User Guide, "Using dual-layer server-side encryption": it has no bucket keys.
        if "aws:kms" in algorithms and item.get("bucketKeyEnabled") is not True:
            yield f"{item.where('bucketKeyEnabled')} is not true"

    for block in blocks:
        yield from each(_rules(block), judge)


@bucket_key_enabled.passes
def one_key_for_the_bucket() -> None:
    key = aws.kms.Key("data").arn
    rules = [_encryption("aws:kms", key)[0] | {"bucket_key_enabled": True}]
    aws.s3.BucketServerSideEncryptionConfiguration("data", bucket="data", rules=rules)
    aws.s3.BucketServerSideEncryptionConfigurationV2("logs", bucket="logs", rules=_encryption("AES256"))
    aws.s3.Bucket("inside", server_side_encryption_configuration={"rule": rules[0]})
    by_default: Any = [{"sse_algorithm": "aws:kms", "kms_master_key_id": key}]
    inside: Any = [{"rules": [{"apply_server_side_encryption_by_defaults": by_default, "bucket_key_enabled": True}]}]
    aws.s3.BucketV2("old", server_side_encryption_configurations=inside)


@bucket_key_enabled.fails
def a_call_for_every_object() -> None:
    aws.s3.BucketServerSideEncryptionConfiguration("data", bucket="data", rules=_encryption("aws:kms", "key"))


INLINE = ("acl", "logging", "serverSideEncryptionConfiguration", "versioning")


@rule(
    on=BUCKETS,
    severity=Severity.LOW,
    promise="encryption",
    controls=("PH:S3-INLINE-SSE",),
    fix="move the setting into the resource that AWS has for it, such as aws.s3.BucketVersioning",
)
def bucket_settings_beside_bucket(bucket: Resource) -> Iterator[Finding]:
    """Two places for one setting undo each other, and a reader sees one of them."""
    names = [*INLINE, *(f"{name}s" for name in INLINE[1:])]
    # A V2 bucket spells them in the plural.
    yield from (f"{name} is set inside the bucket, which is deprecated" for name in names if name in bucket)


@bucket_settings_beside_bucket.passes
def settings_beside() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketVersioning("data", bucket=data.id, versioning_configuration={"status": "Enabled"})
    aws.s3.BucketV2("old")


@bucket_settings_beside_bucket.fails
def versioning_inside() -> None:
    aws.s3.Bucket("data", versioning={"enabled": True})


@bucket_settings_beside_bucket.fails
def encryption_inside() -> None:
    settings_inside_the_bucket()
