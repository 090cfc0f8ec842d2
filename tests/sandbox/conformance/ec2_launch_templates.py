"""Launch templates, each of whose changes is a version."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of


def _disk(size: int, key: str) -> dict[str, Any]:
    ebs = {"volumeSize": size, "volumeType": "gp3", "encrypted": "true", "kmsKeyId": key, "deleteOnTermination": "true"}
    return {"deviceName": "/dev/xvda", "ebs": ebs}


_KEY = "arn:aws:kms:us-west-2:123456789012:key/0b1c2d3e-aaaa-bbbb-cccc-1234567890ab"
_TOKENS = {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}


def _template(account: Account, template: str) -> dict[str, Any] | None:
    ec2 = account.client("ec2")
    found = next(iter(ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"]), None)
    if found is None:
        return None
    [version] = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Default"])[
        "LaunchTemplateVersions"
    ]
    data = version["LaunchTemplateData"]
    return {
        "versions": (found["DefaultVersionNumber"], found["LatestVersionNumber"]),
        "disk": data["BlockDeviceMappings"][0]["Ebs"],
        "hops": data["MetadataOptions"]["HttpPutResponseHopLimit"],
        "groups": data["NetworkInterfaces"][0]["Groups"],
        "tags": tags_of(found.get("Tags", [])),
    }


def _seen(size: int, hops: int, version: int, owner: str) -> dict[str, Any]:
    disk = {"VolumeSize": size, "VolumeType": "gp3", "Encrypted": True, "KmsKeyId": _KEY, "DeleteOnTermination": True}
    return {
        "versions": (version, version),
        "disk": disk,
        "hops": hops,
        "groups": ["sg-1"],
        "tags": {"owner": owner},
    }


def _weaken(account: Account, template: str) -> None:
    ec2 = account.client("ec2")
    [version] = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Latest"])[
        "LaunchTemplateVersions"
    ]
    data = version["LaunchTemplateData"]
    data["MetadataOptions"] |= {"HttpTokens": "optional"}
    ec2.create_launch_template_version(LaunchTemplateId=template, VersionDescription="nodes", LaunchTemplateData=data)


CASES = (
    Case(
        "aws:ec2/launchTemplate:LaunchTemplate",
        inputs=lambda _account: {
            "name": "case",
            "description": "nodes",
            "updateDefaultVersion": True,
            "blockDeviceMappings": [_disk(4, _KEY)],
            "metadataOptions": _TOKENS,
            "networkInterfaces": [{"deviceIndex": 0, "associatePublicIpAddress": "false", "securityGroups": ["sg-1"]}],
            "tagSpecifications": [{"resourceType": "volume", "tags": {"owner": "ada"}}],
            "tags": {"owner": "ada"},
        },
        seen=_template,
        created=_seen(4, 1, 1, "ada"),
        update={
            "blockDeviceMappings": [_disk(8, _KEY)],
            "metadataOptions": _TOKENS | {"httpPutResponseHopLimit": 2},
            "tags": {"owner": "grace"},
        },
        updated=_seen(8, 2, 2, "grace"),
        drift=_weaken,
        drifted={"metadataOptions": _TOKENS | {"httpTokens": "optional", "httpPutResponseHopLimit": 2}},
        outputs=("arn", "defaultVersion", "latestVersion"),
        never="lt-0123456789abcdef0",
    ),
)
