"""The browser that tests drive: the machine's own, or one that is installed for them.

Run as `python -m tests.browser`: it prints where the browser is, and installs one where there is none. It ends with 1
and one line where neither can be had.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no Chromium or Chrome: run `python -m tests.browser`, or install one and put it on PATH"


def find() -> str | None:
    """Return the path of a browser: one on PATH, or the one that Playwright has downloaded."""
    for name in NAMES:
        if (path := shutil.which(name)) and _works(path):
            return path
    with sync_playwright() as playwright:
        downloaded = playwright.chromium.executable_path
    return downloaded if Path(downloaded).exists() else None


def _works(path: str) -> bool:
    """Return whether a browser starts: what some systems put on PATH only names the package that one is in."""
    return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0


def main() -> int:
    """Find a browser or install one, and say where it is."""
    found = find()
    for name, commands in _ways():
        if found:
            break
        print(f"browser: none is here; installing one with {name} (some minutes on a new machine)", file=sys.stderr)
        if all(_run(command) for command in commands):
            found = find()
    if not found:
        print(f"browser: {MISSING}", file=sys.stderr)
        return 1
    print(f"browser: {found}")
    return 0


def _ways() -> list[tuple[str, list[list[str]]]]:
    """Return how a browser may be installed here, best first: commands by the name of the installer."""
    ways: list[tuple[str, list[list[str]]]] = []
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"]
        ways.append(("apt-get", [["apt-get", "update", "-qq"], install]))
    ways.append(("Playwright", [[sys.executable, "-m", "playwright", "install", "chromium"]]))
    return ways


def _run(command: list[str]) -> bool:
    """Run an installer; what it says is shown only where it fails."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        print(f"browser: `{' '.join(command[:3])}` failed: {last[0]}", file=sys.stderr)
    return not done.returncode


if __name__ == "__main__":
    sys.exit(main())
