"""Checks bundles with nothing but a public key: whatever was changed, is missing, was added or breaks the chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from evidence.console import EvidenceError
from evidence.manifest import ENVELOPE, Manifest, decode_manifest, list_files, measure
from evidence.signing import MANIFEST, check_attestation
from evidence.store import BUNDLES, locate


def verify_bundle(folder: Path, key: ec.EllipticCurvePublicKey) -> tuple[Manifest | None, list[str]]:
    """Return a bundle's manifest, if its signature fits, and what is wrong with the bundle, a line each."""
    try:
        data = _read(folder / MANIFEST)
        check_attestation(_read(folder / ENVELOPE), data, key)
        manifest = decode_manifest(data)
    except EvidenceError as error:
        return None, [str(error)]
    found = dict(list_files(folder))
    wrong = [f"{path} is missing" for path in manifest.files.keys() - found.keys()]
    wrong += [f"{path} was added" for path in found.keys() - manifest.files.keys()]
    for path, (size, digest) in manifest.files.items():
        if path not in found:
            continue
        if not found[path]:
            wrong.append(f"{path} is not a plain file")
            continue
        actual = measure(folder / path)
        if actual[0] != size:
            wrong.append(f"{path} has {actual[0]} bytes instead of {size}")
        elif actual[1] != digest:
            wrong.append(f"{path} was changed")
    return manifest, sorted(wrong)


class Verified(NamedTuple):
    """What verifying a bundle tells."""

    name: str
    wrong: list[str]
    note: str
    """What else to know."""
    head: str
    """`Manifest.head`; empty if the signature doesn't fit."""


def verify_all(where: str, key: ec.EllipticCurvePublicKey) -> Iterator[Verified]:
    """Verify each bundle of a store, oldest first, and the chain; or a single bundle."""
    store, names = locate(where)
    if store is None:
        yield _verified(names[0], *verify_bundle(Path(where), key), alone=True)
        return
    before = ""
    alone = where.rstrip("/").endswith(f"{BUNDLES}/{names[0]}")
    for place, name in enumerate(names, start=1):
        with store.fetched(name) as folder:
            manifest, wrong = verify_bundle(folder, key)
        if manifest and not alone:
            wrong += _out_of_chain(name, manifest, place, before)
        before = manifest.digest if manifest else ""
        yield _verified(name, manifest, wrong, alone=alone)


def head_problem(noted: str, heads: Iterable[str]) -> str:
    """Return what is wrong, if a head that was noted down isn't among those of a store now; else an empty text."""
    kept = dict(head.split(":") for head in heads if head)
    number, digest = noted.split(":")
    if number not in kept:
        return f"bundle {number}, which was noted down, is not there: it was taken away, or this is another store"
    if kept[number] != digest:
        return f"bundle {number} is not the one that was noted down: the SHA-256 of its manifest is {kept[number]}"
    return ""


def _out_of_chain(name: str, manifest: Manifest, place: int, before: str) -> list[str]:
    wrong = []
    if name != manifest.name:
        wrong.append(f"it is the bundle {manifest.name}: it was renamed")
    if manifest.number != place:
        wrong.append(
            f"it is number {manifest.number}, where number {place} should be: a bundle is missing or was added"
        )
    if manifest.previous != before:
        wrong.append("it does not follow the bundle before it: the chain is broken")
    return wrong


def _verified(name: str, manifest: Manifest | None, wrong: list[str], *, alone: bool) -> Verified:
    if manifest is None:
        return Verified(name, wrong, "", "")
    incomplete = "" if manifest.complete else "; INCOMPLETE, as its runs say"
    follows = f"; follows the manifest {manifest.previous}" if alone and manifest.previous else ""
    return Verified(name, wrong, f"{incomplete}{follows}", manifest.head)


def _read(path: Path) -> bytes:
    try:
        if path.is_symlink():
            raise EvidenceError(f"{path.name} is not a plain file")
        return path.read_bytes()
    except FileNotFoundError:
        raise EvidenceError(f"{path.name} is missing") from None
    except OSError as error:
        raise EvidenceError(f"{path}: {error.strerror}") from None
