"""File shares and small servers: they let in the networks and people that are named, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.examples import declare
from policy_pack.rules.network import OPEN_PORTS, is_worldwide
from policy_pack.vocabulary import Finding, Props, Resource, Row, Rows, Severity, each, judge_rows, rule

NFS_SHARE = "aws:storagegateway/nfsFileShare:NfsFileShare"
SMB_SHARE = "aws:storagegateway/smbFileShare:SmbFileShare"
PORTS = "aws:lightsail/instancePublicPorts:InstancePublicPorts"
EXPORTS = ("nfsExports[]", "clientConfigurations", "clients")
CLIENTS: dict[str, Row] = {
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": Row(("rootVolumeConfiguration[]", *EXPORTS)),
    "aws:fsx/openZfsVolume:OpenZfsVolume": Row(EXPORTS),
    NFS_SHARE: Row(("clientLists",)),
}


@rule(
    on=CLIENTS,
    severity=Severity.HIGH,
    promise="data-protection",
    fix="name the networks of the clients",
)
def share_names_its_clients(share: Resource, row: Row) -> Iterator[Finding]:
    """NFS believes what a client says of its user: who may connect is who may read."""

    def check(holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        value = holder.get(*names, default=())
        for client in (value,) if isinstance(value, str) else value:
            # FSx API Reference, OpenZFSClientConfiguration: a name, an address, a network, or * for everybody.
            if client == "*" or ("/" in client and is_worldwide(client)):
                yield f"{holder.where(*names)} lets in {client}"

    yield from row.visit(share, check)


def _share(client: str) -> None:
    exports = {"nfsExports": {"clientConfigurations": [{"clients": client, "options": ["rw"]}]}}
    declare("aws:fsx/openZfsVolume:OpenZfsVolume", exports)
    declare("aws:fsx/openZfsFileSystem:OpenZfsFileSystem", rootVolumeConfiguration=exports)
    declare(NFS_SHARE, clientLists=[client])


@share_names_its_clients.passes
def for_the_own_network() -> None:
    _share("10.0.0.0/16")


@share_names_its_clients.fails
def for_everybody() -> None:
    _share("0.0.0.0/0")


@share_names_its_clients.fails
def for_every_name() -> None:
    exports = {"clientConfigurations": [{"clients": "*", "options": ["rw"]}]}
    declare("aws:fsx/openZfsVolume:OpenZfsVolume", nfsExports=exports)


USERS: dict[str, Rows] = {
    NFS_SHARE: Row(("squash",), ("RootSquash", "AllSquash"), unset="RootSquash"),
    SMB_SHARE: Row(("authentication",), ("ActiveDirectory",), unset="ActiveDirectory"),
    "aws:mskconnect/connector:Connector": Row(
        ("kafkaClusterClientAuthentication", "authenticationType"), ("IAM",), unset="NONE"
    ),
}


@rule(
    on=USERS,
    severity=Severity.HIGH,
    promise="system-access-control",
    fix="set the property as the message says",
)
def client_is_somebody(service: Resource, row: Rows) -> Iterator[Finding]:
    """A guest, or a root of somebody else's machine, is nobody that a log could name."""
    yield from judge_rows(row, service)


@client_is_somebody.passes
def by_name() -> None:
    declare(NFS_SHARE, clientLists=["10.0.0.0/16"])
    declare(SMB_SHARE, authentication="ActiveDirectory")
    by_iam = {"authenticationType": "IAM"}
    declare("aws:mskconnect/connector:Connector", kafkaClusterClientAuthentication=by_iam)


@client_is_somebody.fails
def as_a_guest() -> None:
    declare(SMB_SHARE, authentication="GuestAccess")


@client_is_somebody.fails
def as_root() -> None:
    declare(NFS_SHARE, squash="NoSquash")


@rule(
    on=(PORTS,),
    severity=Severity.CRITICAL,
    promise="data-protection",
    fix="name the networks that a port is for in cidrs",
)
def small_server_not_open_to_world(ports: Resource, *, open_ports: list[int] = OPEN_PORTS) -> Iterator[Finding]:
    """Scanners find an open port of a small server as soon as that of a large one."""

    def judge(port: Props) -> Iterator[Finding]:
        low, high = port.get("fromPort"), port.get("toPort")
        if low == high and low in open_ports:
            return
        # Lightsail API Reference, PortInfo: every address where none is given.
        given = [*port.get("cidrs", default=()), *port.get("ipv6Cidrs", default=())]
        aliases = port.get("cidrListAliases", default=())
        for cidr in given if given or aliases else ["0.0.0.0/0"]:
            if is_worldwide(cidr):
                yield f"{port.where()} lets {cidr} in on port {low}"

    yield from each(ports.get("portInfos", default=()), judge)


def _ports(**networks: Any) -> None:
    declare(PORTS, instanceName="blog", portInfos=[{"fromPort": 22, "toPort": 22, "protocol": "tcp", **networks}])


@small_server_not_open_to_world.passes
def for_one_office() -> None:
    _ports(cidrs=["192.0.2.0/24"])
    declare(PORTS, instanceName="site", portInfos=[{"fromPort": 443, "toPort": 443, "protocol": "tcp"}])


@small_server_not_open_to_world.fails
def for_whoever_scans() -> None:
    _ports()
