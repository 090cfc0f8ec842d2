"""The plugin as the engine meets it: a process of its own behind gRPC, configured, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.aws_plugin.values import encode

KEY = "aws:kms/key:Key"
URN = "urn:pulumi:dev::p::aws:kms/key:Key::k"
ABOUT: dict[str, Any] = {"urn": URN, "type": KEY, "name": "k"}


@contextmanager
def served(endpoint: str | None, home: Path, program: str | None = None) -> Iterator[SimpleNamespace]:
    """The plugin in a process of its own: the process, a client, and whether it is still to be ended here."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"HEDGEROW_SANDBOX_HOME": str(home)} | ({"AWS_ENDPOINT_URL": endpoint} if endpoint else {})
    command = [sys.executable, *(["-c", program] if program else ["-m", "sandbox.aws_plugin"]), "127.0.0.1:1"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
        yield SimpleNamespace(process=process, client=provider_pb2_grpc.ResourceProviderStub(channel))
    process.terminate()
    process.communicate(timeout=10)


def configured(client: Any, **arguments: Any) -> Any:
    """The client, after what the engine says first."""
    client.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
    client.Configure(provider_pb2.ConfigureRequest(args=encode({"region": "us-west-2", **arguments})))
    return client


def error_of(call: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as error:
        call()
    return error.value
