"""The provider's own configuration: `aws:region` and what else a stack or `aws.Provider` sets.

The engine's arguments go in (what is no string comes as JSON text); a `Configuration` comes out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.aws_plugin import schema
from sandbox.aws_plugin.check import Provider, check_types
from sandbox.aws_plugin.emulator import EmulatorError, require_loopback
from sandbox.aws_plugin.values import UNKNOWN, Props, Secret, plain


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the plugin goes by. `allowed` empty: every account that is not forbidden."""

    provider: Provider = field(default_factory=Provider)
    allowed: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()


def check_configuration(arguments: Props) -> list[str]:
    """What is wrong with the provider's configuration."""
    declared = schema.resource(schema.PROVIDER).inputs
    inputs = _read(arguments)
    checked, failures = check_types(inputs, declared)
    if failures:
        return failures
    if not _region(checked):
        failures.append("region: is not set: run `pulumi config set aws:region us-west-2`")
    endpoints = plain(checked.get("endpoints"))
    for index, services in enumerate(endpoints if isinstance(endpoints, list) else []):
        for service, address in services.items() if isinstance(services, dict) else ():
            if isinstance(address, str):
                try:
                    require_loopback(address)
                except EmulatorError as error:
                    failures.append(f"endpoints[{index}].{service}: {error}")
    return failures


def configure(arguments: Props) -> Configuration:
    """The configuration that the checked arguments give."""
    inputs = _read(arguments)
    ignored = _object(plain(inputs.get("ignoreTags")))
    defaults = inputs.get("defaultTags")
    secret = isinstance(defaults, Secret)
    defaults = defaults.value if isinstance(defaults, Secret) else defaults
    tags = UNKNOWN if defaults is UNKNOWN else _object(defaults).get("tags")
    region = _region(inputs)
    return Configuration(
        provider=Provider(
            region=region if isinstance(region, str) else None,
            default_tags=Secret(tags) if secret and tags else tags,
            ignored_tags=frozenset(ignored.get("keys") or ()),
            ignored_tag_prefixes=tuple(ignored.get("keyPrefixes") or ()),
        ),
        allowed=frozenset(plain(inputs.get("allowedAccountIds")) or ()),
        forbidden=frozenset(plain(inputs.get("forbiddenAccountIds")) or ()),
    )


def _region(inputs: Mapping[str, Any]) -> Any:
    return plain(inputs.get("region")) or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _read(arguments: Props) -> Props:
    """The arguments with JSON text read, where the provider takes something other than text."""
    declared = schema.resource(schema.PROVIDER).inputs
    known = {name: value for name, value in arguments.items() if name != "version" and not name.startswith("__")}
    return {
        name: value if name in declared and declared[name].type == schema.Scalar("string") else _from_json(value)
        for name, value in known.items()
    }


def _from_json(value: Any) -> Any:
    if isinstance(value, Secret):
        return Secret(_from_json(value.value))
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
