"""What a statement gives away: which actions it allows on whatever there is, in place of what it names or chooses."""

from __future__ import annotations

from functools import lru_cache

from policy_pack.documents import allows, conditions, names_any_resource
from policy_pack.permissions import granted
from policy_pack.values import Props, Unknown


def granted_everywhere(statement: Props, wanted: frozenset[str]) -> frozenset[str]:
    """Return which of some actions a statement allows on resources that it neither names nor chooses by their tags.

    Raises:
        Unknown: none is known to be, and some may.
    """
    try:
        everywhere = _is_for_everything(statement)
    except Unknown:
        if granted(statement, wanted):
            raise
        return frozenset()
    return granted(statement, wanted) if everywhere else frozenset()


# Several rules ask it of every statement of a stack.
@lru_cache(maxsize=4096)
def _is_for_everything(statement: Props) -> bool:
    return allows(statement) and names_any_resource(statement) and not chosen_by_tag(statement)


def chosen_by_tag(statement: Props) -> bool:
    """Return whether a condition picks the resources instead. A key has several aliases: KMS asks for any of them."""
    return any(
        operator.removeprefix("foranyvalue:") in {"stringequals", "stringlike"}
        and ("resourcetag/" in key or "existingobjecttag/" in key or key == "kms:resourcealiases")
        and not any(set(value) <= set("*?") for value in values)
        for operator, key, values in conditions(statement)
    )
