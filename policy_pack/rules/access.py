"""Access: what an identity may do is named, and no more than it needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from typing import Any

from policy_pack.documents import (
    actions_granted,
    allows,
    conditions,
    grants_everything,
    listed,
    name_of,
    names_any_resource,
    statements,
)
from policy_pack.examples import allow, declare
from policy_pack.permissions import granted, reads_of_data, spell
from policy_pack.tokens import ROLE
from policy_pack.values import raw
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Severity, Unknown, aws, each, rule

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
        path_and_name = f"{policy.get('path', default='/')}{policy.get('name')}".lstrip("/")
        bounds = path_and_name in graph.remember(_boundaries_named) or graph.children(
            policy, on=BOUNDED, via="permissionsBoundary"
        )
        return bool(bounds) and not any(
            graph.children(policy, on=token, via=name) for token, name in ATTACHMENTS.items()
        )
    except Unknown:
        return False


def _boundaries_named(graph: Graph) -> frozenset[str]:
    """Return path and name of every policy that bounds something by its ARN written out, as `team/boundary`."""
    written = (raw(holder).get("permissionsBoundary") for token in BOUNDED for holder in graph.of_type(token))
    return frozenset(arn.partition(":policy/")[2] for arn in written if isinstance(arn, str))


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
    policy: Resource, row: str, graph: Graph, judge: Callable[[list[Props]], Iterator[Finding]]
) -> Iterator[Finding]:
    """Judge the statements of every policy document of an identity, document by document."""
    refuse_mere_boundary(policy, graph)
    if policy.type == ROLE and row not in policy:
        raise NotApplicable("the role has no policy inside; those beside it are judged themselves")
    if policy.type == ROLE:
        yield from each(policy.get(row, default=()), lambda document: judge(list(statements(document, "policy"))))
    else:
        yield from judge(list(statements(policy, row)))


def judge_statements(
    policy: Resource, row: str, graph: Graph, judge: Callable[[Props], Iterator[Finding]]
) -> Iterator[Finding]:
    """Judge every statement of an identity's policies by itself."""
    refuse_mere_boundary(policy, graph)
    if policy.type == ROLE and row not in policy:
        raise NotApplicable("the role has no policy inside; those beside it are judged themselves")
    if policy.type == ROLE:
        yield from each(policy.get(row, default=()), lambda document: each(statements(document, "policy"), judge))
    else:
        yield from each(statements(policy, row), judge)


def declare_in_every_form(document: str) -> None:
    """Declare an identity's policy in each of the forms that it may have."""
    for token, name in IDENTITY_POLICIES.items():
        declare(token, {name: [{"policy": document}] if token == ROLE else document})


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.CRITICAL,
    promise="system-access-control",
    controls=("SH:IAM.1", "CIS7:2.14"),
    fix="name the actions and resources that the policy is for",
)
def iam_policy_grants_no_admin(policy: Resource, row: str, graph: Graph) -> Iterator[Finding]:
    """Whoever takes over an identity must not take over the account with it."""

    def judge(statement: Props) -> Iterator[Finding]:
        if grants_everything(statement):
            yield f"{name_of(statement)} allows every action on every resource"

    yield from judge_statements(policy, row, graph, judge)


@iam_policy_grants_no_admin.passes
def one_action_on_one_bucket() -> None:
    declare_in_every_form(allow("s3:GetObject", Resource="arn:aws:s3:::data/*"))
    everything = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    aws.iam.Policy("none", policy=json.dumps({"Statement": everything}))


@iam_policy_grants_no_admin.fails
def everything() -> None:
    aws.iam.Policy("admin", policy=allow("*", Resource="*"))


@iam_policy_grants_no_admin.fails
def everything_written_otherwise() -> None:
    aws.iam.RolePolicy("admin", role="admin", policy=allow(["*:*", "s3:GetObject"], Resource=["**"]))


@iam_policy_grants_no_admin.fails
def all_but_something() -> None:
    aws.iam.UserPolicy("almost", user="admin", policy=allow(None, NotAction="iam:*", Resource="*"))


@iam_policy_grants_no_admin.fails
def everything_inside_a_role() -> None:
    inside: Any = [{"policy": allow("*", Resource="*")}]
    aws.iam.Role("admin", assume_role_policy=allow("sts:AssumeRole"), inline_policies=inside)


@iam_policy_grants_no_admin.undetermined
def resources_not_known_yet() -> None:
    bucket = aws.s3.Bucket("data")
    aws.iam.Policy("read", policy=bucket.arn.apply(lambda arn: allow("s3:GetObject", Resource=f"{arn}/*")))


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("SH:IAM.21",),
    fix="name the service's actions that are needed",
)
def iam_policy_without_whole_services(policy: Resource, row: str, graph: Graph) -> Iterator[Finding]:
    """A whole service is never what one identity needs, and grows with every action that AWS adds to it."""

    def judge(statement: Props) -> Iterator[Finding]:
        for action in listed(statement, "Action") if allows(statement) else ():
            service, _, name = action.partition(":")
            if "*" in action and not name.strip("*?"):
                yield f"{name_of(statement)} allows every action of {service}"

    yield from judge_statements(policy, row, graph, judge)


@iam_policy_without_whole_services.passes
def reads_of_a_service() -> None:
    declare_in_every_form(allow(["ec2:Describe*", "s3:GetObject"], Resource="*"))


@iam_policy_without_whole_services.fails
def a_whole_service() -> None:
    aws.iam.GroupPolicy("data", group="data", policy=allow("s3:*", Resource="arn:aws:s3:::data"))


