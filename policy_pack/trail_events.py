"""What CIS wants an alarm for: the name of a watch in, sample CloudTrail events that a filter must select out.

Source: CIS AWS Foundations Benchmark 7.0, section 5 (4 before version 6), and AWS Security Hub, CloudWatch controls. A
sample holds the fields that the benchmark's own patterns read.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Event = dict[str, Any]


class Watch(NamedTuple):
    """Events of which each must raise an alarm, and the controls that ask for it."""

    events: tuple[Event, ...]
    controls: tuple[str, ...]


def _calls(source: str, *names: str) -> tuple[Event, ...]:
    return tuple(
        {
            "eventSource": f"{source}.amazonaws.com",
            "eventName": name,
            "eventType": "AwsApiCall",
            "userIdentity": {"type": "AssumedRole"},
            "sourceIPAddress": "192.0.2.1",
        }
        for name in names
    )


ORDINARY = _calls("ec2", "DescribeInstances")[0]
"""What happens all day. A filter that selects it selects everything."""

_SIGN_IN: Event = {**_calls("signin", "ConsoleLogin")[0], "eventType": "AwsConsoleSignIn"}
_PERSON: Event = {**_SIGN_IN, "userIdentity": {"type": "IAMUser"}}

WATCHES: dict[str, Watch] = {
    "use of root": Watch(
        ({**_calls("iam", "ListUsers")[0], "userIdentity": {"type": "Root"}},), ("SH:CloudWatch.1", "CIS7:5.3")
    ),
    "refused API calls": Watch(
        (
            {**_calls("ec2", "RunInstances")[0], "errorCode": "Client.UnauthorizedOperation"},
            {**_calls("s3", "GetObject")[0], "errorCode": "AccessDenied"},
        ),
        ("SH:CloudWatch.2", "CIS7:5.1"),
    ),
    "sign-in without MFA": Watch(
        ({**_PERSON, "additionalEventData": {"MFAUsed": "No"}, "responseElements": {"ConsoleLogin": "Success"}},),
        ("SH:CloudWatch.3", "CIS7:5.2"),
    ),
    "failed sign-in": Watch(
        ({**_PERSON, "errorMessage": "Failed authentication", "responseElements": {"ConsoleLogin": "Failure"}},),
        ("SH:CloudWatch.6", "CIS7:5.6"),
    ),
    "IAM policies": Watch(
        _calls(
            "iam",
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
        ),
        ("SH:CloudWatch.4", "CIS7:5.4"),
    ),
    "CloudTrail": Watch(
        _calls("cloudtrail", "CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"),
        ("SH:CloudWatch.5", "CIS7:5.5"),
    ),
    "KMS keys": Watch(_calls("kms", "DisableKey", "ScheduleKeyDeletion"), ("SH:CloudWatch.7", "CIS7:5.7")),
    "bucket policies": Watch(
        _calls(
            "s3",
            "PutBucketAcl",
            "PutBucketPolicy",
            "PutBucketCors",
            "PutBucketLifecycle",
            "PutBucketReplication",
            "DeleteBucketPolicy",
            "DeleteBucketCors",
            "DeleteBucketLifecycle",
            "DeleteBucketReplication",
        ),
        ("SH:CloudWatch.8", "CIS7:5.8"),
    ),
    "AWS Config": Watch(
        _calls(
            "config",
            "StopConfigurationRecorder",
            "DeleteDeliveryChannel",
            "PutDeliveryChannel",
            "PutConfigurationRecorder",
        ),
        ("SH:CloudWatch.9", "CIS7:5.9"),
    ),
    "security groups": Watch(
        _calls(
            "ec2",
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress",
            "CreateSecurityGroup",
            "DeleteSecurityGroup",
        ),
        ("SH:CloudWatch.10", "CIS7:5.10"),
    ),
    "network ACLs": Watch(
        _calls(
            "ec2",
            "CreateNetworkAcl",
            "CreateNetworkAclEntry",
            "DeleteNetworkAcl",
            "DeleteNetworkAclEntry",
            "ReplaceNetworkAclEntry",
            "ReplaceNetworkAclAssociation",
        ),
        ("SH:CloudWatch.11", "CIS7:5.11"),
    ),
    "gateways": Watch(
        _calls(
            "ec2",
            "CreateCustomerGateway",
            "DeleteCustomerGateway",
            "AttachInternetGateway",
            "CreateInternetGateway",
            "DeleteInternetGateway",
            "DetachInternetGateway",
        ),
        ("SH:CloudWatch.12", "CIS7:5.12"),
    ),
    "route tables": Watch(
        _calls(
            "ec2",
            "CreateRoute",
            "CreateRouteTable",
            "ReplaceRoute",
            "ReplaceRouteTableAssociation",
            "DeleteRouteTable",
            "DeleteRoute",
            "DisassociateRouteTable",
        ),
        ("SH:CloudWatch.13", "CIS7:5.13"),
    ),
    "VPCs": Watch(
        _calls(
            "ec2",
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
        ("SH:CloudWatch.14", "CIS7:5.14"),
    ),
    "AWS Organizations": Watch(
        _calls(
            "organizations",
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
        ),
        ("PH:ALARM-ORG", "CIS7:5.15"),
    ),
}
