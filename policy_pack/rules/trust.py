"""Trust: who may become a role, and under which conditions."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi

from policy_pack.callers import accounts_named, is_bound_to_source, lets_any_service_in, principals
from policy_pack.documents import action_matches, allows, conditions, name_of, statements, texts_of
from policy_pack.examples import OWN_ACCOUNT, allow
from policy_pack.rules.vendors import OWN_ACCOUNTS
from policy_pack.tokens import ROLE
from policy_pack.vocabulary import Finding, NotApplicable, Props, Resource, Severity, Unknown, aws, each, rule, setting

# Services whose user guides show aws:SourceAccount or aws:SourceArn in the trust of the roles that they assume
# ("Cross-service confused deputy prevention" in each). EC2, Lambda, Backup and CloudTrail send neither.
SEND_THEIR_SOURCE = frozenset(
    f"{name}.amazonaws.com"
    for name in (
        "appsync",
        "batchoperations.s3",
        "bedrock",
        "codebuild",
        "ecs-tasks",
        "iot",
        "logs",
        "monitoring.rds",
        "personalize",
        "pipes",
        "scheduler",
        "ssm",
        "states",
        "transfer",
        "vpc-flow-logs",
    )
)


@rule(
    on=(ROLE,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:IAM-CONFUSED",),
    fix="bind the service's principal with aws:SourceAccount or aws:SourceArn",
)
def service_assumes_role_for_known_sources(role: Resource) -> Iterator[Finding]:
    """A service works for all its customers: it must not be talked into taking our role for one of them."""

    def judge(statement: Props) -> Iterator[Finding]:
        if allows(statement) and not is_bound_to_source(statement):
            for kind, text in principals(statement):
                if kind == "Service" and text in SEND_THEIR_SOURCE:
                    yield f"{name_of(statement)} lets {text} assume the role on behalf of anybody"

    yield from each(statements(role, "assumeRolePolicy"), judge)


def trust(principal: object, condition: object = None, action: object = "sts:AssumeRole") -> str:
    """Return a trust policy of one statement."""
    return allow(action, Principal=principal, Condition=condition)


@service_assumes_role_for_known_sources.passes
def for_the_own_account() -> None:
    ours = {"StringEquals": {"aws:SourceAccount": OWN_ACCOUNT}}
    aws.iam.Role("task", assume_role_policy=trust({"Service": "ecs-tasks.amazonaws.com"}, ours))
    aws.iam.Role("host", assume_role_policy=trust({"Service": "ec2.amazonaws.com"}))


@service_assumes_role_for_known_sources.fails
def for_whoever_asks() -> None:
    services = ["ec2.amazonaws.com", "scheduler.amazonaws.com"]
    aws.iam.Role("jobs", assume_role_policy=trust({"Service": services}))


@service_assumes_role_for_known_sources.fails
def for_whoever_sends_no_source() -> None:
    skipped = {"StringEqualsIfExists": {"aws:SourceAccount": OWN_ACCOUNT}}
    aws.iam.Role("jobs", assume_role_policy=trust({"Service": "states.amazonaws.com"}, skipped))


@rule(
    on=(ROLE,),
    severity=Severity.HIGH,
    promise="vendor-management",
    controls=("PH:IAM-TRUST",),
    fix="require an external id of your own choice in a StringEquals on sts:ExternalId",
)
def vendor_needs_external_id(role: Resource, *, own_accounts: list[str] = OWN_ACCOUNTS) -> Iterator[Finding]:
    """A vendor holds roles of all its customers: without an id of ours, another of them can ask for our data."""
    own = {*own_accounts, *role.provider.get("allowedAccountIds", default=())}

    def judge(statement: Props) -> Iterator[Finding]:
        if any(
            key == "sts:externalid" and operator == "stringequals" and values
            for operator, key, values in conditions(statement)
        ):
            return
        foreign = [account for account in accounts_named(statement) if account not in own]
        if foreign and own:
            yield f"{name_of(statement)} lets account {foreign[0]} assume the role without sts:ExternalId"
        elif foreign:
            yield Unknown(f"whether the account in {name_of(statement)} is our own (own_accounts names none)")

    yield from each(statements(role, "assumeRolePolicy"), judge)


_VENDOR = {"AWS": "arn:aws:iam::444455556666:root"}


@vendor_needs_external_id.passes
def vendor_with_an_id() -> None:
    aws.iam.Role("audit", assume_role_policy=trust(_VENDOR, {"StringEquals": {"sts:ExternalId": "hedgerow-1"}}))


@vendor_needs_external_id.fails
def vendor_without_an_id() -> None:
    own = aws.Provider("own", region="us-west-2", allowed_account_ids=[OWN_ACCOUNT])
    aws.iam.Role("audit", assume_role_policy=trust(_VENDOR), opts=pulumi.ResourceOptions(provider=own))


@vendor_needs_external_id.undetermined
def somebody_without_an_id() -> None:
    aws.iam.Role("audit", assume_role_policy=trust(_VENDOR))


GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
BRANCHES: list[str] = setting(
    ["ref:refs/heads/main", "environment:"], "beginnings of what may follow the repository in a pipeline's sub"
)


@rule(
    on=(ROLE,),
    severity=Severity.CRITICAL,
    promise="sdlc",
    controls=("PH:IAM-OIDC",),
    fix="compare aud and sub by StringEquals; let sub name one repository and its main branch or environment",
)
def web_identity_bound_to_repository(role: Resource, *, branches: list[str] = BRANCHES) -> Iterator[Finding]:
    """An identity provider vouches for everybody's pipelines: only ours, and only from main, may become the role."""
    federated = False

    def judge(statement: Props) -> Iterator[Finding]:
        nonlocal federated
        if not allows(statement):
            return
        for kind, text in principals(statement):
            if kind == "Federated" and ":saml-provider/" not in text:
                federated = True
                yield from _judge_claims(statement, text.partition(":oidc-provider/")[2] or text, branches)

    yield from each(statements(role, "assumeRolePolicy"), judge)
    if not federated:
        raise NotApplicable("it trusts no web identity")


