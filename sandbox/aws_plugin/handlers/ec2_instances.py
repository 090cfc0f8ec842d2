"""Instances and volumes. AWS takes most of an instance at its start, and changes it attribute by attribute."""

import base64
from typing import Any

from sandbox.aws_plugin.aws import wait
from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.ec2 import TAGGING, arn
from sandbox.aws_plugin.handlers.records import Call, Code, NotEmulated, Record
from sandbox.aws_plugin.values import Props

_ATTRIBUTES = ("disableApiStop", "disableApiTermination", "instanceInitiatedShutdownBehavior")
_ROOT = {"VolumeSize": "volumeSize", "VolumeType": "volumeType", "Iops": "iops", "Throughput": "throughput"}
_FIXED = ("encrypted", "kmsKeyId")


def _begin(scope: Scope) -> Props:
    """What RunInstances wants in another form: one interface, one role and one disk to start from."""
    interface = {
        "DeviceIndex": 0,
        "SubnetId": scope["subnetId"],
        "Groups": scope.get("vpcSecurityGroupIds") or [],
        "DeleteOnTermination": True,
        "AssociatePublicIpAddress": bool(scope.get("associatePublicIpAddress")),
    }
    address = {"PrivateIpAddress": scope["privateIp"]} if scope.get("privateIp") else {}
    profile = scope.get("iamInstanceProfile")
    return {
        "MinCount": 1,
        "MaxCount": 1,
        "NetworkInterfaces": [{**interface, **address}],
        **({"IamInstanceProfile": {"Name": profile}} if profile else {}),
        **({"BlockDeviceMappings": [_root_disk(scope)]} if scope.get("rootBlockDevice") else {}),
    }


def _root_disk(scope: Scope) -> Props:
    [image] = scope.call("describe_images", ImageIds=[scope["ami"]])["Images"]
    root = scope["rootBlockDevice"]
    members = _ROOT | {"Encrypted": "encrypted", "KmsKeyId": "kmsKeyId"}
    disk = {member: root[name] for member, name in members.items() if root.get(name) is not None}
    return {
        "DeviceName": image["RootDeviceName"],
        "Ebs": {**disk, "DeleteOnTermination": root.get("deleteOnTermination", True)},
    }


def _root_volume(scope: Scope) -> tuple[Any, Any]:
    """The disk that the instance started from: how it is attached, and the volume itself."""
    [reservation] = scope.call("describe_instances", InstanceIds=[scope["id"]])["Reservations"]
    [instance] = reservation["Instances"]
    for mapping in instance.get("BlockDeviceMappings", []):
        if mapping["DeviceName"] == instance["RootDeviceName"]:
            [volume] = scope.call("describe_volumes", VolumeIds=[mapping["Ebs"]["VolumeId"]])["Volumes"]
            return mapping["Ebs"], volume
    return None, None


def _read_root(scope: Scope, _state: Props) -> Props:
    """Of the root disk, what was said of it before; all, where nothing was."""
    attached, volume = _root_volume(scope)
    if volume is None:
        return {}
    found = {
        "volumeId": volume["VolumeId"],
        "encrypted": volume["Encrypted"],
        "kmsKeyId": volume.get("KmsKeyId"),
        "deleteOnTermination": attached["DeleteOnTermination"],
        "tags": {tag["Key"]: tag["Value"] for tag in volume.get("Tags", [])},
        **{name: volume.get("Size" if member == "VolumeSize" else member) for member, name in _ROOT.items()},
    }
    said = scope.get("rootBlockDevice") or found
    return {"rootBlockDevice": {name: value for name, value in found.items() if name in said and value is not None}}


def _change_root(scope: Scope, old: Props) -> None:
    """Size and speed change while it runs; its tags are the volume's own."""
    _, volume = _root_volume(scope)
    new, before = scope["rootBlockDevice"], old.get("rootBlockDevice")
    if before and any(new.get(name) != before.get(name) for name in _FIXED):
        raise NotEmulated("a change of the key of an instance's root volume")
    changes = {
        ("Size" if member == "VolumeSize" else member): new[name]
        for member, name in _ROOT.items()
        if before and new.get(name) is not None and new[name] != before.get(name)
    }
    if changes:
        scope.call("modify_volume", VolumeId=volume["VolumeId"], **changes)
    tags = {tag["Key"]: tag["Value"] for tag in volume.get("Tags", [])}
    wanted = new.get("tags") or {}
    if removed := [{"Key": key} for key in tags.keys() - wanted.keys()]:
        scope.call("delete_tags", Resources=[volume["VolumeId"]], Tags=removed)
    if wanted:
        pairs = [{"Key": key, "Value": value} for key, value in wanted.items()]
        scope.call("create_tags", Resources=[volume["VolumeId"]], Tags=pairs)


def _read_user_data(scope: Scope, _state: Props) -> Props:
    answer = scope.call("describe_instance_attribute", InstanceId=scope["id"], Attribute="userData")
    encoded = (answer.get("UserData") or {}).get("Value")
    return {"userData": base64.b64decode(encoded).decode()} if encoded else {}


def _change_stopped(scope: Scope, old: Props) -> None:
    """What AWS changes of a stopped instance alone."""
    instance = {"InstanceIds": [scope["id"]]}
    scope.call("stop_instances", **instance)
    wait(scope.client, "instance_stopped", instance)
    if scope["instanceType"] != old.get("instanceType"):
        scope.call("modify_instance_attribute", InstanceId=scope["id"], InstanceType={"Value": scope["instanceType"]})
    if scope.get("userData") != old.get("userData"):
        text = {"Value": (scope.get("userData") or "").encode()}
        scope.call("modify_instance_attribute", InstanceId=scope["id"], UserData=text)
    scope.call("start_instances", **instance)
    wait(scope.client, "instance_running", instance)


