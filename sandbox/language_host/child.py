"""Runs one Pulumi program or policy pack, in a process of its own.

Enters: one JSON line on the socket that is stdin, a `ProgramRequest` or `PolicyPackRequest` of `children.py`, and with
it the descriptors of what becomes stdout and stderr. Thereafter the socket stays open as a lifeline: it closes when the
host is gone, and this process ends rather than live on as an orphan.
Leaves: the program's stdout, stderr and exit code. `SHOWN` says that the user has already been told what went wrong.

Started by path with the interpreter of the program's own virtual environment, so it imports nothing but pulumi.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import runpy
import socket
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

SHOWN = 32
"""Exit code of a program whose failure has been shown to the user: the engine need not say more."""


def main() -> int:
    """Get ready, take the request, hold the lifeline and run what is asked for. Returns the exit code."""
    sys.path.pop(0)  # this file's own folder: nothing of the host may be importable by the program
    host = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    import pulumi.runtime  # noqa: F401 - takes long, and is done here while nobody waits for it

    request = _receive(host)
    if request is None:
        return 1  # the host ended before it could ask for anything
    threading.Thread(target=_end_with_the_host, args=(host,), daemon=True).start()

    os.chdir(request["pwd"])
    if request["kind"] == "policy-pack":
        return _run_policy_pack(request)
    return _run_program(request)


def _receive(host: socket.socket) -> dict[str, Any] | None:
    """The request, after the streams that came with it have taken the place of this process's own."""
    line, streams, _, _ = socket.recv_fds(host, 65536, 2)
    while not line.endswith(b"\n"):
        more = host.recv(65536)
        if not more:
            return None
        line += more
    for stream, own in zip(streams, (1, 2), strict=True):
        os.dup2(stream, own)
        os.close(stream)
    return dict(json.loads(line))


def _end_with_the_host(host: socket.socket) -> None:
    host.recv(1)
    os._exit(1)


def _run_policy_pack(request: dict[str, Any]) -> int:
    os.environ.update(request["environment"])
    sys.argv = ["pulumi.policy", request["engine"], request["directory"]]
    runpy.run_module("pulumi.policy", run_name="__main__")
    return 0


def _run_program(request: dict[str, Any]) -> int:
    import grpc
    import pulumi
    from pulumi.runtime import Settings, configure, run_in_stack, set_all_config

    set_all_config(request["config"], request["config_secret_keys"])
    configure(
        Settings(
            project=request["project"],
            stack=request["stack"],
            organization=request["organization"],
            parallel=request["parallel"],
            dry_run=request["dry_run"],
            monitor=request["monitor"],
            engine=request["engine"],
            root_directory=request["root_directory"],
        )
    )
    program = Path(request["program"])
    sys.argv = [str(program), *request["args"]]
    if program.is_file():
        sys.path.insert(0, str(program.parent))

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(max_workers=max(request["parallel"], 1) * 4))
    # A failed program leaves futures that nobody awaits; asyncio's warnings about them say nothing to its author.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        loop.run_until_complete(run_in_stack(lambda: _run_path(program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return SHOWN
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.UNAVAILABLE:  # otherwise the engine is on its way out and has said why
            pulumi.log.error(f"the engine refused a call: {error.details()}")
        return SHOWN
    except Exception as error:  # noqa: BLE001 the program is the user's: whatever it raises is reported as theirs
        trace = "".join(traceback.format_exception(type(error), error, _program_frames(error.__traceback__, program)))
        pulumi.log.error(f"the program failed with an unhandled exception:\n{trace.rstrip()}")
        return SHOWN
    return 0


def _run_path(program: Path) -> None:
    if program.is_dir() and not (program / "__main__.py").is_file():
        import pulumi

        raise pulumi.RunError(f"no __main__.py in {program}: there is no program to run")
    runpy.run_path(str(program), run_name="__main__")


def _program_frames(trace: TracebackType | None, program: Path) -> TracebackType | None:
    """The traceback from the program's own first frame on; None when not even that ran, as with a syntax error."""
    folder = program if program.is_dir() else program.parent
    frame = trace
    while frame and not Path(frame.tb_frame.f_code.co_filename).is_relative_to(folder.resolve()):
        frame = frame.tb_next
    return frame


if __name__ == "__main__":
    sys.exit(main())
