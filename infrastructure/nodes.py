"""The cluster's nodes: instances that are replaced rather than mended, with encrypted volumes and no public address.

Enters: the cluster and its subnets, the volumes key and the size. Leaves: `create_nodes`, a managed node group.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, eks, iam

from infrastructure.documents import trust
from infrastructure.promises import NODES

OPERATING_SYSTEM_GIB = 4
IMAGES_AND_SCRATCH_GIB = 100
"""Bottlerocket keeps itself on /dev/xvda, and images, logs and scratch space on /dev/xvdb."""

POLICIES = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore")
"""To join the cluster, to pull images, and to be reached through Session Manager."""


@dataclass(frozen=True)
class NodesArgs:
    """`nodes` run at least, and at most twice as many; `security_groups` are those that each of them joins."""

    cluster: pulumi.Output[str]
    version: str
    subnets: list[ec2.Subnet]
    security_groups: tuple[pulumi.Output[str], ...]
    volumes_key_arn: pulumi.Output[str]
    instance_type: str
    nodes: int
    tags: dict[str, str]

    def __post_init__(self) -> None:
        NODES.require("nodes of the cluster", self.nodes)


def create_nodes(name: str, args: NodesArgs, opts: pulumi.ResourceOptions) -> eks.NodeGroup:
    """A node group over the subnets, of Bottlerocket, which has no shell and no package manager."""
    child = pulumi.ResourceOptions(parent=opts.parent)
    role = iam.Role(
        f"{name}-role",
        description="Nodes join the cluster, pull images and are reached through Session Manager",
        assume_role_policy=trust("ec2.amazonaws.com"),
        tags=args.tags,
        opts=child,
    )
    permissions = [attach(f"{name}-role-{policy}", role, policy) for policy in POLICIES]
    template = _create_launch_template(name, args, child)
    return eks.NodeGroup(
        name,
        cluster_name=args.cluster,
        node_role_arn=role.arn,
        subnet_ids=[subnet.id for subnet in args.subnets],
        version=args.version,
        ami_type="BOTTLEROCKET_ARM_64",
        instance_types=[args.instance_type],
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        scaling_config={"min_size": args.nodes, "desired_size": args.nodes, "max_size": 2 * args.nodes},
        update_config={"max_unavailable": 1},
        node_repair_config={"enabled": True},
        tags=args.tags,
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                depends_on=permissions,
                ignore_changes=["scalingConfig.desiredSize"],  # an autoscaler's to move, within the limits
            ),
        ),
    )


def _create_launch_template(name: str, args: NodesArgs, opts: pulumi.ResourceOptions) -> ec2.LaunchTemplate:
    """No instance profile: EKS refuses one, and makes it of the node group's role.

    Source: "Customize managed nodes with launch templates" in the EKS user guide. A hop limit of 1 keeps pods from
    the node's role: "Restrict access to the instance profile assigned to the worker node" in its best practices.
    """
    return ec2.LaunchTemplate(
        name,
        description="Nodes of the cluster",
        update_default_version=True,
        block_device_mappings=[
            {
                "device_name": device,
                "ebs": {
                    "volume_type": "gp3",
                    "volume_size": size,
                    "encrypted": "true",
                    "kms_key_id": args.volumes_key_arn,
                    "delete_on_termination": "true",
                },
            }
            for device, size in (("/dev/xvda", OPERATING_SYSTEM_GIB), ("/dev/xvdb", IMAGES_AND_SCRATCH_GIB))
        ],
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
            "instance_metadata_tags": "disabled",
        },
        network_interfaces=[
            {
                "device_index": 0,
                "associate_public_ip_address": "false",
                "delete_on_termination": "true",
                "security_groups": [*args.security_groups],
            }
        ],
        tag_specifications=[
            {"resource_type": kind, "tags": args.tags | {"Name": name}}
            for kind in ("instance", "volume", "network-interface")
        ],
        tags=args.tags,
        opts=opts,
    )


def attach(name: str, role: iam.Role, policy: str) -> iam.RolePolicyAttachment:
    """Attach one of AWS's policies to a role of the cluster's."""
    return iam.RolePolicyAttachment(
        name,
        role=role.name,
        policy_arn=f"arn:aws:iam::aws:policy/{policy}",
        opts=pulumi.ResourceOptions(parent=role),
    )
