"""What differs between the inputs a resource has and those it should have, and whether AWS needs a new resource for it.

Old and new checked inputs go in; changed property paths, each with its kind and whether it replaces, come out. Values
compare by meaning: a policy document as the document, a set in any order, an empty collection as none.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from sandbox.aws_plugin import cloudformation, schema
from sandbox.aws_plugin.check import DEFAULTS
from sandbox.aws_plugin.naming import named_by
from sandbox.aws_plugin.schema import ListOf, Resource, Scalar
from sandbox.aws_plugin.values import Asset, Props, has_unknown, plain

Path = tuple[str | int, ...]


class Kind(Enum):
    """What happened to a property."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Change:
    """One changed property: where, how, and whether it takes a new resource."""

    path: Path
    kind: Kind
    replaces: bool


def diff(
    resource: Resource, olds: Props, news: Props, *, replace_on: frozenset[str], ignore: tuple[str, ...] = ()
) -> list[Change]:
    """The changes from the old to the new inputs.

    `ignore` holds property paths whose changes don't count. An input that AWS fills in itself may be left out without
    that being a change, as with the official provider.
    """
    ignored = [_parsed(path) for path in ignore]
    found = []
    for name in sorted({*olds, *news}):
        if name.startswith("__") or (name not in news and name in resource.computed):
            continue
        ordered = not _is_set(resource, name)
        for path, kind in _changes(plain(olds.get(name)), plain(news.get(name)), (name,), ordered=ordered):
            if not any(_covers(pattern, path) for pattern in ignored):
                found.append(Change(path, kind, name in replace_on))
    return found


def must_delete_first(resource: Resource, olds: Props, news: Props) -> bool:
    """Whether a replacement would take the name that the old resource still holds."""
    name = named_by(resource) or "name"
    new = plain(news.get(name))
    return isinstance(new, str) and new == plain(olds.get(name)) and name not in plain(news.get(DEFAULTS) or [])


@cache
def replacing(token: str) -> frozenset[str]:
    """The inputs that AWS can't change in place, from what the installed packages say of the type."""
    resource = schema.resource(token)
    inputs = frozenset(resource.inputs)
    found = set(cloudformation.create_only(token, inputs))
    found |= {name for name, text in schema.documentation(token).items() if name in inputs and says_it_replaces(text)}
    name = named_by(resource) or "name"
    if not cloudformation.updatable(token, name):
        found |= {name, f"{name}Prefix"}
    # CloudFormation recreates what it can't tag later; the provider tags it through the tagging API.
    return frozenset((found | {"region"}) & inputs - {"tags", "tagsAll"})


_REPLACES = re.compile(
    r"^\W*(?:.*\()?(?:(?:required|optional)\W+)?forces? (?:a )?(?:new resource|replacement)"
    r"|\bchanging (?:this|it|these|any|the|`\w+`).*\b(?:forces?|creat(?:es?|ing)|recreates?|recreation)\b"
    r"|\bcannot be (?:changed|modified|updated) (?:after|once)\b",
    re.IGNORECASE | re.DOTALL,
)
_DEPENDS = re.compile(
    r"\b(?:if|unless|from|between|to an? |in place|argument with an?|exception|without)\b", re.IGNORECASE
)
_CHANGED = re.compile(r"\b(?:if|when) (?:changed|modified|updated)\b", re.IGNORECASE)


def says_it_replaces(documentation: str) -> bool:
    """Whether a property's documentation says, without a condition, that a change makes a new resource."""
    sentences = re.split(r"(?<=[.)])\s+|\n\s*\n", _CHANGED.sub("", documentation))
    return any(_REPLACES.search(sentence) and not _DEPENDS.search(sentence) for sentence in sentences)


# Lists of words whose order is their meaning.
_IN_ORDER = re.compile(r"command|entry_?point|argument|args$|order|priorit|dnsservers|nameservers", re.IGNORECASE)


def _is_set(resource: Resource, name: str) -> bool:
    declared = resource.inputs.get(name)
    if declared is None or not isinstance(declared.type, ListOf):
        return False
    scalars = isinstance(declared.type.item, Scalar) and not _IN_ORDER.search(name)
    return scalars or cloudformation.unordered(resource.token, name)


