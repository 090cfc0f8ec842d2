"""What evidence is made of: one result for each rule and resource, in runs.

Enters: nothing, these are the records that collecting writes and every report reads. A run is one judgement of one
stack: a preview, an update, a saved state, or the deployed account itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Verdict(StrEnum):
    """What is true of a rule and a resource. Only `PASS` says that the promise is kept."""

    PASS = "pass"  # noqa: S105 - the word for a kept promise, not a password
    FAIL = "fail"
    UNDETERMINED = "undetermined"
    NOT_APPLICABLE = "not applicable"
    WAIVED = "waived"


class Origin(StrEnum):
    """What was judged."""

    PREVIEW = "preview"
    UPDATE = "update"
    STATE = "state"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a program a resource is constructed; `path` is relative to the repository's root."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict of one rule on one resource.

    `urn` is the stack's own URN where the engine names no resource: it tells of a rule over the whole stack that it
    passed, not on which resources.
    """

    rule: str
    urn: str
    verdict: Verdict
    message: str = ""
    controls: tuple[str, ...] = ()
    promise: str = ""
    severity: str = ""
    blocking: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class AcceptedViolation:
    """A waiver as the register of waivers states it, due on the day it expires."""

    rule: str
    resource: str
    reason: str
    ticket: str
    requester: str
    approver: str
    approved: datetime.date
    expires: datetime.date


@dataclass(frozen=True, slots=True)
class Run:
    """One judgement of one stack. Times are UTC; `commit` is empty outside a repository.

    An incomplete run says in `problems`, a line each, what is missing; nothing may be concluded from its silence.
    """

    stack: str
    origin: Origin
    time: datetime.datetime
    commit: str
    pack: str
    pack_version: str
    results: tuple[Result, ...]
    resource_types: tuple[tuple[str, str], ...]
    """URN and type of every resource that the run saw, judged or not, by URN."""
    waivers: tuple[AcceptedViolation, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the run saw its stack to the end."""
        return not self.problems


Runs: TypeAlias = Callable[[], Iterator[Run]]
"""Reads the runs of a bundle one at a time, as often as it is called, in the order of stack and time.

A fleet's results don't fit into memory: whatever reads them keeps no more than one run and its own summary.
"""
