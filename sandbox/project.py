"""The Pulumi project and its stacks: Pulumi.yaml and the sandbox's state folder go in, names and counts come out.

Stacks are created in the sandbox's state from a scratch project of the same name, so that the committed
Pulumi.<stack>.yaml stays as it is: `pulumi stack init` would write an encryption salt into it.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.console import SandboxError

DEFAULT_STACK = "sandbox"
HOLDER = "__emulator"
"""The output in which `sandbox.aws_plugin` notes the emulator's incarnation."""


@dataclass(frozen=True)
class Project:
    """A folder with a Pulumi.yaml. `config_dir` is where its Pulumi.<stack>.yaml files are."""

    name: str
    file: Path
    config_dir: Path

    @property
    def committed_stacks(self) -> list[str]:
        names = (
            path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in self.config_dir.glob("Pulumi.*.yaml")
        )
        return sorted(names)


def find(start: Path) -> Project | None:
    """The project that Pulumi would use from `start`: the nearest Pulumi.yaml upwards. Raises SandboxError."""
    for folder in (start, *start.parents):
        for file in (folder / "Pulumi.yaml", folder / "Pulumi.yml"):
            if file.is_file():
                return _read(file)
    return None


def _read(file: Path) -> Project:
    import yaml

    try:
        settings = yaml.safe_load(file.read_text())
        name = settings["name"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise SandboxError(f"{file} is not a Pulumi project: {' '.join(str(error).split())}") from error
    return Project(name, file, file.parent / settings.get("stackConfigDir", "."))


def stack_file(state: Path, project: Project, stack: str) -> Path:
    """Where the engine's file backend keeps a stack (`pkg/backend/diy`, the layout by project)."""
    return state / ".pulumi" / "stacks" / project.name / f"{stack}.json"


def stack_files(state: Path) -> list[Path]:
    """The stacks of every project in the state."""
    return sorted((state / ".pulumi" / "stacks").glob("*/*.json"))


def created_stacks(state: Path, project: Project) -> list[str]:
    return [file.stem for file in stack_files(state) if file.parent.name == project.name]


def _latest(file: Path) -> dict[str, Any]:
    """A stack's last deployment as its state has it; empty for a stack not yet created."""
    try:
        document = json.loads(file.read_text())
        return document["checkpoint"].get("latest") or {}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError) as error:
        raise SandboxError(f"the state of stack {file.stem} cannot be read: {file}: {error}") from error


def resource_count(file: Path) -> int:
    """How many resources a stack's state holds, without the stack itself and its providers."""
    resources = _latest(file).get("resources") or []
    return sum(not resource["type"].startswith(("pulumi:pulumi:Stack", "pulumi:providers:")) for resource in resources)


def pending_creations(file: Path) -> list[str]:
    """The URNs that an engine began to create, and didn't live to say how that ended."""
    operations = _latest(file).get("pending_operations") or []
    return [operation["resource"]["urn"] for operation in operations if operation["type"] == "creating"]


def urns(file: Path) -> frozenset[str]:
    """The URNs of the resources that a stack's state has."""
    return frozenset(resource["urn"] for resource in _latest(file).get("resources") or [])


def lost_count(file: Path, incarnation: str | None, *, fresh: bool) -> int:
    """How many of a stack's AWS resources are not in the emulator of `incarnation`.

    The sandbox's AWS plugin notes in each resource which emulator holds it. The official plugin does not: of its
    resources, a `fresh` emulator has none.
    """
    resources = _latest(file).get("resources") or []
    holders = [
        (resource.get("outputs") or {}).get(HOLDER) for resource in resources if resource["type"].startswith("aws:")
    ]
    return sum(fresh if holder is None else holder != incarnation for holder in holders)


def config_with_salt(state: Path, project: Project, stack: str) -> str | None:
    """The stack's committed configuration and the salt of its state's secrets; None if it has secrets settings itself.

    The engine would write the salt into the committed file, although it falls back to the state for it
    (`getAndSaveSecretsManager` in pkg/cmd/pulumi/config/io.go); given a copy that has the salt, it writes nothing.
    """
    import yaml

    provider = _latest(stack_file(state, project, stack)).get("secrets_providers") or {}
    if provider.get("type") != "passphrase":
        return None
    salt = {"encryptionsalt": provider["state"]["salt"]}
    file = project.config_dir / f"Pulumi.{stack}.yaml"
    try:
        text = file.read_text()
        committed = yaml.safe_load(text) or {}
        if not isinstance(committed, dict) or {"encryptionsalt", "secretsprovider", "encryptedkey"} & committed.keys():
            return None
        salted = (text.rstrip() + "\n" if committed else "") + yaml.safe_dump(salt)
        if yaml.safe_load(salted) != committed | salt:
            raise SandboxError(f"{file}: write its top level as `key: value` lines, one below the other")
    except (FileNotFoundError, yaml.YAMLError):
        return None  # the engine says what is wrong, with the file's own name
    return salted


def selected_stack(pulumi_home: Path, state: Path, project: Project) -> str | None:
    """What `pulumi stack select` chose last for this project and state, as the engine keeps it (`pkg/workspace`)."""
    digest = hashlib.sha1(os.fsencode(project.file), usedforsecurity=False).hexdigest()
    file = pulumi_home / "workspaces" / f"{project.name}-{digest}-workspace.json"
    try:
        settings = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    chosen = settings.get("stacks", {}).get(state.as_uri()) or settings.get("stack")
    return str(chosen).rpartition("/")[2] if chosen else None


def known_stacks(state: Path, project: Project) -> list[str]:
    return sorted({*project.committed_stacks, *created_stacks(state, project)})


def ensure_stack(engine: Path, environment: Mapping[str, str], state: Path, project: Project, stack: str) -> None:
    """Create `stack` in the state if it is not there. Raises SandboxError for a stack that nobody has configured."""
    if stack_file(state, project, stack).exists():
        return
    known = known_stacks(state, project)
    if stack not in known:
        listed = ", ".join(known) or "none yet"
        file = project.config_dir / f"Pulumi.{stack}.yaml"
        raise SandboxError(f"no stack named {stack!r} (known: {listed}); a new one starts with a file {file}")
    with tempfile.TemporaryDirectory(prefix="hedgerow-stack-") as scratch:
        (Path(scratch) / "Pulumi.yaml").write_text(json.dumps({"name": project.name, "runtime": "python"}))
        _run(
            [engine, "stack", "init", stack, "--no-select", "--non-interactive"],
            environment,
            Path(scratch),
            f"create stack {stack}",
        )


def select_stack(engine: Path, environment: Mapping[str, str], project: Project, stack: str) -> None:
    _run(
        [engine, "stack", "select", stack, "--non-interactive"],
        environment,
        project.file.parent,
        f"select stack {stack}",
    )


def _run(command: list[str | Path], environment: Mapping[str, str], folder: Path, what: str) -> None:
    answer = subprocess.run(
        command,
        cwd=folder,
        env={**environment, "PWD": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise SandboxError(f"the engine could not {what}: {' '.join((answer.stderr or answer.stdout).split())}")
