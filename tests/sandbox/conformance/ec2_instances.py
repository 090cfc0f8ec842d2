"""Instances, volumes, and what attaches one to the other."""

import base64
from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of


def _image(account: Account) -> str:
    [image, *_] = account.client("ec2").describe_images(Owners=["amazon"])["Images"]
    return str(image["ImageId"])


def _attribute(account: Account, instance: str, name: str) -> Any:
    answer = account.client("ec2").describe_instance_attribute(InstanceId=instance, Attribute=name)
    return answer[name[0].upper() + name[1:]]["Value"]


def _instance(account: Account, instance_id: str) -> dict[str, Any] | None:
    ec2 = account.client("ec2")
    [reservation] = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    [instance] = reservation["Instances"]
    if instance["State"]["Name"] == "terminated":
        return None
    [root] = [each for each in instance["BlockDeviceMappings"] if each["DeviceName"] == instance["RootDeviceName"]]
    [volume] = ec2.describe_volumes(VolumeIds=[root["Ebs"]["VolumeId"]])["Volumes"]
    return {
        "state": instance["State"]["Name"],
        "image": instance["ImageId"],
        "type": instance["InstanceType"],
        "subnet": instance["SubnetId"],
        "groups": [each["GroupId"] for each in instance["SecurityGroups"]],
        "public": instance.get("PublicIpAddress"),
        "profile": instance["IamInstanceProfile"]["Arn"].rpartition("/")[2],
        "tokens": (instance["MetadataOptions"]["HttpTokens"], instance["MetadataOptions"]["HttpPutResponseHopLimit"]),
        "monitored": instance["Monitoring"]["State"],
        "protected": [_attribute(account, instance_id, f"disableApi{what}") for what in ("Termination", "Stop")],
        "script": base64.b64decode(_attribute(account, instance_id, "userData")).decode(),
        "root": (
            volume["Encrypted"],
            volume["KmsKeyId"],
            volume["Size"],
            volume["VolumeType"],
            tags_of(volume["Tags"]),
        ),
        "tags": tags_of(instance["Tags"]),
    }


def _instance_inputs(account: Account) -> dict[str, Any]:
    iam, vpc = account.client("iam"), account.vpc()
    iam.create_instance_profile(InstanceProfileName="case-profile")
    iam.add_role_to_instance_profile(InstanceProfileName="case-profile", RoleName=account.role())
    door = account.client("ec2").create_security_group(GroupName="case", Description="case", VpcId=vpc)["GroupId"]
    return {
        "ami": _image(account),
        "instanceType": "t4g.small",
        "subnetId": account.subnets(vpc)[0],
        "vpcSecurityGroupIds": [door],
        "associatePublicIpAddress": False,
        "iamInstanceProfile": "case-profile",
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1, "httpEndpoint": "enabled"},
        "rootBlockDevice": {
            "encrypted": True,
            "kmsKeyId": account.key(),
            "volumeType": "gp3",
            "volumeSize": 20,
            "tags": {"class": "restricted"},
        },
        "ebsOptimized": True,
        "monitoring": True,
        "disableApiTermination": True,
        "disableApiStop": False,
        "userData": "#!/bin/bash\n",
        "tags": {"owner": "data"},
    }


def _instance_seen(inputs: dict[str, Any]) -> dict[str, Any]:
    root, options = inputs["rootBlockDevice"], inputs["metadataOptions"]
    return {
        "state": "running",
        "image": inputs["ami"],
        "type": inputs["instanceType"],
        "subnet": inputs["subnetId"],
        "groups": inputs["vpcSecurityGroupIds"],
        "public": None,
        "profile": "case-profile",
        "tokens": (options["httpTokens"], options["httpPutResponseHopLimit"]),
        "monitored": "enabled" if inputs["monitoring"] else "disabled",
        "protected": [inputs["disableApiTermination"], inputs["disableApiStop"]],
        "script": inputs["userData"],
        "root": (True, root["kmsKeyId"], root["volumeSize"], "gp3", root["tags"]),
        "tags": inputs["tags"],
    }


