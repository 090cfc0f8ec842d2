"""A store in S3: bundles go in by their files, their link of the chain last: what was not finished is not there.

`chain/NUMBER` holds the name of the bundle of that number. It is written only if it isn't there ("How to prevent object
overwrites with conditional writes" in the S3 user guide): a number is given once. Files of a bundle that came too late,
or whose upload broke off, lie about under `bundles/` and count for nothing.

With Object Lock on the bucket, its default retention holds what is stored; without it, a warning says so. Credentials,
region and endpoint are those of boto3 (`AWS_ENDPOINT_URL` for an emulator).
"""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import dropwhile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from evidence.console import EvidenceError, progress, say
from evidence.manifest import ENVELOPE
from evidence.signing import MANIFEST
from evidence.store import BUNDLES, NumberTakenError, scratch

CHAIN = "chain"
_AT_ONCE = 8
_ROWS = "results/"
_THERE, _UNDER_WAY = "PreconditionFailed", "ConditionalRequestConflict"
"""How S3 refuses a conditional write: the object is there, or another request is just writing it."""


class S3Store:
    """A bucket, or what in it lies under a prefix."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if not parts.netloc or parts.query or parts.fragment:
            raise EvidenceError(f"{url}: write s3://BUCKET or s3://BUCKET/PREFIX")
        self.url = url.rstrip("/")
        self._bucket = parts.netloc
        prefix = parts.path.strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._s3: Any = boto3.client("s3")

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        """Give a folder on this machine."""
        with scratch() as folder:
            yield folder

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Hold nothing: S3 has no locks."""
        yield

    def names(self) -> list[str]:
        """Return the names of the bundles in the chain; that of a link whose bundle is gone is among them.

        But not at the beginning: of what expires, each object goes by itself, and the link may be the last.
        """
        links, signed = f"{self._prefix}{CHAIN}/", self._signed()
        keys = [(key, signed[key.removeprefix(links)]) for key in self._keys(links)]
        left = list(dropwhile(lambda link: not link[1], keys)) or keys
        return sorted(self._linked(key, candidates) for key, candidates in left)

    def _signed(self) -> defaultdict[str, list[str]]:
        """Return the names of what has a signature, by number."""
        under = f"{self._prefix}{BUNDLES}/"
        signed = defaultdict(list)
        for name, *rest in (key.removeprefix(under).split("/") for key in self._keys(under)):
            if rest == [ENVELOPE]:
                signed[number_of(name)].append(name)
        return signed

    def _linked(self, link: str, candidates: list[str]) -> str:
        """Return the name of a link's bundle; the link is read only where there is a choice, as there may be many."""
        name = candidates[0] if len(candidates) == 1 else self._read(link).decode(errors="replace")
        if not re.fullmatch(r"\d{6,}-\d{8}T\d{6}Z-[0-9a-f]{8}", name) or number_of(name) != link.rpartition("/")[2]:
            raise EvidenceError(f"s3://{self._bucket}/{link} is no link of a chain")
        return name

    def manifest(self, name: str) -> bytes:
        """Return a bundle's manifest as it is."""
        return self._read(f"{self._prefix}{BUNDLES}/{name}/{MANIFEST}")

    def publish(self, folder: Path, name: str) -> str:
        """Upload a bundle, link it into the chain, then copy its rows to where Athena reads them."""
        self._warn_unlocked()
        target = f"{self._prefix}{BUNDLES}/{name}/"
        paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        files = [(path, f"{target}{path}") for path in paths]
        rows = [
            (path, f"{self._prefix}{path.removesuffix('.parquet')}-{name}.parquet")
            for path in paths
            if path.startswith(_ROWS)
        ]
        with progress() as bar, ThreadPoolExecutor(_AT_ONCE) as pool:
            task = bar.add_task("uploading", total=len(files) + len(rows))
            upload = lambda one: self._upload(folder / one[0], one[1])  # noqa: E731
            for _ in pool.map(upload, files):
                bar.advance(task)
            self._link(name)
            for _ in pool.map(upload, rows):
                bar.advance(task)
        return f"{self.url}/{BUNDLES}/{name}"

    def _link(self, name: str) -> None:
        """Write the bundle's link of the chain, unless there is one already.

        An attempt whose answer was lost is tried again by boto3, and finds its own link.
        """
        link, said = f"{self._prefix}{CHAIN}/{number_of(name)}", name.encode()
        with self._errors(f"s3://{self._bucket}/{link}"):
            try:
                self._s3.put_object(
                    Bucket=self._bucket, Key=link, Body=said, IfNoneMatch="*", ChecksumAlgorithm="SHA256"
                )
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code not in {_THERE, _UNDER_WAY}:
                    raise
                if code == _UNDER_WAY or self._read(link) != said:
                    raise NumberTakenError(f"{self.url}: another bundle was stored meanwhile: try again") from None

    @contextlib.contextmanager
    def fetched(self, name: str, part: str = "") -> Iterator[Path]:
        """Download a bundle, or what of it lies under a part."""
        source = f"{self._prefix}{BUNDLES}/{name}/"
        with scratch() as folder:
            target = folder / name
            keys = list(self._keys(source + part))
            if not keys and not part:
                raise EvidenceError(f"{self.url} holds no bundle {name}")
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(lambda key: self._download(key, target / key.removeprefix(source)), keys))
            yield target / part

    def _keys(self, under: str) -> Iterator[str]:
        with self._errors(self.url):
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=under):
                for entry in page.get("Contents", ()):
                    yield entry["Key"]

    def _read(self, key: str) -> bytes:
        with self._errors(f"s3://{self._bucket}/{key}"):
            return bytes(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read())

    def _upload(self, path: Path, key: str) -> None:
        with self._errors(f"s3://{self._bucket}/{key}"), path.open("rb") as file:
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=file, ChecksumAlgorithm="SHA256")

    def _download(self, key: str, path: Path) -> None:
        if ".." in path.parts:
            raise EvidenceError(f"s3://{self._bucket}/{key} is not a file of a bundle")
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._errors(f"s3://{self._bucket}/{key}"):
            self._s3.download_file(self._bucket, key, str(path))

    def _warn_unlocked(self) -> None:
        try:
            self._s3.get_object_lock_configuration(Bucket=self._bucket)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ObjectLockConfigurationNotFoundError":
                say(f"warning: {self._bucket} has no Object Lock: what is stored there can be overwritten or deleted")
            else:
                say(f"warning: whether {self._bucket} has Object Lock can't be told: {code}")
        except BotoCoreError as error:
            raise EvidenceError(f"{self.url}: {error}") from None

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise EvidenceError(f"{what}: {error}") from None
        except BotoCoreError as error:
            raise EvidenceError(f"{what}: {error}") from None


def number_of(name: str) -> str:
    """Return the number at the beginning of a bundle's name, as it is spelt there."""
    return name.partition("-")[0]
