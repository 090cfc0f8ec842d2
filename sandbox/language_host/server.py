"""The language host's side of the engine's LanguageRuntime protocol.

Enters: the engine's requests. Leaves: child processes that run the program or the policy pack, their output and exit.
The engine reads a program's output from the host's own stdout and stderr, which the child inherits; a policy pack's
output is streamed back in `RunPlugin`'s responses.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import queue
import signal
import subprocess  # child processes are what a language host is for: argument lists only, never a shell
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Literal

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from sandbox.language_host.child import SHOWN

CHILD = Path(__file__).with_name("child.py")
GRACE_SECONDS = 0.3
"""How long a child may take to end after SIGTERM: the user waits for it. (The engine gives the whole host 5 s.)"""


@dataclass(frozen=True)
class ProgramRequest:
    """What `child.py` needs to run a program: the engine's RunRequest in plain JSON values."""

    pwd: str
    program: str
    args: list[str]
    project: str
    stack: str
    organization: str
    root_directory: str
    parallel: int
    dry_run: bool
    monitor: str
    engine: str
    config: dict[str, str]
    config_secret_keys: list[str]
    kind: Literal["program"] = "program"


@dataclass(frozen=True)
class PolicyPackRequest:
    """What `child.py` needs to serve a policy pack."""

    pwd: str
    engine: str
    directory: str
    kind: Literal["policy-pack"] = "policy-pack"


class Children:
    """The processes that this host has started and not yet seen end.

    Each leads a session of its own, so that ending it also ends what it started in turn.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def start(self, python: Path, request: ProgramRequest | PolicyPackRequest, **popen: Any) -> subprocess.Popen[bytes]:
        """Start `child.py` under `python` and hand it `request`. Its stdin stays open as its lifeline."""
        child = subprocess.Popen([python, CHILD], stdin=subprocess.PIPE, start_new_session=True, **popen)
        with self._lock:
            self._running.add(child)
        assert child.stdin  # noqa: S101 stdin=PIPE: for the type checker
        with contextlib.suppress(
            BrokenPipeError
        ):  # it ended before it read its request: its exit code and stderr say why
            # Not in arguments or environment: the request may hold secret configuration.
            child.stdin.write(json.dumps(asdict(request)).encode() + b"\n")
            child.stdin.flush()
        return child

    def wait(self, child: subprocess.Popen[bytes]) -> int:
        """The child's exit code, once it has ended."""
        code = child.wait()
        with self._lock:
            self._running.discard(child)
        return code

    def end(self, *children: subprocess.Popen[bytes]) -> None:
        """End these children, or all of them: politely, then after GRACE_SECONDS for good."""
        with self._lock:
            ending = list(children or self._running)
        for child in ending:
            _signal_session(child, signal.SIGTERM)
        for child in ending:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(GRACE_SECONDS)
            _signal_session(child, signal.SIGKILL)


def _signal_session(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # all of it has ended
        os.killpg(child.pid, number)


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine. `engine` is the engine's address, given on the command line."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.children = Children()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.engine = request.engine_address or self.engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:
        python = interpreter(request.info, context)
        return language_pb2.AboutResponse(executable=str(python), version=platform.python_version())

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The plugins that the packages installed beside the program ask for in their `pulumi-plugin.json`."""
        packages = []
        for record in sorted(site_packages(request.info, context).glob("*/pulumi-plugin.json")):
            plugin = json.loads(record.read_text())
            if plugin.get("resource"):
                packages.append(
                    plugin_pb2.PackageDependency(
                        name=plugin["name"], version=plugin["version"], kind="resource", server=plugin.get("server", "")
                    )
                )
        return language_pb2.GetRequiredPackagesResponse(packages=packages)

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:
        installed = importlib.metadata.distributions(path=[str(site_packages(request.info, context))])
        found = sorted((distribution.name, distribution.version) for distribution in installed)
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=version) for name, version in found]
        )

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "dependencies are installed by `make setup`")

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Run the program to its end."""
        info = request.info
        child = self.children.start(
            interpreter(info, context),
            ProgramRequest(
                pwd=request.pwd or info.program_directory,
                program=str(Path(info.program_directory, info.entry_point).resolve()),
                args=list(request.args),
                project=request.project,
                stack=request.stack,
                organization=request.organization,
                root_directory=info.root_directory,
                parallel=request.parallel,
                dry_run=request.dryRun,
                monitor=request.monitor_address,
                engine=self.engine,
                config=dict(request.config),
                config_secret_keys=list(request.configSecretKeys),
            ),
        )
        context.add_callback(lambda: self.children.end(child))
        code = self.children.wait(child)
        if code == SHOWN:
            return language_pb2.RunResponse(bail=True)
        if code < 0:
            return language_pb2.RunResponse(error=f"the program was ended by {signal.Signals(-code).name}")
        return language_pb2.RunResponse(error=f"the program exited with code {code}" if code else "")

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Serve a policy pack for as long as the engine keeps this call open."""
        if request.kind != "analyzer":
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"the sandbox's language host runs programs and policy packs, not {request.kind} plugins",
            )
        child = self.children.start(
            interpreter(request.info, context),
            PolicyPackRequest(pwd=request.pwd, engine=request.args[0], directory=request.info.program_directory),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | dict(pair.split("=", 1) for pair in request.env),
        )
        context.add_callback(lambda: self.children.end(child))
        yield from _output(child)
        yield language_pb2.RunPluginResponse(exitcode=self.children.wait(child))

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.children.end()
        return empty_pb2.Empty()


def _output(child: subprocess.Popen[bytes]) -> Iterator[Any]:
    """What the child writes, as responses in the order it is read, until it has closed both streams."""
    written: queue.SimpleQueue[Any | None] = queue.SimpleQueue()

    def read(stream: IO[bytes], response: Callable[[bytes], Any]) -> None:
        while data := os.read(stream.fileno(), 65536):
            written.put(response(data))
        written.put(None)

    assert child.stdout  # noqa: S101 both are PIPE: for the type checker
    assert child.stderr  # noqa: S101
    readers = [
        (child.stdout, lambda data: language_pb2.RunPluginResponse(stdout=data)),
        (child.stderr, lambda data: language_pb2.RunPluginResponse(stderr=data)),
    ]
    for reader in readers:
        threading.Thread(target=read, args=reader, daemon=True).start()
    for _ in readers:
        yield from iter(written.get, None)


def interpreter(info: Any, context: grpc.ServicerContext) -> Path:
    """The Python that a program or pack runs under: its `virtualenv` option's, else the one that runs this host."""
    virtualenv = dict(info.options.items()).get("virtualenv")
    if not virtualenv:
        return Path(sys.executable)
    python = Path(info.root_directory, virtualenv, "bin", "python")
    if not python.is_file():
        context.abort(
            grpc.StatusCode.FAILED_PRECONDITION, f"no virtual environment at {python.parent.parent}: run `make setup`"
        )
    return python


def site_packages(info: Any, context: grpc.ServicerContext) -> Path:
    """Where that Python's packages are installed."""
    library = interpreter(info, context).parent.parent / "lib"
    return next(iter(sorted(library.glob("python3*/site-packages"))), library)
