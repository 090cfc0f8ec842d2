"""What statements say is remembered, and what isn't known of one is still told after what is."""

from __future__ import annotations

from typing import Any

import pytest

from policy_pack.documents import actions_named, allows, conditions, statements, texts_of
from policy_pack.values import UNKNOWN, Malformed, Props, Unknown


def statement_of(**elements: Any) -> Props:
    """Return the statement of a policy that a program wrote as an object, so that parts of it may not be known."""
    (statement,) = statements(Props({"policy": {"Statement": {"Effect": "Allow", **elements}}}), "policy")
    return statement


@pytest.mark.parametrize("_", ["asked first", "asked again"])
def test_known_actions_come_before_the_unknown_however_often_they_are_asked_for(_: str) -> None:
    texts = iter(texts_of(STATEMENT, "Action"))
    assert [next(texts), next(texts)] == ["s3:Get*", "kms:Decrypt"]
    with pytest.raises(Unknown, match=r"policy\.Statement\.Action\[1\]"):
        next(texts)


STATEMENT = statement_of(Action=["s3:Get*", UNKNOWN, "kms:Decrypt"])


def test_an_action_that_is_named_needs_no_other_to_be_known() -> None:
    assert actions_named(STATEMENT, ["s3:GetObject"]) == ["s3:GetObject"]
    with pytest.raises(Unknown):
        actions_named(STATEMENT, ["sqs:SendMessage"])


def test_an_exception_that_is_not_known_may_be_of_any_action() -> None:
    with pytest.raises(Unknown):
        actions_named(statement_of(NotAction=["s3:*", UNKNOWN]), ["s3:GetObject"])


def test_brackets_of_a_pattern_stand_for_themselves() -> None:
    assert actions_named(statement_of(Action="s3:Get[OP]bject"), ["s3:GetObject", "s3:get[op]bject"]) == [
        "s3:get[op]bject"
    ]


def test_conditions_come_before_the_one_that_is_none() -> None:
    found = conditions(statement_of(Condition={"Bool": {"aws:SecureTransport": "false"}, "StringLike": "no object"}))
    assert next(found) == ("bool", "aws:securetransport", ["false"])
    with pytest.raises(Malformed, match="StringLike is not an object"):
        next(found)


def test_a_statement_whose_effect_is_not_known_is_asked_again() -> None:
    statement = statement_of(Effect=UNKNOWN)
    for _ in range(2):
        with pytest.raises(Unknown):
            allows(statement)
