"""Eight rules in the pack's words. `eight.rego` says the same to OPA; the benchmark compares what both find."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.documents import allows, listed, statements
from policy_pack.pack import Pack
from policy_pack.vocabulary import Finding, Resource, Severity, rule


@rule(on=("aws:kms/key:Key",), severity=Severity.HIGH, promise="encryption", fix="set enableKeyRotation")
def key_rotates(resource: Resource) -> Iterator[Finding]:
    """Keys rotate."""
    if not resource.get("enableKeyRotation"):
        yield "enableKeyRotation is not true"


@rule(
    on=("aws:cloudwatch/logGroup:LogGroup",),
    severity=Severity.HIGH,
    promise="data-protection",
    fix="set retentionInDays",
)
def logs_kept(resource: Resource) -> Iterator[Finding]:
    """Logs are kept a year."""
    if resource.get("retentionInDays", default=0) < 365:
        yield "retentionInDays is below 365"


@rule(on=("aws:dynamodb/table:Table",), severity=Severity.HIGH, promise="backup", fix="set pointInTimeRecovery.enabled")
def table_recoverable(resource: Resource) -> Iterator[Finding]:
    """Tables can be taken back to any second."""
    if not resource.get("pointInTimeRecovery", "enabled"):
        yield "pointInTimeRecovery.enabled is not true"


@rule(on=("aws:rds/instance:Instance",), severity=Severity.HIGH, promise="disaster-recovery", fix="set multiAz")
def database_in_two_zones(resource: Resource) -> Iterator[Finding]:
    """A database survives the loss of a zone."""
    if not resource.get("multiAz"):
        yield "multiAz is not true"


@rule(
    on=("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",),
    severity=Severity.HIGH,
    promise="system-access-control",
    fix="name the callers' range",
)
def ingress_closed(resource: Resource) -> Iterator[Finding]:
    """Nothing is open to the world."""
    if resource.get("cidrIpv4") == "0.0.0.0/0":
        yield "cidrIpv4 is the world"


@rule(
    on=("aws:s3/bucketVersioning:BucketVersioning",), severity=Severity.HIGH, promise="backup", fix="enable versioning"
)
def versions_kept(resource: Resource) -> Iterator[Finding]:
    """Objects can be brought back."""
    if resource.get("versioningConfiguration", "status") != "Enabled":
        yield "versioningConfiguration.status is not Enabled"


@rule(on=("aws:iam/policy:Policy",), severity=Severity.HIGH, promise="system-access-control", fix="name the actions")
def policy_narrow(resource: Resource) -> Iterator[Finding]:
    """No policy grants every action of a service on everything."""
    for statement in statements(resource, "policy"):
        wide = any(action.endswith("*") for action in listed(statement, "Action"))
        if allows(statement) and wide and "*" in list(listed(statement, "Resource")):
            yield "a statement allows every action on everything"


@rule(
    on=("aws:ecs/service:Service",), severity=Severity.HIGH, promise="system-access-control", fix="unset assignPublicIp"
)
def service_private(resource: Resource) -> Iterator[Finding]:
    """Services have no public address."""
    if resource.get("networkConfiguration", "assignPublicIp"):
        yield "networkConfiguration.assignPublicIp is true"


EIGHT = Pack(
    (
        key_rotates,
        logs_kept,
        table_recoverable,
        database_in_two_zones,
        ingress_closed,
        versions_kept,
        policy_narrow,
        service_private,
    ),
    (),
    None,
)
