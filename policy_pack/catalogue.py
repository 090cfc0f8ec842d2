"""The catalogue of controls and the rules in; what answers for every requirement out.

The data is in `controls/`, whose README tells what the files hold. Nothing here is read while the pack judges.
"""

from __future__ import annotations

import csv
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from policy_pack.vocabulary import ANY_AWS_TYPE, Rule

FOLDER = Path(__file__).with_name("controls")

# NIST SP 800-53 Rev. 5 controls by theme: a reading aid of this project's, not an official mapping.
NIST_800_53 = {
    "access-control": ("AC-3", "AC-6"),
    "authentication": ("IA-2", "IA-5"),
    "backup": ("CP-9", "CP-10"),
    "change-protection": ("CM-3", "CP-9"),
    "data-lifecycle": ("SI-12", "MP-6"),
    "diagnostic-access": ("AC-2(2)", "AC-2(6)"),
    "encryption-at-rest": ("SC-28(1)", "SC-13"),
    "encryption-in-transit": ("SC-8(1)", "SC-13"),
    "governance": ("CM-8", "PM-5"),
    "key-management": ("SC-12",),
    "logging": ("AU-2", "AU-12"),
    "monitoring": ("SI-4", "CA-7"),
    "network": ("SC-7",),
    "privacy": ("AC-21", "SA-9"),
    "resilience": ("CP-6", "SC-36"),
    "restore-test": ("CP-4", "CP-9(1)"),
    "secrets": ("IA-5",),
    "vulnerability": ("RA-5", "SI-2"),
}
_CONTROL = re.compile(r"((?:SH:\w+\.\d+)|(?:CIS[3-7]:[\d.]+)|(?:PH:[A-Z0-9-]+))(?:\(([^;]+);(\w+)\))?")
# Modules of the SDK that spread one service.
_SAME_SERVICE = {"alb": "lb", "ebs": "ec2", "s3control": "s3", "vpc": "ec2"}
_TOKEN = re.compile(r"aws:\w+/\w+:\w+")


class CatalogueError(ValueError):
    """A file of the catalogue can't be read. Its text is one line that names the file and the line."""


@dataclass(frozen=True)
class Requirement:
    """A row of the catalogue: what must hold of some types, and the ids of the controls that ask for it."""

    promise: str
    theme: str
    controls: tuple[str, ...]
    standards: Mapping[str, str]
    """The standards of Security Hub that hold one of the controls, and its severity there, as `FSBP/N53, Medium`."""
    criteria: tuple[str, ...]
    service: str
    types: tuple[str, ...]
    condition: str
    is_cross_resource: bool

    @property
    def key(self) -> str:
        """What tells the requirement from every other: its first control and its first type."""
        return f"{self.controls[0]} {self.types[0]}"

    @property
    def own_controls(self) -> tuple[str, ...]:
        """The controls that ask for this alone. A benchmark's item may bundle several, so it is cited beside them."""
        return tuple(control for control in self.controls if not control.startswith("CIS"))


@dataclass(frozen=True)
class Elsewhere:
    """Why no preview can decide a control, and what does: a register or a live check."""

    decided_by: str
    reason: str


class Status(StrEnum):
    """Where a requirement stands."""

    RULED = "ruled"
    ELSEWHERE = "decided elsewhere"


@dataclass(frozen=True)
class Answer:
    """What answers for a requirement: rules that cite it on its types, and what decides the controls that none can."""

    requirement: Requirement
    rules: tuple[Rule, ...]
    elsewhere: Mapping[str, Elsewhere]
    missing: tuple[str, ...]
    """The controls that nothing answers for, and the types on which no rule that cites it looks."""

    @property
    def status(self) -> Status:
        """Ruled where a rule answers for some of it; a preview decides nothing of the others."""
        return Status.RULED if self.rules else Status.ELSEWHERE


def requirements() -> list[Requirement]:
    """Return the catalogue.

    Raises:
        CatalogueError: a line doesn't fit.
    """
    return [_requirement(row, f"catalogue.csv:{line}") for line, row in _rows("catalogue.csv")]


def elsewhere() -> dict[str, Elsewhere]:
    """Return the controls that a preview can't decide."""
    return {row["control"]: Elsewhere(row["decided_by"], row["reason"]) for _, row in _rows("elsewhere.csv")}


def answer(requirement: Requirement, rules: Sequence[Rule], decided: Mapping[str, Elsewhere]) -> Answer:
    """Find what answers for a requirement.

    A rule does where it names one of the requirement's own controls and looks at one of its types: it judges the type,
    or reads it through the graph.
    """
    own = requirement.own_controls
    cited: dict[str, set[str]] = {token: set() for token in requirement.types}
    answering = []
    for rule in rules:
        named = {token: cites(rule, token).intersection(own) for token in requirement.types}
        if any(named.values()):
            answering.append(rule)
            for token, controls in named.items():
                cited[token] |= controls
    known = {control: decided[control] for control in own if control in decided}
    missing = [control for control in own if control not in known and control not in set().union(*cited.values())]
    if len(known) < len(own):
        missing += [token for token, controls in cited.items() if not controls]
    return Answer(requirement, tuple(answering), known, tuple(missing))


