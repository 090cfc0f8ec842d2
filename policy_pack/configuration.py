"""The policy configuration that the engine sends in; levels and settings for the rules, and the registers, out.

A stack's `policy.<stack>.json` names a rule and gives it a level, or an object with `enforcementLevel` and the rule's
settings. Whatever doesn't fit is refused in one line: a misspelt rule must not be a rule left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import json_format
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, Severity

from policy_pack.register_files import FOLDER, RegisterError, locate, read
from policy_pack.registers import NO_REGISTERS, Registers
from policy_pack.vocabulary import Rule, Setting

_BLOCKING = (Severity.HIGH, Severity.CRITICAL)
_LEVELS = {
    proto.ADVISORY: EnforcementLevel.ADVISORY,
    proto.MANDATORY: EnforcementLevel.MANDATORY,
    proto.REMEDIATE: EnforcementLevel.REMEDIATE,
    proto.DISABLED: EnforcementLevel.DISABLED,
}


class ConfigurationError(ValueError):
    """The policy configuration can't be used. Its text is one line that names the place."""


@dataclass(frozen=True)
class RuleConfiguration:
    """How one rule is applied."""

    level: EnforcementLevel
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def enabled(self) -> bool:
        """Whether the rule is applied at all."""
        return self.level is not EnforcementLevel.DISABLED


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
        for name in given.keys() - owned:
            raise ConfigurationError(f"policy configuration: {rule.id} has no setting {name!r}")
        configured[rule.id] = RuleConfiguration(
            level=_LEVELS[sent[rule.id].enforcementLevel] if rule.id in sent else default_level(rule),
            settings={
                name: _setting(setting.owner or rule.id, name, setting, properties)
                for name, setting in rule.settings.items()
            },
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
    if setting.choices and value not in setting.choices:
        raise ConfigurationError(f"policy configuration: {owner}.{name} is not {' or '.join(setting.choices)}")
    if setting.minimum is not None and value < setting.minimum:
        raise ConfigurationError(f"policy configuration: {owner}.{name} is {value}, below {setting.minimum}")
    return value


def _whole(value: Any) -> Any:
    """Return a value of the wire, which has no integers, with whole numbers as integers."""
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read_registers(configured: Mapping[str, RuleConfiguration]) -> Registers:
    """Return the registers of the folder that the configuration names, from where the program runs.

    Raises:
        ConfigurationError: a register doesn't fit, or a waiver names a rule that the pack doesn't have.
    """
    owner, name = FOLDER
    folder = configured[owner].settings[name] if owner in configured else ""
    if not folder:
        return NO_REGISTERS
    try:
        found = read(locate(folder))
    except RegisterError as error:
        raise ConfigurationError(str(error)) from None
    for waiver in found.waivers:
        if waiver.rule not in configured:
            raise ConfigurationError(f"{waiver.where}: there is no rule {waiver.rule!r}")
    return found
