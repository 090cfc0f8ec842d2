"""Data Protection: three zones, three tiers, and no open door."""

import ipaddress
import itertools

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.logs import LogGroups
from infrastructure.network import NetworkArgs, subnet_cidrs
from infrastructure.promises import BrokenPromise
from infrastructure.scope import Deployment, Environment, Scope
from tests.infrastructure.conftest import NAMES, stack_config
from tests.infrastructure.mocks import ACCOUNT, Registrations, build

TO_AND_FROM_THE_WORLD = ("load-balancer-https", "load-balancer-http", "cluster-to-https")
SCOPE = Scope("dev", ACCOUNT, "us-west-2", "us-west-1", "platform", Environment.STAGING, Deployment.CLOUD)


@given(prefix=st.integers(16, 20), block=st.integers(0, 15))
def test_subnets_lie_in_the_network_and_do_not_overlap(prefix: int, block: int) -> None:
    network = list(ipaddress.IPv4Network("10.0.0.0/8").subnets(new_prefix=prefix))[block]
    tiers = subnet_cidrs(str(network), 3)
    subnets = [ipaddress.IPv4Network(cidr) for cidrs in tiers.values() for cidr in cidrs]
    assert [len(cidrs) for cidrs in tiers.values()] == [3, 3, 3]
    assert all(subnet.subnet_of(network) for subnet in subnets)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(subnets, 2))
    assert all(subnet.num_addresses >= 128 for subnet in subnets)


def test_networks_of_the_stacks_do_not_overlap() -> None:
    networks = [ipaddress.IPv4Network(stack_config(name)["hedgerow:vpcCidr"]) for name in NAMES]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(networks, 2))


def test_each_tier_covers_three_zones_without_public_addresses(environment: Registrations) -> None:
    subnets = environment.of("ec2/subnet:Subnet")
    for tier in ("public", "private", "isolated"):
        zones = {subnet.inputs["availabilityZone"] for subnet in subnets if subnet.inputs["tags"]["tier"] == tier}
        assert zones == {"us-west-2a", "us-west-2b", "us-west-2c"}
    assert all(subnet.inputs["mapPublicIpOnLaunch"] is False for subnet in subnets)


def test_only_public_subnets_reach_the_internet_gateway_and_isolated_ones_nothing(environment: Registrations) -> None:
    routes = environment.of("ec2/route:Route")
    targets: dict[str, list[str]] = {tier: [] for tier in ("public", "private", "isolated")}
    tables = {f"{table.name}-id": table.name for table in environment.of("ec2/routeTable:RouteTable")}
    subnets = {f"{subnet.name}-id": subnet.inputs["tags"]["tier"] for subnet in environment.of("ec2/subnet:Subnet")}
    tier_of = {
        tables[association.inputs["routeTableId"]]: subnets[association.inputs["subnetId"]]
        for association in environment.of("ec2/routeTableAssociation:RouteTableAssociation")
    }
    for route in routes:
        kind = "gatewayId" if "gatewayId" in route.inputs else "natGatewayId"
        targets[tier_of[tables[route.inputs["routeTableId"]]]].append(kind)
    assert targets == {"public": ["gatewayId"], "private": ["natGatewayId"] * 3, "isolated": []}
    assert len(environment.of("ec2/routeTableAssociation:RouteTableAssociation")) == 9


def test_production_has_a_nat_gateway_in_each_zone_and_stays_in_it(production: Registrations) -> None:
    assert len(production.of("ec2/natGateway:NatGateway")) == 3
    for route in production.of("ec2/route:Route"):
        if "natGatewayId" in route.inputs:
            zone = route.name.removeprefix("private-").removesuffix("-to-internet")
            assert route.inputs["natGatewayId"] == f"nat-{zone}-id"


def test_the_sandbox_has_one_nat_gateway_for_all_zones(sandbox: Registrations) -> None:
    assert len(sandbox.of("ec2/natGateway:NatGateway")) == len(sandbox.of("ec2/eip:Eip")) == 1


