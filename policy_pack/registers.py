"""The registers as rules ask them: rows in force, vendors that may be used, waivers of violations.

A register holds facts that people record and no preview can see, each with an owner and a day on which it is due again.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policy_pack.waivers import Waiver

NOTICE_DAYS = 14
"""Days between a sub-processor's announcement and its use (handbook, vendor management; a rule's setting)."""


@dataclass(frozen=True)
class Row:
    """A row of a register, in force from `since` through `ends`, and due `every` so many days after it was reviewed.

    `where` is the file and line that it was read from; `more` holds the columns that its register has besides these.
    """

    id: str
    owner: str
    since: datetime.date
    every: int
    where: str
    more: Mapping[str, Any]
    ends: datetime.date | None = None
    reviewed: datetime.date | None = None

    @property
    def due(self) -> datetime.date:
        """The last day for its next review; what was never reviewed counts from the day it began."""
        return (self.reviewed or self.since) + datetime.timedelta(days=self.every)

    def in_force(self, today: datetime.date) -> bool:
        """Return whether the row holds on a day."""
        return self.since <= today and (self.ends is None or today <= self.ends)

    def has_ended(self, today: datetime.date) -> bool:
        """Return whether the row is kept as history only."""
        return self.ends is not None and self.ends < today


@dataclass(frozen=True)
class Registers:
    """Every register of a folder. `kept` is false where the configuration names no folder: nothing is known then."""

    rows: Mapping[str, tuple[Row, ...]]
    waivers: tuple[Waiver, ...] = ()
    kept: bool = True

    def find(self, register: str, key: str) -> Row | None:
        """Return the row of a register with an id."""
        return next((row for row in self.rows.get(register, ()) if row.id == key), None)

    def usable_vendors(self, today: datetime.date, notice_days: int = NOTICE_DAYS) -> Iterator[Row]:
        """Yield the sub-processors in force, announced long enough ago, with a DPA in force."""
        for row in self.rows.get("subprocessors", ()):
            agreement = self.find("agreements", row.more["agreement"])
            announced = row.more["announced"] + datetime.timedelta(days=notice_days) <= today
            signed = agreement is not None and agreement.more["kind"] == "dpa" and agreement.in_force(today)
            if row.in_force(today) and announced and signed:
                yield row

    def waiver_for(self, rule: str, urn: str, today: datetime.date) -> Waiver | None:
        """Return the waiver for a violation: of several the one that lasts longest, one in force before any other."""
        found = [waiver for waiver in self.waivers if waiver.covers(rule, urn)]
        return max(found, key=lambda waiver: (waiver.in_force(today), waiver.expires), default=None)


NO_REGISTERS = Registers({}, kept=False)
