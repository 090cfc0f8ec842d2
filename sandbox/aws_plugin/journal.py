"""What this plugin has created for its engine, so that it isn't lost when the engine is killed before it hears of it.

A line {"urn"} before each creation and {"urn", "id", "incarnation", "identity"} after it, in a file of the plugin's own
under `created/` in the sandbox's home. The file goes when the engine ends the plugin: it was told of everything.
`sandbox.interrupted` reads what stays.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox import home
from sandbox.files import PRIVATE_FILE, private_dir


class Journal:
    """The file, made with the first creation."""

    def __init__(self) -> None:
        self._file = home.current().created / f"{os.getpid()}.jsonl"

    def begin(self, urn: str) -> None:
        """Note that a creation is under way: until this process has ended, nobody knows how it went."""
        self._write({"urn": urn})

    def add(self, urn: str, id_: str, region: str | None, incarnation: str, identity: dict[str, str]) -> None:
        """Note a creation under the id by which it can be imported, and the inputs that tell it from others."""
        whole = f"{id_}@{region}" if region else id_
        self._write({"urn": urn, "id": whole, "incarnation": incarnation, "identity": identity})

    def unheard(self, urn: str, incarnation: str) -> dict[str, Any] | None:
        """What another plugin noted of a resource that its engine didn't live to hear of; None if there is none.

        Journals whose entries the state has are taken away before an engine starts (`sandbox.interrupted`).
        """
        for file in self._file.parent.glob("*.jsonl"):
            for entry in entries(file) if file != self._file else ():
                if entry["urn"] == urn and entry.get("incarnation") == incarnation:
                    return entry
        return None

    def identity(self, urn: str, id_: str) -> dict[str, str]:
        """The inputs by which some plugin's creation can be found, as its id alone may not say; none if not noted."""
        for file in self._file.parent.glob("*.jsonl"):
            for entry in entries(file):
                if (entry["urn"], entry.get("id")) == (urn, id_):
                    return dict(entry.get("identity", {}))
        return {}

    def _write(self, entry: dict[str, Any]) -> None:
        """Add a line, in one write."""
        private_dir(self._file.parent)
        line = json.dumps(entry)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)

    def forget(self) -> None:
        """The engine knows all of it."""
        self._file.unlink(missing_ok=True)


def entries(file: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal, as far as they were written whole."""
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:  # its plugin ended in this moment, and its engine knows everything
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            continue  # the plugin was killed while it wrote
