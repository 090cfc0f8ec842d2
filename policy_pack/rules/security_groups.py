"""Security groups: what is started names its own, the world reaches the front door, and nobody a host's console."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from policy_pack.examples import declare
from policy_pack.rules.load_balancers import LOAD_BALANCERS
from policy_pack.rules.network import DEFAULT_GROUP, INGRESS_FORMS, WORLD, Form, openings, worldwide
from policy_pack.rules.perimeter import ADMINISTRATION
from policy_pack.tokens import SECURITY_GROUP
from policy_pack.values import Malformed
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
)

FUNCTION = "aws:lambda/function:Function"
INSTANCE = "aws:ec2/instance:Instance"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
SPOT_INSTANCE = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"


class Groups(NamedTuple):
    """The properties that name the groups of a type, of which one is enough: interfaces and the like have groups too.

    Where `when` is not set, it joins none.
    """

    paths: tuple[tuple[str, ...], ...]
    when: tuple[str, ...] = ()


OF_HOSTS = (("vpcSecurityGroupIds",), ("securityGroups",), ("networkInterfaces",))
NAMED: dict[str, Groups] = {
    INSTANCE: Groups((*OF_HOSTS, ("primaryNetworkInterface",))),
    SPOT_INSTANCE: Groups(OF_HOSTS),
    LAUNCH_TEMPLATE: Groups((("vpcSecurityGroupIds",), ("securityGroupNames",))),
    "aws:ec2/launchConfiguration:LaunchConfiguration": Groups((("securityGroups",),)),
    "aws:ec2/networkInterface:NetworkInterface": Groups((("securityGroups",),)),
    "aws:ecs/service:Service": Groups((("networkConfiguration", "securityGroups"),), when=("networkConfiguration",)),
    "aws:efs/mountTarget:MountTarget": Groups((("securityGroups",),)),
    FUNCTION: Groups((("vpcConfig", "securityGroupIds"),), when=("vpcConfig", "subnetIds")),
    **dict.fromkeys(LOAD_BALANCERS, Groups((("securityGroups",),))),
}


@rule(
    on=NAMED,
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:EC2.2", "CIS7:6.5"),
    fix="name the security groups that it joins",
)
def security_groups_named(member: Resource, graph: Graph, row: Groups) -> Iterator[Finding]:
    """What names no group joins one that somebody else wrote: the VPC's default one, or what a service makes."""
    if member.type in LOAD_BALANCERS and member.get("loadBalancerType", default="application") != "application":
        raise NotApplicable("it hands on what comes, and its targets have groups")
    if row.when and not member.has(*row.when):
        raise NotApplicable(f"{'.'.join(row.when)} is not set")
    if any(member.has(*path) for path in row.paths):
        return
    if member.type == INSTANCE and member.has("launchTemplate"):
        if graph.targets(member, "launchTemplate", LAUNCH_TEMPLATE):
            raise NotApplicable("its launch template says which groups it joins")
        raise Unknown("the groups of its launchTemplate, which is not part of the stack")
    interfaces = member.get("networkInterfaces", default=()) if member.type == LAUNCH_TEMPLATE else ()
    if not len(interfaces):
        yield f"{'.'.join(row.paths[0])} is not set"
    yield from each(interfaces, _names_groups)


def _names_groups(interface: Props) -> Iterator[Finding]:
    if not interface.has("securityGroups") and not interface.has("networkInterfaceId"):
        yield f"{interface.where('securityGroups')} is not set"


def _members(ids: Any) -> None:
    for token, row in NAMED.items():
        first, *inside = row.paths[0]
        declare(token, {first: {inside[0]: ids, "subnetIds": ["subnet-1"]} if inside else ids})
    aws.ec2.LaunchTemplate("interfaces", network_interfaces=[{"device_index": 0, "security_groups": ids}])


@security_groups_named.passes
def groups_of_their_own() -> None:
    _members(["sg-1"])
    aws.ec2.LaunchTemplate("made-before", network_interfaces=[{"network_interface_id": "eni-1"}])
    template = aws.ec2.LaunchTemplate("web", vpc_security_group_ids=["sg-1"])
    aws.ec2.Instance("web", launch_template={"id": template.id})
    aws.lb.LoadBalancer("queue", load_balancer_type="network")
    aws.lambda_.Function("outside", role="arn:aws:iam::111122223333:role/outside")


