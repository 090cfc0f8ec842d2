"""`python -m sandbox.emulator.server --port N [--record FILE]`: serve moto on 127.0.0.1 until SIGTERM.

AWS requests go in and are answered as AWS would, or as `faults` was told; nothing leaves the machine.
`GET /_sandbox/identity` answers
{"incarnation": uuid, "pid": int}: a resource that was made in another incarnation no longer exists. With --record, the
same facts are written to FILE once the port is bound, and the emulator ends when FILE no longer names it.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import ipaddress
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any

from sandbox.emulator import client_tokens, faults
from sandbox.files import write

HOST = "127.0.0.1"
ACCOUNT_ID = "123456789012"
IDENTITY_PATH = "/_sandbox/identity"
PORT_TAKEN = 3
"""Exit code when another program listens on the port."""
WATCH_SECONDS = 2.0

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "MOTO_ACCOUNT_ID": ACCOUNT_ID,
    "MOTO_DISABLE_GLOBAL_CORS": "true",  # a web page must not read the emulator
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # attaching arn:aws:iam::aws:policy/… works as in an account
}

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def code_digest() -> str:
    """Changes with any file of the emulator's own code."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def application(incarnation: str) -> Wsgi:
    """moto's services and the identity as one WSGI application; moto reads its settings when it is first imported."""
    from moto.core.config import default_user_config
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    default_user_config["lambda"] = default_user_config["batch"] = {"use_docker": False}
    # The extensions import moto's largest services: a second, in which the engine starts too.
    loading = threading.Thread(target=_install_extensions, daemon=True)
    loading.start()
    moto = client_tokens.honoured(DomainDispatcherApplication(create_backend_app))
    identity = json.dumps({"incarnation": incarnation, "pid": os.getpid()}).encode()

    injected = faults.Faults()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == faults.PATH:
            return injected.set(environ, start_response)
        if path != IDENTITY_PATH:
            loading.join()
            kind = injected.next(environ)
            if kind is None:
                return moto(environ, start_response)
            if kind in faults.CARRIED_OUT:
                faults.lose(moto(environ, lambda *_: None))
            return faults.fail(kind, environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(identity)))])
        return [identity]

    return answer


def _install_extensions() -> None:
    from sandbox.emulator import extensions

    try:
        extensions.install()
    except Exception:  # noqa: BLE001 - whatever it is: an emulator without its extensions must not answer
        traceback.print_exc()
        os._exit(1)


def isolate() -> None:
    """Keep this process on the loopback interface, and moto free of whatever AWS or moto settings the caller has."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_", "DOCKER_"))]:
        del os.environ[name]
    os.environ.update(SETTINGS)
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook (PEP 578): some of moto's services would call out (SNS over HTTP, EventBridge, Docker's socket)."""
    if event == "socket.connect":
        connection, address = arguments
        if connection.family == socket.AF_UNIX or not _loopback(address[0]):
            raise PermissionError(f"the AWS emulator does not connect to {address}: it stays on {HOST}")
    elif event == "socket.getaddrinfo" and not _loopback(arguments[0]):
        raise PermissionError(f"the AWS emulator does not look up {arguments[0]}: it stays on {HOST}")


def _loopback(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return isinstance(name, str) and ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def serve(listener: socket.socket, record: Path | None) -> None:
    """Say who answers at `listener`, and serve until SIGTERM or SIGINT. Does not return."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler
    from werkzeug.serving import make_server

    class Handler(MotoRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            if self.path != IDENTITY_PATH:
                self.log("info", "%s %s %s", code, _asked(self.headers), self.requestline)

    incarnation = str(uuid.uuid4())
    _host, port = listener.getsockname()
    os.environ["MOTO_PORT"] = str(port)
    app = application(incarnation)
    server = make_server(HOST, port, app, threaded=True, request_handler=Handler, fd=listener.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        # The state lives in memory only: there is nothing to finish.
        signal.signal(number, lambda _number, _frame: os._exit(0))
    if record is not None:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        facts = {
            "port": port,
            "pid": os.getpid(),
            "incarnation": incarnation,
            "started": started,
            "code": code_digest(),
        }
        write(record, json.dumps(facts))
        threading.Thread(target=_watch, args=(record, incarnation), daemon=True).start()
    server.serve_forever()


def _asked(headers: Message) -> str:
    """The region, the service and, where a header names it, the operation of a request; its parameters are nobody's."""
    # The credential scope of AWS Signature Version 4: Credential=KEY/DATE/REGION/SERVICE/aws4_request
    scope = headers.get("Authorization", "").partition("Credential=")[2].split("/")[2:4]
    return " ".join([*scope, headers.get("X-Amz-Target", "")]).strip() or "unsigned"


def _watch(record: Path, incarnation: str) -> None:
    """End when the record is gone or names another emulator: deleting the sandbox's home leaves no process behind."""
    while True:
        time.sleep(WATCH_SECONDS)
        try:
            named = json.loads(record.read_text()).get("incarnation")
        except FileNotFoundError:
            named = None
        if named != incarnation:
            print("the record of this emulator is gone: ending", file=sys.stderr, flush=True)
            os._exit(0)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.emulator.server", description="Serve AWS's APIs on 127.0.0.1."
    )
    parser.add_argument("--port", type=int, required=True, help="the port to listen on")
    parser.add_argument("--record", type=Path, help="write who answers there to this file; end when the file is gone")
    options = parser.parse_args(arguments)
    try:
        listener = socket.create_server((HOST, options.port), backlog=128)
    except OSError as error:
        print(f"cannot listen on {HOST}:{options.port}: {error.strerror}", file=sys.stderr)
        return PORT_TAKEN if error.errno == errno.EADDRINUSE else 1
    isolate()
    serve(listener, options.record)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
