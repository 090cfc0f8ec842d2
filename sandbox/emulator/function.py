"""`python -m sandbox.emulator.function`: run a Lambda function's Python code, in a process that stays on this machine.

In, as JSON on stdin: `code` (a zip archive in base64), `handler`, `region`, `endpoint` and `events`, which the handler
is given one after the other. Out: exit code 0, or a traceback and 1 where the handler raised.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 60


def run(code: bytes, handler: str, region: str, events: list[dict[str, Any]]) -> None:
    """Run a function in a process of its own, against this emulator. What it raises goes to the emulator's log."""
    order = {
        "code": base64.b64encode(code).decode(),
        "handler": handler,
        "region": region,
        "endpoint": f"http://127.0.0.1:{os.environ['MOTO_PORT']}",
        "events": events,
    }
    try:
        subprocess.run(
            [sys.executable, "-m", "sandbox.emulator.function"],
            input=json.dumps(order),
            cwd=Path(__file__).parents[2],
            text=True,
            stdout=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        print(f"a Lambda function failed: {type(error).__name__}", file=sys.stderr, flush=True)


def main() -> None:
    """Run what stdin says."""
    from sandbox.emulator.server import isolate

    order = json.load(sys.stdin)
    isolate()
    os.environ |= {"AWS_ENDPOINT_URL": order["endpoint"], "AWS_DEFAULT_REGION": order["region"]}
    with tempfile.TemporaryDirectory(prefix="hedgerow-function-") as folder:
        archive = Path(folder) / "code.zip"
        archive.write_bytes(base64.b64decode(order["code"]))
        sys.path.insert(0, str(archive))
        module, _, name = order["handler"].rpartition(".")
        handler = getattr(import_module(module.replace("/", ".")), name)
        for event in order["events"]:
            handler(event, None)


if __name__ == "__main__":
    main()
