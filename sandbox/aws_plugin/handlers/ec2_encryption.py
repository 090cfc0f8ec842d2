"""EC2: whether the traffic of a VPC must be encrypted, and what is left out."""

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.ec2 import TAGGING
from sandbox.aws_plugin.handlers.records import Call, Code, Record
from sandbox.aws_plugin.values import Props

_EXCLUDABLE = (
    "egressOnlyInternetGateway",
    "elasticFileSystem",
    "internetGateway",
    "lambda",
    "natGateway",
    "virtualPrivateGateway",
    "vpcLattice",
    "vpcPeering",
)
_EXCLUSIONS = tuple(f"{name}Exclusion" for name in _EXCLUDABLE)
_GIVEN = {"enabling": "enable", "enabled": "enable"}


def _excluded(scope: Scope, _old: Props) -> Props:
    """AWS answers the state of an exclusion, not what was asked for."""
    answer = scope.call("describe_vpc_encryption_controls", VpcEncryptionControlIds=[scope["id"]])
    exclusions = answer["VpcEncryptionControls"][0].get("ResourceExclusions", {})
    return {
        f"{name}Exclusion": _GIVEN.get(exclusions.get(f"{name[0].upper()}{name[1:]}", {}).get("State"), "disable")
        for name in _EXCLUDABLE
    }


RECORDS = (
    Record(
        "aws:ec2/vpcEncryptionControl:VpcEncryptionControl",
        service="ec2",
        noun="VpcEncryptionControl",
        key={"VpcEncryptionControlId": "{id}"},
        id="VpcEncryptionControlId",
        create=Call("create_vpc_encryption_control", at="VpcEncryptionControl"),
        reads=(
            Call("describe_vpc_encryption_controls", at="VpcEncryptionControls[0]"),
            Code(_EXCLUSIONS, _excluded),
        ),
        updates=(Call("modify_vpc_encryption_control"),),
        deletes=(Call("delete_vpc_encryption_control"),),
        initially={"mode": "monitor", **dict.fromkeys(_EXCLUSIONS, "disable")},
        tagging=TAGGING,
        tag_resource="vpc-encryption-control",
    ),
)
