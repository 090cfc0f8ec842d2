"""A rule and a resource in, a verdict out. Knows nothing of configuration files, enforcement or the engine."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from policy_pack.registers import NO_REGISTERS, Registers
from policy_pack.values import Malformed
from policy_pack.vocabulary import Graph, NotApplicable, Resource, Rule, Unknown
from policy_pack.waivers import Waiver


class Verdict(StrEnum):
    """What a rule says of a resource."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNDETERMINED = "undetermined"
    NOT_APPLICABLE = "not applicable"


class Judgement(NamedTuple):
    """A verdict and what led to it: what is wrong, what isn't known, or why the rule doesn't apply.

    `crashed` marks an undetermined verdict that is a fault of the rule, `malformed` one of the program: what it gives
    is not what AWS takes. Both block.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    crashed: bool = False
    malformed: bool = False


_PASS = Judgement(Verdict.PASS)


@dataclass(frozen=True)
class Context:
    """What a rule may ask for besides the resource: each field is a parameter's name."""

    today: datetime.date
    registers: Registers = NO_REGISTERS
    graph: Graph | None = None
    unused: Mapping[Waiver, bool] = field(default_factory=dict)
    """The waivers that no violation needs, and whether something undetermined may turn out to."""


def judge(rule: Rule, resource: Resource, settings: Mapping[str, Any], context: Context) -> Judgement:
    """Judge one resource by one rule. Never raises: a rule that crashes is undetermined, not passed."""
    arguments = dict(settings)
    for name in rule.takes:
        arguments[name] = getattr(context, name)
    if rule.takes_row:
        arguments["row"] = rule.on[resource.type]
    wrong: list[str] = []
    unknown: list[str] = []
    try:
        for finding in rule.check(resource, **arguments):
            (unknown if isinstance(finding, Unknown) else wrong).append(str(finding))
    except Unknown as reason:
        unknown.append(str(reason))
    except NotApplicable as reason:
        if not wrong and not unknown:
            return Judgement(Verdict.NOT_APPLICABLE, (str(reason),))
    except Exception as error:  # noqa: BLE001 - whatever a rule raises must become a verdict that blocks
        return Judgement(Verdict.UNDETERMINED, (_spell(error), *wrong), *_whose_fault(error))
    if wrong:
        return Judgement(Verdict.FAIL, tuple(dict.fromkeys(wrong)))
    if unknown:
        return Judgement(Verdict.UNDETERMINED, tuple(dict.fromkeys(unknown)))
    return _PASS


def _spell(error: Exception) -> str:
    return str(error) if isinstance(error, Malformed) else f"{type(error).__name__}: {error}"


def _whose_fault(error: Exception) -> tuple[bool, bool]:
    """Return whether the rule is at fault, and whether the program is."""
    malformed = isinstance(error, Malformed)
    return not malformed, malformed
