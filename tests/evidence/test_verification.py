"""Nothing of a bundle changes unnoticed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.signing import generate_key, load_public_key
from evidence.verification import verify_bundle
from tests.evidence.stores import Collect, bundles, contents, wrong


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
