"""Logs: the access logs of buckets, the account's audit trail, and encrypted log groups.

Enters: the logs key and what is to be watched. Leaves: `access_log_bucket`, `AuditTrail`, `LogGroups`.
The trail's archive is locked for as long as the promise says and expires when the lock does.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudtrail, cloudwatch, iam

from infrastructure.archives import ArchiveArgs, archive
from infrastructure.buckets import PrivateBucket, PrivateBucketArgs
from infrastructure.documents import Statement, document, trust
from infrastructure.promises import AUDIT_DAYS, SEARCHABLE_LOG_DAYS
from infrastructure.scope import DataClass, Scope, retention_tag

SERVICE = "logs"
CLOUDTRAIL = "cloudtrail.amazonaws.com"


def trail_arn(scope: Scope) -> str:
    """The ARN of the stack's trail, which the policies of its key and its archive name before it exists."""
    return scope.arn("cloudtrail", f"trail/{scope.prefix}")


@dataclass(frozen=True)
class LogGroups:
    """Makes log groups under the logs key."""

    scope: Scope
    key_arn: pulumi.Output[str]

    def create(self, name: str, path: str, service: str, parent: pulumi.Resource) -> cloudwatch.LogGroup:
        """A log group of `service`. Its path is fixed, because the key's policy names it."""
        kept = not self.scope.disposable
        return cloudwatch.LogGroup(
            name,
            name=path,
            kms_key_id=self.key_arn,
            retention_in_days=SEARCHABLE_LOG_DAYS,
            deletion_protection_enabled=kept,
            tags=self.scope.tags(service, DataClass.CONFIDENTIAL) | retention_tag(SEARCHABLE_LOG_DAYS),
            opts=pulumi.ResourceOptions(parent=parent, protect=kept),
        )


def access_log_bucket(scope: Scope) -> PrivateBucket:
    """The bucket that S3 delivers access logs to, from this account's buckets alone.

    AES256 and no Object Lock, because S3 refuses to deliver otherwise: "Enabling Amazon S3 server access logging" and
    "Object Lock considerations" in the S3 user guide.
    """

    def deliveries(arn: pulumi.Output[str]) -> list[Statement]:
        return [
            {
                "Sid": "S3DeliversAccessLogs",
                "Effect": "Allow",
                "Principal": {"Service": "logging.s3.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": pulumi.Output.concat(arn, "/*"),
                "Condition": {"StringEquals": {"aws:SourceAccount": scope.account}},
            }
        ]

    return PrivateBucket(
        "access-logs",
        PrivateBucketArgs(
            scope=scope,
            tags=scope.tags(SERVICE, DataClass.CONFIDENTIAL),
            key_arn=None,
            access_logs=None,
            expire_after_days=SEARCHABLE_LOG_DAYS,
            noncurrent_days=1,
            statements=deliveries,
        ),
    )


@dataclass(frozen=True)
class AuditTrailArgs:
    """`watched_buckets` are the ARNs of buckets of customer data, whose object reads and writes are recorded."""

    scope: Scope
    log_groups: LogGroups
    access_logs: PrivateBucket
    watched_buckets: tuple[pulumi.Output[str], ...]
    retention_days: int

    def __post_init__(self) -> None:
        AUDIT_DAYS.require("audit trail retention_days", self.retention_days)


class AuditTrail(pulumi.ComponentResource):
    """The account's trail in all regions, with its locked archive and a log group to search."""

    def __init__(self, name: str, args: AuditTrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:logs:AuditTrail", name, {}, opts)
        self._args = args
        self._tags = args.scope.tags(SERVICE, DataClass.CONFIDENTIAL)
        self._child = pulumi.ResourceOptions(parent=self)
        self.archive = self._create_archive(f"{name}-archive")
        path = args.scope.log_group("audit-trail")
        group = args.log_groups.create(f"{name}-log-group", path, SERVICE, self)
        self.log_group = group.name
        role, permissions = self._create_delivery_role(f"{name}-delivery-role", path)
        cloudtrail.Trail(
            f"{name}-trail",
            name=args.scope.prefix,
            s3_bucket_name=self.archive.name,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_logging=True,
            enable_log_file_validation=True,
            kms_key_id=args.log_groups.key_arn,
            cloud_watch_logs_group_arn=pulumi.Output.concat(group.arn, ":*"),
            cloud_watch_logs_role_arn=role.arn,
            advanced_event_selectors=_event_selectors(args.watched_buckets),
            insight_selectors=[{"insight_type": "ApiCallRateInsight"}, {"insight_type": "ApiErrorRateInsight"}],
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.archive, permissions]),
        )
        self.register_outputs({"archive": self.archive.name})

    def _create_archive(self, name: str) -> PrivateBucket:
        args = self._args
        return archive(
            name,
            ArchiveArgs(
                scope=args.scope,
                tags=self._tags,
                key_arn=args.log_groups.key_arn,
                access_logs=args.access_logs,
                retention_days=args.retention_days,
                writers=self._archive_statements,
            ),
            self._child,
        )

    def _archive_statements(self, arn: pulumi.Output[str]) -> list[Statement]:
        """CloudTrail writes, for this trail alone, and nobody else does.

        Source: "Amazon S3 bucket policy for CloudTrail" in the CloudTrail user guide.
        """
        scope = self._args.scope
        this_trail = {"aws:SourceAccount": scope.account, "aws:SourceArn": trail_arn(scope)}
        return [
            {
                "Sid": "CloudTrailChecksOwnership",
                "Effect": "Allow",
                "Principal": {"Service": CLOUDTRAIL},
                "Action": "s3:GetBucketAcl",
                "Resource": arn,
                "Condition": {"StringEquals": this_trail},
            },
            {
                "Sid": "CloudTrailWrites",
                "Effect": "Allow",
                "Principal": {"Service": CLOUDTRAIL},
                "Action": "s3:PutObject",
                "Resource": pulumi.Output.concat(arn, f"/AWSLogs/{scope.account}/*"),
                "Condition": {"StringEquals": {**this_trail, "s3:x-amz-acl": "bucket-owner-full-control"}},
            },
            {
                "Sid": "NobodyElseWrites",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": pulumi.Output.concat(arn, "/*"),
                "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalServiceName": CLOUDTRAIL}},
            },
        ]

    def _create_delivery_role(self, name: str, log_group: str) -> tuple[iam.Role, iam.RolePolicy]:
        """The role that delivers the trail to its log group. CloudTrail sends no source to a role's trust policy."""
        scope = self._args.scope
        streams = f"log-stream:{scope.account}_CloudTrail_{scope.region}*"
        role = iam.Role(
            name,
            description="CloudTrail delivers events to the audit log group",
            assume_role_policy=trust(CLOUDTRAIL),
            tags=self._tags,
            opts=self._child,
        )
        permissions = iam.RolePolicy(
            f"{name}-policy",
            role=role.name,
            policy=document(
                {
                    "Sid": "DeliversTheTrail",
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": scope.arn("logs", f"log-group:{log_group}:{streams}"),
                }
            ),
            opts=pulumi.ResourceOptions(parent=role),
        )
        return role, permissions


def _event_selectors(buckets: tuple[pulumi.Output[str], ...]) -> list[cloudtrail.TrailAdvancedEventSelectorArgsDict]:
    return [
        {
            "name": "Management events",
            "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}],
        },
        {
            "name": "Reads and writes of customer data",
            "field_selectors": [
                {"field": "eventCategory", "equals": ["Data"]},
                {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                {"field": "resources.ARN", "starts_withs": [pulumi.Output.concat(arn, "/") for arn in buckets]},
            ],
        },
    ]
