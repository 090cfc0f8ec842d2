"""Networks and their gateways."""

from typing import Any
from unittest.mock import ANY

from tests.sandbox.conformance.case import Account, Case, tags_of


def _vpc(account: Account, vpc: str) -> dict[str, Any]:
    ec2 = account.client("ec2")
    [found] = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    attributes = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}
    return {
        "range": found["CidrBlock"],
        "tags": tags_of(found["Tags"]),
        **{
            name: ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)[answer]["Value"]
            for name, answer in attributes.items()
        },
    }


def _subnet(account: Account, subnet: str) -> dict[str, Any]:
    [found] = account.client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"]
    return {
        "range": found["CidrBlock"],
        "zone": found["AvailabilityZone"],
        "public": found["MapPublicIpOnLaunch"],
        "tags": tags_of(found.get("Tags", [])),
    }


def _internet_gateway(account: Account, gateway: str) -> dict[str, Any]:
    [found] = account.client("ec2").describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"]
    return {"networks": [each["VpcId"] for each in found["Attachments"]], "tags": tags_of(found["Tags"])}


def _detach(account: Account, gateway: str) -> None:
    [vpc] = _internet_gateway(account, gateway)["networks"]
    account.client("ec2").detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


def _address(account: Account, address: str) -> dict[str, Any]:
    [found] = account.client("ec2").describe_addresses(AllocationIds=[address])["Addresses"]
    return {"domain": found["Domain"], "interface": found["NetworkInterfaceId"], "tags": tags_of(found["Tags"])}


def interface(account: Account) -> str:
    """The id of a new network interface."""
    [subnet, *_] = account.subnets(account.vpc())
    created = account.client("ec2").create_network_interface(SubnetId=subnet)
    return str(created["NetworkInterface"]["NetworkInterfaceId"])


def _nat_gateway(account: Account, gateway: str) -> dict[str, Any] | None:
    found = account.client("ec2").describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
    if not found or found[0]["State"] == "deleted":
        return None
    [address] = found[0]["NatGatewayAddresses"]
    return {"subnet": found[0]["SubnetId"], "address": address["AllocationId"], "tags": tags_of(found[0]["Tags"])}


CASES = (
    Case(
        "aws:ec2/vpc:Vpc",
        inputs=lambda _: {
            "cidrBlock": "10.20.0.0/16",
            "enableDnsHostnames": True,
            "enableDnsSupport": True,
            "tags": {"Name": "case", "owner": "data"},
        },
        seen=_vpc,
        created={
            "range": "10.20.0.0/16",
            "enableDnsSupport": True,
            "enableDnsHostnames": True,
            "tags": {"Name": "case", "owner": "data"},
        },
        update={"enableDnsHostnames": None, "tags": {"Name": "renamed"}},
        updated={
            "range": "10.20.0.0/16",
            "enableDnsSupport": True,
            "enableDnsHostnames": False,
            "tags": {"Name": "renamed"},
        },
        drift=lambda account, vpc: account.client("ec2").modify_vpc_attribute(
            VpcId=vpc, EnableDnsSupport={"Value": False}
        ),
        drifted={"enableDnsSupport": False},
        outputs=(
            "arn",
            "cidrBlock",
            "defaultNetworkAclId",
            "defaultRouteTableId",
            "defaultSecurityGroupId",
            "instanceTenancy",
            "mainRouteTableId",
            "ownerId",
            "region",
            "tagsAll",
        ),
        never="vpc-00000000",
    ),
    Case(
        "aws:ec2/subnet:Subnet",
        inputs=lambda account: {
            "vpcId": account.vpc(),
            "cidrBlock": "10.9.7.0/24",
            "availabilityZone": "us-west-2b",
            "mapPublicIpOnLaunch": False,
            "tags": {"tier": "data"},
        },
        seen=_subnet,
        created={"range": "10.9.7.0/24", "zone": "us-west-2b", "public": False, "tags": {"tier": "data"}},
        update={"mapPublicIpOnLaunch": True, "tags": None},
        updated={"range": "10.9.7.0/24", "zone": "us-west-2b", "public": True, "tags": {}},
        drift=lambda account, subnet: account.client("ec2").modify_subnet_attribute(
            SubnetId=subnet, MapPublicIpOnLaunch={"Value": False}
        ),
        drifted={"mapPublicIpOnLaunch": False},
        outputs=("arn", "availabilityZone", "availabilityZoneId", "cidrBlock", "ownerId", "region", "tagsAll", "vpcId"),
        never="subnet-00000000",
    ),
    Case(
        "aws:ec2/internetGateway:InternetGateway",
        inputs=lambda account: {"vpcId": account.vpc(), "tags": {"Name": "case"}},
        seen=_internet_gateway,
        created=lambda inputs: {"networks": [inputs["vpcId"]], "tags": {"Name": "case"}},
        update=lambda account: {"vpcId": account.vpc(), "tags": {"Name": "renamed"}},
        updated=lambda inputs: {"networks": [inputs["vpcId"]], "tags": {"Name": "renamed"}},
        drift=_detach,
        drifted={"vpcId": None},
        outputs=("arn", "ownerId", "region", "tagsAll"),
        never="igw-00000000",
    ),
    Case(
        "aws:ec2/eip:Eip",
        inputs=lambda _: {"domain": "vpc", "tags": {"Name": "case"}},
        seen=_address,
        created={"domain": "vpc", "interface": "", "tags": {"Name": "case"}},
        update=lambda account: {"networkInterface": interface(account), "tags": {"Name": "renamed"}},
        updated=lambda inputs: {
            "domain": "vpc",
            "interface": inputs["networkInterface"],
            "tags": {"Name": "renamed"},
        },
        drift=lambda account, address: account.client("ec2").associate_address(
            AllocationId=address, NetworkInterfaceId=interface(account), AllowReassociation=True
        ),
        drifted={"networkInterface": ANY},
        outputs=("allocationId", "arn", "publicDns", "publicIp", "region", "tagsAll"),
        never="eipalloc-00000000",
    ),
    Case(
        "aws:ec2/natGateway:NatGateway",
        inputs=lambda account: {
            "allocationId": account.client("ec2").allocate_address(Domain="vpc")["AllocationId"],
            "subnetId": account.subnets(account.vpc())[0],
            "connectivityType": "public",
            "tags": {"Name": "case"},
        },
        seen=_nat_gateway,
        created=lambda inputs: {
            "subnet": inputs["subnetId"],
            "address": inputs["allocationId"],
            "tags": {"Name": "case"},
        },
        update={"tags": {"Name": "renamed"}},
        updated=lambda inputs: {
            "subnet": inputs["subnetId"],
            "address": inputs["allocationId"],
            "tags": {"Name": "renamed"},
        },
        drift=lambda account, gateway: account.client("ec2").create_tags(
            Resources=[gateway], Tags=[{"Key": "Name", "Value": "by hand"}]
        ),
        drifted={"tags": {"Name": "by hand"}},
        outputs=(
            "associationId",
            "connectivityType",
            "networkInterfaceId",
            "privateIp",
            "publicIp",
            "region",
            "tagsAll",
            "vpcId",
        ),
        never="nat-00000000",
    ),
)
