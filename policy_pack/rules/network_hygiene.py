"""Networks kept in order: stores in subnets without a way in, and no address, ACL or interface left lying about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.examples import declare
from policy_pack.rules.private_networks import ENDPOINT, ways_to_the_internet
from policy_pack.tokens import SUBNET, VPC
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Resource,
    Row,
    Severity,
    aws,
    each,
    rule,
)

SUBNETS_OF_STORES = {
    "aws:rds/subnetGroup:SubnetGroup": Row(("subnetIds",), controls=("SH:RDS.46",)),
    **dict.fromkeys(
        (
            "aws:dax/subnetGroup:SubnetGroup",
            "aws:docdb/subnetGroup:SubnetGroup",
            "aws:elasticache/subnetGroup:SubnetGroup",
            "aws:memorydb/subnetGroup:SubnetGroup",
            "aws:neptune/subnetGroup:SubnetGroup",
            "aws:redshift/subnetGroup:SubnetGroup",
        ),
        Row(("subnetIds",)),
    ),
}


@rule(
    on=SUBNETS_OF_STORES,
    severity=Severity.HIGH,
    promise="data-protection",
    fix="put the store into subnets that are routed through a NAT gateway, or nowhere",
)
def store_in_subnets_without_internet_route(group: Resource, graph: Graph, row: Row) -> Iterator[Finding]:
    """A store has no business with the internet, whatever its own settings say."""
    for subnet in graph.targets(group, *row.path, SUBNET):
        yield from graph.remember(_ways_out, subnet)


def _ways_out(graph: Graph, subnet: Resource) -> list[Finding]:
    return list(each([subnet], lambda subnet: ways_to_the_internet(subnet, graph)))


def _store_subnets(**target: Any) -> None:
    vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
    subnet = aws.ec2.Subnet("data", vpc_id=vpc.id, cidr_block="10.0.1.0/24")
    table = aws.ec2.RouteTable("data", vpc_id=vpc.id)
    aws.ec2.RouteTableAssociation("data", subnet_id=subnet.id, route_table_id=table.id)
    aws.ec2.Route("out", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", **target)
    for token in SUBNETS_OF_STORES:
        declare(token, subnetIds=[subnet.id])


@store_in_subnets_without_internet_route.passes
def stores_behind_a_nat_gateway() -> None:
    _store_subnets(nat_gateway_id="nat-0123456789abcdef0")


@store_in_subnets_without_internet_route.fails
def stores_on_the_internet() -> None:
    _store_subnets(gateway_id=aws.ec2.InternetGateway("out").id)


MOUNT_TARGET = "aws:efs/mountTarget:MountTarget"


@rule(
    on=(MOUNT_TARGET,),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:EFS.6",),
    fix="put the mount target into a subnet with mapPublicIpOnLaunch off",
)
def mount_target_in_private_subnet(target: Resource, graph: Graph) -> Iterator[Finding]:
    """Where instances are given public addresses, the file system is a hop away from the world."""
    for subnet in graph.targets(target, "subnetId", SUBNET):
        if subnet.get("mapPublicIpOnLaunch", default=False) not in (False, "false"):
            yield f"its subnet {subnet.name} gives instances public addresses"


def _mounted(*, public: bool) -> None:
    subnet = aws.ec2.Subnet("data", vpc_id="vpc-1", cidr_block="10.0.1.0/24", map_public_ip_on_launch=public)
    aws.efs.MountTarget("shared", file_system_id="fs-1", subnet_id=subnet.id)


@mount_target_in_private_subnet.passes
def mounted_privately() -> None:
    _mounted(public=False)


@mount_target_in_private_subnet.fails
def mounted_among_public_addresses() -> None:
    _mounted(public=True)


ACL = "aws:ec2/networkAcl:NetworkAcl"
ACL_ASSOCIATION = "aws:ec2/networkAclAssociation:NetworkAclAssociation"


@rule(
    on=(ACL,),
    severity=Severity.LOW,
    promise="data-protection",
    controls=("SH:EC2.16",),
    fix="name its subnets in subnetIds or in an aws.ec2.NetworkAclAssociation, or delete it",
)
def network_acl_in_use(acl: Resource, graph: Graph) -> Iterator[Finding]:
    """An ACL that filters nothing is taken for one that does."""
    if acl.has("subnetIds"):
        return
    if not graph.children(acl, on=ACL_ASSOCIATION, via="networkAclId"):
        yield "no subnet uses it"


@network_acl_in_use.passes
def of_a_subnet() -> None:
    aws.ec2.NetworkAcl("data", vpc_id="vpc-1", subnet_ids=["subnet-1"])
    beside = aws.ec2.NetworkAcl("app", vpc_id="vpc-1")
    aws.ec2.NetworkAclAssociation("app", network_acl_id=beside.id, subnet_id="subnet-2")


@network_acl_in_use.fails
def of_no_subnet() -> None:
    aws.ec2.NetworkAcl("data", vpc_id="vpc-1")


ADDRESS = "aws:ec2/eip:Eip"
TAKES_ADDRESS = {
    "aws:ec2/eipAssociation:EipAssociation": "allocationId",
    "aws:ec2/natGateway:NatGateway": "allocationId",
    "aws:lb/loadBalancer:LoadBalancer": "subnetMappings",
    "aws:alb/loadBalancer:LoadBalancer": "subnetMappings",
    "aws:transfer/server:Server": "endpointDetails",
    "aws:networkmanager/vpcAttachment:VpcAttachment": "subnetArns",
}


@rule(
    on=(ADDRESS,),
    severity=Severity.LOW,
    promise="asset-management",
    controls=("SH:EC2.12",),
    fix="attach the address to what uses it, or release it",
)
def address_in_use(address: Resource, graph: Graph) -> Iterator[Finding]:
    """An address that belongs to nothing is paid for, and stays on the lists of those who trusted it."""
    if address.has("instance") or address.has("networkInterface"):
        return
    if not any(graph.children(address, on=token, via=name) for token, name in TAKES_ADDRESS.items()):
        yield "nothing of the stack uses it"


@address_in_use.passes
def addresses_in_use() -> None:
    aws.ec2.Eip("host", instance="i-0123456789abcdef0")
    gateway = aws.ec2.Eip("gateway", domain="vpc")
    aws.ec2.NatGateway("out", allocation_id=gateway.id, subnet_id="subnet-1")


@address_in_use.fails
def address_left_over() -> None:
    aws.ec2.Eip("old", domain="vpc")


INSTANCE = "aws:ec2/instance:Instance"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


@rule(
    on=(INSTANCE, LAUNCH_TEMPLATE),
    severity=Severity.LOW,
    promise="data-protection",
    controls=("SH:EC2.17", "SH:EC2.180"),
    fix="give the instance one network interface, and leave sourceDestCheck on",
)
def host_has_one_network_interface(host: Resource) -> Iterator[Finding]:
    """Two interfaces join two networks, and so does an instance that takes traffic of others: no firewall sees it."""
    count = len(host.get("networkInterfaces", default=()))
    if count > 1:
        yield f"networkInterfaces has {count} entries"
    if host.type == INSTANCE:
        yield from Row(("sourceDestCheck",), unset=True).judge(host)


@host_has_one_network_interface.passes
def one_interface() -> None:
    declare(INSTANCE, networkInterfaces=[{"networkInterfaceId": "eni-1", "deviceIndex": 0}])
    aws.ec2.LaunchTemplate("web", network_interfaces=[{"device_index": 0}])


@host_has_one_network_interface.fails
def two_interfaces() -> None:
    aws.ec2.LaunchTemplate("web", network_interfaces=[{"device_index": 0}, {"device_index": 1}])


@host_has_one_network_interface.fails
def passing_on_the_traffic_of_others() -> None:
    aws.ec2.Instance("proxy", ami="ami-1", instance_type="m7g.large", source_dest_check=False)


# What uses AWS Systems Manager Incident Manager, and the endpoint that each of its halves is reached through.
INCIDENT_MANAGER = {
    "ssm-contacts": ("aws:ssmcontacts/contact:Contact", "aws:ssmcontacts/plan:Plan"),
    "ssm-incidents": (
        "aws:ssmincidents/replicationSet:ReplicationSet",
        "aws:ssmincidents/responsePlan:ResponsePlan",
    ),
}


@rule(
    on=(VPC,),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:EC2.58", "SH:EC2.60"),
    fix="give the VPC an interface endpoint of the service",
)
def incident_manager_reached_privately(vpc: Resource, graph: Graph) -> Iterator[Finding]:
    """In an incident the way to whoever must be called can't depend on the internet."""
    used = [service for service, types in INCIDENT_MANAGER.items() if graph.of_type(*types)]
    if not used:
        raise NotApplicable("the stack does not use Incident Manager")
    names = [str(endpoint.get("serviceName")) for endpoint in graph.children(vpc, on=ENDPOINT, via="vpcId")]
    for service in used:
        if not any(name.endswith(f".{service}") for name in names):
            yield f"it has no endpoint of {service}"


