"""Every type token and property that the rules read exists in the installed pulumi_aws."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
import typing
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest
from pulumi._types import input_type_types, is_input_type, resource_pulumi_to_py_names

from policy_pack import resources, reviewed_types
from policy_pack.pack import MODULES, PACK
from policy_pack.rules import residency
from policy_pack.values import Props
from policy_pack.vocabulary import ANY_AWS_TYPE, Rule, rows_of
from tests.policy_pack.engine import judge_program

# The SDK warns of its own old types when it is imported.
pytestmark = pytest.mark.filterwarnings(r"ignore::DeprecationWarning:pulumi_aws\..*")
TOKEN = re.compile(r"aws:[\w.]+/\w+:\w+")
# Read of whatever resource it is; AWS answers with them, or only some types have them.
READ_OF_ANY_TYPE = {"region", "tags", "scope", "replicateSourceDb", "sourceDbClusterIdentifier"}


@cache
def sdk() -> dict[str, tuple[str, str]]:
    """Return the module and class of every type of the SDK, from the SDK's own registration."""
    source = Path(inspect.getfile(pulumi_aws)).read_text(encoding="utf-8")
    found = re.search(r'resource_modules="""\n(.*?)\n"""', source, re.DOTALL)
    assert found
    return {token: (entry["fqn"], name) for entry in json.loads(found[1]) for token, name in entry["classes"].items()}


def arguments_of(token: str) -> tuple[type, type]:
    """Return the resource class of a type, and its arguments class."""
    module, name = sdk()[token]
    resource: type = getattr(importlib.import_module(module), name)
    file = sys.modules[resource.__module__]
    # An input type inside the resource may have taken the first name.
    arguments: type = getattr(file, f"{name}InitArgs", None) or getattr(file, f"{name}Args")
    return resource, arguments


def input_classes(annotation: Any) -> Iterator[type]:
    """Yield the input types inside an annotation such as `Input[Sequence[Input[XArgs]]]`."""
    if isinstance(annotation, type) and is_input_type(annotation):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from input_classes(inner)


def has(token: str, path: tuple[str, ...]) -> bool:
    """Return whether a type has an input at the path. Maps, such as tags, have any."""
    _, arguments = arguments_of(token)
    classes = [arguments]
    for name in path:
        if not classes:
            return True
        inner: list[type] = []
        known = False
        for cls in classes:
            types = input_type_types(cls)
            if name in types:
                known = True
                inner += input_classes(types[name])
        if not known:
            return False
        classes = inner
    return True


def tokens_in_source() -> set[str]:
    folder = Path(inspect.getfile(reviewed_types)).parent
    return {token for path in folder.rglob("*.py") for token in TOKEN.findall(path.read_text(encoding="utf-8"))}


def test_every_token_in_the_pack_exists() -> None:
    assert tokens_in_source() - sdk().keys() == set()


def test_the_check_of_properties_can_fail() -> None:
    assert has("aws:backup/plan:Plan", ("rules", "lifecycle", "deleteAfter"))
    assert not has("aws:backup/plan:Plan", ("rules", "lifecycle", "deleteAfterDays"))
    assert not has("aws:backup/plan:Plan", ("rule",))


@pytest.mark.parametrize("rule", PACK.rules, ids=lambda rule: rule.id)
def test_every_property_of_a_table_exists(rule: Rule) -> None:
    missing = [
        (token, path)
        for token, value in rule.on.items()
        for row in rows_of(value)
        for path in (row.path, row.when, *((name,) for name in (*row.unless, *row.inherits)))
        if path and not path[0].startswith("arn:") and not has(token, tuple(name.removesuffix("[]") for name in path))
    ]
    assert missing == []


@pytest.mark.parametrize("rule", PACK.rules, ids=lambda rule: rule.id)
def test_every_property_that_a_rule_reads_exists(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded while the examples run, which reach every type that the rule judges."""
    read: set[tuple[str, tuple[str, ...]]] = set()
    original: Callable[..., Any] = Props.get

    def recording(self: Props, *path: str, default: Any = None) -> Any:
        if self._origin.startswith("aws:"):
            where = re.sub(r"\[\d+\]", "", self.where())
            read.add((self._origin, (*filter(None, where.split(".")), *path)))
        return original(self, *path, default=default)

    monkeypatch.setattr(Props, "get", recording)
    for example in rule.examples:
        judge_program(example.program, preview=example.verdict == "undetermined")
    assert {(token, path) for token, path in read if path[0] not in READ_OF_ANY_TYPE and not has(token, path)} == set()


def test_reviewed_types_have_no_rule_of_their_own() -> None:
    ruled = {token for rule in PACK.rules for token in rule.on}
    assert ruled & reviewed_types.REVIEWED.keys() == set()


def test_no_type_that_is_taken_for_global_has_a_region() -> None:
    services = {token.split(":")[1].split("/")[0] for token in sdk()}
    taken = [
        token
        for token in sdk()
        if token in residency.GLOBAL_TYPES or token.split(":")[1].split("/")[0] in residency.GLOBAL_SERVICES
    ]
    assert services >= residency.GLOBAL_SERVICES
    assert set(taken) >= residency.GLOBAL_TYPES
    assert [token for token in taken if has(token, ("region",))] == []


def test_identities_are_outputs_of_some_type() -> None:
    """A name that no type has would never resolve a reference."""
    outputs = {
        name
        for token in tokens_in_source() - {ANY_AWS_TYPE}
        for name in resource_pulumi_to_py_names(arguments_of(token)[0])
    }
    assert set(resources._IDENTITIES) - outputs - {"id"} == set()


def test_every_file_of_rules_is_part_of_the_pack() -> None:
    files = {path.stem for path in (Path(inspect.getfile(reviewed_types)).parent / "rules").glob("*.py")}
    assert files - {"__init__", "unreviewed"} == {module.__name__.rpartition(".")[2] for module in MODULES}
