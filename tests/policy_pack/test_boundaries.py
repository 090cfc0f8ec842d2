"""A permissions boundary limits what other policies grant. By itself it grants nothing, and is judged accordingly."""

import json

import pulumi_aws as aws
import pytest

from tests.policy_pack.engine import ACCOUNT, judge_program

EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
ARN = f"arn:aws:iam::{ACCOUNT}:policy/boundary"


def wrong(*, attached: bool, by_name: bool, preview: bool) -> set[str]:
    """The rules that find fault with the policy `boundary`, by the message's first line."""

    def program() -> None:
        boundary = aws.iam.Policy("boundary", name="boundary", policy=EVERYTHING)
        role = aws.iam.Role(
            "reader",
            assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": []}),
            permissions_boundary=ARN if by_name else boundary.arn,
        )
        if attached:
            aws.iam.RolePolicyAttachment("reader", role=role.name, policy_arn=boundary.arn)

    answers = judge_program(program, preview=preview)
    return {
        found.policyName
        for found in answers.diagnostics
        if found.urn.endswith("aws:iam/policy:Policy::boundary") and not found.message.startswith("undetermined")
    }


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("by_name", [True, False])
def test_a_mere_boundary_grants_nothing(by_name: bool, preview: bool) -> None:  # noqa: FBT001 - pytest passes parameters by name
    assert "iam_policy_grants_no_admin" not in wrong(attached=False, by_name=by_name, preview=preview)


@pytest.mark.parametrize("preview", [True, False])
def test_a_boundary_that_is_also_attached_grants_what_it_says(preview: bool) -> None:  # noqa: FBT001 - as above
    assert "iam_policy_grants_no_admin" in wrong(attached=True, by_name=False, preview=preview)
