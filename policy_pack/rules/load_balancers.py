"""Encryption in transit through load balancers: clients speak TLS to them, and they to their targets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policy_pack.examples import declare
from policy_pack.vocabulary import (
    Finding,
    Forbidden,
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
)

LISTENERS = ("aws:lb/listener:Listener", "aws:alb/listener:Listener")
LISTENER_RULES = ("aws:lb/listenerRule:ListenerRule", "aws:alb/listenerRule:ListenerRule")
LOAD_BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
TARGET_GROUPS = ("aws:lb/targetGroup:TargetGroup", "aws:alb/targetGroup:TargetGroup")
ENCRYPTED_PROTOCOLS = ("HTTPS", "TLS")
# Elastic Load Balancing user guides, "Security policies": the TLS 1.2 and 1.3 ones, without the Ext ones, which add
# ciphers that have no forward secrecy. AWS's own default, where none is named, still allows TLS 1.0.
MODERN_POLICY = re.compile(r"ELBSecurityPolicy-TLS13-1-[23](-Res)?(-FIPS)?(-PQ)?-\d{4}-\d{2}")
A_YEAR_SECONDS = 31_536_000


@rule(
    on=LISTENERS,
    severity=Severity.HIGH,
    promise="encryption",
    controls=("SH:ELB.1", "SH:ELB.17", "SH:ELB.18"),
    fix="listen on HTTPS or TLS with a policy of the family ELBSecurityPolicy-TLS13-1-2, and redirect HTTP for good",
)
def listener_speaks_tls(listener: Resource, graph: Graph) -> Iterator[Finding]:
    """What a client sends in the clear can be read and changed on the way."""
    protocol = _protocol(listener, graph)
    if protocol == "HTTP":
        yield from each(listener.get("defaultActions", default=()), _redirects_to_https)
        rules = graph.children(listener, on=LISTENER_RULES, via="listenerArn")
        yield from each(
            rules,
            lambda other: each(
                other.get("actions", default=()),
                lambda action: (f"{other.name}: {finding}" for finding in _redirects_to_https(action)),
            ),
        )
    elif protocol not in ENCRYPTED_PROTOCOLS:
        yield f"protocol is {protocol}; it must be {' or '.join(ENCRYPTED_PROTOCOLS)}"
    else:
        policy = listener.get("sslPolicy", default="not set")
        if not MODERN_POLICY.fullmatch(policy):
            yield f"sslPolicy is {policy}, which allows old TLS or has no forward secrecy"
        if not listener.has("certificateArn"):
            yield "certificateArn is not set"


def _protocol(listener: Resource, graph: Graph) -> str:
    protocol = listener.get("protocol")
    if protocol is not None:
        return str(protocol).upper()
    # A gateway load balancer's listener has none; an application load balancer's is HTTP where it has none.
    for balancer in graph.targets(listener, "loadBalancerArn", *LOAD_BALANCERS):
        if balancer.get("loadBalancerType") == "gateway":
            raise NotApplicable("it hands on packets as they are")
    return "HTTP"


def _redirects_to_https(action: Props) -> Iterator[Finding]:
    if action.get("type") != "redirect":
        yield f"{action.where('type')} is {action.get('type')} on a listener for HTTP; it must be redirect"
        return
    target = action.get("redirect", default=Props({}, action.where("redirect")))
    # Elastic Load Balancing API Reference, RedirectActionConfig: the protocol stays as it is where none is given.
    if target.get("protocol", default="#{protocol}") != "HTTPS":
        yield f"{target.where('protocol')} is not HTTPS"
    if target.get("statusCode") != "HTTP_301":
        yield f"{target.where('statusCode')} is not HTTP_301"


BALANCER = "arn:aws:elasticloadbalancing:us-west-2:111122223333:loadbalancer/app/web/0123456789abcdef"
CERTIFICATE = "arn:aws:acm:us-west-2:111122223333:certificate/0b1c2d3e-aaaa-bbbb-cccc-1234567890ab"
MODERN = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
FORWARD: Any = [{"type": "forward", "target_group_arn": "web"}]
REDIRECT: Any = [{"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"}}]


def _https(policy: str | None = MODERN, certificate: str | None = CERTIFICATE, **more: Any) -> None:
    aws.lb.Listener(
        "web",
        load_balancer_arn=BALANCER,
        port=443,
        protocol="HTTPS",
        ssl_policy=policy,
        certificate_arn=certificate,
        default_actions=FORWARD,
        **more,
    )


@listener_speaks_tls.passes
def https_and_a_redirect() -> None:
    _https()
    aws.alb.Listener("redirect", load_balancer_arn=BALANCER, port=80, protocol="HTTP", default_actions=REDIRECT)


@listener_speaks_tls.passes
def gateway() -> None:
    balancer = aws.lb.LoadBalancer("inspection", load_balancer_type="gateway")
    aws.lb.Listener("inspection", load_balancer_arn=balancer.arn, default_actions=FORWARD)
    https_and_a_redirect()


@listener_speaks_tls.fails
def http() -> None:
    aws.alb.Listener("web", load_balancer_arn=BALANCER, port=8080, protocol="HTTP", default_actions=FORWARD)


@listener_speaks_tls.fails
def http_where_nothing_is_said() -> None:
    aws.lb.Listener("web", load_balancer_arn=BALANCER, port=80, default_actions=FORWARD)


@listener_speaks_tls.fails
def redirect_that_stays_on_http() -> None:
    there: Any = [{"type": "redirect", "redirect": {"host": "www.example.com", "status_code": "HTTP_301"}}]
    aws.lb.Listener("web", load_balancer_arn=BALANCER, port=80, protocol="HTTP", default_actions=there)


@listener_speaks_tls.fails
def rule_that_goes_round_the_redirect() -> None:
    listener = aws.lb.Listener("web", load_balancer_arn=BALANCER, port=80, protocol="HTTP", default_actions=REDIRECT)
    path: Any = [{"path_pattern": {"values": ["/old/*"]}}]
    aws.lb.ListenerRule("old", listener_arn=listener.arn, conditions=path, actions=FORWARD)


@listener_speaks_tls.fails
def the_default_policy() -> None:
    _https(policy=None)


@listener_speaks_tls.fails
def policy_without_forward_secrecy() -> None:
    _https(policy="ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06")


@listener_speaks_tls.fails
def tcp_passed_through() -> None:
    aws.lb.Listener("web", load_balancer_arn=BALANCER, port=443, protocol="TCP", default_actions=FORWARD)


@listener_speaks_tls.undetermined
def policy_kept_in_a_parameter() -> None:
    parameter: Any = aws.ssm.Parameter("policy", type="String", value=MODERN).arn
    _https(policy=parameter)


@rule(
    on=LISTENERS,
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:ELB-HSTS",),
    fix="set routingHttpResponseStrictTransportSecurityHeaderValue to max-age=31536000; includeSubDomains",
)
def listener_sends_hsts(listener: Resource) -> Iterator[Finding]:
    """A browser that has been told once never tries HTTP again."""
    if listener.get("protocol", default="") != "HTTPS":
        raise NotApplicable("it does not speak HTTPS")
    header = str(listener.get("routingHttpResponseStrictTransportSecurityHeaderValue", default=""))
    age = re.search(r"max-age\s*=\s*\"?(\d+)", header, re.IGNORECASE)
    if not age or int(age[1]) < A_YEAR_SECONDS:
        yield f"routingHttpResponseStrictTransportSecurityHeaderValue names no max-age of {A_YEAR_SECONDS} or more"


@listener_sends_hsts.passes
def hsts_for_a_year() -> None:
    _https(routing_http_response_strict_transport_security_header_value="max-age=31536000; includeSubDomains")
    aws.alb.Listener(
        "web",
        load_balancer_arn=BALANCER,
        protocol="HTTPS",
        default_actions=FORWARD,
        routing_http_response_strict_transport_security_header_value="includeSubDomains; Max-Age=63072000",
    )


@listener_sends_hsts.fails
def no_hsts() -> None:
    _https()


@listener_sends_hsts.fails
def hsts_switched_off() -> None:
    _https(routing_http_response_strict_transport_security_header_value="max-age=0")


TARGETS = (
    Row(("protocol",), ENCRYPTED_PROTOCOLS, controls=("SH:ELB.22",)),
    # Elastic Load Balancing API Reference, CreateTargetGroup: TLS is not supported for health checks.
    Row(("healthCheck", "protocol"), ("HTTPS",), unset="HTTP", controls=("SH:ELB.21",)),
)


@rule(
    on=dict.fromkeys(TARGET_GROUPS, TARGETS),
    severity=Severity.HIGH,
    promise="encryption",
    fix="let targets and their health checks speak HTTPS, or TLS behind a network load balancer",
)
def targets_speak_tls(group: Resource, row: Rows) -> Iterator[Finding]:
    """The way from the load balancer on crosses zones and other people's hardware."""
    if group.get("targetType") in {"lambda", "alb"} or group.get("protocol") == "GENEVE":
        raise NotApplicable("the way to its targets is not its own to encrypt")
    yield from judge_rows(row, group)


