"""What the pages tell people to run is there: every command, every option, every target, every link."""

from __future__ import annotations

import functools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.end_to_end.conftest import ROOT, Sandbox

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
GENERATED = {"rules.md", "controls.md"}
OTHERS = {"(umask", ".ci/run", "[", "aws", "base64", "cat", "echo", "eval", "export", "openssl", "python", "python3"}
"""Commands of the system and of the shell, and what there is beside `make` and Python's modules."""
OURS = ("evidence", "pipeline", "sandbox", "policy_pack.documentation", "tests.actionlint", "tests.browser", "bench")


def blocks(page: Path) -> Iterator[str]:
    """The shell in a page or a workflow, with lines joined and without here-documents."""
    text = page.read_text()
    if page.suffix == ".md":
        found = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    else:
        jobs = yaml.safe_load(text)["jobs"].values()
        found = [step["run"] for job in jobs for step in job.get("steps", ()) if "run" in step]
    for block in found:
        yield re.sub(r"<<'(\w+)'\n.*?^\1$", "", block, flags=re.DOTALL | re.MULTILINE).replace("\\\n", " ")


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each command, without the variables that are set for it and where its output goes."""
    for block in blocks(page):
        for line in block.splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;<>")
            lexer.whitespace_split = True
            words: list[str] = []
            for word in [*lexer, ";"]:
                if word and set(word) <= set("&|;"):
                    while words and re.match(r"\w+=", words[0]):
                        words.pop(0)
                    if words:
                        yield words
                    words = []
                else:
                    words.append(word)


def told() -> list[tuple[str, list[str]]]:
    pages = [*PAGES, *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
    return [(page.name, words) for page in pages if page.name not in GENERATED for words in commands(page)]


def ours() -> list[tuple[str, str, list[str]]]:
    """Page, module and arguments of what runs a module of this repository."""
    found = []
    for page, words in told():
        if words[0].rpartition("/")[2] in ("python", "python3") and "-m" in words[:2]:
            found.append((page, words[2], words[3:]))
    return found


def pulumi() -> list[tuple[str, list[str]]]:
    """Page and arguments of what runs the engine, in the sandbox or out of it."""
    plain = [(page, words[1:]) for page, words in told() if words[0] == "pulumi"]
    inside = [(page, rest[1:]) for page, module, rest in ours() if module == "sandbox" and rest[:1] == ["pulumi"]]
    return [*plain, *inside]


def options(words: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}


@functools.cache
def help_of(module: str, command: str) -> str:
    arguments = [sys.executable, "-m", module, *command.split(), "--help"]
    environment = os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    ended = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{module} {command}: {ended.stderr[-300:]}"
    return ended.stdout


def test_pages_are_read() -> None:
    pages = {page for page, _, _ in ours()}
    assert {"ci-owner.md", "platform-engineer.md", "auditor.md", "evidence.md", "README.md", "preview.yml"} <= pages
    assert len(pulumi()) > 5


def test_every_command_is_of_a_kind_that_is_checked() -> None:
    programs = {words[0] for _, words in told()}
    assert not {one for one in programs - OTHERS - {"make", "pulumi"} if not one.startswith(".venv/bin/")}
    for one in programs:
        if one.startswith(".venv/bin/"):
            assert (ROOT / one).exists(), one


def test_targets_of_make_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = {(page, word) for page, words in told() if words[0] == "make" for word in words[1:] if "=" not in word}
    assert asked
    assert {target for _, target in asked} <= targets


@pytest.mark.parametrize("module", OURS)
def test_commands_and_options_of_ours_are_there(module: str) -> None:
    for page, name, rest in ours():
        if name != module or rest[:1] == ["pulumi"] or module == "tests.actionlint":
            continue
        command = rest[0] if rest and not rest[0].startswith("-") and module != "policy_pack.documentation" else ""
        missing = options(rest) - set(re.findall(r"--?[a-zA-Z][\w-]*", help_of(module, command)))
        assert not missing, f"{page}: python -m {module} {shlex.join(rest)}: {missing}"


def test_no_page_names_a_module_that_is_not_ours() -> None:
    assert {module for _, module, _ in ours()} <= set(OURS)


def test_commands_and_options_of_the_engine_are_there(sandbox: Sandbox) -> None:
    known: dict[tuple[str, ...], set[str]] = {}
    for page, rest in pulumi():
        words = [word for word in rest if not word.startswith("-") and word not in ("bootstrap", "demo")]
        command = tuple(words[:2] if words[0] in ("stack", "config", "policy") else words[:1])
        if command not in known:
            said = subprocess.run(
                [sys.executable, "-m", "sandbox", "pulumi", *command, "--help"],
                cwd=ROOT,
                env=sandbox.environment() | {"PULUMI_DEBUG_COMMANDS": "true"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert said.returncode == 0, (page, command, said.stderr)
            known[command] = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", said.stdout))
        assert options(rest) <= known[command], (page, rest)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)", text):
        assert not target or (page.parent / target).exists(), target
