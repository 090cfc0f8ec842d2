"""What the report must never do: take a text for markup, differ from process to process, let private things out."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.report import RegisterEntry
from evidence.report.page import SCRIPT, STYLE
from evidence.results import AcceptedViolation, Place, Result, Run, Verdict
from tests.evidence import samples
from tests.evidence.reporting import (
    RESULTS,
    pages,
    run,
)

ROOT_FOLDER = Path(__file__).parents[2]


class Tags(HTMLParser):
    """Collects the elements and attribute names of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes.update(name for name, _ in attrs)


def tags(text: str) -> Tags:
    read = Tags()
    read.feed(text)
    return read


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onclick='alert(1)",
    "</style></script><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "]]><!-- ",
    "\u202e\u0000\ufffe",
    "javascript:alert(1)",
    "\ud800 half a character",
]


def filled(text: Callable[[int], str]) -> dict[str, Any]:
    """A run, registers and a picture in which every free text is made by `text`, each by a number of its own."""
    urn = f"urn:pulumi:{text(0)}::{text(1)}::aws:s3/bucket:Bucket::{text(2)}"
    given = [
        dataclasses.replace(one, urn=urn, message=text(3), place=Place(text(4), 7), verdict=verdict)
        for verdict in Verdict
        for one in RESULTS[:3]
    ]
    strange = Result(text(5), urn, Verdict.FAIL, text(6), (text(7),), text(8), text(9))
    days = (datetime.date(2026, 4, 1), datetime.date(2026, 6, 1))
    waiver = AcceptedViolation(text(10), text(11), text(12), text(13), text(14), text(15), *days)
    one = run(
        stack=text(0),
        commit=text(16),
        pack=text(17),
        pack_version=text(18),
        results=(*given, strange),
        resource_types=((urn, "aws:s3/bucket:Bucket"), (text(19), text(20))),
        waivers=(waiver,),
        problems=(text(21),),
    )
    registers = [RegisterEntry(text(22), text(23), text(24), None, datetime.date(2026, 4, 1))]
    return {"runs": [one], "registers": registers, "architecture": f"<svg>{text(25)}</svg>"}


class TestEscaping:
    @pytest.mark.parametrize("hostile", HOSTILE)
    def test_no_text_becomes_markup(self, tmp_path: Path, hostile: str) -> None:
        plain = [tags(text) for text in pages(tmp_path, **filled(lambda n: f"plain {n}"))]
        struck = [tags(text) for text in pages(tmp_path, **filled(lambda n: f"{n}{hostile}"))]
        for before, after in zip(plain, struck, strict=True):
            assert after.elements == before.elements
            assert after.attributes == before.attributes

    def test_style_and_script_cannot_end_early(self) -> None:
        assert "</" not in STYLE + SCRIPT


class TestSameness:
    def test_the_same_input_gives_the_same_bytes_in_any_process(self, tmp_path: Path) -> None:
        program = (
            "import sys; from pathlib import Path; from tests.evidence.reporting import *;"
            "pages(Path(sys.argv[1]), [run(), run(stack='other')],"
            "      registers=REGISTERS, earlier=EARLIER, architecture=PICTURE)"
        )
        found = set()
        for seed in ("1", "2"):
            environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": f"UTC+{seed}"}
            command = [sys.executable, "-c", program, str(tmp_path)]
            subprocess.run(command, cwd=ROOT_FOLDER, env=environment, check=True)
            files = sorted(tmp_path.glob("*.html"))
            found.add(tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in files))
        assert len(found) == 1


class TestAnyRuns:
    @settings(max_examples=15)
    @given(st.lists(samples.runs, max_size=3))
    def test_any_runs_can_be_told_of_and_an_incomplete_one_is_never_clean(self, given_runs: list[Run]) -> None:
        complete = bool(given_runs) and not any(one.problems for one in given_runs)
        with TemporaryDirectory() as folder:
            for text in pages(Path(folder), given_runs):
                assert tags(text).elements["script"] == 1
                assert ("INCOMPLETE.</strong>" in text) is not complete
                if not complete:
                    assert (
                        'data-verdict="pass"'
                        not in text[text.index('id="controls"') : text.index("</section>", text.index('id="controls"'))]
                    )

    @settings(max_examples=15)
    @given(st.text(max_size=20), st.text(max_size=20))
    def test_what_is_private_has_no_bearing_on_the_public_page(self, one: str, other: str) -> None:
        """Two worlds that differ in every name, path, person and text alone look the same from outside."""
        with TemporaryDirectory() as folder:
            seen = [
                pages(Path(folder), **filled(lambda number, text=text, mark=mark: f"{mark}{number}:{text}"))  # type: ignore[misc]
                for mark, text in (("this world's ", one), ("that world's ", other))
            ]
        assert seen[0][1] == seen[1][1]
        assert seen[0][0] != seen[1][0]
        assert "this world" not in seen[0][1]
