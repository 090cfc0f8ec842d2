"""What the private page shows of rules, resources, due dates and gaps: a summary in, records for the templates out."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.report.records import RegisterEntry
from evidence.report.standing import SEVERITIES, Control
from evidence.report.summary import (
    ATTENTION,
    GRAVEST_FIRST,
    LISTED_RUNS,
    Judged,
    JudgedResource,
    RuleCounts,
    RunFacts,
    Summary,
)
from evidence.results import AcceptedViolation, Verdict
from evidence.rules import LIVE, name_of, why
from policy_pack.pack import Pack
from policy_pack.vocabulary import ANY_AWS_TYPE, Rule

SILENT = "no result"
WORST = 10
Anchors = Mapping[tuple[int, str], str]
"""The ids of the resources that the page lists, by run and URN."""


@dataclass(frozen=True)
class Shown:
    """A verdict as a rule lists it; the anchor is that of its resource, empty where the page doesn't list it."""

    judged: Judged
    anchor: str
    stack: str

    @property
    def name(self) -> str:
        """The resource's name in its program; the URN itself, where that is none."""
        return name_of(self.judged.urn) or self.judged.urn


@dataclass(frozen=True)
class RuleView:
    """A rule with its verdicts. `rule` is None where the installed pack has none of that name, as for a live check."""

    anchor: str
    id: str
    rule: Rule | None
    severity: str
    promise: str
    counts: RuleCounts
    controls: Sequence[tuple[str, str]]
    """Id and anchor of every control that it answers for; the anchor is empty where the catalogue has none."""
    frameworks: Sequence[str]
    listed: Sequence[tuple[Verdict, Sequence[Shown], int]]
    """By verdict, gravest first: those that are shown, and how many more there are."""
    is_off: bool
    """The policy configuration of a stack switches it off."""

    @property
    def why(self) -> str:
        """Why the rule is there, as far as is known."""
        return self.rule.why if self.rule else why(self.id)

    @property
    def kinds(self) -> list[str]:
        """What the filter for verdicts finds it by, gravest first."""
        kinds = [verdict.value for verdict in GRAVEST_FIRST if self.counts.verdicts[verdict]]
        return [SILENT, *kinds] if self.is_off or not kinds else kinds

    @property
    def needs_attention(self) -> bool:
        """Whether it failed, was waived or could not decide."""
        return any(self.counts.verdicts[verdict] for verdict in ATTENTION)

    @property
    def weight(self) -> tuple[int, ...]:
        """How much it takes to be looked at, for comparison."""
        rank = SEVERITIES.index(self.severity) if self.severity in SEVERITIES else len(SEVERITIES)
        return (-min(self.counts.verdicts[Verdict.FAIL], 1), rank, -self.counts.verdicts[Verdict.FAIL])


@dataclass(frozen=True)
class ResourceView:
    """A resource with its verdicts, gravest first, and what filters find it by."""

    anchor: str
    resource: JudgedResource
    stack: str
    verdicts: Sequence[tuple[Judged, RuleView]]

    @property
    def name(self) -> str:
        """Its name in its program; the URN itself, where that is none."""
        return name_of(self.resource.urn) or self.resource.urn

    @property
    def kinds(self) -> list[str]:
        """What the filter for verdicts finds it by."""
        return list(dict.fromkeys(judged.verdict.value for judged, _ in self.verdicts)) or [SILENT]

    @property
    def frameworks(self) -> list[str]:
        """The sets of controls and the criteria that its rules answer for."""
        return list(dict.fromkeys(framework for _, rule in self.verdicts for framework in rule.frameworks))


@dataclass(frozen=True)
class Due:
    """Something that people have to do by a day, as seen from the day of the newest run."""

    entry: RegisterEntry
    days: int | None

    @property
    def is_late(self) -> bool:
        """Whether it is past due, or nothing shows that it isn't."""
        return self.days is None or self.days < 0


@dataclass(frozen=True)
class WaiverView:
    """A waiver of a run's stack, which holds through the day it expires."""

    waiver: AcceptedViolation
    stack: str
    days: int

    @property
    def is_expired(self) -> bool:
        """Whether it was over on the day of the newest run."""
        return self.days < 0


@dataclass(frozen=True)
class Gaps:
    """What the evidence is silent about."""

    unreviewed: Sequence[tuple[str, int]]
    """Types of AWS that no rule judges and nobody has reviewed, with how many resources are of them."""
    foreign: Sequence[tuple[str, int]]
    """Types that aren't of AWS, such as components, likewise."""
    unruled: Sequence[tuple[str, int]]
    """Types that were reviewed as needing no rule, likewise."""
    silent: Sequence[RuleView]
    """Rules without a verdict, though resources of their types were seen."""
    unknown: Sequence[RuleView]
    """Rules that gave verdicts and that neither the installed pack nor the live check has."""


def anchors(summary: Summary) -> Anchors:
    """Return the id of every resource that the page lists."""
    return {(resource.run, resource.urn): f"resource-{n}" for n, resource in enumerate(summary.resources, 1)}


