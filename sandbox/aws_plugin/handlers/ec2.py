"""Networks and their gateways. EC2 changes one attribute a call, and names and tags everything the same way."""

from collections.abc import Mapping

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

TAGGING = Tagging("create_tags", "delete_tags", None, {"Resources": "{id}"})
_VPC_ATTRIBUTES = ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics")
_DNS_OPTIONS = "PrivateDnsNameOptionsOnLaunch"
_SUBNET_ATTRIBUTES = (
    "assignIpv6AddressOnCreation",
    "enableDns64",
    "enableResourceNameDnsARecordOnLaunch",
    "enableResourceNameDnsAaaaRecordOnLaunch",
    "mapPublicIpOnLaunch",
    "privateDnsHostnameTypeOnLaunch",
)


def arn(kind: str) -> Mapping[str, str]:
    """The ARN that no EC2 operation returns, as a computed output."""
    return {"arn": f"arn:{{partition}}:ec2:{{region}}:{{account}}:{kind}/{{id}}"}


def _of_vpc(operation: str, answer: str, name: str, value: str, **names: str) -> Call:
    """What AWS makes along with a VPC, found by the VPC's id and one more filter."""
    filters = [{"Name": "vpc-id", "Values": ["{id}"]}, {"Name": name, "Values": [value]}]
    return Call(operation, at=f"{answer}[0]", given={"Filters": filters}, only=tuple(names), names=names)


def _detach(scope: Scope, _old: Props) -> None:
    """Take an internet gateway off whatever network it is attached to."""
    [gateway] = scope.call("describe_internet_gateways", InternetGatewayIds=[scope["id"]])["InternetGateways"]
    for attachment in gateway["Attachments"]:
        scope.call("detach_internet_gateway", InternetGatewayId=scope["id"], VpcId=attachment["VpcId"])


def _attach(scope: Scope, old: Props) -> None:
    """A gateway is attached to one network at a time."""
    _detach(scope, old)
    if scope["vpcId"]:
        scope.call("attach_internet_gateway", InternetGatewayId=scope["id"], VpcId=scope["vpcId"])


def _release(scope: Scope, _old: Props) -> None:
    """AWS releases no address that something still has."""
    [address] = scope.call("describe_addresses", AllocationIds=[scope["id"]])["Addresses"]
    if address.get("AssociationId"):
        scope.call("disassociate_address", AssociationId=address["AssociationId"])
    scope.call("release_address", AllocationId=scope["id"])


def _public_dns(scope: Scope, _state: Props) -> Props:
    """The name that a public address has by the VPC user guide, "DNS attributes for your VPC"."""
    zone = "compute-1" if scope["region"] == "us-east-1" else f"{scope['region']}.compute"
    return {"publicDns": f"ec2-{scope['publicIp'].replace('.', '-')}.{zone}.amazonaws.com"}


