"""What a report shows besides results: the registers, the bundles before, the architecture; kept as `background.json`.

A bundle has all that its report is made of, so that the report can be made anew from the bundle alone.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.canonical import decode, encode, parse_time, spell
from evidence.console import EvidenceError, say
from evidence.report.records import Earlier, RegisterEntry
from evidence.results import Origin, Verdict
from evidence.store import Store

FILE = "background.json"
TREND = 30
"""How many bundles back the report looks."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run counted."""

    stack: str
    origin: Origin
    time: datetime.datetime
    complete: bool
    verdicts: Mapping[Verdict, int]


@dataclass(frozen=True)
class Background:
    """The figures of a bundle's own runs, and what its report shows besides its results."""

    figures: Sequence[Figures] = ()
    earlier: Sequence[Earlier] = ()
    registers: Sequence[RegisterEntry] = ()
    architecture: str = ""
    """An SVG picture; empty, where there is none."""


def earlier(store: Store, own: Sequence[Figures]) -> list[Earlier]:
    """Return what the bundles of a store counted of the same stacks, judged alike; each judgement counts once."""
    wanted = {(run.stack, run.origin) for run in own}
    seen = {_identity(own)}
    found = []
    for name in store.names()[-TREND:]:
        try:
            with store.fetched(name, FILE) as path:
                figures = [run for run in load(path.parent).figures if (run.stack, run.origin) in wanted]
        except EvidenceError as error:
            say(f"note: bundle {name} is left out of the trend: {error}")
            continue
        if figures and _identity(figures) not in seen:
            seen.add(_identity(figures))
            found.append(_sum(figures))
    return found


def _identity(figures: Sequence[Figures]) -> frozenset[tuple[str, Origin, datetime.datetime]]:
    return frozenset((run.stack, run.origin, run.time) for run in figures)


def _sum(figures: Sequence[Figures]) -> Earlier:
    verdicts: Counter[Verdict] = Counter()
    for run in figures:
        verdicts.update(run.verdicts)
    return Earlier(max(run.time for run in figures), all(run.complete for run in figures), verdicts)


def save(background: Background, folder: Path) -> None:
    """Write `background.json` into a bundle's folder."""
    (folder / FILE).write_bytes(
        encode(
            {
                "figures": [
                    {"stack": run.stack, "origin": run.origin.value, **_counts(run)}
                    for run in sorted(background.figures, key=lambda run: (run.stack, run.time, run.origin))
                ],
                "earlier": [_counts(bundle) for bundle in background.earlier],
                "registers": [
                    {"name": row.name, "row": row.row, "owner": row.owner, "last": _day(row.last), "due": _day(row.due)}
                    for row in background.registers
                ],
                "architecture": background.architecture,
            }
        )
    )


def load(folder: Path) -> Background:
    """Return the background of a bundle. Raises EvidenceError if it has none."""
    path = folder / FILE
    try:
        record = decode(path.read_bytes(), str(path))
        return Background(
            figures=[
                Figures(stack=run["stack"], origin=Origin(run["origin"]), **_counted(run)) for run in record["figures"]
            ],
            earlier=[Earlier(**_counted(bundle)) for bundle in record["earlier"]],
            registers=[
                RegisterEntry(row["name"], row["row"], row["owner"], _parsed(row["last"]), _parsed(row["due"]))
                for row in record["registers"]
            ],
            architecture=record["architecture"],
        )
    except OSError as error:
        raise EvidenceError(f"{path}: {error.strerror}") from None
    except (LookupError, TypeError, ValueError, AttributeError):
        raise EvidenceError(f"{path} is not of this version") from None


def _counts(counted: Figures | Earlier) -> dict[str, Any]:
    verdicts = {verdict.value: count for verdict, count in counted.verdicts.items()}
    return {"time": spell(counted.time), "complete": counted.complete, "verdicts": verdicts}


def _counted(record: Mapping[str, Any]) -> dict[str, Any]:
    verdicts = {Verdict(name): int(count) for name, count in record["verdicts"].items()}
    return {"time": parse_time(record["time"]), "complete": bool(record["complete"]), "verdicts": verdicts}


def _day(day: datetime.date | None) -> str | None:
    return day.isoformat() if day else None


def _parsed(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None
