"""A store of bundles for tests: two small stacks, collected as the command does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import boto3
import pytest

from bench.event_logs import START, TYPES, event_log, urn
from evidence import cli
from evidence.bundle import collect
from evidence.history import ask
from evidence.signing import generate_key, load_signer
from evidence.sources import Source
from evidence.store import open_store
from policy_pack.pack import PACK

Run: TypeAlias = Callable[..., tuple[int, str, str]]
URL = "s3://evidence/of/stacks"
"""A store in the bucket."""
BROKEN = (
    next(rule.id for rule in PACK.rules_on(TYPES[5]) if rule.controls and not rule.needs_graph),
    urn("dev", TYPES[5], "r5"),
)


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
def collect_into(logs: list[Path], key: Path) -> Callable[..., str]:
    """Collect logs, those of the two stacks by default, into the store at a path or URL."""

    def into(store: Path | str, paths: Sequence[Path] = logs, jobs: int = 1, time: datetime | None = None) -> str:
        sources = [Source(path, commit="c0ffee") for path in paths]
        return collect(sources, open_store(str(store)), load_signer(str(key)), time=time, jobs=jobs).where

    return into


def answer(where: Path | str, sql: str) -> tuple[list[str], list[Any]]:
    """What answers a query: the names of the columns, and the rows."""
    with ask(str(where), sql, cli.MEMORY) as (names, rows):
        return names, list(rows)


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
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """S3 of an emulated account, over HTTP, with a bucket `evidence` whose objects are locked for a year."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    client = boto3.client("s3")
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


def keys(client: Any) -> list[str]:
    return [entry["Key"] for entry in client.list_objects_v2(Bucket="evidence").get("Contents", ())]
