"""Residency: data, and every copy of it, stays in the promised regions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from policy_pack.vocabulary import ANY_AWS_TYPE, Finding, NotApplicable, Resource, Severity, aws, rule, setting

ALLOWED_REGIONS: list[str] = setting(
    ["us-west-2", "us-west-1"], "regions that resources and copies may be in", owner="resource_in_allowed_region"
)

# Services and types that AWS runs once for all regions: the region of their provider places nothing.
GLOBAL_SERVICES = frozenset(
    {
        "account",
        "bcmdata",
        "billing",
        "budgets",
        "cloudfront",
        "costexplorer",
        "costoptimizationhub",
        "cur",
        "globalaccelerator",
        "iam",
        "networkmanager",
        "organizations",
        "route53domains",
        "route53recoverycontrol",
        "route53recoveryreadiness",
        "savingsplans",
        "shield",
        "waf",
    }
)
GLOBAL_TYPES = frozenset(
    {
        "aws:backup/globalSettings:GlobalSettings",
        "aws:directconnect/gateway:Gateway",
        "aws:route53/cidrCollection:CidrCollection",
        "aws:route53/cidrLocation:CidrLocation",
        "aws:route53/delegationSet:DelegationSet",
        "aws:route53/healthCheck:HealthCheck",
        "aws:route53/hostedZoneDnsSec:HostedZoneDnsSec",
        "aws:route53/keySigningKey:KeySigningKey",
        "aws:route53/queryLog:QueryLog",
        "aws:route53/record:Record",
        "aws:route53/recordsExclusive:RecordsExclusive",
        "aws:route53/trafficPolicy:TrafficPolicy",
        "aws:route53/trafficPolicyInstance:TrafficPolicyInstance",
        "aws:route53/vpcAssociationAuthorization:VpcAssociationAuthorization",
        "aws:route53/zone:Zone",
        "aws:route53/zoneAssociation:ZoneAssociation",
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
    }
)
# CloudFront takes certificates and web ACLs from us-east-1 alone (CloudFront Developer Guide, "Requirements for using
# SSL/TLS certificates"; WAF API Reference, "Scope").
US_EAST_1_FOR_CLOUDFRONT = frozenset(
    {
        "aws:acm/certificate:Certificate",
        "aws:acm/certificateValidation:CertificateValidation",
        "aws:wafv2/ipSet:IpSet",
        "aws:wafv2/regexPatternSet:RegexPatternSet",
        "aws:wafv2/ruleGroup:RuleGroup",
        "aws:wafv2/webAcl:WebAcl",
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
    }
)


@rule(
    on=(ANY_AWS_TYPE,),
    severity=Severity.CRITICAL,
    promise="gdpr",
    controls=("PH:REGION",),
    fix="leave `region` out, or set it to a promised region",
)
def resource_in_allowed_region(resource: Resource, *, regions: list[str] = ALLOWED_REGIONS) -> Iterator[Finding]:
    """Customers agreed to a transfer into these regions and to no other."""
    if _is_global(resource.type):
        raise NotApplicable("the type has no region")
    region = resource.region
    if region in regions:
        return
    if region == "us-east-1" and resource.type in US_EAST_1_FOR_CLOUDFRONT:
        if resource.get("scope", default="CLOUDFRONT") != "CLOUDFRONT":
            yield "region is us-east-1, and scope is not CLOUDFRONT"
        return
    yield f"region is {region}; it must be {' or '.join(regions)}"


@lru_cache(maxsize=2048)
def _is_global(token: str) -> bool:
    return token in GLOBAL_TYPES or token.split(":")[1].split("/", maxsplit=1)[0] in GLOBAL_SERVICES


@resource_in_allowed_region.passes
def in_the_west() -> None:
    aws.s3.Bucket("data", region="us-west-2")
    aws.kms.Key("recovery", region="us-west-1")
    aws.wafv2.IpSet("office", region="us-east-1", scope="CLOUDFRONT", ip_address_version="IPV4")


@resource_in_allowed_region.passes
def in_the_region_of_the_provider() -> None:
    aws.sqs.Queue("events")


@resource_in_allowed_region.fails
def in_europe() -> None:
    aws.s3.Bucket("data", region="eu-central-1")


@resource_in_allowed_region.fails
def regional_beside_cloudfront() -> None:
    aws.wafv2.IpSet("office", region="us-east-1", scope="REGIONAL", ip_address_version="IPV4")


@resource_in_allowed_region.undetermined
def in_a_region_not_known_yet() -> None:
    parameter = aws.ssm.Parameter("region", type="String", value="us-west-2")
    aws.s3.Bucket("data", region=parameter.arn)
