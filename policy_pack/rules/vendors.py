"""Vendors: what another account gets, it gets because it is in the register of sub-processors."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Any

import pulumi

from policy_pack.callers import accounts_named
from policy_pack.documents import actions_granted, name_of, statements
from policy_pack.examples import OWN_ACCOUNT, allow, declare, kept
from policy_pack.registers import NOTICE_DAYS
from policy_pack.rules.sharing import RESOURCE_POLICIES, declare_with_policy
from policy_pack.tokens import BUCKET_POLICY, BUCKETS, KEY
from policy_pack.vocabulary import (
    Finding,
    NotApplicable,
    Props,
    Registers,
    Resource,
    Row,
    Severity,
    Unknown,
    aws,
    each,
    rule,
    setting,
)

OWN_ACCOUNTS: list[str] = setting(
    [], "ids of the company's own accounts, beside its provider's allowedAccountIds", owner="foreign_account_registered"
)
NOTICE: int = setting(
    NOTICE_DAYS,
    "days between the announcement of a sub-processor and its use",
    minimum=0,
    owner="foreign_account_registered",
)
# AWS delivers the access logs of load balancers from these accounts of its own (Elastic Load Balancing User Guide,
# "Enable access logs"), in the promised regions.
AWS_ACCOUNTS = ("797873946194", "027434742980")
_ACCOUNT = re.compile(r"(?:arn:[^:]*:[^:]*:[^:]*:)?(\d{12})(?::.*)?")

POLICIES = {
    **{token: Row(row.path) for token, row in RESOURCE_POLICIES.items()},
    BUCKET_POLICY: Row(("policy",), controls=("PH:NO-SALE",)),
    **dict.fromkeys(
        (
            KEY,
            "aws:kms/externalKey:ExternalKey",
            "aws:kms/keyPolicy:KeyPolicy",
            "aws:kms/replicaExternalKey:ReplicaExternalKey",
            "aws:kms/replicaKey:ReplicaKey",
        ),
        Row(("policy",)),
    ),
}
# Where a type names accounts or principals itself: one, or a list of them.
NAMED = {
    "aws:acmpca/permission:Permission": Row(("sourceAccount",)),
    "aws:cloudwatch/eventPermission:EventPermission": Row(("principal",)),
    "aws:cloudwatch/metricStream:MetricStream": Row(("firehoseArn",), controls=("PH:SUBPROC-EGRESS",)),
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": Row(("destinationArn",)),
    "aws:ec2/amiLaunchPermission:AmiLaunchPermission": Row(("accountId",)),
    "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission": Row(("accountId",)),
    "aws:ec2/vpcEndpointService:VpcEndpointService": Row(("allowedPrincipals",), controls=("PH:PRIVATELINK",)),
    "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple": Row(
        ("principalArn",), controls=("PH:PRIVATELINK",)
    ),
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection": Row(("peerOwnerId",), controls=("PH:PEERING", "CIS7:6.6")),
    "aws:ec2transitgateway/peeringAttachment:PeeringAttachment": Row(("peerAccountId",), controls=("PH:PEERING",)),
    "aws:kms/grant:Grant": Row(("granteePrincipal",)),
    "aws:lambda/layerVersionPermission:LayerVersionPermission": Row(("principal",)),
    "aws:lambda/permission:Permission": Row(("principal",)),
    "aws:oam/link:Link": Row(("sinkIdentifier",)),
    "aws:organizations/delegatedAdministrator:DelegatedAdministrator": Row(("accountId",)),
    "aws:ram/principalAssociation:PrincipalAssociation": Row(("principal",), controls=("PH:NO-SALE",)),
    "aws:ram/resourceShareAssociationsExclusive:ResourceShareAssociationsExclusive": Row(
        ("principals",), controls=("PH:NO-SALE",)
    ),
    "aws:rds/clusterSnapshot:ClusterSnapshot": Row(("sharedAccounts",), controls=("SH:RDS.1",)),
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": Row(("sharedAccounts",), controls=("SH:RDS.1",)),
    "aws:rds/snapshot:Snapshot": Row(("sharedAccounts",), controls=("SH:RDS.1",)),
    "aws:rds/snapshotCopy:SnapshotCopy": Row(("sharedAccounts",), controls=("SH:RDS.1",)),
    "aws:s3control/accessGrant:AccessGrant": Row(("grantee", "granteeIdentifier"), controls=("PH:NO-SALE",)),
    "aws:servicecatalog/portfolioShare:PortfolioShare": Row(("principalId",)),
    "aws:signer/signingProfilePermission:SigningProfilePermission": Row(("principal",)),
}


def texts(holder: Props, *path: str) -> Iterator[str]:
    """Yield the text, or every text of the list, at a path."""
    value: Any = holder.get(*path, default=())
    yield from (value,) if isinstance(value, str) else map(str, value)


@rule(
    on={**POLICIES, **NAMED},
    severity=Severity.CRITICAL,
    promise="vendor-management",
    controls=("PH:SUBPROC-PRINCIPAL", "PH:SUBPROC-NOTICE"),
    fix="let in vendors of the register of sub-processors only, announced 14 days ago and under a DPA in force",
)
def foreign_account_registered(  # noqa: PLR0913 - what it reads, and what may be set
    resource: Resource,
    row: Row,
    registers: Registers,
    today: datetime.date,
    *,
    own_accounts: list[str] = OWN_ACCOUNTS,
    notice_days: int = NOTICE,
) -> Iterator[Finding]:
    """Customers were told who processes their data: an account that isn't on that list must not get at it."""
    if not resource.has(*row.path):
        raise NotApplicable(f"{'.'.join(row.path)} is not set")
    judge_account = account_check(resource, own_accounts, partial(registered_accounts, registers, today, notice_days))

    def judge_statement(statement: Props) -> Iterator[Finding]:
        return each(accounts_named(statement), lambda account: judge_account(account, name_of(statement)))

    if resource.type in POLICIES:
        yield from each(statements(resource, *row.path), judge_statement)
    else:
        accounts = accounts_in(texts(resource, *row.path))
        yield from each(accounts, lambda account: judge_account(account, resource.where(*row.path)))


