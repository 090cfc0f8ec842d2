"""Access: what an identity may do is named, and no more than it needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.documents import (
    actions_granted,
    allows,
    conditions,
    grants_everything,
    name_of,
    names_any_resource,
    texts_of,
)
from policy_pack.examples import allow, declare
from policy_pack.grants import granted_everywhere
from policy_pack.identity_policies import IDENTITY_POLICIES, judge_statements
from policy_pack.permissions import reads_of_data, spell
from policy_pack.tokens import ROLE
from policy_pack.vocabulary import Finding, Graph, Props, Resource, Severity, aws, rule


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
        for action in texts_of(statement, "Action") if allows(statement) else ():
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
        if read := granted_everywhere(statement, reads_of_data()):
            yield f"{name_of(statement)} allows {spell(read)} on every resource"

    yield from judge_statements(policy, row, graph, judge)


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
