"""Roles of services: what is handed a role to deliver logs, or to back up and restore, can do it."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.examples import OWN_ACCOUNT, allow, declare
from policy_pack.held_policies import FORMS, policies_of
from policy_pack.tokens import DATABASE_INSTANCE, ROLE, TRAIL
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Row, Severity, aws, rule

HANDED = {
    TRAIL: Row(("cloudWatchLogsRoleArn",)),
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": Row(("iamRoleArn",), controls=("PH:RESTORE-SEL",)),
    "aws:backup/selection:Selection": Row(("iamRoleArn",), controls=("PH:SEL-ROLE",)),
    "aws:ec2/flowLog:FlowLog": Row(("iamRoleArn",)),
    "aws:rds/clusterInstance:ClusterInstance": Row(("monitoringRoleArn",)),
    DATABASE_INSTANCE: Row(("monitoringRoleArn",)),
}


@rule(
    on=HANDED,
    severity=Severity.MEDIUM,
    promise="information-security",
    fix="attach the policy that the service's user guide asks for to the role",
)
def service_role_allows_something(resource: Resource, row: Row, graph: Graph) -> Iterator[Finding]:
    """A service that takes a role without rights delivers nothing, for months, without a word."""
    (name,) = row.path
    roles = graph.targets(resource, name, ROLE) if name in resource else []
    if not roles:
        raise NotApplicable("it has no role, or one that is not part of the stack")
    for role in roles:
        if not any(policies_of(role, FORMS[ROLE], graph)):
            yield f"{name} is {role.name}, a role that has no policy"


def _handed(*, policy: bool) -> None:
    role = aws.iam.Role("service", assume_role_policy=allow("sts:AssumeRole"))
    if policy:
        writes = allow(["logs:CreateLogStream", "logs:PutLogEvents"], Resource="*")
        aws.iam.RolePolicy("service", role=role.name, policy=writes)
    for token, row in HANDED.items():
        declare(token, {row.path[0]: role.arn})


@service_role_allows_something.passes
def with_a_policy() -> None:
    _handed(policy=True)
    aws.ec2.FlowLog("elsewhere", iam_role_arn=f"arn:aws:iam::{OWN_ACCOUNT}:role/elsewhere", vpc_id="vpc-1")


@service_role_allows_something.fails
def without_any() -> None:
    _handed(policy=False)
