"""The rules of the pack, found by resource type."""

from __future__ import annotations

import pkgutil
from collections import defaultdict
from collections.abc import Collection, Sequence
from importlib import import_module

from policy_pack import rules
from policy_pack.reviewed_types import REVIEWED
from policy_pack.rules import unreviewed
from policy_pack.vocabulary import ANY_AWS_TYPE, Rule

MODULES = tuple(
    import_module(f"{rules.__name__}.{module.name}")
    for module in pkgutil.iter_modules(rules.__path__)
    if module.name != "unreviewed"
)
"""Every file of rules, so that a rule is added in one place. `unreviewed` steps in where none of them does."""


class Pack:
    """Rules, the types reviewed as needing none, and the rule that reports every other type."""

    def __init__(self, rules: Sequence[Rule], reviewed: Collection[str], fallback: Rule | None) -> None:
        self.rules = (*rules, fallback) if fallback else tuple(rules)
        self._fallback = fallback
        self._reviewed = frozenset(reviewed)
        self._by_type: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            for token in rule.on:
                self._by_type[token].append(rule)

    def knows(self, token: str) -> bool:
        """Return whether a type is ruled by a rule of its own, or reviewed as needing none."""
        return token in self._by_type or token in self._reviewed or token.startswith("pulumi:")

    def rules_on(self, token: str) -> tuple[Rule, ...]:
        """Return the rules that judge a type."""
        everywhere = self._by_type.get(ANY_AWS_TYPE, []) if token.startswith("aws:") else []
        fallback = [self._fallback] if self._fallback and not self.knows(token) else []
        return (*self._by_type.get(token, []), *everywhere, *fallback)


PACK = Pack(
    rules=[value for module in MODULES for value in vars(module).values() if isinstance(value, Rule)],
    reviewed=REVIEWED,
    fallback=unreviewed.resource_type_reviewed,
)
