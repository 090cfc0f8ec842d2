"""A store of bundles for tests: two small stacks, collected as the command does."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from bench.event_logs import START, event_log
from evidence import cli
from evidence.bundle import collect
from evidence.signing import generate_key, load_signer
from evidence.sources import Source
from evidence.store import open_store
from tests.evidence.stores import BROKEN, Collect, Run


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The logs of two stacks, one of which is blocked."""
    folder = tmp_path_factory.mktemp("logs")
    (folder / "dev.jsonl").write_bytes(b"".join(event_log("dev", 6, broken={BROKEN})))
    (folder / "prod.jsonl").write_bytes(b"".join(event_log("prod", 6, start=START + 60)))
    return sorted(folder.iterdir())


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key; the public one is beside it."""
    path = tmp_path_factory.mktemp("key") / "key.pem"
    generate_key(path)
    return path


@pytest.fixture(scope="session")
def collect_into(logs: list[Path], key: Path) -> Collect:
    """Collect logs, those of the two stacks by default, into the store at a path or URL."""

    def into(store: Path | str, paths: Sequence[Path] = logs, jobs: int = 1, time: datetime | None = None) -> str:
        sources = [Source(path, commit="c0ffee") for path in paths]
        return collect(sources, open_store(str(store)), load_signer(str(key)), time=time, jobs=jobs).where

    return into


@pytest.fixture(scope="session")
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


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command: its exit code, what it printed, and what it told."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["evidence", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        code = ended.value.code
        printed = capsys.readouterr()
        return code if isinstance(code, int) else 0, printed.out, printed.err

    return run


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment's variables, with credentials of an emulated account."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    return monkeypatch


@pytest.fixture
def aws(environment: pytest.MonkeyPatch, endpoint: str) -> Callable[[str], Any]:
    """Make clients of an emulated account, over HTTP."""
    environment.setenv("AWS_ENDPOINT_URL", endpoint)
    client: Callable[[str], Any] = boto3.client
    return client


@pytest.fixture
def bucket(aws: Callable[[str], Any]) -> Any:
    """S3, with a bucket `evidence` whose objects are locked for a year."""
    client = aws("s3")
    client.create_bucket(
        Bucket="evidence",
        CreateBucketConfiguration={"LocationConstraint": "us-west-2"},
        ObjectLockEnabledForBucket=True,
    )
    lock = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 365}}
    client.put_object_lock_configuration(
        Bucket="evidence", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": lock}
    )
    return client
