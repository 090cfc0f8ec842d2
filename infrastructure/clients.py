"""Who may connect to a store: the members of one security group, on the store's own ports.

Enters: the network, the ports and what the store is. Leaves: `admit_clients`, the groups of the store and its clients.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_aws import ec2, vpc

from infrastructure.network import Network
from infrastructure.scope import DataClass, Scope


def admit_clients(
    name: str, scope: Scope, network: Network, ports: Mapping[int, str], parent: pulumi.Resource
) -> tuple[ec2.SecurityGroup, ec2.SecurityGroup]:
    """The security groups of the clients of the store `name`, and of the store.

    :param ports: TCP port -> the protocol that the store speaks there.
    """
    tags = scope.tags(name, DataClass.INTERNAL)

    def group(suffix: str, description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            f"{name}{suffix}",
            description=description,
            vpc_id=network.vpc.id,
            tags=tags | {"Name": f"{name}{suffix}"},
            opts=pulumi.ResourceOptions(parent=parent),
        )

    clients, store = group("-clients", f"Members may connect to the {name}"), group("", f"The {name}")
    for port, protocol in ports.items():
        suffix = f"-{port}" if len(ports) > 1 else ""
        vpc.SecurityGroupIngressRule(
            f"{name}-from-clients{suffix}",
            description=f"{protocol} from the clients of the {name}",
            security_group_id=store.id,
            referenced_security_group_id=clients.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=store),
        )
        vpc.SecurityGroupEgressRule(
            f"{name}-clients-to-store{suffix}",
            description=f"{protocol} to the {name}",
            security_group_id=clients.id,
            referenced_security_group_id=store.id,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=clients),
        )
    return clients, store
