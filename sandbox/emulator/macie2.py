"""Macie as documented, where moto differs: a new account has it off, and a session's settings change."""

from __future__ import annotations

from typing import Any

from moto.core.responses import EmptyResult
from moto.core.utils import utcnow
from moto.macie2.models import MacieBackend
from moto.macie2.responses import MacieResponse

from sandbox.emulator.extensions import put

_begin = MacieBackend.__init__
_SETTINGS = ("findingPublishingFrequency", "status")


def install() -> None:
    """Correct moto's session, and add its update."""
    MacieBackend.__init__ = begin_disabled  # type: ignore[method-assign]  # moto has no other place for it
    put(MacieResponse, update_macie_session)


def begin_disabled(self: MacieBackend, *arguments: Any, **more: Any) -> None:
    """In place of moto's constructor."""
    _begin(self, *arguments, **more)
    self.macie_session = None


def update_macie_session(self: MacieResponse) -> EmptyResult:
    backend = self.macie_backend
    backend.get_macie_session()  # it refuses where there is none
    asked = {name: self._get_param(name) for name in _SETTINGS}
    new = {name: value for name, value in asked.items() if value}
    backend.macie_session = {**(backend.macie_session or {}), **new, "updatedAt": utcnow()}
    return EmptyResult()
