"""`python -m architecture FOLDER`: write `environment.md` and `environment.svg`.

The program runs as in its unit tests, against fakes that answer as AWS would: what the page shows needs neither an
engine nor an account, and is the same every time.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from architecture.graph import cards
from architecture.page import page
from architecture.picture import picture
from tests.infrastructure.conftest import built

STACK = "us-west-prod"


def pages() -> dict[str, str]:
    """The text of each file by its name."""
    registered = built(STACK)
    found = cards(registered)
    count = sum(len(card.resources) for card in found)
    return {
        "environment.md": page(registered, found, STACK),
        "environment.svg": picture(found, f"The environment of stack {STACK}: {count} resources"),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m architecture", description="Write environment.md and environment.svg."
    )
    parser.add_argument("folder", type=Path, help="where they are written: docs in this repository")
    folder = parser.parse_args().folder
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
