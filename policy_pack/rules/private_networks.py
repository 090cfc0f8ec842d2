"""Private networks: AWS is reached through endpoints, and private subnets have no way in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policy_pack.callers import is_public
from policy_pack.documents import name_of, statements, texts_of
from policy_pack.examples import OWN_ACCOUNT, allow, declare
from policy_pack.tokens import SUBNET, VPC
from policy_pack.values import UNKNOWN, raw
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Severity,
    Unknown,
    aws,
    each,
    rule,
    setting,
)

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
_IMAGE_LAYERS = re.compile(r"arn:aws[a-z-]*:s3:::prod-[a-z]{2}(-[a-z]+)+-\d-starport-layer-bucket/\*")
SERVICES: list[str] = setting(
    [
        "backup",
        "ec2",
        "ec2messages",
        "ecr.api",
        "ecr.dkr",
        "kms",
        "logs",
        "rds",
        "s3",
        "secretsmanager",
        "ssm",
        "ssmmessages",
        "sts",
    ],
    "AWS services that every VPC reaches through an endpoint",
)


@rule(
    on=(VPC,),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:EC2.10", "SH:EC2.55", "SH:EC2.56", "SH:EC2.57", "PH:VPCE-DATA"),
    fix="give the VPC an endpoint of the service",
)
def vpc_reaches_aws_privately(vpc: Resource, graph: Graph, *, services: list[str] = SERVICES) -> Iterator[Finding]:
    """What goes to AWS over the internet can be sent to anybody's account there."""
    names = [str(endpoint.get("serviceName")) for endpoint in graph.children(vpc, on=ENDPOINT, via="vpcId")]
    for service in services:
        if not any(name.endswith(f".{service}") for name in names):
            yield f"it has no endpoint of {service}"


@vpc_reaches_aws_privately.passes
def through_endpoints() -> None:
    vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
    for service in SERVICES.default:  # type: ignore[attr-defined] # a setting, until the rule runs
        aws.ec2.VpcEndpoint(service, vpc_id=vpc.id, service_name=f"com.amazonaws.us-west-2.{service}")


@vpc_reaches_aws_privately.fails
def over_the_internet() -> None:
    aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")


@rule(
    on=(ENDPOINT, "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy"),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("PH:VPCE-POLICY",),
    fix="let through your own principals only: bind * with aws:PrincipalOrgID or aws:PrincipalAccount",
)
def endpoint_lets_own_principals_through(endpoint: Resource) -> Iterator[Finding]:
    """An open endpoint carries data out under the credentials of whoever brought their own."""
    if endpoint.type == ENDPOINT and endpoint.get("vpcEndpointType") == "GatewayLoadBalancer":
        raise NotApplicable("it carries traffic to a firewall, and takes no policy")
    if not endpoint.has("policy"):
        # VPC PrivateLink Guide, "Control access to VPC endpoints": the default policy allows everything to everybody.
        yield "policy is not set: it lets everybody's principals through"

    def judge(statement: Props) -> Iterator[Finding]:
        if is_public(statement) and not _pulls_images(statement):
            yield f"{name_of(statement)} lets everybody's principals through"

    yield from each(statements(endpoint, "policy"), judge)


def _pulls_images(statement: Props) -> bool:
    """Return whether a statement only reads the layers of images, which ECR hands out under names of its own.

    Source: "Minimum Amazon S3 Bucket Permissions for Amazon ECR" in the Amazon ECR User Guide.
    """
    read = list(texts_of(statement, "Resource"))
    layers = [arn for arn in read if _IMAGE_LAYERS.fullmatch(arn)]
    return list(texts_of(statement, "Action")) == ["s3:GetObject"] and bool(read) and layers == read


LAYERS = "arn:aws:s3:::prod-us-west-2-starport-layer-bucket/*"


@endpoint_lets_own_principals_through.passes
def layers_of_images() -> None:
    layers = allow("s3:GetObject", Resource=LAYERS, Principal="*")
    aws.ec2.VpcEndpointPolicy("s3", vpc_endpoint_id="vpce-1", policy=layers)


@endpoint_lets_own_principals_through.fails
def what_looks_like_layers() -> None:
    aws.ec2.VpcEndpointPolicy(
        "written", vpc_endpoint_id="vpce-1", policy=allow("s3:PutObject", Resource=LAYERS, Principal="*")
    )


@endpoint_lets_own_principals_through.fails
def layers_and_all_else() -> None:
    read = allow("s3:GetObject", Resource=[LAYERS, "arn:aws:s3:::elsewhere/*"], Principal="*")
    aws.ec2.VpcEndpointPolicy("s3", vpc_endpoint_id="vpce-1", policy=read)


@endpoint_lets_own_principals_through.passes
def our_own() -> None:
    own = allow(Principal="*", Resource="*", Condition={"StringEquals": {"aws:PrincipalAccount": OWN_ACCOUNT}})
    aws.ec2.VpcEndpoint("kms", vpc_id="vpc-1", service_name="com.amazonaws.us-west-2.kms", policy=own)
    aws.ec2.VpcEndpointPolicy("s3", vpc_endpoint_id="vpce-1", policy=own)


