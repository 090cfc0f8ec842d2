"""Who may do what with a domain's key: the statements of key policies.

Enters: the scope, and for whom a statement is. Leaves: statements. Whoever administers a key can't use it by the same
statement: administration has no cryptographic action, and use is only through the AWS services of the domain.
"""

from __future__ import annotations

from infrastructure.assets import edge_of
from infrastructure.documents import Statement, account_root
from infrastructure.scope import Scope

AUTO_SCALING = "autoscaling.amazonaws.com"
REPORT_ROLE = "reports.backup.amazonaws.com/AWSServiceRoleForBackupReports"


def report_role_arn(scope: Scope) -> str:
    """The ARN of the service-linked role that writes AWS Backup's reports."""
    return f"arn:aws:iam::{scope.account}:role/aws-service-role/{REPORT_ROLE}"


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


def use_through_services(scope: Scope, via: tuple[str, ...], region: str | None) -> tuple[Statement, ...]:
    """Use by the account's own principals, as far as IAM allows them, and only when a service asks on their behalf.

    RDS, EBS, ElastiCache, MSK, Secrets Manager and AWS Backup also need grants, which they then use without the
    principal: "AWS KMS key management" in the RDS user guide, and its like in those of the others.
    """
    if not via:
        return ()
    services = [f"{service}.{region or scope.region}.amazonaws.com" for service in via]
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


def cluster_statement(scope: Scope) -> Statement:
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


def launch_statements(scope: Scope) -> tuple[Statement, Statement]:
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


def log_statements(scope: Scope, trail: str, log_groups: tuple[str, ...]) -> tuple[Statement, ...]:
    """What CloudWatch Logs and CloudTrail need, each for this stack's log groups and trail alone.

    Source: "Encrypt log data in CloudWatch Logs using AWS KMS" and "Configure AWS KMS key policies for CloudTrail"
    in the AWS user guides. Decrypt lets CloudTrail write to a bucket with an S3 Bucket Key.
    """
    groups = [scope.arn("logs", f"log-group:{pattern}") for pattern in log_groups]
    this_trail = {"aws:SourceAccount": scope.account, "aws:SourceArn": trail}
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
            "Condition": {"StringEquals": {**this_trail, "kms:EncryptionContext:aws:cloudtrail:arn": trail}},
        },
        {
            **cloudtrail,
            "Sid": "CloudTrailDescribesAndUsesBucketKey",
            "Action": ["kms:DescribeKey", "kms:Decrypt"],
            "Condition": {"StringEquals": this_trail},
        },
    )


def alarm_statements(scope: Scope, topic: str) -> tuple[Statement, ...]:
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


def edge_statement(scope: Scope) -> Statement:
    """What CloudFront needs to read assets: "SSE-KMS" of "Restrict access to an Amazon S3 origin" in its guide."""
    return {
        "Sid": "EdgeDecrypts",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": edge_of(scope),
    }


def config_statement(scope: Scope) -> Statement:
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


def session_statement(scope: Scope) -> Statement:
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


def report_statement(scope: Scope) -> Statement:
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
