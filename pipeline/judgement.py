"""Runs the engine on a stack, collects the evidence, and sums it up: a stack goes in, an outcome comes out.

Files that are left in the output's folder of the stack: `summary.json`, `comment.md`, `results.sarif`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence import rules
from evidence.bundle import DOCUMENTS, read_runs
from evidence.console import EvidenceError
from evidence.events import Problems, read_events
from evidence.observations import ROOT_TYPE, type_of
from evidence.results import Result, Run, Verdict
from evidence.signing import generate_key
from evidence.store import open_bundle
from pipeline.markdown import render
from pipeline.summary import FILE, Change, Finding, Outcome, Summary, encode

STORED = (0, 3)
"""The exit codes with which `python -m evidence collect` has stored a bundle; 3 says that a run is incomplete."""

COMMENT = "comment.md"
SARIF = "results.sarif"
_SHOWN = (Verdict.FAIL, Verdict.UNDETERMINED, Verdict.WAIVED)
_SEVERITIES = ("critical", "high", "medium", "low")
_ADVICE = re.compile(r"\n(?:Fix|Keeps): ")
"""What the pack adds to each message: a summary has the fix by itself."""
_UNCHANGED = {"same", "read", "refresh"}
_PARTS_OF_A_REPLACEMENT = {"create-replacement", "delete-replaced", "read-replacement", "discard-replaced"}


class JudgementError(Exception):
    """Something a person can act on: its text is one line."""


@dataclass(frozen=True)
class Judgement:
    """What to judge and how; `{stack}` in `policy_config` stands for the stack's name, an empty one for none."""

    stack: str
    pulumi: tuple[str, ...]
    program: Path
    policy_pack: Path
    policy_config: str
    output: Path
    store: str = ""
    """Where the bundle is kept; nowhere if empty, and then signed with a key that is thrown away."""
    key: str = ""
    drift: bool = False
    """Whether to read what is deployed first, and to count any difference against the stack."""
    root: Path = Path()

    @property
    def folder(self) -> Path:
        """Where the files of this stack go."""
        return self.output / self.stack

    @property
    def config(self) -> Path | None:
        """The policy configuration. Raises JudgementError if it isn't there."""
        if not self.policy_config:
            return None
        path = self.root / self.policy_config.replace("{stack}", self.stack)
        if not path.is_file():
            raise JudgementError(f"there is no policy configuration {path}: name one, or none with --policy-config ''")
        return path.absolute()


def judge(judgement: Judgement, operation: str = "preview") -> Summary:
    """Run `preview` or `up`, write the files, and return the summary. Raises JudgementError."""
    judgement.folder.mkdir(parents=True, exist_ok=True)
    for stale in (FILE, COMMENT, SARIF):
        (judgement.folder / stale).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="hedgerow-pipeline-") as scratch:
        work = Path(scratch)
        engine = _run_engine(judgement, operation, work)
        if not (work / "events").is_file() or not (work / "events").stat().st_size:
            raise JudgementError(f"the engine exited with {engine} and said nothing of {judgement.stack}")
        where = _collect(judgement, work)
        with open_bundle(where) as bundle:
            (run,) = read_runs(bundle)()
            shutil.copyfile(bundle / DOCUMENTS / SARIF, judgement.folder / SARIF)
        summary = _summary(run, _changes(work / "events"), engine, drift=judgement.drift)
    (judgement.folder / FILE).write_text(encode(summary), encoding="utf-8")
    (judgement.folder / COMMENT).write_text(render([summary]), encoding="utf-8")
    return summary


def _run_engine(judgement: Judgement, operation: str, work: Path) -> int:
    config = judgement.config
    preview = operation == "preview"
    command = [
        *judgement.pulumi,
        *("--cwd", str(judgement.root / judgement.program)),
        operation,
        *("--stack", judgement.stack, "--non-interactive"),
        *("--policy-pack", str((judgement.root / judgement.policy_pack).absolute())),
        *(("--policy-pack-config", str(config)) if config else ()),
        *("--event-log", str(work / "events")),
        *(("--json",) if preview else ("--yes", "--skip-preview")),
        *(("--refresh",) if judgement.drift else ()),
    ]
    sys.stderr.write(f"pipeline: {operation} of {judgement.stack}\n")
    with (work / "preview").open("wb") as said:
        return _wait(command, said if preview else None, {"PULUMI_DEBUG_COMMANDS": "true"})


