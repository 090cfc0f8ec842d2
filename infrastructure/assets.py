"""Static assets: a bucket of what every visitor's browser loads, and of nothing else.

Enters: the assets key. Leaves: `static_assets`, a bucket that is as private as any other: an edge reads it through
origin access control, nobody reads it directly.
"""

from __future__ import annotations

import pulumi

from infrastructure.buckets import PrivateBucket, PrivateBucketArgs
from infrastructure.documents import Statement
from infrastructure.promises import Recovery
from infrastructure.scope import DataClass, Scope, kept_by

SERVICE = "static-assets"
KEPT_DAYS = 400
"""Each release uploads all its assets anew: what none has uploaded in more than a year belongs to none."""

RECOVERY = Recovery(
    lost_minutes=0,
    lost_hours_with_region=0,
    restore_hours=1,
    in_plan=False,
    source="the repository: a release is built and uploaded again",
)


def static_assets(
    scope: Scope, key_arn: pulumi.Output[str], access_logs: PrivateBucket, noncurrent_days: int
) -> PrivateBucket:
    """The bucket of static assets.

    Source of the statement: "Restrict access to an Amazon S3 origin" in the CloudFront developer guide.
    """

    def origin(arn: pulumi.Output[str]) -> list[Statement]:
        return [
            {
                "Sid": "EdgeReadsThroughOriginAccessControl",
                "Effect": "Allow",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": pulumi.Output.concat(arn, "/*"),
                "Condition": edge_of(scope),
            }
        ]

    return PrivateBucket(
        SERVICE,
        PrivateBucketArgs(
            scope=scope,
            tags=scope.tags(SERVICE, DataClass.PUBLIC) | kept_by("releases"),
            key_arn=key_arn,
            access_logs=access_logs,
            expire_after_days=KEPT_DAYS,
            noncurrent_days=noncurrent_days,
            statements=origin,
        ),
    )


def edge_of(scope: Scope) -> dict[str, dict[str, str]]:
    """The condition that only a distribution of the stack's account meets."""
    return {
        "StringEquals": {"aws:SourceAccount": scope.account},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudfront::{scope.account}:distribution/*"},
    }
