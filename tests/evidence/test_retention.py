"""What has expired is told from what was removed: nobody can take young bundles away by calling them old."""

from __future__ import annotations

import datetime
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import options
from evidence.console import EvidenceError
from evidence.manifest import ENVELOPE, Manifest, decode_manifest
from evidence.signing import MANIFEST, Signer, attest, load_public_key, load_signer
from evidence.verification import Verified, head_problem, verify_all
from infrastructure.promises import AUDIT_DAYS
from tests.evidence.stores import URL, Collect, Run, answer, bundles, keys

KEPT_SINCE = datetime.datetime(2019, 6, 1, tzinfo=datetime.UTC)
YEARS = range(2015, 2027)


def new_year(year: int) -> datetime.datetime:
    return datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)


def sign(bundle: Path, manifest: Manifest, signer: Signer) -> Path:
    """Sign a manifest as a bundle's, and give it the bundle's name."""
    bundle.mkdir(parents=True, exist_ok=True)
    (bundle / MANIFEST).write_bytes(manifest.encode())
    (bundle / ENVELOPE).write_bytes(attest(manifest.encode(), signer))
    return bundle.rename(bundle.with_name(manifest.name))


def chain(store: Path, signer: Signer, years: Iterable[int]) -> list[Path]:
    """Bundles of nothing, each at the beginning of a year."""
    made: list[Path] = []
    before: Manifest | None = None
    for number, year in enumerate(years, start=1):
        before = Manifest(
            number=number,
            time=new_year(year),
            complete=True,
            previous=before.digest if before else "",
            files={},
            previous_time=before.reached if before else None,
        )
        made.append(sign(store / "bundles" / "new", before, signer))
    return made


@pytest.fixture
def verified(key: Path, tmp_path: Path) -> Callable[[], list[Verified]]:
    """Verify the store."""
    return lambda: list(verify_all(str(tmp_path), load_public_key(key.with_suffix(".pub.pem")), KEPT_SINCE))


def wrong(bundles: Sequence[Verified]) -> list[str]:
    return [problem for bundle in bundles for problem in bundle.wrong]


@given(years=st.lists(st.sampled_from(YEARS), min_size=2, max_size=8), data=st.data())
def test_a_chain_begins_late_where_everything_before_is_old_enough_and_nowhere_else(
    key: Path, years: list[int], data: st.DataObject
) -> None:
    gone = data.draw(st.integers(1, len(years) - 1))
    with tempfile.TemporaryDirectory() as folder:
        for bundle in chain(Path(folder), load_signer(str(key)), years)[:gone]:
            shutil.rmtree(bundle)
        found = list(verify_all(folder, load_public_key(key.with_suffix(".pub.pem")), KEPT_SINCE))
    newest = new_year(max(years[:gone]))
    told = f"bundle{'' if gone == 1 else 's'} 1{'' if gone == 1 else f' to {gone}'}, the newest of {newest:%Y-%m-%d}"
    if newest < KEPT_SINCE:
        assert (wrong(found), found[0].notes) == ([], [f"expired: {told}"])
    else:
        assert wrong(found) == [f"missing: {told}, though what is newer than 2019-06-01 is kept"]


def test_a_bundle_is_missing_from_the_middle_however_old(
    key: Path, tmp_path: Path, verified: Callable[[], list[Verified]]
) -> None:
    shutil.rmtree(chain(tmp_path, load_signer(str(key)), (2015, 2016, 2017, 2018))[1])
    assert wrong(verified()) == ["it is number 3, where number 2 should be: a bundle is missing or was added"]


def test_a_manifest_that_tells_no_age_lets_nothing_expire(
    key: Path, tmp_path: Path, verified: Callable[[], list[Verified]]
) -> None:
    first, second = chain(tmp_path, load_signer(str(key)), (2015, 2016))
    untold = replace(decode_manifest((second / MANIFEST).read_bytes()), previous_time=None)
    sign(second, untold, load_signer(str(key)))
    assert wrong(verified()) == []
    shutil.rmtree(first)
    assert wrong(verified()) == ["missing: bundle 1, and nothing tells how old they were"]


def test_a_bundle_that_makes_those_before_it_older_is_found_while_they_are_there(
    key: Path, tmp_path: Path, verified: Callable[[], list[Verified]]
) -> None:
    second = chain(tmp_path, load_signer(str(key)), (2025, 2026))[1]
    lying = replace(decode_manifest((second / MANIFEST).read_bytes()), previous_time=new_year(2015))
    sign(second, lying, load_signer(str(key)))
    assert wrong(verified()) == ["it tells a wrong age of the bundles before it, the newest of 2025-01-01"]


