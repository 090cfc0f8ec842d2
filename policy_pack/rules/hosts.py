"""Hosts: reached through Session Manager only, with a role instead of keys; and other settings that narrow access."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.examples import declare, declare_rows
from policy_pack.rules.account_baseline import SERVICE_SETTING
from policy_pack.rules.network import DEFAULT_GROUP, GROUP_RULE, INGRESS_RULE
from policy_pack.tokens import SECURITY_GROUP
from policy_pack.vocabulary import (
    Finding,
    Forbidden,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Severity,
    aws,
    each,
    rule,
)

INSTANCE = "aws:ec2/instance:Instance"
LAUNCH_CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
NO_KEY = {
    token: Row(path, (None,), controls=("PH:KEYPAIR",))
    for token, path in {
        INSTANCE: ("keyName",),
        LAUNCH_CONFIGURATION: ("keyName",),
        LAUNCH_TEMPLATE: ("keyName",),
        "aws:batch/computeEnvironment:ComputeEnvironment": ("computeResources[]", "ec2KeyPair"),
        "aws:ec2/spotFleetRequest:SpotFleetRequest": ("launchSpecifications[]", "keyName"),
        "aws:ec2/spotInstanceRequest:SpotInstanceRequest": ("keyName",),
        "aws:emr/cluster:Cluster": ("ec2Attributes[]", "keyName"),
        "aws:glue/devEndpoint:DevEndpoint": ("publicKey",),
        "aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration": ("keyPair",),
    }.items()
}


@rule(
    on=NO_KEY,
    severity=Severity.HIGH,
    promise="system-access-control",
    fix="leave the key out, and start sessions with Session Manager",
)
def host_without_ssh_key(host: Resource, row: Row) -> Iterator[Finding]:
    """A key on a host lets in whoever copied its other half, and no log says who."""
    yield from row.judge(host)


@host_without_ssh_key.passes
def by_session_manager() -> None:
    declare_rows(NO_KEY)


@host_without_ssh_key.fails
def by_a_key() -> None:
    aws.ec2.Instance("web", ami="ami-1", instance_type="m7g.large", key_name="ada")


@rule(
    on={"aws:ec2/keyPair:KeyPair": Forbidden("Session Manager", controls=("PH:KEYPAIR",))},
    severity=Severity.HIGH,
    promise="system-access-control",
    fix="delete the key pair, and start sessions with Session Manager",
)
def no_ssh_key_pair(pair: Resource, row: Forbidden) -> Iterator[Finding]:
    """A key that is there will be used one day, and its other half is on somebody's laptop."""
    yield f"{pair.name} is a way around {row.instead}"


@no_ssh_key_pair.fails
def a_key_of_somebody() -> None:
    aws.ec2.KeyPair("ada", public_key="ssh-ed25519 AAAA ada")


@rule(
    on=(INSTANCE, LAUNCH_TEMPLATE),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:INSTPROFILE", "CIS7:2.16"),
    fix="give the host an instance profile, with AmazonSSMManagedInstanceCore at least",
)
def host_has_role(host: Resource, graph: Graph) -> Iterator[Finding]:
    """A host without a role gets keys instead, and can't be reached through Session Manager."""
    # EKS User Guide, "Customize managed nodes with launch templates": a profile in the template is refused.
    if host.type == LAUNCH_TEMPLATE and graph.children(host, on=NODE_GROUP, via="launchTemplate"):
        raise NotApplicable("its hosts have the role of their node group")
    if not host.has("iamInstanceProfile") and not (host.type == INSTANCE and host.has("launchTemplate")):
        yield "iamInstanceProfile is not set"


@host_has_role.passes
def with_a_role() -> None:
    aws.ec2.Instance("web", iam_instance_profile="web")
    aws.ec2.LaunchTemplate("web", iam_instance_profile={"name": "web"})
    aws.ec2.Instance("worker", launch_template={"name": "web"})
    nodes = aws.ec2.LaunchTemplate("nodes")
    declare(NODE_GROUP, launchTemplate={"id": nodes.id, "version": "1"}, nodeRoleArn="arn:role")


@host_has_role.fails
def without_a_role() -> None:
    aws.ec2.Instance("web", ami="ami-1", instance_type="m7g.large")
    aws.ec2.LaunchTemplate("workers")


@rule(
    on=(LAUNCH_CONFIGURATION, "aws:autoscaling/group:Group"),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("SH:AutoScaling.9",),
    fix="use a launch template",
)
def fleet_from_launch_template(fleet: Resource) -> Iterator[Finding]:
    """AWS adds nothing to launch configurations any more, so what protects newer hosts is missing from them."""
    if fleet.type == LAUNCH_CONFIGURATION:
        yield "it is a launch configuration"
    elif fleet.has("launchConfiguration"):
        yield "launchConfiguration is set"


@fleet_from_launch_template.passes
def from_a_template() -> None:
    aws.autoscaling.Group("web", max_size=3, min_size=1, launch_template={"name": "web"})


@fleet_from_launch_template.fails
def from_a_configuration() -> None:
    old = aws.ec2.LaunchConfiguration("web", image_id="ami-1", instance_type="m7g.large")
    aws.autoscaling.Group("web", max_size=3, min_size=1, launch_configuration=old.name)


