"""Judges a saved state by the policy pack, on the real engine: `pulumi policy analyze`, without program or provider.

Enters: what `pulumi stack export` wrote. Leaves: what was observed, as from a log; its time is that of the state.
"""

from __future__ import annotations

import datetime
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from evidence.console import EvidenceError
from evidence.events import Event, Problems, read_events
from evidence.observations import Observed, observe
from evidence.rules import PACK_FOLDER, pack_version
from evidence.store import scratch

_MAIN = """\
import sys

sys.path[:0] = {path!r}
from evidence.recorder import serve_recorded

serve_recorded({record!r}, {version!r})
"""


def judge_state(
    state: Mapping[str, Any], path: Path, config: Path | None, pulumi: Sequence[str], problems: Problems
) -> Observed:
    """Return what the engine says of a saved state.

    Args:
        state: what the file holds.
        path: the file.
        config: the policy configuration.
        pulumi: the command that starts the engine.
        problems: where to note what is wrong.

    Raises:
        EvidenceError: the file is no export, or the engine could not judge it.
    """
    steps, time = list(_steps(state, path)), _time(state, path)
    with scratch() as folder:
        pack, events, record = folder / "pack", folder / "events", folder / "record"
        pack.mkdir()
        shutil.copy(PACK_FOLDER / "PulumiPolicy.yaml", pack)
        main = _MAIN.format(path=[str(PACK_FOLDER.parent)], record=str(record), version=pack_version())
        (pack / "__main__.py").write_text(main)
        arguments = [*pulumi, "policy", "analyze", "--json", "--file", str(path), "--policy-pack", str(pack)]
        arguments += ["--policy-pack-config", str(config)] if config else []
        said = _run(arguments, events)
        if not record.exists() or not events.stat().st_size:
            raise EvidenceError(f"{path}: the engine did not judge it: {said.splitlines()[-1]}")
        if "redacted" in said:
            problems.add("secrets of the state could not be decrypted: the rules saw [secret] in their place")
        end = [Event("cancelEvent", 0, {})]
        observed = observe(chain(steps, read_events(record, problems), read_events(events, problems), end), problems)
    observed.time = time
    return observed


def _run(arguments: Sequence[str], output: Path) -> str:
    """Run the engine and return what it told; its exit code says no more than its events do."""
    try:
        with output.open("wb") as file:
            ended = subprocess.run(arguments, stdout=file, stderr=subprocess.PIPE, text=True, check=False)
    except OSError as error:
        raise EvidenceError(f"{arguments[0]}: {error.strerror}: name the engine with --pulumi") from None
    return ended.stderr.strip() or f"it exited with {ended.returncode}"


def _steps(state: Mapping[str, Any], path: Path) -> Iterator[Event]:
    """Yield the resources of a state, as the steps that a log would have."""
    try:
        for resource in state["deployment"]["resources"]:
            step = {
                "op": "delete" if resource.get("delete") else "same",
                "urn": resource["urn"],
                "type": resource["type"],
            }
            yield Event("resourcePreEvent", 0, {"metadata": step})
    except (LookupError, TypeError, AttributeError):
        raise EvidenceError(f"{path} is not what `pulumi stack export` writes") from None


def _time(state: Mapping[str, Any], path: Path) -> int:
    try:
        text = str(state["deployment"]["manifest"]["time"])[:19]
        return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp())
    except (LookupError, TypeError, ValueError):
        raise EvidenceError(f"{path} does not tell when it was saved") from None
