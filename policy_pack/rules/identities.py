"""Identities: people come through groups and expiring sessions, machines through roles; nobody holds a lasting key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policy_pack.examples import allow, declare
from policy_pack.rules.escalation import BREAK_GLASS, TIER_TAG
from policy_pack.tokens import PERMISSION_SET, ROLE
from policy_pack.vocabulary import Finding, NotApplicable, Resource, Row, Severity, aws, rule, setting

ACCESS_KEY = "aws:iam/accessKey:AccessKey"
PROVIDER = "pulumi:providers:aws"
MIGHTY: list[str] = setting(["break-glass", "production-admin"], "tiers whose sessions last an hour at most")
OF_PEOPLE: list[str] = setting(["break-glass", "human", "diagnostic"], "tiers of the roles that people use")
BOUNDED: list[str] = setting(["human", "diagnostic", "pipeline"], "tiers whose roles need a permissions boundary")
USERS = (
    "aws:iam/user:User",
    "aws:iam/userLoginProfile:UserLoginProfile",
)


@rule(
    on=(ACCESS_KEY, PROVIDER),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:IAM-NO-KEYS",),
    fix="remove the key: machines take a role, a pipeline one by OIDC; to retire a key, set status to Inactive first",
)
def no_long_lived_key(key: Resource) -> Iterator[Finding]:
    """A key that never expires is used for years by whoever copied it once."""
    if key.type == PROVIDER:
        # IAM User Guide, "Unique identifiers": a user's keys begin with AKIA, those of a session with ASIA.
        if str(key.get("accessKey", default="")).startswith("AKIA"):
            yield "accessKey is a key that never expires"
    elif key.get("status", default="Active") != "Inactive":
        yield "it is a key that never expires"


@no_long_lived_key.passes
def being_retired() -> None:
    aws.iam.AccessKey("old", user="deploy", status="Inactive")


@no_long_lived_key.passes
def for_an_hour() -> None:
    aws.Provider("west", region="us-west-2", access_key="ASIA" + 16 * "A", token="session")  # noqa: S106 - it is none


@no_long_lived_key.fails
def in_the_program() -> None:
    aws.Provider("west", region="us-west-2", access_key="AKIA" + 16 * "A", secret_key="key")  # noqa: S106 - it is none


@no_long_lived_key.fails
def in_use() -> None:
    aws.iam.AccessKey("deploy", user="deploy")


@rule(
    on=USERS,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("SH:IAM.5", "SH:IAM.19", "CIS7:2.10"),
    fix="give people a permission set in IAM Identity Center and machines a role; an exception needs a waiver",
)
def no_iam_user(user: Resource, *, tag: str = TIER_TAG, break_glass: str = BREAK_GLASS) -> Iterator[Finding]:
    """People who leave lose what Identity Center gave them, on that day; a user of IAM stays."""
    if user.type != USERS[0]:
        yield "it is a password for the console outside of IAM Identity Center"
    elif user.tag(tag) != break_glass:
        yield "it is a user of IAM"


@no_iam_user.passes
def for_emergencies() -> None:
    aws.iam.User("emergency", tags={"access-tier": "break-glass"})


@no_iam_user.fails
def a_person() -> None:
    aws.iam.User("ada")


@no_iam_user.fails
def a_password() -> None:
    aws.iam.UserLoginProfile("ada", user="ada")


GROUPS_ONLY: dict[str, str] = {
    "aws:iam/policyAttachment:PolicyAttachment": "users",
    "aws:iam/userPolicy:UserPolicy": "user",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "user",
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": "policyArns",
}


@rule(
    on=GROUPS_ONLY,
    severity=Severity.LOW,
    promise="system-access-control",
    controls=("SH:IAM.2", "CIS7:2.13"),
    fix="attach the policy to a group, a role or a permission set",
)
def rights_arrive_through_groups(resource: Resource, row: str) -> Iterator[Finding]:
    """Rights that hang on one person are forgotten when the person changes teams."""
    if resource.has(row):
        yield f"{row} is set"


@rights_arrive_through_groups.passes
def to_a_role() -> None:
    aws.iam.PolicyAttachment("read", policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess", roles=["reader"])
    for token in GROUPS_ONLY:
        declare(token)


@rights_arrive_through_groups.fails
def to_people() -> None:
    aws.iam.PolicyAttachment("read", policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess", users=["ada"])


@rights_arrive_through_groups.fails
def inside_a_person() -> None:
    aws.iam.UserPolicy("read", user="ada", policy=allow("s3:GetObject", Resource="arn:aws:s3:::data/*"))


_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@rule(
    on=(PERMISSION_SET,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:SSO-SESSION",),
    fix="set sessionDuration to eight hours at most, to one for what is mighty",
)
def permission_set_session_short(
    permission_set: Resource,
    *,
    tag: str = TIER_TAG,
    mighty: list[str] = MIGHTY,
    longest_minutes: int = setting(480, "minutes of a session of another tier at most", minimum=60),
) -> Iterator[Finding]:
    """A session that a laptop left behind must end by itself."""
    # IAM Identity Center API Reference, CreatePermissionSet: an hour where none is given.
    text = str(permission_set.get("sessionDuration", default="PT1H"))
    match = _DURATION.fullmatch(text)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (99, 0, 0, 0)
    lasts = days * 1440 + hours * 60 + minutes + seconds / 60
    if lasts > 60:
        most = 60 if permission_set.tag(tag) in mighty else longest_minutes
        if lasts > most:
            yield f"sessionDuration is {text}, more than {most} minutes"


@permission_set_session_short.passes
def a_working_day() -> None:
    aws.ssoadmin.PermissionSet("engineer", instance_arn="arn", session_duration="PT8H")
    aws.ssoadmin.PermissionSet("reader", instance_arn="arn")


@permission_set_session_short.fails
def overnight() -> None:
    aws.ssoadmin.PermissionSet("engineer", instance_arn="arn", session_duration="PT8H30M")


@permission_set_session_short.fails
def an_administrators_day() -> None:
    tags = {"access-tier": "production-admin"}
    aws.ssoadmin.PermissionSet("admin", instance_arn="arn", session_duration="PT2H", tags=tags)


EXPECTED = {
    "aws:ssoadmin/accountAssignment:AccountAssignment": Row(("principalType",), ("GROUP",), controls=("PH:SSO-GROUP",)),
    "aws:ssoadmin/applicationAssignment:ApplicationAssignment": Row(
        ("principalType",), ("GROUP",), controls=("PH:SSO-GROUP",)
    ),
}


@rule(
    on=EXPECTED,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    fix="assign it to a group",
)
def assigned_to_group(assignment: Resource, row: Row) -> Iterator[Finding]:
    """A review reads groups; what one person got beside them is missed."""
    yield from row.judge(assignment)


@assigned_to_group.passes
def to_a_group() -> None:
    for token in EXPECTED:
        declare(token, principalType="GROUP")


@assigned_to_group.fails
def to_a_person() -> None:
    declare("aws:ssoadmin/accountAssignment:AccountAssignment", principalType="USER")


@rule(
    on=("aws:iam/organizationsFeatures:OrganizationsFeatures",),
    severity=Severity.CRITICAL,
    promise="system-access-control",
    controls=("PH:ROOT-FEATURES",),
    fix="enable RootCredentialsManagement and RootSessions",
)
def root_credentials_centralized(features: Resource) -> Iterator[Finding]:
    """A member account without root credentials has none that could be stolen."""
    for name in ("RootCredentialsManagement", "RootSessions"):
        if name not in features.get("enabledFeatures", default=()):
            yield f"enabledFeatures lacks {name}"


@root_credentials_centralized.passes
def both_features() -> None:
    aws.iam.OrganizationsFeatures("root", enabled_features=["RootCredentialsManagement", "RootSessions"])


@root_credentials_centralized.fails
def one_feature() -> None:
    aws.iam.OrganizationsFeatures("root", enabled_features=["RootSessions"])


@rule(
    on=(ROLE,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:IAM-SESSION",),
    fix="set maxSessionDuration to four hours at most, to one for what people use",
)
def role_session_short(
    role: Resource,
    *,
    tag: str = TIER_TAG,
    of_people: list[str] = OF_PEOPLE,
    longest_seconds: int = setting(14400, "seconds of a machine's session at most", minimum=3600),
) -> Iterator[Finding]:
    """Stolen credentials of a session end with it."""
    # IAM API Reference, CreateRole: an hour where none is given.
    lasts = role.get("maxSessionDuration", default=3600)
    if lasts > 3600:
        most = 3600 if role.tag(tag) in of_people else longest_seconds
        if lasts > most:
            yield f"maxSessionDuration is {lasts}, more than {most}"


@role_session_short.passes
def a_machines_batch() -> None:
    aws.iam.Role("batch", assume_role_policy=allow("sts:AssumeRole"), max_session_duration=14400)


@role_session_short.fails
def a_machines_night() -> None:
    aws.iam.Role("batch", assume_role_policy=allow("sts:AssumeRole"), max_session_duration=43200)


@role_session_short.fails
def a_persons_afternoon() -> None:
    tags = {"access-tier": "human"}
    aws.iam.Role("ada", assume_role_policy=allow("sts:AssumeRole"), max_session_duration=7200, tags=tags)


@rule(
    on=(ROLE,),
    severity=Severity.LOW,
    promise="system-access-control",
    controls=("PH:IAM-MANAGEDARNS",),
    fix="use aws.iam.RolePolicy and aws.iam.RolePolicyAttachment, each a resource of its own",
)
def role_without_grants_inside(role: Resource) -> Iterator[Finding]:
    """Grants inside a role are deprecated, and undo those beside it without a word."""
    if not any(name in role for name in ("managedPolicyArns", "inlinePolicies")):
        return
    for name in ("managedPolicyArns", "inlinePolicies"):
        if role.has(name):
            yield f"{name} is set"


@role_without_grants_inside.passes
def grants_beside_it() -> None:
    aws.iam.Role("web", assume_role_policy=allow("sts:AssumeRole"))


@role_without_grants_inside.fails
def grants_inside_it() -> None:
    arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
    aws.iam.Role("web", assume_role_policy=allow("sts:AssumeRole"), managed_policy_arns=arns)


@rule(
    on=(ROLE,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:IAM-BOUNDARY",),
    fix="set permissionsBoundary to the boundary of its tier",
)
def role_of_people_bounded(
    role: Resource,
    *,
    tag: str = TIER_TAG,
    bounded: list[str] = BOUNDED,
) -> Iterator[Finding]:
    """Whoever may write policies for a role must not be able to write past what the role is for."""
    if role.tag(tag) not in bounded:
        raise NotApplicable("its tier needs no boundary")
    if not role.has("permissionsBoundary"):
        yield "permissionsBoundary is not set"


@role_of_people_bounded.passes
def with_a_boundary() -> None:
    tags = {"access-tier": "pipeline"}
    boundary = "arn:aws:iam::111122223333:policy/pipeline"
    aws.iam.Role("deploy", assume_role_policy=allow("sts:AssumeRole"), permissions_boundary=boundary, tags=tags)


@role_of_people_bounded.fails
def without_a_boundary() -> None:
    aws.iam.Role("deploy", assume_role_policy=allow("sts:AssumeRole"), tags={"access-tier": "pipeline"})
