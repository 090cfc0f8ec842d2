"""Runs everything that judges a state on the same resources: a folder of states in, seconds from start to end out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.formats import export, plain, plan
from bench.in_process import REGISTERS
from bench.states import resources
from bench.toolbox import Tool

ROOT = Path(__file__).parents[1]
STACK = "sandbox"
_TRIVIAL = """\
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

PolicyPack(
    "trivial",
    policies=[
        ResourceValidationPolicy(
            name="anything",
            description="Accepts everything.",
            enforcement_level=EnforcementLevel.ADVISORY,
            validate=lambda args, report: None,
        )
    ],
)
"""


@dataclass(frozen=True)
class Run:
    """How long a command took from its start to its end, and what it printed."""

    seconds: float
    output: str

    def json(self) -> Any:
        """Return what it printed, read as JSON."""
        return json.loads(self.output)


def run(*command: str, accepted: tuple[int, ...] = (0,)) -> Run:
    """Run a command in the checkout.

    Raises:
        RuntimeError: it ended with a code that isn't accepted.
    """
    # Whoever uses the pack has its compiled modules from the second run on.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    ended = subprocess.run(
        command, cwd=ROOT, env=environment | {"NO_COLOR": "1"}, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    if ended.returncode not in accepted:
        said = (ended.stderr.strip() or ended.stdout.strip() or "it said nothing").splitlines()[-1]
        raise RuntimeError(f"{' '.join(command[:4])} … exited with {ended.returncode}: {said}")
    return Run(seconds, ended.stdout)


def pulumi(*arguments: str, accepted: tuple[int, ...] = (0,)) -> Run:
    """Run `pulumi` through the sandbox."""
    return run(sys.executable, "-m", "sandbox", "pulumi", *arguments, accepted=accepted)


class Workspace:
    """A folder with the same states in every form, and with what the judges of them need."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        trivial = folder / "trivial"
        trivial.mkdir()
        (trivial / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.0.1\n")
        (trivial / "__main__.py").write_text(_TRIVIAL)
        kept = {"enforcementLevel": "advisory", "folder": str(REGISTERS)}
        (folder / "config.json").write_text(json.dumps({"policies_reviewed": kept}))
        empty = folder / "empty"
        empty.mkdir()
        (empty / "Pulumi.yaml").write_text("name: hedgerow-bench\nruntime: python\n")
        (empty / "Pulumi.bench.yaml").write_text("config: {}\n")
        (empty / "__main__.py").write_text("")

    def write(self, size: int) -> None:
        """Write a state of so many resources."""
        declared = resources(size)
        for form in (export, plan, plain):
            self.path(form.__name__, size).write_text(json.dumps(form(declared)))

    def path(self, form: str, size: int) -> Path:
        """Return where a state is."""
        return self.folder / f"{form}-{size}.json"

    def engine(self, size: int, *, whole: bool) -> Run:
        """Judge a state through the engine, by the whole pack or by one of one rule."""
        pack = ("policy_pack", "--policy-pack-config", str(self.folder / "config.json"))
        chosen = pack if whole else (str(self.folder / "trivial"),)
        state = str(self.path("export", size))
        done = pulumi("policy", "analyze", "--json", "--file", state, "--policy-pack", *chosen, accepted=(0, 1))
        if '"summaryEvent"' not in done.output:  # exit code 1 is a violation, or that nothing was judged
            raise RuntimeError("the engine judged nothing")
        return done

    def in_process(self, size: int, which: str, rounds: int = 1) -> Run:
        """Judge a state in a process of its own, without the engine."""
        return run(sys.executable, "-m", "bench.in_process", str(self.path("export", size)), which, str(rounds))

    def scan(self, tool: Tool, size: int) -> Run:
        """Judge a state by a tool."""
        read = str(self.path("plain" if tool.name == "opa" else "plan", size))
        options: Mapping[str, tuple[str, ...]] = {
            "checkov": (
                "-f",
                read,
                "--framework",
                "terraform_plan",
                "-o",
                "json",
                "--compact",
                "--quiet",
                "--soft-fail",
                "--skip-download",
            ),
            "trivy": (
                "config",
                "--cache-dir",
                str(self.folder / "trivy"),
                "--skip-check-update",
                "--skip-version-check",
                "--disable-telemetry",
                "-q",
                "-f",
                "json",
                read,
            ),
            "opa": ("eval", "--format", "json", "--data", "bench/eight.rego", "--input", read, "data.bench.violations"),
        }
        return run(*tool.command, *options[tool.name])

    def previews(self) -> dict[str, Callable[[], Run]]:
        """Return the previews to measure, by name."""
        ours = ("preview", "--stack", STACK)
        config = ("--policy-pack-config", f"stacks/policy.{STACK}.json")
        return {
            "the engine alone (`pulumi version`)": lambda: pulumi("version"),
            "an empty program": lambda: pulumi("--cwd", str(self.folder / "empty"), "preview", "--stack", "bench"),
            f"stack {STACK}": lambda: pulumi(*ours),
            f"stack {STACK} with the policy pack": lambda: pulumi(*ours, "--policy-pack", "policy_pack", *config),
        }

    def forget(self) -> None:
        """Remove the stack of the empty program."""
        pulumi("--cwd", str(self.folder / "empty"), "stack", "rm", "bench", "--yes")


def same_eight(ours: Run, opas: Run) -> int:
    """Return how many violations of the eight rules both found.

    Raises:
        RuntimeError: they differ, so that they didn't do the same work.
    """
    found = {tuple(item) for item in ours.json()["found"]}
    theirs = {tuple(item) for item in opas.json()["result"][0]["expressions"][0]["value"]}
    if found != theirs:
        raise RuntimeError(f"the eight rules and OPA's differ: {sorted(found ^ theirs)[0]}")
    return len(found)
