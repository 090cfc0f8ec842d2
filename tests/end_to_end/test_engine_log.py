"""The engine's automatic log, which would hold what a state keeps secret, is not written in the sandbox."""

import json
from pathlib import Path

from pulumi_policy import deserialize

from tests.end_to_end.conftest import ROOT, Sandbox

HELD = "correct-horse-battery-staple"


def state(password: object) -> str:
    """An export with one database, as `pulumi stack export` writes it."""
    urn = "urn:pulumi:dev::tiny::aws:rds/instance:Instance::users"
    database = {
        "urn": urn,
        "custom": True,
        "id": "users",
        "type": "aws:rds/instance:Instance",
        "inputs": {"password": password},
        "outputs": {"password": password},
    }
    return json.dumps({"version": 3, "deployment": {"manifest": {}, "resources": [database]}})


def test_judging_a_state_leaves_no_log_of_its_secrets(sandbox: Sandbox, tmp_path: Path) -> None:
    logs = sandbox.home / "pulumi" / "logs"
    logs.mkdir(parents=True)
    (logs / "pulumi-20260101T000000-1-preview.log").write_text("of a sandbox that still kept them")
    file = tmp_path / "state.json"
    secret = {
        deserialize.SPECIAL_SIG_KEY: deserialize.SPECIAL_SECRET_SIG,
        "plaintext": json.dumps(HELD),
    }
    file.write_text(state(secret))

    judged = sandbox.pulumi(
        "policy", "analyze", "--json", "--file", str(file), "--policy-pack", str(ROOT / "policy_pack")
    )

    assert "storage_encrypted" in judged.stdout, judged.stderr
    assert HELD not in judged.stdout + judged.stderr
    kept = {path.relative_to(sandbox.home / "pulumi").parts[0] for path in (sandbox.home / "pulumi").rglob("*")}
    assert kept == {"logs", "plugins"}
    assert logs.is_file()
    assert [path for path in sandbox.home.rglob("*.log") if path.name != "emulator.log"] == []
