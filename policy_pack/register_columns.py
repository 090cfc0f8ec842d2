"""What the registers hold, as data: each file a list of rows, each row these columns."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

WAIVERS = "waivers"
_YEARS = (2000, 2999)
_LARGEST_COUNT = 10**6
_LINE = r".*\S.*"


@dataclass(frozen=True)
class Field:
    """What a column of a register holds: text, one of some words, texts, a day or a count."""

    kind: str
    required: bool = True
    pattern: str = _LINE
    expected: str = "text on one line"

    def problem(self, value: Any) -> str | None:
        """Return what is expected instead of a value, if it doesn't fit."""
        fits: Callable[[Any], bool] = {
            "text": lambda v: isinstance(v, str) and re.fullmatch(self.pattern, v) is not None,
            "texts": lambda v: (
                isinstance(v, list) and all(isinstance(i, str) and re.fullmatch(self.pattern, i) for i in v)
            ),
            "day": lambda v: type(v) is datetime.date and _YEARS[0] <= v.year <= _YEARS[1],
            "count": lambda v: type(v) is int and 0 < v <= _LARGEST_COUNT,
        }[self.kind]
        return None if fits(value) else self.expected


def _text(pattern: str = _LINE, expected: str = "text on one line", *, required: bool = True) -> Field:
    return Field("text", required, pattern, expected)


def _texts(pattern: str, expected: str) -> Field:
    return Field("texts", pattern=pattern, expected=f"a list of {expected}")


def _day(*, required: bool = True) -> Field:
    return Field("day", required, expected="a day (YYYY-MM-DD)")


def _count(*, required: bool = True) -> Field:
    return Field("count", required, expected=f"a whole number from 1 to {_LARGEST_COUNT}")


def _word(*words: str) -> Field:
    return _text("|".join(map(re.escape, words)), " or ".join(words))


ROW = {
    "id": _text(r"[a-z0-9][a-z0-9./-]*", "lower-case letters, digits and . / -"),
    "owner": _text(),
    "since": _day(),
    "ends": _day(required=False),
    "every": _count(),
    "reviewed": _day(required=False),
}
"""What every row has, but a waiver."""
_SHA256 = _text(r"[0-9a-f]{64}", "the SHA-256 of the document, in hexadecimal", required=False)
SCHEMA: Mapping[str, Mapping[str, Field]] = {
    "policies": {**ROW, "document": _text(), "sha256": _SHA256},
    "subprocessors": {
        **ROW,
        "name": _text(),
        "purpose": _text(),
        "tier": _word("critical", "high", "low"),
        "accounts": _texts(r"[0-9]{12}", "account ids, 12 digits in quotes"),
        "hosts": _texts(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)+", "host names"),
        "announced": _day(),
        "agreement": _text(),
    },
    "agreements": {
        **ROW,
        "kind": _word("dpa", "nda"),
        "parties": _text(),
        "document": _text(),
        "sha256": _SHA256,
    },
    "transfers": {
        **ROW,
        "mechanism": _text(),
        "origins": _texts(r"\S.*", "places"),
        "destinations": _texts(r"[a-z]{2}(-[a-z]+)+-[0-9]", "regions"),
        "document": _text(),
        "sha256": _SHA256,
    },
    "access_reviews": {**ROW, "scope": _text()},
    "exercises": {
        **ROW,
        "kind": _word("restore", "disaster-recovery", "business-continuity", "incident-response", "risk-assessment"),
        "scope": _text(),
        "rpo_minutes": _count(required=False),
        "rto_minutes": _count(required=False),
    },
    WAIVERS: {
        **dict.fromkeys(("rule", "resource", "reason", "ticket", "requester", "approver"), _text()),
        "approved": _day(),
        "expires": _day(),
    },
}
"""What each file holds, a list of rows; a row's columns and what they may be."""