def rules(pack: Pack, summary: Summary, found: Sequence[Control]) -> list[RuleView]:
    """Return every rule of the pack, then those that only the results name."""
    own = {rule.id: rule for rule in pack.rules}
    control_anchors: dict[str, str] = {}
    frameworks: dict[str, tuple[str, ...]] = {}
    by_rule: dict[str, dict[str, str]] = {}
    for control in found:
        for name in control.answer.requirement.controls:
            control_anchors.setdefault(name, control.anchor)
            frameworks[name] = (*frameworks.get(name, ()), *control.frameworks)
        for answering in control.rules:
            known = dict.fromkeys(control.answer.requirement.controls, control.anchor)
            by_rule[answering.id] = known | by_rule.get(answering.id, {})
    listed = anchors(summary)
    views = []
    for number, name in enumerate(dict.fromkeys((*own, *sorted(summary.rules)))):
        rule = own.get(name)
        counts = summary.rules.get(name) or RuleCounts()
        named = dict.fromkeys((*(rule.controls if rule else ()), *counts.controls))
        views.append(
            RuleView(
                anchor=f"rule-{name}" if rule or name in LIVE else f"rule-of-another-pack-{number}",
                id=name,
                rule=rule,
                severity=counts.severity or (rule.severity.name.lower() if rule else ""),
                promise=counts.promise or (rule.promise if rule else ""),
                counts=counts,
                controls=[(c, by_rule.get(name, {}).get(c) or control_anchors.get(c, "")) for c in named],
                frameworks=tuple(dict.fromkeys(f for control in named for f in frameworks.get(control, ()))),
                listed=_listed(counts, summary.runs, listed),
                is_off=name in summary.switched_off,
            )
        )
    return views


def _listed(
    counts: RuleCounts, runs: Sequence[RunFacts], listed: Anchors
) -> list[tuple[Verdict, Sequence[Shown], int]]:
    sections: list[tuple[Verdict, Sequence[Shown], int]] = []
    for verdict in GRAVEST_FIRST:
        shown = [
            Shown(
                judged,
                listed.get((judged.run, judged.urn), ""),
                runs[judged.run].stack,
            )
            for judged in counts.listed.get(verdict, ())
        ]
        if shown:
            sections.append((verdict, shown, counts.verdicts[verdict] - len(shown)))
    return sections


def resources(summary: Summary, by_id: Mapping[str, RuleView]) -> list[ResourceView]:
    """Return every resource that the page lists."""
    listed = anchors(summary)
    return [
        ResourceView(
            anchor=listed[resource.run, resource.urn],
            resource=resource,
            stack=summary.runs[resource.run].stack,
            verdicts=[
                (judged, by_id[judged.rule])
                for judged in sorted(resource.verdicts, key=lambda one: GRAVEST_FIRST.index(one.verdict))
            ],
        )
        for resource in summary.resources
    ]


def worst(views: Sequence[ResourceView]) -> list[ResourceView]:
    """Return the few resources that break most, where any does."""
    failing = [view for view in views if view.resource.weight[0]]
    return sorted(failing, key=lambda view: view.resource.weight, reverse=True)[:WORST]


def runs(summary: Summary) -> list[RunFacts]:
    """Return the runs that the page lists: those that are incomplete or break most come before others."""
    gravest = sorted(summary.runs, key=lambda run: (run.complete, -run.verdicts[Verdict.FAIL]))
    return sorted(gravest[:LISTED_RUNS], key=lambda run: run.number)


def waivers(summary: Summary) -> list[WaiverView]:
    """Return the waivers, those that expire first foremost."""
    day = summary.day or datetime.date.min
    views = [WaiverView(w, summary.runs[run].stack, (w.expires - day).days) for run, w in summary.waivers]
    return sorted(views, key=lambda view: (view.days, view.waiver.rule, view.stack))


def dues(entries: Sequence[RegisterEntry], day: datetime.date | None) -> list[Due]:
    """Return the rows of the registers in their order, with how many days each has left."""
    return [Due(entry, (entry.due - day).days if entry.due and day else None) for entry in entries]


def gaps(pack: Pack, summary: Summary, views: Sequence[RuleView]) -> Gaps:
    """Return what the evidence is silent about."""
    by_type = sorted(summary.types.items())
    return Gaps(
        unreviewed=[pair for pair in by_type if pair[0].startswith("aws:") and not pack.knows(pair[0])],
        foreign=[pair for pair in by_type if not pair[0].startswith("aws:") and not pack.knows(pair[0])],
        unruled=[(token, count) for token, count in by_type if pack.knows(token) and not _judging(pack, token)],
        silent=[view for view in views if not view.counts.verdicts and view.rule and _saw(view.rule, summary.types)],
        unknown=[view for view in views if view.rule is None and view.id not in LIVE],
    )


def _judging(pack: Pack, token: str) -> bool:
    return any(token in rule.on for rule in pack.rules_on(token))


def _saw(rule: Rule, types: Counter[str]) -> bool:
    if ANY_AWS_TYPE in rule.on:
        return any(token.startswith("aws:") for token in types)
    return any(token in types for token in rule.on)
