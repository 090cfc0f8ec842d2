"""Protobuf Structs of the provider protocol to Python values, and back.

Python values are what JSON has, and three things more: `UNKNOWN` (not known before the update), `Secret` (a value that
must be stored encrypted) and `Asset` (a file or archive, passed through as it came). Whole numbers become int.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import struct_pb2

Props = dict[str, Any]

# The protocol's signatures and sentinels: sdk/go/common/resource/sig/sig.go and plugin/rpc.go of Pulumi 3.259.0.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a protocol constant
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_ASSETS = ("c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7")
_UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


class Unknown:
    """The type of `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not be shown; its repr doesn't."""

    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset or archive in the protocol's own form; equal when its content's hash is."""

    wire: Mapping[str, Any] = field(repr=False, compare=False)
    hash: str = ""


def decode(struct: struct_pb2.Struct) -> Props:
    """A Struct as a dictionary of Python values."""
    return {key: _decode(value) for key, value in struct.fields.items()}


def encode(props: Mapping[str, Any]) -> struct_pb2.Struct:
    """A dictionary of Python values as a Struct; None is a null, not an absence."""
    return struct_pb2.Struct(fields={key: _encode(value) for key, value in props.items()})


def plain(value: Any) -> Any:
    """The value without `Secret` wrappers, for AWS; never log the result."""
    match value:
        case Secret(value=inner):
            return plain(inner)
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case Asset(wire=wire):
            return plain(dict(wire))
        case _:
            return value


def has_unknown(value: Any) -> bool:
    """Whether any part is unknown."""
    return any(part is UNKNOWN for part in _parts(value))


def has_secret(value: Any) -> bool:
    """Whether any part is secret."""
    return any(isinstance(part, Secret) for part in _parts(value))


def like(value: Any, model: Any) -> Any:
    """The value with every part secret that is secret in the model; a list is secret whole if any element is."""
    if isinstance(value, Secret) or not has_secret(model):
        return value
    if isinstance(value, dict) and isinstance(model, dict):
        return {key: like(item, model.get(key)) for key, item in value.items()}
    return Secret(value)


def redacted(text: str, props: Any) -> str:
    """The text without any secret value of the properties: a service's error may quote what it refused."""
    hidden = {str(part) for secret in _parts(props) if isinstance(secret, Secret) for part in _scalars(secret)}
    for value in sorted(hidden - {""}, key=len, reverse=True):
        text = text.replace(value, "[secret]")
    return text


def _scalars(value: Any) -> Iterator[str | int | float]:
    return (part for part in _parts(value) if isinstance(part, str | int | float) and not isinstance(part, bool))


def _parts(value: Any) -> Iterator[Any]:
    yield value
    match value:
        case Secret(value=inner):
            yield from _parts(inner)
        case dict():
            for item in value.values():
                yield from _parts(item)
        case list():
            for item in value:
                yield from _parts(item)


def _decode(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "bool_value":
            return value.bool_value
        case "number_value":
            return int(value.number_value) if value.number_value.is_integer() else value.number_value
        case "string_value":
            return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "struct_value":
            return _decode_object(decode(value.struct_value))
        case _:
            return None


def _decode_object(fields: Props) -> Any:
    match fields.get(_SIGNATURE):
        case None:
            return fields
        case signature if signature == _SECRET:
            return Secret(fields.get("value"))
        case signature if signature == _OUTPUT:
            known = fields.get("value", UNKNOWN)
            return Secret(known) if fields.get("secret") else known
        case signature if signature == _RESOURCE:
            return fields.get("id", fields.get("urn"))
        case signature if signature in _ASSETS:
            return Asset(fields, str(fields.get("hash", "")))
        case _:
            return fields


def _encode(value: Any) -> struct_pb2.Value:  # noqa: PLR0911 - a case a kind
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case Unknown():
            return struct_pb2.Value(string_value=_UNKNOWN_STRING)
        case Secret(value=inner):
            return _encode({_SIGNATURE: _SECRET, "value": inner})
        case Asset(wire=wire):
            return _encode(dict(wire))
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case list() | tuple():
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_encode(item) for item in value]))
        case Mapping():
            return struct_pb2.Value(struct_value=encode(value))
    raise TypeError(f"{type(value).__name__} has no form in the provider protocol")