@iam_policy_without_whole_services.fails
def a_whole_service_among_others() -> None:
    aws.iam.Policy("data", policy=allow(["s3:GetObject", "dynamodb:**"], Resource="arn:aws:s3:::data"))


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:IAM-NOT",),
    fix="name what is allowed; what must never be allowed belongs into a statement that denies",
)
def iam_policy_allows_by_name(policy: Resource, row: str, graph: Graph) -> Iterator[Finding]:
    """Allowing all but some allows whatever AWS or a colleague adds next year."""

    def judge(statement: Props) -> Iterator[Finding]:
        for name in ("NotAction", "NotResource", "NotPrincipal"):
            if allows(statement) and statement.get(name) is not None:
                yield f"{name_of(statement)} allows by {name}"

    yield from judge_statements(policy, row, graph, judge)


@iam_policy_allows_by_name.passes
def denies_all_but_some() -> None:
    declare_in_every_form(json.dumps({"Statement": [{"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}]}))


@iam_policy_allows_by_name.fails
def allows_all_but_some() -> None:
    aws.iam.Policy("power", policy=allow(None, NotAction=["iam:*", "organizations:*"], Resource="arn:aws:s3:::data"))


@iam_policy_allows_by_name.fails
def allows_on_all_but_one() -> None:
    aws.iam.Policy("power", policy=allow("s3:GetObject", NotResource="arn:aws:s3:::audit/*"))


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:IAM-PASSROLE",),
    fix="name the roles in Resource, and the services that get them in a StringEquals on iam:PassedToService",
)
def pass_role_names_role_and_service(policy: Resource, row: str, graph: Graph) -> Iterator[Finding]:
    """Who may hand any role to a machine of theirs may do whatever the mightiest role may."""

    def judge(statement: Props) -> Iterator[Finding]:
        if not actions_granted(statement, ["iam:PassRole"]):
            return
        if names_any_resource(statement):
            yield f"{name_of(statement)} allows iam:PassRole of every role"
        services = [
            values
            for operator, key, values in conditions(statement)
            if key == "iam:passedtoservice" and operator.removeprefix("foranyvalue:") in {"stringequals", "stringlike"}
        ]
        if not services or any(set(value) <= set("*?") for value in services[0]):
            yield f"{name_of(statement)} allows iam:PassRole to any service"

    yield from judge_statements(policy, row, graph, judge)


_TO_TASKS = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


@pass_role_names_role_and_service.passes
def one_role_to_one_service() -> None:
    declare_in_every_form(allow("iam:PassRole", Resource="arn:aws:iam::111122223333:role/task", Condition=_TO_TASKS))
    aws.iam.Policy("reads", policy=allow(["iam:Get*", "iam:List*"], Resource="*"))


@pass_role_names_role_and_service.fails
def any_role() -> None:
    aws.iam.Policy("deploy", policy=allow("iam:Pass*", Resource="arn:aws:iam::*:role/*", Condition=_TO_TASKS))


@pass_role_names_role_and_service.fails
def to_any_service() -> None:
    aws.iam.Policy("deploy", policy=allow(["iam:PASSROLE"], Resource="arn:aws:iam::111122223333:role/task"))


@pass_role_names_role_and_service.fails
def among_everything_else() -> None:
    aws.iam.Policy("deploy", policy=allow(None, NotAction="s3:*", Resource="*"))


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:IAM-DATA",),
    fix="name the stores, secrets and keys in Resource",
)
def data_read_from_named_stores(policy: Resource, row: str, graph: Graph) -> Iterator[Finding]:
    """Whoever reads every store reads the one that holds the most."""

    def judge(statement: Props) -> Iterator[Finding]:
        read = granted(statement, reads_of_data())
        if read and names_any_resource(statement) and not chosen_by_tag(statement):
            yield f"{name_of(statement)} allows {spell(read)} on every resource"

    yield from judge_statements(policy, row, graph, judge)


def chosen_by_tag(statement: Props) -> bool:
    """Return whether a condition picks the resources instead. A key has several aliases: KMS asks for any of them."""
    return any(
        operator.removeprefix("foranyvalue:") in {"stringequals", "stringlike"}
        and ("resourcetag/" in key or "existingobjecttag/" in key or key == "kms:resourcealiases")
        and not any(set(value) <= set("*?") for value in values)
        for operator, key, values in conditions(statement)
    )


@data_read_from_named_stores.passes
def from_one_store() -> None:
    declare_in_every_form(allow(["s3:Get*", "s3:ListBucket"], Resource=["arn:aws:s3:::data", "arn:aws:s3:::data/*"]))
    tagged = {"StringEquals": {"aws:ResourceTag/service": "orders"}}
    aws.iam.Policy("tagged", policy=allow("secretsmanager:GetSecretValue", Resource="*", Condition=tagged))
    named = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/orders"}}
    aws.iam.Policy("named", policy=allow("kms:Decrypt", Resource="arn:aws:kms:us-west-2:1:key/*", Condition=named))


@data_read_from_named_stores.fails
def from_every_store() -> None:
    aws.iam.Policy("read", policy=allow(["s3:Get*"], Resource="arn:aws:s3:::*/*"))


@data_read_from_named_stores.fails
def with_every_key() -> None:
    aws.iam.Policy("read", policy=allow("kms:De?rypt", Resource="arn:aws:kms:us-west-2:111122223333:key/*"))


@data_read_from_named_stores.undetermined
def from_a_store_not_known_yet() -> None:
    bucket = aws.s3.Bucket("data")
    aws.iam.Policy("read", policy=bucket.arn.apply(lambda arn: allow("s3:GetObject", Resource=arn)))
