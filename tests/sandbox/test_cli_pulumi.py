"""`python -m sandbox pulumi …` is the engine itself, with the sandbox made ready first and nothing real in reach."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.machine import Machine, alive, program, said, wait_until

STACK = "config:\n  aws:region: us-west-2\n"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine with Pulumi and a project that has two configured stacks."""
    made = Machine(tmp_path / "it's a machine")
    made.install_pulumi()
    stacks = project(made) / "stacks"
    stacks.mkdir(parents=True)
    (project(made) / "Pulumi.yaml").write_text("name: tiny\nruntime: python\nstackConfigDir: stacks\n")
    for name in ("sandbox", "other"):
        (stacks / f"Pulumi.{name}.yaml").write_text(STACK)
    yield made
    made.clear_away()


def project(machine: Machine) -> Path:
    return machine.root / "project"


def pulumi(machine: Machine, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return machine.run("pulumi", *arguments, folder=project(machine), **more)


def heard(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What the engine was called with."""
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def state_file(machine: Machine, stack: str) -> Path:
    return machine.home / "state" / ".pulumi" / "stacks" / "tiny" / f"{stack}.json"


def hold(machine: Machine, stack: str, *holders: str | None) -> None:
    """Give the stack's state one AWS resource for each emulator that holds it (None: the plugin does not say)."""
    outputs = [{} if holder is None else {"__emulator": holder} for holder in holders]
    resources: list[dict[str, Any]] = [{"type": "aws:s3/bucket:Bucket", "outputs": each} for each in outputs]
    document = json.loads(state_file(machine, stack).read_text())
    document["checkpoint"]["latest"]["resources"] = [{"type": "pulumi:pulumi:Stack"}, *resources]
    state_file(machine, stack).write_text(json.dumps(document))


def test_arguments_standard_input_and_the_exit_code_pass_through(machine: Machine) -> None:
    done = pulumi(machine, "whatever", "--flag", "a b", "", stdin="hello", FAKE_EXIT="42")
    assert done.returncode == 42
    passed = json.loads(done.stdout)
    assert passed["arguments"] == ["whatever", "--flag", "a b", ""]
    assert passed["stdin"] == "hello"
    assert done.stderr == ""


@pytest.mark.parametrize("argument", ["--help", "--version", "-h"])
def test_flags_are_the_engines_and_not_ours(machine: Machine, argument: str) -> None:
    assert heard(pulumi(machine, argument))["arguments"] == [argument]


def test_an_interrupt_reaches_the_engine_itself(machine: Machine) -> None:
    program(machine.programs / "pulumi", machine.install_pulumi().read_text().replace("else:\n", WAITING, 1))
    with machine.begin("pulumi", "wait") as process:
        wait_until((machine.programs / "waiting").exists, "the engine waits")
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert out == "cancelled gracefully\n"
    assert process.returncode == 7
    assert errors == ""


WAITING = """\
elif sys.argv[1] == "wait":
    import signal, time
    def cancel(*_):
        print("cancelled gracefully", flush=True)
        os._exit(7)
    signal.signal(signal.SIGINT, cancel)
    (here / "waiting").touch()
    time.sleep(60)
else:
"""


def test_the_engine_gets_a_home_a_backend_and_an_account_of_its_own(machine: Machine) -> None:
    environment = heard(pulumi(machine, "preview"))["environment"]
    assert environment["PULUMI_HOME"] == f"{machine.home}/pulumi"
    assert environment["PULUMI_BACKEND_URL"] == (machine.home / "state").as_uri()
    assert environment["PULUMI_CONFIG_PASSPHRASE_FILE"] == f"{machine.home}/passphrase"
    assert environment["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{machine.emulator()['port']}"
    assert environment["AWS_REGION"] == "us-west-2"
    for name in ("SKIP_UPDATE_CHECK", "DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "DISABLE_REGISTRY_RESOLVE"):
        assert environment[f"PULUMI_{name}"] == "true"


REAL = {
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/real",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/real",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://real",
    "AWS_ENDPOINT_URL_S3": "https://real",
    "AWS_CONFIG_FILE": "/real",
    "AWS_REGION": "eu-central-1",
    "PULUMI_ACCESS_TOKEN": "pul-real",
    "PULUMI_API": "https://real",
    "PULUMI_BACKEND_URL": "https://real",
    "PULUMI_CONFIG_PASSPHRASE": "real",
    "PULUMI_DIY_BACKEND_GZIP": "true",
}


def test_nothing_real_reaches_the_engine(machine: Machine) -> None:
    environment = heard(pulumi(machine, "preview", **REAL))["environment"]
    for name, value in REAL.items():
        assert environment.get(name) != value, name
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


@pytest.mark.parametrize(
    ("own", "direct"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "example.org,localhost"}, "example.org,localhost,127.0.0.1"),
        ({"no_proxy": "example.org"}, "example.org,127.0.0.1,localhost"),
    ],
)
def test_a_proxy_is_not_asked_for_loopback(machine: Machine, own: dict[str, str], direct: str) -> None:
    environment = heard(pulumi(machine, "version-of-something", HTTP_PROXY="http://proxy.invalid", **own))[
        "environment"
    ]
    assert environment["NO_PROXY"] == environment["no_proxy"] == direct
    assert environment["HTTP_PROXY"] == "http://proxy.invalid"


def test_the_checkout_is_not_on_the_import_path_of_the_program(machine: Machine) -> None:
    machine.run("pulumi", "version")
    del machine.environment["PYTHONPATH"]
    script = machine.home / "bin" / "pulumi"
    done = subprocess.run([script, "x"], env=machine.environment, input="", capture_output=True, text=True, check=True)
    assert "PYTHONPATH" not in json.loads(done.stdout)["environment"]


def test_the_first_command_creates_and_selects_the_default_stack(machine: Machine) -> None:
    pulumi(machine, "preview")
    assert state_file(machine, "sandbox").exists()
    assert not state_file(machine, "other").exists()
    assert (machine.programs / "selected.txt").read_text() == "sandbox"


def test_a_named_stack_is_created_when_it_is_first_used(machine: Machine) -> None:
    pulumi(machine, "preview", "--stack", "other")
    assert state_file(machine, "other").exists()
    assert not state_file(machine, "sandbox").exists()


def test_a_stack_that_exists_is_not_created_again(machine: Machine) -> None:
    pulumi(machine, "preview", "-s", "other")
    hold(machine, "other", "x")
    before = state_file(machine, "other").read_text()
    pulumi(machine, "preview", "-s", "other")
    assert state_file(machine, "other").read_text() == before


def test_the_committed_configuration_stays_as_it_is_and_the_engine_gets_a_copy_with_the_salt(machine: Machine) -> None:
    arguments = heard(pulumi(machine, "preview", "--diff", "-s", "other"))["arguments"]
    assert (project(machine) / "stacks" / "Pulumi.other.yaml").read_text() == STACK
    assert [arguments[0], *arguments[2:]] == ["preview", "--diff", "-s", "other"]
    copy = Path(arguments[1].removeprefix("--config-file="))
    assert copy.read_text() == f"{STACK}encryptionsalt: v1:salt\n"
    assert copy.stat().st_mode & 0o777 == 0o600


def test_the_copy_follows_the_committed_configuration(machine: Machine) -> None:
    pulumi(machine, "preview", "-s", "other")
    (project(machine) / "stacks" / "Pulumi.other.yaml").write_text("config:\n  aws:region: us-west-1\n")
    arguments = heard(pulumi(machine, "preview", "-s", "other"))["arguments"]
    assert "us-west-1" in Path(arguments[1].removeprefix("--config-file=")).read_text()


@pytest.mark.parametrize("own", ["encryptionsalt: v1:mine\n", "secretsprovider: awskms://key\n"])
def test_a_configuration_with_secrets_settings_of_its_own_is_used_itself(machine: Machine, own: str) -> None:
    (project(machine) / "stacks" / "Pulumi.other.yaml").write_text(STACK + own)
    assert heard(pulumi(machine, "preview", "-s", "other"))["arguments"] == ["preview", "-s", "other"]


@pytest.mark.parametrize("text", ["", "{}\n", "# nothing yet\n"])
def test_an_empty_configuration_is_one(machine: Machine, text: str) -> None:
    (project(machine) / "stacks" / "Pulumi.other.yaml").write_text(text)
    arguments = heard(pulumi(machine, "preview", "-s", "other"))["arguments"]
    assert Path(arguments[1].removeprefix("--config-file=")).read_text() == "encryptionsalt: v1:salt\n"


def test_an_unknown_stack_is_one_line_that_lists_the_known_ones(machine: Machine) -> None:
    failed = pulumi(machine, "preview", "--stack", "nope")
    assert failed.returncode == 1
    assert failed.stderr.startswith("error: no stack named 'nope' (known: other, sandbox)")
    assert failed.stderr.count("\n") == 1
    assert failed.stdout == ""


def test_commands_that_do_not_talk_to_aws_start_no_emulator(machine: Machine) -> None:
    pulumi(machine, "stack", "ls")
    pulumi(machine, "up", "--help")
    assert machine.emulator() == {}


def test_a_running_emulator_that_holds_the_resources_is_no_news(machine: Machine) -> None:
    pulumi(machine, "preview")
    hold(machine, "sandbox", machine.emulator()["incarnation"])
    assert pulumi(machine, "preview", "-s", "sandbox").stderr == ""


@pytest.mark.parametrize(
    ("end", "why"), [("crash", "ended unexpectedly"), ("stop", "was stopped"), ("restart", "has ended")]
)
@pytest.mark.parametrize("says", ["our plugin", "the official plugin"])
def test_resources_of_an_emulator_that_is_no_more_are_told_before_the_engine_runs(
    machine: Machine, end: str, why: str, says: str
) -> None:
    pulumi(machine, "preview")
    before = machine.emulator()
    holder = before["incarnation"] if says == "our plugin" else None
    hold(machine, "sandbox", holder, holder)
    if end == "crash":
        os.kill(before["pid"], signal.SIGKILL)
        wait_until(lambda: not alive(before["pid"]), "the emulator ended")
    else:
        machine.run("stop")
    if end == "restart":
        machine.run("start")
    done = pulumi(machine, "preview", "-s", "sandbox")
    assert done.returncode == 0
    if end == "restart" and says == "the official plugin":
        assert said(done) == []  # nothing tells, and it is better to be silent than wrong
    else:
        (note,) = said(done)
        assert note.startswith(f"note: 2 resources of stack sandbox were in an AWS emulator that {why}")
        assert "pulumi refresh" in note
        assert "sandbox reset" in note


def test_a_damaged_state_is_an_error_and_not_an_empty_stack(machine: Machine) -> None:
    pulumi(machine, "preview", "-s", "other")
    state_file(machine, "other").write_text("{")
    failed = pulumi(machine, "preview", "-s", "other")
    assert failed.returncode == 1
    assert failed.stderr.startswith("error: the state of stack other cannot be read: ")


def test_a_malformed_project_is_one_line(machine: Machine) -> None:
    (project(machine) / "Pulumi.yaml").write_text("name: [")
    failed = pulumi(machine, "preview")
    assert failed.returncode == 1
    assert "Pulumi.yaml is not a Pulumi project: " in failed.stderr
    assert failed.stderr.count("\n") == 1


def test_what_it_adds_to_each_command_imports_nothing_heavy(machine: Machine) -> None:
    pulumi(machine, "preview")
    watched = {"PYTHONPROFILEIMPORTTIME": "1"}
    watch = pulumi(machine, "preview", "-s", "sandbox", **watched).stderr
    imported = {line.rpartition("|")[2].strip() for line in watch.splitlines() if line.startswith("import time:")}
    assert "sandbox.cli" in imported
    assert not imported & {"moto", "boto3", "botocore", "flask", "werkzeug", "grpc", "pulumi", "pulumi_aws"}


def test_secret_files_are_the_owners_alone(machine: Machine) -> None:
    pulumi(machine, "preview")
    passphrase = machine.home / "passphrase"
    assert passphrase.stat().st_mode & 0o777 == 0o600
    assert len(passphrase.read_text()) >= 32
    for folder in (machine.home, machine.home / "state", machine.home / "pulumi"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_two_first_commands_at_once_agree_on_one_passphrase_and_one_stack(machine: Machine) -> None:
    with machine.begin("pulumi", "whatever") as one, machine.begin("pulumi", "whatever") as other:
        one.communicate(timeout=60)
        passphrase = (machine.home / "passphrase").read_text()
        other.communicate(timeout=60)
    assert [one.returncode, other.returncode] == [0, 0]
    assert (machine.home / "passphrase").read_text() == passphrase