def registered_accounts(registers: Registers, today: datetime.date, notice_days: int) -> set[str]:
    """Return the accounts of vendors that may be used by now."""
    return {account for vendor in registers.usable_vendors(today, notice_days) for account in vendor.more["accounts"]}


def accounts_in(texts: Iterable[str]) -> Iterator[str]:
    """Yield the account that each text or ARN names, where it names one."""
    return (found[1] for found in map(_ACCOUNT.fullmatch, texts) if found)


def account_check(
    resource: Resource, own: Collection[str], registered: Callable[[], Collection[str]], does: str = "lets in"
) -> Callable[[str, str], Iterator[Finding]]:
    """Return a check of an account and its place; it asks who is registered where an account is not one's own."""
    own = {*own, *resource.provider.get("allowedAccountIds", default=())}

    def judge(account: str, where: str) -> Iterator[Finding]:
        if account in own or account in AWS_ACCOUNTS or account in registered():
            return
        if not own:
            yield Unknown(f"whether the account in {where} is one of the company's own (own_accounts names none)")
        else:
            yield f"{where} {does} account {account}, which is not registered"

    return judge


def own_provider() -> pulumi.ResourceOptions:
    """The options of a resource in the company's own account, for examples."""
    own = aws.Provider("own", region="us-west-2", allowed_account_ids=[OWN_ACCOUNT])
    return pulumi.ResourceOptions(provider=own)


def _for(account: str, action: object = "s3:GetObject") -> str:
    return allow(action, Principal={"AWS": [f"arn:aws:iam::{account}:root"]}, Resource="*")


@foreign_account_registered.passes
def for_nobody_by_name() -> None:
    for token, row in POLICIES.items():
        declare_with_policy(token, row.path, allow(Principal={"Service": "backup.amazonaws.com"}, Resource="*"))
    for token, row in NAMED.items():
        name, *inside = row.path
        several = name in {"allowedPrincipals", "principals", "sharedAccounts"}
        declare(
            token, {name: {inside[0]: AWS_ACCOUNTS[0]} if inside else [AWS_ACCOUNTS[0]] if several else AWS_ACCOUNTS[0]}
        )


@foreign_account_registered.passes
def for_the_own_account() -> None:
    aws.s3.BucketPolicy("data", bucket="data", policy=_for(OWN_ACCOUNT), opts=own_provider())


@foreign_account_registered.passes
def for_a_vendor_of_the_register() -> Registers:
    aws.sns.TopicPolicy("alarms", arn="arn:aws:sns:us-west-2:1:a", policy=_for("444455556666"), opts=own_provider())
    return kept(subprocessors=[{"accounts": ["444455556666"]}])


@foreign_account_registered.fails
def for_a_vendor_announced_last_week() -> Registers:
    aws.sns.TopicPolicy("alarms", arn="arn:aws:sns:us-west-2:1:a", policy=_for("444455556666"), opts=own_provider())
    return kept(subprocessors=[{"accounts": ["444455556666"], "announced": "2026-02-22"}])


@foreign_account_registered.fails
def for_a_vendor_whose_agreement_ended() -> Registers:
    aws.sns.TopicPolicy("alarms", arn="arn:aws:sns:us-west-2:1:a", policy=_for("444455556666"), opts=own_provider())
    ended = {"id": "dpa/1", "kind": "dpa", "ends": "2026-02-28"}
    return kept(subprocessors=[{"accounts": ["444455556666"]}], agreements=[ended])


@foreign_account_registered.fails
def for_an_unknown_company() -> None:
    aws.sns.TopicPolicy("alarms", arn="arn:aws:sns:us-west-2:1:a", policy=_for("444455556666"), opts=own_provider())


