"""Gathers what the events of one log say: events go in, one at a time, and what they tell of rules and resources out.

A pass is one that the engine counted. An event in which the pack says "undetermined" or "waived" is counted as failed
by the engine: the beginning of its message tells which it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from evidence.events import Event, Problems
from evidence.results import Origin, Result, Verdict
from policy_pack.server import NAME, UNDETERMINED, WAIVED

ROOT_TYPE = "pulumi:pulumi:Stack"
_URN = re.compile(r"urn:pulumi:(?P<stack>[\w.-]{1,100})::(?P<project>[\w.-]{1,100})::(?P<type>.+?)::.+", re.A | re.S)
_COLOUR = re.compile(r"<\{%.*?%\}>")
"""How the engine writes colour into messages for a terminal."""
_GONE = {"delete", "delete-replaced", "discard", "discard-replaced", "read-discard", "remove-pending-replace"}
"""Operations whose resource the stack no longer has."""
_UNJUDGED = {"read", "read-replacement"}
"""Operations on what others manage: the engine asks no policy about it."""
_BLOCKED = {"preview failed", "update failed"}
"""What the engine says after a violation that blocks, as after any other failure."""
_LEVELS = {"advisory", "mandatory", "remediate", "disabled"}
_WORST_FIRST = (Verdict.FAIL, Verdict.UNDETERMINED, Verdict.WAIVED)

Key: TypeAlias = tuple[str, str]
"""A rule and a URN; the URN is empty where the engine means the whole stack."""


@dataclass
class Observed:
    """What a log tells. Rules of other packs than ours are named PACK:RULE."""

    time: int = 0
    """Seconds since 1970, of the newest event."""
    stacks: set[tuple[str, str]] = field(default_factory=set)
    """Project and stack."""
    types: dict[str, str] = field(default_factory=dict)
    """The type of every resource by URN."""
    unjudged: set[str] = field(default_factory=set)
    """URNs of resources that the engine asks no policy about."""
    asked: dict[str, set[str]] = field(default_factory=dict)
    """By pack, the URNs that it was asked about; empty for the whole stack."""
    versions: dict[str, set[str]] = field(default_factory=dict)
    """By pack."""
    passed: set[Key] = field(default_factory=set)
    failed: set[Key] = field(default_factory=set)
    told: dict[Key, Result] = field(default_factory=dict)
    """What an event says of a rule and a resource: never a pass."""
    remediated: set[Key] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    """The first lines of what the engine reports as errors."""
    summary: Mapping[str, Any] | None = None
    ended: bool = False

    @property
    def origin(self) -> Origin:
        """What was judged, as far as an engine's log tells."""
        return Origin.PREVIEW if self.summary is None or self.summary["isPreview"] else Origin.UPDATE


def observe(events: Iterable[Event], problems: Problems) -> Observed:
    """Return what the events say; what contradicts itself is a problem."""
    observed = Observed()
    for event in events:
        observed.time = max(observed.time, event.time)
        if observed.ended:
            problems.add("events follow the last one: the log holds more than one operation")
        if read := _READERS.get(event.kind):
            read(observed, event.body, problems)
    return observed


def type_of(urn: str) -> str:
    """Return the type that a URN names."""
    match = _URN.fullmatch(urn)
    return match["type"].rpartition("$")[2] if match else ""


def _name(observed: Observed, urn: str, problems: Problems) -> None:
    if match := _URN.fullmatch(urn):
        observed.stacks.add((match["project"], match["stack"]))
    elif urn:
        problems.add(f"{urn[:200]!r} is no URN")


def _rule(body: Mapping[str, Any], name: str) -> str:
    return name if body["policyPackName"] == NAME else f"{body['policyPackName']}:{name}"


def _step(observed: Observed, body: Mapping[str, Any], problems: Problems) -> None:
    step = body["metadata"]
    urn = step["urn"]
    _name(observed, urn, problems)
    if step["op"] in _GONE:
        return
    if step["type"] != type_of(urn):
        problems.add(f"{urn[:200]} is said to be of type {step['type'][:60]!r}")
    observed.types[urn] = step["type"]
    if step["op"] in _UNJUDGED:
        observed.unjudged.add(urn)


