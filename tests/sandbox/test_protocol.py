"""What serves the engine has the engine's messages, and not the SDK for programs, which takes longer to import."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("plugin", ["sandbox.language_host.__main__", "sandbox.aws_plugin.__main__"])
def test_a_plugin_starts_without_the_sdk(plugin: str) -> None:
    code = f"import sys, {plugin}; print(sorted({{'pulumi.resource', 'pulumi.runtime.proto'}} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "['pulumi.runtime.proto']\n"
