"""Whatever happens to a log, it yields an error or an incomplete run, never a clean report of something else."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.event_logs import START, TYPES, event_log, urn
from evidence import events
from evidence.console import EvidenceError
from evidence.results import Run
from evidence.sources import Source, read_source
from policy_pack.pack import PACK

BROKEN = (
    next(rule.id for rule in PACK.rules_on(TYPES[5]) if not rule.needs_graph),
    urn("dev", TYPES[5], "r5"),
)
LOG = list(event_log("dev", 8, broken={BROKEN}))
WHOLE = b"".join(LOG)


def read(data: bytes) -> Run | None:
    """The run of a log, or None where it is refused."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        with contextlib.suppress(EvidenceError):
            return read_source(Source(Path(file.name)))[0]
    return None


def unclean(data: bytes) -> bool:
    run = read(data)
    return run is None or not run.complete


ORIGINAL = read(WHOLE)
lines = st.integers(0, len(LOG) - 1)


def test_the_log_itself_is_complete() -> None:
    assert ORIGINAL is not None
    assert ORIGINAL.complete


@given(st.integers(0, len(WHOLE) - 1))
def test_a_truncated_log_is_never_complete(end: int) -> None:
    assert unclean(WHOLE[:end])


@given(st.sets(lines, min_size=1))
def test_a_log_that_lacks_events_is_never_complete(missing: set[int]) -> None:
    assert unclean(b"".join(line for number, line in enumerate(LOG) if number not in missing))


@given(st.permutations(range(len(LOG))).filter(lambda order: order != list(range(len(LOG)))))
def test_a_reordered_log_is_never_complete(order: list[int]) -> None:
    assert unclean(b"".join(LOG[number] for number in order))


@given(lines, lines)
def test_a_log_with_a_repeated_event_is_never_complete(which: int, where: int) -> None:
    assert unclean(b"".join([*LOG[:where], LOG[which], *LOG[where:]]))


@given(st.binary(min_size=1).filter(lambda data: data != b"\n"), lines)
def test_a_log_with_garbage_between_its_lines_is_never_complete(garbage: bytes, where: int) -> None:
    assert unclean(b"".join([*LOG[:where], garbage.replace(b"\n", b"") + b"\n", *LOG[where:]]))


@given(
    st.dictionaries(
        st.text(min_size=1), st.recursive(st.none() | st.booleans(), st.lists, max_leaves=3), min_size=1, max_size=2
    ),
    lines,
)
def test_a_log_with_an_event_of_an_unknown_kind_is_never_complete(members: dict[str, object], where: int) -> None:
    body = {"sequence": where, "timestamp": START, **{f"x{name}": value for name, value in members.items()}}
    later = [orjson.dumps(orjson.loads(line) | {"sequence": where + n + 1}) for n, line in enumerate(LOG[where:])]
    assert unclean(b"\n".join([*(line.strip() for line in LOG[:where]), orjson.dumps(body), *later, b""]))


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_flipped_byte_changes_no_verdict_of_a_log_that_is_taken_for_complete(place: int, mask: int) -> None:
    data = bytearray(WHOLE)
    data[place] ^= mask
    run = read(bytes(data))
    if run is not None and run.complete:
        assert ORIGINAL is not None
        assert [(r.rule, r.urn, r.verdict, r.controls) for r in run.results] == [
            (r.rule, r.urn, r.verdict, r.controls) for r in ORIGINAL.results
        ]


@given(st.binary())
def test_what_is_no_log_is_refused(data: bytes) -> None:
    assert read(data) is None


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"sequence":' + b"9" * 5_000 + b',"timestamp":1,"cancelEvent":{}}',
        b'{"sequence":1e400,"timestamp":1,"cancelEvent":{}}',
        b'{"sequence":true,"timestamp":1,"cancelEvent":{}}',
        b'{"sequence":1,"timestamp":999999999999999,"cancelEvent":{}}',
        b'{"sequence":1,"timestamp":1,"policyEvent":{"policyName":"\xff"}}',
        b'{"sequence":1,"timestamp":1,"policyEvent":{"policyName":"\\ud800"}}',
        b'{"sequence":1,"timestamp":1,"cancelEvent":null}',
        b'{"sequence":1,"timestamp":1}',
        b"null",
    ],
)
def test_a_malformed_line_is_a_problem_of_its_own(line: bytes) -> None:
    run = read(b"".join([LOG[0], line + b"\n", *LOG[2:]]))
    assert run is not None
    assert run.problems[0].startswith("line 2: ")


def test_a_line_that_is_too_long_is_passed_over_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LONGEST_LINE", 1 << 20)
    run = read(b"".join([LOG[0], b"x" * (5 << 20) + b"\n", *LOG[2:]]))
    assert run is not None
    assert run.problems == ("line 2: longer than 1 MiB",)
    assert len(run.results) > 0


def test_a_line_of_a_gigabyte_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.write(LOG[0])
        file.seek(1 << 30, 1)  # a hole, which takes no disk
        file.write(b"\n")
        file.writelines(LOG[2:])
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from evidence.events import Problems, read_events\n"
        "resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))\n"
        "problems = Problems()\n"
        "print(sum(1 for _ in read_events(Path(sys.argv[1]), problems)), *problems.lines)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)
    assert ended.stdout == f"{len(LOG) - 1} line 2: longer than 16 MiB\n", ended.stderr


def test_many_problems_are_counted_not_listed() -> None:
    run = read(LOG[0] + b"x\n" * 10_000 + b"".join(LOG[1:]))
    assert run is not None
    assert len(run.problems) == 21
    assert run.problems[-1] == "9981 more problems of this kind"