def _wait(command: Sequence[str], said: object, more: dict[str, str]) -> int:
    """Return a command's exit code. An interrupt reaches it too, and it is waited for: it may be changing something."""
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, env=os.environ | more)  # type: ignore[call-overload]
    except OSError as error:
        raise JudgementError(
            f"{command[0]} can't be run: {error.strerror}; install Pulumi, or name what starts it with --pulumi"
        ) from None
    interrupted = False
    while True:
        try:
            code = int(process.wait())
        except KeyboardInterrupt:
            interrupted = True
            continue
        if interrupted:
            raise KeyboardInterrupt
        return code


def _collect(judgement: Judgement, work: Path) -> str:
    store, key = judgement.store or str(work / "store"), judgement.key
    if not key:
        key = str(work / "key.pem")
        generate_key(Path(key))
    places = work / "preview"
    command = [
        *(sys.executable, "-m", "evidence", "collect"),
        *("--event-log", str(work / "events"), "--store", store, "--key", key),
        *("--policy-config", str(judgement.config or "")),
        *("--program", judgement.program.as_posix()),
        *(("--places", str(places)) if places.stat().st_size else ()),
    ]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode not in STORED:
        raise JudgementError(f"no evidence could be collected: see above (exit code {ended.returncode})")
    return ended.stdout.strip()


def _changes(log: Path) -> tuple[Change, ...]:
    """Return what the engine would do, or did, in its order; what is wrong with the log, collecting has said."""
    steps: dict[tuple[str, str], Change] = {}
    try:
        for event in read_events(log, Problems()):
            if event.kind != "resourcePreEvent":
                continue
            operation, urn = str(event.body["metadata"]["op"]), str(event.body["metadata"]["urn"])
            skipped = operation in _UNCHANGED or operation in _PARTS_OF_A_REPLACEMENT
            kind = type_of(urn)
            if not skipped and kind != ROOT_TYPE and not kind.startswith("pulumi:providers:"):
                steps.setdefault((operation, urn), Change(operation, kind, rules.name_of(urn)))
    except EvidenceError as error:
        raise JudgementError(str(error)) from None
    return tuple(steps.values())


def _summary(run: Run, changes: tuple[Change, ...], engine: int, *, drift: bool) -> Summary:
    shown = [result for result in run.results if result.verdict in _SHOWN]
    shown.sort(key=lambda one: (not one.blocking, _SHOWN.index(one.verdict), _rank(one.severity), one.rule, one.urn))
    outcome = Outcome.PASSED
    if any(result.blocking for result in shown):
        outcome = Outcome.BLOCKED
    elif not run.complete:
        outcome = Outcome.INCOMPLETE
    elif engine:
        outcome = Outcome.FAILED
    elif drift and changes:
        outcome = Outcome.DRIFTED
    return Summary(
        stack=run.stack,
        commit=run.commit,
        outcome=outcome,
        verdicts=dict(Counter(result.verdict.value for result in run.results)),
        changes=changes,
        findings=tuple(_finding(result) for result in shown),
        problems=(*run.problems, *((f"the engine exited with {engine}",) if outcome is Outcome.FAILED else ())),
    )


def _rank(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


def _finding(result: Result) -> Finding:
    return Finding(
        rule=result.rule,
        verdict=result.verdict.value,
        severity=result.severity,
        blocking=result.blocking,
        type=type_of(result.urn),
        name=rules.name_of(result.urn),
        message=_ADVICE.split(result.message, maxsplit=1)[0],
        fix=rules.fix(result.rule),
        path=result.place.path if result.place else "",
        line=result.place.line if result.place else 0,
    )
