"""The reviewed list of what may be weakened unnoticed, and why: `survivors.csv` in, its rows out."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.mutation.environment import Survivor

FILE = Path(__file__).with_name("survivors.csv")


@dataclass(frozen=True)
class Row:
    """Survivors of one reason; `*` stands for any text in the first three."""

    type: str
    property: str
    mutation: str
    reason: str

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(" ".join(map(_glob, (self.type, self.property, self.mutation))))

    def covers(self, survivor: Survivor) -> bool:
        """Return whether the row speaks of a survivor."""
        return self._pattern.fullmatch(" ".join(survivor)) is not None


def read() -> list[Row]:
    """Return the rows.

    Raises:
        ValueError: a row has no reason, or not four columns.
    """
    with FILE.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    for number, row in enumerate(rows, 2):
        if len(row) != 4 or not row[3].strip():
            raise ValueError(f"{FILE.name}:{number}: type, property, mutation and a reason are needed")
    return [Row(*row) for row in rows]


def _glob(text: str) -> str:
    return ".*".join(map(re.escape, text.split("*")))
