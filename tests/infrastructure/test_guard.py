"""The permissions boundary: on every role, no wider than US-West, and in nobody's way who is within it."""

import json
from fnmatch import fnmatchcase
from typing import Any

import moto.iam.aws_managed_policies
import pulumi
import pytest
from pulumi_aws import iam

from infrastructure.guard import SERVICES, SILENCING, guard_every_role
from infrastructure.scope import Deployment, Environment, Scope
from tests.infrastructure.mocks import ACCOUNT, Registrations, build

SCOPE = Scope("dev", ACCOUNT, "us-west-2", "us-west-1", "platform", Environment.STAGING, Deployment.CLOUD)
MANAGED = json.loads(moto.iam.aws_managed_policies.aws_managed_policies_data)
LIMIT = 6144
"""Characters of a managed policy, white space not counted: "IAM and AWS STS quotas"."""


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _matches(action: str, patterns: Any) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in _listed(patterns))


def _statements(environment: Registrations) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in environment.one("iam/policy:Policy", "boundary").document()}


def _inequality(actual: str, expected: Any) -> bool:
    return actual not in _listed(expected)


def decides(environment: Registrations, action: str, **context: str) -> bool:
    """Whether the boundary lets an action happen in a context: the region, who asks, whose boundary, on what."""
    facts = {
        "aws:RequestedRegion": context.get("region", "us-west-2"),
        "aws:PrincipalArn": context.get("who", "nobody"),
        "iam:PermissionsBoundary": context.get("boundary", "none"),
    }
    allowed = False
    for statement in _statements(environment).values():
        covered = (
            _matches(action, statement["Action"])
            if "Action" in statement
            else not _matches(action, statement["NotAction"])
        )
        here = statement["Resource"] == "*" or statement["Resource"] == context.get("resource")
        tests = [test for block in statement.get("Condition", {}).values() for test in block.items()]
        assert set(statement.get("Condition", {})) <= {"StringNotEquals", "ArnNotEquals"}
        if covered and here and all(_inequality(facts[key], expected) for key, expected in tests):
            if statement["Effect"] == "Deny":
                return False
            allowed = True
    return allowed


