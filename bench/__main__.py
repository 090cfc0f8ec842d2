"""Measures what the pack costs: against a trivial pack, Checkov, Trivy and OPA on the same resources, and in a preview.

Enters: nothing but the checkout. Leaves: tables of medians and ratios of this one run, the targets and whether each is
met; with --write also the page and the plot in docs.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.judges import Run, Workspace, pulumi, same_eight
from bench.results import CHECKOV, EIGHT, IN_PROCESS, OPA, PACK, TRIVIAL, TRIVY, Results, tables, write
from bench.toolbox import NAMES, Missing, Tool, get
from sandbox.console import say

SIZES = (100, 1000, 5000, 10_000)
PARTS = ("engine", "previews", *NAMES)
WARM_ROUNDS = 3
"""In-process rounds of which the fastest counts: what else the machine does only ever adds."""


_HOW = """Everything is run in turn in every round, so that what else the machine does meets all alike. Scanners and
OPA are built or installed once, into the cache; one that can't be had is named in the output. With every size and three
rounds it takes some fifteen minutes."""


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=(__doc__ or "").partition("\n")[0], epilog=_HOW
    )
    parser.add_argument(
        "--sizes",
        type=_sizes,
        default=SIZES,
        metavar="N,N…",
        help="resources of the states (default: 100,1000,5000,10000)",
    )
    parser.add_argument(
        "--rounds", type=_positive, default=3, metavar="N", help="runs of which the median counts (default: 3)"
    )
    parser.add_argument(
        "--without", action="append", choices=PARTS, default=[], help="leave a part out; may be given again"
    )
    parser.add_argument(
        "--write",
        type=Path,
        metavar="FOLDER",
        help="also write benchmarks.md and benchmarks.svg there, as docs/ has them",
    )
    return parser.parse_args(given)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({_positive(part) for part in text.split(",")}))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def measure(options: argparse.Namespace, folder: Path) -> Results:
    """Measure everything that the options leave."""
    workspace = Workspace(folder)
    tools: dict[str, Tool] = {}
    missing = dict.fromkeys(options.without, "left out with --without")
    for name in NAMES:
        if name not in options.without:
            got = get(name)
            if isinstance(got, Missing):
                missing[name] = got.reason.partition(" (log:")[0]
                say(f"{name} is missing: {got.reason}")
            else:
                tools[name] = got
    versions = {"Python": platform.python_version(), "Pulumi": pulumi("version").output.strip().removeprefix("v")}
    versions |= {tool.name.capitalize() if tool.name != "opa" else "OPA": tool.version for tool in tools.values()}
    machine = f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()})"
    results = Results(machine, versions, options.rounds, options.sizes, missing=missing)
    for size in options.sizes:
        workspace.write(size)
        _scan(workspace, tools, size, results, engine="engine" not in options.without)
    if "previews" not in options.without:
        _preview(workspace, results)
    return results


def _scan(workspace: Workspace, tools: dict[str, Tool], size: int, results: Results, *, engine: bool) -> None:
    judges: dict[str, Callable[[], Run]] = {}
    if engine:
        judges[PACK] = lambda: workspace.engine(size, whole=True)
        judges[TRIVIAL] = lambda: workspace.engine(size, whole=False)
    judges[IN_PROCESS] = lambda: workspace.in_process(size, "whole")
    for name, tool in (("checkov", CHECKOV), ("trivy", TRIVY)):
        if name in tools:
            judges[tool] = lambda name=name: workspace.scan(tools[name], size)  # type: ignore[misc] # bound in the loop
    if "opa" in tools:
        judges[EIGHT] = lambda: workspace.in_process(size, "eight")
        judges[OPA] = lambda: workspace.scan(tools["opa"], size)
    last = _medians(
        judges, results.rounds, f"{size:,} resources", lambda name, median: results.scans.update({(name, size): median})
    )
    if "opa" in tools:
        same_eight(last[EIGHT], last[OPA])
    warm = workspace.in_process(size, "whole", WARM_ROUNDS).json()
    results.judged[size], results.megabytes[size] = warm["judged"], last[IN_PROCESS].json()["peak_mb"]


def _preview(workspace: Workspace, results: Results) -> None:
    previews = workspace.previews()
    try:
        for preview in previews.values():  # the first start makes the stack, the emulator and what Python compiles
            preview()
        _medians(previews, results.rounds, "previews", lambda name, median: results.previews.update({name: median}))
    finally:
        workspace.forget()


def _medians(
    judges: dict[str, Callable[[], Run]], rounds: int, what: str, keep: Callable[[str, float], object]
) -> dict[str, Run]:
    """Run everything in turn, `rounds` times; keep each one's median, and return each one's last run."""
    seconds: dict[str, list[float]] = defaultdict(list)
    last: dict[str, Run] = {}
    for number in range(rounds):
        for name, judge in judges.items():
            last[name] = judge()
            seconds[name].append(last[name].seconds)
            say(f"{what}, round {number + 1} of {rounds}: {name} {last[name].seconds:.2f} s")
    for name, measured in seconds.items():
        keep(name, statistics.median(measured))
    return last


def main() -> int:
    """Measure, print and write."""
    options = arguments()
    try:
        with tempfile.TemporaryDirectory(prefix="hedgerow-bench-") as folder:
            results = measure(options, Path(folder))
        print(tables(results), end="")
        if options.write:
            write(results, options.write)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted: nothing was written", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
