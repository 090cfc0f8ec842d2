"""Privilege escalation: nobody can give themselves what they weren't given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from policy_pack.examples import allow, declare
from policy_pack.identity_policies import IDENTITY_POLICIES, is_held_by, judge_documents
from policy_pack.permissions import spell
from policy_pack.reach import reach_of
from policy_pack.rules.access import declare_in_every_form
from policy_pack.tokens import PERMISSION_SET, ROLE
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Severity,
    Unknown,
    aws,
    each,
    rule,
    setting,
)

TIER_TAG: str = setting(
    "access-tier", "key of the tag that tells who uses a role, and for what", owner="admin_policy_not_attached"
)
PROVISIONING: list[str] = setting(
    ["pipeline", "break-glass"], "tiers of the roles that create, change and delete infrastructure for a living"
)


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:IAM-ESCALATE",),
    fix="name the identities that may be changed, the roles that may be passed and the machines that may be altered",
)
def no_privilege_escalation(
    policy: Resource, row: str, graph: Graph, *, tag: str = TIER_TAG, provisioning_tiers: list[str] = PROVISIONING
) -> Iterator[Finding]:
    """A pipeline's or a person's rights end where they were written down.

    Changing every machine or function, to run code under its role, is what provisioning is: roles of those tiers are
    only judged for what changes or takes over identities.
    """

    def judge(holder: Props, name: str) -> Iterator[Finding]:
        reach = reach_of(holder, name)
        yield from map(Unknown, reach.unknown)
        told: list[frozenset[str]] = []
        for way, needed in reach.ways():
            if any(shorter <= needed for shorter in told):
                continue
            if changes_identities(needed) or not is_held_by(policy, graph, tag, provisioning_tiers):
                told.append(needed)
                yield f"it allows {spell(needed)} on everything: a way to more rights ({way})"

    yield from judge_documents(policy, row, graph, judge)


def changes_identities(actions: Iterable[str]) -> bool:
    """Return whether a way to more rights changes or takes over identities, which is nobody's to do everywhere."""
    return any(action.startswith(("iam:", "sts:")) for action in actions)


@no_privilege_escalation.passes
def one_role_only() -> None:
    declare_in_every_form(allow(["sts:AssumeRole", "iam:PutRolePolicy"], Resource="arn:aws:iam::*:role/app-*"))
    aws.iam.Policy("run", policy=allow(["lambda:CreateFunction", "lambda:InvokeFunction"], Resource="*"))


@no_privilege_escalation.passes
def code_under_roles_of_another_service() -> None:
    to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    parts = [
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": to_tasks},
        {"Effect": "Allow", "Action": ["lambda:CreateFunction", "lambda:InvokeFunction"], "Resource": "*"},
    ]
    aws.iam.Policy("deploy", policy=json.dumps({"Statement": parts}))


@no_privilege_escalation.passes
def all_but_what_is_denied() -> None:
    denied = {"Effect": "Deny", "Action": ["iam:*", "sts:AssumeRole"], "Resource": "*"}
    some = {"Effect": "Allow", "Action": ["iam:*", "s3:GetObject"], "Resource": "*"}
    aws.iam.Policy("most", policy=json.dumps({"Statement": [some, denied]}))


@no_privilege_escalation.fails
def own_rights() -> None:
    aws.iam.Policy("self", policy=allow("iam:Attach*", Resource="*"))


@no_privilege_escalation.fails
def any_role_of_any_account() -> None:
    aws.iam.Policy("hop", policy=allow(["sts:Assume*"], Resource="arn:aws:iam::*:role/*"))


@no_privilege_escalation.fails
def code_under_any_role() -> None:
    needed = ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]
    aws.iam.Policy("deploy", policy=allow(needed, Resource="*"))


@no_privilege_escalation.passes
def a_pipeline_that_provisions() -> None:
    role = aws.iam.Role("deploy", assume_role_policy=allow("sts:AssumeRole"), tags={"access-tier": "pipeline"})
    machines = ["ec2:ModifyInstanceAttribute", "ec2:StartInstances", "ec2:StopInstances"]
    aws.iam.RolePolicy("deploy", role=role.name, policy=allow(machines, Resource="*"))


@no_privilege_escalation.fails
def a_pipeline_that_makes_itself_mightier() -> None:
    role = aws.iam.Role("deploy", assume_role_policy=allow("sts:AssumeRole"), tags={"access-tier": "pipeline"})
    policy = aws.iam.Policy("deploy", policy=allow("iam:Put*", Resource="*"))
    aws.iam.RolePolicyAttachment("deploy", role=role.name, policy_arn=policy.arn)


@no_privilege_escalation.fails
def code_on_every_machine() -> None:
    machines = ["ec2:Modify*", "ec2:StartInstances", "ec2:StopInstances"]
    aws.iam.Policy("operate", policy=allow(machines, Resource="*"))


@no_privilege_escalation.undetermined
def actions_not_known_yet() -> None:
    bucket = aws.s3.Bucket("data")
    aws.iam.Policy("some", policy=bucket.arn.apply(lambda arn: allow(f"iam:{arn}", Resource="*")))


