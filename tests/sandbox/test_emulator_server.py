"""The emulator answers as an AWS account would, on loopback only, and never calls out."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from sandbox.emulator import lifecycle
from sandbox.emulator.lifecycle import Emulator
from tests.sandbox.machine import CHECKOUT, Machine


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Machine(tmp_path_factory.mktemp("emulator") / "machine").home


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[Emulator]:
    """An emulator of its own process, started as the command line starts it."""
    emulator, _found = lifecycle.ensure(home)
    yield emulator
    lifecycle.stop(home)


def client(running: Emulator, service: str) -> "boto3.client":
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(service, endpoint_url=running.endpoint, region_name="us-west-2", **keys)


def test_the_account_is_the_one_that_the_tests_and_stacks_name(running: Emulator) -> None:
    assert client(running, "sts").get_caller_identity()["Account"] == "123456789012"


def test_it_says_who_it_is(running: Emulator) -> None:
    with urllib.request.urlopen(f"{running.endpoint}/_sandbox/identity") as answer:  # noqa: S310 - loopback
        assert json.load(answer) == {"incarnation": running.incarnation, "pid": running.pid}


def test_its_log_names_what_was_asked_and_not_with_which_parameters(running: Emulator, home: Path) -> None:
    client(running, "secretsmanager").create_secret(Name="name", SecretString="hidden")
    log = (home / "emulator.log").read_text()
    assert "200 us-west-2 secretsmanager secretsmanager.CreateSecret POST / HTTP/1.1" in log
    assert "hidden" not in log
    assert "identity" not in log


def test_managed_policies_can_be_attached_as_in_an_account(running: Emulator) -> None:
    iam = client(running, "iam")
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument="{}")
    arn = "arn:aws:iam::aws:policy/SecurityAudit"
    iam.attach_role_policy(RoleName="reader", PolicyArn=arn)
    attached = iam.list_attached_role_policies(RoleName="reader")["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [arn]


def test_it_listens_on_loopback_only(running: Emulator) -> None:
    assert running.port is not None
    listening = Path("/proc/net/tcp").read_text().splitlines()
    addresses = [line.split()[1] for line in listening if line.split()[1].endswith(f":{running.port:04X}")]
    assert set(addresses) == {f"0100007F:{running.port:04X}"}


def test_a_web_page_cannot_read_it(running: Emulator) -> None:
    request = urllib.request.Request(f"{running.endpoint}/", headers={"Origin": "https://example.org"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
        assert "Access-Control-Allow-Origin" not in answer.headers


ISOLATED = """
import os, socket, sys
from sandbox.emulator import server
server.isolate()
attempt = sys.argv[1]
try:
    if attempt == "address":
        socket.create_connection(("192.0.2.1", 80), timeout=5)
    elif attempt == "name":
        socket.getaddrinfo("sns.us-west-2.amazonaws.com", 443)
    elif attempt == "docker":
        socket.socket(socket.AF_UNIX).connect("/var/run/docker.sock")
    elif attempt == "loopback":
        socket.create_connection(("localhost", int(sys.argv[2])), timeout=5)
except PermissionError as error:
    print("refused:", error)
else:
    print("done")
"""


def isolated(*arguments: str) -> str:
    command = [sys.executable, "-c", ISOLATED, *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("attempt", ["address", "name", "docker"])
def test_its_process_cannot_reach_anything_but_loopback(attempt: str) -> None:
    assert isolated(attempt).startswith("refused: the AWS emulator does not")


def test_its_process_may_reach_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert isolated("loopback", str(listener.getsockname()[1])) == "done\n"


SETTINGS = """
import os
from sandbox.emulator import server
server.isolate()
server.application("none")
from moto import settings
from moto.core.config import default_user_config as config
keys = [name for name in os.environ if name.startswith("AWS_") and "KEY" in name and os.environ[name] != "testing"]
print(config["lambda"]["use_docker"], config["batch"]["use_docker"], settings.events_invoke_http(), keys)
"""


def test_the_callers_aws_and_moto_settings_do_not_reach_it() -> None:
    real = {"MOTO_EVENTS_INVOKE_HTTP": "true", "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_PROFILE": "production"}
    command = [sys.executable, "-c", SETTINGS]
    said = subprocess.run(command, cwd=CHECKOUT, env=os.environ | real, capture_output=True, text=True, check=True)
    assert said.stdout == "False False False []\n"


EXTENDED = """
import sys, types
from moto.core.responses import ActionResult
def install():
    from moto.backup import urls
    from moto.backup.responses import BackupResponse
    def put_backup_vault_access_policy(self):
        self.backup_backend.vaults[self._get_param("backupVaultName")].access_policy = self._get_param("Policy")
        return ActionResult({})
    def get_backup_vault_access_policy(self):
        vault = self.backup_backend.vaults[self._get_param("backupVaultName")]
        return ActionResult({"BackupVaultName": vault.backup_vault_name, "Policy": vault.access_policy})
    BackupResponse.put_backup_vault_access_policy = put_backup_vault_access_policy
    BackupResponse.get_backup_vault_access_policy = get_backup_vault_access_policy
    urls.url_paths["{0}/backup-vaults/(?P<name>[^/]+)/access-policy$"] = urls.response.dispatch
module = types.ModuleType("extension")
module.install = install
sys.modules["extension"] = module
from sandbox.emulator import extensions
extensions.install(["extension"])
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
import boto3
host, port = server.get_host_and_port()
keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
backup = boto3.client("backup", endpoint_url=f"http://{host}:{port}", region_name="us-west-2", **keys)
backup.create_backup_vault(BackupVaultName="vault")
backup.put_backup_vault_access_policy(BackupVaultName="vault", Policy="policy")
print(backup.get_backup_vault_access_policy(BackupVaultName="vault")["Policy"])
server.stop()
"""


BROKEN = """
import sys
from sandbox.emulator import extensions, server
extensions.install = lambda: 1 / 0
sys.exit(server.main(["--port", "0"]))
"""


def test_an_emulator_whose_extensions_fail_ends() -> None:
    command = [sys.executable, "-c", BROKEN]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert "ZeroDivisionError" in ended.stderr


def test_an_extension_adds_an_operation_as_its_documentation_shows() -> None:
    command = [sys.executable, "-c", EXTENDED]
    assert subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout == "policy\n"
