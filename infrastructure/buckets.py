"""A private S3 bucket with everything that makes it one.

Enters: what the bucket is for. Leaves: `PrivateBucket` with the bucket's `name` and `arn`. Always versioned, encrypted,
closed to the public, owned by the account, reached over TLS 1.2 or newer, with lifecycle rules; and its accesses are
logged, unless it is where access logs go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import s3
from pulumi_aws.s3 import (
    BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs as ByDefaultArgs,
)
from pulumi_aws.s3 import BucketServerSideEncryptionConfigurationRuleArgs as EncryptionRuleArgs

from infrastructure.documents import Statement, document
from infrastructure.scope import Scope, retention_tag

ABORT_UPLOADS_AFTER_DAYS = 7


@dataclass(frozen=True)
class Lock:
    """S3 Object Lock for every new object: `COMPLIANCE`, which nobody can lift, or `GOVERNANCE`."""

    mode: str
    days: int


@dataclass(frozen=True)
class PrivateBucketArgs:
    """`statements` makes the bucket's own policy statements from its ARN.

    `key_arn` and `access_logs` are None for the target of access logs alone: S3 delivers them neither to a bucket that
    is encrypted under a KMS key, nor should it log its own deliveries. `expire_after_days` is None for what is in use
    until it is replaced; `bucket_name` is for a bucket that others know by name.
    """

    scope: Scope
    tags: dict[str, str]
    key_arn: pulumi.Output[str] | None
    access_logs: PrivateBucket | None
    expire_after_days: int | None
    noncurrent_days: int
    lock: Lock | None = None
    statements: Callable[[pulumi.Output[str]], list[Statement]] = lambda _: []
    bucket_name: str | None = None


class PrivateBucket(pulumi.ComponentResource):
    """A bucket and its settings, as resources of their own."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    """Made from the name, which is known at preview, where the bucket's own ARN is not."""

    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:buckets:PrivateBucket", name, {}, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        bucket = s3.Bucket(
            name,
            bucket=args.bucket_name,
            object_lock_enabled=args.lock is not None,
            force_destroy=args.scope.disposable,
            tags=args.tags | retention_tag(args.expire_after_days),
            opts=pulumi.ResourceOptions(parent=self, protect=not args.scope.disposable),
        )
        self.name = bucket.bucket
        self.arn = pulumi.Output.concat("arn:aws:s3:::", bucket.bucket)
        versioning = s3.BucketVersioning(
            f"{name}-versioning",
            bucket=self.name,
            versioning_configuration={"status": "Enabled"},
            opts=self._child,
        )
        self._encrypt(args)
        self._close_to_the_public(args)
        self._expire(args, versioning)
        if args.lock:
            s3.BucketObjectLockConfiguration(
                f"{name}-lock",
                bucket=self.name,
                rule={"default_retention": {"mode": args.lock.mode, "days": args.lock.days}},
                opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
            )
        if args.access_logs:
            s3.BucketLogging(
                f"{name}-logging",
                bucket=self.name,
                target_bucket=args.access_logs.name,
                target_prefix=f"{name}/",
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.access_logs]),
            )
        self.register_outputs({"name": self.name})

    def _encrypt(self, args: PrivateBucketArgs) -> None:
        s3.BucketServerSideEncryptionConfiguration(
            f"{self.pulumi_resource_name}-encryption",
            bucket=self.name,
            rules=[
                EncryptionRuleArgs(
                    apply_server_side_encryption_by_default=ByDefaultArgs(
                        sse_algorithm="AES256" if args.key_arn is None else "aws:kms", kms_master_key_id=args.key_arn
                    ),
                    bucket_key_enabled=None if args.key_arn is None else True,
                )
            ],
            opts=self._child,
        )

    def _close_to_the_public(self, args: PrivateBucketArgs) -> None:
        name = self.pulumi_resource_name
        block = s3.BucketPublicAccessBlock(
            f"{name}-public-access-block",
            bucket=self.name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )
        s3.BucketOwnershipControls(
            f"{name}-ownership",
            bucket=self.name,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._child,
        )
        encryption = [] if args.key_arn is None else _deny_other_keys(self.arn, args.key_arn)
        s3.BucketPolicy(
            f"{name}-policy",
            bucket=self.name,
            policy=document(*_deny_plain_transport(self.arn), *encryption, *args.statements(self.arn)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )

    def _expire(self, args: PrivateBucketArgs, versioning: s3.BucketVersioning) -> None:
        days = args.expire_after_days
        s3.BucketLifecycleConfiguration(
            f"{self.pulumi_resource_name}-lifecycle",
            bucket=self.name,
            rules=[
                {
                    "id": "expire",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": None if days is None else {"days": days},
                    "noncurrent_version_expiration": {"noncurrent_days": args.noncurrent_days},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": ABORT_UPLOADS_AFTER_DAYS},
                },
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versioning]),
        )


def _deny(sid: str, action: str, resource: object, condition: dict[str, Any]) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": condition,
    }


def _objects(arn: pulumi.Output[str]) -> pulumi.Output[str]:
    return pulumi.Output.concat(arn, "/*")


def _deny_plain_transport(arn: pulumi.Output[str]) -> list[Statement]:
    everything = [arn, _objects(arn)]
    return [
        _deny("DenyPlainHttp", "s3:*", everything, {"Bool": {"aws:SecureTransport": "false"}}),
        _deny("DenyOldTls", "s3:*", everything, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    ]


def _deny_other_keys(arn: pulumi.Output[str], key_arn: pulumi.Output[str]) -> list[Statement]:
    """Whoever writes an object gets the bucket's key: by default, or by asking for it, and by no other way.

    Services that write for themselves are left out: CloudTrail's digest files have their own encryption.
    """
    header = "s3:x-amz-server-side-encryption"
    key_header = f"{header}-aws-kms-key-id"
    # A negated operator matches a request without the header, with IfExists or not: Null leaves those out, which get
    # the bucket's key by default (IAM user guide, "IAM JSON policy elements: Condition operators").
    person = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
    objects = _objects(arn)
    return [
        _deny(
            "DenyOtherAlgorithms",
            "s3:PutObject",
            objects,
            {**person, "Null": {header: "false"}, "StringNotEquals": {header: "aws:kms"}},
        ),
        _deny(
            "DenyOtherKeys",
            "s3:PutObject",
            objects,
            {**person, "Null": {key_header: "false"}, "StringNotEquals": {key_header: key_arn}},
        ),
        # Asked for KMS without a key, S3 takes the account's aws/s3 key, not the bucket's.
        _deny(
            "DenyUnnamedKey",
            "s3:PutObject",
            objects,
            {**person, "Null": {header: "false", key_header: "true"}},
        ),
        _deny(
            "DenyKeysOfTheCaller",
            "s3:PutObject",
            objects,
            {**person, "Null": {f"{header}-customer-algorithm": "false"}},
        ),
    ]
