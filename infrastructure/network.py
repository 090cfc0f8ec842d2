"""Data Protection: production data is on private networks.

Enters: a network and three zones. Leaves: `Network` with its `vpc` and its subnets by tier: public ones hold NAT
gateways, private ones reach the internet through those, isolated ones hold stores and reach nothing outside the VPC.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, iam, vpc

from infrastructure.documents import Statement, document, trust
from infrastructure.logs import LogGroups
from infrastructure.promises import VPC_PREFIX, ZONES
from infrastructure.resolver import log_queries
from infrastructure.scope import DataClass, Scope

SERVICE = "network"
TIERS = ("public", "private", "isolated")
INTERFACE_ENDPOINTS = (
    "backup",
    "ec2",
    "ec2messages",
    "ecr.api",
    "ecr.dkr",
    "kms",
    "logs",
    "rds",
    "secretsmanager",
    "ssm",
    "ssmmessages",
    "sts",
)
"""Services that are reached without leaving AWS's network: EC2.10, EC2.55 to EC2.57 and those that handle data."""

ANYWHERE = "0.0.0.0/0"


def subnet_cidrs(vpc_cidr: str, zones: int) -> dict[str, list[str]]:
    """The subnets of each tier, one a zone: a quarter of the network each for private, a 32nd for the other two.

    >>> subnet_cidrs("10.0.0.0/16", 3)["isolated"]
    ['10.0.216.0/21', '10.0.224.0/21', '10.0.232.0/21']
    """
    *private, last = ipaddress.IPv4Network(vpc_cidr).subnets(prefixlen_diff=2)
    small = list(last.subnets(prefixlen_diff=3))
    tiers = {"public": small[:zones], "private": private[:zones], "isolated": small[zones : 2 * zones]}
    return {tier: [str(network) for network in networks] for tier, networks in tiers.items()}


@dataclass(frozen=True)
class NetworkArgs:
    """`nat_gateways` is 1, or one a zone so that the loss of a zone stays within it."""

    scope: Scope
    log_groups: LogGroups
    cidr: str
    zones: tuple[str, ...]
    nat_gateways: int

    def __post_init__(self) -> None:
        VPC_PREFIX.require("the prefix of the network", ipaddress.IPv4Network(self.cidr).prefixlen)
        ZONES.require("the number of zones", len(set(self.zones)))


