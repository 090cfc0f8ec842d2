"""From an exception to the one line that a user reads.

A call of the engine runs under `answered`; what it raises becomes a gRPC status with one plain line. An exception that
nobody foresaw goes to the log, with its traceback and without a single property value, and the line says where.
"""

from __future__ import annotations

import functools
import os
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from sandbox import home
from sandbox.aws_plugin.emulator import EmulatorError
from sandbox.aws_plugin.schema import UnknownTokenError

S = TypeVar("S", bound="Cancellable")
T = TypeVar("T")


class Cancellable(Protocol):
    """Something that takes no new calls once it is cancelled."""

    cancelled: threading.Event


class PluginError(RuntimeError):
    """A request that the plugin refuses; the message is one plain line."""


class DoubtfulError(PluginError):
    """A request that failed so that nobody knows whether AWS carried it out."""


class PartialError(RuntimeError):
    """A resource that exists, though its creation or update failed later: its id and state must be kept."""

    def __init__(self, id_: str, state: struct_pb2.Struct, reason: str) -> None:
        super().__init__(reason)
        self.detail = provider_pb2.ErrorResourceInitFailed(id=id_, properties=state, reasons=[reason])


def answered(method: Callable[[S, Any, grpc.ServicerContext], T]) -> Callable[[S, Any, grpc.ServicerContext], T]:
    """The method, with every exception turned into a gRPC status of one line."""

    @functools.wraps(method)
    def answer(self: S, request: Any, context: grpc.ServicerContext) -> T:
        if self.cancelled.is_set() and method.__name__ != "Cancel":
            context.abort(grpc.StatusCode.CANCELLED, "cancelled")
        try:
            return method(self, request, context)
        except PartialError as error:
            _attach(context, error)
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, _one_line(error))
        except (PluginError, EmulatorError, UnknownTokenError) as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, _one_line(error))
        except Exception as error:  # noqa: BLE001 - the last line of defence between a bug and the user
            context.abort(grpc.StatusCode.INTERNAL, _bug(method.__name__, request, error))
        raise AssertionError("grpc's abort returned")

    return answer


def log_file() -> Path:
    """Where unforeseen exceptions are recorded."""
    return home.current().folder / "aws-plugin.log"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _attach(context: grpc.ServicerContext, error: PartialError) -> None:
    status = status_pb2.Status(code=grpc.StatusCode.FAILED_PRECONDITION.value[0], message=str(error))
    status.details.add().Pack(error.detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))


def _bug(method: str, request: Any, error: Exception) -> str:
    about = getattr(request, "urn", "") or getattr(request, "tok", "")
    kind = getattr(request, "type", "") or getattr(request, "tok", "") or "the provider"
    line = f"{method} of {kind} failed on a bug of the sandbox's AWS plugin ({type(error).__name__})"
    try:
        _log(f"{line} {about}", error)
    except OSError as failed:
        return f"{line}, {about}: and its log {log_file()} can't be written ({failed.strerror})"
    return f"{line}, {about}: see {log_file()}"


def _log(line: str, error: Exception) -> None:
    """Where it happened, but not the exception's own words: they may quote a property."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    file = log_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as log:
        log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {line}\n{frames}")
