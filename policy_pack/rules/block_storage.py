"""Encryption at rest of the disks that instances start with, and of what a region does by default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.customer_keys import names_customer_key
from policy_pack.rules.encryption import ENCRYPTION_BY_DEFAULT, VOLUME
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Rows,
    Severity,
    Unknown,
    aws,
    each,
    judge_rows,
    rule,
)

DEFAULT_KEY = "aws:ebs/defaultKmsKey:DefaultKmsKey"
INSTANCE = "aws:ec2/instance:Instance"
LAUNCH_CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
SPOT_FLEET = "aws:ec2/spotFleetRequest:SpotFleetRequest"
SPOT_INSTANCE = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
ON = (True, "true")

DISKS: dict[str, Rows] = {
    INSTANCE: (
        Row(("rootBlockDevice", "encrypted"), controls=("SH:EC2.3",)),
        Row(("ebsBlockDevices[]", "encrypted"), controls=("SH:EC2.3",)),
    ),
    **dict.fromkeys(
        (LAUNCH_CONFIGURATION, SPOT_INSTANCE),
        (Row(("rootBlockDevice", "encrypted")), Row(("ebsBlockDevices[]", "encrypted"))),
    ),
    LAUNCH_TEMPLATE: Row(("blockDeviceMappings", "ebs[]", "encrypted"), ON, controls=("SH:EC2.181",)),
    SPOT_FLEET: (
        Row(("launchSpecifications[]", "rootBlockDevices", "encrypted"), controls=("SH:EC2.173",)),
        Row(("launchSpecifications[]", "ebsBlockDevices[]", "encrypted"), controls=("SH:EC2.173",)),
    ),
}
DISK_KEYS: dict[str, Rows] = {
    token: tuple(
        Row((*row.path[:-1], "kmsKeyId"), controls=row.controls)
        for row in (rows if isinstance(rows, tuple) else (rows,))
    )
    for token, rows in DISKS.items()
    if token != LAUNCH_CONFIGURATION  # it has no property for a key
}


def _declares_its_disks(launched: Resource, graph: Graph) -> None:
    """Raise unless the disks are written here, and not in a launch template that is judged itself."""
    if launched.type == LAUNCH_TEMPLATE and not launched.has("blockDeviceMappings"):
        return
    if launched.type == SPOT_FLEET and not launched.has("launchSpecifications"):
        raise NotApplicable("its launch templates say what disks it has")
    if (
        launched.type in {INSTANCE, SPOT_INSTANCE}
        and launched.has("launchTemplate")
        and not launched.has("rootBlockDevice")
    ):
        if graph.targets(launched, "launchTemplate", LAUNCH_TEMPLATE):
            raise NotApplicable("its launch template says what disks it has")
        raise Unknown("the disks of its launchTemplate, which is not part of the stack")


@rule(
    on=DISKS,
    severity=Severity.HIGH,
    promise="encryption",
    fix="declare every disk, the root one too, with encrypted set to true",
)
def instance_disks_encrypted(launched: Resource, graph: Graph, row: Rows) -> Iterator[Finding]:
    """An instance's disks hold what its software writes, and the snapshots of them too."""
    _declares_its_disks(launched, graph)
    if launched.type == LAUNCH_TEMPLATE and not launched.has("blockDeviceMappings"):
        yield "blockDeviceMappings declare no disk; the image then decides"
    else:
        yield from judge_rows(row, launched)
    if launched.type == LAUNCH_TEMPLATE:
        yield from each(launched.get("blockDeviceMappings", default=()), _says_what_it_maps)


def _says_what_it_maps(mapping: Props) -> Iterator[Finding]:
    # EC2 API Reference, LaunchTemplateBlockDeviceMappingRequest: a disk, a local one, or none in place of the image's.
    if not any(mapping.has(name) for name in ("ebs", "virtualName", "noDevice")):
        yield f"{mapping.where('ebs')} is not set; the image then decides"


