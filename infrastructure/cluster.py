"""Where the product runs: a Kubernetes cluster (EKS) whose API has no public address.

Enters: the private subnets, the keys, who may look and who may administer. Leaves: `Cluster` with the cluster's `name`
and `security_group`, and `create_pod_role`, by which a workload gets a role instead of keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, eks, iam, vpc

from infrastructure.documents import Statement, document, trust
from infrastructure.logs import LogGroups
from infrastructure.network import ANYWHERE, Network
from infrastructure.nodes import NodesArgs, attach, create_nodes
from infrastructure.scope import DataClass, Scope

SERVICE = "cluster"
KUBERNETES_VERSION = "1.35"
"""In standard support until 2027-03-27: "Understand the Kubernetes version lifecycle on EKS" in the EKS user guide."""

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All that the control plane has."""

BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
AFTER_NODES = ("coredns",)
"""Add-ons: a node is ready only with the first ones, and the others start only on a node."""

PODS = 8443
"""Where every pod that is reached from outside the cluster serves TLS."""

WITHIN = {
    "api": ("tcp", 443),
    "kubelet": ("tcp", 10250),
    "pods": ("tcp", PODS),
    "webhooks": ("tcp", 9443),
    "dns": ("tcp", 53),
    "dns-by-udp": ("udp", 53),
}
"""How the control plane, the nodes and their pods reach each other.

Source: "View Amazon EKS security group requirements for clusters" in the EKS user guide, "Restricting cluster traffic".
"""

ACCESS_POLICY = "arn:aws:eks::aws:cluster-access-policy"
LOOK, ADMINISTER = "AmazonEKSViewPolicy", "AmazonEKSClusterAdminPolicy"
"""The first shows all but secrets: "Review access policy permissions" in the EKS user guide."""


@dataclass(frozen=True)
class ClusterArgs:
    """Whoever is neither among `viewers` nor `administrators`, ARNs of roles by purpose, has no way in.

    `client_groups` are security groups that the nodes join so that pods reach the stores.
    """

    scope: Scope
    data_class: DataClass
    network: Network
    log_groups: LogGroups
    secrets_key_arn: pulumi.Output[str]
    volumes_key_arn: pulumi.Output[str]
    client_groups: tuple[pulumi.Output[str], ...]
    viewers: Mapping[str, pulumi.Output[str]]
    administrators: Mapping[str, pulumi.Output[str]]
    instance_type: str
    nodes: int


def cluster_name(scope: Scope) -> str:
    """The cluster's name, fixed so that the path of its log group is known."""
    return f"{scope.prefix}-{SERVICE}"


def cluster_arn(scope: Scope) -> str:
    """The cluster's ARN, which the trust of its roles names before it exists."""
    return scope.arn("eks", f"cluster/{cluster_name(scope)}")


def log_group(scope: Scope) -> str:
    """The path that EKS delivers the control plane's logs to."""
    return f"/aws/eks/{cluster_name(scope)}/cluster"


