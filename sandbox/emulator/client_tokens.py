"""A request that is sent again with the same client token gets the first one's answer, as AWS keeps it.

boto3 gives every call whose operation takes one a new token, and sends it again with a call that it repeats because the
answer was lost. moto pays tokens no attention, and would make a second thing. Source: "Ensuring idempotency in Amazon
EC2 API requests" in the EC2 developer guide; botocore's models have the names, as `idempotencyToken`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.emulator.faults import body

_TOKEN = re.compile(
    rb"(?i)\b(client_?token|client_?request_?token|creator_?request_?id|idempotency_?token)\b\"?\s*[=:]\s*\"?[\w-]"
)
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def honoured(app: Wsgi) -> Wsgi:
    """The application, which carries out no request with a client token twice. What it refused can be tried again."""
    kept: dict[bytes, tuple[tuple[Any, ...], list[bytes]]] = {}

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith("/moto-api/"):
            kept.clear()  # such as a reset
        said = body(environ)
        if not _TOKEN.search(said):
            return app(environ, start_response)
        scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0]
        names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_X_AMZ_TARGET")
        asked = "\0".join([*(environ.get(name, "") for name in names), scope]).encode() + b"\0" + said
        request = hashlib.sha256(asked).digest()
        if request not in kept:
            begun: list[tuple[Any, ...]] = []
            answers = app(environ, lambda *beginning: begun.append(beginning))
            parts = list(answers)
            getattr(answers, "close", lambda: None)()
            if not begun[0][0].startswith("2"):
                start_response(*begun[0])
                return parts
            kept[request] = begun[0], parts
        start_response(*kept[request][0])
        return kept[request][1]

    return answer
