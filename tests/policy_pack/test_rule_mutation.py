"""Every rule's predicate matters: replaced by one that knows its answer beforehand, an example turns red."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, wraps
from typing import Any

import pytest

from policy_pack.pack import PACK, Pack
from policy_pack.reviewed_types import REVIEWED
from policy_pack.vocabulary import Example, Finding, Forbidden, NotApplicable, Rule, Unknown
from tests.policy_pack.engine import Program, ask, run


def always_pass(*_: Any, **__: Any) -> Iterator[Finding]:
    yield from ()


def always_fail(*_: Any, **__: Any) -> Iterator[Finding]:
    yield "wrong, whatever it is"


def always_undetermined(*_: Any, **__: Any) -> Iterator[Finding]:
    yield Unknown("anything")


def never_applicable(*_: Any, **__: Any) -> Iterator[Finding]:
    yield from ()
    raise NotApplicable("whatever it is")


def verdict(rule: Rule, example: Example, predicate: Callable[..., Iterator[Finding]]) -> str:
    """Return what the test of the examples would see of the rule with another predicate."""
    mutant = replace(rule, check=wraps(rule.check)(predicate))
    if rule is PACK.rules[-1]:
        pack = Pack([], REVIEWED, fallback=mutant)
    elif "unused" in rule.takes:
        # It judges the waivers that no other rule needed.
        pack = Pack([mutant if one is rule else one for one in PACK.rules[:-1]], REVIEWED, fallback=None)
    else:
        pack = Pack([mutant], REVIEWED, fallback=None)
    return ask(_program(example), pack).verdict(mutant)


@cache
def _program(example: Example) -> Program:
    return run(example.program, preview=example.verdict == "undetermined")


def turns_an_example_red(rule: Rule, predicate: Callable[..., Iterator[Finding]]) -> bool:
    """Return whether some example gets its verdict from the rule, and not from the rule with another predicate."""
    return any(
        verdict(rule, example, predicate) != example.verdict == verdict(rule, example, rule.check)
        for example in rule.examples
    )


@pytest.mark.parametrize("predicate", [always_pass, always_fail, always_undetermined, never_applicable])
def test_a_rule_whose_answer_is_known_beforehand_turns_an_example_red(
    predicate: Callable[..., Iterator[Finding]],
) -> None:
    forbids = [rule for rule in PACK.rules if all(isinstance(value, Forbidden) for value in rule.on.values())]
    # Those always fail as they are, on every type of their table.
    judged = set(PACK.rules) - set(forbids if predicate is always_fail else ())
    assert [rule.id for rule in judged if not turns_an_example_red(rule, predicate)] == []
