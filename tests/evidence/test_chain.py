"""Bundles of a store follow one another: what was removed, renamed or put in is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.event_logs import event_log
from evidence.signing import load_public_key
from evidence.store import locate
from evidence.verification import verify_all
from tests.evidence.stores import URL, Collect, Run, bundles, keys, wrong


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
