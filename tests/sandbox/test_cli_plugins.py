"""The official plugin and language host are used where the machine has them, the sandbox's own elsewhere."""

from importlib.metadata import version
from pathlib import Path

import pytest

from sandbox import home as homes
from sandbox.engine import Engine
from sandbox.home import Home
from sandbox.launcher import is_launcher
from tests.sandbox.machine import program

AWS = Path(f"plugins/resource-aws-v{version('pulumi_aws')}/pulumi-resource-aws")
HOST = Path("plugins/language-python-v3.259.0/pulumi-language-python")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("HEDGEROW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    return Home(tmp_path / "home")


def engine(tmp_path: Path, *, installed: bool = False) -> Engine:
    folder = tmp_path / "engine"
    folder.mkdir(exist_ok=True)
    return Engine(program(folder / "pulumi", "#!/bin/sh\n"), "3.259.0", installed)


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return program(path, "#!/bin/sh\n")


def test_without_official_ones_ours_are_installed(home: Home, tmp_path: Path) -> None:
    homes.prepare(home, engine(tmp_path))
    for path in (AWS, HOST):
        assert is_launcher(home.pulumi / path)
        assert (home.pulumi / path).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("where", ["user", "pulumi-home"])
def test_the_official_plugin_of_the_sdks_version_is_linked(
    home: Home, tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "user" / ".pulumi"
    if where == "pulumi-home":
        base = tmp_path / "elsewhere"
        monkeypatch.setenv("PULUMI_HOME", str(base))
    official = executable(base / AWS)
    homes.prepare(home, engine(tmp_path))
    assert (home.pulumi / AWS).readlink() == official
    assert not (home.pulumi / AWS).parent.is_symlink()  # the engine skips a plugin folder that is a link


def test_an_official_plugin_of_another_version_is_not_linked(home: Home, tmp_path: Path) -> None:
    executable(tmp_path / "user" / ".pulumi" / "plugins" / "resource-aws-v7.0.0" / "pulumi-resource-aws")
    homes.prepare(home, engine(tmp_path))
    assert is_launcher(home.pulumi / AWS)


def test_the_plugin_of_another_sandbox_is_not_taken_for_the_official_one(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Home(tmp_path / "other")
    homes.prepare(other, engine(tmp_path))
    monkeypatch.setenv("PULUMI_HOME", str(other.pulumi))
    homes.prepare(home, engine(tmp_path))
    assert not (home.pulumi / AWS).is_symlink()


def test_ours_replaces_a_link_to_an_official_plugin_that_is_gone(home: Home, tmp_path: Path) -> None:
    official = executable(tmp_path / "user" / ".pulumi" / AWS)
    homes.prepare(home, engine(tmp_path))
    official.unlink()
    homes.prepare(home, engine(tmp_path))
    assert is_launcher(home.pulumi / AWS)


def test_a_language_host_beside_an_installed_engine_is_left_to_it(home: Home, tmp_path: Path) -> None:
    installed = engine(tmp_path, installed=True)
    homes.prepare(home, installed)
    assert is_launcher(home.pulumi / HOST)
    executable(installed.path.with_name("pulumi-language-python"))
    homes.prepare(home, installed)
    assert not (home.pulumi / HOST).exists()


def test_a_language_host_on_path_is_linked_for_an_installed_engine_only(home: Home, tmp_path: Path) -> None:
    official = executable(tmp_path / "programs" / "pulumi-language-python")
    homes.prepare(home, engine(tmp_path, installed=True))
    assert (home.pulumi / HOST).readlink() == official
    homes.prepare(home, engine(tmp_path, installed=False))
    assert is_launcher(home.pulumi / HOST)


def test_the_host_of_an_earlier_engine_is_removed(home: Home, tmp_path: Path) -> None:
    stale = home.pulumi / "plugins" / "language-python-v3.300.0" / "pulumi-language-python"
    executable(stale)
    stale.parent.with_name("language-python-v3.300.0.lastused").touch()  # the engine leaves this beside it
    homes.prepare(home, engine(tmp_path))
    assert not stale.parent.exists()
    assert (home.pulumi / HOST).exists()
