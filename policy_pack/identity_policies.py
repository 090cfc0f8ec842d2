"""Policies of identities: where programs write them, who holds them, and which of them only bound what others grant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from policy_pack.callers import compares
from policy_pack.documents import statements
from policy_pack.tokens import ROLE
from policy_pack.values import raw
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Unknown, each

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
IDENTITY_POLICIES = {
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    "aws:iam/policy:Policy": "policy",
    ROLE: "inlinePolicies",
    ROLE_POLICY: "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
}
POLICY = "aws:iam/policy:Policy"
ROLE_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
BOUNDED = (ROLE, "aws:iam/user:User")
ATTACHMENTS = {
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
    "aws:iam/policyAttachment:PolicyAttachment": "policyArn",
    ROLE_ATTACHMENT: "policyArn",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
    ROLE: "managedPolicyArns",
}


def refuse_mere_boundary(policy: Resource, graph: Graph) -> None:
    """Leave out a policy that bounds what others grant, and that nothing in the stack attaches: it grants nothing.

    Raises:
        NotApplicable: it is one. A policy that only may be one is judged as if it granted what it says.
    """
    if policy.type == POLICY and graph.remember(_is_mere_boundary, policy):
        raise NotApplicable("it is a permissions boundary: it limits what other policies grant")


def _is_mere_boundary(graph: Graph, policy: Resource) -> bool:
    try:
        return is_boundary(policy, graph) and not any(
            graph.children(policy, on=token, via=name) for token, name in ATTACHMENTS.items()
        )
    except Unknown:
        return False


def is_boundary(policy: Resource, graph: Graph) -> bool:
    """Return whether a policy bounds a role or user of the stack.

    Raises:
        Unknown: that can't be told yet.
    """
    return place_of(policy) in graph.remember(_boundaries_named) or bool(
        graph.children(policy, on=BOUNDED, via="permissionsBoundary")
    )


def place_of(policy: Resource) -> str:
    """Return what comes after `policy/` in a policy's ARN, its path and name, as far as the program names them."""
    return f"{policy.get('path', default='/')}{policy.get('name')}".lstrip("/")


def _boundaries_named(graph: Graph) -> frozenset[str]:
    """Return path and name of every policy that bounds something by its ARN written out, as `team/boundary`."""
    written = (raw(holder).get("permissionsBoundary") for token in BOUNDED for holder in graph.of_type(token))
    return frozenset(arn.partition(":policy/")[2] for arn in written if isinstance(arn, str))


def given_within_a_boundary(statement: Props) -> bool:
    """Return whether a statement holds only for identities that have one of some permissions boundaries."""
    return compares(statement, "iam:permissionsboundary")


def is_held_by(policy: Resource, graph: Graph, tag: str, tiers: Collection[str]) -> bool:
    """Return whether roles of some tiers, by a tag, have an identity's policy, and nobody else.

    Raises:
        Unknown: that can't be told yet.
    """
    if policy.type == ROLE:
        holders = [policy]
    elif policy.type == ROLE_POLICY:
        holders = graph.targets(policy, "role", ROLE)
    elif policy.type == POLICY:
        attached = graph.children(policy, on=ROLE_ATTACHMENT, via="policyArn")
        holders = [role for attachment in attached for role in graph.targets(attachment, "role", ROLE)]
        others = [token for token in ATTACHMENTS if token not in {ROLE, ROLE_ATTACHMENT}]
        if len(holders) < len(attached) or any(graph.children(policy, on=it, via=ATTACHMENTS[it]) for it in others):
            return False
        holders += graph.children(policy, on=ROLE, via=ATTACHMENTS[ROLE])
    else:
        return False
    return bool(holders) and all(role.tag(tag) in tiers for role in holders)


def judge_documents(
    policy: Resource, row: str, graph: Graph, judge: Callable[[Props, str], Iterator[Finding]]
) -> Iterator[Finding]:
    """Judge every policy document of an identity by itself, given what holds it and the name of its property there.

    Raises:
        NotApplicable: it has none that grants anything.
    """
    if policy.type == ROLE:
        return each(_inside(policy, row), lambda inside: judge(inside, "policy"))
    refuse_mere_boundary(policy, graph)
    return judge(policy, row)


def judge_statements(
    policy: Resource, row: str, graph: Graph, judge: Callable[[Props], Iterator[Finding]]
) -> Iterator[Finding]:
    """Judge every statement of an identity's policies by itself.

    Raises:
        NotApplicable: it has none that grants anything.
    """
    if policy.type == ROLE:
        return each(_inside(policy, row), lambda document: each(statements(document, "policy"), judge))
    refuse_mere_boundary(policy, graph)
    return each(statements(policy, row), judge)


def _inside(role: Resource, row: str) -> Iterable[Props]:
    if row not in role:
        raise NotApplicable("the role has no policy inside; those beside it are judged themselves")
    inside: Iterable[Props] = role.get(row, default=())
    return inside
