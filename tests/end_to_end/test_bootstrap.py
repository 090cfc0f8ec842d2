"""The bootstrap program on the real engine: judged by the whole pack, made, unchanged, taken down."""

from tests.end_to_end.conftest import Sandbox
from tests.end_to_end.test_lifecycle import changes

STACK = ("--stack", "sandbox")
PACK = ("--policy-pack", "../policy_pack", "--policy-pack-config", "../stacks/policy.sandbox.json")


def test_a_place_for_state_is_made_once_and_can_be_taken_down_in_the_sandbox(sandbox: Sandbox) -> None:
    up = sandbox.pulumi("-C", "bootstrap", "up", *STACK, *PACK, "--yes", "--skip-preview")
    assert up.returncode == 0, up.stdout
    assert "s3://hedgerow-sandbox-state-123456789012?region=us-west-2" in up.stdout

    again = sandbox.pulumi("-C", "bootstrap", "up", *STACK, *PACK, "--yes", "--skip-preview")
    assert changes(again.stdout) == {"unchanged": changes(up.stdout)["created"]}

    refresh = sandbox.pulumi("-C", "bootstrap", "refresh", *STACK, "--yes", "--expect-no-changes")
    assert refresh.returncode == 0, refresh.stdout

    destroy = sandbox.pulumi("-C", "bootstrap", "destroy", *STACK, "--yes", "--skip-preview")
    assert destroy.returncode == 0, destroy.stdout
