"""Kubernetes workloads: no secret in a pod's variables, no rights that its program doesn't need, a role of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.credentials import holds_secret
from policy_pack.examples import OWN_ACCOUNT
from policy_pack.values import UNKNOWN, raw
from policy_pack.vocabulary import Finding, Graph, Props, Resource, Severity, Unknown, aws, declare, each, rule

WORKLOADS = {
    **dict.fromkeys(
        (
            "kubernetes:apps/v1:DaemonSet",
            "kubernetes:apps/v1:Deployment",
            "kubernetes:apps/v1:StatefulSet",
            "kubernetes:batch/v1:Job",
        ),
        ("spec", "template", "spec"),
    ),
    "kubernetes:batch/v1:CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "kubernetes:core/v1:Pod": ("spec",),
}
CONTAINERS = ("containers", "initContainers")


def _containers(workload: Resource, path: tuple[str, ...]) -> Iterator[Finding | Props]:
    """Yield every container of a workload; what isn't known comes as `Unknown`."""
    for kind in CONTAINERS:
        try:
            yield from workload.get(*path, kind, default=())
        except Unknown as unknown:
            yield unknown


@rule(
    on=WORKLOADS,
    severity=Severity.CRITICAL,
    promise="encryption",
    controls=("PH:K8S-ENV",),
    fix="take the value by secretKeyRef or from the CSI driver, or let the pod's identity read it",
)
def no_secret_in_pod_variables(workload: Resource, row: tuple[str, ...]) -> Iterator[Finding]:
    """Whoever may read a deployment may read its variables; credentials were stolen so."""

    def judge(container: Any) -> Iterator[Finding]:
        if isinstance(container, Unknown):
            raise container
        yield from each(container.get("env", default=()), judge_variable)

    def judge_variable(variable: Props) -> Iterator[Finding]:
        found = raw(variable)
        if found.get("value") not in (None, "") and holds_secret(found.get("name", ""), found["value"]):
            name = "a variable" if found.get("name") is UNKNOWN else found.get("name")
            yield f"{variable.where('value')} holds a secret in plain text as {name}"

    yield from each(_containers(workload, row), judge)


SAFE = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def _workloads(env: list[Any], context: dict[str, Any] = SAFE, pod: dict[str, Any] | None = None) -> None:
    spec: Any = {"containers": [{"name": "web", "env": env, "securityContext": context}], "securityContext": pod or {}}
    for token, path in WORKLOADS.items():
        inside = spec
        for key in reversed(path[1:]):
            inside = {key: inside}
        declare(token, **{path[0]: inside})


@no_secret_in_pod_variables.passes
def by_reference() -> None:
    reference = {"name": "DATABASE_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}}
    _workloads([reference, {"name": "LOG_LEVEL", "value": "info"}])


@no_secret_in_pod_variables.fails
def password_of_a_pod() -> None:
    _workloads([{"name": "DATABASE_PASSWORD", "value": "correct-horse"}])


@rule(
    on=WORKLOADS,
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:K8S-SECCTX",),
    fix="set the securityContext of the container or of its pod as the message says",
)
def pod_runs_without_privileges(workload: Resource, row: tuple[str, ...]) -> Iterator[Finding]:
    """A program that was taken over can do what its container may: as little as it needs."""

    def judge(container: Any) -> Iterator[Finding]:
        if isinstance(container, Unknown):
            raise container
        for path, wanted in CONTEXT.items():
            value = container.get("securityContext", *path)
            # Kubernetes, "Configure a Security Context": these two may be the pod's, and the container's prevails.
            if value is None and path[0] in {"runAsNonRoot", "seccompProfile"}:
                value = workload.get(*row, "securityContext", *path)
            if value not in wanted:
                yield f"{container.where('securityContext', *path)} is not {str(wanted[0]).lower()}"
        if container.get("securityContext", "privileged") is True:
            yield f"{container.where('securityContext', 'privileged')} is true"

    yield from each(_containers(workload, row), judge)


CONTEXT: dict[tuple[str, ...], tuple[Any, ...]] = {
    ("runAsNonRoot",): (True,),
    ("readOnlyRootFilesystem",): (True,),
    ("allowPrivilegeEscalation",): (False,),
    ("seccompProfile", "type"): ("RuntimeDefault", "Localhost"),
}


@pod_runs_without_privileges.passes
def without_privileges() -> None:
    _workloads([])


@pod_runs_without_privileges.passes
def as_the_pod_says() -> None:
    pod = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    _workloads([], {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True}, pod)


@pod_runs_without_privileges.fails
def left_to_kubernetes() -> None:
    _workloads([], {})


@pod_runs_without_privileges.fails
def privileged() -> None:
    _workloads([], {**SAFE, "privileged": True})


ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
ROLE = "aws:iam/role:Role"


@rule(
    on=(ASSOCIATION,),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:EKS-PODID",),
    fix="give every service account a role of its own, and nodes another",
)
def pod_identity_has_a_role_of_its_own(association: Resource, graph: Graph) -> Iterator[Finding]:
    """Two programs under one role can do what either may, and so can every pod where the nodes share it."""
    for role in graph.targets(association, "roleArn", ROLE):
        for other in graph.children(role, on=ASSOCIATION, via="roleArn"):
            if _account(other) != _account(association):
                yield f"{role.name} is the role of {other.name} too"
        for nodes in graph.children(role, on=NODE_GROUP, via="nodeRoleArn"):
            yield f"{role.name} is the role of the nodes {nodes.name} too"


def _account(association: Resource) -> tuple[Any, ...]:
    return tuple(association.get(name) for name in ("clusterName", "namespace", "serviceAccount"))


def _pods(*accounts: str, nodes: bool = False) -> None:
    role = aws.iam.Role("web", assume_role_policy="{}")
    for name in accounts:
        aws.eks.PodIdentityAssociation(
            name, cluster_name="main", namespace="app", service_account=name, role_arn=role.arn
        )
    if nodes:
        declare(NODE_GROUP, clusterName="main", nodeRoleArn=role.arn)


@pod_identity_has_a_role_of_its_own.passes
def one_role_each() -> None:
    _pods("web")
    aws.eks.PodIdentityAssociation(
        "elsewhere",
        cluster_name="main",
        namespace="app",
        service_account="elsewhere",
        role_arn=f"arn:aws:iam::{OWN_ACCOUNT}:role/elsewhere",
    )


@pod_identity_has_a_role_of_its_own.fails
def one_role_for_two() -> None:
    _pods("web", "worker")


@pod_identity_has_a_role_of_its_own.fails
def the_role_of_the_nodes() -> None:
    _pods("web", nodes=True)
