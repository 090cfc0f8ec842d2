"""Who may take which role, for how long, and what it may then do."""

import json
import re
from collections import Counter
from fnmatch import fnmatchcase
from typing import Any

import moto.iam.aws_managed_policies
import pytest

from infrastructure.access import PeopleRoles, PeopleRolesArgs
from infrastructure.pipeline import PipelineRoles, PipelineRolesArgs
from infrastructure.scope import Deployment, Environment, Scope
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations, build

SCOPE = Scope("dev", ACCOUNT, "us-west-2", "us-west-1", "platform", Environment.STAGING, Deployment.CLOUD)
PEOPLE = ("auditor", "engineer", "break-glass")
PIPELINES = ("preview", "deploy", "collect")
MANAGED = json.loads(moto.iam.aws_managed_policies.aws_managed_policies_data)
DATA = (
    "athena:GetQueryResults",
    "kafka-cluster:ReadData",
    "kms:Decrypt",
    "rds-data:ExecuteStatement",
    "rds-db:connect",
    "s3:GetObject",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
)
INLINE_LIMIT = 10_240
"""Characters of all policies written into a role: "IAM and AWS STS quotas"."""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _covers(statement: dict[str, Any], action: str) -> bool:
    patterns = _listed(statement.get("Action", []))
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def _written(registered: Registrations, purpose: str) -> list[dict[str, Any]]:
    role = registered.one("iam/role:Role", purpose).state["name"]
    attached = [
        one.inputs["policyArn"]
        for one in registered.of("iam/rolePolicyAttachment:RolePolicyAttachment")
        if one.inputs["role"] == role
    ]
    found = [one for one in registered.of("iam/rolePolicy:RolePolicy") if one.inputs["role"] == role]
    found += [one for one in registered.of("iam/policy:Policy") if one.state["arn"] in attached]
    written = [statement for policy in found for statement in policy.document()]
    return [statement for statement in written if not _is_about_evidence_or_state(statement)]


def _is_about_evidence_or_state(statement: dict[str, Any]) -> bool:
    """Both say what there is, and nothing of what is in it: test_evidence.py and test_state.py tell who may do what."""
    if "kms:ResourceAliases" in str(statement.get("Condition")):
        return True
    resources = _listed(statement["Resource"])
    return all(
        re.search(r"[-_]evidence|/evidence-|:::evidence-|-state-\d{12}|^arn:aws:glue:.*:catalog$", one)
        for one in resources
    )


def _attached(registered: Registrations, role: Registered) -> set[str]:
    """AWS's own policies that a role has."""
    attachments = registered.of("iam/rolePolicyAttachment:RolePolicyAttachment")
    arns = {one.inputs["policyArn"] for one in attachments if one.inputs["role"] == role.state["name"]}
    return {arn for arn in arns if arn.startswith("arn:aws:iam::aws:")}


def _allowing(registered: Registrations, purpose: str, action: str) -> list[dict[str, Any]]:
    """The statements that allow a role an action: those written into it, and those of the policies attached to it."""
    role = registered.one("iam/role:Role", purpose)
    names = [arn.rpartition("/")[2] for arn in _attached(registered, role)]
    every = [statement for name in names for statement in MANAGED[name]["Document"]["Statement"]]
    return [one for one in every + _written(registered, purpose) if one["Effect"] == "Allow" and _covers(one, action)]


@pytest.mark.parametrize(
    ("purpose", "tier"),
    [
        *((purpose, "pipeline") for purpose in PIPELINES),
        ("auditor", "human"),
        ("engineer", "human"),
        ("break-glass", "break-glass"),
    ],
)
def test_a_role_says_who_takes_it(environment: Registrations, purpose: str, tier: str) -> None:
    """The tag by which the policy pack, and whoever reviews access, knows what to expect of the role."""
    assert environment.one("iam/role:Role", purpose).inputs["tags"]["access-tier"] == tier


