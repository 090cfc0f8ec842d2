"""How far policy documents reach: one or several in, the ways to more rights that they open out.

A document is read once, however many identities have it and rules ask for it. Only the actions that some way takes are
looked at, in lower case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from policy_pack.documents import allows, conditions, names_any_resource, statements
from policy_pack.permissions import named, ways_to_more_rights
from policy_pack.values import Props, Unknown

HANDS_OVER = "iam:passrole"
ANY_SERVICE = "*"
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reach:
    """The actions that are allowed on something and on everything, and those that are denied whatever allows them.

    `passes` are the services that any role may be handed to, `unknown` what can't be told yet.
    """

    somewhere: frozenset[str] = _NOTHING
    everywhere: frozenset[str] = _NOTHING
    passes: frozenset[str] = _NOTHING
    denied: frozenset[str] = _NOTHING
    unknown: tuple[str, ...] = ()

    def __or__(self, other: Reach) -> Reach:
        # Nothing that matters is what most statements are about.
        if self is NO_REACH or other is NO_REACH:
            return other if self is NO_REACH else self
        return Reach(
            self.somewhere | other.somewhere,
            self.everywhere | other.everywhere,
            self.passes | other.passes,
            self.denied | other.denied,
            (*self.unknown, *other.unknown),
        )

    def within(self, boundary: Reach) -> Reach:
        """Return what is left of it under a permissions boundary."""
        allowed = boundary.somewhere - boundary.denied
        sides = (self.passes, boundary.passes)
        return Reach(
            self.somewhere & allowed,
            self.everywhere & allowed & boundary.everywhere,
            frozenset(text for text in sides[0] | sides[1] if all({text, ANY_SERVICE} & side for side in sides)),
            self.denied,
            (*self.unknown, *boundary.unknown),
        )

    def ways(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield the name of every way to more rights that is open, shortest first, and the actions that it takes."""
        somewhere, everywhere = self.somewhere - self.denied, self.everywhere - self.denied
        if not everywhere:
            return
        for name, needed in _ways():
            # Where any role may be passed, one machine of one's own is enough to run code as it.
            if HANDS_OVER in needed:
                is_open = needed <= somewhere and HANDS_OVER in everywhere and self._passes_to(needed)
            else:
                is_open = needed <= everywhere
            if is_open:
                yield name, needed

    def _passes_to(self, needed: frozenset[str]) -> bool:
        """Return whether roles may be passed to a service that a way runs its code with."""
        services = {action.partition(":")[0] for action in needed} - {"iam"}
        return any(text == ANY_SERVICE or any(name in text for name in services) for text in self.passes)


NO_REACH = Reach()


@cache
def _ways() -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple(sorted(ways_to_more_rights().items(), key=lambda way: (len(way[1]), way[0])))


@cache
def _mattering() -> frozenset[str]:
    return _NOTHING.union(*ways_to_more_rights().values())


def reach_of(holder: Props, *path: str) -> Reach:
    """Return how far the policy document at `path` reaches.

    Raises:
        Unknown: the document isn't known before the deployment.
        Malformed: it is no policy document.
    """
    found = statements(holder, *path)
    return _reach_of_known(found) if isinstance(found, tuple) else _read(found)


# Statements of a document that is text are the same ones for whoever asks.
@lru_cache(maxsize=4096)
def _reach_of_known(found: tuple[Props, ...]) -> Reach:
    return _read(found)


def _read(found: Iterable[Props]) -> Reach:
    reach = NO_REACH
    parts = iter(found)
    while True:
        try:
            for statement in parts:
                reach |= _read_statement(statement)
        except Unknown as unknown:
            reach |= Reach(unknown=(str(unknown),))
        else:
            return reach


def _read_statement(statement: Props) -> Reach:
    actions = named(statement, _mattering())
    if not actions:
        return NO_REACH
    everything = names_any_resource(statement)
    if allows(statement):
        passes = frozenset(_passed_to(statement)) if everything and HANDS_OVER in actions else _NOTHING
        return Reach(actions, actions if everything else _NOTHING, passes)
    if everything and statement.get("NotResource") is None and not any(conditions(statement)):
        return Reach(denied=actions)
    return NO_REACH


def _passed_to(statement: Props) -> Iterator[str]:
    """Yield the services that a statement about iam:PassRole is for."""
    bound = [
        values
        for operator, key, values in conditions(statement)
        if key == "iam:passedtoservice" and operator.removeprefix("foranyvalue:") in {"stringequals", "stringlike"}
    ]
    for text in bound[0] if bound else [ANY_SERVICE]:
        yield ANY_SERVICE if set(text) <= set("*?") else text.lower()