@endpoint_lets_own_principals_through.fails
def everybodys() -> None:
    aws.ec2.VpcEndpoint("kms", vpc_id="vpc-1", service_name="com.amazonaws.us-west-2.kms")


ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
DEFAULT_ROUTE_TABLE = "aws:ec2/defaultRouteTable:DefaultRouteTable"
MAIN_ASSOCIATION = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
PRIVATE_TIERS: list[str] = setting(
    ["app", "data", "isolated", "private"], "tiers of subnets that the world can't reach"
)


def ways_to_the_internet(subnet: Resource, graph: Graph) -> Iterator[Finding]:
    """Yield every route that makes a subnet public, inside its route table or beside it.

    VPC User Guide, "Subnet route tables": a subnet that is associated with none has the main one of its VPC.
    """

    def judge_table(table: Resource) -> Iterator[Finding]:
        for inside in table.get("routes", default=()):
            through = raw(inside).get("gatewayId")
            if through and (str(through).startswith("igw-") or graph.targets(table, "routes", GATEWAY)):
                yield f"the route table {table.name} of {subnet.name} has a route to an internet gateway"
        yield from each(graph.children(table, on=ROUTE, via="routeTableId"), judge_route)

    def judge_route(route: Resource) -> Iterator[Finding]:
        if "gatewayId" in route and graph.targets(route, "gatewayId", GATEWAY):
            yield f"the route {route.name} of {subnet.name} leads to an internet gateway"

    associations = graph.children(subnet, on=ASSOCIATION, via="subnetId")
    for association in associations:
        yield from each(graph.targets(association, "routeTableId", ROUTE_TABLE), judge_table)
    if not associations:
        networks = graph.targets(subnet, "vpcId", VPC)
        if not networks:
            raise Unknown(f"the main route table of the VPC of {subnet.name}, which is not part of the stack")
        yield from each(networks, lambda network: each(_main_tables(network, graph), judge_table))


def _main_tables(network: Resource, graph: Graph) -> Iterator[Resource]:
    """Yield the main route table of a VPC, where the stack says which it is; as AWS makes it, it leads nowhere."""
    for main in graph.children(network, on=MAIN_ASSOCIATION, via="vpcId"):
        yield from graph.targets(main, "routeTableId", ROUTE_TABLE)
    known = graph.children(network, on=DEFAULT_ROUTE_TABLE, via="defaultRouteTableId")
    yield from known
    made = raw(network.outputs).get("defaultRouteTableId")
    for table in graph.of_type(DEFAULT_ROUTE_TABLE):
        if table in known:
            continue
        adopted = raw(table).get("defaultRouteTableId")
        if UNKNOWN in (made, adopted):
            raise Unknown(f"whether {table.name} is the main route table of {network.name}")
        if adopted == made:
            yield table


@rule(
    on=(SUBNET,),
    severity=Severity.HIGH,
    promise="data-protection",
    controls=("PH:SUBNET-TIER",),
    fix="route it through a NAT gateway, or tag it tier=public",
)
def private_subnet_not_routed(subnet: Resource, graph: Graph, *, tiers: list[str] = PRIVATE_TIERS) -> Iterator[Finding]:
    """A route to an internet gateway is what makes a subnet public, whatever it is called."""
    if subnet.tag("tier") not in tiers:
        raise NotApplicable("its tier isn't a private one")

    yield from ways_to_the_internet(subnet, graph)


def _route(**target: Any) -> None:
    vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
    subnet = aws.ec2.Subnet("data", vpc_id=vpc.id, cidr_block="10.0.1.0/24", tags={"tier": "data"})
    table = aws.ec2.RouteTable("data", vpc_id=vpc.id)
    aws.ec2.RouteTableAssociation("data", subnet_id=subnet.id, route_table_id=table.id)
    aws.ec2.Route("out", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", **target)


@private_subnet_not_routed.passes
def through_a_nat_gateway() -> None:
    _route(nat_gateway_id="nat-0123456789abcdef0")


@private_subnet_not_routed.fails
def through_an_internet_gateway() -> None:
    _route(gateway_id=aws.ec2.InternetGateway("out").id)


def _unassociated() -> tuple[Any, Any]:
    vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
    aws.ec2.Subnet("data", vpc_id=vpc.id, cidr_block="10.0.1.0/24", tags={"tier": "data"})
    return vpc, [{"cidr_block": "0.0.0.0/0", "gateway_id": aws.ec2.InternetGateway("out").id}]


@private_subnet_not_routed.passes
def through_a_main_table_that_leads_nowhere() -> None:
    _unassociated()


@private_subnet_not_routed.fails
def through_the_main_table() -> None:
    vpc, routes = _unassociated()
    table = aws.ec2.RouteTable("public", vpc_id=vpc.id, routes=routes)
    aws.ec2.MainRouteTableAssociation("main", vpc_id=vpc.id, route_table_id=table.id)


@private_subnet_not_routed.fails
def through_the_main_table_that_aws_made() -> None:
    vpc = declare(VPC, cidrBlock="10.0.0.0/16", defaultRouteTableId="rtb-1")
    aws.ec2.Subnet("data", vpc_id=vpc.id, cidr_block="10.0.1.0/24", tags={"tier": "data"})
    routes: Any = [{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}]
    aws.ec2.DefaultRouteTable("main", default_route_table_id="rtb-1", routes=routes)


@private_subnet_not_routed.undetermined
def through_the_main_table_of_another_stack() -> None:
    aws.ec2.Subnet("data", vpc_id="vpc-1", cidr_block="10.0.1.0/24", tags={"tier": "data"})
