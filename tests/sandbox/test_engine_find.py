"""An installed Pulumi is used when it fits, and is asked for its version once."""

from pathlib import Path

import pytest

from sandbox import engine as engines
from sandbox.launcher import launcher
from tests.sandbox.machine import Machine, pinned, program


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.mark.parametrize("version", [pinned(), "3.259.1", "3.300.0"])
def test_an_installed_engine_that_fits_is_used(machine: Machine, version: str) -> None:
    path = machine.install_pulumi(version)
    assert engines.find(machine.cache) == engines.Engine(path, version, installed=True)


@pytest.mark.parametrize("version", ["3.258.9", "2.900.0", "4.0.0", "dev"])
def test_an_installed_engine_that_does_not_fit_is_passed_over(machine: Machine, version: str) -> None:
    machine.install_pulumi(version)
    assert engines.find(machine.cache) is None


def test_a_program_that_fails_is_no_engine(machine: Machine) -> None:
    program(machine.programs / "pulumi", "#!/bin/sh\nexit 1\n")
    assert engines.find(machine.cache) is None


def test_the_sandboxs_own_script_on_path_is_no_engine(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    program(other / "pulumi", launcher("sandbox", ["pulumi"]))
    monkeypatch.setenv("PATH", f"{other}:{machine.programs}")
    assert engines.find(machine.cache) is None
    installed = machine.install_pulumi()
    found = engines.find(machine.cache)
    assert found is not None
    assert found.path == installed


def test_an_installed_engine_is_asked_once_and_again_when_it_changes(machine: Machine) -> None:
    machine.install_pulumi()
    for _ in range(3):
        assert engines.find(machine.cache) is not None
    asked = machine.programs / "asked.txt"
    assert asked.read_text().count("version") == 1
    machine.install_pulumi("3.1.0").write_text((machine.programs / "pulumi").read_text() + "\n")
    assert engines.find(machine.cache) is None
    assert asked.read_text().count("version") == 2


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HEDGEROW_CACHE": "/a"}, "/a"),
        ({"HEDGEROW_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/hedgerow"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/c"}, "/c/.cache/hedgerow"),
        ({"HOME": "/c"}, "/c/.cache/hedgerow"),
    ],
)
def test_the_cache_is_where_people_expect_it(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HEDGEROW_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert engines.cache_dir() == Path(expected)
