"""An AWS that fails for a while: how the next requests are answered is set at an address of its own.

`PUT /_sandbox/faults` with {"kind": "error" | "throttle", "requests": int} has so many AWS requests answered as AWS
does when it fails or is asked too much, and not carried out. Zero ends it. The identity is always answered.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

PATH = "/_sandbox/faults"
LARGEST_BODY = 1024
KINDS = {
    "error": ("500 Internal Server Error", "InternalFailure", "the emulator was told to fail"),
    "throttle": ("429 Too Many Requests", "ThrottlingException", "Rate exceeded: the emulator was told to throttle"),
}
Respond = Callable[..., Any]


class Faults:
    """How many of the next requests fail, and how."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kind, self._left = "error", 0

    def set(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        """Take what a PUT asks for; 400 for anything else."""
        asked = _asked(environ)
        if asked is None:
            return _answer(respond, "400 Bad Request", "text/plain", f"PUT a kind of {list(KINDS)} and requests\n")
        kind, left = asked
        with self._lock:
            self._kind, self._left = kind, left
        return _answer(respond, "200 OK", "application/json", json.dumps({"kind": kind, "requests": left}))

    def next(self) -> str | None:
        """The kind of failure that this request gets, if any."""
        with self._lock:
            if self._left == 0:
                return None
            self._left -= 1
            return self._kind


def _asked(environ: dict[str, Any]) -> tuple[str, int] | None:
    try:
        size = min(int(environ.get("CONTENT_LENGTH") or 0), LARGEST_BODY)
        asked = json.loads(environ["wsgi.input"].read(size))
        kind, left = asked["kind"], int(asked["requests"])
    except (ValueError, KeyError, TypeError):
        return None
    return (kind, left) if environ["REQUEST_METHOD"] == "PUT" and kind in KINDS and left >= 0 else None


def fail(kind: str, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
    """Answer in the words of the request's protocol: JSON, or XML as S3 and the query services speak."""
    status, code, message = KINDS[kind]
    if "json" in environ.get("CONTENT_TYPE", "") or "HTTP_X_AMZ_TARGET" in environ:
        return _answer(respond, status, "application/json", json.dumps({"__type": code, "message": message}))
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    query = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    return _answer(respond, status, "text/xml", f"<ErrorResponse>{error}</ErrorResponse>" if query else error)


def _answer(respond: Respond, status: str, kind: str, text: str) -> Iterable[bytes]:
    body = text.encode()
    respond(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
