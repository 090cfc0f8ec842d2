"""What can't be asked as an account is told in one line, at once, and nothing is stored."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.evidence.stores import Run


@pytest.fixture
def answering(environment: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], list[bytes]]]:
    """Start something in AWS's place that gives everybody the same answer, or hangs up; returns what it was asked."""
    with contextlib.ExitStack() as running:

        def start(answer: bytes) -> list[bytes]:
            asked: list[bytes] = []

            class Stranger(socketserver.BaseRequestHandler):
                def handle(self) -> None:
                    asked.append(self.request.recv(65_536))
                    self.request.sendall(answer)

            server = running.enter_context(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stranger))
            threading.Thread(target=server.serve_forever, args=(0.01,)).start()
            running.callback(server.shutdown)
            environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
            return asked

        yield start


HTML = b"<html><body>Welcome</body></html>"


def test_an_account_that_cannot_be_asked_is_one_line_and_no_bundle(
    run: Run, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    store = tmp_path / "store"
    code, printed, told = run("live", "--stack", "dev", "--policy-config", "", "--store", store, "--key", key)
    assert (code, printed) == (1, "")
    assert told.splitlines()[1:] == ["error: the account can't be asked: Unable to locate credentials"]
    assert not store.exists()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "Connection was closed before we received a valid response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(HTML), HTML), "is not AWS"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "is not AWS"),
    ],
)
def test_what_does_not_answer_as_an_account_is_asked_no_more_than_twice(
    run: Run, key: Path, answering: Callable[[bytes], list[bytes]], answer: bytes, says: str
) -> None:
    asked = answering(answer)
    code, printed, told = run("live", "--stack", "dev", "--policy-config", "", "--store", "s3://evidence", "--key", key)
    assert (code, printed) == (1, "")
    (line,) = told.splitlines()[1:]
    assert line.startswith("error: the account can't be asked: ")
    assert says in line
    assert 1 <= len(asked) <= 2, "the store is not looked into, and nobody waits as for a busy account"


def test_an_endpoint_at_which_nobody_listens_is_one_line(
    run: Run, key: Path, answering: Callable[[bytes], list[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(b"")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        options = ("--stack", "dev", "--policy-config", "", "--store", tmp_path / "store", "--key", key)
        code, printed, told = run("live", *options)
    assert (code, printed) == (1, "")
    (line,) = told.splitlines()[1:]
    assert line.startswith("error: the account can't be asked: Could not connect to the endpoint URL")
    assert not (tmp_path / "store").exists()
