"""Writers that are stopped, killed or not alone leave whole bundles, each with a number of its own."""

from __future__ import annotations

import itertools
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from evidence import s3
from evidence.history import history_sql
from evidence.store import locate
from tests.evidence.stores import URL, Collect, Run, answer, contents, keys, wrong

STRIKE = """\
import os, signal, sys
from evidence import bundle, cli, store

owner, step, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
del sys.argv[1:4]
own = {"bundle": bundle, "store": store, "LocalStore": store.LocalStore}[owner]
done = getattr(own, step)

def strike(*arguments, **named):
    if step == "publish":
        done(*arguments, **named)
    os.kill(os.getpid(), number)

setattr(own, step, strike)
cli.main()
"""


@pytest.mark.parametrize(
    ("owner", "step", "number"),
    [
        ("bundle", "write_run", signal.SIGKILL),
        ("bundle", "save", signal.SIGKILL),
        ("bundle", "render", signal.SIGKILL),
        ("bundle", "render", signal.SIGINT),
        ("bundle", "measure", signal.SIGKILL),
        ("bundle", "attest", signal.SIGKILL),
        ("store", "_flush", signal.SIGKILL),
        ("store", "_flush", signal.SIGINT),
        ("LocalStore", "publish", signal.SIGKILL),
        ("LocalStore", "publish", signal.SIGINT),
    ],
)
def test_a_process_that_is_stopped_at_any_step_leaves_whole_bundles(  # noqa: PLR0917 - where and how
    made: Path, tmp_path: Path, logs: list[Path], key: Path, owner: str, step: str, number: signal.Signals
) -> None:
    store = Path(shutil.copytree(made.parents[1], tmp_path / "store"))
    before = contents(store / "bundles")
    arguments = ["collect", "--store", str(store), "--key", str(key), "--jobs", "1", "--policy-config", ""]
    arguments += [part for path in logs for part in ("--event-log", str(path))]
    ended = subprocess.run(
        [sys.executable, "-c", STRIKE, owner, step, str(number.value), *arguments], capture_output=True, check=False
    )
    assert ended.returncode == (-signal.SIGKILL if number is signal.SIGKILL else 130)
    assert b"Traceback" not in ended.stderr
    after = contents(store / "bundles")
    assert {name: after.get(name) for name in before} == before
    assert (after == before) is (step != "publish")
    assert number is signal.SIGKILL or list(store.glob(".incoming-*")) == []
    assert wrong(store, key) == []


def test_what_a_killed_process_left_is_cleared_up_by_the_next(store: Path, collect_into: Collect, key: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    left = store / f".incoming-{socket.gethostname()}-{gone.pid}-0123abcd"
    anothers = [store / f".incoming-{socket.gethostname()}-{host}-{gone.pid}-0123abcd" for host in (gone.pid, "b")]
    for folder in (left, *anothers):
        folder.mkdir()
    collect_into(store)
    assert not left.exists()
    assert all(folder.exists() for folder in anothers), "theirs whose hosts' names begin as this one's"
    assert wrong(store, key) == []


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("step", ["_upload", "_link"])
def test_an_upload_that_breaks_off_is_no_bundle(
    collect_into: Collect, monkeypatch: pytest.MonkeyPatch, key: Path, run: Run, step: str
) -> None:
    collect_into(URL)
    with monkeypatch.context() as patched:
        done = getattr(s3.S3Store, step)

        def break_off(store: s3.S3Store, *arguments: Any) -> None:
            if step == "_link" or arguments[0].name == "manifest.dsse.json":
                raise KeyboardInterrupt
            done(store, *arguments)

        patched.setattr(s3.S3Store, step, break_off)
        with pytest.raises(KeyboardInterrupt):
            collect_into(URL)
    assert len(locate(URL)[1]) == 1
    collect_into(URL)
    assert run("verify", URL, "--key", key.with_suffix(".pub.pem"))[0] == 0


def test_of_two_that_store_at_once_one_takes_the_next_number(  # noqa: PLR0917 - two of everything
    bucket: Any, collect_into: Collect, logs: list[Path], monkeypatch: pytest.MonkeyPatch, key: Path, run: Run
) -> None:
    link, calls, gate = s3.S3Store._link, itertools.count(), threading.Barrier(2, timeout=60)

    def together(store: s3.S3Store, name: str) -> None:
        if next(calls) < 2:
            gate.wait()
        link(store, name)

    monkeypatch.setattr(s3.S3Store, "_link", together)
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(lambda path: collect_into(URL, [path]), logs))
    assert sorted(where.rpartition("/")[2][:6] for where in made) == ["000001", "000002"]
    assert [f"{URL}/bundles/{name}" for name in locate(URL)[1]] == sorted(made)
    assert [path.rpartition("/")[2] for path in keys(bucket) if "/chain/" in path] == ["000001", "000002"]
    code, printed, told = run("verify", URL, "--key", key.with_suffix(".pub.pem"))
    assert (code, printed.count(": verified")) == (0, 2)
    assert told == "another bundle was stored meanwhile: taking the next number\n", "said by one of the two, once"
    assert [row[0] for row in answer(URL, history_sql("stack"))[1]] == ["dev", "prod"]


@pytest.mark.usefixtures("bucket")
def test_a_number_that_somebody_is_just_taking_is_tried_again(
    collect_into: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3's 409 says that another write is under way, not that it succeeds."""
    client, refusals = boto3.client("s3"), [1]
    put = client.put_object

    def refuse_once(**arguments: Any) -> Any:
        if "IfNoneMatch" in arguments and refusals:
            raise ClientError({"Error": {"Code": "ConditionalRequestConflict"}}, f"PutObject {refusals.pop()}")
        return put(**arguments)

    monkeypatch.setattr(client, "put_object", refuse_once)
    monkeypatch.setattr(boto3, "client", lambda _service: client)
    assert collect_into(URL).rpartition("/")[2].startswith("000001-")
    assert not refusals


@pytest.mark.usefixtures("bucket")
def test_a_bundle_whose_link_was_written_unheard_is_stored_once(
    collect_into: Collect, emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = s3.S3Store._link

    def lose_the_answer(store: s3.S3Store, name: str) -> None:
        body = b'{"kind": "after", "requests": 1, "matching": "/of/stacks/chain/"}'
        urllib.request.urlopen(urllib.request.Request(f"{emulator}/_sandbox/faults", body, method="PUT")).close()  # noqa: S310 - loopback
        link(store, name)

    monkeypatch.setattr(s3.S3Store, "_link", lose_the_answer)
    made = collect_into(URL)
    assert locate(URL)[1] == [made.rpartition("/")[2]]
