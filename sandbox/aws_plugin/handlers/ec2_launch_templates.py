"""Launch templates, each of whose changes is a version."""

from sandbox.aws_plugin import schema
from sandbox.aws_plugin.handlers import models, translate
from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.ec2 import TAGGING, arn
from sandbox.aws_plugin.handlers.records import Call, Code, Record
from sandbox.aws_plugin.values import Props

_TOKEN = "aws:ec2/launchTemplate:LaunchTemplate"  # noqa: S105 - a type token
_DATA = {
    "blockDeviceMappings": "BlockDeviceMappings",
    "ebsOptimized": "EbsOptimized",
    "iamInstanceProfile": "IamInstanceProfile",
    "imageId": "ImageId",
    "instanceInitiatedShutdownBehavior": "InstanceInitiatedShutdownBehavior",
    "instanceType": "InstanceType",
    "keyName": "KeyName",
    "metadataOptions": "MetadataOptions",
    "monitoring": "Monitoring",
    "networkInterfaces": "NetworkInterfaces",
    "tagSpecifications": "TagSpecifications",
    "userData": "UserData",
    "vpcSecurityGroupIds": "SecurityGroupIds",
}
"""What a version holds beside its description: wire name -> member of its data."""

_NAMES = {"networkInterfaces.securityGroups": "Groups"}


def _version(scope: Scope) -> Props:
    """The data of a version: all of it, as a version takes nothing over from the one before."""
    shape = models.members_of("ec2", "create_launch_template")["LaunchTemplateData"]
    given = {name: member for name, member in _DATA.items() if scope.get(name) is not None}
    data = {
        member: translate.to_aws(scope[name], shape.members[member], _NAMES, name) for name, member in given.items()
    }
    return {"LaunchTemplateData": data}


def _change(scope: Scope, _old: Props) -> None:
    described = {"VersionDescription": scope["description"]} if scope.get("description") else {}
    made = scope.call("create_launch_template_version", LaunchTemplateId=scope["id"], **described, **_version(scope))
    if scope.get("updateDefaultVersion"):
        number = str(made["LaunchTemplateVersion"]["VersionNumber"])
        scope.call("modify_launch_template", LaunchTemplateId=scope["id"], DefaultVersion=number)


def _latest(scope: Scope, _old: Props) -> Props:
    answer = scope.call("describe_launch_template_versions", LaunchTemplateId=scope["id"], Versions=["$Latest"])
    version = answer["LaunchTemplateVersions"][0]
    data, inputs = version["LaunchTemplateData"], schema.resource(_TOKEN).inputs
    found: Props = {"description": version["VersionDescription"]} if version.get("VersionDescription") else {}
    for name, member in _DATA.items():
        if member in data:
            found[name] = translate.from_aws(data[member], inputs[name].type, _NAMES, name)
    return found


RECORDS = (
    Record(
        _TOKEN,
        service="ec2",
        noun="LaunchTemplate",
        key={"LaunchTemplateId": "{id}"},
        id="LaunchTemplateId",
        create=Call(
            "create_launch_template",
            at="LaunchTemplate",
            only=(*_DATA, "description", "name"),
            names={
                "description": "VersionDescription",
                **{name: f"LaunchTemplateData.{member}" for name, member in _DATA.items()},
                **_NAMES,
            },
        ),
        reads=(
            Call(
                "describe_launch_templates",
                at="LaunchTemplates[0]",
                names={"defaultVersion": "DefaultVersionNumber", "latestVersion": "LatestVersionNumber"},
            ),
            Code((*_DATA, "description"), _latest),
        ),
        updates=(Code((*_DATA, "description"), _change),),
        deletes=(Call("delete_launch_template"),),
        flags=frozenset({"updateDefaultVersion"}),
        computed=arn("launch-template"),
        tagging=TAGGING,
        tag_resource="launch-template",
    ),
)
