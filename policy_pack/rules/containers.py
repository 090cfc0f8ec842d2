"""Containers: no way out to the host, and a cluster that its administrators alone administer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.documents import written
from policy_pack.examples import declare
from policy_pack.rules.network import is_worldwide
from policy_pack.tokens import ROLE
from policy_pack.vocabulary import Finding, Graph, Props, Resource, Row, Severity, aws, each, rule

TASK = "aws:ecs/taskDefinition:TaskDefinition"
JOB = "aws:batch/jobDefinition:JobDefinition"
CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"


@rule(
    on=(TASK,),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("SH:ECS.3", "SH:ECS.17", "SH:ECS.21"),
    fix="leave pidMode and ipcMode out, and set networkMode to awsvpc, on Linux",
)
def task_apart_from_host(task: Resource) -> Iterator[Finding]:
    """A task that shares its host's processes or network sees those of every other task."""
    for name in ("pidMode", "ipcMode"):
        if task.get(name) == "host":
            yield f"{name} is host"
    # ECS API Reference, RegisterTaskDefinition: bridge where none is given.
    if task.get("networkMode", default="bridge") != "awsvpc":
        yield "networkMode is not awsvpc"
    if str(task.get("runtimePlatform", "operatingSystemFamily", default="LINUX")).startswith("WINDOWS"):
        yield "runtimePlatform.operatingSystemFamily is Windows, whose containers can't be confined as far"


@task_apart_from_host.passes
def on_a_network_of_its_own() -> None:
    aws.ecs.TaskDefinition("web", family="web", container_definitions="[]", network_mode="awsvpc")


@task_apart_from_host.fails
def among_the_hosts_processes() -> None:
    aws.ecs.TaskDefinition("web", family="web", container_definitions="[]", network_mode="awsvpc", pid_mode="host")


@task_apart_from_host.fails
def on_the_hosts_network() -> None:
    aws.ecs.TaskDefinition("web", family="web", container_definitions="[]", network_mode="host")


def containers_of(task: Resource) -> Any:
    """Return the containers of a task, or the one of a job, which a program gives as JSON text."""
    if task.type == JOB:
        return filter(None, [written(task, "containerProperties")])
    return written(task, "containerDefinitions") or ()


@rule(
    on=(TASK, JOB),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("SH:ECS.4", "SH:ECS.5", "SH:ECS.20"),
    fix="set privileged to false, readonlyRootFilesystem to true, and user to one without rights",
)
def container_without_privileges(task: Resource) -> Iterator[Finding]:
    """Whoever breaks into a container must find nothing to write, and no way on to the host."""

    def judge(container: Props) -> Iterator[Finding]:
        if container.get("privileged") is True:
            yield f"{container.where('privileged')} is true"
        if task.type == JOB:
            return  # it is gone with what it wrote
        if container.get("readonlyRootFilesystem") is not True:
            yield f"{container.where('readonlyRootFilesystem')} is not true"
        user = str(container.get("user", default="")).partition(":")[0]
        if user in {"", "root", "0"}:
            yield f"{container.where('user')} is {user or 'not set'}: root"

    yield from each(containers_of(task), judge)


def _task(**container: object) -> None:
    confined = {"name": "web", "image": "web", "user": "1000:1000", "readonlyRootFilesystem": True, **container}
    aws.ecs.TaskDefinition("web", family="web", container_definitions=json.dumps([confined]))


@container_without_privileges.passes
def confined() -> None:
    _task()
    aws.batch.JobDefinition("count", type="container", container_properties=json.dumps({"image": "count"}))


@container_without_privileges.fails
def a_job_with_the_hosts_rights() -> None:
    whole = json.dumps({"image": "count", "privileged": True})
    aws.batch.JobDefinition("count", type="container", container_properties=whole)


@container_without_privileges.fails
def privileged() -> None:
    _task(privileged=True)


