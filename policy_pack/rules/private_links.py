"""Encryption in transit between networks: VPN tunnels, traffic inside a VPC, and ports that speak plain text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.network import INGRESS_FORMS, Form, openings
from policy_pack.tokens import VPC
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Severity,
    aws,
    declare,
    each,
    judge_rows,
    rule,
    setting,
)

ENCRYPTION_CONTROLS = (
    "aws:ec2/vpcEncryptionControl:VpcEncryptionControl",
    "aws:ec2/encryptionControl:EncryptionControl",
)
GATEWAY = "aws:ec2transitgateway/transitGateway:TransitGateway"
GATEWAY_ATTACHMENT = "aws:ec2transitgateway/vpcAttachment:VpcAttachment"
VPN = "aws:ec2/vpnConnection:VpnConnection"
# AWS Site-to-Site VPN User Guide, "Tunnel options": where a list is not set, the tunnel takes every algorithm there is,
# IKEv1, AES-128, SHA-1 and the 1024-bit Diffie-Hellman group 2 among them.
PERMITTED: dict[str, tuple[Any, ...]] = {
    "IkeVersions": ("ikev2",),
    **{f"Phase{phase}EncryptionAlgorithms": ("AES256", "AES256-GCM-16") for phase in (1, 2)},
    **{f"Phase{phase}IntegrityAlgorithms": ("SHA2-256", "SHA2-384", "SHA2-512") for phase in (1, 2)},
    **{f"Phase{phase}DhGroupNumbers": (14, 15, 16, 17, 18, 19, 20, 21, 24) for phase in (1, 2)},
}


@rule(
    on={
        VPN: tuple(
            Row((f"tunnel{tunnel}{name}",), allowed, controls=("PH:VPN-ALG",))
            for tunnel in (1, 2)
            for name, allowed in PERMITTED.items()
        )
    },
    severity=Severity.HIGH,
    promise="encryption",
    fix="list what each tunnel may agree on: ikev2, AES256, SHA2-256 or longer, Diffie-Hellman group 14 or higher",
)
def vpn_tunnels_use_strong_algorithms(connection: Resource, row: tuple[Row, ...]) -> Iterator[Finding]:
    """Two ends agree on the weakest that both allow, if an attacker wants it so."""
    yield from judge_rows(row, connection)


def _tunnels(**changes: object) -> dict[str, object]:
    lists = {f"tunnel{tunnel}{name}": list(allowed) for tunnel in (1, 2) for name, allowed in PERMITTED.items()}
    return {"type": "ipsec.1", "customerGatewayId": "cgw-1", **lists, **changes}


@vpn_tunnels_use_strong_algorithms.passes
def strong_alone() -> None:
    declare(VPN, **_tunnels())


@vpn_tunnels_use_strong_algorithms.fails
def whatever_aws_offers() -> None:
    aws.ec2.VpnConnection("office", customer_gateway_id="cgw-1", type="ipsec.1")


@vpn_tunnels_use_strong_algorithms.fails
def old_group_in_one_tunnel() -> None:
    declare(VPN, **_tunnels(tunnel2Phase1DhGroupNumbers=[2, 14]))


PLAIN_PORTS: list[int] = setting(
    # ClickHouse, Kafka, Redis, ZooKeeper and memcached without TLS; each has another port, or a mode, with it.
    [2181, 6379, 8123, 9000, 9092, 11211],
    "TCP ports on which stores speak plain text",
)


@rule(
    on=INGRESS_FORMS,
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:SG-PLAIN",),
    fix="let in the port on which the store speaks TLS",
)
def ingress_not_to_plain_text_ports(
    group: Resource, row: Form, *, plain_ports: list[int] = PLAIN_PORTS
) -> Iterator[Finding]:
    """A port that nobody can reach in the clear needs no trust in every client's settings."""

    def judge(ingress: Props) -> Iterator[Finding]:
        protocol = str(ingress.get(row.protocol))
        if protocol not in {"tcp", "6", "-1"}:
            return
        # EC2 API Reference, IpPermission: -1 stands for every protocol, and ports are then ignored.
        low, high = (0, 65535) if protocol == "-1" else (ingress.get("fromPort"), ingress.get("toPort"))
        if low is None or high is None:
            yield f"{ingress.where('fromPort')} or toPort is not set, so nobody can tell what is let in"
            return
        opened = [port for port in plain_ports if low <= port <= high]
        if opened:
            yield f"{ingress.where('fromPort')} to toPort let in plain text on {', '.join(map(str, opened))}"

    yield from each(openings(group, row), judge)


def _group_rule(low: int, high: int, protocol: str = "tcp") -> Any:
    return {"protocol": protocol, "from_port": low, "to_port": high, "cidr_blocks": ["10.0.0.0/16"]}


