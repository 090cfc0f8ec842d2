"""An AWS that fails for a while: how the next requests are answered is set at an address of its own.

`PUT /_sandbox/faults` with {"kind": "error" | "throttle" | "after", "requests": int} has so many AWS requests answered
as AWS does when it fails or is asked too much, and not carried out; "after" carries them out, and the answer is lost.
Zero ends it. "matching": a text that a request must hold to count, in its method and path ("PUT /bucket"), its
X-Amz-Target or its body ("Action=CreateVpc"). The identity is always answered.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

PATH = "/_sandbox/faults"
LARGEST_BODY = 1024
SEARCHED_BYTES = 64 * 1024
"""How much of a request's body is searched, and held for it: that of a query, not that of a file."""
KINDS = {
    "error": ("500 Internal Server Error", "InternalFailure", "the emulator was told to fail"),
    "throttle": ("429 Too Many Requests", "ThrottlingException", "Rate exceeded: the emulator was told to throttle"),
    "after": ("500 Internal Server Error", "InternalFailure", "the emulator was told to lose its answer"),
}
CARRIED_OUT = frozenset({"after"})
Respond = Callable[..., Any]


class Faults:
    """How many of the next requests fail, and how."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kind, self._left, self._matching = "error", 0, ""

    def set(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        """Take what a PUT asks for; 400 for anything else."""
        asked = _asked(environ)
        if asked is None:
            return _answer(respond, "400 Bad Request", "text/plain", f"PUT a kind of {list(KINDS)} and requests\n")
        kind, left, matching = asked
        with self._lock:
            self._kind, self._left, self._matching = kind, left, matching
        return _answer(respond, "200 OK", "application/json", json.dumps({"kind": kind, "requests": left}))

    def next(self, environ: dict[str, Any]) -> str | None:
        """The kind of failure that this request gets, if any."""
        if self._left == 0:
            return None
        said = _said(environ)
        with self._lock:
            if self._left == 0 or self._matching not in said:
                return None
            self._left -= 1
            return self._kind


def _asked(environ: dict[str, Any]) -> tuple[str, int, str] | None:
    try:
        size = min(int(environ.get("CONTENT_LENGTH") or 0), LARGEST_BODY)
        asked = json.loads(environ["wsgi.input"].read(size))
        kind, left, matching = asked["kind"], int(asked["requests"]), str(asked.get("matching", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return (kind, left, matching) if environ["REQUEST_METHOD"] == "PUT" and kind in KINDS and left >= 0 else None


def _said(environ: dict[str, Any]) -> str:
    line = f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}"
    return f"{line}\n{environ.get('HTTP_X_AMZ_TARGET', '')}\n{body(environ).decode(errors='replace')}"


def body(environ: dict[str, Any]) -> bytes:
    """The body of a request, which can still be read; none of one that is too large to be a query."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    if not 0 < size <= SEARCHED_BYTES:
        return b""
    read: bytes = environ["wsgi.input"].read(size)
    environ["wsgi.input"] = io.BytesIO(read)
    return read


def lose(answers: Iterable[bytes]) -> None:
    """Let a request be carried out to its end, and drop what it answers."""
    for _ in answers:
        pass
    getattr(answers, "close", lambda: None)()


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
