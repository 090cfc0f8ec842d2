"""Draws the pages: what is to be said in, one self-contained HTML file out.

Style and script are in the file, and its content security policy allows nothing else: no network, and no markup from
outside that could act.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evidence.report import charts
from evidence.report.criteria import CRITERIA
from evidence.report.standing import FRAMEWORKS, MEANINGS, SEVERITIES, Standing
from evidence.report.summary import GRAVEST_FIRST
from evidence.results import Verdict
from policy_pack.documentation import title

FOLDER = Path(__file__).parent
STYLE = (FOLDER / "report.css").read_text(encoding="utf-8")
SCRIPT = (FOLDER / "report.js").read_text(encoding="utf-8")


def draw(template: str, path: Path, context: Mapping[str, Any]) -> None:
    """Write a page, piece by piece: a large one is never whole in memory."""
    stream = _environment().get_template(template).stream(**context)
    stream.enable_buffering(64)
    # JSON may hold half a character, which no encoding has.
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.writelines(stream)


def picture(svg: str) -> str:
    """Return an SVG picture as the address of an image: inside of one, no script of it runs and nothing is fetched."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode(errors="backslashreplace")).decode()


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": _day,
        "moment": _moment,
        "slug": _slug,
        "title": title,
        "plural": _plural,
        "breakable": _breakable,
    }
    environment.globals |= {
        "STYLE": Markup(STYLE),  # noqa: S704 - a file of ours
        "SCRIPT": Markup(SCRIPT),  # noqa: S704 - a file of ours
        "POLICY": (
            f"default-src 'none'; img-src data:; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'; "
            "base-uri 'none'; form-action 'none'"
        ),
        "CRITERIA": CRITERIA,
        "FRAMEWORKS": FRAMEWORKS,
        "MEANINGS": MEANINGS,
        "SEVERITIES": SEVERITIES,
        "Standing": Standing,
        "VERDICTS": GRAVEST_FIRST,
        "Verdict": Verdict,
        "bar": charts.bar,
    }
    return environment


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _slug(text: str) -> str:
    return text.replace(" ", "-")


def _breakable(name: str) -> Markup:
    """Let a line of a narrow column end after an underscore."""
    return Markup("_<wbr>").join(name.split("_"))


def _day(value: datetime.date | None) -> str:
    return f"{value.day} {value:%B} {value.year}" if value else "no day"


def _moment(value: datetime.datetime) -> str:
    return f"{_day(value)}, {value:%H:%M:%S} UTC"


def _plural(count: int, noun: str, nouns: str = "") -> str:
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"
