"""A summary comes back as it was, and nothing else comes back as a summary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.summary import LARGEST_FILE, SummaryError, encode, load
from tests.pipeline.samples import summary


def test_a_summary_comes_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(encode(summary()))
    assert load(tmp_path / "summary.json") == summary()


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "splendid"},
        {"stack": 7},
        {"stack": None},
        {"findings": {}},
        {"findings": ["all fine"]},
        {"changes": [{"operation": "create"}]},
        {"verdicts": {"fail": "none"}},
        {"verdicts": {"fail": True}},
        {"problems": "none"},
        {"more": 1},
    ],
)
def test_what_is_not_exactly_a_summary_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    (tmp_path / "summary.json").write_text(json.dumps(json.loads(encode(summary())) | changes))
    with pytest.raises(SummaryError, match="is no summary"):
        load(tmp_path / "summary.json")


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"stack": "prod"}'])
def test_a_malformed_file_is_refused_in_a_line(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "summary.json").write_bytes(data)
    with pytest.raises(SummaryError) as caught:
        load(tmp_path / "summary.json")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(encode(summary()) + " " * LARGEST_FILE)
    with pytest.raises(SummaryError, match="longer than 8 MiB"):
        load(tmp_path / "summary.json")


def test_a_link_to_another_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(encode(summary()))
    (tmp_path / "summary.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SummaryError, match="is a link"):
        load(tmp_path / "summary.json")
