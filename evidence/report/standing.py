"""Where every control of the catalogue stands, given the counts of a summary.

Enters: the catalogue with its rules, and a summary. Leaves: one standing for each control. Only `PASS` is good news,
and it is never concluded from silence: every rule that answers for the control has to have spoken, on complete runs.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Generic, Protocol, TypeVar

from evidence.report.summary import Rows, Summary
from evidence.results import Origin, Verdict
from policy_pack.catalogue import NIST_800_53, Answer, Requirement
from policy_pack.vocabulary import ANY_AWS_TYPE, Rule

SEVERITIES = ("critical", "high", "medium", "low")
FRAMEWORKS = {
    "SH": "AWS Security Hub",
    "CIS3": "CIS AWS Foundations 3",
    "CIS4": "CIS AWS Foundations 4",
    "CIS5": "CIS AWS Foundations 5",
    "CIS6": "CIS AWS Foundations 6",
    "CIS7": "CIS AWS Foundations 7",
    "PH": "Hedgerow's own",
}


class Standing(StrEnum):
    """What the evidence says of a control, gravest first."""

    FAIL = "fail"
    UNDETERMINED = "undetermined"
    NO_RESULT = "no result"
    IN_PART = "pass in part"
    WAIVED = "waived"
    OPEN = "no rule yet"
    ELSEWHERE = "decided elsewhere"
    NOT_APPLICABLE = "not applicable"
    PASS = "pass"  # noqa: S105 - the word for a kept promise, not a password


MEANINGS = {
    Standing.FAIL: "a rule that answers for it is broken",
    Standing.UNDETERMINED: "a rule could not decide, or the run is incomplete",
    Standing.NO_RESULT: "rules answer for it, and no verdict was recorded",
    Standing.IN_PART: "what was judged is kept, and something of it was not judged",
    Standing.WAIVED: "broken, and accepted until a day",
    Standing.OPEN: "no rule answers for it yet",
    Standing.ELSEWHERE: "no preview can decide it; a register or a live check does",
    Standing.NOT_APPLICABLE: "nothing in the stack that it is about",
    Standing.PASS: "kept by everything that it is about",
}


@dataclass(frozen=True)
class AnsweringRule:
    """A rule that answers for a control, with its verdicts for it by origin."""

    id: str
    verdicts: Mapping[Origin, Counter[Verdict]]
    is_idle: bool
    """Complete runs saw nothing that the rule judges for the control, so that it had nothing to say."""
    is_off: bool
    """The policy configuration of a stack switches it off."""

    @property
    def total(self) -> Counter[Verdict]:
        """Its verdicts, whatever their origin."""
        return sum(self.verdicts.values(), Counter())

    @property
    def has_spoken(self) -> bool:
        """Whether it judged, or had nothing to judge."""
        return not self.is_off and (self.is_idle or bool(self.total))


@dataclass(frozen=True)
class Control:
    """A requirement of the catalogue and where it stands."""

    anchor: str
    answer: Answer
    rules: Sequence[AnsweringRule]
    standing: Standing
    unjudged: Sequence[str]
    """What of it nothing has judged, a line each."""

    @property
    def total(self) -> Counter[Verdict]:
        """The verdicts of its rules for it."""
        return sum((rule.total for rule in self.rules), Counter())

    @property
    def nist(self) -> tuple[str, ...]:
        """The NIST SP 800-53 controls of its theme."""
        return NIST_800_53[self.answer.requirement.theme]

    @property
    def severities(self) -> tuple[str, ...]:
        """How grave it is: as Security Hub rates it, and as the rules do that answer for it."""
        standards = (text.rpartition(", ")[2].lower() for text in self.answer.requirement.standards.values())
        named = {*standards, *(rule.severity.name.lower() for rule in self.answer.rules)}
        return tuple(severity for severity in SEVERITIES if severity in named)

    @property
    def frameworks(self) -> tuple[str, ...]:
        """The sets of controls that ask for it, and the criteria that it serves."""
        wanted = self.answer.requirement
        sets = dict.fromkeys(control.partition(":")[0] for control in wanted.controls)
        return (*sets, *wanted.criteria)


def finder(answers: Sequence[Answer]) -> Rows:
    """Return what finds the requirements that a result bears on: those whose controls it names, and for which its rule
    judges its type; where there are none of these, all whose controls it names, so that no violation is lost.

    A result on what isn't of AWS, such as the stack itself, bears on all that its rule answers for.
    """
    by_control: dict[str, list[int]] = defaultdict(list)
    judged: dict[tuple[str, int], tuple[Rule, set[str]]] = {}
    for index, answer in enumerate(answers):
        for control in answer.requirement.own_controls:
            by_control[control].append(index)
        for rule in answer.rules:
            judged[rule.id, index] = (rule, types_judged(rule, answer.requirement))

    @cache
    def rows(name: str, controls: tuple[str, ...], token: str) -> Sequence[int]:
        found = dict.fromkeys(index for control in controls for index in by_control.get(control, ()))
        borne_on = [index for index in found if (name, index) in judged and _tells(*judged[name, index], token)]
        return borne_on or list(found)

    return rows


def types_judged(rule: Rule, wanted: Requirement) -> set[str]:
    """Return the types on which a rule answers for a requirement: its own, or else those from which it reads them."""
    citing = {token for token in rule.on if not set(rule.controls_of(token)).isdisjoint(wanted.own_controls)}
    return citing.intersection(wanted.types) or citing


def _tells(rule: Rule, judged: set[str], token: str) -> bool:
    if token in judged or (ANY_AWS_TYPE in judged and token.startswith("aws:")):
        return True
    return token not in rule.on and not token.startswith("aws:")


def controls(answers: Sequence[Answer], summary: Summary) -> list[Control]:
    """Return every control of the catalogue, in its order."""
    verdicts: dict[int, dict[str, dict[Origin, Counter[Verdict]]]] = defaultdict(lambda: defaultdict(dict))
    for (index, rule, origin), counts in summary.requirements.items():
        verdicts[index][rule][origin] = counts
    anchors = _anchors(answer.requirement.controls[0] for answer in answers)
    return [
        _control(anchor, answer, verdicts[index], summary)
        for index, (anchor, answer) in enumerate(zip(anchors, answers, strict=True))
    ]


def is_idle(rule: Rule, wanted: Requirement, summary: Summary) -> bool:
    """Return whether complete runs saw nothing that a rule judges for a requirement: then its silence says something,
    and that it passed on the stack as a whole says nothing.
    """
    judged = types_judged(rule, wanted)
    if all(run.origin is Origin.LIVE for run in summary.runs):
        return False
    if ANY_AWS_TYPE in judged:
        return summary.complete and not any(token.startswith("aws:") for token in summary.types)
    return summary.complete and bool(judged) and judged.isdisjoint(summary.types)


def _control(
    anchor: str, answer: Answer, verdicts: Mapping[str, Mapping[Origin, Counter[Verdict]]], summary: Summary
) -> Control:
    answering = {rule.id: is_idle(rule, answer.requirement, summary) for rule in answer.rules}
    rules = []
    for name in dict.fromkeys((*answering, *sorted(verdicts))):
        idle = answering.get(name, False)
        counts = verdicts.get(name, {})
        says_nothing = idle and all(
            set(counted) <= {Verdict.PASS, Verdict.NOT_APPLICABLE} for counted in counts.values()
        )
        rules.append(AnsweringRule(name, {} if says_nothing else counts, idle, name in summary.switched_off))
    unjudged = [
        f"{control}: {item.decided_by}; {item.reason}"
        for control, item in answer.elsewhere.items()
        if control not in summary.controls_judged
    ]
    unjudged += [f"no rule yet for {missing}" for missing in answer.missing]
    unjudged += [
        f"{rule.id} is switched off" if rule.is_off else f"no verdict of {rule.id} was recorded"
        for rule in rules
        if not rule.has_spoken
    ]
    standing = _standing(answer, rules, unjudged, complete=summary.complete)
    return Control(anchor, answer, rules, standing, unjudged)


def _standing(answer: Answer, rules: Sequence[AnsweringRule], unjudged: Sequence[str], *, complete: bool) -> Standing:
    total: Counter[Verdict] = sum((rule.total for rule in rules), Counter())
    silent = bool(rules) and not (complete and all(rule.has_spoken for rule in rules))
    first_that_holds = {
        Standing.FAIL: total[Verdict.FAIL],
        Standing.UNDETERMINED: total[Verdict.UNDETERMINED] or (total[Verdict.PASS] and not complete),
        Standing.WAIVED: total[Verdict.WAIVED],
        Standing.IN_PART: total[Verdict.PASS] and unjudged,
        Standing.PASS: total[Verdict.PASS],
        Standing.NO_RESULT: silent,
        Standing.OPEN: answer.missing or not (rules or answer.elsewhere),
        Standing.ELSEWHERE: unjudged,
        Standing.NOT_APPLICABLE: True,
    }
    return next(standing for standing, holds in first_that_holds.items() if holds)


def statement(found: Sequence[Control], *, complete: bool) -> str:
    """Return what the evidence comes to, in two sentences at most."""
    counts = Counter(control.standing for control in found)
    words = {Standing.FAIL: "broken", Standing.UNDETERMINED: "undetermined", Standing.WAIVED: "waived"}
    wrong = [f"{counts[standing]} {word}" for standing, word in words.items() if counts[standing]]
    told = f"Of {len(found)} controls, {', '.join(wrong) or 'none is broken, undetermined or waived'}"
    if not complete:
        return f"{told}. The evidence is incomplete: no control passes by it."
    others = len(found) - counts[Standing.PASS] - sum(counts[standing] for standing in words)
    return (
        f"{told}, {counts[Standing.PASS]} kept. The other {others} have nothing to apply to, or were not judged wholly."
    )


class Stands(Protocol):
    """A control, as far as counting goes."""

    @property
    def standing(self) -> Standing:
        """Where it stands."""


ControlT = TypeVar("ControlT", bound=Stands)


@dataclass(frozen=True)
class Group(Generic[ControlT]):
    """Controls that serve one policy or criterion."""

    key: str
    controls: Sequence[ControlT]

    @property
    def standings(self) -> Counter[Standing]:
        """How many controls stand where."""
        return Counter(control.standing for control in self.controls)


def by_policy(found: Sequence[Control]) -> list[Group[Control]]:
    """Return the controls by the policy or section of the handbook that they serve, in the catalogue's order."""
    return _grouped(found, lambda control: [control.answer.requirement.promise])


def by_criterion(found: Sequence[Control]) -> list[Group[Control]]:
    """Return the controls by the trust services criteria that they serve, the common criteria first."""
    groups = _grouped(found, lambda control: control.answer.requirement.criteria)
    return sorted(groups, key=lambda group: (not group.key.startswith("CC"), group.key))


def _grouped(found: Sequence[Control], keys: Callable[[Control], Iterable[str]]) -> list[Group[Control]]:
    groups: dict[str, list[Control]] = defaultdict(list)
    for control in found:
        for key in keys(control):
            groups[key].append(control)
    return [Group(key, members) for key, members in groups.items()]


def _anchors(names: Iterable[str]) -> Iterator[str]:
    """Yield an id for each name that no other has."""
    taken: Counter[str] = Counter()
    for name in names:
        slug = "control-" + re.sub(r"[^a-z0-9.]+", "-", name.lower())
        taken[slug] += 1
        yield slug if taken[slug] == 1 else f"{slug}-{taken[slug]}"
