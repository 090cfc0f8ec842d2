"""Times the evidence of a fleet: logs of 1,000 stacks with 300 resources each go in, time, memory and sizes come out.

`python -m bench.fleet [STACKS [RESOURCES]]` makes the logs, collects and verifies them, and removes everything.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.event_logs import event_log
from evidence.signing import generate_key

ROOT = Path(__file__).parents[1]


class Cost(NamedTuple):
    """What a command took: seconds, and megabytes of its largest process."""

    seconds: float
    megabytes: float

    def __str__(self) -> str:
        """Say it in a line of a table."""
        return f"{self.seconds:7.1f} s {self.megabytes:6.0f} MB"


def evidence(*arguments: object) -> Cost:
    """Run `python -m evidence` and return what it took."""
    command = [sys.executable, "-m", "evidence", *map(str, arguments)]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(time.perf_counter() - started, used.ru_maxrss / 1e3)


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
        print(f"{stacks} stacks with {resources} resources each, {megabytes(folder / 'logs'):.0f} MB of logs")
        print(f"collect {collected}, on {os.cpu_count()} cores, {megabytes(folder / 'store'):.0f} MB stored")
        print(f"verify  {verified}")
        print(f"history {history}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
