"""The engine's messages about one run in, the judgement of every rule on every resource out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from pulumi.runtime.proto import AnalyzeRequest, AnalyzeStackRequest

from policy_pack.configuration import RuleConfiguration
from policy_pack.graph import Graph
from policy_pack.judge import PASS, Check, Context, Judgement, Verdict, bind, judge
from policy_pack.pack import Pack
from policy_pack.resources import Resource
from policy_pack.vocabulary import Rule
from policy_pack.waivers import Waiver


class Evaluation:
    """Judges by the rules that the configuration, by rule, leaves on; what surrounds the resources is the context's."""

    def __init__(self, pack: Pack, configuration: Mapping[str, RuleConfiguration], context: Context) -> None:
        self._pack = pack
        self._configuration = configuration
        self._context = context
        self._inputs: dict[str, Resource] = {}
        self._checks: dict[str, list[tuple[Rule, Check]]] = {}
        on = [rule for rule in pack.rules if configuration[rule.id].enabled]
        self.rules = [rule for rule in on if not rule.needs_graph]
        """The rules that judge a resource by itself."""
        # Which waivers nothing needed is known when everything else has been judged.
        self.stack_rules = sorted((rule for rule in on if rule.needs_graph), key=lambda rule: "unused" in rule.takes)
        """The rules that judge a resource with the stack around it, in the order that they do."""

    def checks(self, token: str) -> list[tuple[Rule, Check]]:
        """Return the rules that judge a resource of a type by itself."""
        found = self._checks.get(token)
        if found is None:
            found = self._checks[token] = [
                (rule, self._bind(rule, token, self._context))
                for rule in self._pack.rules_on(token)
                if not rule.needs_graph and self._configuration[rule.id].enabled
            ]
        return found

    def judge(self, request: AnalyzeRequest) -> list[tuple[Rule, Resource, Judgement]]:
        """Judge one resource's inputs, which the stack's rules will read again. Passes are left out."""
        resource = Resource(request, request.properties, None)
        self._inputs[resource.urn] = resource
        return [
            (rule, resource, judgement)
            for rule, check in self.checks(resource.type)
            if (judgement := judge(check, resource)) is not PASS
        ]

    def judge_stack(
        self, request: AnalyzeStackRequest, unused: Callable[[], Mapping[Waiver, bool]]
    ) -> Iterator[tuple[Rule, list[tuple[Resource, Judgement]] | None]]:
        """Judge the stack, and yield of each rule what it finds, None where it applies to nothing.

        `unused` tells, when it is asked, what `Context.unused` holds by then.
        """
        graph = Graph(request.resources, self._inputs)
        context = replace(self._context, graph=graph)
        for rule in self.stack_rules:
            asked = replace(context, unused=unused()) if "unused" in rule.takes else context
            yield rule, self._judge_all(rule, graph, asked)

    def _judge_all(self, rule: Rule, graph: Graph, context: Context) -> list[tuple[Resource, Judgement]] | None:
        applies = False
        found: list[tuple[Resource, Judgement]] = []
        for token in rule.on:
            resources = graph.of_type(token)
            if resources:
                check = self._bind(rule, token, context)
                for resource in resources:
                    judgement = judge(check, resource)
                    if judgement is PASS:
                        applies = True
                    elif judgement.verdict is not Verdict.NOT_APPLICABLE:
                        found.append((resource, judgement))
        return found if applies or found else None

    def _bind(self, rule: Rule, token: str, context: Context) -> Check:
        return bind(rule, token, self._configuration[rule.id].settings, context)
