"""What it takes to create, change and delete the environment, and nothing that reads or writes what is in its stores.

Enters: the scope. Leaves: `provisioning_statements` and `identity_statements`, for the deploy role and for emergencies.
What it takes to read how the environment is configured is in AWS's read-only policies.
"""

from __future__ import annotations

from infrastructure.documents import Statement
from infrastructure.guard import boundary_arn, path
from infrastructure.scope import Scope

_COMMON = ("Create*", "Delete*", "Put*", "Tag*", "Untag*", "Update*")
_BEYOND_COMMON: dict[str, tuple[str, ...]] = {
    "access-analyzer": (),
    "athena": (),
    "backup": ("CopyFrom*", "Disassociate*"),
    "cloudtrail": ("AddTags", "RemoveTags", "StartLogging", "StopLogging"),
    "cloudwatch": (),
    "config": ("StartConfigurationRecorder", "StopConfigurationRecorder"),
    "ecr": (
        "BatchCheckLayerAvailability",
        "CompleteLayerUpload",
        "GetAuthorizationToken",
        "InitiateLayerUpload",
        "SetRepositoryPolicy",
        "StartLifecyclePolicyPreview",
        "UploadLayerPart",
    ),
    "eks": ("AssociateEncryptionConfig", "AssociateAccessPolicy", "DisassociateAccessPolicy"),
    "elasticache": ("AddTagsToResource", "*ReplicaCount", "Modify*", "RemoveTagsFromResource"),
    "elasticloadbalancing": ("AddTags", "Modify*", "RemoveTags", "Set*"),
    "events": ("RemoveTargets",),
    "glue": (),
    "guardduty": (),
    "inspector2": ("Disable", "Enable"),
    "kafka": ("BatchAssociateScramSecret", "BatchDisassociateScramSecret"),
    "lambda": ("AddPermission", "RemovePermission"),
    "logs": ("AssociateKmsKey", "DisassociateKmsKey"),
    "macie2": ("DisableMacie", "EnableMacie"),
    "rds": ("AddTagsToResource", "Modify*", "RemoveTagsFromResource", "Reset*"),
    "resource-explorer-2": (),
    "route53resolver": ("AssociateResolverQueryLogConfig", "DisassociateResolverQueryLogConfig"),
    "scheduler": (),
    "securityhub": ("BatchDisableStandards", "BatchEnableStandards", "DisableSecurityHub", "EnableSecurityHub"),
    "sns": ("SetSubscriptionAttributes", "SetTopicAttributes", "Subscribe", "Unsubscribe"),
    "ssm": ("AddTagsToResource", "Modify*", "RemoveTagsFromResource", "ResetServiceSetting"),
    "wafv2": ("AssociateWebACL", "DisassociateWebACL"),
}
_ALONE: dict[str, tuple[str, ...]] = {
    "acm": (
        "AddTagsToCertificate",
        "DeleteCertificate",
        "RemoveTagsFromCertificate",
        "RequestCertificate",
        "UpdateCertificateOptions",
    ),
    "backup-storage": ("MountCapsule",),
    "ec2": (
        "AllocateAddress",
        "Associate*",
        "Attach*",
        "AuthorizeSecurityGroup*",
        "CreateFlowLogs",
        "CreateInternetGateway",
        "CreateLaunchTemplate*",
        "CreateNatGateway",
        "CreateRoute*",
        "CreateSecurityGroup",
        "CreateSubnet",
        "CreateTags",
        "CreateVolume",
        "CreateVpc*",
        "Delete*",
        "Detach*",
        "DisableAllowedImagesSettings",
        "DisableEbsEncryptionByDefault",
        "DisableImageBlockPublicAccess",
        "DisableSnapshotBlockPublicAccess",
        "Disassociate*",
        "EnableAllowedImagesSettings",
        "EnableEbsEncryptionByDefault",
        "EnableImageBlockPublicAccess",
        "EnableSnapshotBlockPublicAccess",
        "GetEbs*",
        "GetInstanceMetadataDefaults",
        "ModifyEbsDefaultKmsKeyId",
        "ModifyInstance*",
        "ModifyLaunchTemplate",
        "ModifySecurityGroupRules",
        "ModifySubnetAttribute",
        "ModifyVolume",
        "ModifyVpc*",
        "MonitorInstances",
        "ReleaseAddress",
        "ReplaceImageCriteriaInAllowedImagesSettings",
        "ReplaceRoute*",
        "ResetEbsDefaultKmsKeyId",
        "RevokeSecurityGroup*",
        "RunInstances",
        "StartInstances",
        "StopInstances",
        "TerminateInstances",
        "UnmonitorInstances",
        "UpdateSecurityGroupRule*",
    ),
    "kms": (
        "CancelKeyDeletion",
        "CreateAlias",
        "CreateGrant",
        "CreateKey",
        "DeleteAlias",
        "EnableKey*",
        "PutKeyPolicy",
        "RetireGrant",
        "RevokeGrant",
        "ScheduleKeyDeletion",
        "TagResource",
        "UntagResource",
        "UpdateAlias",
        "UpdateKeyDescription",
    ),
    "s3": (
        "CreateBucket",
        "DeleteBucket*",
        "PutAccountPublicAccessBlock",
        "PutBucket*",
        "PutEncryptionConfiguration",
        "PutInventoryConfiguration",
        "PutLifecycleConfiguration",
        "PutMetricsConfiguration",
        "PutReplicationConfiguration",
    ),
    "secretsmanager": (
        "CancelRotateSecret",
        "CreateSecret",
        "DeleteResourcePolicy",
        "DeleteSecret",
        "PutResourcePolicy",
        "RemoveRegionsFromReplication",
        "ReplicateSecretToRegions",
        "RestoreSecret",
        "RotateSecret",
        "TagResource",
        "UntagResource",
        "UpdateSecret",
    ),
}
"""Services whose common verbs would also reach the data in them."""


