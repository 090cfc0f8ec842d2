"""Exposure: nothing but the front door has an address of its own, and nothing is shared with everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from policy_pack.callers import is_bound_to_source
from policy_pack.examples import declare, declare_rows
from policy_pack.rules.vendors import texts
from policy_pack.tokens import DATABASE_CLUSTER, DATABASE_INSTANCE, SUBNET
from policy_pack.vocabulary import Finding, Props, Resource, Row, Severity, aws, each, rule

FALSE = (False, "false")
# The default is AWS's, or decided elsewhere: an instance without its own setting takes that of its subnet.
NOT_PUBLIC = {
    "aws:appstream/fleet:Fleet": Row(("enableDefaultInternetAccess",), FALSE, unset=False),
    "aws:appstream/imageBuilder:ImageBuilder": Row(("enableDefaultInternetAccess",), FALSE, unset=False),
    "aws:dms/replicationInstance:ReplicationInstance": Row(("publiclyAccessible",), FALSE, unset=True),
    "aws:ec2/instance:Instance": Row(("associatePublicIpAddress",), FALSE, unset=False, controls=("SH:EC2.9",)),
    "aws:ec2/launchConfiguration:LaunchConfiguration": Row(("associatePublicIpAddress",), FALSE, unset=False),
    "aws:ec2/spotFleetRequest:SpotFleetRequest": Row(
        ("launchSpecifications[]", "associatePublicIpAddress"), FALSE, unset=False, controls=("SH:EC2.9",)
    ),
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": Row(
        ("associatePublicIpAddress",), FALSE, unset=False, controls=("SH:EC2.9",)
    ),
    SUBNET: Row(("mapPublicIpOnLaunch",), FALSE, unset=False, controls=("SH:EC2.15",)),
    "aws:ec2/defaultSubnet:DefaultSubnet": Row(("mapPublicIpOnLaunch",), FALSE, unset=True, controls=("SH:EC2.15",)),
    "aws:ecs/service:Service": Row(
        ("networkConfiguration", "assignPublicIp"), FALSE, unset=False, controls=("SH:ECS.2",)
    ),
    "aws:ecs/taskSet:TaskSet": Row(
        ("networkConfiguration", "assignPublicIp"), FALSE, unset=False, controls=("SH:ECS.16",)
    ),
    "aws:lambda/functionUrl:FunctionUrl": Row(("authorizationType",), ("AWS_IAM",), controls=("PH:LAMBDA-URL",)),
    "aws:lightsail/database:Database": Row(("publiclyAccessible",), FALSE, unset=False),
    "aws:mq/broker:Broker": Row(("publiclyAccessible",), FALSE, unset=False),
    "aws:msk/cluster:Cluster": Row(
        ("brokerNodeGroupInfo", "connectivityInfo", "publicAccess", "type"),
        ("DISABLED",),
        unset="DISABLED",
        controls=("SH:MSK.4",),
    ),
    "aws:mwaa/environment:Environment": Row(("webserverAccessMode",), ("PRIVATE_ONLY",), unset="PRIVATE_ONLY"),
    "aws:neptune/clusterInstance:ClusterInstance": Row(("publiclyAccessible",), FALSE, unset=False),
    "aws:rds/clusterInstance:ClusterInstance": Row(("publiclyAccessible",), FALSE, unset=False, controls=("SH:RDS.2",)),
    DATABASE_CLUSTER: Row(("publiclyAccessible",), FALSE, unset=False, controls=("SH:RDS.2",)),
    DATABASE_INSTANCE: Row(("publiclyAccessible",), FALSE, unset=False, controls=("SH:RDS.2", "CIS7:3.2.3")),
    "aws:redshift/cluster:Cluster": Row(("publiclyAccessible",), FALSE, unset=False),
    "aws:redshiftserverless/workgroup:Workgroup": Row(("publiclyAccessible",), FALSE, unset=False),
    "aws:sagemaker/domain:Domain": Row(("appNetworkAccessType",), ("VpcOnly",), unset="PublicInternetOnly"),
    "aws:sagemaker/notebookInstance:NotebookInstance": Row(("directInternetAccess",), ("Disabled",), unset="Enabled"),
}


@rule(
    on=NOT_PUBLIC,
    severity=Severity.CRITICAL,
    promise="data-protection",
    fix="set the property as the message says, and reach it through the private network",
)
def no_public_address(resource: Resource, row: Row) -> Iterator[Finding]:
    """Production data is on private networks: an address that the world can't route to can't be attacked from it."""
    yield from row.judge(resource)


@no_public_address.passes
def private() -> None:
    declare_rows(NOT_PUBLIC)
    aws.rds.Instance("reports", instance_class="db.t4g.small")
    aws.ec2.Subnet("data", vpc_id="vpc-1", cidr_block="10.0.1.0/24")


@no_public_address.fails
def public() -> None:
    aws.rds.Instance("reports", instance_class="db.t4g.small", publicly_accessible=True)


@no_public_address.fails
def task_with_an_address() -> None:
    network: Any = {"subnets": ["subnet-1"], "assign_public_ip": True}
    aws.ecs.Service("migrations", network_configuration=network)


@no_public_address.fails
def brokers_with_addresses() -> None:
    access = {"connectivityInfo": {"publicAccess": {"type": "SERVICE_PROVIDED_EIPS"}}}
    declare("aws:msk/cluster:Cluster", brokerNodeGroupInfo=access)


@no_public_address.fails
def left_to_the_service() -> None:
    aws.dms.ReplicationInstance("move", replication_instance_class="dms.t3.small", replication_instance_id="move")


LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


@rule(
    on=(LAUNCH_TEMPLATE,),
    severity=Severity.HIGH,
    promise="data-protection",
    controls=("SH:EC2.25",),
    fix="set associatePublicIpAddress to false on every network interface",
)
def launch_template_without_public_address(template: Resource) -> Iterator[Finding]:
    """What a template gives an address, every instance of the fleet has."""

    def judge(interface: Props) -> Iterator[Finding]:
        # A text that is neither is refused, or read as something that nobody meant.
        if str(interface.get("associatePublicIpAddress", default="false")).lower() != "false":
            yield f"{interface.where('associatePublicIpAddress')} is not false"

    yield from each(template.get("networkInterfaces", default=()), judge)


@launch_template_without_public_address.passes
def fleet_on_the_private_network() -> None:
    aws.ec2.LaunchTemplate("web", network_interfaces=[{"associate_public_ip_address": "false"}, {"device_index": 1}])


@launch_template_without_public_address.fails
def fleet_with_addresses() -> None:
    aws.ec2.LaunchTemplate("web", network_interfaces=[{}, {"associate_public_ip_address": "true"}])


class Everybody(NamedTuple):
    """Where a type names whom it shares with, the words that stand for everybody, and what narrows them again."""

    path: tuple[str, ...]
    words: tuple[str, ...]
    controls: tuple[str, ...] = ()
    unless: str | None = None


SHARED = {
    "aws:cloudwatch/eventPermission:EventPermission": Everybody(
        ("principal",), ("*",), ("SH:EventBridge.3",), unless="condition"
    ),
    "aws:ec2/amiLaunchPermission:AmiLaunchPermission": Everybody(("group",), ("all",), ("PH:AMI-BPA",)),
    "aws:ec2/vpcEndpointService:VpcEndpointService": Everybody(("allowedPrincipals",), ("*",), ("PH:PRIVATELINK",)),
    "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple": Everybody(
        ("principalArn",), ("*",), ("PH:PRIVATELINK",)
    ),
    "aws:lambda/layerVersionPermission:LayerVersionPermission": Everybody(
        ("principal",), ("*",), unless="organizationId"
    ),
    "aws:rds/clusterSnapshot:ClusterSnapshot": Everybody(("sharedAccounts",), ("all",), ("SH:RDS.1",)),
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": Everybody(("sharedAccounts",), ("all",), ("SH:RDS.1",)),
    "aws:rds/snapshot:Snapshot": Everybody(("sharedAccounts",), ("all",), ("SH:RDS.1",)),
    "aws:rds/snapshotCopy:SnapshotCopy": Everybody(("sharedAccounts",), ("all",), ("SH:RDS.1",)),
    "aws:ssm/document:Document": Everybody(("permissions", "account_ids"), ("all",), ("SH:SSM.4",)),
}


@rule(
    on=SHARED,
    severity=Severity.CRITICAL,
    promise="data-protection",
    fix="name the accounts that it is for",
)
def not_shared_with_everybody(resource: Resource, row: Everybody) -> Iterator[Finding]:
    """A public snapshot or image is found and copied by strangers within hours."""

    def judge(text: str) -> Iterator[Finding]:
        # SSM takes the accounts as one text with commas.
        everybody = {part.strip().lower() for part in text.split(",")}.intersection(row.words)
        if everybody and not (row.unless and resource.has(row.unless)):
            yield f"{resource.where(*row.path)} is {text}: everybody"

    yield from each(texts(resource, *row.path), judge)


@not_shared_with_everybody.passes
def with_one_account() -> None:
    for token, row in SHARED.items():
        name, *inside = row.path
        one: Any = ["444455556666"] if name in {"allowedPrincipals", "sharedAccounts"} else "444455556666"
        declare(token, {name: {inside[0]: one} if inside else one})
    aws.cloudwatch.EventPermission(
        "organization",
        principal="*",
        statement_id="organization",
        condition={"key": "aws:PrincipalOrgID", "type": "StringEquals", "value": "o-1111122222"},
    )


@not_shared_with_everybody.fails
def snapshot_for_everybody() -> None:
    aws.rds.SnapshotCopy(
        "copy", source_db_snapshot_identifier="a", target_db_snapshot_identifier="b", shared_accounts=["1", "all"]
    )


@not_shared_with_everybody.fails
def document_for_everybody() -> None:
    aws.ssm.Document("run", content="{}", document_type="Command", permissions={"type": "Share", "account_ids": "All"})


@not_shared_with_everybody.fails
def image_for_everybody() -> None:
    aws.ec2.AmiLaunchPermission("image", image_id="ami-1", group="all")


@rule(
    on=("aws:lambda/permission:Permission",),
    severity=Severity.CRITICAL,
    promise="system-access-control",
    controls=("SH:Lambda.1", "CIS7:2.21", "PH:IAM-CONFUSED"),
    fix="name the caller; of a service also sourceAccount or sourceArn",
)
def function_invoked_by_known_callers(permission: Resource) -> Iterator[Finding]:
    """A function does what it does for whoever may call it."""
    principal = str(permission.get("principal"))
    if principal == "*":
        if not permission.has("principalOrgId") and not permission.has("sourceAccount"):
            yield "principal is *: anybody"
        return
    if not principal.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return
    source = permission.get("sourceArn", default="")
    bound = permission.has("sourceAccount") or (
        source and is_bound_to_source(Props({"Condition": {"ArnLike": {"aws:SourceArn": source}}}))
    )
    # Alexa sends a token of the skill instead.
    if not bound and not permission.has("eventSourceToken") and not permission.has("principalOrgId"):
        yield f"principal is {principal}, on behalf of anybody: neither sourceAccount nor sourceArn names an account"


@function_invoked_by_known_callers.passes
def a_bucket_of_ours() -> None:
    aws.lambda_.Permission(
        "bucket",
        action="lambda:InvokeFunction",
        function="resize",
        principal="s3.amazonaws.com",
        source_arn="arn:aws:s3:::uploads",
        source_account="111122223333",
    )
    aws.lambda_.Permission(
        "rule",
        action="lambda:InvokeFunction",
        function="resize",
        principal="events.amazonaws.com",
        source_arn="arn:aws:events:us-west-2:111122223333:rule/*",
    )
    aws.lambda_.Permission("role", action="lambda:*", function="resize", principal="arn:aws:iam::111122223333:role/web")


@function_invoked_by_known_callers.fails
def anybody() -> None:
    aws.lambda_.Permission("all", action="lambda:InvokeFunctionUrl", function="resize", principal="*")


@function_invoked_by_known_callers.fails
def a_service_for_anybody() -> None:
    aws.lambda_.Permission("all", action="lambda:InvokeFunction", function="resize", principal="sns.amazonaws.com")


@function_invoked_by_known_callers.undetermined
def a_source_not_known_yet() -> None:
    topic = aws.sns.Topic("uploads")
    aws.lambda_.Permission(
        "topic",
        action="lambda:InvokeFunction",
        function="resize",
        principal="sns.amazonaws.com",
        source_arn=topic.arn.apply(lambda arn: arn),
    )