@rule(
    on=DISK_KEYS,
    severity=Severity.HIGH,
    promise="encryption",
    controls=("PH:KMS-AWSMANAGED",),
    fix="give every disk, the root one too, a KMS key of your own",
)
def instance_disks_under_customer_key(launched: Resource, graph: Graph, row: Rows) -> Iterator[Finding]:
    """Only a key of the customer's own can be withdrawn from whoever took a disk's snapshot."""
    _declares_its_disks(launched, graph)

    def check(holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        yield from names_customer_key(holder, graph, launched, *names)

    yield from judge_rows(row, launched, check)


IMAGE: Any = {"ami": "ami-1", "instance_type": "m7g.large"}


@instance_disks_encrypted.passes
@instance_disks_under_customer_key.passes
def every_disk_under_a_key() -> None:
    key = aws.kms.Key("disks")
    disk: Any = {"encrypted": True, "kms_key_id": key.arn}
    more: Any = [disk | {"device_name": "/dev/sdf"}]
    aws.ec2.Instance("web", root_block_device=disk, ebs_block_devices=more, **IMAGE)
    aws.ec2.SpotInstanceRequest("cheap", root_block_device=disk, ebs_block_devices=more, **IMAGE)
    mapping: Any = {"device_name": "/dev/xvda", "ebs": {"encrypted": "true", "kms_key_id": key.arn}}
    scratch: Any = {"device_name": "/dev/sdb", "virtual_name": "ephemeral0"}
    template = aws.ec2.LaunchTemplate("web", block_device_mappings=[mapping, scratch])
    aws.ec2.Instance("from-template", launch_template={"id": template.id})
    aws.ec2.SpotFleetRequest(
        "batch",
        iam_fleet_role="arn:aws:iam::111122223333:role/fleet",
        target_capacity=2,
        launch_specifications=[IMAGE | {"root_block_devices": [disk], "ebs_block_devices": more}],
    )
    root: Any = {"encrypted": True}
    aws.ec2.LaunchConfiguration("old", image_id="ami-1", instance_type="m7g.large", root_block_device=root)


@instance_disks_encrypted.fails
@instance_disks_under_customer_key.fails
def root_disk_left_to_the_image() -> None:
    aws.ec2.Instance("web", ebs_block_devices=[{"device_name": "/dev/sdf", "encrypted": True}], **IMAGE)


@instance_disks_encrypted.fails
def one_disk_of_two() -> None:
    disks: Any = [{"device_name": "/dev/xvda", "ebs": {"encrypted": "true"}}, {"device_name": "/dev/sdf", "ebs": {}}]
    disks[1]["ebs"] = {"encrypted": "false", "volume_size": 100}
    aws.ec2.LaunchTemplate("web", block_device_mappings=disks)


@instance_disks_encrypted.fails
def one_disk_left_to_the_image() -> None:
    disks: Any = [{"device_name": "/dev/xvda", "ebs": {"encrypted": "true"}}, {"device_name": "/dev/sdf"}]
    aws.ec2.LaunchTemplate("web", block_device_mappings=disks)


@instance_disks_encrypted.fails
def template_without_disks() -> None:
    aws.ec2.LaunchTemplate("web", image_id="ami-1")


@instance_disks_encrypted.fails
def spot_instances_with_plain_disks() -> None:
    aws.ec2.SpotFleetRequest(
        "batch", iam_fleet_role="fleet", target_capacity=2, launch_specifications=[IMAGE | {"root_block_devices": [{}]}]
    )


@instance_disks_encrypted.undetermined
def template_of_another_stack() -> None:
    aws.ec2.Instance("web", launch_template={"id": "lt-1"})


@rule(
    on=(NODE_GROUP,),
    severity=Severity.HIGH,
    promise="encryption",
    controls=("SH:EC2.181",),
    fix="give the node group a launch template of this stack, which says how disks are encrypted",
)
def node_group_has_launch_template(group: Resource, graph: Graph) -> Iterator[Finding]:
    """Without a template of its own, EKS gives nodes disks that the account's defaults decide on."""
    if not group.has("launchTemplate"):
        yield "launchTemplate is not set"
    elif not graph.targets(group, "launchTemplate", LAUNCH_TEMPLATE):
        raise Unknown("the disks of its launchTemplate, which is not part of the stack")


NODES: Any = {
    "cluster_name": "product",
    "node_role_arn": "arn:aws:iam::111122223333:role/node",
    "subnet_ids": ["subnet-1"],
    "scaling_config": {"desired_size": 3, "max_size": 3, "min_size": 3},
}


@node_group_has_launch_template.passes
def nodes_from_a_template() -> None:
    template = aws.ec2.LaunchTemplate("nodes")
    aws.eks.NodeGroup("nodes", launch_template={"id": template.id, "version": "1"}, **NODES)


@node_group_has_launch_template.fails
def nodes_as_eks_makes_them() -> None:
    aws.eks.NodeGroup("nodes", disk_size=50, **NODES)


@node_group_has_launch_template.undetermined
def nodes_from_a_template_of_another_stack() -> None:
    aws.eks.NodeGroup("nodes", launch_template={"id": "lt-1", "version": "1"}, **NODES)


@rule(
    on=(INSTANCE, LAUNCH_TEMPLATE, VOLUME, NODE_GROUP, SPOT_FLEET),
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("SH:EC2.7", "CIS7:6.1.1", "PH:EBS-DEFAULTKEY"),
    fix="add an aws.ebs.EncryptionByDefault and an aws.ebs.DefaultKmsKey in the region",
)
def region_encrypts_disks_by_default(user: Resource, graph: Graph) -> Iterator[Finding]:
    """Whatever is started by hand, or by a service, must get an encrypted disk too."""
    region = user.region
    for token, what in ((ENCRYPTION_BY_DEFAULT, "EncryptionByDefault"), (DEFAULT_KEY, "DefaultKmsKey")):
        if not any(setting.region == region for setting in graph.of_type(token)):
            yield f"the stack has no aws.ebs.{what} in {region}"


@region_encrypts_disks_by_default.passes
def region_with_defaults() -> None:
    key = aws.kms.Key("disks")
    aws.ebs.EncryptionByDefault("disks")
    aws.ebs.DefaultKmsKey("disks", key_arn=key.arn)
    aws.ebs.Volume("data", availability_zone="us-west-2a", encrypted=True)
    aws.ec2.Instance("web", **IMAGE)
    aws.ec2.LaunchTemplate("web")
    aws.eks.NodeGroup("nodes", **NODES)
    aws.ec2.SpotFleetRequest("batch", iam_fleet_role="fleet", target_capacity=2)


@region_encrypts_disks_by_default.fails
def defaults_of_another_region() -> None:
    aws.ebs.EncryptionByDefault("disks", region="us-west-1")
    aws.ec2.Instance("web", **IMAGE)


# Amazon EC2 API Reference, InstanceStorageInfo: DescribeInstanceTypes answers these families' encryptionSupport with
# "unsupported"; that of every other family with local disks with "required".
PLAIN_LOCAL_DISKS = ("c1", "c3", "cc2", "cr1", "d2", "g2", "hs1", "i2", "m1", "m2", "m3", "r3", "x1", "x1e")


@rule(
    on=(INSTANCE, LAUNCH_TEMPLATE, LAUNCH_CONFIGURATION),
    severity=Severity.HIGH,
    promise="encryption",
    controls=("PH:NVME",),
    fix="choose a Nitro family, whose hardware encrypts local disks",
)
def local_disks_encrypted_by_hardware(launched: Resource) -> Iterator[Finding]:
    """Local disks go back to AWS with what was written to them."""
    kind = launched.get("instanceType")
    if kind is None:
        raise NotApplicable("it names no instance type")
    family = str(kind).partition(".")[0]
    if family in PLAIN_LOCAL_DISKS:
        yield f"instanceType is of the family {family}, whose local disks are not encrypted"


@local_disks_encrypted_by_hardware.passes
def nitro() -> None:
    aws.ec2.Instance("web", ami="ami-1", instance_type="i4i.large")
    aws.ec2.LaunchTemplate("web", instance_type="im4gn.large")
    aws.ec2.LaunchConfiguration("web", image_id="ami-1", instance_type="m7g.large")


@local_disks_encrypted_by_hardware.fails
def before_nitro() -> None:
    aws.ec2.Instance("web", ami="ami-1", instance_type="i2.xlarge")
