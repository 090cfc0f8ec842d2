"""Weakenings of one resource: its properties in, the changes that a rule must notice out.

A change is tried in several forms where only one direction is worse (a number is lowered and raised): one that is
noticed is enough.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pulumi_policy import deserialize

from sandbox.aws_plugin import schema

Path: TypeAlias = "tuple[str | int, ...]"
"""Leads to a value inside the properties. `TEXT` in it steps into the JSON that a text holds."""
TEXT = "{}"
GONE: Any = object()
"""Stands for a property, an element of a list or a whole resource that isn't there any more."""
# What weakens a text that says how strict something is. A text that is none of these is replaced by another.
_WEAKER = (
    (re.compile(r"[\d.]+/\d+"), "0.0.0.0/0"),
    (re.compile(r"[0-9a-f:]+::?/\d+"), "::/0"),
    (re.compile(r"(?i)enabled"), "Disabled"),
    (re.compile(r"on|ON"), "off"),
    (re.compile(r"1"), "0"),
    (re.compile(r"true"), "false"),
    (re.compile(r"(?i).*tls.*1[._-]?[23].*"), "TLSv1"),
    (re.compile(r"aws:kms.*"), "AES256"),
    (re.compile(r"COMPLIANCE"), "GOVERNANCE"),
)
_SWITCH = re.compile(r"[A-Z][A-Z0-9_-]+|(?i:enabled|disabled|on|off|true|false)")


@dataclass(frozen=True)
class Mutant:
    """One weakening of one property, in the forms that it may take."""

    property: str
    mutation: str
    path: Path
    values: tuple[Any, ...]


def mutants(token: str, properties: Mapping[str, Any], read: Collection[str], unknown: str) -> Iterator[Mutant]:
    """Yield every weakening of a resource.

    Args:
        token: the resource's type.
        properties: what the program gives it; JSON inside texts is changed in place.
        read: the properties of the type that some rule reads, as `spell` spells them.
        unknown: the text that stands for what isn't known.
    """
    arguments = schema.resource(token).inputs
    for path, value in _walk(properties):
        name = spell(path)
        if value == unknown or not _matters(name, value, read):
            continue
        if path[-1] != TEXT and not _required(arguments, path):
            yield Mutant(name, "dropped", path, (GONE,))
        for mutation, worse in _worse(path, value):
            yield Mutant(name, mutation, path, worse)


def spell(path: Path) -> str:
    """Return how a property is written in the list of survivors: `rules[].expiration.days`, `policy{}.Statement[]`."""
    return re.sub(r"\.?(\[\]|\{\})", r"\1", ".".join("[]" if isinstance(step, int) else step for step in path))


def _walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if path:
        yield path, value
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            value, path = json.loads(value), (*path, TEXT)
        except ValueError:
            return
        if "Statement" in value:
            yield path, value
            return
    if isinstance(value, dict) and deserialize.SPECIAL_SIG_KEY in value:
        return
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inside in steps:
        yield from _walk(inside, (*path, step))


def _matters(name: str, value: Any, read: Collection[str]) -> bool:
    if name.startswith("tags."):
        return name in read
    return (
        isinstance(value, (bool, list, dict))
        or name in read
        or (isinstance(value, str) and (value.startswith(("{", "[")) or _SWITCH.fullmatch(value) is not None))
    )


def _required(arguments: Mapping[str, schema.Property], path: Path) -> bool:
    """Return whether the SDK takes no program that leaves the value out."""
    required = False
    inside: Any = None
    for depth, step in enumerate(path):
        if isinstance(step, int):
            required = False
            inside = getattr(inside, "item", None)
            continue
        if depth:
            arguments = inside.properties if isinstance(inside, schema.ObjectOf) else {}
        found = arguments.get(step)
        required = found is not None and found.required
        inside = found.type if found else None
    return required


def _worse(path: Path, value: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the name and the forms of every way to weaken a value."""
    if isinstance(value, bool):
        yield "flipped", (not value,)
    elif isinstance(value, (int, float)):
        yield "changed", (1, 0, value * 100 + 1)
    elif isinstance(value, dict) and "Statement" in value:
        yield from _worse_documents(value)
    elif isinstance(value, list):
        if value:
            yield "emptied", ([],)
        if value and all(isinstance(item, str) for item in value):
            yield "opened", ([*value, "*"], [*value, "0.0.0.0/0"], ["*"], ["0.0.0.0/0"])
    elif isinstance(value, str) and not value.startswith(("{", "[")) and path[0] != "tags":
        weaker = [worse for pattern, worse in _WEAKER if pattern.fullmatch(value) and worse != value]
        yield "changed", (*weaker, "another")


def _worse_documents(document: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    statements = document["Statement"]
    for index, statement in enumerate(statements):
        for mutation, changed in _worse_statements(statement):
            if changed != statement:
                kept = [*statements[:index], *([changed] if changed else []), *statements[index + 1 :]]
                yield f"{statement.get('Sid', index)}: {mutation}", ({**document, "Statement": kept},)


def _worse_statements(statement: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Yield the name of every way to weaken a statement, and what becomes of it: None where it is taken out."""

    def without(*elements: str) -> dict[str, Any]:
        return {key: value for key, value in statement.items() if key not in elements}

    if statement["Effect"] == "Deny":
        yield "denial removed", None
        yield "denial turned into a grant", {**statement, "Effect": "Allow"}
        return
    yield "every action", {**without("NotAction"), "Action": "*"}
    if "Resource" in statement:
        yield "every resource", {**without("NotResource"), "Resource": "*"}
    if "Principal" in statement:
        yield "every principal", {**statement, "Principal": "*"}
        yield "everybody, whatever the condition", {**without("Condition"), "Principal": "*"}
    for operator, keys in statement.get("Condition", {}).items():
        for key in keys:
            rest = {name: value for name, value in keys.items() if name != key}
            condition = {**statement["Condition"], operator: rest}
            kept = {name: value for name, value in condition.items() if value}
            yield f"without {key}", {**statement, "Condition": kept} if kept else without("Condition")


def weakened(properties: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Return the properties with another value at the path."""
    return dict(_put(copy.deepcopy(dict(properties)), path, value))


def _put(holder: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    step, *rest = path
    if step == TEXT:
        return json.dumps(_put(json.loads(holder), tuple(rest), value))
    if not rest and value is GONE:
        del holder[step]
    else:
        holder[step] = _put(holder[step], tuple(rest), value)
    return holder
