"""How far policies reach, one by one and together, is what IAM would say."""

import json
from collections.abc import Mapping

import pytest

from policy_pack import aws_policies
from policy_pack.reach import Reach, reach_of
from policy_pack.values import UNKNOWN, Props, Unknown
from tests.policy_pack.aws_policies import render

PASS = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
TO_LAMBDA = {"Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}
RUN = {"Effect": "Allow", "Action": ["lambda:CreateFunction", "lambda:InvokeFunction"], "Resource": "*"}
LAUNCH = {"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"}


def reach(*statements: Mapping[str, object]) -> Reach:
    """Return the reach of a document written as text."""
    return reach_of(Props({"policy": json.dumps({"Statement": [*statements]})}), "policy")


def ways(found: Reach) -> set[str]:
    """Return the ways that are open."""
    return {name for name, _ in found.ways()}


def test_two_documents_open_a_way_that_neither_opens_alone() -> None:
    assert ways(reach(PASS)) == ways(reach(LAUNCH)) == set()
    assert ways(reach(PASS) | reach(LAUNCH)) == {"CreateEC2WithExistingIP"}


def test_roles_for_one_service_open_no_way_through_another() -> None:
    passed = reach({**PASS, **TO_LAMBDA})
    assert ways(passed | reach(LAUNCH)) == set()
    assert "PassExistingRoleToNewLambdaThenInvoke" in ways(passed | reach(RUN))


@pytest.mark.parametrize("denial", [{"Action": "iam:*"}, {"NotAction": "s3:*"}])
def test_a_denial_of_everything_closes_a_way_in_whichever_document_it_is(denial: dict[str, str]) -> None:
    denied = reach({"Effect": "Deny", "Resource": "*", **denial})
    assert ways(reach(PASS) | reach(LAUNCH) | denied) == set()


def test_a_denial_under_a_condition_closes_none() -> None:
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}
    denied = reach({"Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": condition})
    assert ways(reach(PASS, LAUNCH) | denied) == {"CreateEC2WithExistingIP"}


@pytest.mark.parametrize(
    ("boundary", "is_open"),
    [
        ([PASS, LAUNCH], True),
        ([{"Effect": "Allow", "Action": "*", "Resource": "*"}], True),
        ([LAUNCH], False),
        ([{**PASS, **TO_LAMBDA}, LAUNCH], False),
        ([{**PASS, "Resource": "arn:aws:iam::111122223333:role/one"}, LAUNCH], False),
    ],
)
def test_a_boundary_leaves_what_it_allows(boundary: list[Mapping[str, object]], is_open: bool) -> None:  # noqa: FBT001 - pytest passes parameters by name
    assert bool(ways(reach(PASS, LAUNCH).within(reach(*boundary)))) is is_open


def test_what_is_not_known_is_told_beside_what_is() -> None:
    document = {"Statement": [{**PASS, "Action": UNKNOWN}, PASS]}
    found = reach_of(Props({"policy": document}), "policy")
    assert found.somewhere == {"iam:passrole"}
    assert len(found.unknown) == 1
    with pytest.raises(Unknown):
        reach_of(Props({"policy": UNKNOWN}), "policy")


def test_aws_own_policies_are_those_that_aws_has() -> None:
    assert aws_policies.FILE.read_text(encoding="utf-8") == render(), "run python -m tests.policy_pack.aws_policies"


def test_aws_own_policies_are_found_by_name() -> None:
    administrator = aws_policies.reach_of("AdministratorAccess")
    assert administrator
    assert "CreateNewPolicyVersion" in ways(administrator)
    assert aws_policies.reach_of("AmazonSSMManagedInstanceCore") == Reach()
    assert aws_policies.reach_of("AmazonNoSuchPolicy") is None
