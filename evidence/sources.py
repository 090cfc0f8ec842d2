"""What a run is read from: an engine's event log or a saved state, and the files beside it that say more.

Those are the policy configuration, which names the registers, and what knows the source line of each resource: the
output of `pulumi preview --json` or `pulumi stack export`.
"""

from __future__ import annotations

import posixpath
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import orjson

from evidence import policy_files
from evidence.console import EvidenceError
from evidence.events import Problems, read_events
from evidence.observations import observe
from evidence.report.records import RegisterEntry
from evidence.results import Origin, Place, Run
from evidence.rules import pack_version
from evidence.runs import Context, make_run, stack_of
from evidence.states import judge_state

STACK = "{stack}"
"""Stands for the stack's name in the path of a file that there is one of for each stack."""
_POSITION = re.compile(r"project://(?P<path>/[^#]*)#(?P<line>[0-9]{1,9})(,[0-9]+)?")
_NOT_OURS = re.compile(r"(^|/)(site-packages|dist-packages|language_host|\.[^/]+)/")
"""Paths inside the repository that hold what is installed, or runs the program."""


class Reading(NamedTuple):
    """A run, and what is known besides. `project` is empty where the stack's name alone is known."""

    run: Run
    project: str
    registers: tuple[RegisterEntry, ...] = ()


class Readable(Protocol):
    """Whatever a run can be had from, also by another process."""

    @property
    def name(self) -> str:
        """What people know it by."""

    def read(self) -> Reading:
        """Return the run. Raises EvidenceError if it can't be had."""


@dataclass(frozen=True)
class Source:
    """One log or state, and where to find what belongs to it."""

    path: Path
    commit: str = ""
    policy_config: str = ""
    """Path of the policy configuration; one that has {stack} in it may be missing."""
    places: str = ""
    program: str = "."
    """The folder of Pulumi.yaml, relative to the repository's root."""
    qualified: bool = False
    pulumi: tuple[str, ...] = ()
    """The command that judges a saved state, where the path is one; empty for an event log."""

    @property
    def name(self) -> str:
        """What people know it by."""
        return str(self.path)

    def read(self) -> Reading:
        """Return its run. Raises EvidenceError if it can't be had."""
        return read_source(self)


def read_source(source: Source) -> Reading:
    """Return the run of a source, its project and registers. Raises EvidenceError if it can't be read."""
    problems = Problems()
    if source.pulumi:
        state = read_json(str(source.path))
        observed = judge_state(state, source.path, _config_of(source, state), source.pulumi, problems)
    else:
        state = {}
        observed = observe(read_events(source.path, problems), problems)
    try:
        project, stack = stack_of(observed)
    except EvidenceError as error:
        raise EvidenceError(f"{source.path}: {error}") from None
    config = read_json(source.policy_config, stack)
    kept = policy_files.registers(config, source.program)
    context = Context(
        commit=source.commit,
        pack_version=pack_version(),
        waivers=tuple(policy_files.waivers(kept, project, stack)),
        disabled=policy_files.disabled(config),
        places=read_places(state or read_json(source.places, stack), source.program),
        qualified=source.qualified,
    )
    run = make_run(observed, problems, context, origin=Origin.STATE if source.pulumi else None)
    return Reading(run, project, tuple(policy_files.due(kept, run.time.date())))


def current_commit(folder: Path) -> str:
    """Return the commit that a folder is at, with "-dirty" if anything differs from it; empty outside a repository."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"],  # noqa: S607 - the user's own git
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return described.stdout.strip()


def read_json(template: str, stack: str = STACK) -> Mapping[str, Any]:
    path = Path(template.replace(STACK, stack))
    if not template or (STACK in template and not path.exists()):
        return {}
    try:
        value = orjson.loads(path.read_bytes())
    except OSError as error:
        raise EvidenceError(f"{path}: {error.strerror}") from None
    except orjson.JSONDecodeError:
        raise EvidenceError(f"{path} is not JSON") from None
    if not isinstance(value, dict):
        raise EvidenceError(f"{path} is not a JSON object")
    return value


def _config_of(source: Source, state: Mapping[str, Any]) -> Path | None:
    """Return the policy configuration for a saved state, if there is one."""
    urns = [resource.get("urn", "") for resource in state.get("deployment", {}).get("resources", ())]
    path = Path(source.policy_config.replace(STACK, urns[0].split(":")[2] if urns else ""))
    return path if source.policy_config and (STACK not in source.policy_config or path.exists()) else None


def read_places(record: Mapping[str, Any], program: str) -> dict[str, Place]:
    """Return where each resource is constructed, by URN.

    Args:
        record: what `pulumi preview --json` printed, or `pulumi stack export` wrote.
        program: the folder of Pulumi.yaml, relative to the repository's root.

    Raises:
        EvidenceError: it is neither.
    """
    try:
        if "deployment" in record:
            states = record["deployment"].get("resources", ())
        else:
            states = [step["newState"] for step in record.get("steps", ()) if step.get("newState")]
        found = ((state["urn"], _place(state, program)) for state in states)
        return {urn: place for urn, place in found if place}
    except (LookupError, TypeError, AttributeError):
        raise EvidenceError("the places are neither a preview's JSON nor a stack's export") from None


def _place(state: Mapping[str, Any], program: str) -> Place | None:
    """Return the innermost line of the program itself on the way to a resource's constructor."""
    frames = [frame.get("sourcePosition", "") for frame in state.get("stackTrace") or ()]
    for position in (state.get("sourcePosition", ""), *frames):
        if match := _POSITION.fullmatch(position):
            path = posixpath.normpath(posixpath.join(program, match["path"].lstrip("/")))
            if not path.startswith("../") and not _NOT_OURS.search(path):
                return Place(path, int(match["line"]))
    return None
