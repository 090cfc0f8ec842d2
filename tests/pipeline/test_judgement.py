"""A change goes on only if everything was judged, nothing blocks, and the engine says so too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.results import Result, Run, Verdict
from pipeline.cli import CODES
from pipeline.judgement import Judgement, JudgementError, _summary
from pipeline.summary import Change, Outcome
from tests.evidence.samples import BUCKET, KEY, every_verdict

CHANGES = (Change("update", "aws:kms/key:Key", "data"),)
MILD = Result("bucket_versioned", BUCKET, Verdict.FAIL, "versioning is not enabled\nFix: enable it\nKeeps: backup (x)")
BLOCKING = replace(MILD, blocking=True)
UNKNOWN = Result("key_rotated", KEY, Verdict.UNDETERMINED, "undetermined: not known")


def run(*results: Result, problems: tuple[str, ...] = ()) -> Run:
    return every_verdict(results=results, problems=problems)


@pytest.mark.parametrize(
    ("judged", "engine", "drift", "outcome"),
    [
        (run(MILD, UNKNOWN), 0, False, Outcome.PASSED),
        (run(), 0, True, Outcome.DRIFTED),
        (run(), 255, False, Outcome.FAILED),
        (run(), 255, True, Outcome.FAILED),
        (run(problems=("cut off",)), 0, False, Outcome.INCOMPLETE),
        (run(BLOCKING), 255, False, Outcome.BLOCKED),
        (run(BLOCKING), 0, True, Outcome.BLOCKED),
        (run(BLOCKING, problems=("cut off",)), 255, False, Outcome.BLOCKED),
        (run(replace(UNKNOWN, blocking=True)), 0, False, Outcome.BLOCKED),
    ],
)
def test_the_outcome_is_the_worst_that_is_certain(judged: Run, engine: int, drift: bool, outcome: Outcome) -> None:  # noqa: FBT001 - a parameter of the test
    assert _summary(judged, CHANGES, engine, drift=drift).outcome is outcome


def test_without_changes_there_is_no_drift() -> None:
    assert _summary(run(MILD), (), 0, drift=True).outcome is Outcome.PASSED


def test_every_outcome_has_an_exit_code_of_its_own_and_one_alone_lets_pass() -> None:
    assert set(CODES) == set(Outcome)
    assert len(set(CODES.values())) == len(CODES)
    assert [outcome for outcome, code in CODES.items() if code == 0] == [Outcome.PASSED]
    assert 2 not in CODES.values(), "that is wrong usage"


def test_what_blocks_comes_first_and_advice_is_told_once() -> None:
    summary = _summary(
        every_verdict(results=(UNKNOWN, MILD, replace(BLOCKING, rule="key_rotated"))), (), 1, drift=False
    )
    assert [(one.rule, one.verdict, one.blocking) for one in summary.findings] == [
        ("key_rotated", "fail", True),
        ("bucket_versioned", "fail", False),
        ("key_rotated", "undetermined", False),
    ]
    assert summary.findings[1].message == "versioning is not enabled"
    assert "BucketVersioning" in summary.findings[1].fix


def test_a_policy_configuration_that_is_not_there_is_no_empty_one(tmp_path: Path) -> None:
    judgement = Judgement(
        stack="prod",
        pulumi=("pulumi",),
        program=Path(),
        policy_pack=Path("policy_pack"),
        policy_config="policy.{stack}.json",
        output=tmp_path,
        root=tmp_path,
    )
    with pytest.raises(JudgementError, match=r"policy\.prod\.json"):
        _ = judgement.config
    assert replace(judgement, policy_config="").config is None
    (tmp_path / "policy.prod.json").write_text("{}")
    assert replace(judgement).config == tmp_path / "policy.prod.json"


ENGINE = """
import signal, sys, time
def tidy(*_):
    time.sleep(0.3)
    print("state saved", flush=True)
    sys.exit(1)
signal.signal(signal.SIGINT, tidy)
print("changing", flush=True)
time.sleep(60)
"""


def test_an_interrupt_waits_for_the_engine_to_save_its_state() -> None:
    program = f"import sys; from pipeline.judgement import _wait; _wait([sys.executable, '-c', {ENGINE!r}], None, {{}})"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "changing\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read() == "state saved\n"
    assert process.returncode != 0
