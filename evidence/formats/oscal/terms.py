"""What the OSCAL documents share: identifiers that stay the same from run to run, metadata, and tokens."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Any

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "hedgerow:evidence:oscal")
_NO_TOKEN = re.compile(r"[^A-Za-z0-9._-]")


def identifier(*of: str) -> str:
    """Return the UUID (version 5) of what these words name."""
    return str(uuid.uuid5(_NAMESPACE, "\n".join(of)))


CATALOG = identifier("catalog")
PACK = identifier("component", "policy pack")


def token(control: str) -> str:
    """Return a control's id as OSCAL may write it: `SH:S3.17` is `SH-S3.17`."""
    return _NO_TOKEN.sub("-", control)


def objective(control: str) -> str:
    """Return the id of the statement that a finding about a control is on."""
    return f"{token(control)}_obj"


def metadata(title: str, modified: datetime.datetime) -> dict[str, Any]:
    """Return the head that every document has."""
    return {
        "title": title,
        "last-modified": modified.isoformat(),
        "version": modified.strftime("%Y%m%dT%H%M%SZ"),
        "oscal-version": "1.2.1",
    }


def prop(name: str, value: str) -> dict[str, str]:
    """Return a property; OSCAL knows no empty value, nor one with blanks at its ends."""
    return {"name": name, "ns": "https://hedgerow.example/ns/oscal", "value": " ".join(value.split()) or "none"}


def line(text: str) -> str:
    """Return text on one line, as titles are."""
    return " ".join(text.split()) or "none"
