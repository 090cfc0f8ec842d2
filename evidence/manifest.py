"""The manifest of a bundle: every file with its size and SHA-256, and the hash and time of what was before it."""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from evidence.canonical import decode, encode, parse_time, spell
from evidence.console import EvidenceError
from evidence.signing import MANIFEST

ENVELOPE = "manifest.dsse.json"
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What a bundle consists of. Bundles of a store are numbered from 1; `previous` is a SHA-256, "" for the first."""

    number: int
    time: datetime.datetime
    complete: bool
    previous: str
    files: Mapping[str, tuple[int, str]]
    """Size in bytes and SHA-256 by path."""
    previous_time: datetime.datetime | None = None
    """The newest time of all bundles before; None for the first, or if it isn't known."""

    @property
    def reached(self) -> datetime.datetime:
        """The newest time of this bundle and all before: one that is given an old time is no older than the rest."""
        return max(self.time, self.previous_time or self.time)

    @property
    def name(self) -> str:
        """The name of the bundle's folder: its number, time, and the beginning of its manifest's hash."""
        return f"{self.number:06d}-{self.time:%Y%m%dT%H%M%SZ}-{self.digest[:8]}"

    @property
    def head(self) -> str:
        """What to note down of a chain that ends here, as `NUMBER:SHA256`: it stands for every bundle so far."""
        return f"{self.number}:{self.digest}"

    @property
    def digest(self) -> str:
        """The SHA-256 of the manifest."""
        return hashlib.sha256(self.encode()).hexdigest()

    def encode(self) -> bytes:
        """Return the manifest as canonical JSON."""
        return encode(
            {
                "format": FORMAT,
                "number": self.number,
                "time": spell(self.time),
                "complete": self.complete,
                "previous": self.previous,
                **({"previous_time": spell(self.previous_time)} if self.previous_time else {}),
                "files": [
                    {"path": path, "size": size, "sha256": digest}
                    for path, (size, digest) in sorted(self.files.items())
                ],
            }
        )


def decode_manifest(data: bytes) -> Manifest:
    """Return the manifest that JSON says. Raises EvidenceError if it isn't one of this version."""
    record: Any = decode(data, MANIFEST)
    try:
        manifest = Manifest(
            number=record["number"],
            time=parse_time(record["time"]),
            complete=record["complete"],
            previous=record["previous"],
            files={entry["path"]: (entry["size"], entry["sha256"]) for entry in record["files"]},
            previous_time=parse_time(record["previous_time"]) if "previous_time" in record else None,
        )
        readable = manifest.encode() == data and all(map(_inside, manifest.files))
    except (LookupError, TypeError, ValueError, AttributeError):
        readable = False
    if not readable:
        raise EvidenceError(f"{MANIFEST} is not in format {FORMAT}, which this version reads")
    return manifest


def _inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and ".." not in parts and not path.startswith("/") and path not in {MANIFEST, ENVELOPE}


def list_files(folder: Path) -> Iterator[tuple[str, bool]]:
    """Yield everything in a folder but the manifest and its signature: the path, and whether it is a plain file.

    A folder counts as a file that isn't plain if it is empty, as nothing in a manifest explains it.
    """
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in [*files, *links]:
            path = Path(place, name)
            relative = path.relative_to(folder).as_posix()
            if relative not in {MANIFEST, ENVELOPE}:
                yield relative, path.is_file() and not path.is_symlink()
        if not folders and not files and Path(place) != folder:
            yield Path(place).relative_to(folder).as_posix(), False


def measure(path: Path) -> tuple[int, str]:
    """Return the size and the SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest
