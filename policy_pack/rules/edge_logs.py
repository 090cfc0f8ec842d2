"""Logs of the edge: web ACLs, firewalls, distributions and name servers, whose logs are resources of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.rules.change_protection import LOAD_BALANCERS
from policy_pack.rules.resilience_services import distribution
from policy_pack.tokens import VPC
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Rows,
    Severity,
    aws,
    each,
    judge_rows,
    rule,
    setting,
)

WEB_ACL = "aws:wafv2/webAcl:WebAcl"
ACL_LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
DELIVERY = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
FIREWALL = "aws:networkfirewall/firewall:Firewall"
FIREWALL_LOGGING = "aws:networkfirewall/loggingConfiguration:LoggingConfiguration"
NO = (False, "false")
ZONE = "aws:route53/zone:Zone"
QUERY_LOG = "aws:route53/queryLog:QueryLog"
RESOLVER_CONFIG = "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig"
RESOLVER_LOG = "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation"


@rule(
    on=(WEB_ACL,),
    severity=Severity.LOW,
    promise="information-security",
    controls=("SH:WAF.11",),
    fix="give the web ACL an aws.wafv2.WebAclLoggingConfiguration",
)
def web_acl_logged(acl: Resource, graph: Graph) -> Iterator[Finding]:
    """What was turned away shows who is trying."""
    logs = graph.children(acl, on=ACL_LOGGING, via="resourceArn")
    if not logs:
        yield "no logging configuration names it"
    for log in logs:
        if not log.has("logDestinationConfigs"):
            yield f"its logging configuration {log.name} names no destination"


CREDENTIALS: list[str] = setting(["authorization", "cookie"], "headers that a web ACL's log must not show")
PARTS: list[str] = setting([], "parts of a request that a web ACL's log must not show: method, queryString or uriPath")


@rule(
    on=(ACL_LOGGING,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:WAF.11",),
    fix="redact the headers authorization and cookie, and whatever else carries credentials",
)
def web_acl_log_redacted(
    logging: Resource, *, headers: list[str] = CREDENTIALS, parts: list[str] = PARTS
) -> Iterator[Finding]:
    """A request's credentials must not be readable for whoever may read a log."""
    redacted: set[str] = set()

    def look(field: Props) -> Iterator[Finding]:
        redacted.update(part for part in ("method", "queryString", "uriPath") if field.get(part) is not None)
        if field.has("singleHeader"):
            redacted.add(f"header {field.get('singleHeader', 'name')}".lower())
        yield from ()

    unknown = list(each(logging.get("redactedFields", default=()), look))
    wanted = [*(f"header {name.lower()}" for name in headers), *parts]
    missing = [f"redactedFields lack the {name}" for name in wanted if name not in redacted]
    if missing:
        yield from unknown or missing


def _acl(*headers: str, logged: bool = True) -> None:
    visibility: Any = {"cloudwatch_metrics_enabled": True, "metric_name": "web", "sampled_requests_enabled": True}
    acl = aws.wafv2.WebAcl("web", scope="REGIONAL", default_action={"allow": {}}, visibility_config=visibility)
    if logged:
        fields: Any = [{"single_header": {"name": name}} for name in headers]
        aws.wafv2.WebAclLoggingConfiguration(
            "web", resource_arn=acl.arn, log_destination_configs=["arn:logs"], redacted_fields=fields
        )


@web_acl_logged.passes
@web_acl_log_redacted.passes
def credentials_redacted() -> None:
    _acl("authorization", "Cookie")


@web_acl_log_redacted.fails
def cookies_logged() -> None:
    _acl("authorization")


@web_acl_logged.fails
def acl_not_logged() -> None:
    _acl(logged=False)