def test_the_default_security_group_is_closed(environment: Registrations) -> None:
    (group,) = environment.of("ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert group.inputs["vpcId"] == "network-vpc-id"
    assert group.inputs["ingress"] == group.inputs["egress"] == []


def test_no_security_group_rule_is_open_or_undescribed(environment: Registrations) -> None:
    rules = environment.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule") + environment.of(
        "vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    )
    (vpc,) = environment.of("ec2/vpc:Vpc")
    for rule in rules:
        assert rule.inputs["description"]
        assert rule.inputs["fromPort"] == rule.inputs["toPort"]
        world = rule.inputs.get("cidrIpv4", vpc.inputs["cidrBlock"]) != vpc.inputs["cidrBlock"]
        assert world is (rule.name in TO_AND_FROM_THE_WORLD)
    for group in environment.of("ec2/securityGroup:SecurityGroup"):
        assert "ingress" not in group.inputs
        assert "egress" not in group.inputs


def test_all_traffic_is_logged_to_an_encrypted_log_group(environment: Registrations) -> None:
    (flow_log,) = environment.of("ec2/flowLog:FlowLog")
    group = environment.one("cloudwatch/logGroup:LogGroup", "network-flow-log-group")
    assert flow_log.inputs["trafficType"] == "ALL"
    assert flow_log.inputs["vpcId"] == "network-vpc-id"
    assert flow_log.inputs["logDestination"] == group.state["arn"]
    assert group.inputs["retentionInDays"] >= 365


def test_endpoints_let_only_the_accounts_principals_through(environment: Registrations) -> None:
    endpoints = environment.of("ec2/vpcEndpoint:VpcEndpoint")
    for endpoint in endpoints:
        statement, *others = endpoint.document()
        assert [other["Sid"] for other in others] == (["LayersOfImages"] if endpoint.name == "s3-endpoint" else [])
        assert statement["Condition"]["StringEquals"]["aws:PrincipalAccount"] == ACCOUNT
    services = {endpoint.inputs["serviceName"].removeprefix("com.amazonaws.us-west-2.") for endpoint in endpoints}
    assert {"s3", "kms", "secretsmanager", "logs", "sts", "backup", "rds", "ec2", "ssm", "ssmmessages"} <= services
    assert len(services) == len(endpoints)


def test_the_bucket_endpoint_leads_to_the_accounts_buckets_alone(environment: Registrations) -> None:
    endpoint = environment.one("ec2/vpcEndpoint:VpcEndpoint", "s3-endpoint")
    assert endpoint.inputs["vpcEndpointType"] == "Gateway"
    assert len(endpoint.inputs["routeTableIds"]) == 4, "of the private and the isolated subnets"
    own, layers = endpoint.document()
    assert own["Condition"]["StringEquals"]["aws:ResourceAccount"] == ACCOUNT
    assert layers["Action"] == "s3:GetObject", "images are pulled from a bucket of ECR's, and nothing is written to it"
    assert layers["Resource"] == "arn:aws:s3:::prod-us-west-2-starport-layer-bucket/*"


@pytest.mark.parametrize(
    ("cidr", "zones"),
    [
        ("10.0.0.0/24", ("us-west-2a", "us-west-2b", "us-west-2c")),
        ("10.0.0.0/16", ("us-west-2a", "us-west-2a", "us-west-2c")),
        ("10.0.0.0/16", ("us-west-2a", "us-west-2b")),
    ],
)
def test_a_network_too_small_or_of_too_few_zones_is_refused(cidr: str, zones: tuple[str, ...]) -> None:
    def program() -> None:
        NetworkArgs(SCOPE, LogGroups(SCOPE, pulumi.Output.from_input("key")), cidr, zones, nat_gateways=1)

    with pytest.raises(BrokenPromise, match=r"Data Protection|Business Continuity"):
        build(program)


def test_every_name_that_is_asked_for_is_logged(environment: Registrations) -> None:
    (vpc,) = environment.of("ec2/vpc:Vpc")
    (config,) = environment.of("route53/resolverQueryLogConfig:ResolverQueryLogConfig")
    (use,) = environment.of("route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation")
    group = environment.one("cloudwatch/logGroup:LogGroup", "network-resolver-log-group")
    assert config.inputs["destinationArn"] == group.state["arn"]
    assert use.inputs["resolverQueryLogConfigId"] == f"{config.name}-id"
    assert use.inputs["resourceId"] == f"{vpc.name}-id"


def test_traffic_in_the_clear_is_kept_out_of_the_vpc(environment: Registrations) -> None:
    (control,) = environment.of("ec2/vpcEncryptionControl:VpcEncryptionControl")
    (vpc,) = environment.of("ec2/vpc:Vpc")
    assert (control.inputs["vpcId"], control.inputs["mode"]) == (f"{vpc.name}-id", "enforce")
    left_out = {name for name, value in control.inputs.items() if value == "enable"}
    assert left_out == {"internetGatewayExclusion", "natGatewayExclusion"}