@security_groups_named.fails
def groups_left_to_the_vpc() -> None:
    aws.ec2.Instance("web", ami="ami-1", instance_type="m7g.large")


@security_groups_named.fails
def groups_of_one_interface_of_two() -> None:
    aws.ec2.LaunchTemplate("web", network_interfaces=[{"security_groups": ["sg-1"]}, {"device_index": 1}])


@security_groups_named.fails
def template_without_groups() -> None:
    aws.ec2.LaunchTemplate("web", image_id="ami-1")


@security_groups_named.fails
def front_door_without_groups() -> None:
    aws.lb.LoadBalancer("web", subnets=["subnet-1", "subnet-2"])


@security_groups_named.undetermined
def groups_of_a_template_of_another_stack() -> None:
    aws.ec2.Instance("web", launch_template={"id": "lt-1"})


MEMBERS: dict[str, tuple[str, ...]] = {
    INSTANCE: ("vpcSecurityGroupIds",),
    SPOT_INSTANCE: ("vpcSecurityGroupIds",),
    LAUNCH_TEMPLATE: ("vpcSecurityGroupIds", "networkInterfaces"),
    "aws:docdb/cluster:Cluster": ("vpcSecurityGroupIds",),
    "aws:ec2/networkInterface:NetworkInterface": ("securityGroups",),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("securityGroupIds",),
    "aws:ecs/service:Service": ("networkConfiguration",),
    "aws:efs/mountTarget:MountTarget": ("securityGroups",),
    "aws:eks/cluster:Cluster": ("vpcConfig",),
    "aws:elasticache/cluster:Cluster": ("securityGroupIds",),
    "aws:elasticache/replicationGroup:ReplicationGroup": ("securityGroupIds",),
    "aws:memorydb/cluster:Cluster": ("securityGroupIds",),
    "aws:mq/broker:Broker": ("securityGroups",),
    "aws:msk/cluster:Cluster": ("brokerNodeGroupInfo",),
    "aws:neptune/cluster:Cluster": ("vpcSecurityGroupIds",),
    "aws:opensearch/domain:Domain": ("vpcOptions",),
    "aws:rds/cluster:Cluster": ("vpcSecurityGroupIds",),
    "aws:rds/instance:Instance": ("vpcSecurityGroupIds",),
    "aws:redshift/cluster:Cluster": ("vpcSecurityGroupIds",),
    FUNCTION: ("vpcConfig",),
}
"""Where what is no front door names the groups that it joins."""

FRONT_DOORS = (*LOAD_BALANCERS, "aws:elb/loadBalancer:LoadBalancer")


@rule(
    on={token: form for token, form in INGRESS_FORMS.items() if token != DEFAULT_GROUP},
    severity=Severity.HIGH,
    promise="data-protection",
    controls=("SH:EC2.18",),
    fix="let the world in at a load balancer alone, and the load balancer's group in behind it",
)
def world_let_in_at_load_balancers(group: Resource, graph: Graph, row: Form) -> Iterator[Finding]:
    """Whatever port it is on: what the world reaches past the load balancer, it reaches past the web firewall."""
    open_to = list(each(openings(group, row), lambda ingress: map(itemgetter(1), worldwide(ingress, row))))
    cidrs = [cidr for cidr in open_to if isinstance(cidr, str)]
    if not cidrs:
        yield from open_to
        return
    groups = [group] if row.inside else graph.targets(group, "securityGroupId", SECURITY_GROUP)

    def judge(place: tuple[str, str]) -> Iterator[Finding]:
        token, name = place
        for one in groups:
            for member in graph.children(one, on=token, via=name):
                yield f"{cidrs[0]} is let in to {member.name}, which is no load balancer"

    found = list(each(graph.remember(_members_here), judge))
    if not found and not any(graph.children(one, on=FRONT_DOORS, via="securityGroups") for one in groups):
        raise Unknown("what joins the group, which is not part of the stack")
    yield from found


def _members_here(graph: Graph) -> list[tuple[str, str]]:
    return [(token, name) for token, names in MEMBERS.items() if graph.of_type(token) for name in names]


