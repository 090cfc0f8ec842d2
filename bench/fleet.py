"""Times the evidence of a fleet: logs of 1,000 stacks with 300 resources each go in, time, memory and sizes come out.

`python -m bench.fleet [STACKS [RESOURCES]]` makes the logs, collects and verifies them, and removes everything.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.event_logs import event_log
from evidence.signing import generate_key

ROOT = Path(__file__).parents[1]


def evidence(*arguments: object) -> float:
    """Run `python -m evidence` and return its seconds."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "evidence", *map(str, arguments)], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - started


def megabytes(folder: Path) -> float:
    """Return the size of everything in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main(stacks: int = 1000, resources: int = 300) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="hedgerow-fleet-") as name:
        folder = Path(name)
        (folder / "logs").mkdir()
        for number in range(stacks):
            with (folder / "logs" / f"s{number:04d}").open("wb") as file:
                file.writelines(event_log(f"s{number:04d}", resources))
        public = generate_key(folder / "key.pem")
        stored = ("--store", folder / "store", "--key", folder / "key.pem")
        collected = evidence("collect", "--event-log", folder / "logs", *stored)
        verified = evidence("verify", folder / "store", "--key", public)
        history = evidence("history", folder / "store", "--by", "control", "--output", "csv")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
        print(f"{stacks} stacks with {resources} resources each, {megabytes(folder / 'logs'):.0f} MB of logs")
        print(f"collect {collected:7.1f} s on {os.cpu_count()} cores, {megabytes(folder / 'store'):.0f} MB stored")
        print(f"verify  {verified:7.1f} s")
        print(f"history {history:7.1f} s")
        print(f"largest process {peak:.0f} MB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
