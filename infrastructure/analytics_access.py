"""What a node of the analytics database may reach, and may do.

Enters: the network, the group of the nodes and their bucket of backups. Leaves: the rules of the group, and the profile
of the nodes. Nobody logs in but through Session Manager.
"""

from __future__ import annotations

import pulumi
from pulumi_aws import ec2, iam, vpc

from infrastructure.documents import document, trust
from infrastructure.guard import path
from infrastructure.network import Network
from infrastructure.scope import DataClass, Scope

NODE_PORTS = {
    9010: "Parts between replicas over HTTPS",
    9234: "Agreement of the keepers over TLS",
    9281: "The keepers over TLS",
    9440: "Queries between shards over TLS",
}
SESSIONS = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


def admit_nodes(name: str, scope: Scope, network: Network, group: ec2.SecurityGroup) -> list[pulumi.Resource]:
    """Let the nodes reach each other, S3 and the endpoints of AWS's services, and nothing else."""
    tags = scope.tags(name, DataClass.INTERNAL)
    child = pulumi.ResourceOptions(parent=group)
    rules: list[pulumi.Resource] = []
    for port, purpose in NODE_PORTS.items():
        for direction, rule in (("from", vpc.SecurityGroupIngressRule), ("to", vpc.SecurityGroupEgressRule)):
            rules.append(
                rule(
                    f"{name}-{direction}-nodes-{port}",
                    description=purpose,
                    security_group_id=group.id,
                    referenced_security_group_id=group.id,
                    ip_protocol="tcp",
                    from_port=port,
                    to_port=port,
                    tags=tags,
                    opts=child,
                )
            )
    services = {
        "endpoints": {"referenced_security_group_id": network.endpoints.id},
        "s3": {"prefix_list_id": network.s3_endpoint.prefix_list_id},
    }
    for service, target in services.items():
        rules.append(
            vpc.SecurityGroupEgressRule(
                f"{name}-to-{service}",
                description=f"TLS to {service}",
                security_group_id=group.id,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                tags=tags,
                opts=child,
                **target,
            )
        )
    return rules


def node_profile(
    name: str,
    scope: Scope,
    backups: pulumi.Output[str],
    backups_key: pulumi.Output[str],
    parent: pulumi.Resource,
) -> tuple[iam.InstanceProfile, list[pulumi.Resource]]:
    """A node's profile, and what has to be there before a node uses it.

    A node writes backups and reads them to restore, but can't remove one: the only object it deletes is the lock file
    that ClickHouse puts beside a backup in progress. It finds the other nodes by their tags.
    """
    tags, child = scope.tags(name, DataClass.INTERNAL), pulumi.ResourceOptions(parent=parent)
    role = iam.Role(
        f"{name}-node-role",
        description="A node of the analytics database: sessions, its peers and its backups",
        assume_role_policy=trust("ec2.amazonaws.com"),
        tags=tags,
        opts=child,
    )
    allow = {"Effect": "Allow"}
    through_s3 = {"kms:ViaService": f"s3.{scope.region}.amazonaws.com"}
    permissions: list[pulumi.Resource] = [
        iam.RolePolicyAttachment(
            f"{name}-node-role-sessions",
            role=role.name,
            policy_arn=SESSIONS,
            opts=pulumi.ResourceOptions(parent=role),
        ),
        iam.RolePolicy(
            f"{name}-node-role-policy",
            role=role.name,
            policy=document(
                {**allow, "Sid": "ListsBackups", "Action": "s3:ListBucket", "Resource": backups},
                {
                    **allow,
                    "Sid": "WritesAndRestoresBackups",
                    "Action": ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
                    "Resource": pulumi.Output.concat(backups, "/*"),
                },
                {
                    **allow,
                    "Sid": "EndsABackup",
                    "Action": "s3:DeleteObject",
                    "Resource": pulumi.Output.concat(backups, "/*/.lock"),
                },
                {
                    **allow,
                    "Sid": "UsesTheKeyOfBackupsThroughS3",
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                    "Resource": backups_key,
                    "Condition": {"StringEquals": through_s3},
                },
                {**allow, "Sid": "FindsItsPeers", "Action": "ec2:DescribeInstances", "Resource": "*"},
            ),
            opts=pulumi.ResourceOptions(parent=role),
        ),
    ]
    profile = iam.InstanceProfile(f"{name}-node", path=path(scope), role=role.name, tags=tags, opts=child)
    return profile, permissions
