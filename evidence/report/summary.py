"""What a report needs to know of many runs, in the memory that one run takes.

Enters: runs, one at a time. Leaves: counts of everything, and verdicts by rule and by resource: all of them where a
bundle holds no more than `LISTED_IN_FULL`, else the first of each rule and the resources that break most.
"""

from __future__ import annotations

import datetime
import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from evidence.results import AcceptedViolation, Origin, Place, Result, Run, Verdict
from evidence.runs import DISABLED

LISTED_IN_FULL = 20_000
"""Verdicts, those that don't apply aside, that a page still shows one by one: some ten megabytes."""
LISTED_OF_A_RULE = 20
"""How many of each verdict are shown of a rule, where a bundle holds more."""
LISTED_RESOURCES = 200
LISTED_RUNS = 500
LISTED_WAIVERS = 500
LISTED_PROBLEMS = 20
ATTENTION = (Verdict.FAIL, Verdict.UNDETERMINED, Verdict.WAIVED)
"""The verdicts that someone has to look at, gravest first."""

GRAVEST_FIRST = (*ATTENTION, Verdict.PASS, Verdict.NOT_APPLICABLE)

Rows: TypeAlias = Callable[[str, tuple[str, ...], str], Sequence[int]]
"""Finds the requirements that a result bears on, as indices, by its rule, its controls and its resource's type."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run without its results."""

    number: int
    stack: str
    origin: Origin
    time: datetime.datetime
    commit: str
    pack: str
    pack_version: str
    resources: int
    verdicts: Counter[Verdict]
    problems: tuple[str, ...]
    """The first of them."""
    problem_count: int

    @property
    def complete(self) -> bool:
        """Whether the run saw its stack to the end."""
        return not self.problem_count


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict of a rule on a resource of a run."""

    run: int
    urn: str
    rule: str
    verdict: Verdict
    message: str
    severity: str
    blocking: bool
    place: Place | None


@dataclass(frozen=True, slots=True)
class JudgedResource:
    """A resource of a run, and every verdict on it but "not applicable"."""

    run: int
    urn: str
    type: str
    verdicts: Sequence[Judged]

    @property
    def weight(self) -> tuple[int, ...]:
        """How much is wrong with it, for comparison."""
        counts = Counter(judged.verdict for judged in self.verdicts)
        return tuple(counts[verdict] for verdict in ATTENTION)


@dataclass(slots=True)
class RuleCounts:
    """What the results say of a rule. Severity and promise are of the first result that states them."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    failing_runs: int = 0
    severity: str = ""
    promise: str = ""
    controls: dict[str, None] = field(default_factory=dict)
    listed: dict[Verdict, list[Judged]] = field(default_factory=lambda: defaultdict(list))


class Summary:
    """Takes runs one after the other, in any number."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._listed = 0
        self.in_full = True
        self.runs: list[RunFacts] = []
        self.verdicts: Counter[Verdict] = Counter()
        self.rules: dict[str, RuleCounts] = defaultdict(RuleCounts)
        self.requirements: dict[tuple[int, str, Origin], Counter[Verdict]] = defaultdict(Counter)
        """By requirement, rule and origin."""
        self.controls_judged: set[str] = set()
        """Controls that a verdict other than "not applicable" names."""
        self.switched_off: set[str] = set()
        """Rules that the policy configuration of a run's stack switches off."""
        self.types: Counter[str] = Counter()
        """Pulumi's types of the resources that were seen; the live check knows none."""
        self.resources: list[JudgedResource] = []
        self.waivers: list[tuple[int, AcceptedViolation]] = []
        self.expiries: Counter[datetime.date] = Counter()
        """How many waivers expire on which day, those that aren't listed included."""

    @property
    def complete(self) -> bool:
        """Whether anything was judged, and every run saw its stack to the end."""
        return bool(self.runs) and all(run.complete for run in self.runs)

    @property
    def day(self) -> datetime.date | None:
        """The day of the newest run, which due dates are held against; a report knows no other today."""
        return max((run.time.date() for run in self.runs), default=None)

    def add(self, run: Run) -> None:
        """Count a run, and keep what is to be listed of it."""
        number = len(self.runs)
        types = dict(run.resource_types)
        if run.origin is not Origin.LIVE:
            self.types.update(types.values())
        verdicts = self._count(run, types)
        self.verdicts.update(verdicts)
        self.runs.append(
            RunFacts(
                number=number,
                stack=run.stack,
                origin=run.origin,
                time=run.time,
                commit=run.commit,
                pack=run.pack,
                pack_version=run.pack_version,
                resources=len(types),
                verdicts=verdicts,
                problems=tuple(run.problems[:LISTED_PROBLEMS]),
                problem_count=len(run.problems),
            )
        )
        self.expiries.update(waiver.expires for waiver in run.waivers)
        self.waivers += [(number, waiver) for waiver in run.waivers[: LISTED_WAIVERS - len(self.waivers)]]
        self._list(number, run.results, types)

    def _count(self, run: Run, types: dict[str, str]) -> Counter[Verdict]:
        self.switched_off.update(
            result.rule
            for result in run.results
            if result.verdict is Verdict.NOT_APPLICABLE and result.message == DISABLED
        )
        kinds = Counter(
            (result.rule, result.verdict, result.controls, types.get(result.urn, ""), result.severity, result.promise)
            for result in run.results
        )
        verdicts: Counter[Verdict] = Counter()
        for (rule, verdict, controls, type_, severity, promise), count in kinds.items():
            verdicts[verdict] += count
            counts = self.rules[rule]
            counts.verdicts[verdict] += count
            counts.severity = counts.severity or severity
            counts.promise = counts.promise or promise
            counts.controls |= dict.fromkeys(controls)
            if verdict is not Verdict.NOT_APPLICABLE:
                self.controls_judged.update(controls)
            for row in self._rows(rule, controls, type_):
                self.requirements[row, rule, run.origin][verdict] += count
        for rule in {rule for rule, verdict, *_ in kinds if verdict is Verdict.FAIL}:
            self.rules[rule].failing_runs += 1
        return verdicts

    def _list(self, number: int, results: Sequence[Result], types: dict[str, str]) -> None:
        concerned = types if self.in_full else {result.urn for result in results if result.verdict in ATTENTION}
        by_urn: dict[str, list[Judged]] = {urn: [] for urn in types if urn in concerned}
        for result in results:
            if result.verdict is Verdict.NOT_APPLICABLE:
                continue
            listed = self.rules[result.rule].listed[result.verdict]
            has_room = self.in_full or len(listed) < LISTED_OF_A_RULE
            if not has_room and result.urn not in concerned:
                continue
            judged = Judged(
                run=number,
                urn=result.urn,
                rule=result.rule,
                verdict=result.verdict,
                message=result.message,
                severity=result.severity,
                blocking=result.blocking,
                place=result.place,
            )
            if self.in_full or result.urn in concerned:
                by_urn.setdefault(result.urn, []).append(judged)
            if has_room:
                listed.append(judged)
                self._listed += 1
        self.resources += [JudgedResource(number, urn, types.get(urn, ""), judged) for urn, judged in by_urn.items()]
        if self.in_full and self._listed > LISTED_IN_FULL:
            self._shorten()
        if not self.in_full:
            self.resources = heapq.nlargest(LISTED_RESOURCES, self.resources, key=lambda resource: resource.weight)

    def _shorten(self) -> None:
        self.in_full = False
        for counts in self.rules.values():
            for judged in counts.listed.values():
                del judged[LISTED_OF_A_RULE:]