class Cluster(pulumi.ComponentResource):
    """A control plane that is reached from within the VPC alone, and nodes without a public address or a key."""

    name: pulumi.Output[str]
    security_group: pulumi.Output[str]
    """The group of the control plane and the nodes."""

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:cluster:Cluster", name, {}, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._tags = args.scope.tags(SERVICE, args.data_class)
        self.security_group = self._create_security_group()
        self.name = self._create_control_plane().name
        for purposes, policy in ((args.viewers, LOOK), (args.administrators, ADMINISTER)):
            for purpose, role in purposes.items():
                self._admit(purpose, role, policy)
        first = [self._create_addon(addon, []) for addon in BEFORE_NODES]
        nodes = create_nodes(
            f"{name}-nodes",
            NodesArgs(
                cluster=self.name,
                version=KUBERNETES_VERSION,
                subnets=args.network.subnets["private"],
                security_groups=(self.security_group, *args.client_groups),
                volumes_key_arn=args.volumes_key_arn,
                instance_type=args.instance_type,
                nodes=args.nodes,
                tags=self._tags,
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[*first, self._let_pods_have_addresses()]),
        )
        for addon in AFTER_NODES:
            self._create_addon(addon, [nodes])
        self.register_outputs({"name": self.name})

    def _create_security_group(self) -> pulumi.Output[str]:
        """Members reach each other where they must, and AWS, over TLS; nobody else reaches them."""
        name = self.pulumi_resource_name
        group = ec2.SecurityGroup(
            name,
            description="The control plane and the nodes of the cluster",
            vpc_id=self._args.network.vpc.id,
            tags=self._tags | {"Name": name},
            opts=self._child,
        )
        inside = pulumi.ResourceOptions(parent=group)
        for purpose, (protocol, port) in WITHIN.items():
            for direction, rule in (("from", vpc.SecurityGroupIngressRule), ("to", vpc.SecurityGroupEgressRule)):
                rule(
                    f"{name}-{purpose}-{direction}-members",
                    description=f"{purpose.replace('-', ' ')} {direction} members",
                    security_group_id=group.id,
                    referenced_security_group_id=group.id,
                    ip_protocol=protocol,
                    from_port=port,
                    to_port=port,
                    tags=self._tags,
                    opts=inside,
                )
        vpc.SecurityGroupEgressRule(
            f"{name}-to-https",
            description="TLS to AWS and to what customers connect",
            security_group_id=group.id,
            cidr_ipv4=ANYWHERE,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            tags=self._tags,
            opts=inside,
        )
        return group.id

    def _create_control_plane(self) -> eks.Cluster:
        args, disposable = self._args, self._args.scope.disposable
        name = self.pulumi_resource_name
        logs = args.log_groups.create(f"{name}-log-group", log_group(args.scope), SERVICE, self)
        role = iam.Role(
            f"{name}-role",
            description="EKS runs the cluster's control plane",
            assume_role_policy=trust(
                "eks.amazonaws.com",
                {
                    "StringEquals": {"aws:SourceAccount": args.scope.account},
                    "ArnLike": {"aws:SourceArn": cluster_arn(args.scope)},
                },
            ),
            tags=self._tags,
            opts=self._child,
        )
        permissions = attach(f"{name}-role-policy", role, "AmazonEKSClusterPolicy")
        return eks.Cluster(
            name,
            name=cluster_name(args.scope),
            version=KUBERNETES_VERSION,
            upgrade_policy={"support_type": "STANDARD"},
            role_arn=role.arn,
            vpc_config={
                "subnet_ids": [subnet.id for subnet in args.network.subnets["private"]],
                "security_group_ids": [self.security_group],
                "endpoint_private_access": True,
                "endpoint_public_access": False,
            },
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            bootstrap_self_managed_addons=False,
            encryption_config={"provider": {"key_arn": args.secrets_key_arn}, "resources": ["secrets"]},
            enabled_cluster_log_types=[*LOG_TYPES],
            deletion_protection=not disposable,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, protect=not disposable, depends_on=[logs, permissions]),
        )

    def _admit(self, purpose: str, role: pulumi.Output[str], policy: str) -> None:
        entry = eks.AccessEntry(
            f"{self.pulumi_resource_name}-{purpose}",
            cluster_name=self.name,
            principal_arn=role,
            type="STANDARD",
            tags=self._tags,
            opts=self._child,
        )
        eks.AccessPolicyAssociation(
            f"{self.pulumi_resource_name}-{purpose}-policy",
            cluster_name=self.name,
            principal_arn=entry.principal_arn,
            policy_arn=f"{ACCESS_POLICY}/{policy}",
            access_scope={"type": "cluster"},
            opts=pulumi.ResourceOptions(parent=entry),
        )

    def _create_addon(self, addon: str, after: list[pulumi.Resource]) -> eks.Addon:
        """Of the version that EKS has for the cluster's: it knows which one is current."""
        return eks.Addon(
            f"{self.pulumi_resource_name}-{addon}",
            cluster_name=self.name,
            addon_name=addon,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )

    def _let_pods_have_addresses(self) -> pulumi.Resource:
        """The network add-on's own role, so that the nodes' one needs none of its permissions."""
        role = create_pod_role("addresses", self, self._args.scope, ("kube-system", "aws-node"), [])
        return attach(f"{self.pulumi_resource_name}-addresses-role-policy", role, "AmazonEKS_CNI_Policy")


def create_pod_role(
    name: str,
    cluster: Cluster,
    scope: Scope,
    service_account: tuple[str, str],
    statements: list[Statement],
) -> iam.Role:
    """The role of a service account, given as (namespace, name), through EKS Pod Identity.

    Source of the trust: "Assign an IAM role to a Kubernetes service account" in the EKS user guide.
    """
    full = f"{cluster.pulumi_resource_name}-{name}"
    tags = scope.tags(SERVICE, DataClass.INTERNAL)
    namespace, account = service_account
    role = iam.Role(
        f"{full}-role",
        description=f"Pods of {namespace}/{account}",
        assume_role_policy=document(
            {
                "Effect": "Allow",
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {
                    "StringEquals": {
                        "aws:SourceAccount": scope.account,
                        "aws:RequestTag/kubernetes-namespace": namespace,
                        "aws:RequestTag/kubernetes-service-account": account,
                    },
                    "ArnEquals": {"aws:SourceArn": cluster_arn(scope)},
                },
            }
        ),
        tags=tags,
        opts=pulumi.ResourceOptions(parent=cluster),
    )
    if statements:
        iam.RolePolicy(
            f"{full}-role-policy",
            role=role.name,
            policy=document(*statements),
            opts=pulumi.ResourceOptions(parent=role),
        )
    eks.PodIdentityAssociation(
        f"{full}-identity",
        cluster_name=cluster.name,
        namespace=namespace,
        service_account=account,
        role_arn=role.arn,
        tags=tags,
        opts=pulumi.ResourceOptions(parent=role),
    )
    return role
