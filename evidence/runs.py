"""Makes a run of what a log says: its results by the pack's own records, and what keeps it from being complete.

What doesn't apply is left out of the engine's events; it is derived from the pack, says so, and only in a run that is
complete, so that every rule has a result there.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from evidence.console import EvidenceError
from evidence.events import Problems
from evidence.observations import ROOT_TYPE, Key, Observed, type_of
from evidence.results import AcceptedViolation, Origin, Place, Result, Run, Verdict
from policy_pack.pack import PACK, Pack
from policy_pack.server import NAME
from policy_pack.vocabulary import Rule

DISABLED = "disabled by the policy configuration"
NOT_OF_TYPE = "derived from the pack: the stack has no resource of a type that the rule judges"
NAMED_NEITHER = "derived: the engine counts it neither passed nor failed, so the rule doesn't apply here or is disabled"
REMEDIATED = "passed after the engine changed the resource by the rule's remediation"
UNTOLD = "the engine counts it as failed"


@dataclass(frozen=True)
class Context:
    """What is known of a run from elsewhere than its log."""

    commit: str = ""
    pack_version: str = ""
    """Of the pack at hand, which says what each rule answers for; empty where any will do."""
    waivers: tuple[AcceptedViolation, ...] = ()
    disabled: frozenset[str] = frozenset()
    """The rules that the policy configuration disables."""
    places: Mapping[str, Place] = field(default_factory=dict)
    qualified: bool = False
    """Whether stacks are named PROJECT.STACK."""


def make_run(
    observed: Observed, problems: Problems, context: Context, *, origin: Origin | None = None, pack: Pack = PACK
) -> Run:
    """Return the run that was observed. Raises EvidenceError if it isn't that of one stack."""
    origin = origin or observed.origin
    project, stack = stack_of(observed)
    root = next(
        (urn for urn, kind in observed.types.items() if kind == ROOT_TYPE),
        f"urn:pulumi:{stack}::{project}::{ROOT_TYPE}::{project}-{stack}",
    )
    rules = {rule.id: rule for rule in pack.rules}
    _check_ended(observed, problems, origin)
    _check_asked(observed, problems)
    _check_pack(observed, problems, context, rules)
    _check_counts(observed, problems)
    results = _counted(observed, root)
    if not problems.lines:
        results.update(_not_applicable(observed, results.keys(), root, context, pack))
    versions = observed.versions.get(NAME, set())
    return Run(
        stack=f"{project}.{stack}" if context.qualified else stack,
        origin=origin,
        time=datetime.datetime.fromtimestamp(observed.time, tz=datetime.UTC),
        commit=context.commit,
        pack=NAME if versions else "",
        pack_version=", ".join(sorted(versions)),
        results=tuple(_described(results[key], root, rules, context, observed.types) for key in sorted(results)),
        resource_types=tuple(sorted(observed.types.items())),
        waivers=context.waivers,
        problems=problems.lines,
    )


def stack_of(observed: Observed) -> tuple[str, str]:
    """Return the project and the stack that were observed. Raises EvidenceError if they aren't one."""
    if not observed.stacks:
        raise EvidenceError("the events name no resource, and so no stack")
    if len(observed.stacks) > 1:
        names = ", ".join("/".join(name) for name in sorted(observed.stacks)[:3])
        raise EvidenceError(f"the events are of several stacks: {names}")
    return next(iter(observed.stacks))


def _check_ended(observed: Observed, problems: Problems, origin: Origin) -> None:
    summary = observed.summary
    if summary is None or not observed.ended:
        problems.add("the log ends before the engine did: it was cut off, or the engine was stopped")
    for line in observed.errors:
        problems.add(f"the engine reports an error: {line}")
    if summary is None:
        return
    blocked = any(result.blocking for result in observed.told.values())
    if summary["result"] != "succeeded" and not (blocked and origin is not Origin.UPDATE):
        problems.add(f"the engine ended with {summary['result'][:60]!r}")
    if summary.get("maybeCorrupt"):
        problems.add("the engine says that the state may be corrupt")


