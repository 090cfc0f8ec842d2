"""Resilience: services grow with what is asked of them, replace what is broken and fall back on a second origin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.resilience_zones import AUTO_SCALING_GROUP
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Resource, Severity, Unknown, aws, rule

TABLE = "aws:dynamodb/table:Table"
SCALED = "aws:appautoscaling/target:Target"


@rule(
    on=(TABLE,),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("SH:DynamoDB.1",),
    fix='set billingMode to "PAY_PER_REQUEST", or give the table an aws.appautoscaling.Target for reads and writes',
)
def table_scales_by_itself(table: Resource, graph: Graph) -> Iterator[Finding]:
    """A table of fixed capacity turns requests away when they are most."""
    if table.get("billingMode", default="PROVISIONED") == "PAY_PER_REQUEST":
        return
    wanted = {"dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits"}
    unknown: Unknown | None = None
    for target in graph.of_type(SCALED):
        try:
            names = {f"table/{identity}" for identity in table.identities}
            if graph.refers(target, "resourceId", table) or target.get("resourceId") in names:
                wanted.discard(str(target.get("scalableDimension")))
        except Unknown as error:
            unknown = error
    if wanted and unknown:
        raise unknown
    for dimension in sorted(wanted):
        yield f"nothing scales its {dimension.rpartition(':')[2]}"


def _table(mode: str, *dimensions: str) -> None:
    table = aws.dynamodb.Table(
        "sessions", name="sessions", hash_key="id", attributes=[{"name": "id", "type": "S"}], billing_mode=mode
    )
    for dimension in dimensions:
        aws.appautoscaling.Target(
            f"sessions-{dimension}",
            resource_id=table.name.apply(lambda name: f"table/{name}"),
            scalable_dimension=f"dynamodb:table:{dimension}CapacityUnits",
            service_namespace="dynamodb",
            min_capacity=1,
            max_capacity=100,
        )


@table_scales_by_itself.passes
def paid_by_request() -> None:
    _table("PAY_PER_REQUEST")


@table_scales_by_itself.passes
def scaled_by_a_target() -> None:
    _table("PROVISIONED", "Read", "Write")


@table_scales_by_itself.fails
def only_reads_scaled() -> None:
    _table("PROVISIONED", "Read")


@rule(
    on=(AUTO_SCALING_GROUP,),
    severity=Severity.LOW,
    promise="disaster-recovery",
    controls=("SH:AutoScaling.1",),
    fix='set healthCheckType to "ELB"',
)
def group_behind_load_balancer_checks_health(group: Resource) -> Iterator[Finding]:
    """A machine that runs but answers nobody is not replaced unless its load balancer is asked."""
    if not any(group.has(name) for name in ("targetGroupArns", "loadBalancers", "trafficSources")):
        raise NotApplicable("it is behind no load balancer")
    if "ELB" not in str(group.get("healthCheckType", default="EC2")).split(","):
        yield "healthCheckType is not ELB"


@group_behind_load_balancer_checks_health.passes
def health_asked_of_the_load_balancer() -> None:
    aws.autoscaling.Group("web", max_size=3, min_size=1, target_group_arns=["arn:web"], health_check_type="ELB")


@group_behind_load_balancer_checks_health.fails
def health_asked_of_the_machine() -> None:
    aws.autoscaling.Group("web", max_size=3, min_size=1, target_group_arns=["arn:web"])


@rule(
    on=(AUTO_SCALING_GROUP,),
    severity=Severity.MEDIUM,
    promise="disaster-recovery",
    controls=("SH:AutoScaling.6",),
    fix="give the group a mixedInstancesPolicy with two or more instance types",
)
def group_mixes_instance_types(group: Resource) -> Iterator[Finding]:
    """When a zone is lost everybody asks for the same machines."""
    overrides = list(group.get("mixedInstancesPolicy", "launchTemplate", "overrides", default=()))
    if len(overrides) < 2 and not any(override.has("instanceRequirements") for override in overrides):
        yield "mixedInstancesPolicy does not name several instance types"


def _mixed(*types: str) -> None:
    template: Any = {
        "launch_template_specification": {"launch_template_id": "lt-1"},
        "overrides": [{"instance_type": name} for name in types],
    }
    aws.autoscaling.Group("web", max_size=3, min_size=1, mixed_instances_policy={"launch_template": template})


@group_mixes_instance_types.passes
def two_types() -> None:
    _mixed("m7g.large", "m6g.large")


@group_mixes_instance_types.fails
def one_type() -> None:
    _mixed("m7g.large")


@rule(
    on=("aws:cloudfront/distribution:Distribution",),
    severity=Severity.LOW,
    promise="disaster-recovery",
    controls=("SH:CloudFront.4",),
    fix="give the distribution an origin group with a second origin",
)
def distribution_fails_over(distribution: Resource) -> Iterator[Finding]:
    """A distribution of one origin serves errors when that is lost."""
    if not any(len(group.get("members")) > 1 for group in distribution.get("originGroups", default=())):
        yield "originGroups hold no second origin"


def distribution(**more: Any) -> Any:
    """Return a distribution with what each must have."""
    behavior: Any = {
        "allowed_methods": ["GET", "HEAD"],
        "cached_methods": ["GET", "HEAD"],
        "target_origin_id": "first",
        "viewer_protocol_policy": "https-only",
    }
    certificate: Any = {"cloudfront_default_certificate": True}
    return aws.cloudfront.Distribution(
        "site",
        enabled=True,
        default_cache_behavior=behavior,
        origins=[{"domain_name": "first.example.com", "origin_id": "first"}],
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate=certificate,
        **more,
    )


@distribution_fails_over.passes
def two_origins() -> None:
    group: Any = {
        "origin_id": "both",
        "failover_criteria": {"status_codes": [500, 502]},
        "members": [{"origin_id": "first"}, {"origin_id": "second"}],
    }
    distribution(origin_groups=[group])


@distribution_fails_over.fails
def one_origin() -> None:
    distribution()
