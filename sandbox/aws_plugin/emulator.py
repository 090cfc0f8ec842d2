"""Which emulator answers now.

The endpoint's address goes in; the incarnation of the account behind it comes out. The emulator keeps its account in
memory: an account that answers at the same address after a restart is another one, and what the state says of the old
one is void.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import threading
from urllib.parse import urlsplit

UNKNOWN_INCARNATION = "unknown"
_TIMEOUT_SECONDS = 30  # for an emulator that is busy; one that is down refuses at once


class EmulatorError(RuntimeError):
    """The emulator can't be used; the message is one line that says what to do."""


def on_loopback(endpoint: str) -> bool:
    """Whether the endpoint is on this machine."""
    host = urlsplit(endpoint).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_loopback(endpoint: str) -> str:
    """The endpoint, if it is on this machine.

    Raises `EmulatorError` if not: the sandbox must never reach a real account.
    """
    if not on_loopback(endpoint):
        host = urlsplit(endpoint).hostname
        raise EmulatorError(
            f"the sandbox's AWS plugin only talks to this machine, not to {host or 'an address without a host'}"
        )
    return endpoint


class Emulator:
    """The emulator at an endpoint (None: none is configured)."""

    def __init__(self, endpoint: str | None) -> None:
        self._endpoint = endpoint
        self._seen: str | None = None
        self._lock = threading.Lock()

    def require_local(self) -> None:
        """Raise `EmulatorError` if there is an endpoint, but not on this machine."""
        if self._endpoint:
            require_loopback(self._endpoint)

    @property
    def endpoint(self) -> str:
        """The address.

        Raises `EmulatorError` if there is none, or it is not on this machine.
        """
        if not self._endpoint:
            raise EmulatorError("AWS_ENDPOINT_URL is not set: start the AWS emulator with `python -m sandbox start`")
        return require_loopback(self._endpoint)

    def seen(self) -> str:
        """The incarnation as of the plugin's first question: good for the length of a preview."""
        with self._lock:
            return self._seen or self._ask()

    def live(self) -> str:
        """The incarnation that answers now; "unknown" for an endpoint that has no notion of it.

        Raises `EmulatorError` if nothing answers.
        """
        with self._lock:
            return self._ask()

    def down(self) -> EmulatorError:
        """The error to raise when the emulator doesn't answer."""
        return EmulatorError(
            f"the AWS emulator at {self._endpoint} does not answer: start it with `python -m sandbox start`"
        )

    def _ask(self) -> str:
        address = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("GET", "/_sandbox/identity")
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            raise self.down() from None
        finally:
            connection.close()
        self._seen = _incarnation(body) if answer.status == http.HTTPStatus.OK else UNKNOWN_INCARNATION
        return self._seen


def _incarnation(body: bytes) -> str:
    try:
        found = json.loads(body)["incarnation"]
    except (ValueError, KeyError, TypeError):
        return UNKNOWN_INCARNATION
    return str(found)
