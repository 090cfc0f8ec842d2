"""`python -m evidence COMMAND`: arguments go in, an exit code comes out.

Everything is imported where it is needed, so that help comes at once.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evidence.console import OUT, EvidenceError, printable, say
from evidence.options import (
    ARCHITECTURE,
    KEY,
    MEMORY,
    POLICY,
    PUBLIC_KEY,
    REGIONS,
    REPORT,
    RETENTION_DAYS,
    STORE,
    By,
    CommitOption,
    Form,
    KeyOption,
    MemoryOption,
    OutputOption,
    PictureOption,
    PolicyOption,
    ProgramOption,
    StoreOption,
    files_of,
    picture_of,
    time_of,
)

if TYPE_CHECKING:
    from evidence.bundle import Collected
    from evidence.sources import Readable
    from evidence.store import Store

FAILED, INCOMPLETE = 1, 3
app = typer.Typer(
    help="""Evidence that an auditor can read, check and trust.

    Bundles hold the verdict of every rule on every resource, as an engine event log tells them, signed and chained.

    Exit codes: 0 done; 1 failed, or a bundle is not as it was signed; 2 wrong usage; 3 stored, but a run is incomplete;
    130 interrupted.""",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run one command and exit."""
    try:
        app()
    except EvidenceError as error:
        say(f"error: {error}")
    except OSError as error:  # such as a full disk
        say(": ".join(str(part) for part in ("error", error.filename, error.strerror or error) if part))
    sys.exit(FAILED)


@app.command()
def collect(  # noqa: PLR0913 - a command has as many options as there are things to choose
    *,
    event_log: Annotated[
        list[Path] | None,
        typer.Option(
            help="what `PULUMI_DEBUG_COMMANDS=true pulumi preview|up … --event-log FILE` wrote; a folder stands for "
            "every file in it; repeatable"
        ),
    ] = None,
    state: Annotated[
        list[Path] | None,
        typer.Option(help="what `pulumi stack export` wrote, to be judged anew; a folder as above; repeatable"),
    ] = None,
    pulumi: Annotated[str, typer.Option(help="the command that starts the engine, which judges states")] = "pulumi",
    store: StoreOption = STORE,
    key: KeyOption = KEY,
    policy_config: PolicyOption = POLICY,
    places: Annotated[
        str,
        typer.Option(
            help="what knows the source line of each resource: what `pulumi preview --json` printed, or `pulumi stack "
            "export`; {stack} stands for the stack's name"
        ),
    ] = "",
    program: ProgramOption = ".",
    commit: CommitOption = None,
    qualified: Annotated[bool, typer.Option("--qualified", help="name stacks PROJECT.STACK")] = False,
    time: Annotated[
        str | None,
        typer.Option(
            envvar="SOURCE_DATE_EPOCH",
            help="when the bundle is made, seconds since 1970 or YYYY-MM-DDTHH:MM:SSZ (default: its newest run's)",
        ),
    ] = None,
    architecture: PictureOption = ARCHITECTURE,
    jobs: Annotated[int, typer.Option(min=1, help="how many logs to read at once")] = os.cpu_count() or 1,
) -> None:
    """Make a signed bundle of event logs and saved states, and store it."""
    from evidence.sources import Source, current_commit
    from evidence.store import open_store

    at = current_commit(Path()) if commit is None else commit
    source = partial(
        Source, commit=at, policy_config=policy_config, places=places, program=program, qualified=qualified
    )
    sources = [source(path) for path in files_of(event_log or [])]
    sources += [source(path, pulumi=tuple(shlex.split(pulumi))) for path in files_of(state or [])]
    if not sources:
        raise typer.BadParameter("name what to collect by --event-log or --state")
    _make(sources, open_store(store), key, time_of(time), jobs, architecture)


@app.command()
def live(  # noqa: PLR0913
    *,
    stack: Annotated[str, typer.Option(help="the stack whose account is asked, as in its other runs")],
    regions: Annotated[
        str, typer.Option(help="where the environment lives: the home region, then the recovery region")
    ] = REGIONS,
    alone: Annotated[
        bool, typer.Option("--alone", help="leave out the newest preview, update and state that the store has of it")
    ] = False,
    store: StoreOption = STORE,
    key: KeyOption = KEY,
    policy_config: PolicyOption = POLICY,
    program: ProgramOption = ".",
    commit: CommitOption = None,
    architecture: PictureOption = ARCHITECTURE,
) -> None:
    """Ask a deployed account whether what was promised is true, and store the answers in a bundle.

    Credentials, profile and endpoint are boto3's: AWS_PROFILE, AWS_ENDPOINT_URL and the like. Only questions are
    asked; AWS's policies SecurityAudit and ViewOnlyAccess are enough.
    """
    from evidence.accounts import Account, newest_runs
    from evidence.sources import current_commit
    from evidence.store import open_store

    asked = tuple(filter(None, (region.strip() for region in regions.split(","))))
    if not asked:
        raise typer.BadParameter("name a region at least", param_hint="--regions")
    account = Account(
        stack=stack,
        regions=asked,
        commit=current_commit(Path()) if commit is None else commit,
        now=datetime.now(tz=UTC).replace(microsecond=0),
        policy_config=policy_config,
        program=program,
    )
    say(f"asking {account.name} in {', '.join(asked)}")
    account.reach()
    kept = open_store(store)
    with ExitStack() as opened:
        beside = [] if alone else opened.enter_context(newest_runs(kept, stack))
        _make([account, *beside], kept, key, None, 1, architecture)


