"""What this plugin has created for its engine, so that it isn't lost when the engine is killed before it hears of it.

A line {"urn"} before each creation and {"urn", "id", "incarnation", "identity"} after it, in a file of the plugin's own
under `created/` in the sandbox's home; without "id" where AWS failed in such a way that nobody knows whether it created
something. The file goes when the engine ends the plugin: it was told of everything but of what is in doubt.
`sandbox.interrupted` reads what stays.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sandbox import home
from sandbox.files import PRIVATE_FILE, private_dir, write


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

    def doubt(self, urn: str, incarnation: str, identity: dict[str, str]) -> None:
        """Note a creation that may have happened, by the inputs that tell it from others."""
        self._write({"urn": urn, "incarnation": incarnation, "identity": identity})

    def unheard(self, urn: str, incarnation: str) -> dict[str, Any] | None:
        """What another plugin noted of a resource that its engine didn't hear of; None if there is none.

        Journals whose entries the state has are taken away before an engine starts (`sandbox.interrupted`).
        """
        return outcomes(self.others(), incarnation).get(urn)

    def others(self) -> list[Path]:
        """The journals of other plugins, which their engines didn't end."""
        return [file for file in self._file.parent.glob("*.jsonl") if file != self._file]

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
        """The engine knows all of it, but for what is in doubt."""
        keep(self._file, [entry for entry in entries(self._file) if "incarnation" in entry and "id" not in entry])


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


def outcomes(files: Iterable[Path], incarnation: str | None) -> dict[str, dict[str, Any]]:
    """How the last creation of each URN in the emulator that runs ended, as journals say: later files, later lines."""
    in_order = sorted(files, key=lambda file: (_last_written(file), file))
    noted = [entry for file in in_order for entry in entries(file)]
    return {entry["urn"]: entry for entry in noted if incarnation and entry.get("incarnation") == incarnation}


def keep(file: Path, left: Iterable[dict[str, Any]]) -> None:
    """Leave these lines of a journal; none takes it away."""
    lines = "".join(f"{json.dumps(entry)}\n" for entry in left)
    if lines:
        write(file, lines)
    else:
        file.unlink(missing_ok=True)


def _last_written(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:  # as above
        return 0