ADMIN_POLICIES = ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")
BREAK_GLASS: str = setting(
    "break-glass",
    "value of the tag on what is used in an emergency alone, and alarms",
    owner="admin_policy_not_attached",
)
ATTACHMENTS: dict[str, tuple[str, str | None, str | None]] = {
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": ("policyArn", None, None),
    "aws:iam/policyAttachment:PolicyAttachment": ("policyArn", None, None),
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": ("policyArns", None, None),
    ROLE: ("managedPolicyArns", None, None),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("policyArn", "role", ROLE),
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": ("policyArns", "roleName", ROLE),
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": ("policyArn", None, None),
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": ("policyArns", None, None),
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": (
        "managedPolicyArn",
        "permissionSetArn",
        PERMISSION_SET,
    ),
    "aws:ssoadmin/managedPolicyAttachmentsExclusive:ManagedPolicyAttachmentsExclusive": (
        "managedPolicyArns",
        "permissionSetArn",
        PERMISSION_SET,
    ),
}


def _attached(attachment: Resource, name: str) -> Iterator[str]:
    value: Any = attachment.get(name, default=())
    for arn in (value,) if isinstance(value, str) else value:
        yield str(arn).rpartition("/")[2]


@rule(
    on=ATTACHMENTS,
    severity=Severity.CRITICAL,
    promise="system-access-control",
    controls=("PH:IAM-ADMINARN",),
    fix="attach a policy of your own that names what is needed; tag a role for emergencies alone as break-glass",
)
def admin_policy_not_attached(
    attachment: Resource,
    graph: Graph,
    row: tuple[str, str | None, str | None],
    *,
    tag: str = TIER_TAG,
    break_glass: str = BREAK_GLASS,
) -> Iterator[Finding]:
    """AWS's own administrator policies grant everything, to whoever takes over the identity too."""
    name, via, target_type = row
    if attachment.type == ROLE and not attachment.has(name):
        raise NotApplicable("it has no policy attached inside; attachments are judged themselves")
    holders = graph.targets(attachment, via, target_type) if via and target_type else []
    if attachment.type == ROLE:
        holders = [attachment]

    def judge(policy: str) -> Iterator[Finding]:
        if policy in ADMIN_POLICIES and not (holders and all(item.tag(tag) == break_glass for item in holders)):
            yield f"{name} is {policy}, which grants more than anybody needs every day"

    yield from each(_attached(attachment, name), judge)


_AWS = "arn:aws:iam::aws:policy/"


@admin_policy_not_attached.passes
def policy_for_one_service() -> None:
    for token, (name, _, _) in ATTACHMENTS.items():
        one = f"{_AWS}service-role/AWSBackupServiceRolePolicyForBackup"
        declare(token, {name: [one] if name.endswith("s") else one})


@admin_policy_not_attached.passes
def for_emergencies() -> None:
    role = aws.iam.Role("emergency", assume_role_policy=allow("sts:AssumeRole"), tags={"access-tier": "break-glass"})
    aws.iam.RolePolicyAttachment("emergency", role=role.name, policy_arn=f"{_AWS}AdministratorAccess")


@admin_policy_not_attached.fails
def administrator() -> None:
    aws.iam.RolePolicyAttachment("admin", role="admin", policy_arn=f"{_AWS}AdministratorAccess")


@admin_policy_not_attached.fails
def administrator_inside_a_role() -> None:
    arns = [f"{_AWS}ReadOnlyAccess", f"{_AWS}IAMFullAccess"]
    aws.iam.Role("admin", assume_role_policy=allow("sts:AssumeRole"), managed_policy_arns=arns)


@admin_policy_not_attached.fails
def administrator_everywhere() -> None:
    aws.iam.PolicyAttachment("admin", policy_arn=f"{_AWS}PowerUserAccess", roles=["admin"])


@rule(
    on={token: row for token, row in ATTACHMENTS.items() if token != ROLE},
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("SH:IAM.27", "CIS7:2.20"),
    fix="detach it; give a policy of your own without file transfer",
)
def cloudshell_full_access_not_attached(
    attachment: Resource, row: tuple[str, str | None, str | None]
) -> Iterator[Finding]:
    """Its file transfer takes data out past every gate."""

    def judge(policy: str) -> Iterator[Finding]:
        if policy == "AWSCloudShellFullAccess":
            yield f"{row[0]} is {policy}"

    yield from each(_attached(attachment, row[0]), judge)


@cloudshell_full_access_not_attached.passes
def another_policy() -> None:
    for token, (name, _, _) in ATTACHMENTS.items():
        if token != ROLE:
            declare(token, {name: f"{_AWS}ReadOnlyAccess"})


@cloudshell_full_access_not_attached.fails
def cloudshell() -> None:
    aws.iam.GroupPolicyAttachment("shell", group="people", policy_arn=f"{_AWS}AWSCloudShellFullAccess")
