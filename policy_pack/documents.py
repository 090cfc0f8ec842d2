"""IAM policy documents: the property of a resource in, statements and what they grant out.

A document reaches a rule as JSON text, or as an object where a program wrote one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import translate
from functools import lru_cache
from typing import Any

from policy_pack.values import UNKNOWN, Items, Malformed, Place, Props, Unknown, raw, spell

# Every resource of a service, of a type or of an account. After S3's ARNs comes the name of a bucket, not a type.
_OPEN_RESOURCE = re.compile(
    r"(arn:[^:]*:[^:]*:[^:]*:[^:]*:)?"
    r"((cluster|dbuser|function|group|instance|key|log-group|policy|role|secret|table|topic|user|volume)[:/])?[*?/:]*\*[*?/:]*"
)

REMEMBERED = 8_192
"""Statements that what was read is remembered of, at most."""


def written(holder: Props, *path: str) -> Any:
    """Return what is written at `path`, as JSON text or as it is: an object as `Props`, a list as `Items`, else None.

    Raises:
        Unknown: it isn't known before the deployment.
        Malformed: it is neither.
    """
    value = holder.get(*path)
    if value is None or value == "":
        return None
    return _parsed(value, holder.place(*path)) if isinstance(value, str) else _document(value, holder.place(*path))


def statements(holder: Props, *path: str) -> Iterable[Props]:
    """Return the statements of the policy document at `path`; none where there is no document.

    Raises:
        Unknown: the document isn't known before the deployment.
        Malformed: it is no policy document.
    """
    value = holder.get(*path)
    if value is None or value == "":
        return ()
    place = holder.place(*path)
    return _statements_of(value, place) if isinstance(value, str) else _statements_in(_document(value, place), place)


def _document(value: Any, place: Place) -> Any:
    if not isinstance(value, (Props, Items)):
        raise Malformed(f"{spell(place)} is neither an object nor a list")
    return value


def _statements_in(document: Any, place: Place) -> Iterable[Props]:
    if not isinstance(document, Props):
        raise Malformed(f"{spell(place)} is not a policy document")
    found = document.get("Statement", default=())
    parts = raw(found) if isinstance(found, Items) else [raw(found)] if isinstance(found, Props) or found else ()
    if not all(part is UNKNOWN or isinstance(part, dict) for part in parts):
        raise Malformed(f"{document.where('Statement')} holds what is no statement")
    return (found,) if isinstance(found, Props) else found


# Dozens of rules read every document, one rule after the other those of the whole stack.
@lru_cache(maxsize=REMEMBERED)
def _statements_of(text: str, place: Place) -> tuple[Props, ...]:
    return tuple(_statements_in(_parsed(text, place), place))


@lru_cache(maxsize=256)
def _parsed(text: str, place: Place) -> Any:
    """Return what JSON text holds: an object as `Props`, a list as `Items`."""
    try:
        value = json.loads(text)
    except ValueError:
        raise Malformed(f"{spell(place)} is not JSON") from None
    if isinstance(value, dict):
        return Props(value, place)
    return _document(Items(value, place) if isinstance(value, list) else value, place)


def listed(statement: Props, *path: str) -> Iterable[str]:
    """Return the texts at `path`, which IAM lets be one text or a list; the known ones first."""
    value = statement.get(*path, default=())
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Items):
        return map(str, value)
    return (str(value),) if value != () else ()


def texts_of(statement: Props, name: str) -> Iterable[str]:
    """Return the texts of an element of a statement, such as `Action`, as `listed` does."""
    try:
        return _texts_of(statement, name)
    except Unknown:
        return listed(statement, name)


# Dozens of rules read every statement: what they find in one is remembered, as the statements of a text are.
@lru_cache(maxsize=REMEMBERED)
def _texts_of(statement: Props, name: str) -> tuple[str, ...]:
    return tuple(listed(statement, name))


@lru_cache(maxsize=REMEMBERED)
def allows(statement: Props) -> bool:
    """Return whether the statement grants something."""
    return bool(statement.get("Effect") == "Allow")


def conditions(statement: Props) -> Iterator[tuple[str, str, list[str]]]:
    """Yield operator, key and values of every condition, the first two in lower case: IAM ignores it in both."""
    try:
        return iter(_conditions(statement))
    except (Unknown, Malformed):
        return _each_condition(statement)


@lru_cache(maxsize=REMEMBERED)
def _conditions(statement: Props) -> tuple[tuple[str, str, list[str]], ...]:
    return tuple(_each_condition(statement))


def _each_condition(statement: Props) -> Iterator[tuple[str, str, list[str]]]:
    condition = _object(statement, "Condition")
    if condition is None:
        return
    for operator in condition:
        for key in _object(condition, operator) or ():
            yield operator.lower(), key.lower(), list(listed(condition, operator, key))


def _object(holder: Props, name: str) -> Props | None:
    found = holder.get(name)
    if found is not None and not isinstance(found, Props):
        raise Malformed(f"{holder.where(name)} is not an object")
    return found


def actions_granted(statement: Props, wanted: Iterable[str]) -> list[str]:
    """Return which of some actions a statement allows, whatever wildcards it is written with.

    Raises:
        Unknown: none is known to be, and some may.
    """
    return actions_named(statement, wanted) if allows(statement) else []


def actions_named(statement: Props, wanted: Iterable[str]) -> list[str]:
    """Return which of some actions a statement is about, be it to allow or to deny them.

    Raises:
        Unknown: none is known to be, and some may.
    """
    wanted = list(wanted)
    if statement.get("NotAction") is not None:
        excepted = list(texts_of(statement, "NotAction"))
        return [action for action in wanted if not any(action_matches(pattern, action) for pattern in excepted)]
    named: set[str] = set()
    try:
        for pattern in texts_of(statement, "Action"):
            matches = matcher(pattern)
            named.update(action for action in wanted if matches(action.lower()))
    except Unknown:
        if not named:
            raise
    return [action for action in wanted if action in named]


def action_matches(pattern: str, action: str) -> bool:
    """Return whether an action falls under a pattern with IAM's wildcards. Case doesn't count."""
    return matcher(pattern)(action.lower()) is not None


@lru_cache(maxsize=4096)
def matcher(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """Return what tells of an action in lower case whether it falls under a pattern with IAM's wildcards."""
    return re.compile(translate(pattern.lower().replace("[", "[[]"))).match


