"""Stand-ins for what the AWS plugin's core depends on: an emulator that has only an identity, and a type's handler."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.aws_plugin.handlers import Created, Handler

Props = dict[str, Any]


class Identity(ThreadingHTTPServer):
    """Answers for one incarnation, which a test may change; None is an endpoint that knows no incarnations."""

    daemon_threads = True
    incarnation: str | None = "first"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    server: Identity

    def do_GET(self) -> None:
        found = self.path == "/_sandbox/identity" and self.server.incarnation is not None
        body = json.dumps({"incarnation": self.server.incarnation}).encode() if found else b"not here"
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the overridden method's own name
        pass


@contextmanager
def identity() -> Iterator[Identity]:
    """A running emulator identity."""
    server = Identity(("127.0.0.1", 0), _Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Shelf:
    """Holds resources in memory behind a `Handler`, and the calls it was given. `fail` is raised by every call."""

    things: dict[str, Props] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    fail: Callable[[], Exception] | None = None

    @property
    def handler(self) -> Handler:
        return Handler(
            create=self._create,
            find=lambda _identity, _aws: next(iter(self.things), None),
            complete=lambda id_, _identity, inputs, aws: self._update(id_, {}, inputs, aws),
            read=self._read,
            update=self._update,
            delete=self._delete,
            replace_on=frozenset({"description"}),
        )

    def _called(self, *call: Any) -> None:
        self.calls.append(call)
        if self.fail:
            raise self.fail()

    def _create(self, inputs: Props, _aws: Any) -> Created:
        self._called("create", inputs)
        self.things["id-1"] = {**inputs, "arn": "arn:1"}
        return Created("id-1", dict(self.things["id-1"]))

    def _read(self, id_: str, state: Props, _aws: Any) -> Props | None:
        self._called("read", id_, state)
        return self.things.get(id_)

    def _update(self, id_: str, olds: Props, news: Props, _aws: Any) -> Props:
        self._called("update", id_, olds, news)
        self.things[id_] = {**news, "arn": "arn:1"}
        return dict(self.things[id_])

    def _delete(self, id_: str, state: Props, _aws: Any) -> None:
        self._called("delete", id_, state)
        self.things.pop(id_, None)
