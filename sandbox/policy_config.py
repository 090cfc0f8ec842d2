"""`pulumi policy validate-config FOLDER --config FILE`: a pack's folder and a configuration in, an exit code out.

The engine itself validates the configuration of published packs alone, for which it asks Pulumi Cloud. For a pack in a
folder it validates one whenever it loads the pack with it; here it does so to analyze a state that holds nothing.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sandbox.console import SandboxError

# The engine loads no pack for a state without any resource.
_NOTHING = {"urn": "urn:pulumi:none::none::sandbox:index:Nothing::nothing", "type": "sandbox:index:Nothing"}
_STATE = {
    "version": 3,
    "deployment": {
        "manifest": {"time": "2026-01-01T00:00:00Z", "magic": "", "version": ""},
        "resources": [{**_NOTHING, "custom": False}],
    },
}


class Request(NamedTuple):
    """A pack's folder and the configuration to validate, both relative to where the engine runs."""

    pack: str
    config: str


def request(arguments: Sequence[str]) -> Request | None:
    """Return what is asked to be validated, if it is the configuration of a pack in a folder.

    Raises:
        SandboxError: no configuration is named.
    """
    if {"-h", "--help"} & set(arguments):
        return None
    words: list[str] = []
    config = None
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--config":
            config = next(remaining, None)
        elif argument.startswith("--config="):
            config = argument.removeprefix("--config=")
        elif argument in {"--color", "-C", "--cwd"}:
            next(remaining, None)
        elif not argument.startswith("-"):
            words.append(argument)
    if words[:2] != ["policy", "validate-config"] or len(words) != 3:
        return None
    if config is None:
        raise SandboxError(f"policy validate-config {words[2]} needs --config FILE")
    return Request(words[2], config)


def validate(asked: Request, folder: str, engine: Path, environment: Mapping[str, str]) -> int:
    """Validate a configuration on the engine; its complaint goes to stderr. Return 0 where it is valid, else 1."""
    with tempfile.TemporaryDirectory(prefix="sandbox-") as scratch:
        state = Path(scratch) / "state.json"
        state.write_text(json.dumps(_STATE), encoding="utf-8")
        command = [str(engine), "policy", "analyze", "--cwd", folder, "--file", str(state), "--color", "never"]
        ended = subprocess.run(
            [*command, "--policy-pack", asked.pack, "--policy-pack-config", asked.config],
            env=dict(environment),
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if ended.returncode == 0:
        print("Policy Pack configuration is valid.")
    return 0 if ended.returncode == 0 else 1
