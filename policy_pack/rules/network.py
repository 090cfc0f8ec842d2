"""Network: production data on private networks, and nothing open to the world but the front door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_network
from typing import Any, NamedTuple

from policy_pack.tokens import SECURITY_GROUP, VPC
from policy_pack.values import Malformed
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Severity,
    aws,
    each,
    rule,
    setting,
)

DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
# A network shorter than this is most of the internet, however it is written.
SHORTEST_PREFIX = {4: 8, 6: 16}
OPEN_PORTS: list[int] = setting([80, 443], "TCP ports that may be open to the world")


class Form(NamedTuple):
    """How one of the forms of a security group rule spells itself. `inside` is where a group holds its rules."""

    protocol: str
    cidrs: tuple[str, str]
    inside: bool


INGRESS_FORMS = {
    DEFAULT_GROUP: Form("protocol", ("cidrBlocks", "ipv6CidrBlocks"), inside=True),
    SECURITY_GROUP: Form("protocol", ("cidrBlocks", "ipv6CidrBlocks"), inside=True),
    GROUP_RULE: Form("protocol", ("cidrBlocks", "ipv6CidrBlocks"), inside=False),
    INGRESS_RULE: Form("ipProtocol", ("cidrIpv4", "cidrIpv6"), inside=False),
}


@rule(
    on=INGRESS_FORMS,
    severity=Severity.CRITICAL,
    promise="data-protection",
    controls=("SH:EC2.13", "SH:EC2.14", "SH:EC2.18", "SH:EC2.19", "SH:EC2.53", "SH:EC2.54", "CIS7:6.3", "CIS7:6.4"),
    fix="let in a security group or a network of yours instead of the world",
)
def ingress_not_open_to_world(group: Resource, row: Form, *, open_ports: list[int] = OPEN_PORTS) -> Iterator[Finding]:
    """Scanners find an open port within minutes."""

    def judge(ingress: Props) -> Iterator[Finding]:
        # EC2 API Reference, IpPermission: -1 stands for every protocol, and ports are then ignored.
        protocol, low, high = str(ingress.get(row.protocol)), ingress.get("fromPort"), ingress.get("toPort")
        if protocol in {"tcp", "6"} and low == high and low in open_ports:
            return
        ports = (
            "every port"
            if protocol == "-1"
            else f"{protocol} port {low}"
            if low == high
            else f"{protocol} {low}-{high}"
        )
        for name, cidr in worldwide(ingress, row):
            yield f"{ingress.where(name)} lets {cidr} in on {ports}"

    yield from each(openings(group, row), judge)


def openings(group: Resource, form: Form) -> Iterable[Props]:
    """Return what lets something in: the rules inside a group, or the one that stands beside it.

    Raises:
        NotApplicable: it is a rule of what goes out.
    """
    if form.inside:
        inside: Iterable[Props] = group.get("ingress", default=())
        return inside
    if group.type == GROUP_RULE and group.get("type") != "ingress":
        raise NotApplicable("it lets nothing in")
    return [group]


def worldwide(ingress: Props, form: Form) -> Iterator[tuple[str, str]]:
    """Yield the property and the network of everything that is most of the internet and let in.

    Raises:
        Malformed: what should be a network is none.
    """
    for name in form.cidrs:
        value = ingress.get(name, default=())
        for cidr in (value,) if isinstance(value, str) else value:
            try:
                found = is_worldwide(cidr)
            except Malformed as reason:
                raise Malformed(f"{ingress.where(name)} holds {reason}") from None
            if found:
                yield name, cidr


@lru_cache(maxsize=1024)
def is_worldwide(cidr: str) -> bool:
    """Return whether a network is most of the internet. Several rules ask it of the same few.

    Raises:
        Malformed: it is no network.
    """
    try:
        network = ip_network(cidr, strict=False)
    except ValueError:
        raise Malformed("what is no network") from None
    return network.prefixlen < SHORTEST_PREFIX[network.version] and not network.is_private


WORLD = "0.0.0.0/0"


@ingress_not_open_to_world.passes
def front_door_and_own_networks() -> None:
    https: Any = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": [WORLD]}
    group = aws.ec2.SecurityGroup("web", ingress=[https])
    aws.ec2.DefaultSecurityGroup("closed", vpc_id="vpc-1")
    aws.ec2.SecurityGroupRule(
        "web", type="ingress", security_group_id=group.id, protocol="tcp", from_port=80, to_port=80, cidr_blocks=[WORLD]
    )
    aws.vpc.SecurityGroupIngressRule(
        "database",
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=5432,
        to_port=5432,
        cidr_ipv4="10.0.0.0/16",
    )


@ingress_not_open_to_world.fails
def ssh_inside_the_group() -> None:
    ssh: Any = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": [WORLD]}
    aws.ec2.SecurityGroup("bastion", ingress=[ssh])


@ingress_not_open_to_world.fails
def database_as_a_rule() -> None:
    aws.ec2.SecurityGroupRule(
        "database",
        type="ingress",
        security_group_id="sg-1",
        protocol="tcp",
        from_port=5432,
        to_port=5432,
        ipv6_cidr_blocks=["::/0"],
    )


@ingress_not_open_to_world.fails
def everything_in_two_halves() -> None:
    for half in ("0.0.0.0/1", "128.0.0.0/1"):
        aws.vpc.SecurityGroupIngressRule(half, security_group_id="sg-1", ip_protocol="-1", cidr_ipv4=half)


@ingress_not_open_to_world.undetermined
def from_an_address_not_known_yet() -> None:
    address = aws.ec2.Eip("office")
    aws.vpc.SecurityGroupIngressRule(
        "ssh",
        security_group_id="sg-1",
        ip_protocol="tcp",
        from_port=22,
        to_port=22,
        cidr_ipv4=address.public_ip.apply(lambda ip: f"{ip}/32"),
    )


@rule(
    on=(VPC, DEFAULT_GROUP),
    severity=Severity.HIGH,
    promise="data-protection",
    controls=("SH:EC2.2", "CIS7:6.5"),
    fix="adopt the VPC's default group with an aws.ec2.DefaultSecurityGroup that has no ingress and no egress",
)
def vpc_default_group_closed(vpc: Resource, graph: Graph) -> Iterator[Finding]:
    """What is started without a group gets the default one, which lets its members talk to each other."""
    if vpc.type == DEFAULT_GROUP:
        for name in ("ingress", "egress"):
            if vpc.has(name):
                yield f"{name} is not empty"
    elif not graph.children(vpc, on=DEFAULT_GROUP, via="vpcId"):
        yield "its default security group is not adopted, and lets its members talk to each other"


@vpc_default_group_closed.passes
def adopted_and_empty() -> None:
    vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
    aws.ec2.DefaultSecurityGroup("main", vpc_id=vpc.id)


@vpc_default_group_closed.fails
def left_as_aws_makes_it() -> None:
    aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")


@vpc_default_group_closed.fails
def adopted_and_open() -> None:
    vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
    everything: Any = {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [WORLD]}
    aws.ec2.DefaultSecurityGroup("main", vpc_id=vpc.id, egress=[everything])


EGRESS_FORMS = {
    SECURITY_GROUP: Form("protocol", ("cidrBlocks", "ipv6CidrBlocks"), inside=True),
    GROUP_RULE: Form("protocol", ("cidrBlocks", "ipv6CidrBlocks"), inside=False),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Form(
        "ipProtocol", ("cidrIpv4", "cidrIpv6"), inside=False
    ),
}


@rule(
    on=EGRESS_FORMS,
    severity=Severity.MEDIUM,
    promise="data-protection",
    fix="let out to security groups and networks of yours, and to the world by the one port that is needed",
)
def egress_to_world_names_port(group: Resource, row: Form) -> Iterator[Finding]:
    """Whoever breaks in takes the data out by whatever port is open, and calls home by any."""
    if group.type == GROUP_RULE and group.get("type") != "egress":
        raise NotApplicable("it lets nothing out")

    def judge(egress: Props) -> Iterator[Finding]:
        if str(egress.get(row.protocol)) in {"tcp", "6", "udp", "17"} and egress.get("fromPort") == egress.get(
            "toPort"
        ):
            return
        for name, cidr in worldwide(egress, row):
            yield f"{egress.where(name)} lets out to {cidr} by more than one port"

    yield from each(group.get("egress", default=()) if row.inside else [group], judge)


@egress_to_world_names_port.passes
def https_to_the_world() -> None:
    https: Any = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": [WORLD]}
    group = aws.ec2.SecurityGroup("web", egress=[https])
    aws.ec2.SecurityGroupRule(
        "web",
        type="egress",
        security_group_id=group.id,
        protocol="-1",
        from_port=0,
        to_port=0,
        cidr_blocks=["10.0.0.0/16"],
    )
    aws.vpc.SecurityGroupEgressRule(
        "web", security_group_id=group.id, ip_protocol="tcp", from_port=443, to_port=443, cidr_ipv6="::/0"
    )


@egress_to_world_names_port.fails
def anything_to_the_world() -> None:
    everything: Any = {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [WORLD]}
    aws.ec2.SecurityGroup("web", egress=[everything])


@egress_to_world_names_port.fails
def any_port_of_a_protocol() -> None:
    aws.vpc.SecurityGroupEgressRule(
        "web", security_group_id="sg-1", ip_protocol="tcp", from_port=0, to_port=65535, cidr_ipv6="::/0"
    )