class Network(pulumi.ComponentResource):
    """A VPC over three zones with no open door: its default security group is closed and its traffic is logged."""

    subnets: dict[str, list[ec2.Subnet]]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:network:Network", name, {}, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.zones = args.zones
        self.vpc = ec2.Vpc(
            f"{name}-vpc",
            cidr_block=args.cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=self._tags(args.scope.prefix),
            opts=self._child,
        )
        self._close_default_security_group(name)
        cidrs = subnet_cidrs(args.cidr, len(args.zones))
        self.subnets = {tier: self._create_subnets(tier, cidrs[tier]) for tier in TIERS}
        self._create_routes()
        self._create_endpoints(name)
        self._create_flow_log(name)
        log_queries(name, self.vpc, args.log_groups, self)
        self._encrypt(name)
        self.register_outputs({"vpcId": self.vpc.id})

    def _tags(self, name: str, **more: str) -> dict[str, str]:
        return self._args.scope.tags(SERVICE, DataClass.INTERNAL, Name=name, **more)

    def _close_default_security_group(self, name: str) -> None:
        ec2.DefaultSecurityGroup(
            f"{name}-default-security-group",
            vpc_id=self.vpc.id,
            ingress=[],
            egress=[],
            tags=self._tags("closed-default"),
            opts=self._child,
        )

    def _encrypt(self, name: str) -> None:
        """Nothing that sends in the clear gets into the VPC; what leaves through the gateways is TLS by its own rules.

        Source: "Enforce VPC encryption in transit" in the VPC user guide: both kinds of gateway have to be left out.
        """
        ec2.VpcEncryptionControl(
            f"{name}-encryption",
            vpc_id=self.vpc.id,
            mode="enforce",
            internet_gateway_exclusion="enable",
            nat_gateway_exclusion="enable",
            tags=self._tags("encryption"),
            opts=self._child,
        )

    def _create_subnets(self, tier: str, cidrs: list[str]) -> list[ec2.Subnet]:
        return [
            ec2.Subnet(
                f"{tier}-{zone}",
                vpc_id=self.vpc.id,
                availability_zone=zone,
                cidr_block=cidr,
                map_public_ip_on_launch=False,
                tags=self._tags(f"{tier}-{zone}", tier=tier),
                opts=self._child,
            )
            for zone, cidr in zip(self._args.zones, cidrs, strict=True)
        ]

    def _create_routes(self) -> None:
        gateway = ec2.InternetGateway(
            "internet-gateway", vpc_id=self.vpc.id, tags=self._tags("internet-gateway"), opts=self._child
        )
        public = self._create_route_table("public", self.subnets["public"])
        ec2.Route(
            "public-to-internet",
            route_table_id=public.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=self._child,
        )
        with_nat = list(zip(self._args.zones, self.subnets["public"], strict=True))[: self._args.nat_gateways]
        nat_gateways = [self._create_nat_gateway(zone, subnet, gateway) for zone, subnet in with_nat]
        self.private_route_tables = []
        for index, (zone, subnet) in enumerate(zip(self._args.zones, self.subnets["private"], strict=True)):
            table = self._create_route_table(f"private-{zone}", [subnet])
            self.private_route_tables.append(table)
            ec2.Route(
                f"private-{zone}-to-internet",
                route_table_id=table.id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=nat_gateways[index % len(nat_gateways)].id,
                opts=self._child,
            )
        self.isolated_route_table = self._create_route_table("isolated", self.subnets["isolated"])

    def _create_nat_gateway(self, zone: str, subnet: ec2.Subnet, gateway: ec2.InternetGateway) -> ec2.NatGateway:
        address = ec2.Eip(f"nat-{zone}-address", domain="vpc", tags=self._tags(f"nat-{zone}"), opts=self._child)
        return ec2.NatGateway(
            f"nat-{zone}",
            allocation_id=address.allocation_id,
            subnet_id=subnet.id,
            tags=self._tags(f"nat-{zone}"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[gateway]),
        )

    def _create_route_table(self, name: str, subnets: list[ec2.Subnet]) -> ec2.RouteTable:
        table = ec2.RouteTable(name, vpc_id=self.vpc.id, tags=self._tags(name), opts=self._child)
        for zone, subnet in zip(self._args.zones, subnets, strict=False):
            suffix = f"-{zone}" if len(subnets) > 1 else ""
            ec2.RouteTableAssociation(
                f"{name}{suffix}",
                subnet_id=subnet.id,
                route_table_id=table.id,
                opts=pulumi.ResourceOptions(parent=table),
            )
        return table

    def _create_endpoints(self, name: str) -> None:
        self.endpoints = ec2.SecurityGroup(
            f"{name}-endpoints",
            description="Interface endpoints of AWS services",
            vpc_id=self.vpc.id,
            tags=self._tags("endpoints"),
            opts=self._child,
        )
        vpc.SecurityGroupIngressRule(
            f"{name}-endpoints-from-vpc",
            description="TLS from within the VPC",
            security_group_id=self.endpoints.id,
            cidr_ipv4=self._args.cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            tags=self._tags("endpoints-from-vpc"),
            opts=pulumi.ResourceOptions(parent=self.endpoints),
        )
        self.s3_endpoint = ec2.VpcEndpoint(
            "s3-endpoint",
            vpc_id=self.vpc.id,
            service_name=f"com.amazonaws.{self._args.scope.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in (*self.private_route_tables, self.isolated_route_table)],
            policy=document(
                _within(self._args.scope.account, "aws:PrincipalAccount", "aws:ResourceAccount"),
                _image_layers(self._args.scope.region),
            ),
            tags=self._tags("s3"),
            opts=self._child,
        )
        for service in INTERFACE_ENDPOINTS:
            ec2.VpcEndpoint(
                f"{service}-endpoint",
                vpc_id=self.vpc.id,
                service_name=f"com.amazonaws.{self._args.scope.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=[subnet.id for subnet in self.subnets["private"]],
                security_group_ids=[self.endpoints.id],
                policy=document(_within(self._args.scope.account, "aws:PrincipalAccount")),
                tags=self._tags(service),
                opts=self._child,
            )

    def _create_flow_log(self, name: str) -> None:
        """Source of the role: "IAM role for publishing flow logs to CloudWatch Logs" in the VPC user guide."""
        scope = self._args.scope
        path = scope.log_group("flow-log")
        group = self._args.log_groups.create(f"{name}-flow-log-group", path, SERVICE, self)
        source = scope.arn("ec2", "vpc-flow-log/*")
        role = iam.Role(
            f"{name}-flow-log-role",
            description="VPC flow logs are delivered to their log group",
            assume_role_policy=trust(
                "vpc-flow-logs.amazonaws.com",
                {"StringEquals": {"aws:SourceAccount": scope.account}, "ArnLike": {"aws:SourceArn": source}},
            ),
            tags=self._tags("flow-log"),
            opts=self._child,
        )
        deliver = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        permissions = iam.RolePolicy(
            f"{name}-flow-log-role-policy",
            role=role.name,
            policy=document(
                {
                    "Sid": "DeliversFlowLogs",
                    "Effect": "Allow",
                    "Action": deliver,
                    "Resource": scope.arn("logs", f"log-group:{path}:*"),
                },
                {
                    "Sid": "FindsTheLogGroup",
                    "Effect": "Allow",
                    "Action": "logs:DescribeLogGroups",
                    "Resource": scope.arn("logs", "log-group:*"),
                },
            ),
            opts=pulumi.ResourceOptions(parent=role),
        )
        ec2.FlowLog(
            f"{name}-flow-log",
            vpc_id=self.vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            tags=self._tags("flow-log"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permissions]),
        )


def _within(account: str, *keys: str) -> Statement:
    """Let only this account's principals through an endpoint and, where `keys` say so, only to its own resources."""
    return {
        "Sid": "WithinTheAccount",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": dict.fromkeys(keys, account)},
    }


def _image_layers(region: str) -> Statement:
    """Let ECR's own bucket through, from which every image is pulled: nothing can be written to it.

    Source: "Minimum Amazon S3 bucket permissions for Amazon ECR" in the ECR user guide.
    """
    return {
        "Sid": "LayersOfImages",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::prod-{region}-starport-layer-bucket/*",
    }