def cites(rule: Rule, token: str) -> set[str]:
    """Return the controls that a rule answers for on a type; `(any)` and `(stack)` stand for whatever it judges."""
    if token in rule.on:
        return set(rule.controls_of(token))
    if token.startswith("(") or token in types_read(rule):
        return set(rule.controls)
    if ANY_AWS_TYPE in rule.on and token.startswith("aws:"):
        return set(rule.controls_of(ANY_AWS_TYPE))
    return set()


@cache
def types_read(rule: Rule) -> frozenset[str]:
    """Return the types that a rule's code and tables name, besides those that it judges."""
    root = rule.check.__module__.partition(".")[0]
    return frozenset(_tokens((*rule.on.values(), rule.check), root, {}))


def problems(rules: Sequence[Rule]) -> list[str]:
    """Return what is wrong between the rules, the catalogue and elsewhere.csv, a line each; nothing if all is well."""
    catalogue, decided = requirements(), elsewhere()
    by_control: dict[str, list[Requirement]] = {}
    for requirement in catalogue:
        for control in requirement.controls:
            by_control.setdefault(control, []).append(requirement)
    found = [f"elsewhere.csv: the catalogue has no control {control}" for control in decided.keys() - by_control]
    for requirement in catalogue:
        missing = answer(requirement, rules, decided).missing
        if missing:
            found.append(f"{requirement.key} is neither ruled nor decided elsewhere: {', '.join(missing)}")
    for rule in rules:
        found += _wrongly_cited(rule, by_control, decided)
    return sorted(found)


def _wrongly_cited(
    rule: Rule, by_control: Mapping[str, Sequence[Requirement]], decided: Mapping[str, Elsewhere]
) -> Iterator[str]:
    for control in rule.controls:
        if control not in by_control:
            yield f"{rule.id} cites {control}, which the catalogue lacks"
        elif control in decided:
            yield f"{rule.id} cites {control}, of which elsewhere.csv says that no preview can decide it"
        elif not _is_about(rule, control, [token for row in by_control[control] for token in row.types]):
            yield f"{rule.id} cites {control} and looks at no type of a service that it is about"
        elif control.startswith("CIS") and not any(
            set(rule.controls).intersection(row.own_controls) for row in by_control[control]
        ):
            yield f"{rule.id} cites {control} and none of the controls that it stands for"


def _is_about(rule: Rule, control: str, types: Sequence[str]) -> bool:
    """Return whether a rule cites a control where it may: on its types, or on others of their services."""
    if any(control in cites(rule, token) for token in types):
        return True
    judged = {_service(token) for token in rule.on if control in rule.controls_of(token)}
    return not judged.isdisjoint(map(_service, types))


def _service(token: str) -> str:
    module = token.partition(":")[2].partition("/")[0]
    return _SAME_SERVICE.get(module, module)


def _requirement(row: Mapping[str, str], where: str) -> Requirement:
    matches = [_CONTROL.fullmatch(text) for text in row["controls"].split()]
    if None in matches or not matches or not row["types"] or row["theme"] not in NIST_800_53:
        raise CatalogueError(f"{where}: controls, types or theme can't be read")
    found = [match for match in matches if match]
    return Requirement(
        promise=row["promise"],
        theme=row["theme"],
        controls=tuple(match[1] for match in found),
        standards={match[1]: f"{match[2]}, {match[3]}" for match in found if match[2]},
        criteria=tuple(row["criteria"].split()),
        service=row["service"],
        types=tuple(row["types"].split()),
        condition=row["condition"],
        is_cross_resource=row["cross_resource"] == "yes",
    )


def _rows(name: str) -> Iterator[tuple[int, dict[str, str]]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        for row in reader:
            if None in row or None in row.values():
                raise CatalogueError(f"{name}:{reader.line_num}: it has more or fewer fields than the heading")
            yield reader.line_num, row


def _tokens(value: Any, root: str, seen: dict[int, Any]) -> Iterator[str]:
    """Yield the type tokens inside a value: data of any depth, or a function of package `root` and what it calls."""
    if isinstance(value, str):
        if _TOKEN.fullmatch(value):
            yield value
        return
    if id(value) in seen:
        return
    seen[id(value)] = value  # kept alive, so that nothing else takes its id
    inside: Iterable[Any] = ()
    if isinstance(value, Mapping):
        inside = (*value.keys(), *value.values())
    elif isinstance(value, FunctionType) and value.__module__.partition(".")[0] == root:
        inside = _named_by(value)
    elif is_dataclass(value) and not isinstance(value, (type, Rule)):
        inside = vars(value).values()
    elif isinstance(value, (list, tuple, set, frozenset)):
        inside = value
    for item in inside:
        yield from _tokens(item, root, seen)


def _named_by(function: FunctionType) -> Iterator[Any]:
    """Yield the constants in a function's code, and the globals that it names."""
    waiting = [function.__code__]
    while waiting:
        code = waiting.pop()
        waiting += [item for item in code.co_consts if isinstance(item, CodeType)]
        yield [item for item in code.co_consts if isinstance(item, (str, tuple, frozenset))]
        yield [function.__globals__[name] for name in code.co_names if name in function.__globals__]
    yield from inspect.getclosurevars(function).nonlocals.values()
