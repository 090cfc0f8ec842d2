"""What a rule says: what is wrong, what can't be told, that it doesn't apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, TypeVar

from policy_pack.values import Unknown

Finding: TypeAlias = "str | Unknown"
"""What is wrong, in one line that names the property; or what can't be told."""

T = TypeVar("T")


class NotApplicable(Exception):  # noqa: N818 - it is a verdict on its way, not an error
    """The rule has nothing to say about this resource. Its text is the reason."""


def each(items: Iterable[T], check: Callable[[T], Iterator[Finding]]) -> Iterator[Finding]:
    """Judge every item by itself, so that what isn't known of one hides nothing in another."""
    iterator = iter(items)
    while True:
        try:
            for item in iterator:  # goes on where the last one left off
                yield from check(item)
        except Unknown as unknown:
            yield unknown
        else:
            return
