"""VPC encryption controls, which moto's EC2 has not."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, EC2_RESOURCE_TO_PREFIX
from moto.moto_api._internal import mock_random

from sandbox.emulator.extensions import put

EXCLUDABLE = (
    "InternetGateway",
    "EgressOnlyInternetGateway",
    "NatGateway",
    "VirtualPrivateGateway",
    "VpcPeering",
    "Lambda",
    "VpcLattice",
    "ElasticFileSystem",
)
_KIND, _PREFIX = "vpc-encryption-control", "vpcec"
AS_EXCLUDED = {"enable": "enabled", "disable": "disabled"}


def install() -> None:
    """Add the operations to moto's, and the prefix of an id that has tags."""
    EC2_RESOURCE_TO_PREFIX[_KIND], EC2_PREFIX_TO_RESOURCE[_PREFIX] = _PREFIX, _KIND
    put(
        EC2Response,
        create_vpc_encryption_control,
        describe_vpc_encryption_controls,
        modify_vpc_encryption_control,
        delete_vpc_encryption_control,
    )


def _param(response: EC2Response, name: str) -> Any:
    return response._get_param(name)  # noqa: SLF001 - how moto's responses read a request


def _controls(response: EC2Response) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = vars(response.ec2_backend).setdefault("vpc_encryption_controls", {})
    return found


def _control(response: EC2Response) -> dict[str, Any]:
    control_id = _param(response, "VpcEncryptionControlId")
    try:
        return _controls(response)[control_id]
    except KeyError:
        raise EC2ClientError(
            "InvalidVpcEncryptionControlId.NotFound", f"The encryption control '{control_id}' does not exist"
        ) from None


def _answer(response: EC2Response, control: dict[str, Any]) -> dict[str, Any]:
    tags = response.ec2_backend.describe_tags(filters={"resource-id": [control["VpcEncryptionControlId"]]})
    return control | {"Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in tags]}


def create_vpc_encryption_control(self: EC2Response) -> ActionResult:
    """A control begins by watching, and a VPC has one at most."""
    vpc = self.ec2_backend.get_vpc(_param(self, "VpcId"))
    if any(control["VpcId"] == vpc.id for control in _controls(self).values()):
        raise EC2ClientError("VpcEncryptionControlAlreadyExists", f"{vpc.id} has an encryption control")
    control_id = f"{_PREFIX}-{mock_random.get_random_hex(17)}"
    excluded = {name: {"State": "disabled"} for name in EXCLUDABLE}
    _controls(self)[control_id] = {
        "VpcEncryptionControlId": control_id,
        "VpcId": vpc.id,
        "Mode": "monitor",
        "State": "available",
        "ResourceExclusions": excluded,
    }
    tags = self._parse_tag_specification().get(_KIND, {})
    if tags:
        self.ec2_backend.create_tags([control_id], tags)
    return ActionResult({"VpcEncryptionControl": _answer(self, _controls(self)[control_id])})


def describe_vpc_encryption_controls(self: EC2Response) -> ActionResult:
    ids, vpcs = _param(self, "VpcEncryptionControlIds"), _param(self, "VpcIds")
    if ids and not all(control_id in _controls(self) for control_id in ids):
        raise EC2ClientError("InvalidVpcEncryptionControlId.NotFound", f"{', '.join(ids)} does not exist")
    found = [
        _answer(self, control)
        for control_id, control in _controls(self).items()
        if (not ids or control_id in ids) and (not vpcs or control["VpcId"] in vpcs)
    ]
    return ActionResult({"VpcEncryptionControls": found})


def modify_vpc_encryption_control(self: EC2Response) -> ActionResult:
    """A member that isn't given stays as it is."""
    control = _control(self)
    control["Mode"] = _param(self, "Mode") or control["Mode"]
    for name in EXCLUDABLE:
        if given := _param(self, f"{name}Exclusion"):
            control["ResourceExclusions"][name] = {"State": AS_EXCLUDED[given]}
    return ActionResult({"VpcEncryptionControl": _answer(self, control)})


def delete_vpc_encryption_control(self: EC2Response) -> ActionResult:
    deleted = _controls(self).pop(_control(self)["VpcEncryptionControlId"])
    return ActionResult({"VpcEncryptionControl": deleted | {"State": "deleting"}})
