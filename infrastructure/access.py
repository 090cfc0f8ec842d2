"""System Access Control: the roles that people take, each for a reason, with MFA and for an hour.

Enters: the accounts that people sign in to. Leaves: `PeopleRoles` with its `auditor`, `engineer` and `break_glass`.
An alarm can watch the last one before it is there: `guard.role_arn(scope, guard.BREAK_GLASS)`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import iam

from infrastructure.documents import Statement, account_root, document
from infrastructure.guard import BREAK_GLASS, SERVICE, path, role_name
from infrastructure.provisioning import identity_statements, provisioning_statements
from infrastructure.scope import DataClass, Scope
from infrastructure.sessions import PREFERENCES, key_statement

SESSION_SECONDS = 3600
"""An hour: the least that IAM allows."""

MFA_AGE_SECONDS = 3600
TIER = "access"
"""The tag that a person's principal carries for each role it may take: `access = engineer`."""

READ_ONLY = {"audit": "SecurityAudit", "view": "job-function/ViewOnlyAccess"}
"""AWS's own read-only policies: what there is and how it is configured, and nothing of what is in it."""


@dataclass(frozen=True)
class PeopleRolesArgs:
    """`people_accounts`: where people sign in with MFA; without any, in the stack's own account."""

    scope: Scope
    people_accounts: tuple[str, ...]


class PeopleRoles(pulumi.ComponentResource):
    """What people may do: look (auditor), reach instances (engineer), and mend what is broken (break glass)."""

    def __init__(self, name: str, args: PeopleRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:access:PeopleRoles", name, {}, opts)
        self._args = args
        self.auditor = self._create_role("auditor", "Reads how the account is configured")
        self.engineer = self._create_role("engineer", "Reads how the account is configured and opens sessions")
        self.break_glass = self._create_role(BREAK_GLASS, "Emergencies alone; every use raises an alarm")
        for role, purpose in (
            (self.auditor, "auditor"),
            (self.engineer, "engineer"),
            (self.break_glass, BREAK_GLASS),
        ):
            attach_read_only(purpose, role)
        _attach("engineer", self.engineer, "support", "AWSSupportAccess")
        write(purpose="engineer", role=self.engineer, statements=_session_statements(args.scope))
        write(purpose=BREAK_GLASS, role=self.break_glass, statements=provisioning_statements(args.scope))
        attach(args.scope, BREAK_GLASS, "identities", self.break_glass, identity_statements(args.scope))
        self.register_outputs({"breakGlass": self.break_glass.arn})

    def _create_role(self, purpose: str, description: str) -> iam.Role:
        scope = self._args.scope
        tier = BREAK_GLASS if purpose == BREAK_GLASS else "human"
        return iam.Role(
            purpose,
            name=role_name(scope, purpose),
            description=description,
            assume_role_policy=document(*_trust_people(scope, self._args.people_accounts, purpose)),
            max_session_duration=SESSION_SECONDS,
            tags=scope.tags(SERVICE, DataClass.INTERNAL) | {"access-tier": tier},
            opts=pulumi.ResourceOptions(parent=self),
        )


def attach_read_only(purpose: str, role: iam.Role) -> None:
    """Attach AWS's read-only policies to a role."""
    for name, policy in READ_ONLY.items():
        _attach(purpose, role, name, policy)


def write(purpose: str, role: iam.Role, statements: tuple[Statement, ...]) -> iam.RolePolicy:
    """Write a policy of statements into a role."""
    return iam.RolePolicy(
        f"{purpose}-policy",
        role=role.name,
        policy=document(*statements),
        opts=pulumi.ResourceOptions(parent=role),
    )


def attach(scope: Scope, purpose: str, about: str, role: iam.Role, statements: tuple[Statement, ...]) -> None:
    """Attach a policy of its own to a role: what is written into one may have 10,240 characters, all together."""
    policy = iam.Policy(
        f"{purpose}-{about}",
        name=f"{scope.prefix}-{purpose}-{about}",
        path=path(scope),
        description=f"What the role {purpose} may do with {about}",
        policy=document(*statements),
        tags=scope.tags(SERVICE, DataClass.INTERNAL),
        opts=pulumi.ResourceOptions(parent=role),
    )
    iam.RolePolicyAttachment(
        f"{purpose}-{about}", role=role.name, policy_arn=policy.arn, opts=pulumi.ResourceOptions(parent=policy)
    )


def _attach(purpose: str, role: iam.Role, name: str, policy: str) -> None:
    iam.RolePolicyAttachment(
        f"{purpose}-{name}",
        role=role.name,
        policy_arn=f"arn:aws:iam::aws:policy/{policy}",
        opts=pulumi.ResourceOptions(parent=role),
    )


def _trust_people(scope: Scope, people_accounts: tuple[str, ...], purpose: str) -> list[Statement]:
    """Whoever signed in within the hour with MFA, in one of the accounts, and is tagged for the role."""
    return [
        {
            "Sid": f"PeopleOf{account}",
            "Effect": "Allow",
            "Principal": account_root(account),
            "Action": "sts:AssumeRole",
            "Condition": {
                "Bool": {"aws:MultiFactorAuthPresent": "true"},
                "NumericLessThan": {"aws:MultiFactorAuthAge": str(MFA_AGE_SECONDS)},
                "StringEquals": {f"aws:PrincipalTag/{TIER}": purpose},
            },
        }
        for account in people_accounts or (scope.account,)
    ]


def _session_statements(scope: Scope) -> tuple[Statement, ...]:
    """Session Manager to the stack's instances, and only one's own sessions after that.

    Source: "Sample IAM policies for Session Manager" in the Systems Manager user guide.
    """
    return (
        {
            "Sid": "OpensSessionsOnTaggedInstances",
            "Effect": "Allow",
            "Action": "ssm:StartSession",
            "Resource": scope.arn("ec2", "instance/*"),
            "Condition": {"StringEquals": {"ssm:resourceTag/environment": scope.environment.value}},
        },
        {
            "Sid": "WithTheAccountsPreferences",
            "Effect": "Allow",
            "Action": "ssm:StartSession",
            "Resource": scope.arn("ssm", f"document/{PREFERENCES}"),
            "Condition": {"BoolIfExists": {"ssm:SessionDocumentAccessCheck": "true"}},
        },
        {
            "Sid": "EndsTheirOwn",
            "Effect": "Allow",
            "Action": ["ssm:ResumeSession", "ssm:TerminateSession"],
            "Resource": scope.arn("ssm", "session/${aws:userid}-*"),
        },
        key_statement(scope, "kms:GenerateDataKey"),
    )