@targets_speak_tls.passes
def https_to_the_targets() -> None:
    check: Any = {"protocol": "HTTPS", "path": "/health"}
    aws.lb.TargetGroup("web", port=443, protocol="HTTPS", vpc_id="vpc-1", health_check=check)
    aws.alb.TargetGroup("queue", port=9443, protocol="TLS", vpc_id="vpc-1", health_check=check)
    aws.lb.TargetGroup("function", target_type="lambda")


@targets_speak_tls.fails
def http_to_the_targets() -> None:
    aws.lb.TargetGroup("web", port=80, protocol="HTTP", vpc_id="vpc-1", health_check={"protocol": "HTTPS"})


@targets_speak_tls.fails
def health_checks_over_http() -> None:
    aws.alb.TargetGroup("web", port=443, protocol="HTTPS", vpc_id="vpc-1")


REQUESTS = (
    Row(("dropInvalidHeaderFields",), controls=("SH:ELB.4",)),
    Row(("desyncMitigationMode",), ("defensive", "strictest"), unset="defensive", controls=("SH:ELB.12",)),
)


@rule(
    on=dict.fromkeys(LOAD_BALANCERS, REQUESTS),
    severity=Severity.MEDIUM,
    promise="encryption",
    fix="set dropInvalidHeaderFields to true, and leave desyncMitigationMode at defensive",
)
def load_balancer_refuses_smuggled_requests(balancer: Resource, row: Rows) -> Iterator[Finding]:
    """A request that two servers read differently can be slipped past the one and run by the other."""
    if balancer.get("loadBalancerType", default="application") != "application":
        raise NotApplicable("it reads no requests")
    yield from judge_rows(row, balancer)


