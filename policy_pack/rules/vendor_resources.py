"""Vendors: what identities of the company's may use in other accounts, only registered vendors run."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.documents import allows, listed, name_of
from policy_pack.examples import OWN_ACCOUNT, allow
from policy_pack.rules.access import IDENTITY_POLICIES, declare_in_every_form, judge_statements
from policy_pack.rules.vendors import OWN_ACCOUNTS, REGISTERED, judge_account_of, own_provider
from policy_pack.vocabulary import Finding, Graph, Props, Resource, Severity, aws, each, rule


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.HIGH,
    promise="vendor-management",
    controls=("PH:SUBPROC-PRINCIPAL",),
    fix="name resources of your own accounts, and of accounts in the register of sub-processors",
)
def identity_reaches_registered_accounts(
    policy: Resource,
    row: str,
    graph: Graph,
    *,
    own_accounts: list[str] = OWN_ACCOUNTS,
    registered_accounts: list[str] = REGISTERED,
) -> Iterator[Finding]:
    """A role that may write into a stranger's account carries customers' data there."""
    judge_account = judge_account_of(policy, own_accounts, registered_accounts, "reaches into")

    def judge(statement: Props) -> Iterator[Finding]:
        if allows(statement):
            yield from each(listed(statement, "Resource"), lambda text: judge_account(text, name_of(statement)))

    yield from judge_statements(policy, row, graph, judge)


@identity_reaches_registered_accounts.passes
def in_no_account_by_name() -> None:
    declare_in_every_form(allow("s3:GetObject", Resource="arn:aws:s3:::data/*"))


@identity_reaches_registered_accounts.passes
def in_the_own_account() -> None:
    queue = f"arn:aws:sqs:us-west-2:{OWN_ACCOUNT}:events"
    aws.iam.RolePolicy("web", role="web", policy=allow("sqs:SendMessage", Resource=queue), opts=own_provider())


@identity_reaches_registered_accounts.fails
def in_the_account_of_a_stranger() -> None:
    role = "arn:aws:iam::444455556666:role/import"
    aws.iam.Policy("web", policy=allow("sts:AssumeRole", Resource=[role]), opts=own_provider())


@identity_reaches_registered_accounts.undetermined
def where_no_account_is_known_to_be_ours() -> None:
    queue = f"arn:aws:sqs:us-west-2:{OWN_ACCOUNT}:events"
    aws.iam.RolePolicy("web", role="web", policy=allow("sqs:SendMessage", Resource=queue))
