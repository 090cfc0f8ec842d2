"""What a rule reads: the engine's property values in, plain Python values and `Unknown` out.

A preview doesn't know every value. Reading one that isn't known raises `Unknown`, so that no rule can take it for an
answer; everything that is known stays readable beside it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, overload

from google.protobuf.struct_pb2 import Struct, Value
from pulumi_policy import deserialize, proxy

# One sentinel per kind of value stands for "not known yet" on the wire.
_SENTINELS = frozenset(value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_"))
(_LENGTH_OF_SENTINELS,) = {len(value) for value in _SENTINELS}
_SECRET = deserialize.SPECIAL_SECRET_SIG.encode()
_SIGNATURES_OF_FILES = (deserialize.SPECIAL_ASSET_SIG, deserialize.SPECIAL_ARCHIVE_SIG)


class Unknown(Exception):  # noqa: N818 - it is a verdict on its way, not an error
    """A value that isn't known before the deployment. Its text names the property, and never a value."""


class Malformed(ValueError):  # noqa: N818 - it is a verdict on its way, not an error
    """A value that is not what AWS takes in its place. Its text names the property, and never a value."""


class _UnknownValue:
    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = _UnknownValue()


def decode(properties: Struct, secrets: set[str]) -> dict[str, Any]:
    """Return the properties as plain values, `UNKNOWN` in place of what isn't known.

    Secrets become readable; their text is added to `secrets`, so that the caller can keep it out of messages.
    """
    fields = properties.fields
    decoded: dict[str, Any] = {}
    for key in fields:  # its items() is the slow one of `collections.abc`
        value = fields[key]
        text = value.string_value
        # Most values are texts, and taken here without a further call. One as long as a sentinel may be one.
        decoded[key] = text if text and len(text) != _LENGTH_OF_SENTINELS else _decode(value, secrets)
    return decoded


def decode_some(properties: Struct, *keys: str) -> dict[str, Any]:
    """Return those of some properties that there are as `decode` does. They must not hold secrets."""
    fields = properties.fields
    return {key: _decode(fields[key], set()) for key in keys if key in fields}


def _decode(value: Value, secrets: set[str]) -> Any:
    text = value.string_value  # most values are texts, and to ask for the kind takes longer than to decode one
    if text:
        return UNKNOWN if text in _SENTINELS else text
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        decoded = decode(value.struct_value, secrets)
        return _meant(decoded, secrets) if deserialize.SPECIAL_SIG_KEY in decoded else decoded
    if kind == "list_value":
        return [_decode(item, secrets) for item in value.list_value.values[:]]  # to iterate ends in an exception
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return None if kind is None or kind == "null_value" else getattr(value, kind)


def _meant(marked: dict[str, Any], secrets: set[str]) -> Any:
    """Return what an object with a signature stands for."""
    signature = marked[deserialize.SPECIAL_SIG_KEY]
    if signature == deserialize.SPECIAL_SECRET_SIG:
        inside = marked.get("value")
        for leaf in leaves(inside):
            if leaf and leaf is not UNKNOWN and not isinstance(leaf, bool):
                secrets.update(_texts_of(str(leaf)))
        return inside
    # A kind of value this pack has never heard of is one it can't judge.
    return marked if signature in _SIGNATURES_OF_FILES else UNKNOWN


def _texts_of(secret: str) -> set[str]:
    """Return what must not be printed of a secret: itself and, of JSON such as a policy, every text inside."""
    inside: Any = None
    if secret.startswith(("{", "[")):
        with contextlib.suppress(ValueError):
            inside = json.loads(secret)
    return {secret, *(leaf for leaf in leaves(inside) if isinstance(leaf, str) and leaf)}


def holds_secrets(properties: Struct) -> bool:
    """Return whether any value, however deep, may be marked as a secret."""
    return _SECRET in properties.SerializeToString()


def is_marked(value: Value) -> bool:
    """Return whether a value of the wire is an object that stands for something else: a secret, a file."""
    return deserialize.SPECIAL_SIG_KEY in value.struct_value.fields


def is_settled(value: Value) -> bool:
    """Return whether a value of the wire, and everything inside it, is known and plain."""
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        return all(map(is_settled, value.list_value.values))
    if kind == "struct_value":
        return not is_marked(value) and all(map(is_settled, value.struct_value.fields.values()))
    return kind != "string_value" or value.string_value not in _SENTINELS


