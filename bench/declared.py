"""What states are made of: resources in the terms of both Pulumi and Terraform, and the networks of an account."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ACCOUNT = "123456789012"
REGION = "us-west-2"
CLASSES = ("public", "internal", "confidential", "restricted")


@dataclass(frozen=True)
class Declared:
    """A resource. Properties are under Pulumi's names; a property that holds another's id depends on it.

    `answered` holds what AWS adds to them. A lone object is a block in Terraform, unless `_MAPS` says otherwise.
    """

    token: str
    terraform: str
    name: str
    properties: Mapping[str, Any]
    id: Id
    answered: Mapping[str, Any]

    @property
    def urn(self) -> str:
        """The name that Pulumi knows it by."""
        return urn(self.token, self.name)

    @property
    def arn(self) -> Id:
        """The name that AWS knows it by."""
        return Id(self.answered["arn"], self.urn)

    def depends(self) -> dict[str, list[str]]:
        """Return the URNs that each of its properties depends on."""
        found = {
            key: sorted({leaf.urn for leaf in _leaves(value) if isinstance(leaf, Id)})
            for key, value in self.properties.items()
        }
        return {key: urns for key, urns in found.items() if urns}


class Id(str):
    """The id or ARN of a resource, which knows whose it is."""

    urn: str
    __slots__ = ("urn",)

    def __new__(cls, text: str, owner: str) -> Id:
        """Make a text that names a resource."""
        self = super().__new__(cls, text)
        self.urn = owner
        return self


def urn(token: str, name: str) -> str:
    """Return the URN of a resource in the stack that is measured."""
    return f"urn:pulumi:bench::bench::{token}::{name}"


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


class Group:
    """Resources that belong together, and share the beginning of their names and their tags."""

    def __init__(self, name: str, index: int) -> None:
        self.name = name
        self.index = index
        self.declared: list[Declared] = []
        self.tags = {
            "Name": name,
            "owner": f"team-{index % 12}",
            "environment": "production" if index % 3 else "staging",
            "data-class": CLASSES[index % len(CLASSES)],
            "managed-by": "pulumi",
        }

    def add(
        self, token: str, terraform: str, suffix: str, answered: Sequence[str] = (), /, **properties: Any
    ) -> Declared:
        """Declare a resource. `answered` are its id and ARN, where they aren't made of its name."""
        name = f"{self.name}-{suffix}"
        service = token.split(":")[1].partition("/")[0]
        key, arn = answered or (name, f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}")
        extra = {"arn": arn, "id": key, "region": REGION}
        made = Declared(token, terraform, name, properties, Id(key, urn(token, name)), extra)
        self.declared.append(made)
        return made

    def faulty(self, every: int) -> bool:
        """Return whether this one of some has a fault."""
        return self.index % every == every - 1

    def hexadecimal(self, kind: int) -> str:
        """Return an id such as AWS gives, without its prefix."""
        return f"{self.index * 100 + kind:017x}"


def document(*statements: Mapping[str, Any]) -> str:
    """Return a policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


class Network(Group):
    """A VPC with subnets in three zones, their routes, and its flow log."""

    def __init__(self, index: int) -> None:
        super().__init__(f"net{index}", index)
        vpc = f"vpc-{self.hexadecimal(0)}"
        self.vpc = self.add(
            "aws:ec2/vpc:Vpc",
            "aws_vpc",
            "vpc",
            (vpc, f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{vpc}"),
            cidrBlock=f"10.{index % 256}.0.0/16",
            enableDnsHostnames=True,
            enableDnsSupport=True,
            tags=self.tags,
        )
        logs = self.add(
            "aws:cloudwatch/logGroup:LogGroup",
            "aws_cloudwatch_log_group",
            "flows",
            name=f"/vpc/{self.name}",
            retentionInDays=365,
            tags=self.tags,
        )
        self.add(
            "aws:ec2/flowLog:FlowLog",
            "aws_flow_log",
            "flow-log",
            vpcId=self.vpc.id,
            trafficType="ALL",
            logDestination=logs.arn,
            logDestinationType="cloud-watch-logs",
            maxAggregationInterval=60,
            tags=self.tags,
        )
        self.subnets = [self._subnet(zone, number) for number, zone in enumerate("abc")]

    def _subnet(self, zone: str, number: int) -> Declared:
        key = f"subnet-{self.hexadecimal(10 + number)}"
        subnet = self.add(
            "aws:ec2/subnet:Subnet",
            "aws_subnet",
            f"private-{zone}",
            (key, f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/{key}"),
            vpcId=self.vpc.id,
            cidrBlock=f"10.{self.index % 256}.{number * 16}.0/20",
            availabilityZone=f"{REGION}{zone}",
            mapPublicIpOnLaunch=False,
            tags=self.tags,
        )
        table = self.add(
            "aws:ec2/routeTable:RouteTable", "aws_route_table", f"routes-{zone}", vpcId=self.vpc.id, tags=self.tags
        )
        self.add(
            "aws:ec2/routeTableAssociation:RouteTableAssociation",
            "aws_route_table_association",
            f"route-{zone}",
            subnetId=subnet.id,
            routeTableId=table.id,
        )
        return subnet
