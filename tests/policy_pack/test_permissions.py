"""Patterns are expanded as IAM does, and what the libraries and we list are actions that AWS has."""

import pytest

from policy_pack import permissions
from policy_pack.rules import account_boundary, boundaries, key_policies, rights


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
    actions = frozenset({"ecr:getauthorizationtoken", "s3:getobject", "kms:putkeypolicy"})
    assert permissions.reach_named_resources(actions) == {"s3:getobject", "kms:putkeypolicy"}


def test_nothing_is_read_before_a_policy_is_judged() -> None:
    import subprocess
    import sys

    code = "import sys, policy_pack.pack; print([name for name in sys.modules if 'policy_sentry' in name])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