def _failed_step(observed: Observed, body: Mapping[str, Any], problems: Problems) -> None:
    _step(observed, body, problems)
    problems.add(f"the engine could not {body['metadata']['op'][:60]} {body['metadata']['urn']}")


def _pack(observed: Observed, body: Mapping[str, Any]) -> set[str]:
    observed.versions.setdefault(body["policyPackName"], set()).add(body["policyPackVersion"])
    return observed.asked.setdefault(body["policyPackName"], set())


def _summary_of_rules(observed: Observed, body: Mapping[str, Any], problems: Problems) -> None:
    urn = body.get("resourceUrn", "")
    _name(observed, urn, problems)
    _pack(observed, body).add(urn)
    for counted, names in ((observed.passed, "passed"), (observed.failed, "failed")):
        counted.update((_rule(body, name), urn) for name in body.get(names, ()))


def _violation(observed: Observed, body: Mapping[str, Any], problems: Problems) -> None:
    urn = body.get("resourceUrn", "")
    _name(observed, urn, problems)
    _pack(observed, body)
    if body["enforcementLevel"] not in _LEVELS:
        problems.add(f"a violation has the unknown level {body['enforcementLevel'][:60]!r}")
    message = _COLOUR.sub("", body["message"]).strip()
    ours = body["policyPackName"] == NAME
    verdict = Verdict.FAIL
    if ours and message.startswith(UNDETERMINED):
        verdict = Verdict.UNDETERMINED
    elif ours and message.startswith(WAIVED):
        verdict = Verdict.WAIVED
    result = Result(
        rule=_rule(body, body["policyName"]),
        urn=urn,
        verdict=verdict,
        message=message,
        severity=body.get("severity", ""),
        blocking=body["enforcementLevel"] == "mandatory",
    )
    key = (result.rule, urn)
    earlier = observed.told.get(key)
    observed.told[key] = result if earlier is None else _both(earlier, result)


def _both(one: Result, other: Result) -> Result:
    worse, better = sorted((one, other), key=lambda result: _WORST_FIRST.index(result.verdict))
    messages = dict.fromkeys((worse.message, better.message))
    return replace(worse, message="\n".join(messages), blocking=worse.blocking or better.blocking)


def _remediation(observed: Observed, body: Mapping[str, Any], problems: Problems) -> None:
    _name(observed, body["resourceUrn"], problems)
    observed.remediated.add((_rule(body, body["policyName"]), body["resourceUrn"]))


def _diagnostic(observed: Observed, body: Mapping[str, Any], _problems: Problems) -> None:
    line = _COLOUR.sub("", body["message"]).strip().partition("\n")[0]
    if body["severity"] == "error" and line not in _BLOCKED and len(observed.errors) < 3:
        observed.errors.append(line[:200])


def _error(observed: Observed, body: Mapping[str, Any], _problems: Problems) -> None:
    observed.errors.append(str(body.get("error", ""))[:200])


def _summary(observed: Observed, body: Mapping[str, Any], problems: Problems) -> None:
    if observed.summary is not None:
        problems.add("the log holds more than one operation")
    observed.summary = body


def _end(observed: Observed, _body: Mapping[str, Any], _problems: Problems) -> None:
    observed.ended = True


_READERS: Mapping[str, Callable[[Observed, Mapping[str, Any], Problems], None]] = {
    "resourcePreEvent": _step,
    "resOutputsEvent": _step,
    "resOpFailedEvent": _failed_step,
    "policyAnalyzeSummaryEvent": _summary_of_rules,
    "policyAnalyzeStackSummaryEvent": _summary_of_rules,
    "policyEvent": _violation,
    "policyRemediationEvent": _remediation,
    "diagnosticEvent": _diagnostic,
    "errorEvent": _error,
    "summaryEvent": _summary,
    "cancelEvent": _end,
}
"""What is read of each kind of event; the rest says nothing of rules or resources."""
