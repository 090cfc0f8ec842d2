"""Perimeter: what joins our networks to others, and what they are reached by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from policy_pack.examples import declare, declare_rows
from policy_pack.rules.network import is_worldwide
from policy_pack.vocabulary import (
    Finding,
    NotApplicable,
    Props,
    Resource,
    Row,
    Severity,
    aws,
    each,
    rule,
    setting,
)

CLOSED = {
    "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess": Row(
        ("state",), ("block-all-sharing",), controls=("SH:EC2.182", "SH:EC2.1")
    ),
    "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess": Row(
        ("state",), ("block-new-sharing",), controls=("PH:AMI-BPA",)
    ),
    # The provider turns the console on where nothing is given.
    "aws:ec2/serialConsoleAccess:SerialConsoleAccess": Row(("enabled",), (False,), unset=True, controls=("PH:SERIAL",)),
    "aws:ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions": Row(
        ("internetGatewayBlockMode",), ("block-ingress", "block-bidirectional"), controls=("SH:EC2.172",)
    ),
    # EC2 API Reference, TransitGatewayRequestOptions: disabled where nothing is given.
    "aws:ec2transitgateway/transitGateway:TransitGateway": Row(
        ("autoAcceptSharedAttachments",), ("disable",), "disable", ("SH:EC2.23",)
    ),
    "aws:ec2clientvpn/endpoint:Endpoint": Row(("connectionLogOptions", "enabled"), controls=("SH:EC2.51",)),
}


@rule(
    on=CLOSED,
    severity=Severity.HIGH,
    promise="data-protection",
    fix="set the property as the message says",
)
def door_closed_by_setting(resource: Resource, row: Row) -> Iterator[Finding]:
    """A setting of the account or network keeps shut what a single resource would open."""
    yield from row.judge(resource)


@door_closed_by_setting.passes
def closed() -> None:
    declare_rows(CLOSED)


@door_closed_by_setting.fails
def shared_by_itself() -> None:
    aws.ec2transitgateway.TransitGateway("hub", auto_accept_shared_attachments="enable")


@door_closed_by_setting.fails
def console_left_on() -> None:
    aws.ec2.SerialConsoleAccess("account")


ADMINISTRATION: list[int] = setting([22, 3389], "ports that hosts are administered through")


class AclForm(NamedTuple):
    """Where a network ACL holds its rules, and how those name what they do."""

    inside: str | None
    action: str


ACLS = {
    "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl": AclForm("ingress", "action"),
    "aws:ec2/networkAcl:NetworkAcl": AclForm("ingress", "action"),
    "aws:ec2/networkAclRule:NetworkAclRule": AclForm(None, "ruleAction"),
}


@rule(
    on=ACLS,
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:EC2.21", "CIS7:6.2"),
    fix="allow a network of yours, or other ports",
)
def network_acl_closed_to_administration(
    acl: Resource, row: AclForm, *, ports: list[int] = ADMINISTRATION
) -> Iterator[Finding]:
    """The network's own filter holds where a security group was opened by mistake."""

    def judge(entry: Props) -> Iterator[Finding]:
        if str(entry.get(row.action, default="")).lower() != "allow":
            return
        protocol = str(entry.get("protocol")).lower()
        low, high = entry.get("fromPort", default=0), entry.get("toPort", default=65535)
        if protocol not in {"-1", "all"} and not (
            protocol in {"tcp", "6", "udp", "17"} and any(low <= port <= high for port in ports)
        ):
            return
        for name in ("cidrBlock", "ipv6CidrBlock"):
            cidr = entry.get(name, default="")
            if cidr and is_worldwide(cidr):
                yield f"{entry.where(name)} lets {cidr} in on {' and '.join(map(str, ports))}"

    if row.inside is None and acl.get("egress", default=False):
        raise NotApplicable("it lets nothing in")
    yield from each([acl] if row.inside is None else acl.get(row.inside, default=()), judge)


def _entry(**changes: object) -> dict[str, object]:
    return {"protocol": "tcp", "fromPort": 0, "toPort": 65535, "cidrBlock": "10.0.0.0/8", "ruleNo": 1} | changes


@network_acl_closed_to_administration.passes
def from_own_networks() -> None:
    for token, form in ACLS.items():
        entry = _entry(**{form.action: "allow"})
        declare(token, {form.inside: [entry]} if form.inside else entry)
    https = _entry(cidrBlock="0.0.0.0/0", fromPort=443, toPort=443, action="allow")
    declare("aws:ec2/networkAcl:NetworkAcl", ingress=[https])


@network_acl_closed_to_administration.fails
def all_ports_from_everywhere() -> None:
    declare("aws:ec2/networkAclRule:NetworkAclRule", _entry(cidrBlock="0.0.0.0/0", ruleAction="allow"))


@network_acl_closed_to_administration.fails
def all_protocols_over_ipv6() -> None:
    entry = _entry(protocol="-1", cidrBlock=None, ipv6CidrBlock="::/0", action="allow", fromPort=0, toPort=0)
    declare("aws:ec2/networkAcl:NetworkAcl", ingress=[_entry(action="allow"), entry])


PREFIX_LISTS = (
    "aws:ec2/managedPrefixList:ManagedPrefixList",
    "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry",
)


@rule(
    on=PREFIX_LISTS,
    severity=Severity.HIGH,
    promise="data-protection",
    controls=("SH:EC2.18", "SH:EC2.19"),
    fix="list the networks that are known",
)
def prefix_list_names_known_networks(prefix_list: Resource) -> Iterator[Finding]:
    """A security group that lets in a list lets in whatever the list holds, unseen by who reads the group."""

    def judge(entry: Props) -> Iterator[Finding]:
        if is_worldwide(str(entry.get("cidr", default="10.0.0.0/8"))):
            yield f"{entry.where('cidr')} is {entry.get('cidr')}: the internet"

    yield from each(
        [prefix_list] if prefix_list.type == PREFIX_LISTS[1] else prefix_list.get("entries", default=()), judge
    )


@prefix_list_names_known_networks.passes
def offices() -> None:
    declare(PREFIX_LISTS[0], entries=[{"cidr": "198.51.100.0/24"}])
    declare(PREFIX_LISTS[1], cidr="198.51.100.0/24")


@prefix_list_names_known_networks.fails
def everywhere_in_a_list() -> None:
    declare(PREFIX_LISTS[0], entries=[{"cidr": "198.51.100.0/24"}, {"cidr": "::/0"}])
