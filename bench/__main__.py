"""Times what a platform engineer waits for: the engine alone, an empty program, the environment, and the pack on top.

Enters: nothing but the checkout. Leaves: a table of medians in seconds, each also as a multiple of the engine alone.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 5
STACK = "sandbox"


def seconds(*arguments: str) -> float:
    """The median of some rounds of `python -m sandbox pulumi ARGUMENTS…`. Raises if one of them fails."""
    measured = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "sandbox", "pulumi", *arguments],
            cwd=ROOT,
            env=os.environ | {"NO_COLOR": "1"},
            check=True,
            capture_output=True,
        )
        measured.append(time.perf_counter() - started)
    return statistics.median(measured)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="hedgerow-bench-") as folder:
        empty = Path(folder)
        (empty / "Pulumi.yaml").write_text("name: hedgerow-bench\nruntime: python\n")
        (empty / "Pulumi.bench.yaml").write_text("config: {}\n")
        (empty / "__main__.py").write_text("")
        preview = ("preview", "--stack", STACK)
        what = {
            "the engine alone (`pulumi version`)": ("version",),
            "preview of an empty program": ("--cwd", folder, "preview", "--stack", "bench"),
            f"preview of stack {STACK}": preview,
            f"preview of stack {STACK} with the policy pack": (*preview, "--policy-pack", "policy_pack"),
        }
        seconds(*preview)  # the first start makes the stack and the emulator
        baseline = None
        for name, arguments in what.items():
            median = seconds(*arguments)
            baseline = baseline or median
            print(f"{name:<52} {median:6.2f} s  {median / baseline:6.1f} times", flush=True)
        subprocess.run(
            [sys.executable, "-m", "sandbox", "pulumi", "--cwd", folder, "stack", "rm", "bench", "--yes"],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )


if __name__ == "__main__":
    main()
