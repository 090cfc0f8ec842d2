"""Tables of rules: where each type keeps a promise, and the values that keep it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from policy_pack.findings import Finding, NotApplicable, each
from policy_pack.values import Items, Props, Unknown, raw

Check: TypeAlias = "Callable[[Props, tuple[str, ...]], Iterator[Finding]]"
"""Judges the property that names lead to, from the object that holds it; several names where one between is absent."""


@dataclass(frozen=True)
class Row:
    """One line of a table: where a type keeps a promise, the values that keep it, and AWS's value where it is unset.

    The path leads through objects and through lists, whose every element is judged. `name[]` in it stands for as many
    blocks as there are, none included; where any other block is absent, the value is unset. AWS's value may depend on
    the object that lacks it: `unset` is then a function of that.
    """

    path: tuple[str, ...]
    allowed: tuple[Any, ...] = (True,)
    unset: Any = None
    controls: tuple[str, ...] = ()
    at_least: int | None = None
    """The smallest number that keeps the promise, in place of `allowed`."""
    when: tuple[str, ...] = ()
    """The row applies only where the property at this path is true or not empty."""
    unless: tuple[str, ...] = ()
    """The row doesn't apply where one of these properties is set: they name what the value is taken from."""
    inherits: tuple[str, ...] = ()
    """Where the value is unset and one of these is not, the value is that of a source that can't be seen."""

    def judge(self, resource: Props) -> Iterator[Finding]:
        """Yield what is wrong with the resource's property."""
        yield from self.visit(resource, self.compare)

    def visit(self, resource: Props, check: Check) -> Iterator[Finding]:
        """Let `check` judge every place where the path ends.

        Raises:
            NotApplicable: the promise isn't this resource's to keep.
        """
        if self.when and not raw(resource.get(*self.when)):
            raise NotApplicable(f"{resource.where(*self.when)} is not set")
        for name in self.unless:
            if resource.has(name):
                raise NotApplicable(f"it takes this from its {name}")
        for name in self.inherits:
            if resource.has(name) and not resource.has(*self.path):
                raise Unknown(f"{resource.where(*self.path)}, which comes with its {name}")
        yield from _visit(resource, self.path, check)

    def compare(self, holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        """Yield what is wrong with the value that names lead to, as a `Check` does."""
        value = holder.get(*names)
        if value is None or (isinstance(value, Items) and not value):
            value = self.unset(holder) if callable(self.unset) else self.unset
        if isinstance(value, Items):
            yield from each(value, lambda one: self._compare_one(one, holder, names))
        elif not self._keeps(value):
            yield from self._compare_one(value, holder, names)

    def _compare_one(self, value: Any, holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        if not self._keeps(value):
            expected = " or ".join(map(_spell, self.allowed)) if self.at_least is None else f"at least {self.at_least}"
            yield f"{holder.where(*names)} is {_spell(value)}; it must be {expected}"

    def _keeps(self, value: Any) -> bool:
        if self.at_least is None:
            return value in self.allowed
        return value is not None and float(value) >= self.at_least


Rows: TypeAlias = "Row | tuple[Row, ...]"
"""What a table holds for a type that keeps one promise in one place, or in several."""


@dataclass(frozen=True)
class Forbidden:
    """One line of a table of types that must not be used at all, whatever their properties are."""

    instead: str
    controls: tuple[str, ...] = ()


def rows_of(value: Any) -> tuple[Row, ...]:
    """Return the rows of a table's value, whatever else it may hold."""
    return tuple(row for row in (value if isinstance(value, tuple) else (value,)) if isinstance(row, Row))


def judge_rows(rows: Rows, resource: Props, check: Check | None = None) -> Iterator[Finding]:
    """Judge a resource by the rows of its type; `check` takes the place of their own comparison.

    Raises:
        NotApplicable: no row applies.
    """
    if isinstance(rows, Row):
        return rows.visit(resource, check or rows.compare)
    return _judge_lines(rows_of(rows), resource, check)


def _judge_lines(lines: tuple[Row, ...], resource: Props, check: Check | None) -> Iterator[Finding]:
    reasons = []
    for row in lines:
        try:
            yield from row.visit(resource, check or row.compare)
        except Unknown as unknown:
            yield unknown
        except NotApplicable as reason:
            reasons.append(reason)
    if len(reasons) == len(lines):
        raise reasons[0]


def _visit(holder: Props, path: tuple[str, ...], check: Check) -> Iterator[Finding]:
    name, rest = path[0].removesuffix("[]"), path[1:]
    if not rest:
        return check(holder, (name,))
    inside = holder.get(name)
    if raw(inside):
        return each(inside if isinstance(inside, Items) else [inside], lambda block: _visit(block, rest, check))
    return iter(()) if any(part.endswith("[]") for part in path) else check(holder, path)


def _spell(value: Any) -> str:
    return "not set" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
