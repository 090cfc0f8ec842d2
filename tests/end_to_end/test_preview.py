"""Previews on the real engine, with the policy pack: what passes, what is blocked, and what bad input is told."""

import re
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.end_to_end.conftest import ROOT, Sandbox

STACKS = [path.stem.removeprefix("Pulumi.") for path in sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))]


def with_pack(stack: str) -> tuple[str, ...]:
    return ("--stack", stack, "--policy-pack", "policy_pack", "--policy-pack-config", f"stacks/policy.{stack}.json")


def test_the_four_stacks_are_there() -> None:
    assert set(STACKS) == {"sandbox", "us-west-staging", "us-west-prod", "self-hosted"}


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_previews_with_no_violation(sandbox: Sandbox, stack: str) -> None:
    preview = sandbox.pulumi("preview", *with_pack(stack))
    assert preview.returncode == 0, preview.stdout + preview.stderr
    assert re.search(r"\d+ to create", preview.stdout)
    assert "aws:rds:Cluster product-database create" in preview.stdout
    assert "hedgerow@" in preview.stdout, "the engine names the pack that judged"
    assert "[mandatory]" not in preview.stdout
    assert "warning:" not in preview.stdout + preview.stderr


def test_previewing_changes_no_file_of_the_repository(sandbox: Sandbox) -> None:
    def snapshot() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in (ROOT / "stacks").iterdir()}

    before = snapshot()
    sandbox.pulumi("preview", "--stack", "us-west-prod")
    assert snapshot() == before


def test_plain_pulumi_works_in_a_shell_with_the_exports(sandbox: Sandbox) -> None:
    script = (
        'eval "$("$PYTHON" -m sandbox env --shell bash)" && pulumi preview --stack sandbox --policy-pack policy_pack'
    )
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=sandbox.environment() | {"PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "to create" in ended.stdout


def test_the_demonstration_is_blocked_and_says_how_to_mend_it() -> None:
    ended = subprocess.run(["make", "demo-block"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "[mandatory]" in ended.stdout
    assert "Fix: " in ended.stdout
    assert re.search(r"the engine exited with [1-9]", ended.stdout)


@pytest.fixture
def outside() -> Iterator[tuple[str, list[str]]]:
    """A proxy that lets nothing out: its address, and the list of what was asked of it."""
    asked: list[str] = []

    class Refuse(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline().decode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


def test_nothing_leaves_loopback(
    sandbox: Sandbox, outside: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every client in play honours the proxy variables, so what would go out would be seen here."""
    proxy, asked = outside
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, proxy)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    preview = sandbox.pulumi("preview", *with_pack("sandbox"))
    assert preview.returncode == 0, preview.stdout + preview.stderr
    assert asked == []


def test_an_unknown_stack_is_one_clear_line(sandbox: Sandbox) -> None:
    ended = sandbox.pulumi("preview", "--stack", "us-east-prod")
    assert ended.returncode != 0
    assert "us-east-prod" in ended.stderr
    assert all(stack in ended.stderr for stack in STACKS)
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_bad_setting_is_named_with_what_is_allowed(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = yaml.safe_load((ROOT / "stacks" / "Pulumi.sandbox.yaml").read_text())
    settings["config"]["aws:region"] = "eu-central-1"
    config = tmp_path / "Pulumi.sandbox.yaml"
    config.write_text(yaml.safe_dump(settings))
    ended = sandbox.pulumi("preview", "--stack", "sandbox", "--config-file", str(config))
    assert ended.returncode != 0
    assert "eu-central-1" in ended.stdout
    assert "us-west-2" in ended.stdout
    assert "Traceback" not in ended.stdout
