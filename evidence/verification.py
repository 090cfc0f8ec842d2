"""Checks bundles with nothing but a public key: whatever was changed, is missing, was added or breaks the chain.

What expired is told from what was removed by what is signed: each manifest has the newest time of those before it. So a
chain may begin late, or a bundle lack files, only where everything up to there is old enough.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec

from evidence.console import EvidenceError
from evidence.manifest import ENVELOPE, Manifest, decode_manifest, list_files, measure
from evidence.signing import MANIFEST, check_attestation
from evidence.store import BUNDLES, locate

Lines: TypeAlias = list[str]
ALWAYS = datetime.min.replace(tzinfo=UTC)


class Verified(NamedTuple):
    """What verifying a bundle tells."""

    name: str
    wrong: Lines
    notes: Lines
    """What else to know."""
    head: str = ""
    """`Manifest.head`; empty if the signature doesn't fit."""
    follows: str = ""
    """The head of the chain before this bundle."""


def verify_all(where: str, key: ec.EllipticCurvePublicKey, kept_since: datetime = ALWAYS) -> Iterator[Verified]:
    """Verify each bundle of a store, oldest first, and the chain; or a single bundle.

    Args:
        where: a store, or a bundle.
        key: who must have signed it.
        kept_since: what is older may have expired; nothing by default.
    """
    store, names = locate(where)
    alone = store is None or where.rstrip("/").endswith(f"{BUNDLES}/{names[0]}")
    before: Manifest | None = None
    for place, name in enumerate(names):
        with store.fetched(name) if store else contextlib.nullcontext(Path(where)) as folder:
            manifest, wrong, notes = verify_bundle(folder, key, kept_since)
        if manifest and alone:
            notes += [f"follows the manifest {manifest.previous}"] if manifest.previous else []
        elif manifest:
            wrong += [] if name == manifest.name else [f"it is the bundle {manifest.name}: it was renamed"]
            out_of_place, expired = (_follows(manifest, before), []) if place else _begins(manifest, kept_since)
            wrong += out_of_place
            notes += expired
        before = manifest
        heads = (manifest.head, f"{manifest.number - 1}:{manifest.previous}") if manifest else ()
        yield Verified(name, wrong, notes, *heads)


def verify_bundle(
    folder: Path, key: ec.EllipticCurvePublicKey, kept_since: datetime = ALWAYS
) -> tuple[Manifest | None, Lines, Lines]:
    """Return a bundle's manifest, if its signature fits, what is wrong with the bundle, and what else to know."""
    try:
        data = _read(folder / MANIFEST)
        check_attestation(_read(folder / ENVELOPE), data, key)
        manifest = decode_manifest(data)
    except EvidenceError as error:
        return None, [str(error)], []
    found = dict(list_files(folder))
    missing = manifest.files.keys() - found.keys()
    expired = manifest.reached < kept_since
    wrong = [] if expired else [f"{path} is missing" for path in missing]
    wrong += [f"{path} was added" for path in found.keys() - manifest.files.keys()]
    for path, (size, digest) in manifest.files.items():
        if path in missing:
            continue
        if not found[path]:
            wrong.append(f"{path} is not a plain file")
            continue
        actual = measure(folder / path)
        if actual[0] != size:
            wrong.append(f"{path} has {actual[0]} bytes instead of {size}")
        elif actual[1] != digest:
            wrong.append(f"{path} was changed")
    notes = [] if manifest.complete else ["INCOMPLETE, as its runs say"]
    notes += [f"{len(missing)} of its {len(manifest.files)} files have expired"] if missing and expired else []
    return manifest, sorted(wrong), notes


def head_problem(noted: str, bundles: Sequence[Verified]) -> str:
    """Return what is wrong, if a head that was noted down isn't in the chain of a store now; else an empty text."""
    number, digest = noted.split(":")
    chain = dict(head.split(":") for head in (bundles[0].follows, *(bundle.head for bundle in bundles)) if head)
    if int(number) < min(map(int, chain), default=0):
        return (
            f"bundle {number}, which was noted down, is from before what is left: nothing shows that this is its chain"
        )
    if number not in chain:
        return f"bundle {number}, which was noted down, is not there: it was taken away, or this is another store"
    if chain[number] != digest:
        return f"bundle {number} is not the one that was noted down: the SHA-256 of its manifest is {chain[number]}"
    return ""


def _begins(manifest: Manifest, kept_since: datetime) -> tuple[Lines, Lines]:
    """Return what is wrong with the oldest bundle's being that, and what else to know."""
    last, newest = manifest.number - 1, manifest.previous_time
    if not last:
        return (["it follows another, though it is number 1: the chain is broken"] if manifest.previous else []), []
    before = "bundle 1" if last == 1 else f"bundles 1 to {last}"
    if newest is None:
        return [f"missing: {before}, and nothing tells how old they were"], []
    told = f"{before}, the newest of {newest:%Y-%m-%d}"
    if newest >= kept_since:
        return [f"missing: {told}, though what is newer than {kept_since:%Y-%m-%d} is kept"], []
    return [], [f"expired: {told}"]


def _follows(manifest: Manifest, before: Manifest | None) -> Lines:
    """Return what is wrong, if a bundle isn't the next of the one before (None: its signature doesn't fit)."""
    if before and manifest.number != before.number + 1:
        should = f"where number {before.number + 1} should be"
        return [f"it is number {manifest.number}, {should}: a bundle is missing or was added"]
    if before is None or manifest.previous != before.digest:
        return ["it does not follow the bundle before it: the chain is broken"]
    if manifest.previous_time not in {None, before.reached}:
        return [f"it tells a wrong age of the bundles before it, the newest of {before.reached:%Y-%m-%d}"]
    return []


def _read(path: Path) -> bytes:
    try:
        if path.is_symlink():
            raise EvidenceError(f"{path.name} is not a plain file")
        return path.read_bytes()
    except FileNotFoundError:
        raise EvidenceError(f"{path.name} is missing") from None
    except OSError as error:
        raise EvidenceError(f"{path}: {error.strerror}") from None