def _make(  # noqa: PLR0913, PLR0917
    sources: Sequence[Readable], store: Store, key: str, time: datetime | None, jobs: int, picture: Path
) -> None:
    from evidence.bundle import collect as make
    from evidence.signing import load_signer

    made = make(sources, store, load_signer(key), time=time, jobs=jobs, architecture=picture_of(picture))
    _tell(made.collected)
    say(f"head: {made.head}")
    OUT.print(printable(made.where), markup=False)
    if any(run.problems for run in made.collected):
        raise typer.Exit(INCOMPLETE)


def _tell(collected: list[Collected]) -> None:
    verdicts: Counter[str] = Counter()
    for run in collected:
        verdicts.update({verdict.value: count for verdict, count in run.figures.verdicts.items()})
        for problem in run.problems:
            say(f"incomplete: {run.source}: {problem}")
    counts = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(verdicts.items()))
    say(f"{len(collected)} run{'s' * (len(collected) != 1)}: {counts or 'no results'}")


@app.command()
def verify(
    where: Annotated[str, typer.Argument(help="a store, whose chain is checked too, or a single bundle")] = STORE,
    *,
    key: Annotated[Path, typer.Option(help="the public key, in PEM")] = PUBLIC_KEY,
    head: Annotated[
        str,
        typer.Option(
            metavar="NUMBER:SHA256",
            help="what collect or verify told before, noted down elsewhere: that bundle must still be in the chain",
        ),
    ] = "",
    retention_days: Annotated[
        int, typer.Option(min=1, max=365_000, help="how long bundles are kept: what is older may have expired")
    ] = RETENTION_DAYS,
) -> None:
    """Check bundles with the public key alone: changed, missing or added files, and the chain.

    The last line is the head: note it down where nobody who can write to the store can change it. Without --head, that
    the newest bundles were taken away can't be told.
    """
    from evidence.signing import load_public_key
    from evidence.verification import head_problem, verify_all

    if head and not re.fullmatch(r"[1-9]\d*:[0-9a-f]{64}", head):
        raise typer.BadParameter(f"{head!r} is not NUMBER:SHA256", param_hint="--head")
    public = load_public_key(key)
    bundles = []
    for bundle in verify_all(where, public, datetime.now(tz=UTC) - timedelta(days=retention_days)):
        for problem in bundle.wrong:
            say(f"{bundle.name}: {problem}")
        verdict = "NOT as it was signed" if bundle.wrong else "verified"
        OUT.print(printable("; ".join([f"{bundle.name}: {verdict}", *bundle.notes])), markup=False)
        bundles.append(bundle)
    problem = head_problem(head, bundles) if head else ""
    if problem:
        say(problem)
    if problem or any(bundle.wrong for bundle in bundles):
        raise typer.Exit(FAILED)
    OUT.print(f"head: {bundles[-1].head}", markup=False)


@app.command()
def report(
    where: Annotated[str, typer.Argument(help="a bundle, or a store, whose newest bundle is taken")] = STORE,
    *,
    output: Annotated[Path, typer.Option(help="the folder to write into")] = REPORT,
) -> None:
    """Write a bundle's documents anew, into a folder of their own; the bundle stays as it was signed."""
    from evidence.background import load
    from evidence.bundle import read_runs
    from evidence.renderers import render
    from evidence.store import open_bundle, scratch

    with open_bundle(where) as folder, scratch() as fresh:
        render(read_runs(folder), load(folder), fresh)
        shutil.copytree(fresh, output, dirs_exist_ok=True)
    OUT.print(printable(str(output)), markup=False)


@app.command()
def history(
    where: Annotated[str, typer.Argument(help="a store, or a single bundle")] = STORE,
    *,
    by: Annotated[By, typer.Option(help="what to count by")] = By.STACK,
    stack: Annotated[str, typer.Option(help="this stack alone")] = "",
    output: OutputOption = Form.TABLE,
    memory: MemoryOption = MEMORY,
) -> None:
    """Count verdicts over time, in all bundles of a store."""
    from evidence.history import ask, history_sql, write_rows
    from evidence.store import incomplete

    for name in incomplete(where):
        say(f"note: bundle {name} is incomplete: what it doesn't count may be there")
    with ask(where, history_sql(by, stack), memory) as (names, rows):
        write_rows(names, rows, output, sys.stdout)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="a query of the table `results`, whose columns docs/evidence.md explains")],
    where: Annotated[str, typer.Argument(help="a store, or a single bundle")] = STORE,
    *,
    output: OutputOption = Form.TABLE,
    memory: MemoryOption = MEMORY,
) -> None:
    """Ask the results of all bundles of a store by SQL."""
    from evidence.history import ask, write_rows

    with ask(where, sql, memory) as (names, rows):
        write_rows(names, rows, output, sys.stdout)


@app.command()
def keygen(path: Annotated[Path, typer.Argument(help="where the private key goes")] = Path(KEY)) -> None:
    """Make a key to sign with, and the public key beside it."""
    from evidence.signing import generate_key

    OUT.print(printable(str(generate_key(path))), markup=False)


@app.command("public-key")
def public_key(key: KeyOption = KEY) -> None:
    """Print the public key that `verify` needs, in PEM."""
    from evidence.signing import load_signer, public_pem

    sys.stdout.write(public_pem(load_signer(key).public).decode())