RECORDS = (
    Record(
        "aws:ec2/vpc:Vpc",
        service="ec2",
        key={"VpcId": "{id}"},
        id="VpcId",
        create=Call("create_vpc", at="Vpc"),
        reads=(
            Call(
                "describe_vpcs",
                at="Vpcs[0]",
                names={"assignGeneratedIpv6CidrBlock": "Ipv6CidrBlockAssociationSet[0] != null"},
            ),
            *(Call("describe_vpc_attribute", only=(name,), given={"Attribute": name}) for name in _VPC_ATTRIBUTES),
            _of_vpc(
                "describe_security_groups", "SecurityGroups", "group-name", "default", defaultSecurityGroupId="GroupId"
            ),
            _of_vpc("describe_network_acls", "NetworkAcls", "default", "true", defaultNetworkAclId="NetworkAclId"),
            _of_vpc(
                "describe_route_tables",
                "RouteTables",
                "association.main",
                "true",
                mainRouteTableId="RouteTableId",
                defaultRouteTableId="RouteTableId",
            ),
        ),
        updates=tuple(Call("modify_vpc_attribute", only=(name,)) for name in _VPC_ATTRIBUTES),
        deletes=(Call("delete_vpc"),),
        names={"assignGeneratedIpv6CidrBlock": "AmazonProvidedIpv6CidrBlock"},
        defaults={"enableDnsSupport": True, "enableDnsHostnames": False, "enableNetworkAddressUsageMetrics": False},
        computed=arn("vpc"),
        tagging=TAGGING,
        tag_resource="vpc",
        ready="vpc_available",
    ),
    Record(
        "aws:ec2/subnet:Subnet",
        service="ec2",
        noun="Subnet",
        key={"SubnetId": "{id}"},
        id="SubnetId",
        create=Call("create_subnet", at="Subnet"),
        reads=(
            Call(
                "describe_subnets",
                at="Subnets[0]",
                names={
                    "enableResourceNameDnsARecordOnLaunch": f"{_DNS_OPTIONS}.EnableResourceNameDnsARecord",
                    "enableResourceNameDnsAaaaRecordOnLaunch": f"{_DNS_OPTIONS}.EnableResourceNameDnsAAAARecord",
                    "privateDnsHostnameTypeOnLaunch": f"{_DNS_OPTIONS}.HostnameType",
                    "ipv6CidrBlock": "Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock",
                    "ipv6CidrBlockAssociationId": "Ipv6CidrBlockAssociationSet[0].AssociationId",
                },
            ),
        ),
        updates=tuple(Call("modify_subnet_attribute", only=(name,)) for name in _SUBNET_ATTRIBUTES),
        deletes=(Call("delete_subnet"),),
        defaults=dict.fromkeys(_SUBNET_ATTRIBUTES[:-1], False),
        tagging=TAGGING,
        tag_resource="subnet",
        unique=Call(
            "describe_subnets",
            at="Subnets[0].SubnetId",
            given={
                "Filters": [
                    {"Name": "cidr-block", "Values": ["{cidrBlock}"]},
                    {"Name": "vpc-id", "Values": ["{vpcId}"]},
                ]
            },
        ),
        ready="subnet_available",
    ),
    Record(
        "aws:ec2/internetGateway:InternetGateway",
        service="ec2",
        key={"InternetGatewayId": "{id}"},
        id="InternetGatewayId",
        create=Call("create_internet_gateway", at="InternetGateway"),
        reads=(Call("describe_internet_gateways", at="InternetGateways[0]", names={"vpcId": "Attachments[0].VpcId"}),),
        updates=(Code(("vpcId",), _attach),),
        deletes=(Code((), _detach), Call("delete_internet_gateway")),
        computed=arn("internet-gateway"),
        tagging=TAGGING,
        tag_resource="internet-gateway",
        ready="internet_gateway_exists",
    ),
    Record(
        "aws:ec2/eip:Eip",
        service="ec2",
        key={"AllocationId": "{id}"},
        id="AllocationId",
        create=Call("allocate_address", only=("address", "domain")),
        reads=(Call("describe_addresses", at="Addresses[0]"), Code(("publicDns",), _public_dns)),
        updates=(
            # Without either, an address stays where it is: a NAT gateway that took it is another resource.
            Call(
                "associate_address",
                only=("instance", "networkInterface", "associateWithPrivateIp"),
                given={"AllowReassociation": True},
                unless={"instance": "", "networkInterface": ""},
            ),
        ),
        deletes=(Code((), _release),),
        names={
            "associateWithPrivateIp": "PrivateIpAddress",
            "instance": "InstanceId",
            "networkInterface": "NetworkInterfaceId",
            "privateIp": "PrivateIpAddress",
        },
        computed=arn("elastic-ip"),
        tagging=TAGGING,
        tag_resource="elastic-ip",
    ),
    Record(
        "aws:ec2/natGateway:NatGateway",
        service="ec2",
        key={"NatGatewayId": "{id}"},
        id="NatGatewayId",
        create=Call(
            "create_nat_gateway",
            at="NatGateway",
            only=("allocationId", "connectivityType", "subnetId"),
        ),
        reads=(
            Call(
                "describe_nat_gateways",
                at="NatGateways[0]",
                names={
                    name: f"NatGatewayAddresses[0].{name[0].upper()}{name[1:]}"
                    for name in ("allocationId", "associationId", "networkInterfaceId", "privateIp", "publicIp")
                },
            ),
        ),
        gone="State == 'deleted'",
        deletes=(Call("delete_nat_gateway"),),
        tagging=TAGGING,
        tag_resource="natgateway",
        ready="nat_gateway_available",
        deleted="nat_gateway_deleted",
    ),
)
