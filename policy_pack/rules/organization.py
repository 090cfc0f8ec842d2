"""The organization: what no account may do, whatever its own policies say, and an account for every environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.documents import action_matches, conditions, statements, texts_of
from policy_pack.values import Props
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Resource,
    Severity,
    Unknown,
    aws,
    rule,
    setting,
)

POLICY = "aws:organizations/policy:Policy"
ATTACHMENT = "aws:organizations/policyAttachment:PolicyAttachment"
ACCOUNT = "aws:organizations/account:Account"
SCP = "SERVICE_CONTROL_POLICY"
DENIED: list[str] = setting(
    [
        "cloudtrail:DeleteTrail",
        "cloudtrail:StopLogging",
        "config:DeleteConfigurationRecorder",
        "config:StopConfigurationRecorder",
        "guardduty:DeleteDetector",
        "organizations:LeaveOrganization",
        "securityhub:DisableSecurityHub",
    ],
    "actions that a service control policy denies in every account",
    owner="guard_rails_complete",
)


def _is_scp(policy: Resource) -> bool:
    # AWS Organizations API Reference, CreatePolicy; the provider's default is this kind.
    return bool(policy.get("type", default=SCP) == SCP)


@rule(
    on=(POLICY,),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:SCP",),
    fix="deny what the message names in one of the stack's service control policies",
)
def guard_rails_complete(policy: Resource, graph: Graph, *, denied: list[str] = DENIED) -> Iterator[Finding]:
    """An account's own administrator must not be able to blind those who watch it, or to leave.

    The policies are judged together; the first of them answers for what all of them lack.
    """
    if not _is_scp(policy):
        raise NotApplicable("it is no service control policy")
    found: list[Props] = []
    unknown: Unknown | None = None
    for item in graph.of_type(POLICY):
        try:
            found += [s for s in statements(item, "content") if _is_scp(item) and s.get("Effect") == "Deny"]
        except Unknown as error:
            unknown = error
    missing = [action for action in denied if not any(_denies(statement, action) for statement in found)]
    if not any(_denies_regions(statement) for statement in found):
        missing.append("what is outside the promised regions (aws:RequestedRegion)")
    if not any(_denies_root(statement) for statement in found):
        missing.append("the root user of an account (aws:PrincipalArn arn:aws:iam::*:root)")
    if missing and unknown:
        raise unknown
    for name in missing:
        yield f"no service control policy of the stack denies {name}"


def _denies(statement: Props, action: str) -> bool:
    """Return whether a statement denies an action everywhere, to all but those it names."""
    if _denies_regions(statement) or _denies_root(statement):
        return False
    if statement.get("NotAction") is not None:
        return not any(action_matches(pattern, action) for pattern in texts_of(statement, "NotAction"))
    return any(action_matches(pattern, action) for pattern in texts_of(statement, "Action"))


def _denies_regions(statement: Props) -> bool:
    return any(
        key == "aws:requestedregion" and operator.startswith("stringnot") for operator, key, _ in conditions(statement)
    )


def _denies_root(statement: Props) -> bool:
    return any(
        key == "aws:principalarn" and "not" not in operator and any(value.endswith(":root") for value in values)
        for operator, key, values in conditions(statement)
    )


def _deny(action: Any, **condition: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": "*", **({"Condition": condition} if condition else {})}


ROOT = _deny("*", StringLike={"aws:PrincipalArn": "arn:aws:iam::*:root"})
REGIONS = _deny("*", StringNotEquals={"aws:RequestedRegion": ["us-west-2", "us-west-1"]})


def _guard_rails(*parts: dict[str, Any], attached: bool = True) -> None:
    for index, part in enumerate(parts):
        content = json.dumps({"Version": "2012-10-17", "Statement": [part]})
        policy = aws.organizations.Policy(f"guard-{index}", content=content)
        if attached:
            aws.organizations.PolicyAttachment(f"guard-{index}", policy_id=policy.id, target_id="ou-production")


@guard_rails_complete.passes
def every_guard_rail() -> None:
    _guard_rails(_deny(list(DENIED.default)), ROOT, REGIONS)  # type: ignore[attr-defined] # a setting, until it runs


@guard_rails_complete.fails
def trail_can_be_stopped() -> None:
    _guard_rails(_deny(["organizations:LeaveOrganization"]), ROOT, REGIONS)


@guard_rails_complete.fails
def any_region() -> None:
    _guard_rails(_deny(list(DENIED.default)), ROOT)  # type: ignore[attr-defined] # a setting, until it runs


@rule(
    on=(POLICY,),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:SCP-ATTACH",),
    fix="attach the policy to the organizational unit of production by an aws.organizations.PolicyAttachment",
)
def guard_rail_attached(policy: Resource, graph: Graph) -> Iterator[Finding]:
    """A policy that is attached to nothing binds nobody."""
    if not _is_scp(policy):
        raise NotApplicable("it is no service control policy")
    if not graph.children(policy, on=ATTACHMENT, via="policyId"):
        yield "it is attached to nothing"


@guard_rail_attached.passes
def attached() -> None:
    _guard_rails(ROOT)


@guard_rail_attached.fails
def attached_to_nothing() -> None:
    _guard_rails(ROOT, attached=False)


ENVIRONMENTS: list[str] = setting(
    ["production", "staging", "log-archive"], "values of the environment tag of accounts that must exist, one each"
)


@rule(
    on=(ACCOUNT,),
    severity=Severity.HIGH,
    promise="sdlc",
    controls=("PH:ENV-SPLIT",),
    fix="give each environment an account of its own, tagged environment",
)
def environment_in_account_of_its_own(
    account: Resource, graph: Graph, *, environments: list[str] = ENVIRONMENTS
) -> Iterator[Finding]:
    """A mistake, or an intruder, in staging must not be one in production; trails are kept where neither can write."""
    own = account.tag("environment")
    if own is None:
        yield "tag environment is not set"
        return
    if own not in environments:
        raise NotApplicable(f"{own} may share an account")
    found = [other.tag("environment") for other in graph.of_type(ACCOUNT)]
    if found.count(own) > 1:
        yield f"{own} has {found.count(own)} accounts"
    for name in environments:
        if name not in found:
            yield f"{name} has no account of its own"


def _accounts(*environments: str | None) -> None:
    for index, name in enumerate(environments):
        tags = {"environment": name} if name else None
        aws.organizations.Account(f"account-{index}", email=f"aws+{index}@example.com", tags=tags)


@environment_in_account_of_its_own.passes
def three_accounts() -> None:
    _accounts("production", "staging", "log-archive", "research")


@environment_in_account_of_its_own.fails
def trails_kept_in_production() -> None:
    _accounts("production", "staging")


@environment_in_account_of_its_own.fails
def an_account_for_nobody_knows_what() -> None:
    _accounts(None)


AUDIENCES: list[str] = setting(["sts.amazonaws.com"], "audiences that an identity provider's tokens may have")
ISSUERS: list[str] = setting(
    ["token.actions.githubusercontent.com", ".amazonaws.com"],
    "hosts whose tokens are trusted; .example.com covers those below it too",
)
PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"


@rule(
    on=(PROVIDER,),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:IAM-OIDC",),
    fix="name the audience that tokens for AWS have, and no other, and an issuer of the setting",
)
def identity_provider_names_its_audience(
    provider: Resource,
    *,
    audiences: list[str] = AUDIENCES,
    issuers: list[str] = ISSUERS,
) -> Iterator[Finding]:
    """A token that was made for something else must open nothing here."""
    found = list(provider.get("clientIdLists", default=()))
    if not found:
        yield "clientIdLists names no audience"
    for audience in found:
        if audience not in audiences:
            yield f"clientIdLists names {audience}"
    host = str(provider.get("url", default="")).removeprefix("https://").partition("/")[0].lower()
    if not any(host == known or (known.startswith(".") and host.endswith(known)) for known in issuers):
        yield f"url leads to {host or 'nowhere'}, whose tokens are not trusted"


def _provider(url: str, *audiences: str) -> None:
    aws.iam.OpenIdConnectProvider("pipeline", url=url, client_id_lists=list(audiences))


@identity_provider_names_its_audience.passes
def for_aws_alone() -> None:
    _provider("https://token.actions.githubusercontent.com", "sts.amazonaws.com")


@identity_provider_names_its_audience.passes
def of_a_cluster() -> None:
    _provider("https://oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF", "sts.amazonaws.com")


@identity_provider_names_its_audience.fails
def for_whatever_the_token_was_made() -> None:
    _provider("https://token.actions.githubusercontent.com", "sts.amazonaws.com", "https://github.com/somebody")


@identity_provider_names_its_audience.fails
def of_a_stranger() -> None:
    _provider("https://tokens.example.com", "sts.amazonaws.com")
