"""What a report is given besides the runs: rows of registers, and the figures of earlier bundles."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from evidence.results import Verdict


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """A row of a register: a fact that people record, last confirmed on one day and due again on another."""

    name: str
    """The register's name."""
    row: str
    owner: str
    """A role, not a person."""
    last: datetime.date | None
    due: datetime.date | None
    """None where the row lacks a date: then nothing shows that it is kept."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier bundle counted."""

    time: datetime.datetime
    """UTC, that of its newest run."""
    complete: bool
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
