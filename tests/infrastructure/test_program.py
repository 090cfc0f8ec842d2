"""The program itself, as Pulumi runs it: `__main__.py` in the project's folder."""

import runpy
from pathlib import Path

import pulumi
import pulumi.runtime
import pytest

from tests.infrastructure.conftest import stack_config
from tests.infrastructure.mocks import ACCOUNT, Registrations, build

PROGRAM = Path(__file__).parents[2] / "__main__.py"


def _run(config: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[Registrations, set[str]]:
    exported: dict[str, object] = {}
    monkeypatch.setattr(pulumi, "export", exported.__setitem__)
    pulumi.runtime.set_all_config(config)
    return build(lambda: runpy.run_path(str(PROGRAM)) and None), set(exported)


def test_the_program_exports_what_the_environment_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    registered, exported = _run(stack_config("sandbox"), monkeypatch)
    names = {resource.name for resource in registered.resources}
    assert {"keys", "network", "audit", "backup", "product-database", "session-recordings"} <= names
    assert exported == {
        "vpcId",
        "auditArchive",
        "alarmTopic",
        "backupReports",
        "configurationHistory",
        "clients",
        "cluster",
        "evidence",
        "recoveryAlarmTopic",
        "front",
        "images",
        "roles",
        "secrets",
        "stores",
    }


def test_the_account_is_the_one_that_the_credentials_belong_to(monkeypatch: pytest.MonkeyPatch) -> None:
    registered, _ = _run(stack_config("sandbox"), monkeypatch)
    assert f"arn:aws:iam::{ACCOUNT}:root" in registered.one("kms/key:Key", "logs-key").inputs["policy"]


def test_a_bad_setting_stops_the_program_before_the_first_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pulumi.RunError, match=r"hedgerow:holdsPhi is true"):
        _run(stack_config("sandbox") | {"hedgerow:holdsPhi": "true"}, monkeypatch)
