"""The pack as a process of its own, started as the engine starts it, from a folder of any name."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import analyzer_pb2_grpc

from policy_pack import pack
from tests.policy_pack.protocol import in_stack, resource

SOURCE = Path(pack.__file__).parent


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Return a copy of the pack outside the repository, under another name."""
    ignore = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(SOURCE, tmp_path / "hedgerow-v0.1.0", ignore=ignore))


@pytest.fixture
def process(published: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the pack, with nothing of the repository to import."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with subprocess.Popen(
        [sys.executable, "-m", "pulumi.policy", "127.0.0.1:1", str(published)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        yield started
        started.kill()


def connect(process: subprocess.Popen[str]) -> tuple[grpc.Channel, analyzer_pb2_grpc.AnalyzerStub]:
    assert process.stdout
    channel = grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}")
    return channel, analyzer_pb2_grpc.AnalyzerStub(channel)


def test_a_published_pack_judges_and_ends_when_the_engine_cancels(process: subprocess.Popen[str]) -> None:
    channel, stub = connect(process)
    with channel:
        stub.Handshake(proto.AnalyzerHandshakeRequest(engine_address="127.0.0.1:1"))
        stub.ConfigureStack(proto.AnalyzerStackConfigureRequest(stack="test", project="project", dry_run=True))
        assert len(stub.GetAnalyzerInfo(empty_pb2.Empty()).policies) == len(pack.PACK.rules)
        key = stub.Analyze(resource("aws:kms/key:Key", enableKeyRotation=False))
        assert "kms_key_rotates_yearly" in {item.policyName for item in key.diagnostics}
        assert "resource_policy_not_public" in {item.policy_name for item in key.not_applicable}
        stack = stub.AnalyzeStack(proto.AnalyzeStackRequest(resources=[in_stack("aws:s3/bucket:Bucket", "data")]))
        assert "bucket_versioned" in {item.policyName for item in stack.diagnostics}
        stub.Cancel(empty_pb2.Empty())
    assert process.wait(timeout=20) == 0


def test_a_malformed_configuration_reaches_the_engine_as_one_line(process: subprocess.Popen[str]) -> None:
    channel, stub = connect(process)
    unknown = {"no_such_rule": proto.PolicyConfig(enforcementLevel=proto.MANDATORY)}
    with channel, pytest.raises(grpc.RpcError, match="there is no rule 'no_such_rule'") as refused:
        stub.Configure(proto.ConfigureAnalyzerRequest(policyConfig=unknown))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "Traceback" not in str(refused.value.details())


def test_an_interrupt_ends_it_without_a_traceback(process: subprocess.Popen[str]) -> None:
    channel, stub = connect(process)
    with channel:
        stub.GetPluginInfo(empty_pb2.Empty())
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_the_pack_runs_without_the_sdk_of_aws(published: Path, tmp_path: Path) -> None:
    """A published pack has its declared dependencies alone, and the SDK would slow every preview down."""
    program = (
        "import runpy, sys; sys.modules['pulumi_aws'] = None\n"
        "import grpc; grpc.server = lambda *_, **__: sys.exit(0)\n"
        f"runpy.run_path({str(published)!r}, run_name='__main__')"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_declared_dependencies_are_those_installed() -> None:
    declared = dict(line.split("==") for line in (SOURCE / "requirements.txt").read_text(encoding="utf-8").split())
    assert declared.keys() == {"cloudsplaining", "policy-sentry", "pulumi", "pulumi-policy", "PyYAML"}
    from importlib.metadata import version

    assert {name: version(name) for name in declared} == declared
