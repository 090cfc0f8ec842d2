"""The words a rule is written in.

A rule is a generator function: its name is the id, its docstring the why, the decorator its record, and its examples
are the documentation and the tests. It takes the resource, and where it asks for them a `graph` of the stack, the `row`
of its table, the day that is `today`, the `registers`, the `unused` waivers and its settings; it yields one text for
everything that is wrong. Reading what isn't known raises `Unknown`, which makes the verdict undetermined unless
something else is certainly wrong. A rule may have a remedy: what a stack can let the pack change in place of blocking.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from pulumi_policy import Severity

from policy_pack.findings import Finding, NotApplicable, each
from policy_pack.graph import Graph
from policy_pack.registers import Registers
from policy_pack.resources import Resource
from policy_pack.tables import Forbidden, Row, Rows, judge_rows, rows_of
from policy_pack.tokens import STACK
from policy_pack.values import Props, Unknown

if TYPE_CHECKING:
    import pulumi_aws as aws
else:

    class _ImportedWhenUsed:
        """Examples alone need the SDK, and the pack does without it when it judges."""

        def __getattr__(self, name):
            return getattr(importlib.import_module("pulumi_aws"), name)

    aws = _ImportedWhenUsed()

__all__ = [
    "ANY_AWS_TYPE",
    "Changes",
    "Finding",
    "Forbidden",
    "Graph",
    "NotApplicable",
    "Props",
    "Registers",
    "Resource",
    "Row",
    "Rows",
    "Rule",
    "Setting",
    "Severity",
    "Unknown",
    "aws",
    "declare",
    "each",
    "judge_rows",
    "rows_of",
    "rule",
    "setting",
]

Promise = Literal[
    "encryption",
    "backup",
    "disaster-recovery",
    "business-continuity",
    "system-access-control",
    "password",
    "data-protection",
    "data-classification",
    "data-deletion",
    "asset-management",
    "information-security",
    "incident-response",
    "vulnerability-management",
    "sdlc",
    "vendor-management",
    "risk-assessment",
    "gdpr",
    "ccpa",
    "hipaa",
]
"""The handbook policy or section that a rule keeps."""

_OFFERED = ("graph", "today", "registers", "unused")
ANY_AWS_TYPE = "aws:*"
"""Stands for every type of the AWS provider in a rule's `on`."""

T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """A number, text, switch or list of numbers or texts that a policy configuration may change.

    Several rules may read one setting: `owner` then names the rule whose configuration holds it.
    """

    default: Any
    description: str
    minimum: int | None = None
    owner: str | None = None
    choices: tuple[str, ...] = ()

    @property
    def kind_of_items(self) -> type:
        """The type of what a list holds: texts, where it is empty by default."""
        return type(self.default[0]) if self.default else str

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the setting."""
        kinds = {bool: "boolean", int: "integer", str: "string", list: "array"}
        schema = {"type": kinds[type(self.default)], "description": self.description, "default": self.default}
        if isinstance(self.default, list):
            schema["items"] = {"type": kinds[self.kind_of_items]}
        if self.minimum is not None:
            schema["minimum"] = self.minimum
        if self.choices:
            schema["enum"] = list(self.choices)
        return schema


def setting(
    default: Any,
    description: str,
    *,
    minimum: int | None = None,
    owner: str | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a setting as the default of a rule's keyword-only parameter; the parameter's name is the setting's."""
    return Setting(default, description, minimum, owner, choices)


Program: TypeAlias = "Callable[[], Registers | None]"
"""Pulumi code. It returns the registers that it is judged with, if that matters."""
P = TypeVar("P", bound=Program)
Changes: TypeAlias = "Mapping[tuple[str, ...], Any]"
"""The values that a remedy sets, by the path that leads to each; `name[]` in it is as in a `Row`."""
Remedy: TypeAlias = "Callable[..., Changes]"