@container_without_privileges.fails
def as_root() -> None:
    _task(user="0:1000")


@container_without_privileges.fails
def with_a_disk_to_write() -> None:
    _task(readonlyRootFilesystem=False)


@rule(
    on=(CLUSTER,),
    severity=Severity.HIGH,
    promise="data-protection",
    controls=("SH:EKS.1",),
    fix="set vpcConfig.endpointPublicAccess to false and endpointPrivateAccess to true",
)
def cluster_endpoint_private(cluster: Resource) -> Iterator[Finding]:
    """Whoever reaches the API of a cluster can try to become its administrator."""
    network = cluster.get("vpcConfig", default=Props({}))
    # EKS API Reference, VpcConfigRequest: public, from everywhere, and not private, where nothing is given.
    if network.get("endpointPublicAccess", default=True) is not False:
        for cidr in network.get("publicAccessCidrs", default=("0.0.0.0/0",)):
            if is_worldwide(cidr):
                yield f"vpcConfig.endpointPublicAccess is not false, and publicAccessCidrs holds {cidr}"
    if network.get("endpointPrivateAccess", default=False) is not True:
        yield "vpcConfig.endpointPrivateAccess is not true"


def _cluster(**network: Any) -> None:
    vpc: Any = {"subnet_ids": ["subnet-1"], "endpoint_private_access": True, **network}
    aws.eks.Cluster("product", role_arn="arn:aws:iam::111122223333:role/eks", vpc_config=vpc)


@cluster_endpoint_private.passes
def from_within() -> None:
    _cluster(endpoint_public_access=False)


@cluster_endpoint_private.passes
def from_the_office() -> None:
    _cluster(public_access_cidrs=["198.51.100.0/24"])


@cluster_endpoint_private.fails
def from_everywhere() -> None:
    _cluster()


@cluster_endpoint_private.fails
def from_outside_only() -> None:
    _cluster(endpoint_public_access=False, endpoint_private_access=False)


CLUSTER_ACCESS = {
    CLUSTER: Row(("accessConfig", "authenticationMode"), ("API",), "CONFIG_MAP", ("PH:EKS-AUTHMODE",)),
    NODE_GROUP: Row(("remoteAccess",), (None,), None, ("PH:EKS-REMOTE",)),
}


@rule(
    on=CLUSTER_ACCESS,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    fix="let access entries alone decide who administers, and Session Manager who reaches a node",
)
def cluster_access_by_entries(resource: Resource, row: Row) -> Iterator[Finding]:
    """Rights in a config map, or a key on a node, are in nobody's review."""
    yield from row.judge(resource)
    name = "bootstrapClusterCreatorAdminPermissions"
    # EKS API Reference, CreateAccessConfigRequest: true where none is given.
    if resource.type == CLUSTER and resource.get("accessConfig", name, default=True) is not False:
        yield f"accessConfig.{name} is not false: whoever creates the cluster stays its administrator"


@cluster_access_by_entries.passes
def by_entries() -> None:
    declare(CLUSTER, accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False})
    declare(NODE_GROUP)


@cluster_access_by_entries.fails
def by_config_map() -> None:
    declare(CLUSTER)


@cluster_access_by_entries.fails
def by_ssh() -> None:
    declare(NODE_GROUP, remoteAccess={"ec2SshKey": "ada"})


POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"


