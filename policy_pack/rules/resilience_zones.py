"""Resilience: what runs in subnets runs in several availability zones, so that it outlives the loss of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from policy_pack.rules.change_protection import LOAD_BALANCERS
from policy_pack.tokens import SUBNET
from policy_pack.values import raw
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Severity, Unknown, aws, rule, setting

AUTO_SCALING_GROUP = "aws:autoscaling/group:Group"
EKS_CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"


class Placement(NamedTuple):
    """The properties in which a type names its subnets, and the controls that ask for several zones."""

    paths: tuple[tuple[str, ...], ...]
    controls: tuple[str, ...] = ()


def zone_of(resource: Resource) -> str:
    """Return the availability zone of a subnet, or of an instance.

    Raises:
        Unknown: the program leaves the choice to AWS.
    """
    names = ("availabilityZone", "availabilityZoneId") if resource.type == SUBNET else ("availabilityZone",)
    for holder in (resource, resource.outputs):
        for name in names:
            if holder.has(name):
                return str(holder.get(name))
    raise Unknown(f"availabilityZone of {resource.name}")


def _zones(resource: Resource, graph: Graph, row: Placement) -> tuple[set[str], int]:
    """Return the zones of the subnets that a resource names, and how many subnets outside of the stack it names."""
    zones: set[str] = set()
    outside = 0
    for path in row.paths:
        count = len(raw(resource.get(*path, default=())))
        subnets = {subnet.urn: subnet for subnet in graph.targets(resource, path[0], SUBNET)} if count else {}
        zones.update(zone_of(subnet) for subnet in subnets.values())
        outside += max(count - len(subnets), 0)
    return zones, outside


def _spans(places: Iterable[tuple[set[str], int]], least: int, where: str) -> Iterator[Finding]:
    """Yield that zones are too few, or raise `Unknown` where subnets of another stack may make up for it."""
    zones: set[str] = set()
    outside = 0
    for known, others in places:
        zones |= known
        outside += others
    if len(zones) + outside < least:
        yield f"{where} are in {len(zones) + outside} zone(s); they must be in {least}"
    elif len(zones) < least:
        raise Unknown(f"the zones of {where}, which are not all part of the stack")


@rule(
    on={
        **dict.fromkeys(LOAD_BALANCERS, Placement((("subnets",), ("subnetMappings",)), ("SH:ELB.13",))),
        AUTO_SCALING_GROUP: Placement((("vpcZoneIdentifiers",),), ("SH:AutoScaling.2",)),
        "aws:lambda/function:Function": Placement((("vpcConfig", "subnetIds"),), ("SH:Lambda.5",)),
        "aws:networkfirewall/firewall:Firewall": Placement((("subnetMappings",),)),
    },
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    fix="name subnets of two or more availability zones",
)
def subnets_in_several_zones(
    resource: Resource,
    graph: Graph,
    row: Placement,
    *,
    least_zones: int = setting(2, "zones that a service in subnets spans", minimum=2),
) -> Iterator[Finding]:
    """A zone is one building's power and one building's fire."""
    if resource.type == AUTO_SCALING_GROUP and resource.has("availabilityZones"):
        if len(set(resource.get("availabilityZones"))) < least_zones:
            yield f"availabilityZones are fewer than {least_zones}"
        return
    if not any(resource.has(*path) for path in row.paths):
        raise NotApplicable("it names no subnet")
    yield from _spans([_zones(resource, graph, row)], least_zones, " and ".join(".".join(path) for path in row.paths))


def _subnets(*zones: str) -> Any:
    return [
        aws.ec2.Subnet(f"private-{index}", vpc_id="vpc-1", cidr_block=f"10.0.{index}.0/24", availability_zone=zone).id
        for index, zone in enumerate(zones)
    ]


def _in_subnets(ids: Any) -> None:
    aws.lb.LoadBalancer("web", subnets=ids)
    aws.alb.LoadBalancer("old", subnet_mappings=[{"subnet_id": identity} for identity in ids])
    aws.autoscaling.Group("workers", max_size=3, min_size=1, vpc_zone_identifiers=ids)
    vpc: Any = {"subnet_ids": ids, "security_group_ids": ["sg-1"]}
    aws.lambda_.Function("report", role="arn:aws:iam::111122223333:role/report", vpc_config=vpc)
    mappings: Any = [{"subnet_id": identity} for identity in ids]
    aws.networkfirewall.Firewall("edge", firewall_policy_arn="arn:policy", subnet_mappings=mappings)


@subnets_in_several_zones.passes
def two_zones() -> None:
    _in_subnets(_subnets("us-west-2a", "us-west-2b"))
    aws.autoscaling.Group("named", max_size=3, min_size=1, availability_zones=["us-west-2a", "us-west-2b"])


@subnets_in_several_zones.fails
def one_subnet() -> None:
    _in_subnets(_subnets("us-west-2a"))


@subnets_in_several_zones.fails
def two_subnets_of_one_zone() -> None:
    aws.lb.LoadBalancer("web", subnets=_subnets("us-west-2a", "us-west-2a"))


@subnets_in_several_zones.fails
def one_zone_by_name() -> None:
    aws.autoscaling.Group("workers", max_size=3, min_size=1, availability_zones=["us-west-2a"])


@subnets_in_several_zones.undetermined
def subnets_of_another_stack() -> None:
    aws.lb.LoadBalancer("web", subnets=["subnet-1", "subnet-2"])


@rule(
    on={
        "aws:msk/cluster:Cluster": Placement((("brokerNodeGroupInfo", "clientSubnets"),), ("PH:MSK-3AZ",)),
        EKS_CLUSTER: Placement((("vpcConfig", "subnetIds"),), ("PH:EKS-3AZ",)),
        NODE_GROUP: Placement((("subnetIds",),), ("PH:EKS-3AZ",)),
    },
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    fix="name subnets of three availability zones",
)
def cluster_spans_three_zones(
    resource: Resource,
    graph: Graph,
    row: Placement,
    *,
    least_zones: int = setting(3, "zones that a cluster of several machines spans", minimum=2),
) -> Iterator[Finding]:
    """Of three zones two still agree when one is lost; of two zones none is a majority."""
    members = [resource]
    if resource.type == NODE_GROUP:
        # One group a zone is how machines with volumes are run; the groups of a cluster count together.
        for cluster in graph.targets(resource, "clusterName", EKS_CLUSTER):
            members = graph.children(cluster, on=NODE_GROUP, via="clusterName")
    places = [_zones(member, graph, row) for member in members]
    yield from _spans(places, least_zones, ".".join(row.paths[0]))


def _clusters(ids: Any) -> None:
    brokers: Any = {"client_subnets": ids, "instance_type": "kafka.m7g.large", "security_groups": ["sg-1"]}
    aws.msk.Cluster("events", kafka_version="3.8.x", number_of_broker_nodes=3, broker_node_group_info=brokers)
    role = "arn:aws:iam::111122223333:role/eks"
    vpc: Any = {"subnet_ids": ids}
    cluster = aws.eks.Cluster("workers", role_arn=role, vpc_config=vpc)
    for index, identity in enumerate(ids):
        scaling: Any = {"min_size": 1, "max_size": 3, "desired_size": 1}
        aws.eks.NodeGroup(
            f"workers-{index}",
            cluster_name=cluster.name,
            node_role_arn=role,
            scaling_config=scaling,
            subnet_ids=[identity],
        )


@cluster_spans_three_zones.passes
def three_zones() -> None:
    _clusters(_subnets("us-west-2a", "us-west-2b", "us-west-2c"))


@cluster_spans_three_zones.fails
def a_cluster_in_two_zones() -> None:
    _clusters(_subnets("us-west-2a", "us-west-2b"))


@rule(
    on=(NAT_GATEWAY,),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("PH:NAT-AZ",),
    fix="give every zone a NAT gateway of its own, and its private subnets a route to that one",
)
def nat_gateway_serves_its_own_zone(
    gateway: Resource,
    graph: Graph,
    *,
    shared: bool = setting(default=False, description="whether one NAT gateway may serve every zone, which costs less"),
) -> Iterator[Finding]:
    """Subnets that reach the internet through another zone are cut off when that one is lost."""
    if shared:
        raise NotApplicable("one NAT gateway may serve every zone of the stack")
    tables = {table.urn: table for table in graph.children(gateway, on=ROUTE_TABLE, via="routes")}
    for route in graph.children(gateway, on=ROUTE, via="natGatewayId"):
        tables.update((table.urn, table) for table in graph.targets(route, "routeTableId", ROUTE_TABLE))
    served = {
        subnet.urn: subnet
        for table in tables.values()
        for association in graph.children(table, on=ASSOCIATION, via="routeTableId")
        for subnet in graph.targets(association, "subnetId", SUBNET)
    }
    homes = graph.targets(gateway, "subnetId", SUBNET)
    if not served or not homes:
        raise NotApplicable("the stack's subnets do not use it, or it is in a subnet of another stack")
    away = sorted({zone_of(subnet) for subnet in served.values()} - {zone_of(homes[0])})
    if away:
        yield f"subnets of {', '.join(away)} reach the internet through it, and it is in {zone_of(homes[0])}"


def _nat(zone: str) -> None:
    public = aws.ec2.Subnet("public", vpc_id="vpc-1", cidr_block="10.0.9.0/24", availability_zone="us-west-2a")
    private = aws.ec2.Subnet("private", vpc_id="vpc-1", cidr_block="10.0.1.0/24", availability_zone=zone)
    gateway = aws.ec2.NatGateway("out", subnet_id=public.id, allocation_id="eipalloc-1")
    table = aws.ec2.RouteTable("private", vpc_id="vpc-1")
    aws.ec2.Route("out", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", nat_gateway_id=gateway.id)
    aws.ec2.RouteTableAssociation("private", route_table_id=table.id, subnet_id=private.id)


@nat_gateway_serves_its_own_zone.passes
def same_zone() -> None:
    _nat("us-west-2a")


@nat_gateway_serves_its_own_zone.fails
def across_zones() -> None:
    _nat("us-west-2b")


@nat_gateway_serves_its_own_zone.fails
def across_zones_by_an_inline_route() -> None:
    public, private = _subnets("us-west-2a", "us-west-2b")
    gateway = aws.ec2.NatGateway("out", subnet_id=public, allocation_id="eipalloc-1")
    routes: Any = [{"cidr_block": "0.0.0.0/0", "nat_gateway_id": gateway.id}]
    table = aws.ec2.RouteTable("private", vpc_id="vpc-1", routes=routes)
    aws.ec2.RouteTableAssociation("private", route_table_id=table.id, subnet_id=private)
