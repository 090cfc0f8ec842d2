"""Where the live check's run comes from: a stack's name, regions and files in, the run of its account out.

Beside it stand the newest runs of the same stack in a store, so that a report shows what was planned and what is true.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from evidence import live, policy_files
from evidence.background import TREND
from evidence.bundle import RUNS
from evidence.canonical import load_run
from evidence.console import EvidenceError
from evidence.results import Origin
from evidence.sources import Reading, read_json
from evidence.store import Store


@dataclass(frozen=True)
class Account:
    """The account of this process's credentials (profile, environment, role), as boto3 finds them."""

    stack: str
    regions: tuple[str, ...]
    commit: str
    now: datetime.datetime
    policy_config: str = ""
    """Path of the policy configuration, which names the registers; one that has {stack} in it may be missing."""
    program: str = "."

    @property
    def name(self) -> str:
        """What people know it by."""
        return f"the account of {self.stack}"

    def reach(self) -> None:
        """Make sure that somebody answers, before anything that takes longer. Raises EvidenceError within seconds."""
        with _one_line():
            live.account_id(boto3.Session(), self.regions[0])

    def read(self) -> Reading:
        """Return what the account answers. Raises EvidenceError if nobody does."""
        kept = policy_files.registers(read_json(self.policy_config, self.stack), self.program)
        with _one_line():
            run = live.ask(boto3.Session(), self.regions, stack=self.stack, commit=self.commit, now=self.now)
        return Reading(run, "", tuple(policy_files.due(kept, self.now.date())))


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, live.NoAnswerError) as error:
        raise EvidenceError(f"the account can't be asked: {error}") from None


@dataclass(frozen=True)
class Kept:
    """A run that a bundle holds."""

    path: Path

    @property
    def name(self) -> str:
        """What people know it by."""
        return str(self.path)

    def read(self) -> Reading:
        """Return the run. Raises EvidenceError if it can't be read."""
        return Reading(load_run(self.path), "")


@contextlib.contextmanager
def newest_runs(store: Store, stack: str) -> Iterator[list[Kept]]:
    """Give the newest preview, update and state of a stack that the newest bundles of a store hold.

    Raises:
        EvidenceError: the store can't be read.
    """
    found: dict[str, Kept] = {}
    with contextlib.ExitStack() as opened:
        for name in reversed(store.names()[-TREND:]):
            folder = opened.enter_context(store.fetched(name, f"{RUNS}/{stack}"))
            for path in sorted(folder.glob("*.json"), reverse=True):
                origin = path.stem.partition("-")[2]
                if origin != Origin.LIVE.value:
                    found.setdefault(origin, Kept(path))
        yield list(found.values())
