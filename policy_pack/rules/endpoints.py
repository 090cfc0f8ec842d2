"""Endpoints of AWS's services: traffic really takes them, and they lead to nobody else's buckets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.callers import compares
from policy_pack.documents import allows, name_of, names_any_resource, statements
from policy_pack.examples import OWN_ACCOUNT, allow
from policy_pack.rules.private_networks import ENDPOINT
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Severity, Unknown, aws, each, rule

ENDPOINT_POLICY = "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy"
ROUTE_TABLES = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"
SUBNETS = "aws:ec2/vpcEndpointSubnetAssociation:VpcEndpointSubnetAssociation"
SECURITY_GROUPS = "aws:ec2/securityGroupAssociation:SecurityGroupAssociation"
ZONE = "aws:route53/zone:Zone"
# A VPC may have a gateway of these beside an interface, and only one of them answers to the service's name.
WITH_GATEWAYS = (".dynamodb", ".s3", ".s3express")
WHOSE_RESOURCE = (
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "s3:dataaccesspointaccount",
    "s3:resourceaccount",
)


@rule(
    on=(ENDPOINT, ENDPOINT_POLICY),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("PH:VPCE-POLICY",),
    fix="bind every statement of the endpoint of S3 with aws:ResourceAccount or aws:ResourceOrgID, or name the buckets",
)
def endpoint_leads_to_own_buckets(endpoint: Resource, graph: Graph) -> Iterator[Finding]:
    """Under our own credentials, too, data is taken out: to a bucket of whoever took over the machine.

    Source: "Control access to VPC endpoints using endpoint policies" in the VPC PrivateLink Guide; a bucket's name
    doesn't tell whose it is.
    """
    behind = [endpoint] if endpoint.type == ENDPOINT else graph.targets(endpoint, "vpcEndpointId", ENDPOINT)
    if not behind:
        raise Unknown("the service of the endpoint that vpcEndpointId names, which is not part of the stack")
    if not any(str(item.get("serviceName", default="")).endswith((".s3", ".s3express")) for item in behind):
        raise NotApplicable("it isn't an endpoint of S3")
    if not endpoint.has("policy"):
        raise NotApplicable("it has no policy inside; that it has none is judged apart")

    def judge(statement: Props) -> Iterator[Finding]:
        if allows(statement) and names_any_resource(statement) and not compares(statement, *WHOSE_RESOURCE):
            yield f"{name_of(statement)} leads to anybody's buckets"

    yield from each(statements(endpoint, "policy"), judge)


def _to_s3(**statement: Any) -> aws.ec2.VpcEndpoint:
    document = allow(**{"Principal": "*", "Resource": "*", **statement})
    return aws.ec2.VpcEndpoint("s3", vpc_id="vpc-1", service_name="com.amazonaws.us-west-2.s3", policy=document)


OWN = {"aws:PrincipalAccount": OWN_ACCOUNT}


@endpoint_leads_to_own_buckets.passes
def to_buckets_of_the_account() -> None:
    _to_s3(Condition={"StringEquals": OWN | {"aws:ResourceAccount": "${aws:PrincipalAccount}"}})


@endpoint_leads_to_own_buckets.passes
def to_a_bucket_by_name() -> None:
    gateway = aws.ec2.VpcEndpoint("s3", vpc_id="vpc-1", service_name="com.amazonaws.us-west-2.s3")
    named = allow("s3:GetObject", Principal="*", Resource="arn:aws:s3:::al2023-repos-us-west-2-de612dc2/*")
    aws.ec2.VpcEndpointPolicy("s3", vpc_endpoint_id=gateway.id, policy=named)


@endpoint_leads_to_own_buckets.fails
def to_anybodys_buckets() -> None:
    _to_s3(Condition={"StringEquals": OWN})


@endpoint_leads_to_own_buckets.fails
def to_buckets_of_any_account() -> None:
    gateway = aws.ec2.VpcEndpoint("s3", vpc_id="vpc-1", service_name="com.amazonaws.us-west-2.s3")
    anybodys = {"StringLike": {"aws:ResourceAccount": "*"}}
    open_to_all = allow("s3:*", Principal="*", Resource="arn:aws:s3:::*", Condition=anybodys)
    aws.ec2.VpcEndpointPolicy("s3", vpc_endpoint_id=gateway.id, policy=open_to_all)


@endpoint_leads_to_own_buckets.undetermined
def of_an_endpoint_elsewhere() -> None:
    aws.ec2.VpcEndpointPolicy("s3", vpc_endpoint_id="vpce-1", policy=allow(Principal="*", Resource="*"))


@rule(
    on=(ENDPOINT,),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("PH:VPCE-DATA",),
    fix="give a gateway its route tables; an interface its subnets, its security groups and privateDnsEnabled",
)
def endpoint_is_taken(endpoint: Resource, graph: Graph) -> Iterator[Finding]:
    """Where nothing leads to an endpoint, what is meant for it goes over the internet, and nobody notices.

    Source: EC2 API Reference, CreateVpcEndpoint: an interface without security groups takes the VPC's default one,
    and without private DNS the service's own name leads past it.
    """
    kind = endpoint.get("vpcEndpointType", default="Gateway")
    if kind not in {"Gateway", "Interface"}:
        raise NotApplicable(f"what leads to a {kind} is not set here")

    def lacks(name: str, beside: str) -> bool:
        return not endpoint.has(name) and not graph.children(endpoint, on=beside, via="vpcEndpointId")

    if kind == "Gateway":
        if lacks("routeTableIds", ROUTE_TABLES):
            yield "routeTableIds names no route table that leads to it"
        return
    if not endpoint.has("subnetConfigurations") and lacks("subnetIds", SUBNETS):
        yield "subnetIds names no subnet that it is in"
    if lacks("securityGroupIds", SECURITY_GROUPS):
        yield "securityGroupIds is not set: the VPC's default security group guards it"
    if _answers_to_a_name(endpoint) and endpoint.get("privateDnsEnabled") is not True and not _named_apart(graph):
        yield "privateDnsEnabled is not true: the service's name leads past it"


def _answers_to_a_name(endpoint: Resource) -> bool:
    """Return whether the service is one of AWS's own, which programs reach by a name that they didn't choose."""
    service = str(endpoint.get("serviceName", default=""))
    return service.startswith("com.amazonaws.") and ".vpce." not in service and not service.endswith(WITH_GATEWAYS)


def _named_apart(graph: Graph) -> bool:
    """Return whether a private zone of the stack answers for names of AWS's services, for several VPCs at once."""
    return any(str(zone.get("name", default="")).rstrip(".").endswith(".amazonaws.com") for zone in graph.of_type(ZONE))


