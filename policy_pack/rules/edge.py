"""Edge: what customers reach is behind a firewall, and what is behind it is reached through it alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policy_pack.examples import declare
from policy_pack.vocabulary import (
    Finding,
    Graph,
    Props,
    Resource,
    Severity,
    aws,
    each,
    rule,
    setting,
)

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
LOAD_BALANCERS = ("aws:alb/loadBalancer:LoadBalancer", "aws:lb/loadBalancer:LoadBalancer")
WEB_ACL = "aws:wafv2/webAcl:WebAcl"
RULE_GROUP = "aws:wafv2/ruleGroup:RuleGroup"
WEB_ACL_ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
_BUCKET_HOST = re.compile(r".+\.s3[.-][^/]*amazonaws\.com(\.cn)?")
_FUNCTION_HOST = re.compile(r".+\.lambda-url\.[^/]*\.on\.aws")
BEHIND = (_BUCKET_HOST, _FUNCTION_HOST)


@rule(
    on=(DISTRIBUTION,),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:CloudFront.13", "SH:CloudFront.16", "SH:CloudFront.17"),
    fix="give the origin an aws.cloudfront.OriginAccessControl, and sign with trustedKeyGroups",
)
def origin_reached_through_edge(distribution: Resource) -> Iterator[Finding]:
    """A bucket or function that also answers the internet is attacked past the firewall."""

    def judge_origin(origin: Props) -> Iterator[Finding]:
        host = str(origin.get("domainName"))
        if ".s3-website" in host:
            yield f"{origin.where('domainName')} is a website of S3, which answers everybody"
        elif any(kind.fullmatch(host) for kind in BEHIND) and not origin.has("originAccessControlId"):
            yield f"{origin.where('originAccessControlId')} is not set"

    def judge_behavior(behavior: Props) -> Iterator[Finding]:
        if behavior.has("trustedSigners"):
            yield f"{behavior.where('trustedSigners')} is set: it trusts keys of whole accounts"

    yield from each(distribution.get("origins", default=()), judge_origin)
    default = distribution.get("defaultCacheBehavior", default=Props({}))
    yield from each([default, *distribution.get("orderedCacheBehaviors", default=())], judge_behavior)


def _distribution(origin: dict[str, object], behavior: dict[str, object] | None = None) -> None:
    declare(DISTRIBUTION, origins=[{"originId": "main", **origin}], defaultCacheBehavior=behavior or {})


@origin_reached_through_edge.passes
def a_bucket_with_control() -> None:
    host = "static.s3.us-west-2.amazonaws.com"
    _distribution({"domainName": host, "originAccessControlId": "E1"}, {"trustedKeyGroups": ["1"]})


@origin_reached_through_edge.passes
def an_application() -> None:
    _distribution({"domainName": "app.example.com", "customOriginConfig": {"httpsPort": 443}})


@origin_reached_through_edge.fails
def a_bucket_with_an_identity_of_old() -> None:
    old = {"originAccessIdentity": "origin-access-identity/cloudfront/E1"}
    _distribution({"domainName": "static.s3.amazonaws.com", "s3OriginConfig": old})


@origin_reached_through_edge.fails
def a_public_website() -> None:
    _distribution({"domainName": "static.s3-website-us-west-2.amazonaws.com", "originAccessControlId": "E1"})


@origin_reached_through_edge.fails
def a_function_without_control() -> None:
    _distribution({"domainName": "abc.lambda-url.us-west-2.on.aws"})


@rule(
    on=(DISTRIBUTION,),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:CloudFront.6", "SH:CloudFront.1"),
    fix="set webAclId; where a bucket is served, set defaultRootObject too",
)
def distribution_guarded(distribution: Resource) -> Iterator[Finding]:
    """A web firewall stops what every scanner tries first; a root object hides what else a bucket holds."""
    if not distribution.has("webAclId"):
        yield "webAclId is not set"

    def judge(origin: Props) -> Iterator[Finding]:
        if _BUCKET_HOST.fullmatch(str(origin.get("domainName"))) and not distribution.has("defaultRootObject"):
            yield "defaultRootObject is not set, and an origin is a bucket"

    yield from each(distribution.get("origins", default=()), judge)


@distribution_guarded.passes
def behind_a_firewall() -> None:
    host = "static.s3.us-west-2.amazonaws.com"
    declare(DISTRIBUTION, webAclId="arn", defaultRootObject="index.html", origins=[{"domainName": host}])


@distribution_guarded.fails
def in_the_open() -> None:
    declare(DISTRIBUTION, defaultRootObject="index.html", origins=[{"domainName": "app.example.com"}])


@distribution_guarded.fails
def a_bucket_to_browse() -> None:
    declare(DISTRIBUTION, webAclId="arn", origins=[{"domainName": "static.s3.amazonaws.com"}])


@rule(
    on=LOAD_BALANCERS,
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("PH:ALB-INTERNAL", "SH:ELB.16"),
    fix="set internal to true; a front door is tagged exposure=public and has a wafv2.WebAclAssociation",
)
def load_balancer_internal_or_guarded(
    balancer: Resource,
    graph: Graph,
    *,
    exposure: str = setting("public", "value of the exposure tag on what customers reach"),
) -> Iterator[Finding]:
    """Customers reach the front door, on purpose and behind a firewall; nothing else faces the internet."""
    # Elastic Load Balancing API Reference, CreateLoadBalancer: internet-facing where nothing is given.
    if balancer.get("internal", default=False) is True:
        return
    if balancer.tag("exposure") != exposure:
        yield f"internal is not true, and it isn't tagged exposure={exposure}"
    if balancer.get("loadBalancerType", default="application") == "application" and not graph.children(
        balancer, on=WEB_ACL_ASSOCIATION, via="resourceArn"
    ):
        yield "it faces the internet, and no web ACL is associated with it"
    if balancer.get("enableWafFailOpen", default=False):
        yield "enableWafFailOpen is true: it lets in what the firewall did not see"


@load_balancer_internal_or_guarded.passes
def front_door() -> None:
    for token in LOAD_BALANCERS:
        declare(token, internal=True)
    door = aws.lb.LoadBalancer("door", tags={"exposure": "public"})
    aws.wafv2.WebAclAssociation("door", resource_arn=door.arn, web_acl_arn="arn")


@load_balancer_internal_or_guarded.fails
def by_default() -> None:
    aws.lb.LoadBalancer("web")


@load_balancer_internal_or_guarded.fails
def front_door_without_a_firewall() -> None:
    aws.lb.LoadBalancer("door", tags={"exposure": "public"})


@load_balancer_internal_or_guarded.fails
def front_door_that_opens_when_the_firewall_fails() -> None:
    door = aws.lb.LoadBalancer("door", tags={"exposure": "public"}, enable_waf_fail_open=True)
    aws.wafv2.WebAclAssociation("door", resource_arn=door.arn, web_acl_arn="arn")


@rule(
    on=(WEB_ACL, RULE_GROUP),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:WAF.10", "SH:WAF.12"),
    fix="give the ACL rules, and metrics to itself and to each of them",
)
def web_acl_filters(
    acl: Resource,
    *,
    samples: bool = setting(
        default=True, description="whether requests may be kept as samples, which show what the log redacts"
    ),
) -> Iterator[Finding]:
    """An ACL without rules lets everything through."""
    if not acl.has("rules") and not acl.has("ruleJson" if acl.type == WEB_ACL else "rulesJson"):
        yield "rules is empty"

    def judge(holder: Props) -> Iterator[Finding]:
        if holder.get("visibilityConfig", "cloudwatchMetricsEnabled") is not True:
            yield f"{holder.where('visibilityConfig', 'cloudwatchMetricsEnabled')} is not true"
        if not samples and holder.get("visibilityConfig", "sampledRequestsEnabled") is not False:
            yield f"{holder.where('visibilityConfig', 'sampledRequestsEnabled')} is not false"

    yield from each([acl, *acl.get("rules", default=())], judge)


_SEEN: dict[str, Any] = {"visibilityConfig": {"cloudwatchMetricsEnabled": True}}


@web_acl_filters.passes
def with_a_rule() -> None:
    for token in (WEB_ACL, RULE_GROUP):
        declare(token, _SEEN, rules=[{"name": "common", **_SEEN}])


@web_acl_filters.fails
def without_a_rule() -> None:
    declare(WEB_ACL, _SEEN)


@web_acl_filters.fails
def a_group_that_counts_nothing() -> None:
    declare(RULE_GROUP, rules=[{"name": "common", **_SEEN}])


@rule(
    on=("aws:opensearch/domain:Domain", "aws:elasticsearch/domain:Domain"),
    severity=Severity.CRITICAL,
    promise="data-protection",
    controls=("SH:Opensearch.2",),
    fix="set vpcOptions.subnetIds to private subnets when the domain is created",
)
def search_domain_in_vpc(domain: Resource) -> Iterator[Finding]:
    """A domain outside a VPC has an address that the whole internet can try."""
    if not domain.has("vpcOptions", "subnetIds"):
        yield "vpcOptions.subnetIds is not set"


@search_domain_in_vpc.passes
def on_private_subnets() -> None:
    for token in ("aws:opensearch/domain:Domain", "aws:elasticsearch/domain:Domain"):
        declare(token, vpcOptions={"subnetIds": ["subnet-1"]})


@search_domain_in_vpc.fails
def on_the_internet() -> None:
    aws.opensearch.Domain("search")


CACHES = (
    "aws:elasticache/cluster:Cluster",
    "aws:elasticache/replicationGroup:ReplicationGroup",
)


@rule(
    on=CACHES,
    severity=Severity.HIGH,
    promise="data-protection",
    controls=("SH:ElastiCache.7", "SH:ElastiCache.6"),
    fix="name a subnet group of your own; of a replication group also userGroupIds",
)
def cache_on_own_network(cache: Resource) -> Iterator[Finding]:
    """The default group spans every subnet of the default VPC, public ones too."""
    # What joins a group is on the network of the group.
    group = "replicationGroupId" if cache.type == CACHES[0] else "globalReplicationGroupId"
    if cache.get("subnetGroupName", default="default") == "default" and not cache.has(group):
        yield "subnetGroupName is default or not set"
    if cache.type == CACHES[1] and not cache.has("userGroupIds") and not cache.has("authToken"):
        yield "neither userGroupIds nor authToken is set"


@cache_on_own_network.passes
def on_own_subnets() -> None:
    declare(CACHES[0], subnetGroupName="isolated")
    declare(CACHES[1], subnetGroupName="isolated", userGroupIds=["application"])


@cache_on_own_network.fails
def on_the_default_network() -> None:
    aws.elasticache.Cluster("sessions")


@cache_on_own_network.fails
def for_whoever_connects() -> None:
    declare(CACHES[1], subnetGroupName="isolated")
