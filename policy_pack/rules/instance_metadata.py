"""Instance metadata: the credentials of a host go to what runs on it and asks with a token, and no further."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.examples import declare, declare_rows
from policy_pack.vocabulary import (
    Changes,
    Finding,
    Graph,
    Resource,
    Row,
    Severity,
    Unknown,
    aws,
    rule,
    setting,
)

INSTANCE = "aws:ec2/instance:Instance"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
METADATA_DEFAULTS = "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults"
# EC2 User Guide, "Instance metadata options": without a setting of the image or the account, both versions answer.
IMDS_V2 = {
    INSTANCE: Row(("metadataOptions", "httpTokens"), ("required",), "optional", ("SH:EC2.8", "CIS7:6.7")),
    METADATA_DEFAULTS: Row(("httpTokens",), ("required",), "no-preference", ("PH:IMDS-DEFAULT",)),
    "aws:ec2/launchConfiguration:LaunchConfiguration": Row(
        ("metadataOptions", "httpTokens"), ("required",), "optional", ("SH:AutoScaling.3",)
    ),
    LAUNCH_TEMPLATE: Row(("metadataOptions", "httpTokens"), ("required",), "optional", ("SH:EC2.170",)),
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": Row(
        ("metadataOptions", "httpTokens"), ("required",), "optional"
    ),
    "aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration": Row(
        ("instanceMetadataOptions", "httpTokens"), ("required",), "optional"
    ),
    "aws:sagemaker/notebookInstance:NotebookInstance": Row(
        ("instanceMetadataServiceConfiguration", "minimumInstanceMetadataServiceVersion"), ("2",), "1"
    ),
}


@rule(
    on=IMDS_V2,
    severity=Severity.HIGH,
    promise="system-access-control",
    fix="require tokens: httpTokens required",
)
def instance_metadata_requires_token(resource: Resource, graph: Graph, row: Row) -> Iterator[Finding]:
    """A web service that can be made to fetch an address must not hand out its host's credentials."""
    if "metadataOptions" in row.path and resource.get("metadataOptions", "httpEndpoint") == "disabled":
        return
    if resource.type == INSTANCE and not resource.has("metadataOptions") and resource.has("launchTemplate"):
        # A template of the stack is judged itself.
        if not graph.targets(resource, "launchTemplate", LAUNCH_TEMPLATE):
            raise Unknown("the metadata options of its launch template, which another program made")
        return
    yield from row.judge(resource)


@instance_metadata_requires_token.passes
def with_a_token() -> None:
    declare_rows(IMDS_V2)
    aws.ec2.Instance("dark", ami="ami-1", instance_type="m7g.large", metadata_options={"http_endpoint": "disabled"})


@instance_metadata_requires_token.passes
def with_the_token_of_its_template() -> None:
    template = aws.ec2.LaunchTemplate("web", metadata_options={"http_tokens": "required"})
    aws.ec2.Instance("web", launch_template={"id": template.id})


@instance_metadata_requires_token.undetermined
def with_a_template_of_another_program() -> None:
    aws.ec2.Instance("web", launch_template={"id": "lt-0123456789abcdef0"})


@instance_metadata_requires_token.fails
def with_either_version() -> None:
    aws.ec2.Instance("web", ami="ami-1", instance_type="m7g.large")


@instance_metadata_requires_token.fails
def with_the_first_version() -> None:
    aws.ec2.LaunchTemplate("web", metadata_options={"http_tokens": "optional"})


@instance_metadata_requires_token.remedy
def require_token(_resource: Resource, row: Row) -> Changes:
    """requires tokens"""
    return {row.path: row.allowed[0]}


HOPS = ("metadataOptions", "httpPutResponseHopLimit")


@rule(
    on={
        LAUNCH_TEMPLATE: Row(HOPS, controls=("SH:EC2.170",)),
        INSTANCE: Row(HOPS),
        "aws:ec2/launchConfiguration:LaunchConfiguration": Row(HOPS),
        "aws:ec2/spotInstanceRequest:SpotInstanceRequest": Row(HOPS),
        METADATA_DEFAULTS: Row(("httpPutResponseHopLimit",), controls=("PH:IMDS-DEFAULT",)),
    },
    severity=Severity.LOW,
    promise="system-access-control",
    fix="set httpPutResponseHopLimit to 1, or to 2 where containers of the host need its metadata",
)
def instance_metadata_stays_on_host(
    holder: Resource, row: Row, *, hops: int = setting(2, "network hops that a metadata token may travel", minimum=1)
) -> Iterator[Finding]:
    """Beyond the host, a token belongs to whoever reads the traffic."""
    limit = holder.get(*row.path, default=1)
    if limit > hops:
        yield f"{'.'.join(row.path)} is {limit}, more than {hops}"


@instance_metadata_stays_on_host.passes
def for_a_container() -> None:
    aws.ec2.LaunchTemplate("nodes", metadata_options={"http_put_response_hop_limit": 2})
    aws.ec2.LaunchTemplate("web")
    aws.ec2.InstanceMetadataDefaults("region", http_put_response_hop_limit=-1)
    for token in (
        "instance:Instance",
        "launchConfiguration:LaunchConfiguration",
        "spotInstanceRequest:SpotInstanceRequest",
    ):
        declare(f"aws:ec2/{token}", metadataOptions={"httpPutResponseHopLimit": 1})


@instance_metadata_stays_on_host.fails
def for_the_neighbours_of_every_host() -> None:
    aws.ec2.InstanceMetadataDefaults("region", http_put_response_hop_limit=64)


@instance_metadata_stays_on_host.fails
def for_the_neighbours_of_one() -> None:
    aws.ec2.Instance("web", ami="ami-1", instance_type="m7g.large", metadata_options={"http_put_response_hop_limit": 3})


@instance_metadata_stays_on_host.fails
def for_the_neighbours() -> None:
    aws.ec2.LaunchTemplate("nodes", metadata_options={"http_put_response_hop_limit": 64})