def _changes(old: Any, new: Any, path: Path, *, ordered: bool) -> Iterator[tuple[Path, Kind]]:
    if same(old, new, ordered=ordered):
        return
    if _empty(old):
        yield path, Kind.ADD
    elif _empty(new):
        yield path, Kind.DELETE
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            ordered = _keeps_order(key, old.get(key), new.get(key))
            yield from _changes(old.get(key), new.get(key), (*path, key), ordered=ordered)
    elif isinstance(old, list) and isinstance(new, list):
        yield from (_in_order if ordered else _in_any_order)(old, new, path)
    else:
        yield path, Kind.UPDATE


def _keeps_order(name: str, *lists: Any) -> bool:
    """Whether the order of lists inside an object means something: of objects it may, of scalars by their name."""
    objects = any(isinstance(item, dict | list) for items in lists if isinstance(items, list) for item in items)
    return objects or bool(_IN_ORDER.search(name))


def _in_order(old: list[Any], new: list[Any], path: Path) -> Iterator[tuple[Path, Kind]]:
    for index in range(max(len(old), len(new))):
        if index >= len(old):
            yield (*path, index), Kind.ADD
        elif index >= len(new):
            yield (*path, index), Kind.DELETE
        else:
            yield from _changes(old[index], new[index], (*path, index), ordered=True)


def _in_any_order(old: list[Any], new: list[Any], path: Path) -> Iterator[tuple[Path, Kind]]:
    removed, added = _unmatched(old, new), _unmatched(new, old)
    for index in sorted(removed | added):
        kind = Kind.UPDATE if index in removed & added else Kind.DELETE if index in removed else Kind.ADD
        yield (*path, index), kind


def _unmatched(items: list[Any], others: list[Any]) -> set[int]:
    """The places of the items that have no equal among the others."""
    left = Counter(canonical(other) for other in others if not has_unknown(other))
    places = set()
    for index, item in enumerate(items):
        form = None if has_unknown(item) else canonical(item)
        if form is not None and left[form] > 0:
            left[form] -= 1
        else:
            places.add(index)
    return places


def same(old: Any, new: Any, *, ordered: bool = True) -> bool:
    """Whether both mean the same to AWS; nothing is the same as an unknown value."""
    if has_unknown(old) or has_unknown(new):
        return False
    if _empty(old) or _empty(new):
        return _empty(old) and _empty(new)
    return canonical(old, ordered=ordered) == canonical(new, ordered=ordered)


def _empty(value: Any) -> bool:
    return value is None or value in ([], {})


def canonical(value: Any, *, ordered: bool = True) -> str:
    """One text for all values of the same meaning."""
    return json.dumps(_normal(value, ordered=ordered), sort_keys=True)


def _normal(value: Any, *, ordered: bool) -> Any:  # noqa: PLR0911 - a case a kind
    match value:
        case bool():
            return value
        case float() if value.is_integer():
            return int(value)
        case str():
            document = _document(value)
            return value if document is None else {"document": _policy(document)}
        case dict():
            return {
                key: _normal(item, ordered=_keeps_order(key, item)) for key, item in value.items() if not _empty(item)
            }
        case list():
            items = [_normal(item, ordered=True) for item in value]
            return items if ordered else sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
        case Asset(hash=digest):
            return {"asset": digest}
        case _:
            return value


def _document(text: str) -> Any:
    """The JSON object or array that the text holds, if it holds one."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


# In an IAM policy one value and a list of that value are the same, and the order of a list means nothing:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
def _policy(document: Any) -> Any:
    if not (isinstance(document, dict) and "Statement" in document):
        return document
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    return {**document, "Statement": sorted((_values(part) for part in statements), key=json.dumps)}


def _values(part: Any) -> Any:
    match part:
        case dict():
            return {key: _values(part[key]) for key in sorted(part)}
        case list():
            return sorted({json.dumps(_values(item) if isinstance(item, dict | list) else item) for item in part})
        case _:
            return [json.dumps(part)]


_SEGMENT = re.compile(r'\.?([^.\[\]]+)|\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]')


def _parsed(path: str) -> Path:
    """A property path of the engine (`rules[0].tags["a.b"]`, `*` for any) as its parts."""
    parts: list[str | int] = []
    for name, index, quoted in _SEGMENT.findall(path):
        parts.append(name or (int(index) if index.isdigit() else index) or quoted.replace('\\"', '"'))
    return tuple(parts)


def _covers(pattern: Path, path: Path) -> bool:
    return len(pattern) <= len(path) and all(wanted in ("*", part) for wanted, part in zip(pattern, path, strict=False))


def written(path: Path) -> str:
    """The path in the engine's notation."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z_$][\w$]*", part):
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part)}]"
    return text
