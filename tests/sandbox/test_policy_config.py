"""`pulumi policy validate-config` on a pack's folder: which command lines ask for that."""

import pytest

from sandbox.console import SandboxError
from sandbox.policy_config import Request, request

ASKED = Request("policy_pack", "stacks/policy.dev.json")


@pytest.mark.parametrize(
    "arguments",
    [
        ["policy", "validate-config", "policy_pack", "--config", "stacks/policy.dev.json"],
        ["policy", "validate-config", "--config=stacks/policy.dev.json", "policy_pack"],
        ["--cwd", "elsewhere", "policy", "validate-config", "policy_pack", "--config", "stacks/policy.dev.json"],
        ["policy", "validate-config", "--color", "never", "policy_pack", "--config", "stacks/policy.dev.json"],
    ],
)
def test_a_folder_and_a_configuration_are_read_in_any_order(arguments: list[str]) -> None:
    assert request(arguments) == ASKED


@pytest.mark.parametrize(
    "arguments",
    [
        ["policy", "validate-config", "acme/pack", "1.0.0", "--config", "policy.json"],
        ["policy", "validate-config", "policy_pack", "--config", "policy.json", "--help"],
        ["policy", "analyze", "--file", "state.json"],
        ["policy", "validate-config"],
        ["preview"],
    ],
)
def test_everything_else_is_the_engines_own(arguments: list[str]) -> None:
    assert request(arguments) is None


def test_a_missing_configuration_is_one_clear_line() -> None:
    with pytest.raises(SandboxError, match="policy validate-config policy_pack needs --config FILE"):
        request(["policy", "validate-config", "policy_pack"])
