"""Makes a bundle: logs go in, many at once; a folder of runs, rows and documents comes out, with a signed manifest.

Each log is read by one process, which writes the run's files; no process holds more than one run.
"""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from evidence.background import Background, Figures, earlier, save
from evidence.canonical import encode, load_run, run_as_json, spell
from evidence.console import EvidenceError, say
from evidence.manifest import ENVELOPE, Manifest, list_files, measure
from evidence.processes import spread
from evidence.renderers import render
from evidence.report.records import RegisterEntry
from evidence.results import Run, Runs
from evidence.signing import MANIFEST, Signer, attest
from evidence.sources import Readable
from evidence.store import NumberTakenError, Store, latest
from evidence.tables import file_name, partition, write_parquet

RUNS, DOCUMENTS = "runs", "documents"
_RIVALS = 5
"""How many bundles may be stored while one is being made, before it is given up."""


@dataclass(frozen=True)
class Collected:
    """What is told of a run once its files are written."""

    source: str
    project: str
    figures: Figures
    problems: tuple[str, ...]
    registers: tuple[RegisterEntry, ...]


class Bundle(NamedTuple):
    """A bundle that was stored: where, its head (`Manifest.head`), and what was collected in the sources' order."""

    where: str
    head: str
    collected: list[Collected]


def collect(  # noqa: PLR0913 - what a bundle is made of, by name
    sources: Sequence[Readable],
    store: Store,
    signer: Signer,
    *,
    time: datetime | None,
    jobs: int,
    architecture: str = "",
) -> Bundle:
    """Make a bundle of every source's run and store it.

    Args:
        sources: what to read; no two may be the same run.
        store: where the bundle goes.
        signer: who signs it.
        time: when the bundle was made; that of its newest run by default, so that equal input gives equal bytes.
        jobs: how many sources to read at once.
        architecture: an SVG picture for the report.

    Raises:
        EvidenceError: a source can't be read, or the bundle can't be stored: then nothing has been.
    """
    with store.workspace() as folder:
        collected = list(spread(partial(write_run, folder=folder), sources, jobs, "reading"))
        _check_projects(collected)
        at_once = jobs if len(sources) > 1 else 1
        publish = partial(_publish, folder, collected, store, signer, time, architecture, at_once)
        for _ in range(_RIVALS):
            try:
                return Bundle(*publish(), collected)
            except NumberTakenError:
                say("another bundle was stored meanwhile: taking the next number")
        return Bundle(*publish(), collected)


def _publish(  # noqa: PLR0913, PLR0917 - as above
    folder: Path,
    collected: Sequence[Collected],
    store: Store,
    signer: Signer,
    time: datetime | None,
    architecture: str,
    jobs: int,
) -> tuple[str, str]:
    """Complete a folder of runs as the next bundle of a store, sign and publish it; return where it is and its head."""
    with store.changing():
        before = latest(store)
        background = _background(collected, store, architecture)
        save(background, folder)
        shutil.rmtree(folder / DOCUMENTS, ignore_errors=True)  # those of a number that was taken
        render(read_runs(folder), background, folder / DOCUMENTS, jobs)
        manifest = Manifest(
            number=before[2].number + 1 if before else 1,
            time=time or max(run.figures.time for run in collected),
            complete=not any(run.problems for run in collected),
            previous=hashlib.sha256(before[1]).hexdigest() if before else "",
            previous_time=before[2].reached if before else None,
            files={path: measure(folder / path) for path, _ in list_files(folder)},
        )
        data = manifest.encode()
        (folder / MANIFEST).write_bytes(data)
        (folder / ENVELOPE).write_bytes(attest(data, signer))
        return store.publish(folder, manifest.name), manifest.head


def _background(collected: Sequence[Collected], store: Store, architecture: str) -> Background:
    figures = [run.figures for run in collected]
    registers = {row for run in collected for row in run.registers}
    next_first = sorted(registers, key=lambda row: (str(row.due), row.name, row.row, row.owner))
    return Background(figures, earlier(store, figures), next_first, architecture)


def read_runs(folder: Path) -> Runs:
    """Return what reads the runs of a bundle, by stack and time; another process can be given it."""
    return partial(_runs, folder)


def _runs(folder: Path) -> Iterator[Run]:
    return map(load_run, sorted((folder / RUNS).glob("*/*.json"), key=lambda path: (path.parent.name, path.name)))


def write_run(source: Readable, folder: Path) -> Collected:
    """Read one source and write its run's files into a bundle's folder."""
    run, project, registers = source.read()
    record = folder / RUNS / run.stack / f"{file_name(run)}.json"
    rows = folder / partition(run) / f"{file_name(run)}.parquet"
    record.parent.mkdir(parents=True, exist_ok=True)
    rows.parent.mkdir(parents=True, exist_ok=True)
    try:
        with record.open("xb") as file:
            file.write(encode(run_as_json(run)))
    except FileExistsError:
        raise EvidenceError(f"{source.name} is a second {run.origin} of {run.stack} at {spell(run.time)}") from None
    write_parquet(run, rows)
    return Collected(
        source=source.name,
        project=project,
        figures=Figures(
            stack=run.stack,
            origin=run.origin,
            time=run.time,
            complete=run.complete,
            verdicts=Counter(result.verdict for result in run.results),
        ),
        problems=run.problems,
        registers=registers,
    )


def _check_projects(collected: Sequence[Collected]) -> None:
    """A name must mean one stack, or the results of two would be taken for one's."""
    projects: dict[str, str] = {}
    for run in collected:
        other = projects.setdefault(run.figures.stack, run.project) if run.project else ""
        if other != run.project:
            raise EvidenceError(
                f"{other} and {run.project} both have a stack {run.figures.stack}: collect with --qualified"
            )
