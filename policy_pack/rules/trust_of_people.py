"""Trust in people: a role that they take says whose it is, and asks for more than a password."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.callers import compares, is_narrowed_by, principals
from policy_pack.documents import allows, conditions, name_of, statements
from policy_pack.examples import OWN_ACCOUNT
from policy_pack.rules.escalation import TIER_TAG
from policy_pack.rules.identities import OF_PEOPLE
from policy_pack.rules.key_use import ACCOUNT
from policy_pack.rules.trust import trust
from policy_pack.tokens import ROLE
from policy_pack.vocabulary import Finding, NotApplicable, Props, Resource, Severity, aws, each, rule

# IAM Identity Center asks for MFA when people sign in, and its sessions carry no key that tells (its User Guide,
# "Prompt users for MFA").
SIGNED_IN = ("/aws-reserved/sso.amazonaws.com/", "/AWSReservedSSO_")


@rule(
    on=(ROLE,),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:SSO-MFA",),
    fix="add Bool aws:MultiFactorAuthPresent true to the statement that lets people in",
)
def people_assume_role_with_mfa(
    role: Resource, *, tag: str = TIER_TAG, of_people: list[str] = OF_PEOPLE
) -> Iterator[Finding]:
    """A stolen password alone must not open a role.

    People are the users that a trust policy names, and whoever may take a role that a tag gives to people.
    """
    for_people = role.tag(tag) in of_people
    people = for_people

    def judge(statement: Props) -> Iterator[Finding]:
        nonlocal people
        if not allows(statement):
            return
        names = [
            text
            for kind, text in principals(statement)
            if kind == "AWS" and (for_people or ":user/" in text) and not any(part in text for part in SIGNED_IN)
        ]
        people = people or bool(names)
        # Long-lived keys send no such key, and pass BoolIfExists (IAM User Guide, "aws:MultiFactorAuthPresent").
        proven = any(
            operator == "bool" and key == "aws:multifactorauthpresent" and set(map(str.lower, values)) == {"true"}
            for operator, key, values in conditions(statement)
        )
        if names and not proven:
            yield f"{name_of(statement)} lets {names[0].rpartition('/')[2]} assume the role without MFA"

    yield from each(statements(role, "assumeRolePolicy"), judge)
    if not people:
        raise NotApplicable("it trusts no user by name, and its tier isn't one of people")


_PERSON = {"AWS": f"arn:aws:iam::{OWN_ACCOUNT}:user/ada"}
_EVERYBODY = {"AWS": f"arn:aws:iam::{OWN_ACCOUNT}:root"}
_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
_HUMAN = {"access-tier": "human"}
_SSO = f"arn:aws:iam::{OWN_ACCOUNT}:role/aws-reserved/sso.amazonaws.com/us-west-2/AWSReservedSSO_Engineer_0123456789ab"


@people_assume_role_with_mfa.passes
def with_a_second_factor() -> None:
    aws.iam.Role("admin", assume_role_policy=trust(_PERSON, _MFA))
    aws.iam.Role("engineer", assume_role_policy=trust(_EVERYBODY, _MFA), tags=_HUMAN)
    aws.iam.Role("auditor", assume_role_policy=trust({"AWS": _SSO}), tags=_HUMAN)
    aws.iam.Role("machine", assume_role_policy=trust(_EVERYBODY))


@people_assume_role_with_mfa.fails
def with_a_password() -> None:
    aws.iam.Role("admin", assume_role_policy=trust(_PERSON))


@people_assume_role_with_mfa.fails
def with_a_key_of_years() -> None:
    skipped = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}
    aws.iam.Role("admin", assume_role_policy=trust(_PERSON, skipped))


@people_assume_role_with_mfa.fails
def for_people_by_its_tier() -> None:
    aws.iam.Role("engineer", assume_role_policy=trust(_EVERYBODY), tags=_HUMAN)


WHO = ("aws:principaltag/", "aws:userid", "aws:username")


@rule(
    on=(ROLE,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:IAM-TRUST",),
    fix="name the people or their roles, or compare aws:PrincipalTag or aws:PrincipalArn with what those have",
)
def role_of_people_says_whose(
    role: Resource, *, tag: str = TIER_TAG, of_people: list[str] = OF_PEOPLE
) -> Iterator[Finding]:
    """A role that a whole account may take is as good as what the least careful policy of that account allows."""
    if role.tag(tag) not in of_people:
        raise NotApplicable("its tier isn't one of people")

    def judge(statement: Props) -> Iterator[Finding]:
        if allows(statement) and not (compares(statement, *WHO) or is_narrowed_by(statement, "aws:principalarn")):
            for kind, text in principals(statement):
                if kind == "AWS" and ACCOUNT.fullmatch(text):
                    yield f"{name_of(statement)} lets in whomever the account {text} lets take the role"

    yield from each(statements(role, "assumeRolePolicy"), judge)


@role_of_people_says_whose.passes
def those_with_a_tag() -> None:
    tagged = {"StringEquals": {"aws:PrincipalTag/access": "engineer"}}
    aws.iam.Role("engineer", assume_role_policy=trust(_EVERYBODY, tagged | _MFA), tags=_HUMAN)
    aws.iam.Role("ada", assume_role_policy=trust(_PERSON, _MFA), tags=_HUMAN)
    aws.iam.Role("machine", assume_role_policy=trust(_EVERYBODY))


@role_of_people_says_whose.fails
def the_whole_account() -> None:
    aws.iam.Role("engineer", assume_role_policy=trust(_EVERYBODY, _MFA), tags=_HUMAN)


@role_of_people_says_whose.fails
def everybody_with_any_tag() -> None:
    tagged = {"StringLike": {"aws:PrincipalTag/access": "*"}}
    aws.iam.Role("engineer", assume_role_policy=trust({"AWS": OWN_ACCOUNT}, tagged), tags=_HUMAN)
