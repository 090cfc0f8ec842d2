"""What every test relies on, wherever and however the suite is started."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is slow to generate an example, which says nothing about the code.
settings.register_profile("hedgerow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hedgerow")

# A shell ignores SIGINT for what it starts in the background, and so would every process that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


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
