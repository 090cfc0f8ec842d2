"""What this plugin has created for its engine, so that it isn't lost when the engine is killed before it hears of it.

A line {"urn", "id", "incarnation"} for each creation, in a file of the plugin's own under `created/` in the sandbox's
home. The file goes when the engine ends the plugin: it was told of everything. `sandbox.interrupted` reads what stays.
"""

from __future__ import annotations

import json
import os

from sandbox import home
from sandbox.files import PRIVATE_FILE, private_dir


class Journal:
    """The file, made with the first creation."""

    def __init__(self) -> None:
        self._file = home.current().created / f"{os.getpid()}.jsonl"

    def add(self, urn: str, id_: str, region: str | None, incarnation: str) -> None:
        """Note a creation, in one write, under the id by which it can be imported."""
        private_dir(self._file.parent)
        line = json.dumps({"urn": urn, "id": f"{id_}@{region}" if region else id_, "incarnation": incarnation})
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)

    def forget(self) -> None:
        """The engine knows all of it."""
        self._file.unlink(missing_ok=True)
