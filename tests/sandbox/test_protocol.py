"""What serves the engine has the engine's messages, and not the SDK for programs, which takes longer to import."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("plugin", ["sandbox.language_host.server", "sandbox.aws_plugin.server"])
def test_a_plugin_starts_without_the_sdk(plugin: str) -> None:
    looked_for = "{'pulumi.resource', 'pulumi.runtime.proto'}"
    code = f"import sys, sandbox.protocol, {plugin}; print(sorted({looked_for} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "['pulumi.runtime.proto']\n"