@ingress_not_to_plain_text_ports.passes
def ports_with_tls() -> None:
    aws.ec2.SecurityGroup("store", ingress=[_group_rule(9440, 9440), _group_rule(9000, 9000, "udp")])
    aws.ec2.DefaultSecurityGroup("closed", vpc_id="vpc-1")
    aws.ec2.SecurityGroupRule("kafka", type="ingress", security_group_id="sg-1", **_group_rule(9094, 9098))
    aws.vpc.SecurityGroupIngressRule(
        "cache", security_group_id="sg-1", ip_protocol="tcp", from_port=6380, to_port=6380, cidr_ipv4="10.0.0.0/16"
    )


@ingress_not_to_plain_text_ports.fails
def range_over_a_plain_port() -> None:
    aws.ec2.SecurityGroup("store", ingress=[_group_rule(9000, 9440)])


@ingress_not_to_plain_text_ports.fails
def every_protocol_from_a_group() -> None:
    aws.vpc.SecurityGroupIngressRule(
        "nodes", security_group_id="sg-1", ip_protocol="-1", referenced_security_group_id="sg-2"
    )


@rule(
    on=(GATEWAY,),
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:TGW-ENC",),
    fix="set encryptionSupport to enable",
)
def transit_gateway_keeps_vpc_encryption(gateway: Resource, graph: Graph) -> Iterator[Finding]:
    """Traffic that a VPC must encrypt goes on in the clear through a gateway that doesn't support it."""
    attached = graph.children(gateway, on=GATEWAY_ATTACHMENT, via="transitGatewayId")
    networks = [network for attachment in attached for network in graph.targets(attachment, "vpcId", VPC)]
    modes = [
        control.get("mode")
        for network in networks
        for control in graph.children(network, on=ENCRYPTION_CONTROLS, via="vpcId")
    ]
    if "enforce" not in modes:
        raise NotApplicable("no VPC that enforces encryption is attached to it")
    if gateway.get("encryptionSupport") != "enable":
        yield "encryptionSupport is not enable"


def _attached(token: str, support: str | None) -> None:
    network = aws.ec2.Vpc("product", cidr_block="10.0.0.0/16")
    declare(token, vpcId=network.id, mode="enforce")
    gateway = aws.ec2transitgateway.TransitGateway("hub", encryption_support=support)
    aws.ec2transitgateway.VpcAttachment(
        "product", transit_gateway_id=gateway.id, vpc_id=network.id, subnet_ids=["subnet-1"]
    )


@transit_gateway_keeps_vpc_encryption.passes
def gateway_that_supports_it() -> None:
    _attached(ENCRYPTION_CONTROLS[0], "enable")


@transit_gateway_keeps_vpc_encryption.fails
def gateway_left_at_the_default() -> None:
    _attached(ENCRYPTION_CONTROLS[1], None)


PRODUCTION: list[str] = setting(
    ["production"], "values of the tag environment of the networks that must encrypt their own traffic"
)


@rule(
    on=(VPC,),
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:VPC-ENC",),
    fix="give the VPC an aws.ec2.VpcEncryptionControl with the mode enforce",
)
def production_vpc_controls_encryption(
    network: Resource,
    graph: Graph,
    *,
    environments: list[str] = PRODUCTION,
) -> Iterator[Finding]:
    """What speaks plain text inside a network does so until something refuses to carry it."""
    if network.tag("environment") not in environments:
        raise NotApplicable("it is no network of production")
    if not graph.children(network, on=ENCRYPTION_CONTROLS, via="vpcId"):
        yield "it has no encryption control"


def _production(*, controlled: bool) -> None:
    aws.ec2.Vpc("scratch", cidr_block="10.1.0.0/16", tags={"environment": "sandbox"})
    network = aws.ec2.Vpc("product", cidr_block="10.0.0.0/16", tags={"environment": "production"})
    if controlled:
        aws.ec2.VpcEncryptionControl("product", vpc_id=network.id, mode="enforce")


@production_vpc_controls_encryption.passes
def production_controlled() -> None:
    _production(controlled=True)


@production_vpc_controls_encryption.fails
def production_as_it_comes() -> None:
    _production(controlled=False)


@rule(
    on={token: Row(("mode",), ("enforce",), controls=("PH:VPC-ENC",)) for token in ENCRYPTION_CONTROLS},
    severity=Severity.MEDIUM,
    promise="encryption",
    fix="set mode to enforce; `monitor` is a stage on the way that a waiver may cover",
)
def vpc_encryption_enforced(control: Resource, row: Row) -> Iterator[Finding]:
    """Watching traffic in the clear doesn't encrypt it."""
    yield from row.judge(control)


@vpc_encryption_enforced.passes
def enforced() -> None:
    aws.ec2.VpcEncryptionControl("product", vpc_id="vpc-1", mode="enforce")
    aws.ec2.EncryptionControl("other", vpc_id="vpc-2", mode="enforce")


@vpc_encryption_enforced.fails
def watched() -> None:
    aws.ec2.VpcEncryptionControl("product", vpc_id="vpc-1", mode="monitor")