@pytest.mark.parametrize("purpose", PEOPLE)
def test_people_come_with_mfa_for_an_hour_and_tagged_for_the_role(environment: Registrations, purpose: str) -> None:
    role = environment.one("iam/role:Role", purpose)
    (trust,) = role.document("assumeRolePolicy")
    assert trust["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert trust["Condition"]["Bool"] == {"aws:MultiFactorAuthPresent": "true"}
    assert int(trust["Condition"]["NumericLessThan"]["aws:MultiFactorAuthAge"]) <= 3600
    assert trust["Condition"]["StringEquals"] == {"aws:PrincipalTag/access": purpose}
    assert role.inputs["maxSessionDuration"] == 3600


def test_people_come_from_the_accounts_that_are_named_and_no_others() -> None:
    accounts = ("111122223333", "444455556666")

    def program() -> None:
        PeopleRoles("people", PeopleRolesArgs(SCOPE, accounts))

    registered = build(program)
    for purpose in PEOPLE:
        trust = registered.one("iam/role:Role", purpose).document("assumeRolePolicy")
        assert [one["Principal"]["AWS"] for one in trust] == [f"arn:aws:iam::{each}:root" for each in accounts]
        assert all(one["Condition"]["Bool"] == {"aws:MultiFactorAuthPresent": "true"} for one in trust)


@pytest.mark.parametrize(
    ("purpose", "subject"),
    [("preview", "environment:preview"), ("deploy", "environment:deploy"), ("collect", "ref:refs/heads/main")],
)
def test_pipelines_are_bound_to_repository_and_environment_or_branch(
    production: Registrations, sandbox: Registrations, purpose: str, subject: str
) -> None:
    issuer = "token.actions.githubusercontent.com"
    for environment in (production, sandbox):
        (trust,) = environment.one("iam/role:Role", purpose).document("assumeRolePolicy")
        assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert trust["Principal"] == {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}
        assert trust["Condition"] == {
            "StringEquals": {
                f"{issuer}:aud": "sts.amazonaws.com",
                f"{issuer}:sub": f"repo:hedgerow-analytics/hedgerow:{subject}",
            }
        }


@pytest.mark.parametrize("purpose", PIPELINES)
def test_without_a_repository_no_token_fits(purpose: str) -> None:
    def program() -> None:
        PipelineRoles("pipeline", PipelineRolesArgs(SCOPE, "none"))

    registered = build(program)
    (trust,) = registered.one("iam/role:Role", purpose).document("assumeRolePolicy")
    (subject,) = [v for key, v in trust["Condition"]["StringEquals"].items() if key.endswith(":sub")]
    assert not subject.startswith("repo:")
    assert "*" not in subject


def test_the_identity_provider_is_github_for_aws_alone(environment: Registrations) -> None:
    (provider,) = environment.of("iam/openIdConnectProvider:OpenIdConnectProvider")
    assert provider.inputs["url"] == "https://token.actions.githubusercontent.com"
    assert provider.inputs["clientIdLists"] == ["sts.amazonaws.com"]


def test_sessions_of_pipelines_are_short(environment: Registrations) -> None:
    assert environment.one("iam/role:Role", "preview").inputs["maxSessionDuration"] == 3600
    assert environment.one("iam/role:Role", "deploy").inputs["maxSessionDuration"] <= 7200


@pytest.mark.parametrize("purpose", ["preview", "auditor"])
def test_who_only_looks_is_allowed_nothing_but_awss_read_only_policies(
    environment: Registrations, purpose: str
) -> None:
    role = environment.one("iam/role:Role", purpose)
    assert {arn.removeprefix("arn:aws:iam::aws:policy/") for arn in _attached(environment, role)} == {
        "SecurityAudit",
        "job-function/ViewOnlyAccess",
    }
    assert not [one for one in _written(environment, purpose) if one["Effect"] == "Allow"]
    for action in ("ec2:RunInstances", "s3:PutObject", "iam:CreateRole", "kms:CreateGrant", "logs:DeleteLogGroup"):
        assert not _allowing(environment, purpose, action), action


@pytest.mark.parametrize("purpose", [*PEOPLE, *PIPELINES])
def test_no_role_reads_what_is_in_a_store(environment: Registrations, purpose: str) -> None:
    for action in DATA:
        for statement in _allowing(environment, purpose, action):
            # A key is used only where a service asks for it, in the course of creating a store.
            assert action == "kms:Decrypt", action
            conditions = statement["Condition"]["StringEquals"]
            assert all("*" not in service for service in conditions["kms:ViaService"])
            (key,) = {one.inputs["tags"]["environment"] for one in environment.of("kms/key:Key")}
            assert conditions["aws:ResourceTag/environment"] == key


@pytest.mark.parametrize("purpose", PIPELINES)
def test_pipelines_are_denied_content_whatever_else_they_are_given(environment: Registrations, purpose: str) -> None:
    denied = [one for one in _written(environment, purpose) if one["Effect"] == "Deny" and one["Resource"] == "*"]
    assert all("Condition" not in one for one in denied)
    for action in ("secretsmanager:GetSecretValue", "rds-db:connect", "ssm:GetParameters", "ssm:StartSession"):
        assert any(_covers(one, action) for one in denied), action


@pytest.mark.parametrize("purpose", ["deploy", "break-glass"])
def test_provisioning_gives_permissions_only_within_the_boundary(
    environment: Registrations, stack: str, purpose: str
) -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/hedgerow-{stack}/hedgerow-{stack}-boundary"
    roles = f"arn:aws:iam::{ACCOUNT}:role/hedgerow-{stack}/*"
    for action in ("iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        (statement,) = _allowing(environment, purpose, action)
        assert statement["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": boundary}}
        assert statement["Resource"] == roles
    (passing,) = _allowing(environment, purpose, "iam:PassRole")
    assert passing["Resource"] == roles
    assert "*" not in str(passing["Condition"]["StringEquals"]["iam:PassedToService"])


def test_the_pipeline_makes_instance_profiles_of_its_own_stack_alone(environment: Registrations, stack: str) -> None:
    own = f"arn:aws:iam::{ACCOUNT}:instance-profile/hedgerow-{stack}/"
    for action in ("iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile", "iam:DeleteInstanceProfile"):
        (statement,) = _allowing(environment, "deploy", action)
        assert statement["Resource"] == f"{own}*"
    for profile in environment.of("iam/instanceProfile:InstanceProfile"):
        assert f"arn:aws:iam::{ACCOUNT}:instance-profile{profile.inputs['path']}" == own


def test_every_service_that_a_role_trusts_can_be_handed_it_by_the_pipeline(environment: Registrations) -> None:
    (passing,) = _allowing(environment, "deploy", "iam:PassRole")
    for role in environment.of("iam/role:Role"):
        (trust,) = role.document("assumeRolePolicy")
        if "Service" in trust["Principal"]:
            assert trust["Principal"]["Service"] in passing["Condition"]["StringEquals"]["iam:PassedToService"]


def test_no_statement_allows_a_whole_service_or_everything(environment: Registrations) -> None:
    for policy in environment.of("iam/rolePolicy:RolePolicy"):
        for statement in policy.document():
            actions = _listed(statement["Action"])
            assert statement["Effect"] == "Deny" or not [one for one in actions if one.endswith(":*") or one == "*"]


def test_engineers_reach_instances_of_their_environment_and_end_their_own_sessions(
    environment: Registrations, stack: str
) -> None:
    named = {"sandbox": "sandbox", "us-west-staging": "staging"}.get(stack, "production")
    statements = {one["Sid"]: one for one in _written(environment, "engineer")}
    opening = statements["OpensSessionsOnTaggedInstances"]
    assert opening["Resource"] == f"arn:aws:ec2:us-west-2:{ACCOUNT}:instance/*"
    assert opening["Condition"] == {"StringEquals": {"ssm:resourceTag/environment": named}}
    assert statements["EndsTheirOwn"]["Resource"].endswith(":session/${aws:userid}-*")
    assert not _allowing(environment, "engineer", "ssm:SendCommand")


def test_incidents_can_be_brought_to_awss_support(environment: Registrations) -> None:
    """IAM.18."""
    assert "arn:aws:iam::aws:policy/AWSSupportAccess" in _attached(
        environment, environment.one("iam/role:Role", "engineer")
    )


def test_the_roles_are_outputs_for_whoever_configures_sign_in_and_alarms(environment: Registrations) -> None:
    outputs = environment.outputs["roles"]
    assert outputs == {
        key: environment.one("iam/role:Role", purpose).state["arn"]
        for key, purpose in {
            "auditor": "auditor",
            "engineer": "engineer",
            "breakGlass": "break-glass",
            "preview": "preview",
            "deploy": "deploy",
            "collect": "collect",
        }.items()
    }


def test_policies_written_into_a_role_fit(environment: Registrations) -> None:
    written: Counter[str] = Counter()
    for policy in environment.of("iam/rolePolicy:RolePolicy"):
        written[policy.inputs["role"]] += len("".join(policy.inputs["policy"].split()))
    assert max(written.values()) <= INLINE_LIMIT, written
