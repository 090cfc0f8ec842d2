"""What a person types: the exit code, what is printed, what is told."""

from __future__ import annotations

import errno
from hashlib import sha256
from pathlib import Path

import pytest

from bench.event_logs import event_log
from evidence import cli
from tests.evidence.stores import DOCUMENTATION, Collect, Run


def test_the_whole_path(run: Run, logs: list[Path], tmp_path: Path) -> None:
    key, store = tmp_path / "key.pem", tmp_path / "store"
    assert run("keygen", key) == (0, f"{tmp_path}/key.pub.pem\n", "")
    code, made, told = run("collect", "--event-log", logs[0].parent, "--store", store, "--key", key)
    assert (code, Path(made.strip()).is_dir()) == (0, True)
    assert "2 runs: 1 fail" in told
    head = f"head: 1:{sha256(Path(made.strip(), 'manifest.json').read_bytes()).hexdigest()}\n"
    assert told.endswith(head)
    verified = f"{Path(made.strip()).name}: verified\n{head}"
    assert run("verify", store, "--key", tmp_path / "key.pub.pem") == (0, verified, "")
    for _ in range(2):
        assert run("report", store, "--output", tmp_path / "report")[0] == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "report").iterdir() if path.is_file()}
    signed = {path.name: path.read_bytes() for path in Path(made.strip(), "documents").iterdir() if path.is_file()}
    assert written == signed
    assert run("public-key", "--key", key)[1] == (tmp_path / "key.pub.pem").read_text()


def test_an_incomplete_run_is_stored_and_told_by_the_exit_code(run: Run, key: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"".join(list(event_log("dev", 3))[:-1]))
    code, made, told = run("collect", "--event-log", log, "--store", tmp_path / "store", "--key", key)
    assert code == cli.INCOMPLETE
    assert f"incomplete: {log}: the log ends before the engine did" in told
    code, verified, _ = run("verify", tmp_path / "store", "--key", key.with_suffix(".pub.pem"))
    assert (code, verified.splitlines()[0]) == (0, f"{Path(made.strip()).name}: verified; INCOMPLETE, as its runs say")
    assert "is incomplete" in run("history", tmp_path / "store")[2]


def test_a_spoilt_bundle_fails_verify(run: Run, collect_into: Collect, key: Path, tmp_path: Path) -> None:
    made = Path(collect_into(tmp_path / "store"))
    (made / "documents" / "results.csv").write_bytes(b"")
    code, printed, told = run("verify", tmp_path / "store", "--key", key.with_suffix(".pub.pem"))
    assert (code, printed) == (1, f"{made.name}: NOT as it was signed\n")
    assert "documents/results.csv has 0 bytes instead of" in told


def test_a_head_is_a_number_and_a_whole_hash(run: Run, collect_into: Collect, tmp_path: Path) -> None:
    collect_into(tmp_path / "store")
    for head in ("1", "abcdef", "1:abcdef", f"01:{'0' * 64}", f"1:{'A' * 64}"):
        assert run("verify", tmp_path / "store", "--head", head)[0] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("collect", "--event-log", "/nowhere"), "/nowhere: No such file or directory"),
        (("collect", "--event-log", "/dev/null"), "holds no engine event"),
        (("collect", "--event-log", "pyproject.toml"), "holds no engine event"),
        (("verify", "/nowhere"), "there is no folder /nowhere"),
        (("history", "/nowhere"), "there is no folder /nowhere"),
        (("report", "/nowhere"), "there is no folder /nowhere"),
        (("collect", "--store", "ftp://x", "--event-log", "x"), "a store is a folder or s3://BUCKET/PREFIX"),
        (("collect", "--key", "awskms://", "--event-log", "x"), "names no key"),
        (("collect", "--key", "/nowhere/key.pem", "--event-log", "x"), "there is no key /nowhere/key.pem"),
        (("verify", ".", "--key", "pyproject.toml"), "holds no public key in PEM"),
        (("collect", "--event-log", "/nowhere", "--architecture", "LICENSE"), "LICENSE is not an SVG picture"),
        (("collect", "--event-log", "/nowhere", "--architecture", "/no.svg"), "/no.svg: No such file or directory"),
    ],
)
def test_what_is_wrong_is_one_line(run: Run, key: Path, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    options = {"--key": key, "--store": tmp_path / "store"} if arguments[0] == "collect" else {}
    options |= {"--key": key.with_suffix(".pub.pem")} if arguments[0] == "verify" else {}
    more = [part for name, value in options.items() if name not in arguments for part in (name, value)]
    code, printed, told = run(*arguments, *more)
    assert (code, printed) == (1, "")
    assert says in told
    assert told.count("\n") == 1


def test_an_empty_folder_among_others_is_one_line(run: Run, logs: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, _, told = run("collect", "--event-log", logs[0].parent, "--event-log", tmp_path / "empty")
    assert (code, told) == (1, f"error: {tmp_path}/empty holds no file\n")


def test_what_the_system_refuses_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cli, "app", refuse)
    assert run("collect") == (1, "", "error: No space left on device\n")


def test_a_log_steers_no_terminal(run: Run, key: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"".join(event_log("dev", 1)).replace(b'"create"', b'"create\\u001b[2J"').replace(b"outputs", b"o"))
    lines = log.read_bytes().replace(b"resOutputsEvent", b"resOpFailedEvent")
    log.write_bytes(lines)
    _, _, told = run("collect", "--event-log", log, "--store", tmp_path / "store", "--key", key)
    assert "\x1b" not in told
    assert "\\x1b[2J" in told


def test_the_documentation_names_every_command() -> None:
    commands = [
        command.name or command.callback.__name__ for command in cli.app.registered_commands if command.callback
    ]
    assert [name for name in commands if name not in DOCUMENTATION] == []
