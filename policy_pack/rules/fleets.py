"""Fleets: hosts that come and go by themselves start as their template says today, and leave no disk behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Row, Severity, aws, each, rule

GROUP = "aws:autoscaling/group:Group"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
DEFAULT_VERSION = "$Default"
SPECIFIED = ("mixedInstancesPolicy", "launchTemplate", "launchTemplateSpecification")
NOTHING = Props({})
# EC2 User Guide, "Preserve data when an instance is terminated": deleted, where the API is told nothing.
GOES_WITH_ITS_HOST = Row(("blockDeviceMappings[]", "ebs[]", "deleteOnTermination"), (True, "true"), unset=True)


def _fleets(template: Resource, graph: Graph) -> list[tuple[Resource, Props]]:
    """Return the groups that start hosts from a template, and where each names it."""
    return [
        *(
            (fleet, fleet.get("launchTemplate", default=NOTHING))
            for fleet in graph.children(template, on=(GROUP, NODE_GROUP), via="launchTemplate")
        ),
        *(
            (fleet, fleet.get(*SPECIFIED, default=NOTHING))
            for fleet in graph.children(template, on=GROUP, via="mixedInstancesPolicy")
        ),
    ]


@rule(
    on=(LAUNCH_TEMPLATE,),
    severity=Severity.MEDIUM,
    promise="data-deletion",
    fix="set deleteOnTermination to true on every disk of the template",
)
def fleet_leaves_no_disk(template: Resource, graph: Graph) -> Iterator[Finding]:
    """A host that is replaced by itself leaves a disk that nobody knows of, with what its programs wrote to it."""
    if not _fleets(template, graph):
        raise NotApplicable("no group of the stack starts hosts from it")
    yield from GOES_WITH_ITS_HOST.judge(template)


def _fleet(version: str | None = "$Latest", *, deleted: str | None = "true", **more: Any) -> None:
    disk: Any = {"device_name": "/dev/xvda", "ebs": {"encrypted": "true", "delete_on_termination": deleted}}
    template = aws.ec2.LaunchTemplate("web", block_device_mappings=[disk], **more)
    started: Any = {"id": template.id, "version": version}
    aws.autoscaling.Group("web", max_size=3, min_size=1, launch_template=started)
    mixed: Any = {
        "launch_template": {
            "launch_template_specification": {"launch_template_id": template.id, "version": version},
            "overrides": [{"instance_type": "m7g.large"}],
        }
    }
    aws.autoscaling.Group("mixed", max_size=3, min_size=1, mixed_instances_policy=mixed)


@fleet_leaves_no_disk.passes
def disks_go_with_their_hosts() -> None:
    _fleet()


@fleet_leaves_no_disk.passes
def disks_go_by_default() -> None:
    _fleet(deleted=None)


@fleet_leaves_no_disk.fails
def disks_stay() -> None:
    _fleet(deleted="false")


@rule(
    on=(LAUNCH_TEMPLATE,),
    severity=Severity.LOW,
    promise="vulnerability-management",
    fix="set updateDefaultVersion to true, or let the group start the template's latest version",
)
def fleet_starts_current_template(template: Resource, graph: Graph) -> Iterator[Finding]:
    """A template that was mended mends nothing while its groups go on starting the version that it began with."""
    fleets = _fleets(template, graph)
    if not fleets:
        raise NotApplicable("no group of the stack starts hosts from it")
    if template.get("updateDefaultVersion", default=False) is True or template.has("defaultVersion"):
        return

    def judge(fleet: tuple[Resource, Props]) -> Iterator[Finding]:
        group, started = fleet
        # Auto Scaling API Reference, LaunchTemplateSpecification: the default version where none is given.
        if started.get("version", default=DEFAULT_VERSION) == DEFAULT_VERSION:
            yield f"{group.name} starts the default version, which stays the first"

    yield from each(fleets, judge)


@fleet_starts_current_template.passes
def the_latest() -> None:
    _fleet()


@fleet_starts_current_template.passes
def the_default_that_moves_on() -> None:
    _fleet(None, update_default_version=True)


@fleet_starts_current_template.passes
def a_version_that_nodes_are_given() -> None:
    template = aws.ec2.LaunchTemplate("nodes")
    aws.eks.NodeGroup(
        "nodes",
        cluster_name="product",
        node_role_arn="arn:aws:iam::111122223333:role/node",
        subnet_ids=["subnet-1"],
        scaling_config={"desired_size": 3, "max_size": 3, "min_size": 3},
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
    )


@fleet_starts_current_template.fails
def the_first() -> None:
    _fleet(None)
