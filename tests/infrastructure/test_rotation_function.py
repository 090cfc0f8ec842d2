"""The rotation function against an emulated Secrets Manager: it gives first values, new ones, and repeats nothing."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.rotation_function import LENGTH, handler

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("secretsmanager")


def _rotate(name: str, token: str, *steps: str) -> None:
    for step in steps or STEPS:
        handler({"SecretId": name, "ClientRequestToken": token, "Step": step}, None)


def _current(secrets: Any, name: str) -> Any:
    return secrets.get_secret_value(SecretId=name, VersionStage="AWSCURRENT")["SecretString"]


NEW, NEWER = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


def test_a_new_value_takes_the_place_of_the_old_one_which_stays_for_a_while(secrets: Any) -> None:
    secrets.create_secret(Name="signing-key", SecretString="old")
    _rotate("signing-key", NEW)
    value = _current(secrets, "signing-key")
    assert len(value) == LENGTH
    assert secrets.get_secret_value(SecretId="signing-key", VersionStage="AWSPREVIOUS")["SecretString"] == "old"


def test_two_rotations_give_two_values(secrets: Any) -> None:
    secrets.create_secret(Name="signing-key", SecretString="old")
    _rotate("signing-key", NEW)
    first = _current(secrets, "signing-key")
    _rotate("signing-key", NEWER)
    assert _current(secrets, "signing-key") != first


def test_a_step_that_comes_twice_changes_nothing_the_second_time(secrets: Any) -> None:
    secrets.create_secret(Name="signing-key", SecretString="old")
    _rotate("signing-key", NEW, "createSecret")
    pending = secrets.get_secret_value(SecretId="signing-key", VersionStage="AWSPENDING")["SecretString"]
    _rotate("signing-key", NEW, "createSecret", "setSecret", "testSecret", "finishSecret", "finishSecret")
    assert _current(secrets, "signing-key") == pending


def test_a_value_that_is_too_short_is_not_taken(secrets: Any) -> None:
    secrets.create_secret(Name="signing-key", SecretString="old")
    secrets.put_secret_value(
        SecretId="signing-key", ClientRequestToken=NEW, SecretString="short", VersionStages=["AWSPENDING"]
    )
    with pytest.raises(ValueError, match="too short"):
        _rotate("signing-key", NEW, "testSecret")
    assert _current(secrets, "signing-key") == "old"


def test_a_version_that_was_never_begun_is_refused(secrets: Any) -> None:
    secrets.create_secret(Name="signing-key", SecretString="old")
    with pytest.raises(ValueError, match="no version of the secret"):
        _rotate("signing-key", NEW, "finishSecret")


def test_an_unknown_step_is_refused(secrets: Any) -> None:
    secrets.create_secret(Name="signing-key", SecretString="old")
    _rotate("signing-key", NEW, "createSecret")
    with pytest.raises(ValueError, match="not a step"):
        _rotate("signing-key", NEW, "deleteSecret")