@load_balancer_refuses_smuggled_requests.passes
def careful() -> None:
    aws.lb.LoadBalancer("web", drop_invalid_header_fields=True)
    aws.alb.LoadBalancer("api", drop_invalid_header_fields=True, desync_mitigation_mode="strictest")
    aws.lb.LoadBalancer("queue", load_balancer_type="network")


@load_balancer_refuses_smuggled_requests.fails
def left_at_the_default() -> None:
    aws.lb.LoadBalancer("web")


@load_balancer_refuses_smuggled_requests.fails
def desync_only_watched() -> None:
    aws.alb.LoadBalancer("web", drop_invalid_header_fields=True, desync_mitigation_mode="monitor")


CLASSIC_POLICIES = (
    "aws:elb/listenerPolicy:ListenerPolicy",
    "aws:elb/loadBalancerPolicy:LoadBalancerPolicy",
    "aws:elb/sslNegotiationPolicy:SslNegotiationPolicy",
)
CLASSIC = tuple(f"SH:ELB.{number}" for number in (2, 3, 7, 8, 9, 10, 14))


@rule(
    on={
        "aws:elb/loadBalancer:LoadBalancer": Forbidden("aws.lb.LoadBalancer", controls=CLASSIC),
        **dict.fromkeys(CLASSIC_POLICIES, Forbidden("the sslPolicy of an aws.lb.Listener")),
        "aws:iam/serverCertificate:ServerCertificate": Forbidden(
            "aws.acm.Certificate", controls=("SH:IAM.26", "CIS7:2.17")
        ),
    },
    severity=Severity.MEDIUM,
    promise="encryption",
    fix="use what has taken its place",
)
def superseded_type_not_used(resource: Resource, row: Forbidden) -> Iterator[Finding]:
    """Classic load balancers lack TLS 1.3, and certificates in IAM are renewed by nobody."""
    yield f"{resource.type} has been superseded by {row.instead}"


@superseded_type_not_used.fails
def classic_load_balancer() -> None:
    https: Any = {"instance_port": 443, "instance_protocol": "https", "lb_port": 443, "lb_protocol": "https"}
    aws.elb.LoadBalancer("web", listeners=[https])


@superseded_type_not_used.fails
def protocols_of_a_classic_load_balancer() -> None:
    for token in CLASSIC_POLICIES:
        declare(token, loadBalancerName="web")


@superseded_type_not_used.fails
def certificate_in_iam() -> None:
    aws.iam.ServerCertificate("web", certificate_body="certificate", private_key="key")
