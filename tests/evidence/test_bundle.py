"""A bundle is the same for the same input, is there whole or not at all, and nothing of it changes unnoticed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.event_logs import event_log
from evidence import bundle, signing
from evidence.background import Background
from evidence.bundle import read_runs
from evidence.console import EvidenceError
from evidence.renderers import renderers
from evidence.results import Verdict
from evidence.signing import generate_key, load_public_key, load_signer, public_pem
from evidence.sources import Source, read_source
from evidence.store import open_store
from evidence.tables import COLUMNS
from evidence.verification import verify_all, verify_bundle

Collect = Callable[..., str]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def wrong(where: Path, key: Path) -> list[str]:
    """What `verify` finds, a line each."""
    public = load_public_key(key.with_suffix(".pub.pem"))
    return [f"{bundle.name}: {problem}" for bundle in verify_all(str(where), public) for problem in bundle.wrong]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, collect_into: Collect) -> Path:
    """A bundle that tests leave as it was."""
    return Path(collect_into(tmp_path_factory.mktemp("made")))


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """A bundle by itself, to spoil."""
    return Path(shutil.copytree(made, tmp_path / made.name))


@pytest.fixture
def store(tmp_path: Path, collect_into: Collect) -> Path:
    """Three bundles in a chain."""
    for _ in range(3):
        collect_into(tmp_path / "store")
    return tmp_path / "store"


def bundles(store: Path) -> list[Path]:
    return sorted((store / "bundles").iterdir())


def test_equal_input_gives_equal_bytes_however_many_processes_read_it(
    tmp_path: Path, logs: list[Path], collect_into: Collect
) -> None:
    one = Path(collect_into(tmp_path / "one"))
    other = Path(collect_into(tmp_path / "other", list(reversed(logs)), jobs=2))
    assert one.name == other.name
    assert contents(one) == contents(other)


def test_a_bundle_gives_back_the_runs_that_were_read_in_the_order_of_stacks(made: Path, logs: list[Path]) -> None:
    expected = [read_source(Source(path, commit="c0ffee"))[0] for path in logs]
    assert list(read_runs(made)()) == expected
    assert list(read_runs(made)()) == expected, "runs can be read as often as one likes"


def test_the_rows_say_what_the_runs_say(made: Path) -> None:
    rows = f"read_parquet('{made}/results/stack=dev/*/*.parquet', hive_partitioning=false)"
    described = duckdb.execute(f"DESCRIBE FROM {rows}").fetchall()
    assert {column[0]: column[1] for column in described} == COLUMNS
    (run,) = (run for run in read_runs(made)() if run.stack == "dev")
    assert [row[:8] for row in duckdb.execute(f"FROM {rows}").fetchall()] == [
        (r.rule, r.urn, r.verdict.value, r.message, list(r.controls), r.promise, r.severity, r.blocking)
        for r in run.results
    ]
    shared = duckdb.execute(f"SELECT DISTINCT stack, origin, time, commit, pack FROM {rows}").fetchall()  # noqa: S608
    assert shared == [("dev", "preview", run.time.replace(tzinfo=None), "c0ffee", "hedgerow")]
    assert any(result.verdict is Verdict.FAIL for result in run.results)


def test_every_document_is_written(made: Path) -> None:
    documents = {path.name for path in (made / "documents").iterdir()}
    assert {"report.html", "report-public.html", "results.csv", "junit.xml", "results.sarif", "ocsf.jsonl"} < documents
    assert len(documents) >= len(renderers(Background()))


def test_a_run_without_results_has_a_file_without_rows(tmp_path: Path, collect_into: Collect) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"".join(line for line in event_log("dev", 1) if b"policy" not in line))
    made = Path(collect_into(tmp_path / "store", [log]))
    (rows,) = made.glob("results/*/*/*.parquet")
    assert duckdb.execute(f"SELECT COUNT(*) FROM '{rows}'").fetchall() == [(0,)]  # noqa: S608
    assert not json.loads((made / "manifest.json").read_text())["complete"]


def test_an_untouched_bundle_and_store_are_verified(copy: Path, store: Path, key: Path) -> None:
    assert wrong(copy, key) == []
    assert wrong(store, key) == []


@given(data=st.data())
def test_one_flipped_bit_anywhere_fails(made: Path, key: Path, data: st.DataObject) -> None:
    files = sorted(path for path in made.rglob("*") if path.is_file())
    path = data.draw(st.sampled_from(files))
    original = path.read_bytes()
    place, bit = data.draw(st.integers(0, len(original) - 1)), data.draw(st.integers(0, 7))
    spoilt = bytearray(original)
    spoilt[place] ^= 1 << bit
    try:
        path.write_bytes(spoilt)
        assert verify_bundle(made, load_public_key(key.with_suffix(".pub.pem")))[1] != []
    finally:
        path.write_bytes(original)


def test_no_file_is_left_out_of_what_is_verified(copy: Path, key: Path) -> None:
    public = load_public_key(key.with_suffix(".pub.pem"))
    files = contents(copy)
    assert {"background.json", "documents/report.html", "documents/report-public.html"} < files.keys()
    for name, original in files.items():
        for place in {0, len(original) // 2, len(original) - 1}:
            spoilt = bytearray(original)
            spoilt[place] ^= 1
            (copy / name).write_bytes(spoilt)
            assert verify_bundle(copy, public)[1], f"byte {place} of {name}"
        (copy / name).write_bytes(original)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.dsse.json"])
def test_every_byte_of_what_is_signed_and_of_the_signature_counts(copy: Path, key: Path, name: str) -> None:
    public = load_public_key(key.with_suffix(".pub.pem"))
    original = (copy / name).read_bytes()
    for place in range(len(original)):
        (copy / name).write_bytes(original[:place] + bytes([original[place] ^ 1]) + original[place + 1 :])
        assert verify_bundle(copy, public)[1], f"byte {place}"


def swap(folder: Path) -> None:
    one, other = sorted(folder.rglob("*.parquet"))
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def link(folder: Path) -> None:
    path = next(folder.rglob("*.parquet"))
    moved = folder.parent / "elsewhere"
    path.rename(moved)
    path.symlink_to(moved)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: next(folder.rglob("*.parquet")).unlink(), "is missing"),
        (lambda folder: (folder / "more.txt").write_text("x"), "more.txt was added"),
        (lambda folder: (folder / "more").mkdir(), "more was added"),
        (lambda folder: os.truncate(next(folder.rglob("*.parquet")), 10), "has 10 bytes instead of"),
        (swap, ".parquet"),
        (link, "is not a plain file"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda folder: (folder / "manifest.dsse.json").unlink(), "manifest.dsse.json is missing"),
    ],
)
def test_what_is_missing_added_truncated_or_swapped_is_named(
    copy: Path, key: Path, spoil: Callable[[Path], object], says: str
) -> None:
    spoil(copy)
    assert any(says in line for line in wrong(copy, key)), wrong(copy, key)


def test_a_file_list_that_was_signed_for_another_bundle_is_refused(
    store: Path, tmp_path: Path, collect_into: Collect, logs: list[Path], key: Path
) -> None:
    other = Path(collect_into(tmp_path / "other", logs[:1]))
    shutil.copy(other / "manifest.dsse.json", bundles(store)[0])
    assert any("manifest.json is not the one that was signed" in line for line in wrong(store, key))


def test_another_key_verifies_nothing(copy: Path, tmp_path: Path) -> None:
    generate_key(tmp_path / "other.pem")
    assert wrong(copy, tmp_path / "other.pem") == [f"{copy.name}: the envelope is signed by another key"]


def rename(first: Path, second: Path) -> None:
    spare = first.with_name("spare")
    first.rename(spare)
    second.rename(first)
    spare.rename(second)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda found: shutil.rmtree(found[1]), "a bundle is missing"),
        (lambda found: shutil.rmtree(found[0]), "missing: bundle 1, the newest of 2026-09-21"),
        (lambda found: rename(found[0], found[1]), "it was renamed"),
        (lambda found: shutil.copytree(found[0], found[1].with_name("000009-copy")), "it was renamed"),
        (lambda found: (found[1] / "manifest.json").unlink(), "does not follow the bundle before it"),
        (lambda found: found[1].with_name("000004").mkdir(), "manifest.json is missing"),
    ],
)
def test_a_broken_chain_is_told(store: Path, key: Path, spoil: Callable[..., object], says: str) -> None:
    spoil(bundles(store))
    assert any(says in line for line in wrong(store, key)), wrong(store, key)


def test_a_bundle_from_another_chain_does_not_fit_in(
    store: Path, tmp_path: Path, collect_into: Collect, logs: list[Path], key: Path
) -> None:
    collect_into(tmp_path / "other", logs[:1])
    stranger = Path(collect_into(tmp_path / "other"))
    shutil.rmtree(bundles(store)[1])
    shutil.copytree(stranger, store / "bundles" / stranger.name)
    assert any("the chain is broken" in line for line in wrong(store, key))


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
    left.mkdir()
    collect_into(store)
    assert not left.exists()
    assert wrong(store, key) == []


def test_one_run_given_twice_is_refused(tmp_path: Path, logs: list[Path], collect_into: Collect) -> None:
    with pytest.raises(EvidenceError, match="is a second preview of dev at"):
        collect_into(tmp_path / "store", [logs[0], logs[0]])
    assert not any((tmp_path / "store" / "bundles").iterdir())


def test_two_projects_with_a_stack_of_one_name_are_told_apart(tmp_path: Path, collect_into: Collect) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for number, path in enumerate(paths):
        path.write_bytes(b"".join(event_log("prod", 1, project=path.name, start=1_790_000_000 + number)))
    with pytest.raises(EvidenceError, match="a and b both have a stack prod: collect with --qualified"):
        collect_into(tmp_path / "store", paths)
    assert [read_source(Source(path, qualified=True))[0].stack for path in paths] == ["a.prod", "b.prod"]


def test_openssl_alone_verifies_a_signature(made: Path, key: Path, tmp_path: Path) -> None:
    envelope = json.loads((made / "manifest.dsse.json").read_text())
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    (tmp_path / "signed").write_bytes(b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload))
    (tmp_path / "signature").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    ended = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", key.with_suffix(".pub.pem"), "-signature", "signature", "signed"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "Verified OK\n", ended.stderr


def test_a_private_key_is_its_owners_alone_and_is_never_replaced(tmp_path: Path) -> None:
    generate_key(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    with pytest.raises(EvidenceError, match="is there already"):
        generate_key(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o640)
    with pytest.raises(EvidenceError, match="can be read by others"):
        load_signer(str(tmp_path / "key.pem"))


@pytest.fixture
def kms(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """KMS of an emulated account, over HTTP."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ENDPOINT_URL": endpoint,
    }.items():
        monkeypatch.setenv(name, value)
    return boto3.client("kms")


@pytest.mark.parametrize("by", ["KeyId", "Arn", "alias"])
def test_a_kms_key_signs_by_id_arn_or_alias(tmp_path: Path, logs: list[Path], kms: Any, by: str) -> None:
    made = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    kms.create_alias(AliasName="alias/evidence", TargetKeyId=made["KeyId"])
    name = made.get(by, "alias/evidence")
    signer = load_signer(f"{signing.KMS}/{name}")
    (tmp_path / "key.pub.pem").write_bytes(public_pem(signer.public))
    where = bundle.collect([Source(logs[0])], open_store(str(tmp_path / "store")), signer, time=None, jobs=1)[0]
    assert wrong(tmp_path / "store", tmp_path / "key.pem") == []
    Path(where, "documents", "results.csv").write_bytes(b"")
    assert wrong(tmp_path / "store", tmp_path / "key.pem") != []


def test_a_kms_key_that_signs_nothing_is_refused(kms: Any) -> None:
    made = kms.create_key()["KeyMetadata"]["Arn"]
    with pytest.raises(EvidenceError) as raised:
        load_signer(f"{signing.KMS}/{made}")
    assert "\n" not in str(raised.value)
