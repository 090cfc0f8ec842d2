"""The command and the stores: what a person types, S3 included, and what queries answer."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import re
import shutil
import socket
import socketserver
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from bench.event_logs import event_log
from evidence import cli, s3
from evidence.history import history_sql
from evidence.signing import load_public_key
from evidence.store import locate
from evidence.tables import COLUMNS
from evidence.verification import verify_all
from tests.evidence.conftest import BROKEN, URL, Run, answer, keys

Collect = Callable[..., str]
ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize("where", ["folder", "bucket"])
def test_who_has_noted_the_head_finds_out_that_the_newest_bundles_are_gone(  # noqa: PLR0917 - a store of either kind
    request: pytest.FixtureRequest, run: Run, collect_into: Collect, key: Path, tmp_path: Path, where: str
) -> None:
    store = tmp_path / "store" if where == "folder" else URL
    bucket = None if where == "folder" else request.getfixturevalue("bucket")
    for _ in range(3):
        collect_into(store)
    public = ("--key", key.with_suffix(".pub.pem"))
    heads = [bundle.head for bundle in verify_all(str(store), load_public_key(public[1]))]
    for head in heads:
        assert run("verify", store, *public, "--head", head)[0] == 0

    newest = locate(str(store))[1][-1]
    if bucket:
        for name in keys(bucket):
            if newest in name or name.endswith("/chain/000003"):
                bucket.delete_object(Bucket="evidence", Key=name)
    else:
        shutil.rmtree(tmp_path / "store" / "bundles" / newest)
    assert run("verify", store, *public)[0] == 0, "what is left is whole: nothing in it can tell"
    assert run("verify", store, *public, "--head", heads[1])[0] == 0
    code, printed, told = run("verify", store, *public, "--head", heads[2])
    assert (code, "head:" in printed) == (1, False)
    assert told == "bundle 3, which was noted down, is not there: it was taken away, or this is another store\n"

    (tmp_path / "other").write_bytes(b"".join(event_log("test", 2)))
    collect_into(store, [tmp_path / "other"])
    code, _, told = run("verify", store, *public, "--head", heads[2])
    assert (code, told.partition(":")[0]) == (1, "bundle 3 is not the one that was noted down")


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


def test_an_account_that_cannot_be_asked_is_one_line_and_no_bundle(
    run: Run, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    store = tmp_path / "store"
    code, printed, told = run("live", "--stack", "dev", "--policy-config", "", "--store", store, "--key", key)
    assert (code, printed) == (1, "")
    assert told.splitlines()[1:] == ["error: the account can't be asked: Unable to locate credentials"]
    assert not store.exists()


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], list[bytes]]]:
    """Start something in AWS's place that gives everybody the same answer, or hangs up; returns what it was asked."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    with contextlib.ExitStack() as running:

        def start(answer: bytes) -> list[bytes]:
            asked: list[bytes] = []

            class Stranger(socketserver.BaseRequestHandler):
                def handle(self) -> None:
                    asked.append(self.request.recv(65_536))
                    self.request.sendall(answer)

            server = running.enter_context(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stranger))
            threading.Thread(target=server.serve_forever, args=(0.01,)).start()
            running.callback(server.shutdown)
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
            return asked

        yield start


HTML = b"<html><body>Welcome</body></html>"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "Connection was closed before we received a valid response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(HTML), HTML), "is not AWS"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "is not AWS"),
    ],
)
def test_what_does_not_answer_as_an_account_is_asked_no_more_than_twice(
    run: Run, key: Path, answering: Callable[[bytes], list[bytes]], answer: bytes, says: str
) -> None:
    asked = answering(answer)
    code, printed, told = run("live", "--stack", "dev", "--policy-config", "", "--store", "s3://evidence", "--key", key)
    assert (code, printed) == (1, "")
    (line,) = told.splitlines()[1:]
    assert line.startswith("error: the account can't be asked: ")
    assert says in line
    assert 1 <= len(asked) <= 2, "the store is not looked into, and nobody waits as for a busy account"