def _door(*members: str, cidr: str = WORLD) -> None:
    https: Any = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": [cidr]}
    inline = aws.ec2.SecurityGroup("inline", ingress=[https])
    beside = aws.ec2.SecurityGroup("beside")
    aws.ec2.SecurityGroupRule("rule", type="ingress", security_group_id=beside.id, **https)
    newer = aws.ec2.SecurityGroup("newer")
    aws.vpc.SecurityGroupIngressRule(
        "newer", security_group_id=newer.id, ip_protocol="tcp", from_port=443, to_port=443, cidr_ipv4=cidr
    )
    ids: Any = [inline.id, beside.id, newer.id]
    for token in members:
        name = MEMBERS.get(token, ("securityGroups",))[0]
        declare(token, {name: {"securityGroupIds": ids} if name == "vpcConfig" else ids})


@world_let_in_at_load_balancers.passes
def at_the_front_door() -> None:
    _door(LOAD_BALANCERS[0])


@world_let_in_at_load_balancers.passes
def known_networks_alone() -> None:
    _door(INSTANCE, cidr="198.51.100.0/24")


@world_let_in_at_load_balancers.fails
def at_a_host() -> None:
    _door(LOAD_BALANCERS[0], INSTANCE)


@world_let_in_at_load_balancers.fails
def at_a_function_and_an_endpoint() -> None:
    _door(FUNCTION, "aws:ec2/vpcEndpoint:VpcEndpoint")


@world_let_in_at_load_balancers.undetermined
def at_something_of_another_stack() -> None:
    _door()


ALL_PORTS = (0, 65535)


@rule(
    on=INGRESS_FORMS,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("SH:EC2.13", "SH:EC2.14", "PH:KEYPAIR"),
    fix="name the one port that is served, and reach hosts through Session Manager",
)
def hosts_administered_through_sessions(
    group: Resource, row: Form, *, ports: list[int] = ADMINISTRATION
) -> Iterator[Finding]:
    """Instances are reached through Session Manager only: nobody, from inside either, needs a port to log in on."""

    def judge(ingress: Props) -> Iterator[Finding]:
        protocol = str(ingress.get(row.protocol)).lower()
        if protocol not in {"-1", "all", "tcp", "6", "udp", "17"}:
            return
        # EC2 API Reference, IpPermission: -1 stands for every protocol, and ports are then ignored.
        low, high = ALL_PORTS if protocol in {"-1", "all"} else (ingress.get("fromPort"), ingress.get("toPort"))
        if low is None or high is None or not ALL_PORTS[0] <= low <= high <= ALL_PORTS[1]:
            raise Malformed(f"{ingress.where('fromPort')} to toPort is no range of ports")
        opened = [port for port in ports if low <= port <= high]
        if opened:
            yield f"{ingress.where('fromPort')} to toPort let in on {' and '.join(map(str, opened))}"

    yield from each(openings(group, row), judge)


def _inside(protocol: str, low: int, high: int) -> Any:
    return {"protocol": protocol, "from_port": low, "to_port": high, "cidr_blocks": ["10.0.0.0/8"]}


@hosts_administered_through_sessions.passes
def the_ports_that_are_served() -> None:
    aws.ec2.SecurityGroup("web", ingress=[_inside("tcp", 443, 443), _inside("icmp", -1, -1)])
    aws.ec2.DefaultSecurityGroup("closed", vpc_id="vpc-1")
    aws.ec2.SecurityGroupRule("web", type="ingress", security_group_id="sg-1", **_inside("tcp", 8000, 8100))
    aws.vpc.SecurityGroupIngressRule(
        "web", security_group_id="sg-1", ip_protocol="udp", from_port=53, to_port=53, cidr_ipv4="10.0.0.0/8"
    )


@hosts_administered_through_sessions.fails
def from_a_bastion() -> None:
    aws.vpc.SecurityGroupIngressRule(
        "ssh",
        security_group_id="sg-1",
        ip_protocol="tcp",
        from_port=22,
        to_port=22,
        referenced_security_group_id="sg-2",
    )


@hosts_administered_through_sessions.fails
def within_a_range() -> None:
    aws.ec2.SecurityGroup("web", ingress=[_inside("tcp", 443, 443), _inside("tcp", 1024, 65535)])


@hosts_administered_through_sessions.fails
def on_every_port() -> None:
    aws.ec2.SecurityGroupRule("all", type="ingress", security_group_id="sg-1", self=True, **_inside("-1", 0, 0))
