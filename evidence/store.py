"""Where bundles are kept, a local folder or S3: a finished bundle goes in whole or not at all, and comes out as it was.

A store holds `bundles/NAME/`, by name in the order in which they were made. In S3 the rows of results lie also under
`results/stack=STACK/day=DAY/`, where Athena's table finds them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from evidence.console import EvidenceError, say
from evidence.manifest import Manifest, decode_manifest
from evidence.signing import MANIFEST

BUNDLES = "bundles"
_INCOMING = ".incoming-"


class NumberTakenError(EvidenceError):
    """Somebody else stored a bundle meanwhile, under the number that this one was to have."""


class Store(Protocol):
    """Keeps bundles."""

    url: str

    def workspace(self) -> contextlib.AbstractContextManager[Path]:
        """Give a new folder to make a bundle in, gone afterwards unless it was published."""

    def changing(self) -> contextlib.AbstractContextManager[None]:
        """Keep others from publishing meanwhile, as far as the store can."""

    def names(self) -> list[str]:
        """Return the names of the bundles, oldest first."""

    def manifest(self, name: str) -> bytes:
        """Return a bundle's manifest as it is."""

    def publish(self, folder: Path, name: str) -> str:
        """Make a finished bundle visible, and return where.

        Raises:
            NumberTakenError: there is one of that number by now.
            EvidenceError: there is one by that name, or the store can't be written.
        """

    def fetched(self, name: str, part: str = "") -> contextlib.AbstractContextManager[Path]:
        """Give a bundle's folder, or where in it a part lies, on this machine; a part may be missing."""


def open_store(url: str) -> Store:
    """Return the store at a path or at `s3://BUCKET/PREFIX`."""
    if url.startswith("s3://"):
        from evidence.s3 import S3Store

        return S3Store(url)
    if "://" in url:
        raise EvidenceError(f"{url}: a store is a folder or s3://BUCKET/PREFIX")
    return LocalStore(Path(url))


def latest(store: Store) -> tuple[str, bytes, Manifest] | None:
    """Return the newest bundle's name and manifest, or None in a new store."""
    names = store.names()
    if not names:
        return None
    data = store.manifest(names[-1])
    return names[-1], data, decode_manifest(data)


class LocalStore:
    """A folder. A bundle is made beside the others and renamed into place."""

    def __init__(self, folder: Path) -> None:
        self.url = str(folder)
        self._folder = folder
        self._bundles = folder / BUNDLES

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        """Give a folder on the same file system; also clear away what killed processes of this machine left."""
        own = f"{_INCOMING}{socket.gethostname()}-"
        self._bundles.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob(f"{own}*"):
            maker = re.fullmatch(
                r"(\d+)-[0-9a-f]{8}", left.name.removeprefix(own)
            )  # else of a host whose name is longer
            if maker and not _runs(int(maker[1])):
                shutil.rmtree(left, ignore_errors=True)
        folder = self._folder / f"{own}{os.getpid()}-{secrets.token_hex(4)}"
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the store's lock; the system frees it however the process ends."""
        with (self._folder / ".lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("waiting for another bundle to be stored")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def names(self) -> list[str]:
        """Return every folder: one without a manifest is a broken bundle, not none."""
        if not self._bundles.is_dir():
            return []
        return sorted(path.name for path in self._bundles.iterdir())

    def manifest(self, name: str) -> bytes:
        """Return a bundle's manifest as it is."""
        try:
            return (self._bundles / name / MANIFEST).read_bytes()
        except OSError as error:
            raise EvidenceError(f"bundle {name}: {error.strerror}: {MANIFEST}") from None

    def publish(self, folder: Path, name: str) -> str:
        """Rename a folder into place, once everything in it is on the disk."""
        target = self._bundles / name
        if target.exists():
            raise EvidenceError(f"{target} is there already")
        for path in [*folder.rglob("*"), folder]:
            _flush(path)
        folder.rename(target)
        _flush(self._bundles)
        return str(target)

    @contextlib.contextmanager
    def fetched(self, name: str, part: str = "") -> Iterator[Path]:
        """Give the bundle's own folder."""
        folder = self._bundles / name
        if not folder.is_dir():
            raise EvidenceError(f"{self.url} holds no bundle {name}")
        yield folder / part


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="hedgerow-evidence-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def open_bundle(where: str) -> Iterator[Path]:
    """Give the folder of a bundle, or of the newest of a store."""
    store, names = locate(where)
    if store is None:
        yield Path(where)
        return
    with store.fetched(names[-1]) as folder:
        yield folder


def incomplete(where: str) -> list[str]:
    """Return the names of the bundles whose manifest says that a run is incomplete."""
    store, names = locate(where)
    manifests = {name: store.manifest(name) if store else Path(where, MANIFEST).read_bytes() for name in names}
    return [name for name, data in manifests.items() if not decode_manifest(data).complete]


def locate(where: str) -> tuple[Store | None, list[str]]:
    """Return the store and the names of the bundles that a path or URL means; no store for a bundle by itself.

    Raises:
        EvidenceError: there is nothing.
    """
    parent, _, name = where.rstrip("/").rpartition("/")
    if where.startswith("s3://") and parent.endswith(f"/{BUNDLES}"):
        return open_store(parent.removesuffix(f"/{BUNDLES}")), [name]
    if not where.startswith("s3://"):
        folder = Path(where)
        if not folder.is_dir():
            raise EvidenceError(f"there is no folder {where}")
        if not (folder / BUNDLES).is_dir():
            return None, [folder.resolve().name]
    store = open_store(where)
    if names := store.names():
        return store, names
    raise EvidenceError(f"{where} holds no bundle yet")
