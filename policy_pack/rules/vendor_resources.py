"""Vendors: what identities of the company's may use in other accounts, only registered vendors run."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from functools import partial

from policy_pack.documents import allows, name_of, texts_of
from policy_pack.examples import OWN_ACCOUNT, allow, kept
from policy_pack.identity_policies import IDENTITY_POLICIES, judge_statements
from policy_pack.rules.access import declare_in_every_form
from policy_pack.rules.vendors import (
    NOTICE,
    OWN_ACCOUNTS,
    account_check,
    accounts_in,
    own_provider,
    registered_accounts,
)
from policy_pack.vocabulary import Finding, Graph, Props, Registers, Resource, Severity, aws, each, rule


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.HIGH,
    promise="vendor-management",
    controls=("PH:SUBPROC-PRINCIPAL",),
    fix="name resources of your own accounts, and of accounts in the register of sub-processors",
)
def identity_reaches_registered_accounts(  # noqa: PLR0913 - what it reads, and what may be set
    policy: Resource,
    row: str,
    graph: Graph,
    registers: Registers,
    today: datetime.date,
    *,
    own_accounts: list[str] = OWN_ACCOUNTS,
    notice_days: int = NOTICE,
) -> Iterator[Finding]:
    """A role that may write into a stranger's account carries customers' data there."""
    registered = partial(registered_accounts, registers, today, notice_days)
    judge_account = account_check(policy, own_accounts, registered, "reaches into")

    def judge(statement: Props) -> Iterator[Finding]:
        accounts = accounts_in(texts_of(statement, "Resource")) if allows(statement) else ()
        return each(accounts, lambda account: judge_account(account, name_of(statement)))

    yield from judge_statements(policy, row, graph, judge)


@identity_reaches_registered_accounts.passes
def in_no_account_by_name() -> None:
    declare_in_every_form(allow("s3:GetObject", Resource="arn:aws:s3:::data/*"))


@identity_reaches_registered_accounts.passes
def in_the_own_account() -> None:
    queue = f"arn:aws:sqs:us-west-2:{OWN_ACCOUNT}:events"
    aws.iam.RolePolicy("web", role="web", policy=allow("sqs:SendMessage", Resource=queue), opts=own_provider())


@identity_reaches_registered_accounts.passes
def in_the_account_of_a_registered_vendor() -> Registers:
    role = "arn:aws:iam::444455556666:role/import"
    aws.iam.Policy("web", policy=allow("sts:AssumeRole", Resource=[role]), opts=own_provider())
    return kept(subprocessors=[{"accounts": ["444455556666"]}])


@identity_reaches_registered_accounts.fails
def in_the_account_of_a_stranger() -> None:
    role = "arn:aws:iam::444455556666:role/import"
    aws.iam.Policy("web", policy=allow("sts:AssumeRole", Resource=[role]), opts=own_provider())


@identity_reaches_registered_accounts.undetermined
def where_no_account_is_known_to_be_ours() -> None:
    queue = f"arn:aws:sqs:us-west-2:{OWN_ACCOUNT}:events"
    aws.iam.RolePolicy("web", role="web", policy=allow("sqs:SendMessage", Resource=queue))
