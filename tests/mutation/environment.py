"""The stacks as the engine would send them to the pack: their weakenings, and what the pack finds in each, out.

Each stack is judged as at a preview, where ids aren't known, and as at an update, where they are: policy documents that
name other resources can only be read then, and block before anything is changed.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import pulumi.runtime
import pytest
from google.protobuf import json_format
from pulumi.runtime import proto

from infrastructure.environment import create_environment
from infrastructure.settings import read_settings
from policy_pack import register_files
from policy_pack.graph import Graph
from policy_pack.pack import PACK
from policy_pack.resources import Resource
from policy_pack.server import UNDETERMINED, Analyzer
from policy_pack.values import Props
from policy_pack.vocabulary import Rule
from tests.infrastructure.conftest import NAMES, STACKS, stack_config
from tests.infrastructure.mocks import ACCOUNT, AWS
from tests.mutation.mutants import GONE, Path, mutants, weakened
from tests.policy_pack.engine import CONTEXT, TODAY, run
from tests.policy_pack.protocol import UNKNOWN_TEXT, configuration, struct

_PRODUCTION = "us-west-prod"
REMOVED = "removed"
"""The mutation of a resource as a whole, whose property is empty."""


class Survivor(NamedTuple):
    """A kind of weakening that nothing noticed on some resource of a type."""

    type: str
    property: str
    mutation: str


@dataclass(frozen=True)
class Weakening:
    """One weakening of one resource: the value at a path inside its properties becomes one of some others."""

    kind: Survivor
    urn: str
    path: Path = ()
    values: tuple[Any, ...] = (GONE,)


class Stack:
    """A stack under its own policy configuration, at one moment: a preview or an update."""

    def __init__(self, name: str, *, preview: bool) -> None:
        pulumi.runtime.set_all_config(stack_config(name))
        try:
            self.program = run(_environment, preview=preview, stack=name, account=AWS)
        finally:
            pulumi.runtime.set_all_config({}, [])
        self._analyzer = Analyzer(PACK, TODAY)
        self._analyzer.Configure(configuration(**_policy_configuration(name)), CONTEXT)
        self._stack_rules = self._analyzer.evaluation.stack_rules
        self._at = {request.urn: index for index, request in enumerate(self.program.analyze)}
        self._known = self._findings(self.program.analyze, self.program.stack)

    @cached_property
    def in_use(self) -> frozenset[str]:
        """What other resources depend on."""
        return frozenset(urn for resource in self.program.stack.resources for urn in resource.dependencies)

    def properties(self, urn: str) -> dict[str, Any]:
        """Return what the program gives a resource."""
        given: dict[str, Any] = json_format.MessageToDict(self.program.analyze[self._at[urn]].properties)
        return given

    def notices(self, urn: str, path: Path, value: Any) -> bool:
        """Return whether the pack blocks the stack where a resource has another value at a path, or none is left of it.

        Raises:
            AssertionError: a rule crashed on it.
        """
        index = self._at[urn]
        resources = self.program.stack.resources
        self._analyzer.evaluation.stack_rules = self._looking_at[resources[index].type]
        before, after = resources[:index], resources[index + 1 :]
        if not path:
            return self._is_new(self._findings([], proto.AnalyzeStackRequest(resources=[*before, *after])))
        original = self.program.analyze[index]
        request, resource = proto.AnalyzeRequest(), proto.AnalyzerResource()
        request.CopyFrom(original)
        request.properties.CopyFrom(struct(weakened(self.properties(urn), path, value)))
        resource.CopyFrom(resources[index])
        for name in {*original.properties, *request.properties}:
            value = request.properties.fields.get(name)
            if value is None:
                del resource.properties[name]
                resource.propertyDependencies.pop(name, None)
            elif value != original.properties.fields.get(name):
                resource.properties.fields[name].CopyFrom(value)
        stack = proto.AnalyzeStackRequest(resources=[*before, resource, *after])
        try:
            return self._is_new(self._findings([request], None)) or self._is_new(self._findings([], stack))
        finally:
            self._analyzer.Analyze(original, CONTEXT)

    @cached_property
    def _looking_at(self) -> Mapping[str, list[Rule]]:
        """The rules of the stack that look at a type: no other can tell a weakened resource of the type from before."""
        looking: dict[str, list[Rule]] = defaultdict(list)
        original = Graph.resource
        types: set[str] = set()

        def recording(graph: Graph, urn: str) -> Resource:
            found = original(graph, urn)
            types.add(found.type)
            return found

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Graph, "resource", recording)
            for rule in self._stack_rules:
                self._analyzer.evaluation.stack_rules = [rule]
                types.clear()
                self._analyzer.AnalyzeStack(self.program.stack, CONTEXT)
                for token in types:
                    looking[token].append(rule)
        return looking

    def _findings(
        self, requests: Iterable[proto.AnalyzeRequest], stack: proto.AnalyzeStackRequest | None
    ) -> list[proto.AnalyzeDiagnostic]:
        """Return what blocks."""
        answers = [self._analyzer.Analyze(request, CONTEXT) for request in requests]
        if stack is not None:
            answers.append(self._analyzer.AnalyzeStack(stack, CONTEXT))
        found = [item for answer in answers for item in answer.diagnostics]
        crashes = [item.message for item in found if "the rule crashed on" in item.message]
        assert not crashes, crashes
        return [item for item in found if item.enforcementLevel == proto.MANDATORY]

    def _is_new(self, findings: list[proto.AnalyzeDiagnostic]) -> bool:
        known = {(item.policyName, item.urn, item.message) for item in self._known}
        undecided = {(item.policyName, item.urn) for item in self._known if item.message.startswith(UNDETERMINED)}
        return any(
            (item.policyName, item.urn) not in undecided
            if item.message.startswith(UNDETERMINED)
            else (item.policyName, item.urn, item.message) not in known
            for item in findings
        )


def weakenings() -> Iterator[tuple[Weakening, tuple[Stack, ...]]]:
    """Yield every weakening of every resource, with the moments of the stack to judge it in.

    A resource that several stacks have is weakened in the first of them.
    """
    with _recorded_reads() as read:
        stacks = [tuple(Stack(name, preview=preview) for preview in (True, False)) for name in _stacks()]
    seen: set[tuple[str, str]] = set()
    for moments in stacks:
        for request in moments[0].program.analyze:
            identity = (request.type, request.name)
            if request.type.startswith("aws:") and identity not in seen:
                seen.add(identity)
                yield from _weakenings(request.type, request.urn, read[request.type], moments)


def _weakenings(
    token: str, urn: str, read: Collection[str], moments: tuple[Stack, ...]
) -> Iterator[tuple[Weakening, tuple[Stack, ...]]]:
    if urn not in moments[0].in_use:
        yield Weakening(Survivor(token, "", REMOVED), urn), moments
    early = set()
    for mutant in mutants(token, moments[0].properties(urn), read, UNKNOWN_TEXT):
        kind = Survivor(token, mutant.property, mutant.mutation)
        early.add(kind)
        yield Weakening(kind, urn, mutant.path, mutant.values), moments[:1]
    for mutant in mutants(token, moments[1].properties(urn), read, UNKNOWN_TEXT):
        kind = Survivor(token, mutant.property, mutant.mutation)
        if kind not in early:
            yield Weakening(kind, urn, mutant.path, mutant.values), moments[1:]


def survives(weakening: Weakening, moments: tuple[Stack, ...]) -> bool:
    """Return whether no form of a weakening blocks at any of the moments."""
    return not any(
        moment.notices(weakening.urn, weakening.path, value) for moment in moments for value in weakening.values
    )


def _stacks() -> list[str]:
    return sorted(NAMES, key=lambda name: (name != _PRODUCTION, name))


def _environment() -> None:
    create_environment(read_settings(), ACCOUNT)


def _policy_configuration(stack: str) -> dict[str, Any]:
    """Return a stack's policy configuration, the level of `all` spread over the rules as the engine does it."""
    given: dict[str, Any] = json.loads((STACKS / f"policy.{stack}.json").read_text(encoding="utf-8"))
    level = given.pop("all")
    owner, setting = register_files.FOLDER
    given[owner][setting] = str(STACKS.parent / given[owner][setting])
    return {rule.id: given.get(rule.id, level) for rule in PACK.rules}


@contextmanager
def _recorded_reads() -> Iterator[Mapping[str, set[str]]]:
    """Collect the properties that rules read, by type."""
    read: dict[str, set[str]] = defaultdict(set)
    original: Callable[..., Any] = Props.get

    def recording(self: Props, *path: str, default: Any = None) -> Any:
        read[self._origin].add(re.sub(r"\[\d+\]", "[]", self.where(*path)))
        return original(self, *path, default=default)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Props, "get", recording)
        yield read