NARROWED = {
    "aws:secretsmanager/secretPolicy:SecretPolicy": Row(("blockPublicPolicy",), controls=("PH:SM-POLICY",)),
    "aws:ec2/networkInterface:NetworkInterface": Row(
        ("sourceDestCheck",), (True,), unset=True, controls=("SH:EC2.180",)
    ),
}


@rule(on=NARROWED, severity=Severity.MEDIUM, promise="system-access-control", fix="set the property to true")
def guard_left_on(resource: Resource, row: Row) -> Iterator[Finding]:
    """A guard of AWS's own costs nothing, and catches the mistake that a review missed."""
    yield from row.judge(resource)


@guard_left_on.passes
def on() -> None:
    declare_rows(NARROWED)


@guard_left_on.fails
def off() -> None:
    declare("aws:secretsmanager/secretPolicy:SecretPolicy")


ACCESS_POINT = "aws:efs/accessPoint:AccessPoint"


@rule(
    on=(ACCESS_POINT,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("SH:EFS.3", "SH:EFS.4"),
    fix="set rootDirectory.path to the directory it is for, and posixUser",
)
def file_access_point_confined(access_point: Resource) -> Iterator[Finding]:
    """An application sees its own directory, as its own user, whatever user it says it is."""
    # EFS API Reference, CreateAccessPoint: the whole file system where nothing is given.
    if access_point.get("rootDirectory", "path", default="/") == "/":
        yield "rootDirectory.path is /"
    if not access_point.has("posixUser"):
        yield "posixUser is not set"


@file_access_point_confined.passes
def one_directory() -> None:
    declare(ACCESS_POINT, rootDirectory={"path": "/web"}, posixUser={"uid": 1000, "gid": 1000})


@file_access_point_confined.fails
def the_whole_file_system() -> None:
    declare(ACCESS_POINT, posixUser={"uid": 1000, "gid": 1000})


@rule(
    on=(SERVICE_SETTING,),
    severity=Severity.CRITICAL,
    promise="data-protection",
    controls=("SH:SSM.7",),
    fix="set settingValue to Disable",
)
def documents_not_public(service_setting: Resource) -> Iterator[Finding]:
    """A document names hosts, paths and commands that a stranger would have to guess."""
    public = str(service_setting.get("settingId")).endswith("/ssm/documents/console/public-sharing-permission")
    if public and service_setting.get("settingValue") != "Disable":
        yield "settingValue is not Disable: documents may be shared with everybody"


_SHARING = "/ssm/documents/console/public-sharing-permission"


@documents_not_public.passes
def sharing_disabled() -> None:
    aws.ssm.ServiceSetting("sharing", setting_id=_SHARING, setting_value="Disable")
    aws.ssm.ServiceSetting("tier", setting_id="/ssm/parameter-store/high-throughput-enabled", setting_value="true")


@documents_not_public.fails
def sharing_enabled() -> None:
    arn = f"arn:aws:ssm:us-west-2:111122223333:servicesetting{_SHARING}"
    aws.ssm.ServiceSetting("sharing", setting_id=arn, setting_value="Enable")


# What the SDK and Terraform write where a program says nothing.
BY_ITSELF = ("Managed by Pulumi", "Managed by Terraform")
DESCRIBED = {DEFAULT_GROUP: "ingress", SECURITY_GROUP: "ingress", GROUP_RULE: None, INGRESS_RULE: None}


@rule(
    on=DESCRIBED,
    severity=Severity.LOW,
    promise="data-protection",
    controls=("PH:SG-DESC",),
    fix="say in description whom the rule lets in, and what for",
)
def ingress_described(group: Resource, row: str | None) -> Iterator[Finding]:
    """A review can't tell what an opening without a reason is for, and leaves it."""
    if group.type == SECURITY_GROUP and group.get("description", default=BY_ITSELF[0]) in BY_ITSELF:
        yield "description is not set"

    def judge(ingress: Props) -> Iterator[Finding]:
        if not ingress.has("description"):
            yield f"{ingress.where('description')} is not set"

    yield from each(group.get(row, default=()) if row else [group], judge)


@ingress_described.passes
def with_a_reason() -> None:
    for token, inside in DESCRIBED.items():
        entry = {"description": "TLS from the load balancer"}
        declare(token, {inside: [entry], "description": "the web servers"} if inside == "ingress" else entry)


@ingress_described.fails
def without_a_reason() -> None:
    declare(SECURITY_GROUP, description="web", ingress=[{"description": "TLS"}, {"protocol": "tcp"}])


@ingress_described.fails
def a_group_for_nobody_knows_what() -> None:
    declare(SECURITY_GROUP, vpcId="vpc-1")


DESKTOPS: dict[str, Row] = {
    "aws:workspaces/directory:Directory": Row(
        ("workspaceCreationProperties[]", "userEnabledAsLocalAdministrator"), (False, "false"), unset=False
    ),
}


@rule(
    on=DESKTOPS,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    fix="set userEnabledAsLocalAdministrator to false",
)
def desktop_user_not_administrator(directory: Resource, row: Row) -> Iterator[Finding]:
    """Whoever administers a machine can turn off what watches it."""
    yield from row.judge(directory)


@desktop_user_not_administrator.passes
def users_alone() -> None:
    declare_rows(DESKTOPS)


@desktop_user_not_administrator.fails
def administrators_all() -> None:
    declare("aws:workspaces/directory:Directory", workspaceCreationProperties={"userEnabledAsLocalAdministrator": True})
