"""Archives: buckets of what was recorded, which nobody changes or deletes for as long as it is kept.

Enters: what is archived, and who writes it. Leaves: `archive`, a private bucket whose objects are locked as long as
they are kept, and expire with their lock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pulumi

from infrastructure.buckets import Lock, PrivateBucket, PrivateBucketArgs
from infrastructure.documents import Statement
from infrastructure.scope import Scope


@dataclass(frozen=True)
class ArchiveArgs:
    """`writers` makes the statements of who writes, from the bucket's ARN.

    `lockable` is False for AWS Config alone, which delivers to no bucket with default retention ("Managing the Delivery
    Channel" in its developer guide). What protects its archive is the policy: nobody deletes, and Config alone writes.
    """

    scope: Scope
    tags: dict[str, str]
    key_arn: pulumi.Output[str]
    access_logs: PrivateBucket
    retention_days: int
    writers: Callable[[pulumi.Output[str]], list[Statement]]
    bucket_name: str | None = None
    lockable: bool = True


def archive(name: str, args: ArchiveArgs, opts: pulumi.ResourceOptions) -> PrivateBucket:
    """The bucket. In a disposable stack its lock is one that the account can lift."""
    mode = "GOVERNANCE" if args.scope.disposable else "COMPLIANCE"
    return PrivateBucket(
        name,
        PrivateBucketArgs(
            scope=args.scope,
            tags=args.tags,
            key_arn=args.key_arn,
            access_logs=args.access_logs,
            expire_after_days=args.retention_days,
            noncurrent_days=1,  # by then its lock has ended: the same days, counted from the same write
            lock=Lock(mode, args.retention_days) if args.lockable else None,
            statements=lambda arn: [*args.writers(arn), _nobody_deletes(arn)],
            bucket_name=args.bucket_name,
        ),
        opts=opts,
    )


def _nobody_deletes(arn: pulumi.Output[str]) -> Statement:
    """What is archived leaves by lifecycle rule alone."""
    return {
        "Sid": "NobodyDeletes",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"],
        "Resource": pulumi.Output.concat(arn, "/*"),
    }
