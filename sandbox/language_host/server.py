"""The language host's side of the engine's LanguageRuntime protocol.

Enters: the engine's requests. Leaves: child processes that run the program or the policy pack, their output and exit.
The engine reads a program's output from the host's own stdout and stderr, which the child inherits; a policy pack's
output is streamed back in `RunPlugin`'s responses.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from sandbox.language_host.child import SHOWN
from sandbox.language_host.children import Children, PolicyPackRequest, ProgramRequest


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine. `engine` is its address, given on the command line; `children` run what it asks for."""

    def __init__(self, engine: str, children: Children) -> None:
        self.engine = engine
        self.children = children

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
        asked = PolicyPackRequest(
            pwd=request.pwd,
            engine=request.args[0],
            directory=request.info.program_directory,
            environment=dict(pair.split("=", 1) for pair in request.env),
        )
        python = interpreter(request.info, context)
        (told, stdout), (warned, stderr) = os.pipe(), os.pipe()
        try:
            child = self.children.start(python, asked, stdout, stderr)
        finally:
            os.close(stdout)
            os.close(stderr)
        context.add_callback(lambda: self.children.end(child))
        yield from _output(told, warned)
        yield language_pb2.RunPluginResponse(exitcode=self.children.wait(child))

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.children.end()
        return empty_pb2.Empty()


def _output(stdout: int, stderr: int) -> Iterator[Any]:
    """What can be read from both descriptors, as responses in the order it is read, until they have been closed."""
    written: queue.SimpleQueue[Any | None] = queue.SimpleQueue()

    def read(stream: int, response: Callable[[bytes], Any]) -> None:
        while data := os.read(stream, 65536):
            written.put(response(data))
        os.close(stream)
        written.put(None)

    readers = [
        (stdout, lambda data: language_pb2.RunPluginResponse(stdout=data)),
        (stderr, lambda data: language_pb2.RunPluginResponse(stderr=data)),
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
