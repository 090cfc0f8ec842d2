"""Patterns are expanded as IAM does, and what the libraries and we list are actions that AWS has."""

import subprocess
import sys

import pytest

from policy_pack import aws_actions, permissions
from policy_pack.rules import account_boundary, boundaries, key_policies, rights
from tests.policy_pack.aws_actions import render


@pytest.mark.parametrize(
    ("pattern", "has", "has_not"),
    [
        ("s3:GetObject", "s3:getobject", "s3:getobjectacl"),
        ("S3:GETOBJECT*", "s3:getobjectacl", "s3:putobject"),
        ("s3:Get?bject", "s3:getobject", "s3:getobjectacl"),
        ("*", "kms:decrypt", None),
        ("*:Decrypt", "kms:decrypt", "kms:encrypt"),
        ("s*:GetObject", "s3:getobject", "kms:decrypt"),
        ("s3:[Gg]etObject", None, "s3:getobject"),
        ("s3", None, "s3:getobject"),
    ],
)
def test_a_pattern_stands_for_what_iam_lets_it_stand_for(pattern: str, has: str | None, has_not: str | None) -> None:
    actions = permissions.expand(pattern)
    assert (has in actions) is (has is not None)
    assert has_not not in actions


def test_every_action_that_is_looked_for_exists() -> None:
    listed = (
        *permissions._MORE_WAYS.values(),
        permissions._MORE_READS,
        permissions._WRITES,
        permissions._WAYS_IN,
        boundaries.MAKES_UNBOUND,
        boundaries.CHANGES_IT,
        account_boundary.LASTING,
        account_boundary.PLACES,
        account_boundary.PLACES_AT_THE_EDGE,
        key_policies.GRANT | key_policies.CHANGES | key_policies.USES,
        rights.GIVES_RIGHTS,
    )
    own = {action.lower() for actions in listed for action in actions}
    assert {action for action in own if action not in permissions.expand(action)} == set()
    ways = permissions.ways_to_more_rights()
    assert "iam:createpolicyversion" in ways["CreateNewPolicyVersion"]
    assert all(action in permissions.expand(action) for needed in ways.values() for action in needed)


def test_an_action_that_takes_no_resource_is_not_asked_for_one() -> None:
    actions = {"ecr:getauthorizationtoken", "s3:getobject", "kms:putkeypolicy", "s3:makeitup"}
    assert aws_actions.with_resource(actions) == {"s3:getobject", "kms:putkeypolicy"}


def test_actions_that_change_access_are_the_references() -> None:
    assert {"s3:putbucketpolicy", "kms:creategrant"} <= aws_actions.changing_access()
    assert not {"s3:putobject", "s3:getbucketpolicy"} & aws_actions.changing_access()


def test_the_actions_are_those_of_the_installed_library() -> None:
    assert aws_actions.FILE.read_text(encoding="utf-8") == render(), "run python -m tests.policy_pack.aws_actions"


def test_the_library_is_not_read_to_judge() -> None:
    code = (
        "import sys, policy_pack.pack\n"
        "from policy_pack import permissions\n"
        "permissions.changes_of_access(), permissions.credentials_issued(), permissions.ways_to_more_rights()\n"
        "print([name for name in sys.modules if 'policy_sentry' in name])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
