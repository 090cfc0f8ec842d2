"""Security Hub: what it checks, and that the findings of every region come together."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi

from policy_pack.rules.account_baseline import AGGREGATOR, HUB
from policy_pack.vocabulary import Finding, Graph, Resource, Severity, aws, rule, setting

SUBSCRIPTION = "aws:securityhub/standardsSubscription:StandardsSubscription"
# AWS Security Hub API Reference, EnableSecurityHub: what is on unless the default standards are turned off.
BY_DEFAULT = ("aws-foundational-security-best-practices", "cis-aws-foundations-benchmark")
STANDARDS: list[str] = setting(
    list(BY_DEFAULT), "names of the standards that every hub checks its region against, as their ARNs spell them"
)


@rule(
    on=(HUB,),
    severity=Severity.MEDIUM,
    promise="incident-response",
    controls=("PH:SECHUB", "CIS7:5.16"),
    fix="subscribe the hub's region to the standard with an aws.securityhub.StandardsSubscription",
)
def hub_checks_against_standards(
    hub: Resource,
    graph: Graph,
    *,
    standards: list[str] = STANDARDS,
) -> Iterator[Finding]:
    """A hub without standards shows what others found, and looks at nothing itself."""
    if hub.get("enableDefaultStandards", default=True):
        standards = [name for name in standards if name not in BY_DEFAULT]
    region = hub.region
    arns = [str(item.get("standardsArn")) for item in graph.of_type(SUBSCRIPTION) if item.region == region]
    for name in standards:
        if not any(f"/{name}/" in arn for arn in arns):
            yield f"no subscription in {region} is to {name}"


def _hub(*standards: str, region: str = "us-west-2") -> None:
    hub = aws.securityhub.Account("all", enable_default_standards=False)
    for name in standards:
        aws.securityhub.StandardsSubscription(
            name,
            standards_arn=f"arn:aws:securityhub:{region}::standards/{name}/v/1.0.0",
            region=region,
            opts=pulumi.ResourceOptions(depends_on=[hub]),
        )


@hub_checks_against_standards.passes
def both_standards() -> None:
    _hub(*BY_DEFAULT)


@hub_checks_against_standards.passes
def standards_by_default() -> None:
    aws.securityhub.Account("all")


@hub_checks_against_standards.fails
def one_standard() -> None:
    _hub(BY_DEFAULT[0])


@hub_checks_against_standards.fails
def standards_in_another_region() -> None:
    _hub(*BY_DEFAULT, region="us-west-1")


@rule(
    on=(AGGREGATOR,),
    severity=Severity.MEDIUM,
    promise="incident-response",
    controls=("PH:SECHUB-AGG",),
    fix="link every region that has a hub: by ALL_REGIONS, or by naming it in specifiedRegions",
)
def findings_of_every_region_gathered(aggregator: Resource, graph: Graph) -> Iterator[Finding]:
    """Whoever answers to findings looks in one place, and into no region that is not linked to it."""
    mode = aggregator.get("linkingMode")
    named = set(aggregator.get("specifiedRegions", default=()))
    for region in graph.regions(HUB):
        linked = {
            "ALL_REGIONS": True,
            "ALL_REGIONS_EXCEPT_SPECIFIED": region not in named,
            "SPECIFIED_REGIONS": region in named,
        }
        if region != aggregator.region and not linked.get(mode, False):
            yield f"linkingMode {mode} leaves out the hub in {region}"


def _hubs(mode: str, *regions: str) -> None:
    for region in ("us-west-2", "us-west-1"):
        aws.securityhub.Account(region, region=region)
    aws.securityhub.FindingAggregator("all", linking_mode=mode, specified_regions=list(regions) or None)


@findings_of_every_region_gathered.passes
def every_region_linked() -> None:
    _hubs("ALL_REGIONS")


@findings_of_every_region_gathered.passes
def the_second_region_linked() -> None:
    _hubs("SPECIFIED_REGIONS", "us-west-1")


@findings_of_every_region_gathered.fails
def the_second_region_left_out() -> None:
    _hubs("ALL_REGIONS_EXCEPT_SPECIFIED", "us-west-1")


@findings_of_every_region_gathered.fails
def another_region_linked() -> None:
    _hubs("SPECIFIED_REGIONS", "eu-west-1")