def _change_monitoring(scope: Scope, _old: Props) -> None:
    operation = "monitor_instances" if scope.get("monitoring") else "unmonitor_instances"
    scope.call(operation, InstanceIds=[scope["id"]])


def _detach(scope: Scope, _old: Props) -> None:
    """A volume that is mounted is detached from a stopped instance, where that was asked for."""
    if scope.get("skipDestroy"):
        return
    if scope.get("stopInstanceBeforeDetaching"):
        instance = {"InstanceIds": [scope["instanceId"]]}
        scope.call("stop_instances", **instance)
        wait(scope.client, "instance_stopped", instance)
    scope.call(
        "detach_volume",
        VolumeId=scope["volumeId"],
        InstanceId=scope["instanceId"],
        Device=scope["deviceName"],
        Force=bool(scope.get("forceDetach")),
    )
    wait(scope.client, "volume_available", {"VolumeIds": [scope["volumeId"]]})


RECORDS = (
    Record(
        "aws:ec2/instance:Instance",
        service="ec2",
        noun="Instance",
        key={"InstanceId": "{id}"},
        id="InstanceId",
        create=Call(
            "run_instances",
            at="Instances[0]",
            only=("ami", "ebsOptimized", "instanceType", "metadataOptions", "monitoring", "userData"),
            names={"monitoring": "Monitoring.Enabled"},
            send=_begin,
        ),
        reads=(
            Call(
                "describe_instances",
                at="Reservations[0].Instances[0]",
                names={
                    "availabilityZone": "Placement.AvailabilityZone",
                    "instanceState": "State.Name",
                    "monitoring": "Monitoring.State == 'enabled'",
                    "primaryNetworkInterfaceId": "NetworkInterfaces[0].NetworkInterfaceId",
                    "vpcSecurityGroupIds": "SecurityGroups[].GroupId",
                },
                only=(
                    "ami",
                    "availabilityZone",
                    "ebsOptimized",
                    "instanceState",
                    "instanceType",
                    "metadataOptions",
                    "monitoring",
                    "primaryNetworkInterfaceId",
                    "privateDns",
                    "privateIp",
                    "publicIp",
                    "subnetId",
                    "vpcSecurityGroupIds",
                ),
            ),
            *(Call("describe_instance_attribute", only=(name,), given={"Attribute": name}) for name in _ATTRIBUTES),
            Code(("rootBlockDevice",), _read_root),
            Code(("userData",), _read_user_data),
        ),
        gone="State.Name == 'terminated' || State.Name == 'shutting-down'",
        updates=(
            *(Call("modify_instance_attribute", only=(name,)) for name in _ATTRIBUTES),
            Call("modify_instance_attribute", only=("vpcSecurityGroupIds",), names={"vpcSecurityGroupIds": "Groups"}),
            Call(
                "modify_instance_metadata_options",
                only=("metadataOptions",),
                send=lambda scope: {
                    f"{name[0].upper()}{name[1:]}": value for name, value in scope["metadataOptions"].items()
                },
            ),
            Code(("instanceType", "userData"), _change_stopped),
            Code(("monitoring",), _change_monitoring),
            Code(("rootBlockDevice",), _change_root),
        ),
        deletes=(Call("terminate_instances"),),
        names={
            "ami": "ImageId",
            "privateDns": "PrivateDnsName",
            "privateIp": "PrivateIpAddress",
            "publicIp": "PublicIpAddress",
        },
        defaults={
            "disableApiStop": False,
            "disableApiTermination": False,
            "instanceInitiatedShutdownBehavior": "stop",
            "metadataOptions.httpProtocolIpv6": "disabled",
            "metadataOptions.instanceMetadataTags": "disabled",
            "monitoring": False,
        },
        flags=frozenset({"forceDestroy", "userDataReplaceOnChange"}),
        replace_on=frozenset({"associatePublicIpAddress", "iamInstanceProfile", "privateIp", "subnetId"}),
        computed=arn("instance"),
        tagging=TAGGING,
        tag_resource="instance",
        ready="instance_running",
        deleted="instance_terminated",
    ),
    Record(
        "aws:ebs/volume:Volume",
        service="ec2",
        key={"VolumeId": "{id}"},
        id="VolumeId",
        create=Call(
            "create_volume",
            only=("availabilityZone", "encrypted", "iops", "kmsKeyId", "size", "snapshotId", "throughput", "type"),
        ),
        reads=(Call("describe_volumes", at="Volumes[0]"),),
        updates=(Call("modify_volume", only=("iops", "size", "throughput", "type")),),
        deletes=(Call("delete_volume"),),
        names={"type": "VolumeType"},
        computed=arn("volume"),
        tagging=TAGGING,
        tag_resource="volume",
        deleted="volume_deleted",
    ),
    Record(
        "aws:ec2/volumeAttachment:VolumeAttachment",
        service="ec2",
        key={"VolumeId": "{volumeId}"},
        id="{deviceName}:{volumeId}:{instanceId}",
        create=Call("attach_volume", only=("deviceName", "instanceId", "volumeId")),
        reads=(
            Call(
                "describe_volumes",
                at="Volumes[0].Attachments[?InstanceId == '{instanceId}'] | [0]",
                only=("deviceName", "instanceId", "volumeId"),
            ),
        ),
        deletes=(Code((), _detach),),
        names={"deviceName": "Device"},
        flags=frozenset({"forceDetach", "skipDestroy", "stopInstanceBeforeDetaching"}),
    ),
)
