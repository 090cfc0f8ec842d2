"""EventBridge's event patterns: a pattern and an event in, whether the pattern selects the event out.

So a rule that is meant to tell of something is judged by whether it does, however it is written. Grammar: Amazon
EventBridge User Guide, "Comparison operators for use in event patterns". A field that an event lacks meets no
comparison but `{"exists": false}`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any, TypeAlias

Event: TypeAlias = Mapping[str, Any]

_MISSING: Any = object()
_NUMERIC: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def selects(pattern: Mapping[str, Any], event: Event) -> bool:
    """Return whether a pattern selects an event: every field of it must. What EventBridge refuses selects nothing."""
    return all(
        isinstance(wanted, list) and any(isinstance(one, Mapping) and selects(one, event) for one in wanted)
        if name == "$or"
        else _meets(wanted, event.get(name, _MISSING))
        for name, wanted in pattern.items()
    )


def _meets(wanted: Any, value: Any) -> bool:
    """Return whether a value, or an element of a list, meets what a pattern wants of a field."""
    values = value if isinstance(value, list) else [value]
    if isinstance(wanted, Mapping):
        return any(selects(wanted, one if isinstance(one, Mapping) else {}) for one in values)
    return isinstance(wanted, list) and any(_is(alternative, one) for alternative in wanted for one in values)


def _is(alternative: Any, value: Any) -> bool:
    if not isinstance(alternative, Mapping):
        return (type(alternative) is type(value) and alternative == value) or _numbers(alternative, value)
    if len(alternative) != 1:
        return False
    ((name, wanted),) = alternative.items()
    if name == "exists":
        return (value is not _MISSING) is wanted
    comparison = _COMPARISONS.get(name)
    return value is not _MISSING and comparison is not None and comparison(wanted, value)


def _numbers(left: Any, right: Any) -> bool:
    return all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in (left, right)) and left == right


def _text(compare: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    """Return a comparison of texts, which ignores case where what is wanted says so."""

    def compared(wanted: Any, value: Any) -> bool:
        if isinstance(wanted, Mapping):
            wanted, value = wanted.get("equals-ignore-case"), value.lower() if isinstance(value, str) else value
            wanted = wanted.lower() if isinstance(wanted, str) else wanted
        return isinstance(wanted, str) and isinstance(value, str) and compare(wanted, value)

    return compared


def _wildcard(wanted: str, value: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, wanted.split("*"))), value, re.DOTALL) is not None


def _numeric(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, Sequence) or not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    pairs = list(zip(wanted[::2], wanted[1::2], strict=False))
    return bool(pairs) and all(name in _NUMERIC and _NUMERIC[name](value, bound) for name, bound in pairs)


def _cidr(wanted: Any, value: Any) -> bool:
    try:
        return ip_address(value) in ip_network(wanted, strict=False)
    except ValueError:
        return False


def _anything_but(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Mapping):
        return len(wanted) == 1 and not any(
            name not in _COMPARISONS or any(_COMPARISONS[name](one, value) for one in _listed(inside))
            for name, inside in wanted.items()
        )
    return not any(_is(one, value) for one in _listed(wanted))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _text(lambda wanted, value: wanted.lower() == value.lower()),
    "numeric": _numeric,
    "prefix": _text(lambda wanted, value: value.startswith(wanted)),
    "suffix": _text(lambda wanted, value: value.endswith(wanted)),
    "wildcard": _text(_wildcard),
}
