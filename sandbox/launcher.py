"""Shell scripts that start a module of this checkout with this Python: what the engine and a shell find as programs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
MARK = "# Written by Hedgerow's `python -m sandbox`."

# The checkout goes on this one process's import path, and not into the environment that its children inherit: a policy
# pack that only works because the checkout is importable must fail here too.
SCRIPT = """\
#!/bin/sh
{mark}
{exports}exec {python} -c '
import runpy, sys
sys.path[0] = sys.argv.pop(1)
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
' {checkout} {module} {arguments}"$@"
"""


def launcher(module: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> str:
    """The text of a script that runs `python -m module arguments… "$@"` with `environment` added."""
    return SCRIPT.format(
        mark=MARK,
        exports="".join(f"export {name}={shlex.quote(value)}\n" for name, value in (environment or {}).items()),
        python=shlex.quote(sys.executable),
        checkout=shlex.quote(str(CHECKOUT)),
        module=module,
        arguments="".join(f"{shlex.quote(argument)} " for argument in arguments),
    )


def is_launcher(path: Path) -> bool:
    """Whether `path` is such a script, of this checkout or another."""
    with path.open("rb") as file:
        return MARK.encode() in file.read(100)