Place: TypeAlias = "str | tuple[Place, int | tuple[str, ...]]"
"""Where a value is, from the resource down: written out, or the way to what holds it and the step from there."""


def spell(place: Place) -> str:
    """Return the name of a place, such as `rules[0].schedule`."""
    if isinstance(place, str):
        return place
    holder, step = place
    return f"{spell(holder)}[{step}]" if isinstance(step, int) else ".".join(filter(None, (spell(holder), *step)))


class Props:
    """The properties of a resource, or of an object inside one, under their wire names (camelCase)."""

    __slots__ = ("_origin", "_place", "_values")

    def __init__(self, values: dict[str, Any], place: Place = "", origin: str = "") -> None:
        self._values = values
        self._place = place
        self._origin = origin

    def get(self, key: str, *inner: str, default: Any = None) -> Any:
        """Return the value at a path, `default` where it is absent or null; objects as `Props`, lists as `Items`.

        A block that may be repeated is absent where its list is empty.

        Raises:
            Unknown: the value, or an object on the way to it, isn't known before the deployment.
            Malformed: what should be an object on the way to it is none.
        """
        # Nothing is asked more often, and mostly for one key. What stands in an object's place has no `get`.
        try:
            value: Any = self._values.get(key)
        except AttributeError:
            return self._blocked((key, *inner), default)
        if value is None:
            return default
        for name in inner:
            if type(value) is not dict:
                return self._blocked((key, *inner), default)
            value = value.get(name)
            if value is None:
                return default
        kind = type(value)
        if kind is dict or kind is list:
            return (Props if kind is dict else Items)(value, (self._place, (key, *inner)), self._origin)
        if value is UNKNOWN:
            raise Unknown(self.where(key, *inner))
        return value

    def _blocked(self, path: tuple[str, ...], default: Any) -> Any:
        """Return what to answer where something on the way to a value is no object."""
        value: Any = self._values
        for depth, key in enumerate(path):
            if type(value) is not dict:
                if value is UNKNOWN:
                    raise Unknown(self.where(*path[:depth]))
                if value == []:
                    return default
                raise Malformed(f"{self.where(*path[:depth]) or 'the resource'} is not an object")
            value = value.get(key)
        raise AssertionError("everything on the way is an object")

    def has(self, *path: str) -> bool:
        """Return whether something other than null, an empty text, list or object is at `path`.

        Raises:
            Unknown: it isn't known before the deployment.
        """
        value = raw(self.get(*path))
        return bool(value) or isinstance(value, (int, float))

    def where(self, *path: str) -> str:
        """Return the name of the property at `path` from the resource down, such as `rules[0].schedule`."""
        return spell((self._place, path))

    def place(self, *path: str) -> Place:
        """Return where `path` leads, for what is made of the value there."""
        return self._place, path

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __repr__(self) -> str:
        return f"Props({spell(self._place) or self._origin})"


class Items:
    """A sequence of which some elements may not be known: the known ones come first, then `Unknown` is raised.

    So `x in items` is an answer where the known elements hold it, and every known element is judged.
    """

    __slots__ = ("_origin", "_place", "_values")

    def __init__(self, values: Sequence[Any], place: Place = "", origin: str = "") -> None:
        self._values = values
        self._place = place
        self._origin = origin

    def __iter__(self) -> Iterator[Any]:
        unknown = None
        for index, value in enumerate(self._values):
            if value is not UNKNOWN:
                yield self._wrap(value, index)
            elif unknown is None:
                unknown = index
        if unknown is not None:
            raise Unknown(spell((self._place, unknown)))

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Items(self._values[index], self._place, self._origin)
        if self._values[index] is UNKNOWN:
            raise Unknown(spell((self._place, index)))
        return self._wrap(self._values[index], index)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Items({spell(self._place)})"

    def _wrap(self, value: Any, index: int) -> Any:
        kind = type(value)
        if kind is dict:
            return Props(value, (self._place, index), self._origin)
        return Items(value, (self._place, index), self._origin) if kind is list else value


# Not as its base: to ask whether something is an instance of an abstract class takes a call, and many rules do.
Sequence.register(Items)


def raw(value: Any) -> Any:
    """Return the plain value inside a `Props` or `Items`, `UNKNOWN` where an element isn't known."""
    return value._values if isinstance(value, (Props, Items)) else value  # noqa: SLF001 - one file, one abstraction


def leaves(value: Any) -> Iterator[Any]:
    """Yield the texts, numbers and `UNKNOWN` inside a plain value."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value
