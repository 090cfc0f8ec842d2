"""Privilege escalation: nobody can give themselves what they weren't given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy_pack.documents import actions_granted, name_of, names_any_resource
from policy_pack.examples import allow, declare
from policy_pack.rules.access import IDENTITY_POLICIES, declare_in_every_form, judge_documents
from policy_pack.tokens import ROLE
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Severity, aws, each, rule, setting

# Actions that change what somebody may do, or who may become whom. On every resource, each of them alone is enough.
CHANGES_RIGHTS = (
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "sts:AssumeRole",
)
# With iam:PassRole of every role, starting one of these runs one's own code as the mightiest of them.
RUNS_CODE: Mapping[str, tuple[str, ...]] = {
    "CloudFormation": ("cloudformation:CreateStack",),
    "CodeBuild": ("codebuild:CreateProject", "codebuild:StartBuild"),
    "Data Pipeline": ("datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"),
    "EC2": ("ec2:RunInstances",),
    "ECS": ("ecs:RegisterTaskDefinition", "ecs:RunTask"),
    "Glue": ("glue:CreateDevEndpoint",),
    "Lambda": ("lambda:CreateFunction", "lambda:InvokeFunction"),
    "SageMaker": ("sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"),
    "Step Functions": ("states:CreateStateMachine", "states:StartExecution"),
}


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:IAM-ESCALATE",),
    fix="name the users, roles and policies that may be changed, and the roles that may be passed",
)
def no_privilege_escalation(policy: Resource, row: str, graph: Graph) -> Iterator[Finding]:
    """A pipeline's or a person's rights end where they were written down."""

    def judge(document: list[Props]) -> Iterator[Finding]:
        yield from each([item for item in document if item.get("Effect") == "Allow"], alone)
        granted = {
            action
            for statement in document
            for action in actions_granted(statement, [*sum(RUNS_CODE.values(), ()), "iam:PassRole"])
            if action != "iam:PassRole" or names_any_resource(statement)
        }
        if "iam:PassRole" in granted:
            for service, needed in RUNS_CODE.items():
                if granted.issuperset(needed):
                    yield f"it allows iam:PassRole of every role and {' and '.join(needed)}: code run by {service}"

    def alone(statement: Props) -> Iterator[Finding]:
        changes = actions_granted(statement, CHANGES_RIGHTS)
        if changes and names_any_resource(statement):
            yield f"{name_of(statement)} allows {', '.join(changes)} on everything"

    yield from judge_documents(policy, row, graph, judge)


@no_privilege_escalation.passes
def one_role_only() -> None:
    declare_in_every_form(allow(["sts:AssumeRole", "iam:PutRolePolicy"], Resource="arn:aws:iam::*:role/app-*"))
    aws.iam.Policy("run", policy=allow(["lambda:CreateFunction", "lambda:InvokeFunction"], Resource="*"))


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


ADMIN_POLICIES = ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")
TIER_TAG: str = setting(
    "access-tier", "key of the tag that tells who uses a role, and for what", owner="admin_policy_not_attached"
)
BREAK_GLASS: str = setting(
    "break-glass",
    "value of the tag on what is used in an emergency alone, and alarms",
    owner="admin_policy_not_attached",
)
ATTACHMENTS: dict[str, tuple[str, str | None, str | None]] = {
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": ("policyArn", None, None),
    "aws:iam/policyAttachment:PolicyAttachment": ("policyArn", None, None),
    ROLE: ("managedPolicyArns", None, None),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("policyArn", "role", ROLE),
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": ("policyArn", None, None),
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": (
        "managedPolicyArn",
        "permissionSetArn",
        "aws:ssoadmin/permissionSet:PermissionSet",
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
        declare(token, {name: [one] if token == ROLE else one})


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
