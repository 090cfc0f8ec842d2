"""Encryption: one customer-managed key for each data domain, and in the recovery region those that recovery takes.

Enters: the scope, and what the logs key serves. Leaves: `DomainKeys`, whose fields are the keys, and `create_key` for a
domain of its own. Whoever administers a key through the key policy can't use it through the same statement:
administration has no cryptographic action, and use is only through the AWS services of the domain.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import iam, kms

from infrastructure.assets import edge_of
from infrastructure.documents import Statement, account_root, document
from infrastructure.scope import DataClass, Scope

SERVICE = "keys"

DELETION_WINDOW_DAYS = 30
"""The most that AWS KMS allows: ScheduleKeyDeletion, PendingWindowInDays 7 to 30."""

AUTO_SCALING = "autoscaling.amazonaws.com"

ROTATION_PERIOD_DAYS = 365
"""Encryption: keys rotated at least yearly."""


SESSIONS = "sessions"
REPORT_ROLE = "reports.backup.amazonaws.com/AWSServiceRoleForBackupReports"


def alias(scope: Scope, domain: str) -> str:
    """The alias of a domain's key, by which a policy can mean the key before AWS has made its id."""
    return f"alias/{scope.prefix}-{domain}"


def report_role_arn(scope: Scope) -> str:
    """The ARN of the service-linked role that writes AWS Backup's reports."""
    return f"arn:aws:iam::{scope.account}:role/aws-service-role/{REPORT_ROLE}"


@dataclass(frozen=True)
class DomainKeysArgs:
    """`log_groups` are name patterns; `trail` and the topics are ARNs: what may encrypt under the logs keys.

    `report_role` writes AWS Backup's reports. A key's policy can name a role only once it is there.
    """

    scope: Scope
    customer_data_class: DataClass
    trail: str
    alarm_topic: str
    recovery_alarm_topic: str
    log_groups: tuple[str, ...]
    report_role: iam.ServiceLinkedRole


@dataclass(frozen=True)
class Domain:
    """`via` are the services, of the key's region, through which the account's own may use the key, if at all."""

    name: str
    purpose: str
    data_class: DataClass
    via: tuple[str, ...] = ()
    also: tuple[Statement, ...] = ()
    region: str | None = None
    """Set where it is not the provider's."""

    after: tuple[pulumi.Resource, ...] = ()
    """What `also` names: KMS takes no policy that names a role before there is one."""