@dataclass(frozen=True)
class Example:
    """Pulumi code that a rule must judge in a known way."""

    verdict: Literal["pass", "fail", "undetermined"]
    program: Program


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule and its record. Made by `rule`."""

    check: Callable[..., Iterator[Finding]]
    on: Mapping[str, Any]
    severity: Severity
    promise: Promise
    fix: str
    own_controls: tuple[str, ...]
    undetermined_blocks: bool
    settings: Mapping[str, Setting]
    needs_graph: bool
    """Whether it judges a stack, or with the stack, rather than a resource alone."""
    takes_row: bool
    takes: tuple[str, ...]
    """What it asks for of what surrounds the resource."""
    examples: list[Example] = field(default_factory=list, repr=False)
    remedies: list[Remedy] = field(default_factory=list, repr=False)
    """The function that says what to change, if the rule has one."""

    @cached_property
    def id(self) -> str:
        """The name that configuration, events and evidence know the rule by."""
        return self.check.__name__

    @cached_property
    def why(self) -> str:
        """Why the rule exists, in full."""
        return inspect.cleandoc(self.check.__doc__ or "")

    @property
    def controls(self) -> tuple[str, ...]:
        """The ids of every control that the rule answers for."""
        return tuple(dict.fromkeys(control for token in self.on for control in self.controls_of(token)))

    def controls_of(self, token: str) -> tuple[str, ...]:
        """Return the ids of the controls that the rule answers for on one type."""
        value = self.on.get(token)
        lines = value if isinstance(value, tuple) and not hasattr(value, "controls") else (value,)
        return (*self.own_controls, *(control for line in lines for control in getattr(line, "controls", ())))

    def passes(self, program: P) -> P:
        """Record an example that keeps the rule."""
        self.examples.append(Example("pass", program))
        return program

    def fails(self, program: P) -> P:
        """Record an example that breaks the rule."""
        self.examples.append(Example("fail", program))
        return program

    def undetermined(self, program: P) -> P:
        """Record an example that a preview can't judge."""
        self.examples.append(Example("undetermined", program))
        return program

    def remedy(self, change: Remedy) -> Remedy:
        """Record what makes a resource that breaks the rule keep it.

        The function takes the resource, the row and the settings, and returns the values to set; none where it can't
        tell. Its docstring says what it does. Nothing that isn't known or is secret is ever changed.
        """
        if self.remedies:
            raise ValueError(f"{self.id} has a remedy already")
        self.remedies.append(change)
        return change


def rule(  # noqa: PLR0913 - a record has as many fields as there are things to say
    *,
    on: Iterable[str] | Mapping[str, Any],
    severity: Severity,
    promise: Promise,
    fix: str,
    controls: tuple[str, ...] = (),
    undetermined_blocks: bool = False,
) -> Callable[[Callable[..., Iterator[Finding]]], Rule]:
    """Make a generator function a rule.

    Args:
        on: the type tokens it judges; as a mapping, a table whose value for the type the function takes as `row`. A
            value with `controls` adds them to the rule's for its type.
        severity: from high on, a violation blocks unless the configuration says otherwise.
        promise: the handbook policy or section that it keeps.
        fix: what to do, as a command ("set ...").
        controls: the ids of the catalogue's controls that it answers for.
        undetermined_blocks: a violation that can't be excluded blocks as a violation does.
    """

    def record(check: Callable[..., Iterator[Finding]]) -> Rule:
        parameters = inspect.signature(check).parameters
        return Rule(
            check=check,
            on=on if isinstance(on, dict) else dict.fromkeys(on),
            severity=severity,
            promise=promise,
            fix=fix,
            own_controls=controls,
            undetermined_blocks=undetermined_blocks,
            settings={name: value.default for name, value in parameters.items() if isinstance(value.default, Setting)},
            needs_graph="graph" in parameters or STACK in on,
            takes_row="row" in parameters,
            takes=tuple(name for name in _OFFERED if name in parameters),
        )

    return record


def declare(token: str, **properties: Any) -> None:
    """Register a resource of any type with properties under their wire names, as an example of a table's line."""
    importlib.import_module("pulumi").CustomResource(token, "example", properties)
