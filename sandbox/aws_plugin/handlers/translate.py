"""Wire values (camelCase, by the SDK's types) to AWS members (by botocore's shapes) and back, and what counts as equal.

Names need no table where they differ only in case, plural or the thing's noun: `vpcId` is VpcId or VpcIds, `arn` of a
DBCluster is DBClusterArn. Shapes drive the rest: tags become lists or maps, a bare value a list of one or
`{"Value": …}`, a policy document text.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sandbox.aws_plugin import schema
from sandbox.aws_plugin.handlers.records import NotEmulated

Names = Mapping[str, str]


def plain(name: str) -> str:
    """A name without case and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def find_name(members: Iterable[str], name: str, noun: str = "") -> str | None:
    """The member that a name means: with the thing's noun before it or not, in the same number or not."""
    known = {plain(member): member for member in members}
    singular = {_singular(key): member for key, member in known.items()}
    for wanted in (plain(noun + name), plain(name)):
        if wanted in known:
            return known[wanted]
    for wanted in (_singular(plain(noun + name)), _singular(plain(name))):
        if wanted in singular:
            return singular[wanted]
    return None


def _singular(name: str) -> str:
    name = name.removesuffix("list")
    return name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")


def is_zero(value: Any) -> bool:
    """Whether a value says no more than its absence: the provider can't tell `false` from not given."""
    return value is None or value in ("", 0, False) or value in ([], {})


def put(members: dict[str, Any], path: str, value: Any) -> None:
    """Set the member at a dotted path."""
    *parents, last = path.split(".")
    for parent in parents:
        members = members.setdefault(parent, {})
    members[last] = value


def shape_at(shape: Any, path: str) -> Any:
    """The botocore shape at a dotted path, through lists.

    :raises KeyError: there is no such member.
    """
    for name in filter(None, path.split(".")):
        while shape.type_name == "list":
            shape = shape.member
        shape = shape.members[name]
    return shape


def to_aws(value: Any, shape: Any, names: Names, path: str = "") -> Any:
    """A wire value as a botocore shape wants it.

    :param names: nested wire names by dotted path -> AWS name, where they differ.
    :raises NotEmulated: the shape has no member for a nested property.
    """
    match shape.type_name:
        case "structure":
            return _structure(value, shape, names, path)
        case "list" if isinstance(value, dict) and (pair := _pair(shape.member)):
            return [{pair[0]: key, pair[1]: item} for key, item in value.items()]
        case "list":
            return [to_aws(item, shape.member, names, path) for item in (value if isinstance(value, list) else [value])]
        case "map":
            return {str(key): to_aws(item, shape.value, names, path) for key, item in value.items()}
    convert = _TO_AWS.get(shape.type_name)
    return convert(value) if convert else value


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


_TO_AWS: Mapping[str, Callable[[Any], Any]] = {
    "boolean": lambda value: value in (True, "true", "Enabled"),
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "string": _text,
}


def _structure(value: Any, shape: Any, names: Names, path: str) -> Any:
    if isinstance(value, list):
        value = value[0] if value else {}
    if not isinstance(value, dict):
        [(member, inner)] = shape.members.items()
        return {member: to_aws(value, inner, names, path)}
    members: dict[str, Any] = {}
    for name, item in value.items():
        if item is None:
            continue
        below = f"{path}.{name}"
        target = names.get(below) or find_name(shape.members, name)
        if target is None:
            if is_zero(item):
                continue
            raise NotEmulated(f"property {below}")
        put(members, target, to_aws(item, shape_at(shape, target), names, below))
    return members


_KEYS = ("key", "name")
"""How the name of the member ends that is the key of a pair."""


def _pair(shape: Any) -> tuple[str, str] | None:
    """The members that hold key and value, if a shape is a pair: {Key, Value}, {TagKey, TagValue} or {Name, Value}."""
    if shape.type_name != "structure":
        return None
    keys, values = ([name for name in shape.members if name.lower().endswith(ends)] for ends in (_KEYS, "value"))
    return (keys[0], values[0]) if len(keys) == len(values) == 1 else None


def from_aws(value: Any, kind: schema.Type | None, names: Names, path: str = "") -> Any:
    """An AWS value as the SDK types it; without a type (an output's), as it is with wire names."""
    if isinstance(value, datetime):
        value = value.isoformat()
    match kind:
        case None:
            return _untyped(value)
        case schema.ListOf(item=item):
            return [from_aws(each, item, names, path) for each in (value if isinstance(value, list) else [value])]
        case schema.MapOf(item=item):
            return {key: from_aws(each, item, names, path) for key, each in as_dict(value).items()}
        case schema.ObjectOf(properties=properties):
            return _object(value, properties, names, path)
        case schema.Scalar(kind=scalar):
            return _scalar(value, scalar)
    return _scalar(value, "string")


