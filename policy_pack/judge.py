"""A rule and a resource in, a verdict out. Knows nothing of configuration files, enforcement or the engine."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from types import FunctionType
from typing import Any, NamedTuple, TypeAlias

from policy_pack.registers import NO_REGISTERS, Registers
from policy_pack.values import Malformed
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Rule, Unknown
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


PASS = Judgement(Verdict.PASS)
"""The one judgement of everything that passes."""


@dataclass(frozen=True)
class Context:
    """What a rule may ask for besides the resource: each field is a parameter's name."""

    today: datetime.date
    registers: Registers = NO_REGISTERS
    graph: Graph | None = None
    unused: Mapping[Waiver, bool] = field(default_factory=dict)
    """The waivers that no violation needs, and whether something undetermined may turn out to."""


Check: TypeAlias = "Callable[[Resource], Iterator[Finding]]"
"""A rule with everything that it asks for but the resource."""


def bind(rule: Rule, token: str, settings: Mapping[str, Any], context: Context) -> Check:
    """Give a rule what it asks for to judge resources of one type: a copy of its function has that as defaults.

    To call a `partial` that holds it as keywords takes longer than many a rule does.
    """
    arguments = {**settings, **{name: getattr(context, name) for name in rule.takes}}
    if rule.takes_row:
        arguments["row"] = rule.on[token]
    check = rule.check
    code = check.__code__
    places = code.co_varnames[1 : code.co_argcount]  # of the first parameter, the resource is the argument
    defaults = tuple(arguments.pop(name) for name in places)
    bound = FunctionType(code, check.__globals__, check.__name__, defaults, check.__closure__)
    bound.__kwdefaults__ = arguments
    return bound


def judge(check: Check, resource: Resource) -> Judgement:
    """Judge one resource by one rule. Never raises: a rule that crashes is undetermined, not passed."""
    findings: list[Finding] = []
    try:
        for finding in check(resource):
            findings.append(finding)  # noqa: PERF402 - what was found before a rule gave up counts
    except Unknown as reason:
        findings.append(reason)
    except NotApplicable as reason:
        if not findings:
            return _not_applicable(str(reason))
    except Exception as error:  # noqa: BLE001 - whatever a rule raises must become a verdict that blocks
        return Judgement(Verdict.UNDETERMINED, (_spell(error), *_wrong(findings)), *_whose_fault(error))
    if not findings:
        return PASS
    wrong = _wrong(findings)
    return Judgement(Verdict.FAIL if wrong else Verdict.UNDETERMINED, tuple(dict.fromkeys(wrong or map(str, findings))))


@lru_cache(maxsize=4096)
def _not_applicable(reason: str) -> Judgement:
    """Return a judgement that a third of all are, for one of few reasons."""
    return Judgement(Verdict.NOT_APPLICABLE, (reason,))


def _wrong(findings: list[Finding]) -> list[str]:
    return [str(finding) for finding in findings if not isinstance(finding, Unknown)]


def _spell(error: Exception) -> str:
    return str(error) if isinstance(error, Malformed) else f"{type(error).__name__}: {error}"


def _whose_fault(error: Exception) -> tuple[bool, bool]:
    """Return whether the rule is at fault, and whether the program is."""
    malformed = isinstance(error, Malformed)
    return not malformed, malformed