def _interface(service: str = "com.amazonaws.us-west-2.kms", **given: Any) -> aws.ec2.VpcEndpoint:
    inside: Any = {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"], "private_dns_enabled": True, **given}
    return aws.ec2.VpcEndpoint(
        service.rpartition(".")[2], vpc_id="vpc-1", vpc_endpoint_type="Interface", service_name=service, **inside
    )


@endpoint_is_taken.passes
def by_routes_and_by_name() -> None:
    aws.ec2.VpcEndpoint("s3", vpc_id="vpc-1", service_name="com.amazonaws.us-west-2.s3", route_table_ids=["rtb-1"])
    _interface()
    _interface("com.amazonaws.vpce.us-west-2.vpce-svc-1", private_dns_enabled=None)
    apart = _interface("com.amazonaws.us-west-2.logs", subnet_ids=None, security_group_ids=None)
    aws.ec2.VpcEndpointSubnetAssociation("logs", vpc_endpoint_id=apart.id, subnet_id="subnet-1")
    aws.ec2.SecurityGroupAssociation("logs", vpc_endpoint_id=apart.id, security_group_id="sg-1")


@endpoint_is_taken.passes
def by_a_zone_for_several_networks() -> None:
    aws.route53.Zone("kms", name="kms.us-west-2.amazonaws.com", vpcs=[{"vpc_id": "vpc-1"}])
    _interface(private_dns_enabled=False)


@endpoint_is_taken.fails
def gateway_that_nothing_is_routed_to() -> None:
    aws.ec2.VpcEndpoint("s3", vpc_id="vpc-1", service_name="com.amazonaws.us-west-2.s3")


@endpoint_is_taken.fails
def interface_in_no_subnet() -> None:
    _interface(subnet_ids=[])


@endpoint_is_taken.fails
def interface_behind_the_default_group() -> None:
    _interface(security_group_ids=None)


@endpoint_is_taken.fails
def past_by_name() -> None:
    _interface(private_dns_enabled=None)