def _object(value: Any, properties: Mapping[str, schema.Property], names: Names, path: str) -> Any:
    if isinstance(value, list):
        value = value[0] if value else {}
    found: dict[str, Any] = {}
    for name, prop in properties.items():
        source = names.get(f"{path}.{name}") or find_name(value, name)
        item = value
        for part in source.split(".") if source else ():
            item = item.get(part) if isinstance(item, dict) else None
        if source and item is not None:
            found[name] = from_aws(item, prop.type, names, f"{path}.{name}")
    return found


def _scalar(value: Any, kind: str) -> Any:
    if isinstance(value, dict) and set(value) == {"Value"}:
        value = value["Value"]
    if kind == "boolean":
        return value.lower() in ("true", "enabled", "on") if isinstance(value, str) else bool(value)
    if kind in ("integer", "number"):
        return int(value) if kind == "integer" else float(value)
    return _text(value)


def _untyped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: from_aws(item, None, {}) for name, item in value.items()}
    if isinstance(value, list):
        return [from_aws(item, None, {}) for item in value]
    return value


def as_dict(pairs: Any) -> dict[str, Any]:
    """Tags as a dictionary, from any of AWS's forms of them."""
    if isinstance(pairs, dict):
        return pairs
    return {
        next(pair[name] for name in pair if name.lower().endswith(_KEYS)): next(
            (pair[name] for name in pair if name.lower().endswith("value")), ""
        )
        for pair in pairs
    }


def settle(prior: Any, actual: Any, defaults: Mapping[str, Any], path: str) -> Any:
    """What AWS says, in the words of what was said before wherever both mean the same.

    This is the one rule that keeps a read free of false drift:
    - text: a JSON document is equal to its other spellings, an ARN to the id it ends in;
    - a list is a set: the order of before is kept, and what is new comes last;
    - in an object, a member that was not given stays away while AWS holds its zero value or its default there; but an
      empty object is a choice (WAF's `allow: {}` or `block: {}`), which another one takes the place of;
    - a value that was not given at all (top level) is the service's own choice and is reported as it is: it belongs to
      the outputs, and a program that doesn't set it has nothing to compare.
    """
    if prior is None or same(prior, actual):
        return actual if prior is None else prior
    if isinstance(prior, dict) and isinstance(actual, dict):
        chosen = any(value == {} and name not in prior for name, value in actual.items())
        merged = {
            name: settle(prior.get(name), value, defaults, f"{path}.{name}")
            for name, value in actual.items()
            if name in prior or value == {} or not (is_zero(value) or defaults.get(f"{path}.{name}") == value)
        }
        unsaid = {name: value for name, value in prior.items() if name not in actual and is_zero(value)}
        return merged | {name: value for name, value in unsaid.items() if not (chosen and value == {})}
    if isinstance(prior, list) and isinstance(actual, list):
        return _settle_list(prior, actual, defaults, path)
    return actual


def _settle_list(prior: list[Any], actual: list[Any], defaults: Mapping[str, Any], path: str) -> list[Any]:
    rest = list(actual)
    slots: list[Any] = []
    for item in prior:
        equal = next((each for each in rest if same(item, settle(item, each, defaults, path))), None)
        slots.append(item if equal is not None else None)
        if equal is not None:
            rest.remove(equal)
    changed = [
        item if item is not None else settle(prior[place], rest.pop(0), defaults, path)
        for place, item in enumerate(slots)
        if item is not None or rest
    ]
    return changed + rest


def same(one: Any, other: Any) -> bool:
    """Whether two wire values mean the same."""
    if one == other and isinstance(one, bool) == isinstance(other, bool):
        return True
    first, second = _document(one), _document(other)
    if first is not None and second is not None:
        return bool(_canonical(first) == _canonical(second))
    if isinstance(one, str) and isinstance(other, str):
        return any(
            a.startswith("arn:") and re.search(rf"[:/]{re.escape(b)}$", a) for a, b in ((one, other), (other, one)) if b
        )
    return False


def _document(value: Any) -> Any:
    """A JSON document, given as text or as the object itself."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, dict | list) else None


def _canonical(value: Any) -> Any:
    """One spelling of a policy document: AWS takes a list of one for its only element, and lists for sets."""
    if isinstance(value, dict):
        return {name: _canonical(item) for name, item in value.items()}
    if isinstance(value, list):
        items = sorted((_canonical(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        return items[0] if len(items) == 1 else items
    return value
