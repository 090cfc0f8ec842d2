"""Permissions boundaries: the most that a role can be given. Whoever can shed one, or be left without, has none."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from policy_pack.documents import actions_named, allows, conditions, names_any_resource, statements, texts_of
from policy_pack.examples import OWN_ACCOUNT, allow
from policy_pack.identity_policies import POLICY, given_within_a_boundary, is_boundary, place_of
from policy_pack.permissions import spell
from policy_pack.rules.escalation import TIER_TAG
from policy_pack.tokens import ROLE
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Severity,
    Unknown,
    aws,
    rule,
    setting,
)

BOUND = "iam:permissionsboundary"
# IAM User Guide, "Delegating responsibility to others using permissions boundaries": what whoever is bound must not
# be able to do, but to identities under the same boundary.
MAKES_UNBOUND = (
    "iam:CreateRole",
    "iam:CreateUser",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutRolePermissionsBoundary",
    "iam:PutUserPermissionsBoundary",
)
CHANGES_IT = ("iam:CreatePolicyVersion", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion")
CHANGERS: list[str] = setting(["pipeline"], "tiers of the roles that may change the boundary that bounds them")


def judged(policy: Resource, graph: Graph) -> list[Props]:
    """Return the statements of a boundary.

    Raises:
        NotApplicable: it is none.
    """
    if not is_boundary(policy, graph):
        raise NotApplicable("it bounds no role or user of the stack")
    return list(statements(policy, "policy"))


def left_to(
    document: Iterable[Props],
    wanted: Collection[str],
    closes: Callable[[Props], bool],
    opens: Callable[[Props], bool] = lambda _: True,
) -> set[str]:
    """Return which of some actions those statements allow that open something, and no denial that closes it denies."""
    left: set[str] = set()
    for statement in document:
        if allows(statement) and opens(statement) and not given_within_a_boundary(statement):
            left.update(actions_named(statement, wanted))
    for statement in document:
        if statement.get("Effect") == "Deny" and closes(statement):
            left.difference_update(actions_named(statement, wanted))
    return left


def denies_all_but(statement: Props, *keys: str) -> bool:
    """Return whether a denial excepts somebody by name alone, under condition keys whose beginnings are given."""
    return all(
        "not" in operator and key.startswith(keys) and not any(map(_is_anybody, values))
        for operator, key, values in conditions(statement)
    )


def _is_anybody(text: str) -> bool:
    return set(text.rpartition("/")[2]) <= set("*?")


def is_of_everything(statement: Props) -> bool:
    """Return whether a denial is for whatever there is."""
    return statement.get("NotResource") is None and names_any_resource(statement)


@rule(
    on=(POLICY,),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:IAM-BOUNDARY",),
    fix="deny it to all but a reviewed pipeline, or allow it by iam:PermissionsBoundary alone",
)
def boundary_cannot_be_shed(
    policy: Resource, graph: Graph, *, tag: str = TIER_TAG, changers: list[str] = CHANGERS
) -> Iterator[Finding]:
    """A boundary that those it bounds can take off, rewrite or make a role without is none.

    A denial may leave somebody out by aws:PrincipalArn, but no role that the boundary bounds, unless its tier is one
    that changes are reviewed for.
    """
    document = judged(policy, graph)
    place = place_of(policy)

    def closes(statement: Props) -> bool:
        return denies_all_but(statement, BOUND, "aws:principal") and not any(
            role.tag(tag) not in changers for role in _left_out(statement, policy, graph)
        )

    def names_it(statement: Props) -> bool:
        named = (text.partition(":policy/")[2] for text in texts_of(statement, "Resource"))
        return any(fnmatchcase(place, text) for text in named)

    if left := left_to(document, MAKES_UNBOUND, lambda denial: closes(denial) and is_of_everything(denial)):
        yield f"it leaves {spell(left)} to those it bounds, who can shed it"
    if left := left_to(
        document,
        CHANGES_IT,
        lambda denial: closes(denial) and (is_of_everything(denial) or names_it(denial)),
        lambda grant: names_any_resource(grant) or names_it(grant),
    ):
        yield f"it leaves {spell(left)} of itself to those it bounds"


def _left_out(statement: Props, policy: Resource, graph: Graph) -> Iterator[Resource]:
    """Yield the roles that a denial leaves out by name, though the boundary bounds them."""
    for _, key, values in conditions(statement):
        for arn in values if key == "aws:principalarn" else ():
            for role in graph.remember(_roles).get(arn.rpartition("/")[2], ()):
                if place_of(policy) in _boundaries_of(role, graph):
                    yield role


def _boundaries_of(role: Resource, graph: Graph) -> set[str]:
    """Return path and name of the policy that bounds a role: in the stack, or as its ARN says."""
    here = {place_of(policy) for policy in graph.targets(role, "permissionsBoundary", POLICY)}
    return here or {str(role.get("permissionsBoundary", default="")).partition(":policy/")[2]}


def _roles(graph: Graph) -> dict[str, list[Resource]]:
    """Return the roles of a stack by what is known of their names."""
    found: dict[str, list[Resource]] = {}
    for role in graph.of_type(ROLE):
        for name in role.identities:
            found.setdefault(name, []).append(role)
    return found


def boundary(*more: dict[str, Any], allowed: object = "*") -> str:
    """Return a boundary that allows some actions, but for what more statements say."""
    parts = [{"Effect": "Allow", "Action": allowed, "Resource": "*"}, *more]
    return json.dumps({"Version": "2012-10-17", "Statement": parts})


def deny(*actions: str, resource: str = "*", **condition: Any) -> dict[str, Any]:
    """Return a statement that denies."""
    denial = {"Effect": "Deny", "Action": list(actions), "Resource": resource}
    return {**denial, "Condition": condition} if condition else denial


ITS_ARN = f"arn:aws:iam::{OWN_ACCOUNT}:policy/boundary"
DEPLOY, HELP = (f"arn:aws:iam::{OWN_ACCOUNT}:role/{name}" for name in ("deploy", "help"))
KEPT_ON = (
    deny("iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"),
    deny("iam:Create*", "iam:Put*PermissionsBoundary", StringNotEquals={"iam:PermissionsBoundary": ITS_ARN}),
)


def _but(*arns: str) -> dict[str, Any]:
    return deny("iam:*Polic*", resource=ITS_ARN, ArnNotEquals={"aws:PrincipalArn": [*arns]})


def bound(document: str, **tiers: str) -> None:
    """Declare a boundary and roles under it, by name and tier."""
    aws.iam.Policy("boundary", name="boundary", policy=document)
    for name, tier in (tiers or {"deploy": "pipeline"}).items():
        aws.iam.Role(
            name,
            name=name,
            assume_role_policy=allow("sts:AssumeRole"),
            permissions_boundary=ITS_ARN,
            tags={"access-tier": tier},
        )


@boundary_cannot_be_shed.passes
def everything_but_itself() -> None:
    bound(boundary(*KEPT_ON, _but(DEPLOY)))
    aws.iam.Policy("bounds-nothing", policy=boundary())


@boundary_cannot_be_shed.passes
def no_identities_at_all() -> None:
    bound(boundary(allowed=["s3:*", "sqs:*", "logs:*"]))


@boundary_cannot_be_shed.passes
def policies_but_not_itself() -> None:
    others = {"Effect": "Allow", "Action": "iam:*Policy*", "Resource": f"arn:aws:iam::{OWN_ACCOUNT}:policy/app-*"}
    bound(boundary(others, allowed=["s3:*", "iam:Get*"]))


@boundary_cannot_be_shed.fails
def kept_on_by_nobody() -> None:
    anybody = deny("iam:*", ArnNotLike={"aws:PrincipalArn": f"arn:aws:iam::{OWN_ACCOUNT}:role/*"})
    bound(boundary(anybody))


@boundary_cannot_be_shed.fails
def everything() -> None:
    bound(boundary())


@boundary_cannot_be_shed.fails
def made_without_it() -> None:
    bound(boundary(KEPT_ON[0], _but(DEPLOY)))


@boundary_cannot_be_shed.fails
def changed_by_anybody() -> None:
    bound(boundary(*KEPT_ON))


@boundary_cannot_be_shed.fails
def changed_by_whom_nobody_reviews() -> None:
    bound(boundary(*KEPT_ON, _but(DEPLOY, HELP)), deploy="pipeline", help="break-glass")


@boundary_cannot_be_shed.fails
def kept_on_by_those_without_a_factor() -> None:
    without: Any = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    bound(boundary(deny("iam:*", **without)))


@rule(
    on=(ROLE,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:IAM-BOUNDARY",),
    fix="set permissionsBoundary to the boundary that the message names",
)
def role_bounded_as_its_stack_demands(role: Resource, graph: Graph) -> Iterator[Finding]:
    """Where a boundary lets nobody make a role without it, the one role that lacks it is the one that matters."""
    demanded = _demanded(graph)
    if not demanded:
        raise NotApplicable("no boundary of the stack is demanded of every role")
    if "permissionsBoundary" not in role:
        yield f"permissionsBoundary is not set; {' or '.join(sorted(demanded))} is demanded of every role"
    elif not any(fnmatchcase(own, place) for own in _boundaries_of(role, graph) for place in demanded):
        yield f"permissionsBoundary is not {' or '.join(sorted(demanded))}, which is demanded of every role"


def _demanded(graph: Graph) -> frozenset[str]:
    found, unknown = graph.remember(_demands)
    if not found and unknown:
        raise unknown
    return found


def _demands(graph: Graph) -> tuple[frozenset[str], Unknown | None]:
    """Return path and name of the boundaries that a boundary demands of every new role, and what of it isn't known."""
    found: set[str] = set()
    unknown: Unknown | None = None
    for policy in graph.of_type(POLICY):
        try:
            for statement in statements(policy, "policy") if is_boundary(policy, graph) else ():
                if statement.get("Effect") == "Deny" and actions_named(statement, ["iam:CreateRole"]):
                    for operator, key, values in conditions(statement):
                        if key == BOUND and "not" in operator:
                            found.update(value.partition(":policy/")[2] for value in values)
        except Unknown as error:
            unknown = error
    return frozenset(found), unknown


BOUNDED = boundary(*KEPT_ON, _but(DEPLOY))


@role_bounded_as_its_stack_demands.passes
def every_role() -> None:
    bound(BOUNDED)


@role_bounded_as_its_stack_demands.passes
def by_reference() -> None:
    policy = aws.iam.Policy("boundary", name="boundary", policy=BOUNDED)
    aws.iam.Role("app", assume_role_policy=allow("sts:AssumeRole"), permissions_boundary=policy.arn)


@role_bounded_as_its_stack_demands.fails
def but_one() -> None:
    bound(BOUNDED)
    aws.iam.Role("forgotten", assume_role_policy=allow("sts:AssumeRole"))


@role_bounded_as_its_stack_demands.fails
def one_by_another() -> None:
    bound(BOUNDED)
    other = f"arn:aws:iam::{OWN_ACCOUNT}:policy/wide"
    aws.iam.Role("other", assume_role_policy=allow("sts:AssumeRole"), permissions_boundary=other)
