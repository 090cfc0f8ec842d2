"""Security groups and their rules, in both forms that the SDK has."""

from typing import Any
from unittest.mock import ANY

from tests.sandbox.conformance.case import Account, Case, tags_of


def group(account: Account, name: str = "peer") -> str:
    """The id of a new security group."""
    ec2 = account.client("ec2")
    return str(ec2.create_security_group(GroupName=name, Description="-", VpcId=account.vpc())["GroupId"])


def _rules(account: Account, group_id: str) -> dict[str, list[Any]]:
    """The group's rules, a text each."""
    filters = [{"Name": "group-id", "Values": [group_id]}]
    rules: dict[str, list[Any]] = {"ingress": [], "egress": []}
    for rule in account.client("ec2").describe_security_group_rules(Filters=filters)["SecurityGroupRules"]:
        rules["egress" if rule["IsEgress"] else "ingress"].append(_text(rule))
    return {direction: sorted(texts) for direction, texts in rules.items()}


def _text(rule: dict[str, Any]) -> str:
    peer = rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule["ReferencedGroupInfo"]["GroupId"]
    return f"{rule['IpProtocol']} {rule['FromPort']}-{rule['ToPort']} {peer} {rule.get('Description', '')}".strip()


def _group(account: Account, group_id: str) -> dict[str, Any]:
    [found] = account.client("ec2").describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    return {
        "name": found["GroupName"],
        "description": found["Description"],
        "tags": tags_of(found["Tags"]),
        **_rules(account, group_id),
    }


def _default_group(account: Account, group_id: str) -> dict[str, Any]:
    [found] = account.client("ec2").describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    return {"tags": tags_of(found.get("Tags", [])), **_rules(account, group_id)}


def _rule(account: Account, rule_id: str) -> dict[str, Any]:
    [found] = account.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[rule_id])["SecurityGroupRules"]
    return {
        "group": found["GroupId"],
        "egress": found["IsEgress"],
        "rule": _text(found),
        "tags": tags_of(found["Tags"]),
    }


def _allow(account: Account, group_id: str) -> None:
    account.client("ec2").authorize_security_group_ingress(
        GroupId=group_id, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )


def _change_rule(account: Account, rule_id: str) -> None:
    ec2 = account.client("ec2")
    [rule] = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule_id])["SecurityGroupRules"]
    peer = (
        {"CidrIpv4": rule["CidrIpv4"]}
        if rule.get("CidrIpv4")
        else {"ReferencedGroupId": rule["ReferencedGroupInfo"]["GroupId"]}
    )
    changed = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": rule["ToPort"], "Description": "by hand", **peer}
    ec2.modify_security_group_rules(
        GroupId=rule["GroupId"],
        SecurityGroupRules=[{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": changed}],
    )


_BY_HAND = {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]}
_WITHIN = {"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}


CASES = (
    Case(
        "aws:ec2/securityGroup:SecurityGroup",
        inputs=lambda account: {
            "name": "case",
            "description": "first",
            "vpcId": account.vpc(),
            # Two blocks of the same ports, which EC2 keeps as one, and one of several peers, which it takes apart.
            "ingress": [
                {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8", "192.0.2.0/24"]},
                {"protocol": "6", "fromPort": 443, "toPort": 443, "cidrBlocks": ["198.51.100.0/24"], "description": ""},
                _WITHIN,
            ],
            "revokeRulesOnDelete": True,
            "tags": {"Name": "case"},
        },
        seen=_group,
        created={
            "name": "case",
            "description": "first",
            "tags": {"Name": "case"},
            "ingress": [
                ANY,
                "tcp 443-443 10.0.0.0/8",
                "tcp 443-443 192.0.2.0/24",
                "tcp 443-443 198.51.100.0/24",
            ],
            "egress": [],
        },
        update=lambda account: {
            "ingress": [],
            "egress": [
                {
                    "protocol": "udp",
                    "fromPort": 53,
                    "toPort": 53,
                    "cidrBlocks": ["10.0.0.0/8"],
                    "ipv6CidrBlocks": ["2001:db8::/32"],
                    "securityGroups": [group(account)],
                    "description": "names",
                }
            ],
            "tags": {"Name": "renamed"},
        },
        updated=lambda inputs: {
            "name": "case",
            "description": "first",
            "tags": {"Name": "renamed"},
            "ingress": [],
            "egress": [
                "udp 53-53 10.0.0.0/8 names",
                "udp 53-53 2001:db8::/32 names",
                f"udp 53-53 {inputs['egress'][0]['securityGroups'][0]} names",
            ],
        },
        drift=_allow,
        drifted={"ingress": [_BY_HAND]},
        outputs=("arn", "description", "egress", "ingress", "name", "ownerId", "region", "tagsAll", "vpcId"),
        never="sg-00000000000000000",
    ),
    Case(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        inputs=lambda account: {"vpcId": account.vpc(), "ingress": [], "egress": [], "tags": {"Name": "closed"}},
        seen=_default_group,
        created={"ingress": [], "egress": [], "tags": {"Name": "closed"}},
        update={
            "egress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8"]}],
            "tags": None,
        },
        updated={"ingress": [], "egress": ["tcp 443-443 10.0.0.0/8"], "tags": {}},
        drift=_allow,
        drifted={"ingress": [_BY_HAND]},
        outputs=("arn", "description", "egress", "ingress", "name", "ownerId", "region", "tagsAll", "vpcId"),
        never="sg-00000000000000000",
        left={"ingress": ["tcp 22-22 0.0.0.0/0"], "egress": ["tcp 443-443 10.0.0.0/8"], "tags": {}},
    ),
    Case(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        inputs=lambda account: {
            "securityGroupId": group(account),
            "cidrIpv4": "10.0.0.0/8",
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "description": "first",
            "tags": {"Name": "case"},
        },
        seen=_rule,
        created=lambda inputs: {
            "group": inputs["securityGroupId"],
            "egress": False,
            "rule": "tcp 443-443 10.0.0.0/8 first",
            "tags": {"Name": "case"},
        },
        update={"cidrIpv4": "192.0.2.0/24", "toPort": 444, "description": None, "tags": {"Name": "renamed"}},
        updated=lambda inputs: {
            "group": inputs["securityGroupId"],
            "egress": False,
            "rule": "tcp 443-444 192.0.2.0/24",
            "tags": {"Name": "renamed"},
        },
        drift=_change_rule,
        drifted={"fromPort": 22},
        outputs=("arn", "region", "securityGroupId", "securityGroupRuleId", "tagsAll"),
        never="sgr-00000000000000000",
    ),
    Case(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        inputs=lambda account: {
            "securityGroupId": group(account, "case"),
            "referencedSecurityGroupId": group(account),
            "ipProtocol": "tcp",
            "fromPort": 5432,
            "toPort": 5432,
            "description": "first",
        },
        seen=_rule,
        created=lambda inputs: {
            "group": inputs["securityGroupId"],
            "egress": True,
            "rule": f"tcp 5432-5432 {inputs['referencedSecurityGroupId']} first",
            "tags": {},
        },
        update=lambda account: {"referencedSecurityGroupId": group(account, "other"), "description": "second"},
        updated=lambda inputs: {
            "group": inputs["securityGroupId"],
            "egress": True,
            "rule": f"tcp 5432-5432 {inputs['referencedSecurityGroupId']} second",
            "tags": {},
        },
        drift=_change_rule,
        drifted={"fromPort": 22, "description": "by hand"},
        outputs=("arn", "region", "securityGroupId", "securityGroupRuleId", "tagsAll"),
        never="sgr-00000000000000000",
    ),
)
