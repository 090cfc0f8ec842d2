"""The policy configuration that the engine sends in; levels, settings and waivers for the rules out.

A stack's `policy.<stack>.json` names a rule and gives it a level, or an object with `enforcementLevel`, the rule's
settings and `waivers`. Whatever doesn't fit is refused in one line: a misspelt rule must not be a rule left alone.
"""

from __future__ import annotations

import datetime
import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import json_format
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, Severity

from policy_pack.vocabulary import Rule, Setting

_BLOCKING = (Severity.HIGH, Severity.CRITICAL)
_LEVELS = {
    proto.ADVISORY: EnforcementLevel.ADVISORY,
    proto.MANDATORY: EnforcementLevel.MANDATORY,
    # No rule changes a resource, so there is nothing weaker than blocking to fall back to.
    proto.REMEDIATE: EnforcementLevel.MANDATORY,
    proto.DISABLED: EnforcementLevel.DISABLED,
}
WAIVERS_SCHEMA = {
    "type": "array",
    "description": "violations accepted for a time: they are reported, and don't block until they expire",
    "items": {
        "type": "object",
        "properties": {
            "resource": {"type": "string", "description": "URN of the resource; * stands for any text"},
            "reason": {"type": "string", "minLength": 1},
            "expires": {"type": "string", "description": "last day on which the waiver holds, as YYYY-MM-DD"},
        },
        "required": ["resource", "reason", "expires"],
        "additionalProperties": False,
    },
}


class ConfigurationError(ValueError):
    """The policy configuration can't be used. Its text is one line that names the place."""


@dataclass(frozen=True)
class Waiver:
    """An accepted violation: of one rule, by the resources whose URN matches, through the day it expires."""

    resource: str
    reason: str
    expires: datetime.date

    def covers(self, urn: str) -> bool:
        """Return whether the waiver is for this resource, expired or not."""
        return fnmatch.fnmatchcase(urn, self.resource)


@dataclass(frozen=True)
class RuleConfiguration:
    """How one rule is applied."""

    level: EnforcementLevel
    settings: Mapping[str, Any] = field(default_factory=dict)
    waivers: Sequence[Waiver] = ()

    @property
    def enabled(self) -> bool:
        """Whether the rule is applied at all."""
        return self.level is not EnforcementLevel.DISABLED

    def waiver_for(self, urn: str) -> Waiver | None:
        """Return the waiver that lasts longest of those for this resource, expired or not."""
        return max((waiver for waiver in self.waivers if waiver.covers(urn)), key=lambda w: w.expires, default=None)


def default_level(rule: Rule) -> EnforcementLevel:
    """Return the level of a rule that the configuration doesn't mention: high severity and above blocks."""
    return EnforcementLevel.MANDATORY if rule.severity in _BLOCKING else EnforcementLevel.ADVISORY


def configure(rules: Sequence[Rule], sent: Mapping[str, Any]) -> dict[str, RuleConfiguration]:
    """Return the configuration of every rule by id.

    Args:
        rules: the pack's rules.
        sent: the engine's `PolicyConfig` messages by rule id; rules may be missing.

    Raises:
        ConfigurationError: a rule or setting that the pack doesn't have, or a value that doesn't fit.
    """
    known = {rule.id for rule in rules}
    for name in sent:
        # The engine itself spreads the level of "all" over the rules.
        if name not in known and (name != "all" or sent[name].properties.fields):
            raise ConfigurationError(f"policy configuration: there is no rule {name!r}")
    properties = {name: json_format.MessageToDict(config.properties) for name, config in sent.items()}
    configured = {}
    for rule in rules:
        given = properties.get(rule.id, {})
        owned = {name for name, setting in rule.settings.items() if setting.owner in {None, rule.id}}
        for name in given.keys() - owned - {"waivers"}:
            raise ConfigurationError(f"policy configuration: {rule.id} has no setting {name!r}")
        configured[rule.id] = RuleConfiguration(
            level=_LEVELS[sent[rule.id].enforcementLevel] if rule.id in sent else default_level(rule),
            settings={
                name: _setting(setting.owner or rule.id, name, setting, properties)
                for name, setting in rule.settings.items()
            },
            waivers=[_waiver(rule.id, entry) for entry in _listed(rule.id, given.get("waivers", []))],
        )
    return configured


def _setting(owner: str, name: str, setting: Setting, properties: Mapping[str, Mapping[str, Any]]) -> Any:
    value = _whole(properties.get(owner, {}).get(name, setting.default))
    fits = type(value) is type(setting.default) and (
        not isinstance(value, list) or all(isinstance(item, setting.kind_of_items) for item in value)
    )
    if not fits:
        expected = setting.schema()["type"]
        raise ConfigurationError(f"policy configuration: {owner}.{name} is not of type {expected}")
    if setting.minimum is not None and value < setting.minimum:
        raise ConfigurationError(f"policy configuration: {owner}.{name} is {value}, below {setting.minimum}")
    return value


def _whole(value: Any) -> Any:
    """Return a value of the wire, which has no integers, with whole numbers as integers."""
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _listed(rule_id: str, waivers: Any) -> list[Any]:
    if not isinstance(waivers, list):
        raise ConfigurationError(f"policy configuration: {rule_id}.waivers is not a list")
    return waivers


def _waiver(rule_id: str, entry: Any) -> Waiver:
    if not isinstance(entry, Mapping) or entry.keys() != {"resource", "reason", "expires"} or not all(entry.values()):
        raise ConfigurationError(f"policy configuration: a waiver of {rule_id} needs resource, reason and expires")
    try:
        expires = datetime.date.fromisoformat(entry["expires"])
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"policy configuration: a waiver of {rule_id} expires on {entry['expires']!r}, not on a day (YYYY-MM-DD)"
        ) from None
    return Waiver(str(entry["resource"]), str(entry["reason"]), expires)