class DomainKeys(pulumi.ComponentResource):
    """The keys of a stack. Every one rotates yearly and waits 30 days before it is deleted."""

    def __init__(self, name: str, args: DomainKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:keys:DomainKeys", name, {}, opts)
        scope, customer = args.scope, args.customer_data_class
        self.customer_data = self._create_key(
            scope,
            Domain(
                "customer-data", "Stores of customer data", customer, via=("s3", "rds", "ec2", "elasticache", "kafka")
            ),
        )
        self.assets = self._create_key(
            scope,
            Domain("assets", "Static assets", DataClass.PUBLIC, via=("s3",), also=(_edge_statement(scope),)),
        )
        self.logs = self._create_key(
            scope,
            Domain(
                "logs",
                "Audit trail, log groups, alarms, configuration history and backup reports",
                DataClass.CONFIDENTIAL,
                via=("s3",),
                also=(
                    *_log_statements(args),
                    *_alarm_statements(scope, args.alarm_topic),
                    _config_statement(scope),
                    _report_statement(scope),
                ),
                after=(args.report_role,),
            ),
        )
        self.secrets = self._create_key(
            scope,
            Domain(
                "secrets",
                "Credentials in Secrets Manager and in the cluster",
                DataClass.RESTRICTED,
                via=("secretsmanager", "rds"),
                also=(_cluster_statement(scope),),
            ),
        )
        self.backups = self._create_key(
            scope, Domain("backups", "Backups in the home region", customer, via=("backup", "rds", "s3"))
        )
        self.recovery = self._create_key(
            scope,
            Domain(
                "recovery",
                "Copies of backups, and what is restored from them",
                customer,
                via=("backup", "ec2", "rds", "s3"),
                region=scope.recovery_region,
            ),
        )
        self.recovery_alarms = self._create_key(
            scope,
            Domain(
                "recovery-alarms",
                "Alarms of the recovery region",
                DataClass.CONFIDENTIAL,
                also=_alarm_statements(scope, args.recovery_alarm_topic),
                region=scope.recovery_region,
            ),
        )
        self.sessions = self._create_key(
            scope,
            Domain(
                SESSIONS,
                "Sessions on instances, between both ends",
                DataClass.RESTRICTED,
                also=(_session_statement(scope),),
            ),
        )
        self.images = self._create_key(
            scope, Domain("images", "Images in the registry", DataClass.INTERNAL, via=("ecr",))
        )
        launcher = iam.ServiceLinkedRole(
            "autoscaling-role",
            aws_service_name=AUTO_SCALING,
            tags=scope.tags(SERVICE, DataClass.INTERNAL),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.volumes = self._create_key(
            scope,
            Domain(
                "volumes",
                "Volumes of instances, by default",
                customer,
                via=("ec2",),
                also=_launch_statements(scope),
                after=(launcher,),
            ),
        )
        self.recovery_volumes = self._create_key(
            scope,
            Domain(
                "recovery-volumes",
                "Volumes of instances in the recovery region",
                customer,
                via=("ec2",),
                region=scope.recovery_region,
            ),
        )
        self.recovery_secrets = self._create_key(
            scope,
            Domain(
                "recovery-secrets",
                "Copies of secrets",
                DataClass.RESTRICTED,
                via=("secretsmanager",),
                region=scope.recovery_region,
            ),
        )
        self.evidence = self._create_key(
            scope,
            Domain("evidence", "Evidence, and the catalogue of it", DataClass.CONFIDENTIAL, via=("s3", "glue")),
        )
        self.register_outputs({})

    def _create_key(self, scope: Scope, domain: Domain) -> kms.Key:
        return create_key(scope, domain, self)


def create_key(scope: Scope, domain: Domain, parent: pulumi.Resource | None = None) -> kms.Key:
    """A domain's key, with an alias that is known beforehand."""
    key = kms.Key(
        f"{domain.name}-key",
        description=f"{domain.purpose} ({scope.stack})",
        policy=document(administration(scope), *_use_through_services(scope, domain), *domain.also),
        enable_key_rotation=True,
        rotation_period_in_days=ROTATION_PERIOD_DAYS,
        deletion_window_in_days=DELETION_WINDOW_DAYS,
        region=domain.region,
        tags=scope.tags(SERVICE, domain.data_class),
        opts=pulumi.ResourceOptions(parent=parent, protect=not scope.disposable, depends_on=[*domain.after]),
    )
    kms.Alias(
        f"{domain.name}-key-alias",
        name=alias(scope, domain.name),
        target_key_id=key.key_id,
        region=domain.region,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return key


def administration(scope: Scope) -> Statement:
    """The account's administrators keep the key in order; IAM decides who they are."""
    return {
        "Sid": "AccountAdministersWithoutUse",
        "Effect": "Allow",
        "Principal": account_root(scope.account),
        "Action": [
            "kms:CancelKeyDeletion",
            "kms:CreateAlias",
            "kms:DeleteAlias",
            "kms:DescribeKey",
            "kms:DisableKey",
            "kms:EnableKey",
            "kms:EnableKeyRotation",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
            "kms:ListGrants",
            "kms:ListKeyPolicies",
            "kms:ListKeyRotations",
            "kms:ListResourceTags",
            "kms:PutKeyPolicy",
            "kms:RevokeGrant",
            "kms:RotateKeyOnDemand",
            "kms:ScheduleKeyDeletion",
            "kms:TagResource",
            "kms:UntagResource",
            "kms:UpdateAlias",
            "kms:UpdateKeyDescription",
        ],
        "Resource": "*",
    }


def _use_through_services(scope: Scope, domain: Domain) -> tuple[Statement, ...]:
    """Use by the account's own principals, as far as IAM allows them, and only when a service asks on their behalf.

    RDS, EBS, ElastiCache, MSK, Secrets Manager and AWS Backup also need grants, which they then use without the
    principal: "AWS KMS key management" in the RDS user guide, and its like in those of the others.
    """
    if not domain.via:
        return ()
    services = [f"{service}.{domain.region or scope.region}.amazonaws.com" for service in domain.via]
    through = {"kms:CallerAccount": scope.account, "kms:ViaService": services}
    common = {"Effect": "Allow", "Principal": account_root(scope.account), "Resource": "*"}
    return (
        {
            **common,
            "Sid": "UseThroughServices",
            "Action": [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
                "kms:RetireGrant",
            ],
            "Condition": {"StringEquals": through},
        },
        {
            **common,
            "Sid": "GrantsForServices",
            "Action": "kms:CreateGrant",
            "Condition": {"StringEquals": through, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    )


def _cluster_statement(scope: Scope) -> Statement:
    """The grant by which EKS encrypts a cluster's secrets: "Encrypt Kubernetes secrets with KMS" in its user guide.

    The guide asks the cluster's creator for this grant, and doesn't say that EKS sends kms:ViaService with it.
    """
    return {
        "Sid": "GrantForTheCluster",
        "Effect": "Allow",
        "Principal": account_root(scope.account),
        "Action": "kms:CreateGrant",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": scope.account},
            "Bool": {"kms:GrantIsForAWSResource": "true"},
        },
    }


def _launch_statements(scope: Scope) -> tuple[Statement, Statement]:
    """What Auto Scaling needs to launch the cluster's nodes, whose role no IAM policy of the account's can reach.

    Source: "Required AWS KMS key policy for use with encrypted volumes" in the EC2 Auto Scaling user guide.
    """
    role = f"arn:aws:iam::{scope.account}:role/aws-service-role/{AUTO_SCALING}/AWSServiceRoleForAutoScaling"
    common = {"Effect": "Allow", "Principal": {"AWS": role}, "Resource": "*"}
    return (
        {
            **common,
            "Sid": "AutoScalingUsesVolumes",
            "Action": [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
        },
        {
            **common,
            "Sid": "AutoScalingGrantsVolumes",
            "Action": "kms:CreateGrant",
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    )


def _log_statements(args: DomainKeysArgs) -> tuple[Statement, ...]:
    """What CloudWatch Logs and CloudTrail need, each for this stack's log groups and trail alone.

    Source: "Encrypt log data in CloudWatch Logs using AWS KMS" and "Configure AWS KMS key policies for CloudTrail"
    in the AWS user guides. Decrypt lets CloudTrail write to a bucket with an S3 Bucket Key.
    """
    scope = args.scope
    groups = [scope.arn("logs", f"log-group:{pattern}") for pattern in args.log_groups]
    this_trail = {"aws:SourceAccount": scope.account, "aws:SourceArn": args.trail}
    cloudtrail = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Resource": "*"}
    return (
        {
            "Sid": "CloudWatchLogs",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{scope.region}.amazonaws.com"},
            "Action": ["kms:Encrypt", "kms:ReEncrypt*", "kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        },
        {
            **cloudtrail,
            "Sid": "CloudTrailEncrypts",
            "Action": "kms:GenerateDataKey*",
            "Condition": {"StringEquals": {**this_trail, "kms:EncryptionContext:aws:cloudtrail:arn": args.trail}},
        },
        {
            **cloudtrail,
            "Sid": "CloudTrailDescribesAndUsesBucketKey",
            "Action": ["kms:DescribeKey", "kms:Decrypt"],
            "Condition": {"StringEquals": this_trail},
        },
    )


def _alarm_statements(scope: Scope, topic: str) -> tuple[Statement, ...]:
    """What the publishers of an alarm topic need, for that topic alone.

    Source: "Enable compatibility between event sources from AWS services and encrypted topics" in the SNS developer
    guide. EventBridge sends KMS no source, so that the encryption context of SNS has to say for what it is.
    """
    this_topic = {"kms:EncryptionContext:aws:sns:topicArn": topic}
    from_here = {"aws:SourceAccount": scope.account}
    publish = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}
    return (
        {
            **publish,
            "Sid": "CloudWatchAlarmsPublish",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Condition": {"StringEquals": this_topic | from_here},
        },
        {
            **publish,
            "Sid": "EventRulesVaultsAndDatabasesPublish",
            "Principal": {"Service": ["backup.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com"]},
            "Condition": {"StringEquals": this_topic},
        },
    )


def _edge_statement(scope: Scope) -> Statement:
    """What CloudFront needs to read assets: "SSE-KMS" of "Restrict access to an Amazon S3 origin" in its guide."""
    return {
        "Sid": "EdgeDecrypts",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": edge_of(scope),
    }


def _config_statement(scope: Scope) -> Statement:
    """What AWS Config needs to deliver, for this account.

    Source: "Permissions for the KMS key for the AWS Config delivery channel" in its developer guide.
    """
    return {
        "Sid": "ConfigDelivers",
        "Effect": "Allow",
        "Principal": {"Service": "config.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": scope.account}},
    }


def _session_statement(scope: Scope) -> Statement:
    """Who opens a session and the instance that answers both use the key themselves, and for a session alone.

    Source: "Turn on KMS key encryption of session data" in the Systems Manager user guide; the agent's encryption
    context names the session's target.
    """
    return {
        "Sid": "SessionsAloneUseIt",
        "Effect": "Allow",
        "Principal": account_root(scope.account),
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": scope.account},
            "Null": {"kms:EncryptionContext:aws:ssm:TargetId": "false"},
        },
    }


def _report_statement(scope: Scope) -> Statement:
    """What AWS Backup's reports need.

    Source: "Creating report plans using the AWS Backup API" in its developer guide.
    """
    return {
        "Sid": "BackupReportsAreWritten",
        "Effect": "Allow",
        "Principal": {"AWS": report_role_arn(scope)},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:ViaService": f"s3.{scope.region}.amazonaws.com"}},
    }
