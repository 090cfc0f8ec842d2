"""Configuration history: AWS Config records every resource of the account, in both US-West regions.

Enters: the logs key, the access-log bucket and the retention. Leaves: `ConfigurationRecorder` with its `archive`.
Config has one recorder for each account and region: environments are separate accounts.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import cfg, iam

from infrastructure.archives import ArchiveArgs, archive
from infrastructure.buckets import PrivateBucket
from infrastructure.documents import Statement
from infrastructure.promises import AUDIT_DAYS
from infrastructure.scope import DataClass, Scope

SERVICE = "configuration-history"
CONFIG = "config.amazonaws.com"


@dataclass(frozen=True)
class ConfigurationRecorderArgs:
    """What the history is written to, and how long it is kept."""

    scope: Scope
    key_arn: pulumi.Output[str]
    access_logs: PrivateBucket
    retention_days: int

    def __post_init__(self) -> None:
        AUDIT_DAYS.require("configuration history retention_days", self.retention_days)


class ConfigurationRecorder(pulumi.ComponentResource):
    """A running recorder in each region, and the archive that both deliver to."""

    def __init__(self, name: str, args: ConfigurationRecorderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:recorder:ConfigurationRecorder", name, {}, opts)
        self._args = args
        self._tags = args.scope.tags(SERVICE, DataClass.CONFIDENTIAL)
        self._child = pulumi.ResourceOptions(parent=self)
        self.archive = self._create_archive(f"{name}-archive")
        role = iam.ServiceLinkedRole(
            f"{name}-role", aws_service_name=CONFIG, tags=self._tags, opts=pulumi.ResourceOptions(parent=self)
        )
        self._record(name, role, region=None)
        self._record(f"{name}-recovery", role, args.scope.recovery_region)
        self.register_outputs({"archive": self.archive.name})

    def _create_archive(self, name: str) -> PrivateBucket:
        args = self._args
        return archive(
            name,
            ArchiveArgs(
                scope=args.scope,
                tags=self._tags,
                key_arn=args.key_arn,
                access_logs=args.access_logs,
                retention_days=args.retention_days,
                writers=self._archive_statements,
                lockable=False,
            ),
            self._child,
        )

    def _archive_statements(self, arn: pulumi.Output[str]) -> list[Statement]:
        """What Config needs when a service-linked role records, for this account alone; it writes as the service.

        Source: "Permissions for the Amazon S3 Bucket for the AWS Config Delivery Channel" in its developer guide.
        """
        account = self._args.scope.account
        objects = pulumi.Output.concat(arn, f"/AWSLogs/{account}/Config/*")
        config = {"Effect": "Allow", "Principal": {"Service": CONFIG}}
        from_here = {"aws:SourceAccount": account}
        return [
            {
                **config,
                "Sid": "ConfigChecksBucket",
                "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
                "Resource": arn,
                "Condition": {"StringEquals": from_here},
            },
            {
                **config,
                "Sid": "ConfigWrites",
                "Action": "s3:PutObject",
                "Resource": objects,
                "Condition": {"StringEquals": {**from_here, "s3:x-amz-acl": "bucket-owner-full-control"}},
            },
            {
                "Sid": "NobodyElseWrites",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": pulumi.Output.concat(arn, "/*"),
                "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalServiceName": CONFIG}},
            },
        ]

    def _record(self, name: str, role: iam.ServiceLinkedRole, region: str | None) -> None:
        """Everything, and what belongs to no region in the home region alone, where it is recorded once.

        No topic: "AWS Config does not support encrypted Amazon SNS topics" (its developer guide).
        """
        prefix = self._args.scope.prefix
        recorder = cfg.Recorder(
            f"{name}-recorder",
            name=prefix,
            role_arn=role.arn,
            recording_group={"all_supported": True, "include_global_resource_types": region is None},
            region=region,
            opts=self._child,
        )
        channel = cfg.DeliveryChannel(
            f"{name}-channel",
            name=prefix,
            s3_bucket_name=self.archive.name,
            s3_kms_key_arn=self._args.key_arn,
            snapshot_delivery_properties={"delivery_frequency": "TwentyFour_Hours"},
            region=region,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[recorder, self.archive]),
        )
        cfg.RecorderStatus(
            f"{name}-status",
            name=recorder.name,
            is_enabled=True,
            region=region,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[channel]),
        )
