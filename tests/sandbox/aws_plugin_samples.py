"""Inputs for any type of the SDK, made from its schema alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.aws_plugin.schema import ListOf, MapOf, ObjectOf, OneOf, Property, Scalar, Type
from sandbox.aws_plugin.values import Asset

SAMPLES: Mapping[str, Any] = {
    "string": "text",
    "integer": 7,
    "number": 0.5,
    "boolean": True,
    "any": "anything",
    "asset": Asset({"hash": "1"}, "1"),
    "archive": Asset({"hash": "1"}, "1"),
}


def required(declared: Mapping[str, Property]) -> dict[str, Any]:
    """The fewest inputs that a type takes."""
    return {name: sample(property_.type) for name, property_ in declared.items() if property_.required}


def sample(declared: Type) -> Any:
    """A value of the type."""
    match declared:
        case Scalar(kind=kind):
            return SAMPLES[kind]
        case ListOf(item=item):
            return [sample(item)]
        case MapOf(item=item):
            return {"key": sample(item)}
        case ObjectOf():
            return required(declared.properties)
        case OneOf(options=options):
            return sample(options[0])