@rule(
    on=(POD_IDENTITY,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:EKS-PODID",),
    fix="make a role for the service account, and give it what that one needs",
)
def service_account_has_role_of_its_own(identity: Resource, graph: Graph) -> Iterator[Finding]:
    """A role that several share allows each of them what any of them needs."""
    for role in graph.targets(identity, "roleArn", ROLE):
        for kind, name, via in ((POD_IDENTITY, "service account", "roleArn"), (NODE_GROUP, "node", "nodeRoleArn")):
            for other in graph.children(role, on=kind, via=via):
                if other.urn != identity.urn:
                    yield f"roleArn is also the role of the {name} {other.name}"


def _identities(*accounts: str, nodes: bool = False) -> None:
    role = aws.iam.Role("web", assume_role_policy="{}")
    for account in accounts:
        aws.eks.PodIdentityAssociation(
            account, cluster_name="product", namespace="product", service_account=account, role_arn=role.arn
        )
    if nodes:
        declare(NODE_GROUP, nodeRoleArn=role.arn)


@service_account_has_role_of_its_own.passes
def one_role_for_one() -> None:
    _identities("web")
    aws.eks.PodIdentityAssociation(
        "worker", cluster_name="product", namespace="product", service_account="worker", role_arn="arn:role"
    )


@service_account_has_role_of_its_own.fails
def one_role_for_two() -> None:
    _identities("web", "worker")


@service_account_has_role_of_its_own.fails
def the_role_of_the_nodes() -> None:
    _identities("web", nodes=True)


MASTERS = ("AmazonEKSAdminPolicy", "AmazonEKSClusterAdminPolicy", "system:masters")
ADMINISTRATORS = {
    "aws:eks/accessEntry:AccessEntry": "kubernetesGroups",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "policyArn",
}


@rule(
    on=ADMINISTRATORS,
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:EKS-ADMIN",),
    fix="associate a policy for a namespace; name a role that is for emergencies break-glass",
)
def cluster_not_administered_daily(entry: Resource, row: str) -> Iterator[Finding]:
    """An administrator of the cluster reads every secret in it."""
    value: Any = entry.get(row, default=())
    for text in (value,) if isinstance(value, str) else value:
        name = str(text).rpartition("/")[2]
        if name in MASTERS and "break-glass" not in str(entry.get("principalArn", default="")):
            yield f"{row} is {name}"


@cluster_not_administered_daily.passes
def of_one_namespace() -> None:
    principal = "arn:aws:iam::111122223333:role/web"
    aws.eks.AccessEntry("web", cluster_name="product", principal_arn=principal, kubernetes_groups=["web"])
    admin = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    emergency = "arn:aws:iam::111122223333:role/break-glass"
    declare("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", policyArn=admin, principalArn=emergency)


@cluster_not_administered_daily.fails
def of_everything() -> None:
    principal = "arn:aws:iam::111122223333:role/web"
    aws.eks.AccessEntry("web", cluster_name="product", principal_arn=principal, kubernetes_groups=["system:masters"])


@cluster_not_administered_daily.fails
def by_policy() -> None:
    arn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    principal = "arn:aws:iam::111122223333:role/web"
    declare("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", policyArn=arn, principalArn=principal)


@rule(
    on={
        "aws:codebuild/project:Project": Row(("environment", "privilegedMode"), (False, "false"), unset=False),
        "aws:sagemaker/notebookInstance:NotebookInstance": Row(("rootAccess",), ("Disabled",), unset="Enabled"),
    },
    severity=Severity.MEDIUM,
    promise="system-access-control",
    fix="set the property as the message says; a build makes images without a daemon of its own",
)
def workbench_without_root(workbench: Resource, row: Row) -> Iterator[Finding]:
    """Whoever is root where code is built or tried out can change what it reports, and reach what the host may."""
    yield from row.judge(workbench)


@workbench_without_root.passes
def without_root() -> None:
    declare("aws:codebuild/project:Project", environment={"type": "LINUX_CONTAINER"})
    declare("aws:sagemaker/notebookInstance:NotebookInstance", rootAccess="Disabled")


@workbench_without_root.fails
def a_notebook_left_at_the_default() -> None:
    declare("aws:sagemaker/notebookInstance:NotebookInstance", instanceType="ml.t3.medium")


@workbench_without_root.fails
def a_build_that_rules_its_host() -> None:
    declare("aws:codebuild/project:Project", environment={"privilegedMode": True})
