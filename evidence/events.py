"""Reads an engine's event log: a path goes in, events come out one at a time, and what is wrong with the log.

A log is a line of JSON for each event (the engine's `apitype.EngineEvent`): a sequence number that grows by one, a time
in seconds since 1970, and one member named after the event's kind. Memory is bounded by the longest line accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from evidence.console import EvidenceError

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes. The engine's own messages carry a resource's properties, some hundred kilobytes at most."""
_MOST_PROBLEMS = 20
_LATEST = 253_402_300_799
"""The last second of the year 9999: beyond it is no date."""
_ENVELOPE = {"sequence", "timestamp"}
_KINDS = frozenset(
    {
        "cancelEvent",
        "diagnosticEvent",
        "errorEvent",
        "policyAnalyzeStackSummaryEvent",
        "policyAnalyzeSummaryEvent",
        "policyEvent",
        "policyLoadEvent",
        "policyRemediateSummaryEvent",
        "policyRemediationEvent",
        "preludeEvent",
        "progressEvent",
        "resOpFailedEvent",
        "resOutputsEvent",
        "resourcePreEvent",
        "startDebuggingEvent",
        "stdoutEvent",
        "summaryEvent",
    }
)
_PACK = {"policyPackName": str, "policyPackVersion": str}
_STEP = {"metadata": dict}
_REQUIRED: Mapping[str, Mapping[str, type]] = {
    "policyEvent": {**_PACK, "policyName": str, "message": str, "enforcementLevel": str},
    "policyAnalyzeSummaryEvent": {**_PACK, "resourceUrn": str},
    "policyAnalyzeStackSummaryEvent": _PACK,
    "policyRemediationEvent": {**_PACK, "policyName": str, "resourceUrn": str},
    "resourcePreEvent": _STEP,
    "resOutputsEvent": _STEP,
    "resOpFailedEvent": _STEP,
    "diagnosticEvent": {"message": str, "severity": str},
    "summaryEvent": {"result": str, "isPreview": bool},
}
"""What evidence reads of an event must be there."""
_OPTIONAL: Mapping[str, Mapping[str, type]] = {
    "policyEvent": {"resourceUrn": str, "severity": str},
    "policyAnalyzeSummaryEvent": {"passed": list, "failed": list},
    "policyAnalyzeStackSummaryEvent": {"passed": list, "failed": list},
    "summaryEvent": {"PolicyPacks": dict, "maybeCorrupt": bool},
}
_JUDGEMENTS = {"policyEvent", "policyAnalyzeSummaryEvent", "policyAnalyzeStackSummaryEvent"}
_SPOKEN = {"color", "policyPackVersionTag"}


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `time` in seconds since 1970."""

    kind: str
    time: int
    body: Mapping[str, Any]


@dataclass
class Problems:
    """What keeps a log from being evidence, a line each; of many the first, and how many more."""

    _lines: list[str] = field(default_factory=list)
    _more: int = 0

    def add(self, line: str) -> None:
        """Note a problem, once."""
        if line in self._lines:
            return
        if len(self._lines) < _MOST_PROBLEMS:
            self._lines.append(line)
        else:
            self._more += 1

    @property
    def lines(self) -> tuple[str, ...]:
        """All that was noted."""
        return (*self._lines, *([f"{self._more} more problems of this kind"] if self._more else []))


class _MalformedError(ValueError):
    """A line that is no event this version understands."""


def read_events(path: Path, problems: Problems) -> Iterator[Event]:
    """Yield the events of a log in the order of its lines; whatever can't be read is a problem.

    Raises:
        EvidenceError: the file can't be read, or holds no event at all.
    """
    expected = 0
    found = False
    try:
        with path.open("rb") as file:
            for number, line in enumerate(_lines(file), 1):
                try:
                    sequence, event = _parse(line)
                except _MalformedError as error:
                    problems.add(f"line {number}: {error}")
                    expected += 1
                    continue
                if sequence > expected:
                    problems.add(f"line {number}: events are missing, {expected} to {sequence - 1}")
                elif sequence < expected:
                    problems.add(f"line {number}: event {sequence} is repeated or out of order")
                expected = sequence + 1
                found = True
                yield event
    except OSError as error:
        raise EvidenceError(f"{path}: {error.strerror}") from None
    if not found:
        raise EvidenceError(f"{path} holds no engine event: is it what `pulumi … --event-log FILE` wrote?")


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Yield each line, or None for one that is too long to be read."""
    while line := file.readline(LONGEST_LINE):
        if line.endswith(b"\n") or len(line) < LONGEST_LINE:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE)
        yield None


def _parse(line: bytes | None) -> tuple[int, Event]:
    if line is None:
        raise _MalformedError(f"longer than {LONGEST_LINE // 2**20} MiB")
    if not line.endswith(b"\n"):
        raise _MalformedError("cut off")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise _MalformedError("not JSON") from None
    if not isinstance(value, dict):
        raise _MalformedError("not an event")
    sequence, time = value.get("sequence"), value.get("timestamp")
    if type(sequence) is not int or type(time) is not int or sequence < 0 or not 0 <= time <= _LATEST:
        raise _MalformedError("no sequence number and time, as every event has")
    kinds = value.keys() - _ENVELOPE
    if len(kinds) != 1:
        raise _MalformedError(f"one event of {len(kinds)} kinds")
    kind = kinds.pop()
    if kind not in _KINDS:
        raise _MalformedError(f"an event of the unknown kind {kind[:60]!r}: a newer engine wrote it")
    body = value[kind]
    _check(kind, body)
    return sequence, Event(kind, time, body)


def _check(kind: str, body: Any) -> None:
    if not isinstance(body, dict):
        raise _MalformedError(f"{kind} is not an object")
    required, optional = _REQUIRED.get(kind, {}), _OPTIONAL.get(kind, {})
    for name, expected in required.items():
        if type(body.get(name)) is not expected:
            raise _MalformedError(f"{kind} has no {name}")
    for name, expected in optional.items():
        if name in body and type(body[name]) is not expected:
            raise _MalformedError(f"{kind}: {name} is not what it was")
        if expected is list and not all(isinstance(item, str) for item in body.get(name, ())):
            raise _MalformedError(f"{kind}: {name} is not a list of names")
    if kind in _JUDGEMENTS and (unknown := sorted(body.keys() - required.keys() - optional.keys() - _SPOKEN)):
        raise _MalformedError(f"{kind} says {unknown[0][:60]!r}, which a newer engine means")
    if "metadata" in required and not all(
        isinstance(body["metadata"].get(name), str) for name in ("op", "urn", "type")
    ):
        raise _MalformedError(f"{kind} names no step")
