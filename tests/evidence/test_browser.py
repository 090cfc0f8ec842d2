"""How tests come by a browser."""

from pathlib import Path

import pytest

from tests import browser


def program(folder: Path, name: str, code: int) -> str:
    """Put a program on PATH that ends with a code, whatever it is asked."""
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    return tmp_path


def test_a_name_on_path_that_starts_nothing_is_passed_over(folder: Path) -> None:
    program(folder, "chromium", 1)
    real = program(folder, "google-chrome", 0)
    assert browser.find() == real


def test_a_browser_is_installed_only_where_there_is_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[str]] = []

    def install(command: list[str]) -> bool:
        asked.append(command)
        program(folder, "chromium", 0)
        return True

    monkeypatch.setattr(browser, "_run", install)
    assert browser.main() == 0
    assert browser.main() == 0
    assert asked == [command for _, commands in browser._ways()[:1] for command in commands]
    assert capsys.readouterr().out.splitlines() == [f"browser: {folder / 'chromium'}"] * 2


def test_where_none_can_be_had_one_line_says_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(browser, "_ways", lambda: [("nothing", [[program(folder, "installer", 100)]])])
    assert browser.main() == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1] == f"browser: {browser.MISSING}"
