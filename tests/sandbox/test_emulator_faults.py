"""An emulator that is told to fail fails as AWS does, for as many requests as it is told, and is itself again."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from sandbox.emulator.faults import Faults, fail


def put(faults: Faults, body: bytes, method: str = "PUT") -> str:
    status: list[str] = []
    environ = {"REQUEST_METHOD": method, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    faults.set(environ, lambda line, _headers: status.append(line))
    return status[0]


def test_as_many_requests_fail_as_were_asked_for() -> None:
    faults = Faults()
    assert faults.next() is None
    assert put(faults, b'{"kind": "throttle", "requests": 2}') == "200 OK"
    assert [faults.next() for _ in range(3)] == ["throttle", "throttle", None]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"kind": "error"}', b'{"kind": "other", "requests": 1}', b'{"kind": "error", "requests": -1}'],
)
def test_what_is_not_understood_changes_nothing(body: bytes) -> None:
    faults = Faults()
    put(faults, b'{"kind": "error", "requests": 1}')
    assert put(faults, body).startswith("400")
    assert [faults.next(), faults.next()] == ["error", None]


def test_only_a_put_changes_anything() -> None:
    faults = Faults()
    assert put(faults, b'{"kind": "error", "requests": 1}', method="POST").startswith("400")
    assert faults.next() is None


@pytest.mark.parametrize(
    ("environ", "parsed"),
    [
        ({"HTTP_X_AMZ_TARGET": "TrentService.CreateKey", "CONTENT_TYPE": "application/x-amz-json-1.1"}, "__type"),
        ({"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8"}, "<ErrorResponse><Error><Code>"),
        ({"CONTENT_TYPE": ""}, "<Error><Code>"),
    ],
)
def test_a_failure_speaks_the_protocol_of_the_request(environ: dict[str, Any], parsed: str) -> None:
    lines: list[str] = []
    [body] = fail("throttle", environ, lambda line, _headers: lines.append(line))
    assert lines == ["429 Too Many Requests"]
    assert body.decode().startswith(("{", parsed))
    assert parsed in body.decode()
    assert "ThrottlingException" in (json.loads(body)["__type"] if parsed == "__type" else body.decode())
