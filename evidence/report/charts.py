"""The geometry of the report's pictures: counts in, numbers for SVG out. Templates draw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evidence.report.records import Earlier
from evidence.report.summary import ATTENTION
from evidence.results import Verdict

WIDTH, HEIGHT, MARGIN = 640, 160, 12


@dataclass(frozen=True)
class Segment:
    """A part of a bar; `start` and `width` are in percent of it."""

    kind: StrEnum
    count: int
    start: float
    width: float


def bar(kinds: type[StrEnum], counts: Mapping[StrEnum, int]) -> list[Segment]:
    """Return a bar of the counts that aren't zero, in the order of the kinds."""
    whole = sum(counts.values())
    segments = []
    start = 0.0
    for kind in kinds:
        if count := counts.get(kind, 0):
            width = 100 * count / whole
            segments.append(Segment(kind, count, round(start, 3), round(width, 3)))
            start += width
    return segments


@dataclass(frozen=True)
class Line:
    """The counts of one verdict over time, as points of an SVG polyline."""

    kind: Verdict
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Trend:
    """Lines over bundles, oldest first, and the count at the top of the picture."""

    bundles: Sequence[Earlier]
    lines: Sequence[Line]
    highest: int


def trend(bundles: Sequence[Earlier]) -> Trend:
    """Return what is wrong in bundle after bundle; passes would dwarf it, and are in the table."""
    ordered = sorted(bundles, key=lambda bundle: bundle.time)
    highest = max((bundle.verdicts.get(verdict, 0) for bundle in ordered for verdict in ATTENTION), default=0)
    step = (WIDTH - 2 * MARGIN) / max(len(ordered) - 1, 1)

    def point(index: int, count: int) -> tuple[float, float]:
        up = (HEIGHT - 2 * MARGIN) * count / max(highest, 1)
        return round(MARGIN + index * step, 1), round(HEIGHT - MARGIN - up, 1)

    lines = [
        Line(verdict, [point(index, bundle.verdicts.get(verdict, 0)) for index, bundle in enumerate(ordered)])
        for verdict in ATTENTION
    ]
    return Trend(ordered, lines, highest)
