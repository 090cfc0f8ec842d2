"""The policies that an identity holds: whoever has them in, each policy and how far it reaches out.

They are written beside the identity, attached to it, inside it, or its groups'. One that isn't known reaches nothing
but the unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from policy_pack import aws_policies
from policy_pack.graph import Graph
from policy_pack.identity_policies import POLICY, ROLE_ATTACHMENT, ROLE_POLICY, place_of
from policy_pack.reach import NO_REACH, Reach, reach_of
from policy_pack.resources import Resource
from policy_pack.tokens import PERMISSION_SET, ROLE
from policy_pack.values import UNKNOWN, Unknown, raw

USER = "aws:iam/user:User"
GROUP = "aws:iam/group:Group"
ATTACHMENT_TO_ALL = "aws:iam/policyAttachment:PolicyAttachment"
MEMBERSHIP_OF_USER = "aws:iam/userGroupMembership:UserGroupMembership"
MEMBERSHIP_OF_GROUP = "aws:iam/groupMembership:GroupMembership"


class Link(NamedTuple):
    """A type that gives an identity a policy: the property that names the identity, and the one of the policy."""

    token: str
    via: str
    policy: str


class Form(NamedTuple):
    """How an identity comes by policies: written beside it, attached to it, and what it holds inside itself."""

    written: tuple[Link, ...]
    attached: tuple[Link, ...]
    inside: tuple[str, ...] = ()


FORMS = {
    GROUP: Form(
        (Link("aws:iam/groupPolicy:GroupPolicy", "group", "policy"),),
        (
            Link("aws:iam/groupPolicyAttachment:GroupPolicyAttachment", "group", "policyArn"),
            Link(ATTACHMENT_TO_ALL, "groups", "policyArn"),
        ),
    ),
    ROLE: Form(
        (Link(ROLE_POLICY, "role", "policy"),),
        (Link(ROLE_ATTACHMENT, "role", "policyArn"), Link(ATTACHMENT_TO_ALL, "roles", "policyArn")),
        ("inlinePolicies", "managedPolicyArns"),
    ),
    USER: Form(
        (Link("aws:iam/userPolicy:UserPolicy", "user", "policy"),),
        (
            Link("aws:iam/userPolicyAttachment:UserPolicyAttachment", "user", "policyArn"),
            Link(ATTACHMENT_TO_ALL, "users", "policyArn"),
        ),
    ),
    PERMISSION_SET: Form(
        (Link("aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy", "permissionSetArn", "inlinePolicy"),),
        (Link("aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment", "permissionSetArn", "managedPolicyArn"),),
    ),
}


class Held(NamedTuple):
    """A policy that an identity has: what to call it, and how far it reaches."""

    name: str
    reach: Reach


class Giver(NamedTuple):
    """What gives a policy to one identity: the type of that, and the property that names it."""

    kind: str
    via: str


GIVERS = {
    link.token: Giver(kind, link.via)
    for kind, form in FORMS.items()
    for link in (*form.written, *form.attached)
    if kind != PERMISSION_SET and link.token != ATTACHMENT_TO_ALL
}


def policies_of_stranger(giver: Resource, row: Giver, graph: Graph) -> Iterator[Held]:
    """Yield the policies of an identity of another stack, if this resource is the first that gives it one.

    Raises:
        Unknown: whose policy it is isn't known yet.
    """
    if raw(giver).get(row.via) is UNKNOWN:
        graph.targets(giver, row.via, row.kind)
    for resource in graph.remember(_strangers).get(giver.urn, ()):
        written = resource.type in {link.token for link in FORMS[row.kind].written}
        yield _written(resource, "policy") if written else _attached(resource, "policyArn", graph)


def _strangers(graph: Graph) -> dict[str, list[Resource]]:
    """Return what gives a policy to each identity that is not part of the stack, by the URN of the first of them."""
    here = {kind: {name for one in graph.of_type(kind) for name in one.identities} for kind in FORMS}
    found: dict[tuple[str, str], list[Resource]] = {}
    for token, (kind, via) in GIVERS.items():
        for resource in graph.of_type(token):
            name = raw(resource).get(via)
            if isinstance(name, str) and name not in here[kind]:
                found.setdefault((kind, name), []).append(resource)
    return {givers[0].urn: givers for givers in found.values()}


def policies_of(identity: Resource, row: Form, graph: Graph) -> Iterator[Held]:
    """Yield the policies of an identity of the stack."""
    for name in row.inside:
        if name in identity:
            yield from _inside(identity, name, graph)
    for link in row.written:
        for holder in _children(identity, link.token, link.via, graph):
            yield _written(holder, link.policy) if isinstance(holder, Resource) else holder
    for link in row.attached:
        for holder in _children(identity, link.token, link.via, graph):
            yield _attached(holder, link.policy, graph) if isinstance(holder, Resource) else holder
    if identity.type == USER:
        yield from _of_its_groups(identity, graph)


def _inside(role: Resource, name: str, graph: Graph) -> Iterator[Held]:
    try:
        for index, item in enumerate(role.get(name, default=())):
            where = f"{name}[{index}]"
            yield _managed(str(item), graph) if isinstance(item, str) else Held(where, _reach_of(item, "policy"))
    except Unknown as unknown:
        yield _unknown(str(unknown))


def _of_its_groups(user: Resource, graph: Graph) -> Iterator[Held]:
    groups: dict[str, Resource] = {}
    try:
        for membership in graph.children(user, on=MEMBERSHIP_OF_USER, via="user"):
            groups.update({group.urn: group for group in graph.targets(membership, "groups", GROUP)})
        for membership in graph.children(user, on=MEMBERSHIP_OF_GROUP, via="users"):
            groups.update({group.urn: group for group in graph.targets(membership, "group", GROUP)})
    except Unknown as unknown:
        yield _unknown(str(unknown))
    for group in groups.values():
        yield Held(group.name, together(policies_of(group, FORMS[GROUP], graph)))


def together(policies: Iterable[Held]) -> Reach:
    """Return how far policies reach together."""
    return reduce(or_, (policy.reach for policy in policies), NO_REACH)


def _children(identity: Resource, token: str, via: str, graph: Graph) -> Iterator[Resource | Held]:
    try:
        yield from graph.children(identity, on=token, via=via)
    except Unknown as unknown:
        yield _unknown(str(unknown))


def _attached(attachment: Resource, name: str, graph: Graph) -> Held:
    try:
        found = graph.targets(attachment, name, POLICY)
        return _written(found[0], "policy") if found else _managed(str(attachment.get(name)), graph)
    except Unknown as unknown:
        return _unknown(str(unknown))


def _written(holder: Resource, name: str) -> Held:
    return Held(holder.name, _reach_of(holder, name))


def _managed(arn: str, graph: Graph) -> Held:
    """Return the policy that an ARN is of: one of AWS's, one of the stack by its name, or one that isn't known."""
    place = arn.partition(":policy/")[2]
    if ":aws:policy/" in arn:
        reach = aws_policies.reach_of(place.rpartition("/")[2])
        return Held(place, reach) if reach else _unknown(f"what AWS's policy {place} allows")
    policy = graph.remember(_by_place).get(place)
    return (
        _written(policy, "policy")
        if policy
        else _unknown(f"what the policy {place or arn} allows, which is not part of the stack")
    )


def _by_place(graph: Graph) -> dict[str, Resource]:
    """Return the stack's policies by path and name, as far as the program says both."""
    found = {}
    for policy in graph.of_type(POLICY):
        with suppress(Unknown):
            found[place_of(policy)] = policy
    return found


def _reach_of(holder: Any, name: str) -> Reach:
    try:
        return reach_of(holder, name)
    except Unknown as unknown:
        of_whom = f"the {unknown} of {holder.name}" if isinstance(holder, Resource) else str(unknown)
        return Reach(unknown=(of_whom,))


def _unknown(what: str) -> Held:
    return Held(what, Reach(unknown=(what,)))


def bounded(identity: Resource, reach: Reach, graph: Graph) -> Reach:
    """Return what an identity's boundary leaves of its rights: all of them where it has none, none yet if unknown."""
    if "permissionsBoundary" not in identity:
        return reach
    return reach.within(_attached(identity, "permissionsBoundary", graph).reach)