def test_what_was_noted_down_is_compared_as_far_back_as_the_chain_tells(
    key: Path, tmp_path: Path, verified: Callable[[], list[Verified]]
) -> None:
    made = chain(tmp_path, load_signer(str(key)), (2015, 2016, 2017, 2026))
    heads = [bundle.head for bundle in verified()]
    for bundle in made[:2]:
        shutil.rmtree(bundle)
    left = verified()
    assert [head_problem(head, left) for head in heads[1:]] == ["", "", ""]
    assert head_problem(heads[0], left).startswith("bundle 1, which was noted down, is from before what is left")
    assert head_problem(f"2:{'0' * 64}", left).startswith("bundle 2 is not the one that was noted down")


@pytest.fixture
def store(collect_into: Collect, tmp_path: Path) -> Path:
    """Bundles of 2001, 2026 and 2002, in this order."""
    for year in (2001, 2026, 2002):
        collect_into(tmp_path / "store", time=new_year(year))
    return tmp_path / "store"


def test_what_is_collected_has_the_newest_time_of_everything_before(store: Path, collect_into: Collect) -> None:
    collect_into(store, time=new_year(2003))
    found = [decode_manifest((bundle / MANIFEST).read_bytes()).previous_time for bundle in bundles(store)]
    assert found == [None, new_year(2001), new_year(2026), new_year(2026)]


def test_an_expired_beginning_is_verified_and_told(run: Run, store: Path, key: Path) -> None:
    public = ("--key", key.with_suffix(".pub.pem"))
    head = run("verify", store, *public)[1].splitlines()[-1].removeprefix("head: ")
    shutil.rmtree(bundles(store)[0])
    code, printed, told = run("verify", store, *public, "--head", head)
    assert (code, told, printed.splitlines()[-1]) == (0, "", f"head: {head}")
    assert printed.splitlines()[0] == f"{bundles(store)[0].name}: verified; expired: bundle 1, the newest of 2001-01-01"
    code, printed, told = run("verify", store, *public, "--retention-days", 100 * 366)
    assert (code, "head:" in printed, told.count("\n")) == (1, False, 1)
    assert "missing: bundle 1, the newest of 2001-01-01, though what is newer than" in told
    assert run("verify", store, *public, "--retention-days", 10**7)[0] == 2


def test_files_are_missing_from_what_has_expired_and_from_nothing_else(run: Run, store: Path, key: Path) -> None:
    oldest, _, backdated = bundles(store)
    public = ("--key", key.with_suffix(".pub.pem"))
    (oldest / "documents" / "report.html").unlink()
    code, printed, _ = run("verify", store, *public)
    assert (code, " files have expired\n" in printed) == (0, True)
    assert run("verify", store, *public, "--retention-days", 100 * 366)[0] == 1
    (oldest / "documents" / "results.csv").write_text("changed")
    assert "documents/results.csv has 7 bytes" in run("verify", store, *public)[2]
    shutil.rmtree(oldest)
    assert run("verify", store, *public)[0] == 0
    (backdated / "documents" / "report.html").unlink()
    told = run("verify", store, *public)[2]
    assert told == f"{backdated.name}: documents/report.html is missing\n", "it came after one that is kept"


def expire(bucket: Any, where: str) -> None:
    for name in keys(bucket):
        if where in name:
            bucket.delete_object(Bucket="evidence", Key=name)


def test_in_s3_a_link_outlives_its_bundle_only_at_the_beginning(
    bucket: Any, collect_into: Collect, run: Run, key: Path
) -> None:
    public = ("--key", key.with_suffix(".pub.pem"))
    for year in (2001, 2002, 2026):
        collect_into(URL, time=new_year(year))
    expire(bucket, "/bundles/000001-")
    code, printed, told = run("verify", URL, *public)
    assert (code, told, printed.count(": verified")) == (0, "", 2)
    assert answer(URL, "SELECT COUNT(DISTINCT time) FROM results")[1] == [(2,)]
    collect_into(URL, time=new_year(2027))
    assert run("verify", URL, *public)[1].splitlines()[-1].startswith("head: 4:")

    expire(bucket, "/bundles/000003-")
    assert "holds no bundle 000003-" in run("verify", URL, *public)[2]


def test_in_s3_a_store_that_lost_every_bundle_is_not_a_new_one(bucket: Any, collect_into: Collect) -> None:
    collect_into(URL)
    expire(bucket, "/bundles/")
    with pytest.raises(EvidenceError, match="/bundles/000001-"):
        collect_into(URL)


def test_bundles_are_kept_as_long_as_the_environment_keeps_them() -> None:
    assert AUDIT_DAYS.low == options.RETENTION_DAYS