def _judge_claims(statement: Props, issuer: str, branches: list[str]) -> Iterator[Finding]:
    claims = {
        key: values
        for operator, key, values in conditions(statement)
        if operator in {"stringequals", "foranyvalue:stringequals"} and values
    }
    where = name_of(statement)
    if f"{issuer.lower()}:aud" not in claims:
        yield f"{where} doesn't compare {issuer}:aud by StringEquals"
    subjects = claims.get(f"{issuer.lower()}:sub")
    if not subjects:
        yield f"{where} doesn't compare {issuer}:sub by StringEquals"
    elif issuer.lower() == GITHUB:
        for subject in subjects:
            # GitHub: repo:OWNER/NAME:ref:refs/heads/BRANCH or repo:OWNER/NAME:environment:NAME.
            kind, _, rest = subject.partition(":")
            repository, _, place = rest.partition(":")
            if kind != "repo" or repository.count("/") != 1 or not place.startswith(tuple(branches)):
                yield f"{where} lets {subject} in: it must be a repository, and there {' or '.join(branches)}"


def _pipeline(sub: object, operator: str = "StringEquals", aud: object = AUDIENCE) -> str:
    provider = {"Federated": f"arn:aws:iam::{OWN_ACCOUNT}:oidc-provider/{GITHUB}"}
    condition: dict[str, dict[str, object]] = {"StringEquals": {f"{GITHUB}:aud": aud}} if aud else {}
    condition.setdefault(operator, {})[f"{GITHUB}:sub"] = sub
    return trust(provider, condition, "sts:AssumeRoleWithWebIdentity")


@web_identity_bound_to_repository.passes
def the_main_branch() -> None:
    aws.iam.Role("deploy", assume_role_policy=_pipeline("repo:hedgerow/infrastructure:ref:refs/heads/main"))
    aws.iam.Role("release", assume_role_policy=_pipeline(["repo:hedgerow/infrastructure:environment:production"]))


@web_identity_bound_to_repository.fails
def any_branch() -> None:
    aws.iam.Role("deploy", assume_role_policy=_pipeline("repo:hedgerow/infrastructure:*", "StringLike"))


@web_identity_bound_to_repository.fails
def any_repository() -> None:
    subjects = ["repo:hedgerow/infrastructure:ref:refs/heads/main", "repo:hedgerow/*:ref:refs/heads/main"]
    aws.iam.Role("deploy", assume_role_policy=_pipeline(subjects, "StringLike"))


@web_identity_bound_to_repository.fails
def a_pull_request() -> None:
    aws.iam.Role("deploy", assume_role_policy=_pipeline("repo:hedgerow/infrastructure:pull_request"))


@web_identity_bound_to_repository.fails
def any_audience() -> None:
    subject = "repo:hedgerow/infrastructure:ref:refs/heads/main"
    aws.iam.Role("deploy", assume_role_policy=_pipeline(subject, aud=None))


@web_identity_bound_to_repository.fails
def only_if_sent() -> None:
    subject = "repo:hedgerow/infrastructure:ref:refs/heads/main"
    aws.iam.Role("deploy", assume_role_policy=_pipeline(subject, "StringEqualsIfExists"))


@rule(
    on=(ROLE,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:IAM-TRUST",),
    fix="name the principals, and sts:AssumeRole or the action that they need beside it",
)
def role_trust_names_who_and_what(role: Resource) -> Iterator[Finding]:
    """A trust policy is read to learn who comes in and how: `*` says neither, whatever its conditions leave of it.

    Everybody bound to a known source is every service that acts for that source; every action is also the right to
    tag a session, by which policies tell sessions apart.
    """

    def judge(statement: Props) -> Iterator[Finding]:
        if lets_any_service_in(statement):
            yield f"{name_of(statement)} lets in every service that acts for a known source"
        for action in texts_of(statement, "Action") if allows(statement) else ():
            if "*" in action and action_matches(action, "sts:TagSession"):
                yield f"{name_of(statement)} allows {action}"

    yield from each(statements(role, "assumeRolePolicy"), judge)


_FLOW_LOGS = {"ArnLike": {"aws:SourceArn": f"arn:aws:ec2:us-west-2:{OWN_ACCOUNT}:vpc-flow-log/*"}}


@role_trust_names_who_and_what.passes
def one_service() -> None:
    service = {"Service": "vpc-flow-logs.amazonaws.com"}
    aws.iam.Role("logs", assume_role_policy=trust(service, _FLOW_LOGS))
    aws.iam.Role(
        "pods",
        assume_role_policy=trust({"Service": "pods.eks.amazonaws.com"}, None, ["sts:AssumeRole", "sts:TagSession"]),
    )
    ours = {"StringEquals": {"aws:PrincipalOrgID": "o-1111122222"}}
    aws.iam.Role("ours", assume_role_policy=trust("*", ours))


@role_trust_names_who_and_what.fails
def whoever_acts_for_a_source() -> None:
    aws.iam.Role("logs", assume_role_policy=trust("*", _FLOW_LOGS))


@role_trust_names_who_and_what.fails
def every_action() -> None:
    aws.iam.Role("host", assume_role_policy=trust({"Service": "ec2.amazonaws.com"}, None, "sts:*"))
