"""The options of the commands: texts and paths go in; files, times and pictures come out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evidence.console import EvidenceError

MEMORY = 512
"""Megabytes."""
RETENTION_DAYS = 2555
"""Handbook, Backup: audit trails are kept 7 years. The environment locks bundles for as long, and then lets them go."""
REGIONS = "us-west-2,us-west-1"
STORE, KEY, POLICY = ".evidence/store", ".evidence/signing-key.pem", "stacks/policy.{stack}.json"
ARCHITECTURE = Path("docs/environment.svg")
PUBLIC_KEY = Path(".evidence/signing-key.pub.pem")
REPORT = Path(".evidence/report")


class By(StrEnum):
    """What verdicts are counted by."""

    STACK = "stack"
    RULE = "rule"
    CONTROL = "control"
    PROMISE = "promise"


class Form(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


StoreOption = Annotated[
    str, typer.Option(envvar="HEDGEROW_EVIDENCE_STORE", help="where bundles are: a folder, or s3://BUCKET/PREFIX")
]
KeyOption = Annotated[
    str,
    typer.Option(
        envvar="HEDGEROW_EVIDENCE_KEY", help="what signs: a PEM file, or awskms:///ID (an id, alias/NAME, an ARN)"
    ),
]
PolicyOption = Annotated[
    str, typer.Option(help="the policy configuration that was used; {stack} stands for the stack's name")
]
ProgramOption = Annotated[str, typer.Option(help="the folder of Pulumi.yaml, relative to the repository's root")]
CommitOption = Annotated[str | None, typer.Option(help="the commit that was judged (default: that of this folder)")]
PictureOption = Annotated[
    Path, typer.Option(help="an SVG picture of the architecture for the report; the default may be missing")
]
MemoryOption = Annotated[
    int,
    typer.Option(min=125, metavar="MB", help="megabytes that the query may take; what is more is spilt under TMPDIR"),
]
OutputOption = Annotated[Form, typer.Option(help="how rows are printed")]


def picture_of(path: Path) -> str:
    """Return the picture in a file; an empty text, where the default is missing. Raises EvidenceError if it is none."""
    if path == ARCHITECTURE and not path.exists():
        return ""
    picture = path.read_bytes().decode(errors="replace")
    if "<svg" not in picture:
        raise EvidenceError(f"{path} is not an SVG picture")
    return picture


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Return the files, and those of the folders. Raises EvidenceError if a folder has none."""
    found = []
    for path in paths:
        files = sorted(one for one in path.iterdir() if not one.is_dir()) if path.is_dir() else [path]
        if not files:
            raise EvidenceError(f"{path} holds no file")
        found += files
    return found


def time_of(text: str | None) -> datetime | None:
    """Return the time that is given in seconds since 1970, or spelled. Raises typer.BadParameter if it is neither."""
    from evidence.canonical import parse_time

    if text is None:
        return None
    try:
        return datetime.fromtimestamp(int(text), tz=UTC) if text.isdecimal() else parse_time(text)
    except (ValueError, OverflowError, OSError):
        raise typer.BadParameter(f"{text!r} is neither seconds since 1970 nor YYYY-MM-DDTHH:MM:SSZ") from None
