"""Endpoints and flow logs."""

import json
from typing import Any
from unittest.mock import ANY

from tests.sandbox.conformance.case import Account, Case, tags_of
from tests.sandbox.conformance.ec2_security_groups import group


def policy(action: str) -> dict[str, Any]:
    """A policy of an endpoint."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _endpoint(account: Account, endpoint: str) -> dict[str, Any] | None:
    ec2 = account.client("ec2")
    [found] = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    if found["State"] == "deleted":
        return None
    interfaces = ec2.describe_network_interfaces(NetworkInterfaceIds=found["NetworkInterfaceIds"])
    return {
        "subnets": sorted(found["SubnetIds"]),
        "interfaces": sorted(each["SubnetId"] for each in interfaces["NetworkInterfaces"]),
        "groups": [each["GroupId"] for each in found["Groups"]],
        "private names": found["PrivateDnsEnabled"],
        "policy": json.loads(found["PolicyDocument"]),
        "tags": tags_of(found["Tags"]),
    }


def _inputs(account: Account) -> dict[str, Any]:
    vpc = account.vpc()
    return {
        "vpcId": vpc,
        "serviceName": "com.amazonaws.us-west-2.kms",
        "vpcEndpointType": "Interface",
        "privateDnsEnabled": True,
        "subnetIds": account.subnets(vpc)[:2],
        "securityGroupIds": [group(account)],
        "policy": json.dumps(policy("kms:*"), indent=1),
        "tags": {"Name": "case"},
    }


def _move(account: Account) -> dict[str, Any]:
    [endpoint] = account.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    subnets = account.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [endpoint["VpcId"]]}])
    return {
        "subnetIds": [each["SubnetId"] for each in subnets["Subnets"]][1:],
        "securityGroupIds": [group(account, "other")],
        "privateDnsEnabled": None,
        "policy": json.dumps(policy("kms:Decrypt")),
        "tags": {"Name": "renamed"},
    }


def _flow_log(account: Account, flow_log: str) -> dict[str, Any] | None:
    found = account.client("ec2").describe_flow_logs(FlowLogIds=[flow_log])["FlowLogs"]
    if not found:
        return None
    return {
        "of": found[0]["ResourceId"],
        "traffic": found[0]["TrafficType"],
        "to": found[0]["LogDestination"],
        "delivery": found[0]["DeliverLogsStatus"],
        "role": found[0]["DeliverLogsPermissionArn"],
        "seconds": found[0]["MaxAggregationInterval"],
        "tags": tags_of(found[0]["Tags"]),
    }


def _flow_log_inputs(account: Account) -> dict[str, Any]:
    account.client("logs").create_log_group(logGroupName="/case/flow")
    return {
        "vpcId": account.vpc(),
        "trafficType": "ALL",
        "logDestinationType": "cloud-watch-logs",
        "logDestination": "arn:aws:logs:us-west-2:123456789012:log-group:/case/flow",
        "iamRoleArn": f"arn:aws:iam::123456789012:role/{account.role('vpc-flow-logs.amazonaws.com')}",
        "maxAggregationInterval": 60,
        "tags": {"Name": "case"},
    }


def _logged(inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "of": inputs["vpcId"],
        "traffic": "ALL",
        "to": inputs["logDestination"],
        "delivery": "SUCCESS",
        "role": inputs["iamRoleArn"],
        "seconds": 60,
        "tags": inputs["tags"],
    }


CASES = (
    Case(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        inputs=_inputs,
        seen=_endpoint,
        created=lambda inputs: {
            "subnets": sorted(inputs["subnetIds"]),
            "interfaces": sorted(inputs["subnetIds"]),
            "groups": inputs["securityGroupIds"],
            "private names": True,
            "policy": policy("kms:*"),
            "tags": {"Name": "case"},
        },
        update=_move,
        updated=lambda inputs: {
            "subnets": sorted(inputs["subnetIds"]),
            "interfaces": sorted(inputs["subnetIds"]),
            "groups": inputs["securityGroupIds"],
            "private names": False,
            "policy": policy("kms:Decrypt"),
            "tags": {"Name": "renamed"},
        },
        drift=lambda account, endpoint: account.client("ec2").modify_vpc_endpoint(
            VpcEndpointId=endpoint, AddSecurityGroupIds=[group(account, "by hand")]
        ),
        drifted={"securityGroupIds": [ANY, ANY]},
        outputs=("arn", "dnsEntries", "networkInterfaceIds", "ownerId", "region", "state", "tagsAll"),
        never="vpce-00000000",
    ),
    Case(
        "aws:ec2/flowLog:FlowLog",
        inputs=_flow_log_inputs,
        seen=_flow_log,
        created=_logged,
        update={"tags": {"Name": "renamed"}},
        updated=_logged,
        drift=lambda account, flow_log: account.client("ec2").delete_tags(Resources=[flow_log], Tags=[{"Key": "Name"}]),
        drifted={"tags": {}},
        outputs=("arn", "logFormat", "region", "tagsAll"),
        never="fl-00000000",
    ),
)