def _incidents(*services: str) -> None:
    vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
    for service in services:
        aws.ec2.VpcEndpoint(service, vpc_id=vpc.id, service_name=f"com.amazonaws.us-west-2.{service}")
    declare("aws:ssmcontacts/contact:Contact", alias="security", type="PERSONAL")
    declare("aws:ssmincidents/responsePlan:ResponsePlan", name="outage")


@incident_manager_reached_privately.passes
def both_endpoints() -> None:
    _incidents("ssm-contacts", "ssm-incidents")


@incident_manager_reached_privately.fails
def contacts_over_the_internet() -> None:
    _incidents("ssm-incidents")


VPN = "aws:ec2/vpnConnection:VpnConnection"
TUNNEL_LOGS = ("tunnel1LogOptions", "tunnel2LogOptions")


@rule(
    on=(VPN,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:EC2.171",),
    fix="set cloudwatchLogOptions.logEnabled to true, with a logGroupArn, in both tunnels' log options",
)
def vpn_tunnels_logged(connection: Resource) -> Iterator[Finding]:
    """Why a tunnel was renegotiated at night is in its log alone."""

    def judge(name: str) -> Iterator[Finding]:
        if connection.get(name, "cloudwatchLogOptions", "logEnabled") is not True:
            yield f"{name}.cloudwatchLogOptions.logEnabled is not true"

    yield from each(TUNNEL_LOGS, judge)


def _tunnels(*names: str) -> None:
    on = {"cloudwatchLogOptions": {"logEnabled": True, "logGroupArn": "arn:aws:logs:us-west-2:1:log-group:vpn"}}
    declare(VPN, dict.fromkeys(names, on), customerGatewayId="cgw-1", type="ipsec.1")


@vpn_tunnels_logged.passes
def both_tunnels_logged() -> None:
    _tunnels(*TUNNEL_LOGS)


@vpn_tunnels_logged.fails
def one_tunnel_logged() -> None:
    _tunnels("tunnel1LogOptions")


RULE_GROUP = "aws:networkfirewall/ruleGroup:RuleGroup"
RULE_SOURCES = (
    ("ruleGroup", "rulesSource", "rulesString"),
    ("ruleGroup", "rulesSource", "rulesSourceList", "targets"),
    ("ruleGroup", "rulesSource", "statefulRules"),
    ("ruleGroup", "rulesSource", "statelessRulesAndCustomActions", "statelessRules"),
    ("rules",),
)


@rule(
    on=(RULE_GROUP,),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:NetworkFirewall.6",),
    fix="write rules into the group, in one of the forms that it has",
)
def firewall_rule_group_has_rules(group: Resource) -> Iterator[Finding]:
    """A group without rules inspects nothing, and looks as if it did."""
    if not any(group.has(*path) for path in RULE_SOURCES):
        yield "it holds no rule"


@firewall_rule_group_has_rules.passes
def rules_of_each_kind() -> None:
    stateless = {"priority": 1, "ruleDefinition": {"actions": ["aws:drop"], "matchAttributes": {}}}
    for source in (
        {"rulesString": 'drop tls any any -> any any (tls.sni; content:"example.com"; sid:1;)'},
        {"statelessRulesAndCustomActions": {"statelessRules": [stateless]}},
    ):
        name = "stateless" if "statelessRulesAndCustomActions" in source else "stateful"
        aws.networkfirewall.RuleGroup(name, capacity=10, type=name.upper(), rule_group=_group(source))


def _group(source: dict[str, Any]) -> Any:
    return {"rulesSource": source}


@firewall_rule_group_has_rules.fails
def no_rules() -> None:
    declare(RULE_GROUP, capacity=10, type="STATELESS")
