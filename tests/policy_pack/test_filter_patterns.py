"""Filter patterns select what CloudWatch Logs would select, however they are written."""

from __future__ import annotations

from typing import Any

import pytest

from policy_pack.filter_patterns import parse

EVENT: dict[str, Any] = {
    "eventName": "StopLogging",
    "count": 3,
    "ok": False,
    "nothing": None,
    "user": {"type": "Root", "groups": ["admins", "people"]},
}


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.eventName = StopLogging }",
        '{$.eventName="StopLogging"}',
        "{ ($.eventName = Stop*) }",
        "{ $.eventName = %^Stop.*g$% }",
        "{ $.eventName = X || $.count >= 3 && $.user.type = Root }",
        "{ ($.eventName = X || $.count = 3) && ($.user.type != Nobody) }",
        "{ $.user.groups[1] = people }",
        "{ $.absent NOT EXISTS && $.count EXISTS }",
        "{ $.nothing IS NULL && $.ok IS FALSE }",
    ],
)
def test_selects(pattern: str) -> None:
    assert parse(pattern)(EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.eventName = StartLogging }",
        "{ $.absent != x }",
        "{ $.count > 3 }",
        "{ $.eventName > 3 }",
        "{ $.eventName = StopLogging && ($.count = 4 || $.user.type = Guest) }",
        "{ $.user.groups[9] = people }",
        "{ $.ok IS TRUE }",
    ],
)
def test_does_not_select(pattern: str) -> None:
    assert not parse(pattern)(EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        "StopLogging",
        "{ }",
        "{ $.a }",
        "{ $.a = }",
        "{ ($.a = b }",
        "{ $.a = b c }",
        "{ $.a < b }",
        "{ $.a IS MAYBE }",
        "{ = }",
        '{ $.a = "b }',
    ],
)
def test_refuses_what_is_no_pattern_over_json(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|float"):
        parse(pattern)
