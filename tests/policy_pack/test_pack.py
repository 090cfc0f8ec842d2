"""The records of the rules: complete, unambiguous, and owned."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from policy_pack.pack import PACK
from policy_pack.vocabulary import ANY_AWS_TYPE, Promise, Rule

every_rule = pytest.mark.parametrize("rule", PACK.rules, ids=lambda rule: rule.id)


@every_rule
def test_record_is_complete(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9_]+", rule.id)
    assert rule.why.endswith((".", "!")), "the docstring says why, in a sentence"
    assert rule.promise in get_args(Promise)
    assert rule.fix
    assert not rule.fix.endswith("."), "the fix is a command in the middle of a message"


@every_rule
def test_setting_belongs_to_a_rule_that_has_it(rule: Rule) -> None:
    rules = {item.id: item for item in PACK.rules}
    for name, setting in rule.settings.items():
        assert rules[setting.owner or rule.id].settings[name] is setting


@every_rule
def test_rule_of_every_type_needs_no_graph(rule: Rule) -> None:
    """A stack is judged type by type, and the graph has no list of all of them."""
    assert not (rule.needs_graph and ANY_AWS_TYPE in rule.on)


def test_ids_are_unique() -> None:
    ids = [rule.id for rule in PACK.rules]
    assert sorted(ids) == sorted(set(ids))
