"""System Access Control: one permissions boundary, on every role that the program creates.

Enters: the scope. Leaves: `guard_every_role`, after which no role of the stack can be created without the boundary, and
the names and ARNs that the boundary and others need to know of roles beforehand. A boundary grants nothing: it is the
most that any grant can amount to ("Permissions boundaries for IAM entities" in the IAM user guide).
"""

from __future__ import annotations

import pulumi
from pulumi_aws import iam

from infrastructure.documents import Statement, document
from infrastructure.residency import CLOUDFRONT_REGION, FOR_CLOUDFRONT, GLOBAL_ACTIONS
from infrastructure.scope import DataClass, Scope

SERVICE = "access"
BREAK_GLASS = "break-glass"
DEPLOY = "deploy"
"""The roles that may change identities."""

COLLECT = "collect"
"""The role that collects evidence: it changes nothing."""

SERVICES = (
    "access-analyzer",
    "account",
    "acm",
    "athena",
    "autoscaling",
    "backup",
    "backup-storage",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "config",
    "ec2",
    "ec2messages",
    "ecr",
    "eks",
    "eks-auth",
    "elasticache",
    "elasticloadbalancing",
    "events",
    "glue",
    "guardduty",
    "iam",
    "inspector2",
    "kafka",
    "kafka-cluster",
    "kms",
    "lambda",
    "logs",
    "macie2",
    "pi",
    "rds",
    "rds-db",
    "resource-explorer-2",
    "route53",
    "route53resolver",
    "s3",
    "scheduler",
    "secretsmanager",
    "securityhub",
    "servicequotas",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "sts",
    "support",
    "tag",
    "wafv2",
    "xray",
)
"""What the environment is made of, by IAM's prefixes. No role can be let into any other service."""

IDENTITY_CHANGES = (
    "iam:Add*",
    "iam:Attach*",
    "iam:Create*",
    "iam:Delete*",
    "iam:Detach*",
    "iam:Put*",
    "iam:Remove*",
    "iam:Set*",
    "iam:Tag*",
    "iam:Untag*",
    "iam:Update*",
    "iam:Upload*",
)
LONG_LIVED_CREDENTIALS = (
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateServiceSpecificCredential",
    "iam:CreateUser",
    "iam:UpdateLoginProfile",
    "iam:UploadSSHPublicKey",
    "iam:UploadSigningCertificate",
)
SILENCING = (
    "access-analyzer:DeleteAnalyzer",
    "backup:DeleteBackupVaultNotifications",
    "backup:UpdateRegionSettings",
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "config:DeleteConfigurationRecorder",
    "config:DeleteDeliveryChannel",
    "config:StopConfigurationRecorder",
    "guardduty:DeleteDetector",
    "guardduty:UpdateDetector",
    "inspector2:Disable",
    "macie2:DisableMacie",
    "route53resolver:DisassociateResolverQueryLogConfig",
    "securityhub:BatchDisableStandards",
    "securityhub:DisableSecurityHub",
    "ssm:ResetServiceSetting",
    "ssm:UpdateServiceSetting",
)
"""What would make the account's watchers look away."""


def role_name(scope: Scope, purpose: str) -> str:
    """The name of a role that people or pipelines take, known before AWS creates it."""
    return f"{scope.prefix}-{purpose}"


def role_arn(scope: Scope, purpose: str) -> str:
    """The ARN of the role that `role_name` names."""
    return f"arn:aws:iam::{scope.account}:role{path(scope)}{role_name(scope, purpose)}"


def path(scope: Scope) -> str:
    """IAM's path of the stack's roles and policies, by which a policy can mean all of them."""
    return f"/{scope.prefix}/"


def boundary_arn(scope: Scope) -> str:
    """The ARN of the stack's permissions boundary."""
    return f"arn:aws:iam::{scope.account}:policy{path(scope)}{scope.prefix}-boundary"


def guard_every_role(scope: Scope) -> iam.Policy:
    """Create the boundary and put it on every role that is registered from now on, whatever component makes it."""
    boundary = iam.Policy(
        "boundary",
        name=f"{scope.prefix}-boundary",
        path=path(scope),
        description="The most that any role of the stack can be allowed",
        policy=document(*_boundary_statements(scope)),
        tags=scope.tags(SERVICE, DataClass.INTERNAL),
    )

    def guard(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != "aws:iam/role:Role":
            return None
        guarded = {**args.props, "permissions_boundary": boundary_arn(scope), "path": path(scope)}
        after = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(depends_on=[boundary]))
        return pulumi.ResourceTransformationResult(guarded, after)

    pulumi.runtime.register_stack_transformation(guard)
    return boundary


def _boundary_statements(scope: Scope) -> tuple[Statement, ...]:
    us_west = [scope.region, scope.recovery_region]
    deploys = role_arn(scope, DEPLOY)
    changes_identities = [deploys, role_arn(scope, BREAK_GLASS)]
    deny = {"Effect": "Deny", "Resource": "*"}
    return (
        {
            "Sid": "ServicesOfTheEnvironment",
            "Effect": "Allow",
            "Action": [f"{service}:*" for service in SERVICES],
            "Resource": "*",
        },
        {
            **deny,
            "Sid": "StaysInUsWest",
            "NotAction": [*GLOBAL_ACTIONS, *FOR_CLOUDFRONT],
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": us_west}},
        },
        {
            **deny,
            "Sid": "UsEastForCloudFrontAlone",
            "Action": [*FOR_CLOUDFRONT],
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": [*us_west, CLOUDFRONT_REGION]}},
        },
        {
            **deny,
            "Sid": "OthersChangeNoIdentities",
            "Action": [*IDENTITY_CHANGES],
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": changes_identities}},
        },
        {
            **deny,
            "Sid": "RolesHaveTheBoundary",
            "Action": [
                "iam:AttachRolePolicy",
                "iam:CreateRole",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
                "iam:PutUserPermissionsBoundary",
            ],
            "Condition": {"StringNotEquals": {"iam:PermissionsBoundary": boundary_arn(scope)}},
        },
        {
            **deny,
            "Sid": "RolesKeepTheBoundary",
            "Action": ["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"],
        },
        {
            **deny,
            "Sid": "OnlyTheMainBranchMovesTheBoundary",
            "Action": ["iam:CreatePolicyVersion", "iam:DeletePolicy*", "iam:SetDefaultPolicyVersion"],
            "Resource": boundary_arn(scope),
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": deploys}},
        },
        {**deny, "Sid": "NoLongLivedCredentials", "Action": [*LONG_LIVED_CREDENTIALS]},
        {
            **deny,
            "Sid": "OnlyTheMainBranchSilencesTheWatchers",
            "Action": [*SILENCING],
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": deploys}},
        },
    )