@lru_cache(maxsize=REMEMBERED)
def names_any_resource(statement: Props) -> bool:
    """Return whether a statement is for every resource, or for every one of a type or of an account."""
    if statement.get("NotResource") is not None:
        return True
    return any(_OPEN_RESOURCE.fullmatch(resource) for resource in texts_of(statement, "Resource"))


def grants_everything(statement: Props) -> bool:
    """Return whether the statement grants every action, or all but some, on every resource."""
    if not allows(statement) or not (statement.get("NotResource") is not None or _names_all(statement, "Resource")):
        return False
    return statement.get("NotAction") is not None or _names_all(statement, "Action")


def _names_all(statement: Props, element: str) -> bool:
    return any(not text.strip("*?:") and "*" in text for text in texts_of(statement, element))


def name_of(statement: Props) -> str:
    """Return how to call the statement in a message: its place, and its Sid where it has one."""
    sid = raw(statement).get("Sid")
    return f"{statement.where()} ({sid})" if isinstance(sid, str) and sid else statement.where()


def only_condition(statement: Props, key: str) -> set[str]:
    """Return the values in lower case that a Bool condition on `key` compares with, where it is the only one.

    Condition keys and operators ignore case.
    """
    found = list(conditions(statement))
    if len(found) != 1 or found[0][1] != key.lower() or found[0][0] not in {"bool", "boolifexists"}:
        return set()
    return {value.lower() for value in found[0][2]}