def test_an_endpoint_at_which_nobody_listens_is_one_line(
    run: Run, key: Path, answering: Callable[[bytes], list[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(b"")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        options = ("--stack", "dev", "--policy-config", "", "--store", tmp_path / "store", "--key", key)
        code, printed, told = run("live", *options)
    assert (code, printed) == (1, "")
    (line,) = told.splitlines()[1:]
    assert line.startswith("error: the account can't be asked: Could not connect to the endpoint URL")
    assert not (tmp_path / "store").exists()


def test_a_log_steers_no_terminal(run: Run, key: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"".join(event_log("dev", 1)).replace(b'"create"', b'"create\\u001b[2J"').replace(b"outputs", b"o"))
    lines = log.read_bytes().replace(b"resOutputsEvent", b"resOpFailedEvent")
    log.write_bytes(lines)
    _, _, told = run("collect", "--event-log", log, "--store", tmp_path / "store", "--key", key)
    assert "\x1b" not in told
    assert "\\x1b[2J" in told


def test_history_counts_each_run_once_however_often_it_was_collected(collect_into: Collect, tmp_path: Path) -> None:
    collect_into(tmp_path / "store")
    once = answer(tmp_path / "store", history_sql("stack"))
    collect_into(tmp_path / "store")
    assert answer(tmp_path / "store", history_sql("stack")) == once
    assert [row[0] for row in once[1]] == ["dev", "prod"]
    assert [row[once[0].index("failed")] for row in once[1]] == [1, 0]


def test_history_by_rule_and_control_finds_the_failure(run: Run, collect_into: Collect, tmp_path: Path) -> None:
    collect_into(tmp_path / "store")
    for by in ("rule", "control", "promise"):
        code, printed, _ = run("history", tmp_path / "store", "--by", by, "--stack", "dev", "--output", "csv")
        rows = list(csv.DictReader(io.StringIO(printed)))
        failed = {row[by] for row in rows if row["failed"] == "1"}
        assert code == 0
        assert failed, f"nothing fails by {by}"
        assert by != "rule" or failed == {BROKEN[0]}


def test_a_query_reads_results_and_nothing_else(run: Run, collect_into: Collect, tmp_path: Path) -> None:
    collect_into(tmp_path / "store")
    sql = "SELECT stack, day, COUNT(*) AS failed FROM results WHERE verdict = 'fail' GROUP BY stack, day"
    code, printed, _ = run("query", sql, tmp_path / "store", "--output", "json")
    assert (code, json.loads(printed)) == (0, {"stack": "dev", "day": "2026-09-21", "failed": 1})
    for forbidden in (
        "SELECT * FROM read_csv('/etc/passwd')",
        f"COPY results TO '{tmp_path}/out.csv'",
        "SET enable_external_access = true",
    ):
        assert run("query", forbidden, tmp_path / "store")[0] == 1
    assert not (tmp_path / "out.csv").exists()


def test_s3_keeps_bundles_verifies_and_answers(run: Run, bucket: Any, collect_into: Collect, key: Path) -> None:
    first, second = collect_into(URL), collect_into(URL)
    assert (first.rpartition("/")[0], second.rpartition("/")[0]) == (f"{URL}/bundles", f"{URL}/bundles")
    code, printed, told = run("verify", URL, "--key", key.with_suffix(".pub.pem"))
    assert (code, printed.count("verified"), told) == (0, 2, "")
    assert run("verify", second, "--key", key.with_suffix(".pub.pem"))[0] == 0
    assert [row[0] for row in answer(URL, history_sql("stack"))[1]] == ["dev", "prod"]
    rows = [path for path in keys(bucket) if path.startswith("of/stacks/results/")]
    assert len(rows) == 4, "Athena's table has a file for each run of each bundle"
    assert all(
        path.startswith(("of/stacks/results/stack=dev/day=", "of/stacks/results/stack=prod/day=")) for path in rows
    )


def test_what_is_stored_is_locked(bucket: Any, collect_into: Collect) -> None:
    collect_into(URL)
    for version in bucket.list_object_versions(Bucket="evidence")["Versions"]:
        one = {"Bucket": "evidence", "Key": version["Key"], "VersionId": version["VersionId"]}
        assert bucket.head_object(**one)["ObjectLockMode"] == "COMPLIANCE"
        with pytest.raises(ClientError, match="AccessDenied"):
            bucket.delete_object(**one)


def test_a_bucket_without_object_lock_is_told(
    bucket: Any, collect_into: Collect, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.create_bucket(Bucket="open", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    collect_into("s3://open")
    assert "open has no Object Lock" in capsys.readouterr().err
    collect_into(URL)
    assert "Object Lock" not in capsys.readouterr().err


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


def test_a_link_of_the_chain_that_names_anything_else_is_one_line(
    bucket: Any, collect_into: Collect, key: Path, run: Run
) -> None:
    collect_into(URL)
    for said in ("../../000002-20261124T115732Z-5e55bdc6", "000003-20261124T115732Z-5e55bdc6", ""):
        bucket.put_object(Bucket="evidence", Key="of/stacks/chain/000002", Body=said.encode())
        code, _, told = run("history", URL)
        assert (code, told) == (1, "error: s3://evidence/of/stacks/chain/000002 is no link of a chain\n")
    bucket.put_object(Bucket="evidence", Key="of/stacks/chain/000002", Body=b"000002-20261124T115732Z-5e55bdc6")
    told = run("verify", URL, "--key", key.with_suffix(".pub.pem"))[2]
    assert told == f"error: {URL} holds no bundle 000002-20261124T115732Z-5e55bdc6\n"


def test_what_was_flipped_in_s3_is_found(bucket: Any, collect_into: Collect, key: Path, run: Run) -> None:
    collect_into(URL)
    name = next(name for name in keys(bucket) if name.endswith(".csv"))
    data = bytearray(bucket.get_object(Bucket="evidence", Key=name)["Body"].read())
    data[0] ^= 1
    bucket.put_object(Bucket="evidence", Key=name, Body=bytes(data))
    assert run("verify", URL, "--key", key.with_suffix(".pub.pem"))[0] == 1


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_is_one_line(run: Run) -> None:
    code, _, told = run("history", "s3://nowhere")
    assert (code, told.count("\n")) == (1, 1)
    assert "s3://nowhere" in told


def test_the_queries_of_the_documentation_run(collect_into: Collect, tmp_path: Path) -> None:
    collect_into(tmp_path / "store")
    queries = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "evidence.md").read_text(), re.S)
    assert len(queries) >= 2
    for query in queries:
        assert answer(tmp_path / "store", query)[1], query


def test_the_documentation_names_every_command_and_column() -> None:
    text = (ROOT / "docs" / "evidence.md").read_text()
    commands = [
        command.name or command.callback.__name__ for command in cli.app.registered_commands if command.callback
    ]
    assert [name for name in commands if name not in text] == []
    assert [name for name in COLUMNS if f"`{name}`" not in text] == []