@rule(
    on=(DISTRIBUTION,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:CloudFront.5", "CIS7:4.10"),
    fix="set loggingConfig, or give the distribution an aws.cloudwatch.LogDeliverySource",
)
def distribution_logged(edge: Resource, graph: Graph) -> Iterator[Finding]:
    """The edge sees every request first, and those that the cache answers it alone."""
    if not edge.has("loggingConfig", "bucket") and not graph.children(edge, on=DELIVERY, via="resourceArn"):
        yield "loggingConfig is not set, and no log delivery source names the distribution"


@distribution_logged.passes
def logged_to_a_bucket() -> None:
    distribution(logging_config={"bucket": "logs.s3.amazonaws.com"})


@distribution_logged.passes
def logged_by_delivery() -> None:
    edge = distribution()
    aws.cloudwatch.LogDeliverySource("site", log_type="ACCESS_LOGS", resource_arn=edge.arn)


@distribution_logged.fails
def edge_not_logged() -> None:
    distribution()


@rule(
    on=(ZONE,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:Route53.2",),
    fix="give the zone an aws.route53.QueryLog",
)
def public_zone_logged(zone: Resource, graph: Graph) -> Iterator[Finding]:
    """Names that somebody asks for and that don't exist are how an attack begins."""
    if zone.has("vpcs"):
        raise NotApplicable("a private zone has no query log; its VPC's resolver has one")
    if not graph.children(zone, on=QUERY_LOG, via="zoneId"):
        yield "no query log names it"


@public_zone_logged.passes
def queries_logged() -> None:
    zone = aws.route53.Zone("public", name="example.com")
    aws.route53.QueryLog("public", zone_id=zone.id, cloudwatch_log_group_arn="arn:logs")
    aws.route53.Zone("private", name="internal", vpcs=[{"vpc_id": "vpc-1"}])


@public_zone_logged.fails
def queries_not_logged() -> None:
    aws.route53.Zone("public", name="example.com")


@rule(
    on={VPC: "resourceId", RESOLVER_CONFIG: "resolverQueryLogConfigId"},
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:Route53.2",),
    fix="give the VPC an aws.route53.ResolverQueryLogConfigAssociation",
)
def resolver_queries_logged(resource: Resource, graph: Graph, row: str) -> Iterator[Finding]:
    """Data leaves through name queries when every other way is shut."""
    if not graph.children(resource, on=RESOLVER_LOG, via=row):
        yield "no resolver query log covers it" if resource.type == VPC else "no VPC uses it"


@resolver_queries_logged.passes
def resolver_logged() -> None:
    vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")
    logs = aws.route53.ResolverQueryLogConfig("main", destination_arn="arn:logs")
    aws.route53.ResolverQueryLogConfigAssociation("main", resource_id=vpc.id, resolver_query_log_config_id=logs.id)


@resolver_queries_logged.fails
def resolver_not_logged() -> None:
    aws.ec2.Vpc("main", cidr_block="10.0.0.0/16")


@rule(
    on=LOAD_BALANCERS,
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:ELB.5",),
    fix="set connectionLogs.enabled to true, with a bucket of the stack",
)
def load_balancer_connections_logged(balancer: Resource) -> Iterator[Finding]:
    """Who tried with old TLS, or failed to shake hands, made no request, and is in no log of requests."""
    if balancer.get("loadBalancerType", default="application") != "application":
        raise NotApplicable("application load balancers alone log connections")
    yield from Row(("connectionLogs", "enabled"), unset=False).judge(balancer)


@load_balancer_connections_logged.passes
def connections_logged() -> None:
    for balancer in (aws.lb.LoadBalancer, aws.alb.LoadBalancer):
        balancer("web", connection_logs={"bucket": "logs", "enabled": True})
    aws.lb.LoadBalancer("queue", load_balancer_type="network")


@load_balancer_connections_logged.fails
def requests_logged_alone() -> None:
    aws.lb.LoadBalancer("web", access_logs={"bucket": "logs", "enabled": True})


@rule(
    on=(FIREWALL,),
    severity=Severity.MEDIUM,
    promise="information-security",
    controls=("SH:NetworkFirewall.2",),
    fix="give the firewall an aws.networkfirewall.LoggingConfiguration for ALERT and FLOW",
)
def firewall_logged(firewall: Resource, graph: Graph) -> Iterator[Finding]:
    """What a firewall turned away says who tried to get in, or out."""
    if not graph.children(firewall, on=FIREWALL_LOGGING, via="firewallArn"):
        yield "no logging configuration names it"


def _firewall() -> Any:
    return aws.networkfirewall.Firewall("egress", firewall_policy_arn="arn", subnet_mappings=[], vpc_id="vpc-1")


@firewall_logged.passes
def flows_logged() -> None:
    logs: Any = {"log_destination_configs": []}
    aws.networkfirewall.LoggingConfiguration("egress", firewall_arn=_firewall().arn, logging_configuration=logs)


@firewall_logged.fails
def flows_not_logged() -> None:
    _firewall()


@rule(
    on={
        "aws:apigateway/methodSettings:MethodSettings": Row(("settings", "dataTraceEnabled"), NO, unset=False),
        "aws:apigatewayv2/stage:Stage": (
            Row(("defaultRouteSettings[]", "dataTraceEnabled"), NO, unset=False),
            Row(("routeSettings[]", "dataTraceEnabled"), NO, unset=False),
        ),
    },
    severity=Severity.MEDIUM,
    promise="data-protection",
    fix="set dataTraceEnabled to false: access logs say who asked for what",
)
def log_holds_no_requests(stage: Resource, row: Rows) -> Iterator[Finding]:
    """A trace holds whole requests and answers, customers' data and credentials with them, for whoever reads logs."""
    yield from judge_rows(row, stage)


@log_holds_no_requests.passes
def errors_alone() -> None:
    settings: Any = {"logging_level": "ERROR"}
    aws.apigateway.MethodSettings("all", rest_api="api", stage_name="live", method_path="*/*", settings=settings)
    aws.apigatewayv2.Stage("live", api_id="api", default_route_settings={"data_trace_enabled": False})


@log_holds_no_requests.fails
def requests_traced() -> None:
    settings: Any = {"logging_level": "INFO", "data_trace_enabled": True}
    aws.apigateway.MethodSettings("all", rest_api="api", stage_name="live", method_path="*/*", settings=settings)


@log_holds_no_requests.fails
def messages_traced() -> None:
    aws.apigatewayv2.Stage("live", api_id="api", route_settings=[{"route_key": "send", "data_trace_enabled": True}])
