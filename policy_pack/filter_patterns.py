"""CloudWatch Logs filter patterns over JSON: a pattern and an event in, whether the pattern selects the event out.

So two patterns are compared by what they select, however they are written. Grammar: CloudWatch Logs User Guide, "Filter
pattern syntax for metric filters". A field that an event lacks meets no comparison.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

Event: TypeAlias = Mapping[str, Any]
Predicate: TypeAlias = Callable[[Event], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<mark>\(|\)|&&|\|\||!=|<=|>=|=|<|>)
      | (?P<field>\$[^\s()=!<>&|]*)
      | "(?P<quoted>(?:[^"\\]|\\.)*)"
      | %(?P<expression>[^%]*)%
      | (?P<word>[^\s()=!<>&|"]+)
    )""",
    re.VERBOSE,
)
_MISSING = object()
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}


def parse(pattern: str) -> Predicate:
    """Return the predicate that a pattern stands for.

    Raises:
        ValueError: it isn't a pattern over JSON.
    """
    text = pattern.strip()
    if not (text.startswith("{") and text.endswith("}")):
        raise ValueError("the pattern is not one over JSON")
    parser = _Parser(text[1:-1])
    predicate = parser.either()
    if parser.rest():
        raise ValueError("the pattern has something after its end")
    return predicate


class _Parser:
    """Recursive descent: `||` binds weaker than `&&`."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        text = text.strip()
        place = 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            if not found or found.lastgroup is None:
                raise ValueError("the pattern can't be read")
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()
        self._at = 0

    def rest(self) -> bool:
        return self._at < len(self._tokens)

    def either(self) -> Predicate:
        options = [self._both()]
        while self._take("mark", "||"):
            options.append(self._both())
        return lambda event: any(option(event) for option in options)

    def _both(self) -> Predicate:
        parts = [self._one()]
        while self._take("mark", "&&"):
            parts.append(self._one())
        return lambda event: all(part(event) for part in parts)

    def _one(self) -> Predicate:
        if self._take("mark", "("):
            inside = self.either()
            if not self._take("mark", ")"):
                raise ValueError("a bracket of the pattern isn't closed")
            return inside
        kind, field = self._next()
        if kind != "field":
            raise ValueError("the pattern compares no field")
        kind, text = self._next()
        return self._compare(field, text) if kind == "mark" else self._state(field, text)

    def _state(self, field: str, word: str) -> Predicate:
        if word == "NOT" and self._take("word", "EXISTS"):
            return lambda event: _value(event, field) is _MISSING
        if word == "EXISTS":
            return lambda event: _value(event, field) is not _MISSING
        states = {"NULL": None, "TRUE": True, "FALSE": False}
        if word == "IS":
            _, state = self._next()
            if state in states:
                return lambda event: _value(event, field) is states[state]
        raise ValueError("the pattern can't be read")

    def _compare(self, field: str, mark: str) -> Predicate:
        kind, wanted = self._next()
        if kind not in {"quoted", "expression", "word"} or mark in {"(", ")", "&&", "||"}:
            raise ValueError("the pattern compares with nothing")

        def equal(value: Any) -> bool:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if kind == "expression":
                return re.search(wanted, text) is not None
            return fnmatchcase(text, re.sub(r"([\[\]?])", r"[\1]", wanted))

        def met(event: Event) -> bool:
            value = _value(event, field)
            if value is _MISSING:
                return False
            if mark in _COMPARE:
                return isinstance(value, int | float) and _COMPARE[mark](value, float(wanted))
            return equal(value) is (mark == "=")

        if mark in _COMPARE:
            float(wanted)  # a ValueError now rather than on the first event
        return met

    def _next(self) -> tuple[str, str]:
        if not self.rest():
            raise ValueError("the pattern ends too soon")
        self._at += 1
        return self._tokens[self._at - 1]

    def _take(self, kind: str, text: str) -> bool:
        found = self.rest() and self._tokens[self._at] == (kind, text)
        self._at += found
        return found


def _value(event: Event, field: str) -> Any:
    value: Any = event
    for part in re.findall(r"[^.$\[\]\"']+", field):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return _MISSING
    return value
