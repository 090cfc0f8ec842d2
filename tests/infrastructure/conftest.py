"""The stacks' settings, and the environment built once for each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pulumi.runtime
import pytest
import yaml

from infrastructure.environment import create_environment
from infrastructure.settings import read_settings
from tests.infrastructure.mocks import ACCOUNT, Registrations, build

STACKS = Path(__file__).parents[2] / "stacks"
NAMES = sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in STACKS.glob("Pulumi.*.yaml"))


def stack_config(stack: str) -> dict[str, str]:
    """The configuration of a stack's file, as the engine hands it to the program: text, and JSON for the rest."""
    config: dict[str, Any] = yaml.safe_load((STACKS / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


@cache
def built(stack: str) -> Registrations:
    """The environment of a stack."""
    pulumi.runtime.set_all_config(stack_config(stack))
    return build(lambda: create_environment(read_settings(), ACCOUNT), stack)


@pytest.fixture(autouse=True)
def _no_configuration_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    yield
    pulumi.runtime.set_all_config({}, [])


@pytest.fixture(params=NAMES)
def stack(request: pytest.FixtureRequest) -> str:
    """The name of each stack in turn."""
    return str(request.param)


@pytest.fixture
def environment(stack: str) -> Registrations:
    """The environment of each stack in turn."""
    return built(stack)


@pytest.fixture
def production() -> Registrations:
    return built("us-west-prod")


@pytest.fixture
def sandbox() -> Registrations:
    return built("sandbox")
