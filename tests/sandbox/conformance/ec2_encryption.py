"""EC2: whether the traffic of a VPC must be encrypted, and what is left out."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of


def _control(account: Account, control_id: str) -> dict[str, Any]:
    [found] = account.client("ec2").describe_vpc_encryption_controls(VpcEncryptionControlIds=[control_id])[
        "VpcEncryptionControls"
    ]
    out = {name for name, exclusion in found["ResourceExclusions"].items() if exclusion["State"] == "enabled"}
    return {"mode": found["Mode"], "out": out, "tags": tags_of(found["Tags"])}


CASES = (
    Case(
        "aws:ec2/vpcEncryptionControl:VpcEncryptionControl",
        inputs=lambda account: {
            "vpcId": account.vpc(),
            "mode": "enforce",
            "internetGatewayExclusion": "enable",
            "tags": {"owner": "network"},
        },
        seen=_control,
        created={"mode": "enforce", "out": {"InternetGateway"}, "tags": {"owner": "network"}},
        update={"natGatewayExclusion": "enable", "tags": {"owner": "platform"}},
        updated={"mode": "enforce", "out": {"InternetGateway", "NatGateway"}, "tags": {"owner": "platform"}},
        drift=lambda account, control_id: account.client("ec2").modify_vpc_encryption_control(
            VpcEncryptionControlId=control_id, Mode="monitor"
        ),
        drifted={"mode": "monitor"},
        outputs=("mode", "region", "state", "vpcId"),
        never="vpcec-01234567890123456",
    ),
)