@foreign_account_registered.fails
def for_everybody_bound_to_an_unknown_company() -> None:
    bound = {"StringEquals": {"aws:PrincipalAccount": [OWN_ACCOUNT, "444455556666"]}}
    policy = allow(Principal="*", Resource="*", Condition=bound)
    aws.sqs.Queue("events", policy=policy, opts=own_provider())


@foreign_account_registered.fails
def share_with_an_unknown_company() -> None:
    aws.ram.PrincipalAssociation("share", principal="444455556666", resource_share_arn="arn", opts=own_provider())


@foreign_account_registered.undetermined
def where_no_account_is_known_to_be_ours() -> None:
    aws.kms.Key("data", policy=_for(OWN_ACCOUNT))


# SH:S3.6 names them: with any of these another account can take the bucket over.
OWNERS_ONLY = (
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutEncryptionConfiguration",
    "s3:PutObjectAcl",
)


@rule(
    on=(BUCKET_POLICY, *BUCKETS),
    severity=Severity.HIGH,
    promise="data-protection",
    controls=("SH:S3.6",),
    fix="leave these actions to your own account",
)
def bucket_policy_keeps_ownership(resource: Resource, *, own_accounts: list[str] = OWN_ACCOUNTS) -> Iterator[Finding]:
    """Another account may be let in to read or write, never to decide who else is."""
    if not resource.has("policy"):
        raise NotApplicable("it has no policy inside; one beside it is judged itself")
    judge_account = account_check(resource, own_accounts, tuple)

    def judge(statement: Props) -> Iterator[Finding]:
        granted = actions_granted(statement, OWNERS_ONLY)
        where = f"{name_of(statement)}, which allows {', '.join(granted)},"
        yield from each(accounts_named(statement) if granted else (), lambda account: judge_account(account, where))

    yield from each(statements(resource, "policy"), judge)


@bucket_policy_keeps_ownership.passes
def read_and_write() -> None:
    for token in (BUCKET_POLICY, *BUCKETS):
        declare(token, policy=_for("444455556666", ["s3:GetObject", "s3:PutObject"]))
    aws.s3.BucketPolicy("own", bucket="own", policy=_for(OWN_ACCOUNT, "s3:*"), opts=own_provider())


@bucket_policy_keeps_ownership.fails
def everything_in_the_bucket() -> None:
    aws.s3.BucketPolicy("data", bucket="data", policy=_for("444455556666", "s3:Put*"), opts=own_provider())


@bucket_policy_keeps_ownership.undetermined
def everything_to_whom_may_be_ourselves() -> None:
    aws.s3.BucketPolicy("data", bucket="data", policy=_for(OWN_ACCOUNT, "s3:*"))


REQUEST_PAYMENT = (
    "aws:s3/bucketRequestPaymentConfiguration:BucketRequestPaymentConfiguration",
    "aws:s3/bucketRequestPaymentConfigurationV2:BucketRequestPaymentConfigurationV2",
)
NO_OUTSIDERS = {
    "aws:ram/resourceShare:ResourceShare": Row(
        ("allowExternalPrincipals",), (False,), unset=True, controls=("PH:RAM", "PH:NO-SALE", "PH:SUBPROC-PRINCIPAL")
    ),
    "aws:ec2/vpcEndpointService:VpcEndpointService": Row(("acceptanceRequired",), controls=("PH:PRIVATELINK",)),
    # Who pays for requests is another account, which is what selling data takes.
    **dict.fromkeys(REQUEST_PAYMENT, Row(("payer",), ("BucketOwner",), controls=("PH:NO-SALE",))),
    **dict.fromkeys(BUCKETS, Row(("requestPayer",), ("BucketOwner",), unset="BucketOwner", controls=("PH:NO-SALE",))),
}


@rule(
    on=NO_OUTSIDERS,
    severity=Severity.HIGH,
    promise="vendor-management",
    fix="set the property as the message says",
)
def sharing_needs_consent(resource: Resource, row: Row) -> Iterator[Finding]:
    """Nobody outside the organization gets connected by asking alone."""
    yield from row.judge(resource)


@sharing_needs_consent.passes
def by_consent() -> None:
    declare("aws:ram/resourceShare:ResourceShare", allowExternalPrincipals=False)
    declare("aws:ec2/vpcEndpointService:VpcEndpointService", acceptanceRequired=True)


@sharing_needs_consent.passes
def paid_by_ourselves() -> None:
    for token in REQUEST_PAYMENT:
        declare(token, bucket="data", payer="BucketOwner")
    for token in BUCKETS:
        declare(token)


@sharing_needs_consent.fails
def paid_by_whoever_asks() -> None:
    aws.s3.BucketRequestPaymentConfiguration("data", bucket="data", payer="Requester")


@sharing_needs_consent.fails
def left_to_ram() -> None:
    aws.ram.ResourceShare("network")


@sharing_needs_consent.fails
def accepted_by_itself() -> None:
    aws.ec2.VpcEndpointService("api", acceptance_required=False)