def rotation_name(scope: Scope) -> str:
    """The name of the function that rotates secrets."""
    return f"{scope.prefix}-secret-rotation"


PASSED_TO = (
    "backup.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "ec2.amazonaws.com",
    "eks.amazonaws.com",
    "lambda.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "pods.eks.amazonaws.com",
    "restore-testing.backup.amazonaws.com",
    "scheduler.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)
"""The services that the environment's own roles are for."""


def provisioning_statements(scope: Scope) -> tuple[Statement, ...]:
    """The statements that let a role create, change and delete the environment's resources."""
    common = {service: (*_COMMON, *more) for service, more in _BEYOND_COMMON.items()}
    actions = sorted(f"{service}:{action}" for service, of in (common | _ALONE).items() for action in of)
    return (
        {
            "Sid": "ResourcesInUsWest",
            "Effect": "Allow",
            "Action": actions,
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": [scope.region, scope.recovery_region]}},
        },
        {
            "Sid": "NamesTheFront",
            "Effect": "Allow",
            "Action": "route53:ChangeResourceRecordSets",
            "Resource": "arn:aws:route53:::hostedzone/*",
            "Condition": {"ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["A", "CNAME"]}},
        },
        _keys_through_services(scope),
        {
            "Sid": "StartsRotations",  # RotateSecret asks it of its caller
            "Effect": "Allow",
            "Action": "lambda:InvokeFunction",
            "Resource": scope.arn("lambda", f"function:{rotation_name(scope)}"),
        },
    )


def _keys_through_services(scope: Scope) -> Statement:
    """What a service needs of its caller to create a store that is encrypted under one of the environment's keys.

    Source: "Password management with Amazon RDS and AWS Secrets Manager" in the RDS user guide, "Required permissions"
    of "Amazon EBS encryption" in the EBS user guide, "Encrypting your Data Catalog" in the Glue developer guide.
    """
    regions = (scope.region, scope.recovery_region)
    return {
        "Sid": "UsesKeysThroughServices",
        "Effect": "Allow",
        "Action": [
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncrypt*",
        ],
        "Resource": [scope.arn("kms", "key/*", region) for region in regions],
        "Condition": {
            "StringEquals": {
                "aws:ResourceTag/environment": scope.environment.value,
                "kms:ViaService": [
                    f"{service}.{region}.amazonaws.com"
                    for region in regions
                    for service in ("backup", "ec2", "glue", "rds", "secretsmanager")
                ],
            }
        },
    }


def identity_statements(scope: Scope) -> tuple[Statement, ...]:
    """The stack's own roles and policies, by their path; a role can be given permissions only within the boundary."""
    iam = f"arn:aws:iam::{scope.account}"
    roles = f"{iam}:role{path(scope)}*"
    allow = {"Effect": "Allow"}
    return (
        {
            **allow,
            "Sid": "GivesRolesPermissionsWithinTheBoundary",
            "Action": [
                "iam:AttachRolePolicy",
                "iam:CreateRole",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
            ],
            "Resource": roles,
            "Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary_arn(scope)}},
        },
        {
            **allow,
            "Sid": "ChangesRoles",
            "Action": [
                "iam:DeleteRole",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
            ],
            "Resource": roles,
        },
        {
            **allow,
            "Sid": "ChangesPolicies",
            "Action": [
                "iam:CreatePolicy",
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:TagPolicy",
                "iam:UntagPolicy",
            ],
            "Resource": f"{iam}:policy{path(scope)}*",
        },
        {
            **allow,
            "Sid": "ChangesInstanceProfiles",
            "Action": [
                "iam:AddRoleToInstanceProfile",
                "iam:CreateInstanceProfile",
                "iam:DeleteInstanceProfile",
                "iam:RemoveRoleFromInstanceProfile",
                "iam:TagInstanceProfile",
                "iam:UntagInstanceProfile",
            ],
            "Resource": f"{iam}:instance-profile{path(scope)}*",
        },
        {
            **allow,
            "Sid": "HandsRolesToTheServicesTheyAreFor",
            "Action": "iam:PassRole",
            "Resource": roles,
            "Condition": {"StringEquals": {"iam:PassedToService": [*PASSED_TO]}},
        },
        {
            **allow,
            "Sid": "KeepsThePipelinesIdentityProvider",
            "Action": [
                "iam:AddClientIDToOpenIDConnectProvider",
                "iam:CreateOpenIDConnectProvider",
                "iam:DeleteOpenIDConnectProvider",
                "iam:RemoveClientIDFromOpenIDConnectProvider",
                "iam:TagOpenIDConnectProvider",
                "iam:UntagOpenIDConnectProvider",
                "iam:UpdateOpenIDConnectProviderThumbprint",
            ],
            "Resource": f"{iam}:oidc-provider/token.actions.githubusercontent.com",
        },
        {
            **allow,
            "Sid": "LetsServicesHaveTheirOwnRoles",
            "Action": "iam:CreateServiceLinkedRole",
            "Resource": f"{iam}:role/aws-service-role/*",
        },
        {
            **allow,
            "Sid": "SetsTheSecurityContact",
            "Action": ["account:DeleteAlternateContact", "account:PutAlternateContact"],
            "Resource": "*",
        },
        {
            **allow,
            "Sid": "SetsThePasswordPolicy",
            "Action": ["iam:DeleteAccountPasswordPolicy", "iam:UpdateAccountPasswordPolicy"],
            "Resource": "*",
        },
    )
