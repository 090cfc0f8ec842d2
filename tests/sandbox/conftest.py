"""An AWS account on loopback for the tests of the plugin: the emulator's address, and boto3 on its own."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from sandbox.aws_plugin.aws import Aws
from tests.sandbox.conformance.case import Account

REGION = "us-west-2"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an emulator of its own."""
    record = tmp_path_factory.mktemp("emulator") / "record.json"
    command = [sys.executable, "-m", "sandbox.emulator.server", "--port", "0", "--record", str(record)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        while not record.exists():
            assert server.poll() is None, "the emulator ended before it answered"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{json.loads(record.read_text())['port']}"
        server.terminate()


@pytest.fixture
def endpoint(emulator: str) -> str:
    """The address of an account in which nothing has been made."""
    urllib.request.urlopen(urllib.request.Request(f"{emulator}/moto-api/reset", method="POST")).close()  # noqa: S310
    return emulator


@pytest.fixture
def aws(endpoint: str) -> Aws:
    """The account as the plugin sees it."""
    return Aws(endpoint, REGION)


@pytest.fixture
def account(endpoint: str) -> Account:
    """The same account as boto3 alone sees it."""
    return Account(endpoint, REGION)