def _check_asked(observed: Observed, problems: Problems) -> None:
    for pack, asked in sorted(observed.asked.items()):
        if "" not in asked:
            problems.add(f"policy pack {pack} did not judge the stack as a whole")
        for urn in sorted(observed.types.keys() - observed.unjudged - asked):
            problems.add(f"policy pack {pack} was not asked about {urn}")
    named = (observed.summary or {}).get("PolicyPacks", {})
    for pack in sorted({str(name).partition("|")[0] for name in named} - observed.asked.keys()):
        problems.add(f"policy pack {pack} ran and judged nothing")


def _check_pack(observed: Observed, problems: Problems, context: Context, rules: Mapping[str, Rule]) -> None:
    versions = observed.versions.get(NAME, set())
    if not versions:
        problems.add(f"policy pack {NAME} did not judge: give the engine --policy-pack policy_pack")
    elif context.pack_version and versions != {context.pack_version}:
        judged = ", ".join(sorted(versions))
        problems.add(f"{NAME} {judged} judged, the pack at hand is {context.pack_version}: collect with that checkout")
    named = {rule for rule, _ in observed.passed | observed.failed | observed.told.keys() if ":" not in rule}
    for rule in sorted(named - rules.keys()):
        problems.add(f"rule {rule} is not in the pack at hand: collect with the checkout that judged")


def _check_counts(observed: Observed, problems: Problems) -> None:
    """The engine's counts and its events must agree."""
    told_of = {rule for rule, _ in observed.told}

    def told(key: Key) -> bool:
        return key in observed.told or (not key[1] and key[0] in told_of)

    for rule, urn in sorted(observed.failed):
        if not told((rule, urn)):
            problems.add(f"the engine counts {rule} as failed on {urn or 'the stack'}, and no event says why")
    for rule, urn in sorted(observed.passed):
        if told((rule, urn)) or (rule, urn) in observed.failed:
            problems.add(
                f"the engine counts {rule} as passed on {urn or 'the stack'}, and says elsewhere that it isn't"
            )


def _counted(observed: Observed, root: str) -> dict[Key, Result]:
    """One result for each rule and resource that the engine names: events come first, then failures, then passes."""
    told_of = {rule for rule, _ in observed.told}
    results: dict[Key, Result] = {}
    for rule, urn in observed.passed:
        message = REMEDIATED if (rule, urn) in observed.remediated else ""
        results[rule, urn or root] = Result(rule, urn or root, Verdict.PASS, message)
    for rule, urn in observed.failed:
        if urn or rule not in told_of:
            results[rule, urn or root] = Result(rule, urn or root, Verdict.FAIL, UNTOLD)
    for (rule, urn), result in observed.told.items():
        if (rule, "") in observed.passed:
            results.pop((rule, root), None)
        results[rule, urn or root] = replace(result, urn=urn or root)
    return results


def _not_applicable(
    observed: Observed, counted: Collection[Key], root: str, context: Context, pack: Pack
) -> dict[Key, Result]:
    """Give a result to every resource by each rule that judges its type, and to every rule at least one."""
    results: dict[Key, Result] = {}

    def add(rule: Rule, urn: str, reason: str) -> None:
        message = DISABLED if rule.id in context.disabled else reason
        results[rule.id, urn] = Result(rule.id, urn, Verdict.NOT_APPLICABLE, message)

    for urn in observed.asked.get(NAME, set()) - {""}:
        for rule in pack.rules_on(observed.types.get(urn) or type_of(urn)):
            if not rule.needs_graph and (rule.id, urn) not in counted:
                add(rule, urn, NAMED_NEITHER)
    judged = {rule for rule, _ in results} | {rule for rule, _ in counted}
    met = {rule.id for kind in set(observed.types.values()) for rule in pack.rules_on(kind)}
    for rule in pack.rules:
        if rule.id not in judged:
            add(rule, root, NAMED_NEITHER if rule.id in met else NOT_OF_TYPE)
    return results


def _described(
    result: Result, root: str, rules: Mapping[str, Rule], context: Context, types: Mapping[str, str]
) -> Result:
    """Add what the pack says of the rule, and the program of the resource."""
    place = context.places.get(result.urn)
    rule = rules.get(result.rule)
    if rule is None:
        return replace(result, place=place)
    controls = rule.controls if result.urn == root else rule.controls_of(types.get(result.urn) or type_of(result.urn))
    return replace(
        result,
        controls=tuple(sorted(set(controls))),
        promise=rule.promise,
        severity=result.severity or rule.severity.value,
        place=place,
    )
