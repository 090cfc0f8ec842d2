"""Diagnostic access: a named person looks at a customer's installation, for days, and takes nothing away."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from policy_pack.callers import principals
from policy_pack.documents import action_matches, allows, conditions, name_of, statements, texts_of
from policy_pack.examples import OWN_ACCOUNT, allow
from policy_pack.tokens import ROLE
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Severity, aws, each, rule, setting

TIER: str = setting("diagnostic", "value of the access-tier tag of a diagnostic role", owner="diagnostic_role_expires")
REFERENCES: list[str] = setting(
    ["dpa-ref", "nda-ref", "ticket", "expires", "accessor-country"], "tags that every diagnostic role carries"
)


def require_diagnostic(role: Resource, tier: str) -> None:
    """Raise `NotApplicable` unless a role is for diagnostic access."""
    if role.tag("access-tier") != tier:
        raise NotApplicable("it isn't a diagnostic role")


@rule(
    on=(ROLE,),
    severity=Severity.CRITICAL,
    promise="gdpr",
    controls=("PH:DIAG-WINDOW",),
    fix="let every statement of the trust hold from a DateGreaterThan to a DateLessThan on aws:CurrentTime, days apart",
)
def diagnostic_role_expires(
    role: Resource, *, tier: str = TIER, days: int = setting(7, "days that the access may last", minimum=1)
) -> Iterator[Finding]:
    """Access ends by itself, even where everybody forgot about it."""
    require_diagnostic(role, tier)

    def judge(statement: Props) -> Iterator[Finding]:
        if not allows(statement):
            return
        times = {
            operator.removesuffix("equals"): values[0]
            for operator, key, values in conditions(statement)
            if key == "aws:currenttime" and len(values) == 1 and operator.startswith("date")
        }
        start, end = times.get("dategreaterthan"), times.get("datelessthan")
        if start is None or end is None:
            yield f"{name_of(statement)} has no beginning and end on aws:CurrentTime"
        elif _time(end) - _time(start) > datetime.timedelta(days=days):
            yield f"{name_of(statement)} holds for more than {days} days"
        elif _time(end) <= _time(start):
            yield f"{name_of(statement)} ends before it begins"

    yield from each(statements(role, "assumeRolePolicy"), judge)


def _time(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


PERSON = f"arn:aws:iam::{OWN_ACCOUNT}:role/ada"
WINDOW = {
    "DateGreaterThan": {"aws:CurrentTime": "2026-03-01T08:00:00Z"},
    "DateLessThan": {"aws:CurrentTime": "2026-03-03T08:00:00Z"},
}
PROOF: dict[str, dict[str, str]] = {
    "StringEquals": {"sts:ExternalId": "ticket-1"},
    "Bool": {"aws:MultiFactorAuthPresent": "true"},
    "IpAddress": {"aws:SourceIp": "198.51.100.7/32"},
}
TAGS = {
    "access-tier": "diagnostic",
    "dpa-ref": "dpa/1",
    "nda-ref": "nda/1",
    "ticket": "1",
    "expires": "2026-03-03",
    "accessor-country": "DE",
}


def _role(condition: object, principal: str = PERSON, tags: dict[str, str] = TAGS, **more: Any) -> aws.iam.Role:
    trust = allow("sts:AssumeRole", Principal={"AWS": principal}, Condition=condition)
    return aws.iam.Role("look", assume_role_policy=trust, tags=tags, **more)


@diagnostic_role_expires.passes
def for_two_days() -> None:
    _role(WINDOW)


@diagnostic_role_expires.fails
def for_good() -> None:
    _role({"DateGreaterThan": {"aws:CurrentTime": "2026-03-01T08:00:00Z"}})


@diagnostic_role_expires.fails
def for_a_year() -> None:
    _role(WINDOW | {"DateLessThan": {"aws:CurrentTime": "2027-03-01T08:00:00Z"}})


@rule(
    on=(ROLE,),
    severity=Severity.HIGH,
    promise="gdpr",
    controls=("PH:DIAG-TAGS",),
    fix="tag the role with the references; an accessor in the US needs scc-ref too",
)
def diagnostic_role_documented(
    role: Resource, *, tier: str = TIER, references: list[str] = REFERENCES
) -> Iterator[Finding]:
    """No access without a data processing agreement, a mutual NDA and, from the US, standard contractual clauses."""
    require_diagnostic(role, tier)
    for key in (*references, *(("scc-ref",) if role.tag("accessor-country") == "US" else ())):
        if not role.tag(key):
            yield f"tag {key} is not set"


@diagnostic_role_documented.passes
def with_its_papers() -> None:
    _role(WINDOW)


@diagnostic_role_documented.fails
def without_an_nda() -> None:
    _role(WINDOW, tags={**TAGS, "nda-ref": ""})


@diagnostic_role_documented.fails
def from_the_us_without_clauses() -> None:
    _role(WINDOW, tags={**TAGS, "accessor-country": "US"})


@rule(
    on=(ROLE,),
    severity=Severity.HIGH,
    promise="gdpr",
    controls=("PH:DIAG-SESSION", "PH:DIAG-BOUNDARY"),
    fix="name one person with MFA, an external id and a source address; sessions of an hour, under a boundary",
)
def diagnostic_role_for_one_person(role: Resource, *, tier: str = TIER) -> Iterator[Finding]:
    """The customer is told who looks, from where; nobody else can."""
    require_diagnostic(role, tier)
    if role.get("maxSessionDuration", default=3600) != 3600:
        yield "maxSessionDuration is not 3600"
    if not role.has("permissionsBoundary"):
        yield "permissionsBoundary is not set"

    def judge(statement: Props) -> Iterator[Finding]:
        if not allows(statement):
            return
        for kind, text in principals(statement):
            if kind != "AWS" or ":" not in text or text.endswith((":root", "*")):
                yield f"{name_of(statement)} lets in {text}, which is no single person"
        found = {
            key
            for operator, key, values in conditions(statement)
            if operator in {"stringequals", "ipaddress"} or (operator == "bool" and values[0].lower() == "true")
        }
        for key in ("sts:ExternalId", "aws:MultiFactorAuthPresent"):
            if key.lower() not in found:
                yield f"{name_of(statement)} does not require {key}"
        if not found.intersection({"aws:sourceip", "aws:sourcevpce"}):
            yield f"{name_of(statement)} requires neither aws:SourceIp nor aws:SourceVpce"

    yield from each(statements(role, "assumeRolePolicy"), judge)


BOUNDARY = f"arn:aws:iam::{OWN_ACCOUNT}:policy/diagnostic"


@diagnostic_role_for_one_person.passes
def ada_from_the_office() -> None:
    _role(PROOF, permissions_boundary=BOUNDARY)


@diagnostic_role_for_one_person.fails
def everybody_in_the_account() -> None:
    _role(PROOF, f"arn:aws:iam::{OWN_ACCOUNT}:root", permissions_boundary=BOUNDARY)


@diagnostic_role_for_one_person.fails
def from_anywhere() -> None:
    _role({key: value for key, value in PROOF.items() if key != "IpAddress"}, permissions_boundary=BOUNDARY)


ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
MANAGED_POLICY = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
# What reads settings and logs, and neither changes nor takes away anything.
READS: list[str] = setting(
    [
        "cloudwatch:Describe*",
        "cloudwatch:Get*",
        "cloudwatch:List*",
        "ec2:Describe*",
        "ecs:Describe*",
        "ecs:List*",
        "eks:Describe*",
        "eks:List*",
        "kafka:Describe*",
        "kafka:List*",
        "logs:Describe*",
        "logs:FilterLogEvents",
        "logs:Get*",
        "logs:StartQuery",
        "rds:Describe*",
    ],
    "patterns of the actions that diagnostic access may use",
)


@rule(
    on=(ROLE_POLICY, MANAGED_POLICY),
    severity=Severity.HIGH,
    promise="gdpr",
    controls=("PH:DIAG-READONLY",),
    fix="allow reads of the list, on ARNs that are named",
)
def diagnostic_role_reads_only(
    policy: Resource, graph: Graph, *, tier: str = TIER, reads: list[str] = READS
) -> Iterator[Finding]:
    """Whoever looks must not be able to change or to export what they see."""
    if not any(role.tag("access-tier") == tier for role in _roles(policy, graph)):
        raise NotApplicable("it isn't of a diagnostic role of this stack")

    def judge(statement: Props) -> Iterator[Finding]:
        if not allows(statement):
            return
        if statement.get("NotAction") is not None or statement.get("NotResource") is not None:
            yield f"{name_of(statement)} allows by exception"
        for action in texts_of(statement, "Action"):
            # A pattern of the policy falls under one of the list where its own wildcards come later.
            if not any(action_matches(pattern, action) for pattern in reads):
                yield f"{name_of(statement)} allows {action}"

    yield from each(statements(policy, "policy"), judge)


def _roles(policy: Resource, graph: Graph) -> Iterator[Resource]:
    """Yield the roles that a policy is inside of, or attached to."""
    holders = [policy] if policy.type == ROLE_POLICY else graph.children(policy, on=ATTACHMENT, via="policyArn")
    for holder in holders:
        yield from graph.targets(holder, "role", ROLE)


def _allow(action: object) -> None:
    look = _role(WINDOW)
    document = allow(action, Resource=f"arn:aws:logs:us-west-2:{OWN_ACCOUNT}:log-group:web:*")
    aws.iam.RolePolicy("look", role=look.name, policy=document)
    managed = aws.iam.Policy("look", policy=document)
    aws.iam.RolePolicyAttachment("look", role=look.name, policy_arn=managed.arn)


@diagnostic_role_reads_only.passes
def reads_logs() -> None:
    _allow(["logs:GetLogEvents", "logs:FilterLogEvents"])


@diagnostic_role_reads_only.fails
def exports() -> None:
    _allow(["logs:GetLogEvents", "rds:StartExportTask"])


@diagnostic_role_reads_only.fails
def everything() -> None:
    _allow("logs:*")
