"""The inputs of a resource against its type: what is wrong, and the inputs as the provider will use them.

Inputs as the program wrote them go in; checked inputs (types normalised, name, region and all tags filled in as the
official provider fills them) or failures come out. A failure names its property in full, and never its value.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.aws_plugin.naming import Autonaming, NameRefusedError, automatic_name, fresh_name, named_by
from sandbox.aws_plugin.schema import ListOf, MapOf, ObjectOf, OneOf, Property, Resource, Scalar, Type, documentation
from sandbox.aws_plugin.values import UNKNOWN, Asset, Props, Secret, has_secret, has_unknown, plain

DEFAULTS = "__defaults"


@dataclass(frozen=True, slots=True)
class Provider:
    """What the provider's configuration adds to a resource's inputs."""

    region: str | None = None
    default_tags: Any = None
    ignored_tags: frozenset[str] = frozenset()
    ignored_tag_prefixes: tuple[str, ...] = ()


class _MismatchError(ValueError):
    """A value is not of its declared kind."""


def check_types(
    inputs: Props, declared: Mapping[str, Property], owner: Resource | None = None
) -> tuple[Props, list[str]]:
    """The inputs with every value in its declared type, and what is wrong with them.

    Unknown values are of every type. A null is the same as no value at all.
    """
    failures: list[str] = []
    checked = _object(inputs, declared, "", failures, owner.outputs if owner else frozenset())
    return checked, sorted(failures)


def check(  # noqa: PLR0913 - what one CheckRequest holds
    resource: Resource,
    news: Props,
    olds: Props,
    *,
    logical_name: str,
    seed: bytes = b"",
    autonaming: Autonaming | None = None,
    provider: Provider | None = None,
) -> tuple[Props, list[str]]:
    """The checked inputs of a resource, and its failures; `olds` are the checked inputs of the last update."""
    provider = provider or Provider()
    written = {name: value for name, value in news.items() if not name.startswith("__") and name != "tagsAll"}
    inputs, failures = check_types(written, resource.inputs, resource)
    if failures:
        return inputs, failures
    if provider.region and _is_regional(resource):
        inputs.setdefault("region", provider.region)
    name = named_by(resource)
    if name and name not in inputs and f"{name}Prefix" not in inputs:
        if name in olds and name in plain(olds.get(DEFAULTS) or []):
            inputs[name] = olds[name]
        else:
            try:
                inputs[name] = automatic_name(resource.token, name, fresh_name(logical_name, seed), inputs, autonaming)
            except NameRefusedError as refusal:
                return inputs, [str(refusal)]
        inputs[DEFAULTS] = [name]
    if "tags" in resource.inputs and "tagsAll" in resource.outputs:
        inputs["tagsAll"] = _all_tags(inputs.get("tags"), provider)
    return inputs, []


def _is_regional(resource: Resource) -> bool:
    """Whether `region` says where the resource is; a few old types use the word for something else."""
    declared = resource.inputs.get("region")
    if declared is None or declared.type != Scalar("string"):
        return False
    return not re.search(r"Use `\w+` instead", documentation(resource.token).get("region", ""))


def _all_tags(tags: Any, provider: Provider) -> Any:
    """The resource's tags over the provider's default tags, less those that the provider ignores."""
    if has_unknown(tags) or has_unknown(provider.default_tags):
        return UNKNOWN
    merged = {**(_open(provider.default_tags) or {}), **(_open(tags) or {})}
    kept = {
        key: value
        for key, value in merged.items()
        if key not in provider.ignored_tags and not key.startswith(provider.ignored_tag_prefixes)
    }
    return Secret(kept) if isinstance(tags, Secret) or isinstance(provider.default_tags, Secret) else kept


def _open(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value


def _object(
    value: Props,
    declared: Mapping[str, Property],
    path: str,
    failures: list[str],
    outputs: frozenset[str] = frozenset(),
) -> Props:
    present = {name: item for name, item in value.items() if item is not None}
    checked = {}
    for name, item in present.items():
        place = _join(path, name)
        if name in declared:
            checked[name] = _value(item, declared[name].type, place, failures)
        elif name in outputs:
            failures.append(f"{place}: is an output of the resource, it can't be set")
        elif not name.startswith("__"):
            failures.append(f"{place}: no such property{_did_you_mean(name, declared)}")
    for name, property_ in declared.items():
        if property_.required and name not in present:
            failures.append(f"{_join(path, name)}: required property is missing")
    return checked


def _value(value: Any, declared: Type, path: str, failures: list[str]) -> Any:  # noqa: PLR0911 - a case a type
    """The value in its declared type; a mismatch is reported and the value returned as it is."""
    if value is UNKNOWN:
        return value
    if isinstance(value, Secret):
        return Secret(_value(value.value, declared, path, failures))
    match declared:
        case ListOf(item=item) if isinstance(value, list):
            return [_value(part, item, f"{path}[{index}]", failures) for index, part in enumerate(value)]
        case MapOf(item=item) if isinstance(value, dict):
            return {
                key: _value(part, item, _join(path, key), failures) for key, part in value.items() if part is not None
            }
        case ObjectOf() if isinstance(value, dict):
            return _object(value, declared.properties, path, failures)
        case OneOf(options=options):
            return _one_of(value, options, path, failures)
        case Scalar(kind=kind):
            try:
                return _scalar(value, kind)
            except _MismatchError:
                pass
    failures.append(f"{path}: {_expected(declared)} expected, {_kind(value)} given")
    return value


def _one_of(value: Any, options: tuple[Type, ...], path: str, failures: list[str]) -> Any:
    tried: list[str] = []
    for option in options:
        attempt: list[str] = []
        converted = _value(value, option, path, attempt)
        if not attempt:
            document = (
                isinstance(option, ObjectOf) and Scalar("string") in options and "." not in path and "[" not in path
            )
            return _as_json(converted) if document else converted
        if isinstance(option, ObjectOf) and isinstance(value, dict):
            tried = attempt  # what is wrong inside the object says more than that it is no string
    failures += tried or [f"{path}: {_expected(OneOf(options))} expected, {_kind(value)} given"]
    return value


def _as_json(document: Any) -> Any:
    """A policy given as an object becomes the JSON text that AWS takes."""
    if has_unknown(document):
        return UNKNOWN
    text = json.dumps(plain(document), separators=(",", ":"))
    return Secret(text) if has_secret(document) else text


def _scalar(value: Any, kind: str) -> Any:  # noqa: PLR0911 - a case a kind
    """The value as the scalar, read from text or written as text where the official provider does so too.

    Raises `_MismatchError` if it is no such scalar.
    """
    match kind, value:
        case ("any", _) | ("string", str()) | ("boolean", bool()) | ("asset" | "archive", Asset()):
            return value
        case "string", bool():
            return "true" if value else "false"
        case "string", int() | float():
            return str(value)
        case "boolean", "true" | "false":
            return value == "true"
        case (("integer" | "number"), bool()):
            raise _MismatchError
        case "integer", int():
            return value
        case "number", int() | float():
            return value
        case (("integer" | "number"), str()):
            return _number(value, int if kind == "integer" else float)
    raise _MismatchError


def _number(text: str, kind: type[int] | type[float]) -> int | float:
    if not re.fullmatch(r"-?\d+" if kind is int else r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", text):
        raise _MismatchError
    return kind(text)


def _join(path: str, name: str) -> str:
    """The property path in the engine's notation: a name that is no identifier is quoted."""
    if name.replace("_", "a").isalnum():
        return f"{path}.{name}" if path else name
    return f"{path}[{json.dumps(name)}]"


def _did_you_mean(name: str, declared: Mapping[str, Property]) -> str:
    simple = {known.lower(): known for known in declared}
    found = difflib.get_close_matches(name.replace("_", "").lower(), simple, n=1, cutoff=0.75)
    return f", did you mean {simple[found[0]]}?" if found else ""


def _expected(declared: Type) -> str:
    match declared:
        case Scalar(kind=kind):
            return kind
        case ListOf():
            return "list"
        case OneOf(options=options):
            return " or ".join(dict.fromkeys(_expected(option) for option in options))
        case _:
            return "object"


def _kind(value: Any) -> str:  # noqa: PLR0911 - a case a kind
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "list"
        case Asset():
            return "asset"
        case Secret(value=inner):
            return _kind(inner)
        case _:
            return "object"
