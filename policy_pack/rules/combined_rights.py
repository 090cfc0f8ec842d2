"""Combined rights: what the policies of one identity add up to, where none of them says it alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from policy_pack.examples import allow
from policy_pack.held_policies import (
    FORMS,
    GIVERS,
    Form,
    Giver,
    Held,
    bounded,
    policies_of,
    policies_of_stranger,
    together,
)
from policy_pack.permissions import spell
from policy_pack.reach import Reach
from policy_pack.rules.escalation import PROVISIONING, TIER_TAG, changes_identities
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Severity, Unknown, aws, declare, rule


@rule(
    on={**FORMS, **GIVERS},
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:IAM-ESCALATE",),
    fix="take one of the actions from the identity, or name the roles that may be passed",
)
def rights_do_not_add_up(
    identity: Resource,
    row: Form | Giver,
    graph: Graph,
    *,
    tag: str = TIER_TAG,
    provisioning_tiers: list[str] = PROVISIONING,
) -> Iterator[Finding]:
    """Each of an identity's policies can be harmless, and all of them together a way to the rights of any role.

    What a single policy allows is judged with that policy. What one of them denies, and what the identity's boundary
    doesn't allow, none of them gives. The first policy of an identity that is not part of the stack answers for it.
    """
    if isinstance(row, Form):
        policies = list(policies_of(identity, row, graph))
    else:
        policies = list(policies_of_stranger(identity, row, graph))
    if len(policies) < 2:
        raise NotApplicable("it has one policy at most, which is judged itself")
    reach = together(policies)
    # What one policy that isn't known allows, beside others that open no part of a way, is judged with that policy.
    matters = reach.somewhere or sum(bool(policy.reach.unknown) for policy in policies) > 1
    provisions = isinstance(row, Form) and identity.tag(tag) in provisioning_tiers
    if any(_new_ways(reach, policies, provisions=provisions)):
        reach = bounded(identity, reach, graph)
    for way, needed in _new_ways(reach, policies, provisions=provisions):
        givers = [policy.name for policy in policies if policy.reach.somewhere & needed]
        yield f"{', '.join(sorted(givers))} together allow {spell(needed)}: a way to more rights ({way})"
    yield from map(Unknown, reach.unknown if matters else ())


def _new_ways(reach: Reach, policies: Iterable[Held], *, provisions: bool) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the ways to more rights that policies open together, but none of them by itself, and no shorter one."""
    ways = list(reach.ways())
    known = [needed for policy in policies for _, needed in policy.reach.ways()] if ways else []
    for way, needed in ways:
        if not any(shorter <= needed for shorter in known) and (changes_identities(needed) or not provisions):
            known.append(needed)
            yield way, needed


def _allow(*actions: str, resource: str = "*", **more: object) -> str:
    return allow([*actions], Resource=resource, **more)


PASSES = _allow("iam:PassRole")
RUNS = _allow("lambda:CreateFunction", "lambda:InvokeFunction")


def _role(name: str = "app", **given: Any) -> aws.iam.Role:
    return aws.iam.Role(name, assume_role_policy=allow("sts:AssumeRole"), **given)


def _two(*, role: aws.iam.Role) -> None:
    aws.iam.RolePolicy("passes", role=role.name, policy=PASSES)
    policy = aws.iam.Policy("runs", policy=RUNS)
    aws.iam.RolePolicyAttachment("runs", role=role.name, policy_arn=policy.arn)


@rights_do_not_add_up.passes
def apart() -> None:
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    for name, policy in (("passes", PASSES), ("runs", RUNS)):
        role = _role(name)
        aws.iam.RolePolicy(name, role=role.name, policy=policy)
        aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=basic)
    aws.iam.User("ada")
    aws.iam.Group("people")
    for token, giver in GIVERS.items():
        declare(token, **{giver.via: token, "policy": RUNS, "policyArn": basic})
    aws.ssoadmin.PermissionSet("engineer", instance_arn="arn")


@rights_do_not_add_up.passes
def one_role_passed() -> None:
    role = _role()
    named = _allow("iam:PassRole", resource="arn:aws:iam::111122223333:role/task")
    aws.iam.RolePolicy("passes", role=role.name, policy=named)
    aws.iam.RolePolicy("runs", role=role.name, policy=RUNS)


@rights_do_not_add_up.passes
def under_a_boundary() -> None:
    boundary = aws.iam.Policy("boundary", policy=_allow("lambda:*", "s3:*"))
    _two(role=_role(permissions_boundary=boundary.arn))


@rights_do_not_add_up.fails
def written_and_attached() -> None:
    _two(role=_role())


@rights_do_not_add_up.fails
def inside_a_role_and_of_aws() -> None:
    inside: Any = [{"name": "passes", "policy": PASSES}]
    _role(inline_policies=inside, managed_policy_arns=["arn:aws:iam::aws:policy/AmazonEC2FullAccess"])


@rights_do_not_add_up.fails
def of_a_person_and_their_group() -> None:
    group = aws.iam.Group("people")
    aws.iam.GroupPolicy("passes", group=group.name, policy=PASSES)
    ada = aws.iam.User("ada")
    aws.iam.UserPolicy("runs", user=ada.name, policy=RUNS)
    aws.iam.UserGroupMembership("ada", user=ada.name, groups=[group.name])


@rights_do_not_add_up.fails
def of_a_role_of_another_stack() -> None:
    aws.iam.RolePolicy("passes", role="elsewhere", policy=PASSES)
    runs = aws.iam.Policy("runs", policy=RUNS)
    aws.iam.RolePolicyAttachment("runs", role="elsewhere", policy_arn=runs.arn)


@rights_do_not_add_up.fails
def of_a_permission_set() -> None:
    engineer = aws.ssoadmin.PermissionSet("engineer", instance_arn="arn")
    aws.ssoadmin.PermissionSetInlinePolicy(
        "passes", instance_arn="arn", permission_set_arn=engineer.arn, inline_policy=PASSES
    )
    lambdas = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
    aws.ssoadmin.ManagedPolicyAttachment(
        "runs", instance_arn="arn", permission_set_arn=engineer.arn, managed_policy_arn=lambdas
    )


@rights_do_not_add_up.passes
def under_a_boundary_of_another_stack() -> None:
    role = _role(permissions_boundary="arn:aws:iam::111122223333:policy/elsewhere")
    aws.iam.RolePolicy("reads", role=role.name, policy=_allow("s3:GetObject", resource="arn:aws:s3:::data/*"))
    aws.iam.RolePolicy("runs", role=role.name, policy=RUNS)


@rights_do_not_add_up.undetermined
def left_by_a_boundary_of_another_stack() -> None:
    role = _role(permissions_boundary="arn:aws:iam::111122223333:policy/elsewhere")
    for name, policy in (("passes", PASSES), ("runs", RUNS)):
        aws.iam.RolePolicy(name, role=role.name, policy=policy)


@rights_do_not_add_up.undetermined
def with_a_policy_of_another_stack() -> None:
    role = _role()
    aws.iam.RolePolicy("runs", role=role.name, policy=RUNS)
    elsewhere = "arn:aws:iam::111122223333:policy/elsewhere"
    aws.iam.RolePolicyAttachment("elsewhere", role=role.name, policy_arn=elsewhere)