def _changed(account: Account) -> dict[str, Any]:
    [key] = [each["KeyArn"] for each in account.client("kms").list_keys()["Keys"]]
    return {
        "instanceType": "r7g.large",
        "userData": "#!/bin/sh\n",
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 2, "httpEndpoint": "enabled"},
        "rootBlockDevice": {
            "encrypted": True,
            "kmsKeyId": key,
            "volumeType": "gp3",
            "volumeSize": 40,
            "tags": {"class": "confidential"},
        },
        "monitoring": False,
        "disableApiTermination": False,
        "tags": {"owner": "web"},
    }


def _volume(account: Account, volume_id: str) -> dict[str, Any]:
    [volume] = account.client("ec2").describe_volumes(VolumeIds=[volume_id])["Volumes"]
    return {
        "encrypted": (volume["Encrypted"], volume["KmsKeyId"]),
        "kind": (volume["VolumeType"], volume["Size"]),
        "zone": volume["AvailabilityZone"],
        "tags": tags_of(volume["Tags"]),
    }


def _volume_seen(inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "encrypted": (True, inputs["kmsKeyId"]),
        "kind": (inputs["type"], inputs["size"]),
        "zone": "us-west-2a",
        "tags": inputs["tags"],
    }


def _pair(account: Account) -> dict[str, Any]:
    ec2 = account.client("ec2")
    subnet = account.subnets(account.vpc())[0]
    [node] = ec2.run_instances(ImageId=_image(account), SubnetId=subnet, MinCount=1, MaxCount=1)["Instances"]
    volume = ec2.create_volume(AvailabilityZone="us-west-2a", Size=20, VolumeType="gp3")["VolumeId"]
    return {
        "deviceName": "/dev/sdf",
        "instanceId": node["InstanceId"],
        "volumeId": volume,
        "stopInstanceBeforeDetaching": True,
    }


def _attachment(account: Account, thing_id: str) -> dict[str, Any] | None:
    device, volume_id, instance = thing_id.split(":")
    [volume] = account.client("ec2").describe_volumes(VolumeIds=[volume_id])["Volumes"]
    found = [each["Device"] for each in volume["Attachments"] if each["InstanceId"] == instance]
    return {"device": device} if found == [device] else None


CASES = (
    Case(
        "aws:ec2/instance:Instance",
        inputs=_instance_inputs,
        seen=_instance,
        created=_instance_seen,
        update=_changed,
        updated=_instance_seen,
        drift=lambda account, instance: account.client("ec2").modify_instance_metadata_options(
            InstanceId=instance, HttpTokens="optional"
        ),
        drifted={
            "metadataOptions": {"httpTokens": "optional", "httpPutResponseHopLimit": 2, "httpEndpoint": "enabled"}
        },
        outputs=("arn", "availabilityZone", "instanceState", "primaryNetworkInterfaceId", "privateIp", "tagsAll"),
        never="i-0123456789abcdef0",
    ),
    Case(
        "aws:ebs/volume:Volume",
        inputs=lambda account: {
            "availabilityZone": "us-west-2a",
            "encrypted": True,
            "kmsKeyId": account.key(),
            "size": 20,
            "type": "gp3",
            "tags": {"backup": "daily"},
        },
        seen=_volume,
        created=_volume_seen,
        update={"size": 40, "tags": {"backup": "daily", "owner": "data"}},
        updated=_volume_seen,
        drift=lambda account, volume: account.client("ec2").modify_volume(VolumeId=volume, Size=60),
        drifted={"size": 60},
        outputs=("arn", "tagsAll"),
        never="vol-0123456789abcdef0",
    ),
    Case(
        "aws:ec2/volumeAttachment:VolumeAttachment",
        inputs=_pair,
        seen=_attachment,
        created={"device": "/dev/sdf"},
        update={"stopInstanceBeforeDetaching": False},
        updated={"device": "/dev/sdf"},
        never="/dev/sdf:vol-0123456789abcdef0:i-0123456789abcdef0",
    ),
)
