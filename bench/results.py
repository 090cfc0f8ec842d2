"""What a run measured: medians by judge and size in, tables, a plot and docs/benchmarks.md out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PACK = "the pack, through the engine"
TRIVIAL = "one trivial policy, through the engine"
IN_PROCESS = "the pack, in process"
CHECKOV = "Checkov"
TRIVY = "Trivy"
EIGHT = "eight rules, in process"
OPA = "the same eight rules, OPA"
JUDGES = (PACK, TRIVIAL, IN_PROCESS, CHECKOV, TRIVY, EIGHT, OPA)

MOST_TIMES_TRIVIAL = 1.5
LEAST_PER_SECOND = 20_000
MOST_MEGABYTES = 500
MOST_PREVIEW_SECONDS = 1.0
MOST_GROWTH = 1.25
"""How many times a resource may cost at the largest size what it costs at a tenth of that; more isn't linear."""
LARGE = 1000
"""Resources from which on the pack is to be ahead of scanners through the engine, too."""


@dataclass
class Results:
    """Medians of one run. `missing` names what could not be measured, and why."""

    machine: str
    versions: Mapping[str, str]
    rounds: int
    sizes: Sequence[int]
    scans: dict[tuple[str, int], float] = field(default_factory=dict)
    """Seconds from start to end, by judge and size."""
    judged: dict[int, float] = field(default_factory=dict)
    """Seconds in the pack alone, by size: no start, no reading."""
    megabytes: dict[int, float] = field(default_factory=dict)
    previews: dict[str, float] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """What the pack is to reach, what it reached, and whether that is enough."""

    what: str
    measured: str
    met: bool


def targets(results: Results) -> Iterator[Target]:
    """Yield every target that the run measured."""
    scans, largest = results.scans, max(results.sizes, default=0)
    if (PACK, largest) in scans:
        times = scans[PACK, largest] / scans[TRIVIAL, largest]
        yield Target(
            f"at most {MOST_TIMES_TRIVIAL} times one trivial policy, {largest:,} resources",
            f"{times:.2f} times",
            times <= MOST_TIMES_TRIVIAL,
        )
    small = next((size for size in results.sizes if size * 10 == largest), None)
    if small in results.judged and largest in results.judged:
        growth = results.judged[largest] / largest / (results.judged[small] / small)
        yield Target(
            f"linear growth: a resource among {largest:,} costs what it costs among {small:,}",
            f"{growth:.2f} times",
            growth <= MOST_GROWTH,
        )
    for judge, scanner in ((PACK, CHECKOV), (PACK, TRIVY), (IN_PROCESS, CHECKOV), (IN_PROCESS, TRIVY)):
        sizes = [size for size in results.sizes if (scanner, size) in scans and (judge, size) in scans]
        for size in sizes:
            if judge is IN_PROCESS or size >= LARGE:
                ahead = scans[scanner, size] / scans[judge, size]
                yield Target(
                    f"{judge}: ahead of {scanner}, {size:,} resources", f"{ahead:.1f} times as fast", ahead > 1
                )
    if largest in results.judged:
        rate = largest / results.judged[largest]
        yield Target(
            f"at least {LEAST_PER_SECOND:,} resources a second and core in process, {largest:,} resources",
            f"{rate:,.0f} a second",
            rate >= LEAST_PER_SECOND,
        )
        peak = results.megabytes[largest]
        yield Target(
            f"under {MOST_MEGABYTES} MB in process, {largest:,} resources", f"{peak:.0f} MB", peak < MOST_MEGABYTES
        )
    if results.previews:
        *_, bare, judged = results.previews.values()
        added = judged - bare
        yield Target(
            f"adds under {MOST_PREVIEW_SECONDS:.0f} s to a preview of our environment",
            f"{added:.2f} s",
            added < MOST_PREVIEW_SECONDS,
        )


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown, whose columns are aligned for a terminal too."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    aligned = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([aligned[0], rule, *aligned[1:]])


def tables(results: Results) -> str:
    """Return everything that was measured as Markdown."""
    parts = [f"{results.machine}. {', '.join(f'{name} {version}' for name, version in results.versions.items())}."]
    if results.scans:
        parts.append(
            f"Seconds from the start of a process to its end, median of {results.rounds}; in brackets as a multiple of "
            f"“{PACK}”."
        )
        parts.append(table(("", *(f"{size:,} resources" for size in results.sizes)), _scan_rows(results)))
    if results.judged:
        rows = [
            [f"{size:,}", f"{seconds:.3f} s", f"{size / seconds:,.0f}", f"{results.megabytes[size]:.0f} MB"]
            for size, seconds in results.judged.items()
        ]
        parts.append("The pack alone in a process that has started and read the state: processor seconds, one core.")
        parts.append(table(("resources", "all rules", "resources a second", "peak memory"), rows))
    if results.previews:
        alone = next(iter(results.previews.values()))
        rows = [[name, f"{seconds:.2f} s", f"{seconds / alone:.1f}"] for name, seconds in results.previews.items()]
        parts.append(table(("preview of", "median", "times the engine alone"), rows))
    reached = [[target.what, target.measured, "yes" if target.met else "**no**"] for target in targets(results)]
    if reached:
        parts.append(table(("target", "measured", "met"), reached))
    parts += [f"Not measured: {name}: {reason}." for name, reason in results.missing.items()]
    return "\n\n".join(parts) + "\n"


def _scan_rows(results: Results) -> Iterator[list[str]]:
    for judge in JUDGES:
        cells = []
        for size in results.sizes:
            seconds, whole = results.scans.get((judge, size)), results.scans.get((PACK, size))
            times = f" ({seconds / whole:.2f})" if seconds and whole else ""
            cells.append("not measured" if seconds is None else f"{seconds:.2f} s{times}")
        if any(cell != "not measured" for cell in cells):
            yield [judge, *cells]


def plot(results: Results, path: Path) -> None:
    """Draw the seconds of every judge over the number of resources. The same results give the same file."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    with plt.rc_context({"svg.hashsalt": "hedgerow", "svg.fonttype": "none", "font.size": 9}):
        figure, axes = plt.subplots(figsize=(7.5, 4.5), layout="constrained")
        for judge, marker in zip(JUDGES, "osD^v<>", strict=True):
            points = [(size, results.scans[judge, size]) for size in results.sizes if (judge, size) in results.scans]
            if points:
                axes.plot(*zip(*points, strict=True), marker=marker, markersize=4, label=judge)
        axes.set(xscale="log", yscale="log", xlabel="resources", ylabel="seconds, start-up included")
        axes.set_xticks(list(results.sizes), [f"{size:,}" for size in results.sizes])
        axes.minorticks_off()
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize=8)
        figure.savefig(path, format="svg", metadata={"Date": None})
        plt.close(figure)


BEGIN = "<!-- measured: written by `python -m bench --write docs` -->"
END = "<!-- /measured -->"


def write(results: Results, folder: Path) -> None:
    """Write the plot, and the tables between the marks of benchmarks.md.

    Raises:
        ValueError: the file has no marks.
    """
    page = folder / "benchmarks.md"
    text = page.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{page} must hold the lines {BEGIN} and {END} once each")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    image = ""
    if results.scans:
        plot(results, folder / "benchmarks.svg")
        image = "![Seconds by number of resources](benchmarks.svg)\n\n"
    page.write_text(f"{before}{BEGIN}\n\n{image}{tables(results)}\n{END}{after}")