def _role(stack: str, name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/hedgerow-{stack}/hedgerow-{stack}-{name}"


def _boundary(stack: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/hedgerow-{stack}/hedgerow-{stack}-boundary"


def test_every_role_has_the_stacks_boundary_and_is_on_its_path(environment: Registrations, stack: str) -> None:
    boundary = environment.one("iam/policy:Policy", "boundary")
    arn = f"arn:aws:iam::{ACCOUNT}:policy{boundary.inputs['path']}{boundary.inputs['name']}"
    assert arn == _boundary(stack)
    roles = environment.of("iam/role:Role")
    assert len(roles) >= 9
    for role in roles:
        assert role.inputs["permissionsBoundary"] == arn, role.name
        assert role.inputs["path"] == f"/hedgerow-{stack}/", role.name


def test_a_role_of_any_component_is_created_after_the_boundary_and_cannot_leave_it_out() -> None:
    class Component(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("test:test:Component", "component")
            opts = pulumi.ResourceOptions(parent=self)
            iam.Role("careless", assume_role_policy="{}", permissions_boundary="another", opts=opts)

    def program() -> None:
        guard_every_role(SCOPE)
        Component()

    registered = build(program)
    assert registered.one("iam/role:Role", "careless").inputs["permissionsBoundary"] == _boundary("dev")
    assert [resource.name for resource in registered.aws()] == ["boundary", "careless"]


@pytest.mark.parametrize("action", ["rds:CreateDBCluster", "s3:CreateBucket", "kms:CreateKey", "backup:StartCopyJob"])
def test_nothing_happens_outside_us_west(environment: Registrations, action: str) -> None:
    assert decides(environment, action, region="us-west-2")
    assert decides(environment, action, region="us-west-1")
    for region in ("us-east-1", "us-east-2", "eu-central-1", "us-gov-west-1"):
        assert not decides(environment, action, region=region)


def test_global_services_are_exceptions_one_by_one(environment: Registrations) -> None:
    for action in ("iam:GetRole", "sts:AssumeRole", "route53:ListHostedZones", "cloudfront:GetDistribution"):
        assert decides(environment, action, region="us-east-1"), action
    (guard,) = [statement for statement in _statements(environment).values() if "NotAction" in statement]
    assert guard["Effect"] == "Deny"
    assert "*" not in guard["NotAction"]
    assert not {"s3:*", "kms:*", "rds:*", "ec2:*"} & set(guard["NotAction"])


def test_certificates_and_web_acls_go_to_us_east_for_cloudfront_and_nowhere_else(environment: Registrations) -> None:
    for action in ("acm:RequestCertificate", "wafv2:CreateWebACL"):
        assert decides(environment, action, region="us-west-2")
        assert decides(environment, action, region="us-east-1")
        assert not decides(environment, action, region="eu-west-1")


def test_only_deployment_and_emergencies_change_identities(environment: Registrations, stack: str) -> None:
    boundary = _boundary(stack)
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"):
        assert decides(environment, action, who=_role(stack, "deploy"), boundary=boundary)
        assert decides(environment, action, who=_role(stack, "break-glass"), boundary=boundary)
        for purpose in ("engineer", "auditor", "preview"):
            assert not decides(environment, action, who=_role(stack, purpose), boundary=boundary)


def test_nobody_creates_or_widens_a_role_without_the_boundary(environment: Registrations, stack: str) -> None:
    who = _role(stack, "deploy")
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"):
        assert not decides(environment, action, who=who, boundary="another")
    assert not decides(environment, "iam:DeleteRolePermissionsBoundary", who=who, boundary=_boundary(stack))


def test_only_the_main_branch_moves_the_boundary(environment: Registrations, stack: str) -> None:
    boundary = _boundary(stack)
    for action in ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy"):
        assert decides(environment, action, who=_role(stack, "deploy"), resource=boundary)
        assert not decides(environment, action, who=_role(stack, "break-glass"), resource=boundary)


def test_nobody_gets_long_lived_credentials(environment: Registrations, stack: str) -> None:
    for action in ("iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile"):
        for purpose in ("deploy", "break-glass", "engineer"):
            assert not decides(environment, action, who=_role(stack, purpose))


def test_services_outside_the_environment_are_out_of_reach(environment: Registrations) -> None:
    for action in ("organizations:LeaveOrganization", "bedrock:InvokeModel", "lightsail:CreateInstances"):
        assert not decides(environment, action)


def test_an_emergency_does_not_silence_the_watchers(environment: Registrations, stack: str) -> None:
    for action in ("cloudtrail:StopLogging", "guardduty:DeleteDetector", "config:StopConfigurationRecorder"):
        assert not decides(environment, action, who=_role(stack, "break-glass"))
        assert decides(environment, action, who=_role(stack, "deploy"))


def test_the_boundary_takes_away_nothing_that_a_role_is_given(environment: Registrations, stack: str) -> None:
    """A boundary that lacks what a role needs fails where no emulator shows it: in AWS, at run time.

    What it does take from break-glass is what the test before asserts.
    """
    roles = {role.state["name"]: role for role in environment.of("iam/role:Role")}
    own = {policy.state["arn"]: policy for policy in environment.of("iam/policy:Policy")}
    attachments = environment.of("iam/rolePolicyAttachment:RolePolicyAttachment")
    given = [(one, one.inputs["role"]) for one in environment.of("iam/rolePolicy:RolePolicy")]
    given += [
        (own[one.inputs["policyArn"]], one.inputs["role"]) for one in attachments if one.inputs["policyArn"] in own
    ]
    for policy, name in given:
        role = roles[name]
        who = f"arn:aws:iam::{ACCOUNT}:role{role.inputs['path']}{role.state['name']}"
        for statement in policy.document():
            for action in _listed(statement["Action"]) if statement["Effect"] == "Allow" else []:
                sample = action.replace("*", "Anything")
                if policy.name == "break-glass-policy" and _matches(sample, SILENCING):
                    continue
                assert decides(environment, sample, who=who, boundary=_boundary(stack)), (policy.name, action)


def test_attached_policies_of_aws_exist_and_are_within_the_boundary_as_far_as_the_environment_goes(
    environment: Registrations,
) -> None:
    for attachment in environment.of("iam/rolePolicyAttachment:RolePolicyAttachment"):
        if not attachment.inputs["policyArn"].startswith("arn:aws:iam::aws:"):
            continue
        name = attachment.inputs["policyArn"].rpartition("/")[2]
        actions = [
            action
            for statement in MANAGED[name]["Document"]["Statement"]
            if statement["Effect"] == "Allow"
            for action in _listed(statement["Action"])
        ]
        assert any(action.partition(":")[0] in SERVICES for action in actions), name


def test_the_boundary_fits_into_a_managed_policy() -> None:
    """Where the stack's name is the longest that there can be."""
    scope = Scope("a" * 30, ACCOUNT, "us-west-2", "us-west-1", "platform", Environment.STAGING, Deployment.CLOUD)

    def program() -> None:
        guard_every_role(scope)

    registered = build(program)
    policy = registered.one("iam/policy:Policy", "boundary")
    assert len("".join(policy.inputs["policy"].split())) <= LIMIT
