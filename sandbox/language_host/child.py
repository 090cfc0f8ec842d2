"""Runs one Pulumi program or policy pack, in a process of its own.

Enters: one JSON line on stdin, a `ProgramRequest` or `PolicyPackRequest` of `server.py`. Thereafter stdin stays open
as a lifeline: it closes when the host is gone, and this process ends rather than live on as an orphan.
Leaves: the program's stdout, stderr and exit code. `SHOWN` says that the user has already been told what went wrong.

Started by path with the interpreter of the program's own virtual environment, so it imports nothing but pulumi.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import runpy
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
    """Read the request, hold the lifeline and run what is asked for. Returns the exit code."""
    lifeline = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    requests = os.fdopen(lifeline, "rb")
    line = requests.readline()
    if not line:
        return 1  # the host ended before it could ask for anything
    request = json.loads(line)
    threading.Thread(target=_end_with_the_host, args=(requests,), daemon=True).start()

    sys.path.pop(0)  # this file's own folder: nothing of the host may be importable by the program
    os.chdir(request["pwd"])
    if request["kind"] == "policy-pack":
        return _run_policy_pack(request)
    return _run_program(request)


def _end_with_the_host(lifeline: Any) -> None:
    lifeline.read()
    os._exit(1)


def _run_policy_pack(request: dict[str, Any]) -> int:
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
