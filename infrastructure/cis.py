"""The alarms on the audit trail that the CIS AWS Foundations Benchmark 5.0 asks for in section 4, as data.

Enters: nothing. Leaves: `ALARMS`. The patterns are the benchmark's own to the letter, since Security Hub's checks
CloudWatch.1 to 14 compare them as they are: "Security Hub controls for CloudWatch" in the Security Hub user guide.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrailAlarm:
    """`control` is the benchmark's number, empty where an alarm is none of it; `pattern` is a filter pattern of
    CloudWatch Logs on the trail's events.
    """

    name: str
    control: str
    meaning: str
    pattern: str


def _calls(*events: str, source: str = "") -> str:
    """A pattern that matches calls of any of `events`, of the service `source` alone where it is given."""
    names = " || ".join(f"($.eventName={event})" for event in events)
    return f"{{($.eventSource={source}) && ({names})}}" if source else f"{{{names}}}"


ALARMS: tuple[TrailAlarm, ...] = (
    TrailAlarm(
        "unauthorized-calls",
        "4.1",
        "Somebody called what they may not call",
        '{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}',
    ),
    TrailAlarm(
        "sign-in-without-mfa",
        "4.2",
        "Somebody signed in to the console without MFA",
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") '
        '&& ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
    ),
    TrailAlarm(
        "root-use",
        "4.3",
        "The root user acted",
        '{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}',
    ),
    TrailAlarm(
        "iam-changes",
        "4.4",
        "An IAM policy was changed, attached or detached",
        _calls(
            "DeleteGroupPolicy",
            "DeleteRolePolicy",
            "DeleteUserPolicy",
            "PutGroupPolicy",
            "PutRolePolicy",
            "PutUserPolicy",
            "CreatePolicy",
            "DeletePolicy",
            "CreatePolicyVersion",
            "DeletePolicyVersion",
            "AttachRolePolicy",
            "DetachRolePolicy",
            "AttachUserPolicy",
            "DetachUserPolicy",
            "AttachGroupPolicy",
            "DetachGroupPolicy",
            source="iam.amazonaws.com",
        ),
    ),
    TrailAlarm(
        "cloudtrail-changes",
        "4.5",
        "An audit trail was changed, started or stopped",
        _calls("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"),
    ),
    TrailAlarm(
        "failed-sign-ins",
        "4.6",
        "Somebody failed to sign in to the console",
        '{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}',
    ),
    TrailAlarm(
        "key-deletion",
        "4.7",
        "A customer-managed key was disabled, or its deletion scheduled",
        _calls("DisableKey", "ScheduleKeyDeletion", source="kms.amazonaws.com"),
    ),
    TrailAlarm(
        "bucket-policy-changes",
        "4.8",
        "A bucket's policy, access list, lifecycle or replication was changed",
        _calls(
            "PutBucketAcl",
            "PutBucketPolicy",
            "PutBucketCors",
            "PutBucketLifecycle",
            "PutBucketReplication",
            "DeleteBucketPolicy",
            "DeleteBucketCors",
            "DeleteBucketLifecycle",
            "DeleteBucketReplication",
            source="s3.amazonaws.com",
        ),
    ),
    TrailAlarm(
        "config-changes",
        "4.9",
        "AWS Config was stopped or changed",
        _calls(
            "StopConfigurationRecorder",
            "DeleteDeliveryChannel",
            "PutDeliveryChannel",
            "PutConfigurationRecorder",
            source="config.amazonaws.com",
        ),
    ),
    TrailAlarm(
        "security-group-changes",
        "4.10",
        "A security group was changed",
        _calls(
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress",
            "CreateSecurityGroup",
            "DeleteSecurityGroup",
        ),
    ),
    TrailAlarm(
        "network-acl-changes",
        "4.11",
        "A network access control list was changed",
        _calls(
            "CreateNetworkAcl",
            "CreateNetworkAclEntry",
            "DeleteNetworkAcl",
            "DeleteNetworkAclEntry",
            "ReplaceNetworkAclEntry",
            "ReplaceNetworkAclAssociation",
        ),
    ),
    TrailAlarm(
        "gateway-changes",
        "4.12",
        "A network gateway was changed",
        _calls(
            "CreateCustomerGateway",
            "DeleteCustomerGateway",
            "AttachInternetGateway",
            "CreateInternetGateway",
            "DeleteInternetGateway",
            "DetachInternetGateway",
        ),
    ),
    TrailAlarm(
        "route-changes",
        "4.13",
        "A route table was changed",
        _calls(
            "CreateRoute",
            "CreateRouteTable",
            "ReplaceRoute",
            "ReplaceRouteTableAssociation",
            "DeleteRouteTable",
            "DeleteRoute",
            "DisassociateRouteTable",
            source="ec2.amazonaws.com",
        ),
    ),
    TrailAlarm(
        "vpc-changes",
        "4.14",
        "A VPC or its peering was changed",
        _calls(
            "CreateVpc",
            "DeleteVpc",
            "ModifyVpcAttribute",
            "AcceptVpcPeeringConnection",
            "CreateVpcPeeringConnection",
            "DeleteVpcPeeringConnection",
            "RejectVpcPeeringConnection",
            "AttachClassicLinkVpc",
            "DetachClassicLinkVpc",
            "DisableVpcClassicLink",
            "EnableVpcClassicLink",
        ),
    ),
    TrailAlarm(
        "organization-changes",
        "4.15",
        "The organization, its accounts or its policies were changed",
        _calls(
            "AcceptHandshake",
            "AttachPolicy",
            "CreateAccount",
            "CreateOrganizationalUnit",
            "CreatePolicy",
            "DeclineHandshake",
            "DeleteOrganization",
            "DeleteOrganizationalUnit",
            "DeletePolicy",
            "DetachPolicy",
            "DisablePolicyType",
            "EnablePolicyType",
            "InviteAccountToOrganization",
            "LeaveOrganization",
            "MoveAccount",
            "RemoveAccountFromOrganization",
            "UpdatePolicy",
            "UpdateOrganizationalUnit",
            source="organizations.amazonaws.com",
        ),
    ),
)
