"""The boundary of an account: what none of its roles can be given, where one stack sets the account up."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from policy_pack.documents import conditions
from policy_pack.identity_policies import POLICY
from policy_pack.permissions import spell, ways_to_more_rights
from policy_pack.rules.account_baseline import BASELINE, require_account_set_up
from policy_pack.rules.boundaries import (
    BOUND,
    DEPLOY,
    bound,
    boundary,
    denies_all_but,
    deny,
    is_of_everything,
    judged,
    left_to,
)
from policy_pack.rules.organization import DENIED
from policy_pack.rules.residency import ALLOWED_REGIONS
from policy_pack.vocabulary import Finding, Graph, Props, Resource, Severity, aws, rule

# Long-lived credentials, whoever they would be for.
LASTING = (
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateServiceSpecificCredential",
    "iam:UploadSSHPublicKey",
    "iam:UploadSigningCertificate",
)
# Where data could be put, in a service each. CloudFront takes what the last two make from us-east-1 alone.
PLACES = ("dynamodb:CreateTable", "ec2:RunInstances", "kms:CreateKey", "rds:CreateDBInstance", "s3:CreateBucket")
PLACES_AT_THE_EDGE = ("acm:RequestCertificate", "wafv2:CreateWebACL")


@rule(
    on=(POLICY,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:IAM-BOUNDARY", "PH:IAM-NO-KEYS", "PH:REGION"),
    fix="deny what the message names; to all but those that are for it by aws:PrincipalArn, outside the promised "
    "regions by aws:RequestedRegion",
)
def account_boundary_complete(
    policy: Resource,
    graph: Graph,
    *,
    baseline: str = BASELINE,
    denied: list[str] = DENIED,
    regions: list[str] = ALLOWED_REGIONS,
) -> Iterator[Finding]:
    """Where one stack sets an account up, its boundary is what no role of the account can be given by mistake.

    It keeps identities to those that are for it, credentials short-lived, the account's watchers on and data where it
    was promised to stay: as a service control policy does it for all the accounts of an organization.
    """
    document = judged(policy, graph)
    require_account_set_up(graph, baseline)

    def left(wanted: Collection[str], *keys: str, within: Collection[str] = ()) -> str:
        return spell(left_to(document, wanted, lambda denial: _closes(denial, keys, within)))

    ways = {action for needed in ways_to_more_rights().values() for action in needed if len(needed) == 1}
    if found := left({way for way in ways if way.startswith("iam:")}, BOUND, "aws:principal"):
        yield f"it leaves {found} to every role: ways to more rights"
    if found := left(LASTING):
        yield f"it leaves {found} to some role: credentials that never expire"
    if found := left(denied, "aws:principal"):
        yield f"it leaves {found} to every role: nobody would watch any more"
    for places, inside in ((PLACES, regions), (PLACES_AT_THE_EDGE, [*regions, "us-east-1"])):
        if found := left(places, "aws:requestedregion", "aws:principal", within=inside):
            yield f"it leaves {found} in other regions than {', '.join(inside)}"


def _closes(denial: Props, keys: tuple[str, ...], within: Collection[str]) -> bool:
    """Return whether a denial excepts nothing but by some condition keys, and no region but some."""
    return (
        is_of_everything(denial)
        and denies_all_but(denial, *keys)
        and all(set(within) >= set(values) for _, key, values in conditions(denial) if key == "aws:requestedregion")
    )


STAYS = deny("*", StringNotEquals={"aws:RequestedRegion": ["us-west-2", "us-west-1"]})
WATCHED = deny("cloudtrail:*", "config:*", "guardduty:*", "organizations:*", "securityhub:*")
SHORT = deny(*LASTING)
OTHERS = deny("iam:*", ArnNotEquals={"aws:PrincipalArn": DEPLOY})


def _account(*denials: dict[str, Any]) -> None:
    aws.cloudtrail.Trail("account", s3_bucket_name="trails", is_multi_region_trail=True)
    bound(boundary(*denials))


@account_boundary_complete.passes
def whole() -> None:
    _account(STAYS, WATCHED, SHORT, OTHERS)


@account_boundary_complete.fails
def anywhere() -> None:
    _account(WATCHED, SHORT, OTHERS)


@account_boundary_complete.fails
def in_a_region_too_many() -> None:
    europe = deny("*", StringNotEquals={"aws:RequestedRegion": ["us-west-2", "eu-central-1"]})
    _account(europe, WATCHED, SHORT, OTHERS)


@account_boundary_complete.fails
def unwatched() -> None:
    _account(STAYS, SHORT, OTHERS)


@account_boundary_complete.fails
def with_keys_for_those_who_deploy() -> None:
    _account(STAYS, WATCHED, OTHERS)


@account_boundary_complete.fails
def with_everybody_changing_identities() -> None:
    _account(STAYS, WATCHED, SHORT)
