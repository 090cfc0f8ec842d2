"""Elastic Load Balancing: load balancers, target groups and listeners, with what is an attribute of them."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of

_ARN = "arn:aws:elasticloadbalancing:us-west-2:123456789012"
_HSTS = "routingHttpResponseStrictTransportSecurityHeaderValue"
_REDIRECT = [{"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}]
_SECURE = "ELBSecurityPolicy-TLS13-1-2-2021-06"


def _tags(account: Account, arn: str) -> dict[str, str]:
    [described] = account.client("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return tags_of(described["Tags"])


def _attributes(account: Account, kind: str, arn: str, *keys: str) -> dict[str, str]:
    describe = getattr(account.client("elbv2"), f"describe_{kind}_attributes")
    member = "".join(word.capitalize() for word in kind.split("_")) + "Arn"
    found = {each["Key"]: each["Value"] for each in describe(**{member: arn})["Attributes"]}
    return {key: found[key] for key in keys if key in found}


def _balancer_inputs(account: Account) -> dict[str, Any]:
    vpc = account.vpc()
    subnets = account.subnets(vpc)
    group = account.client("ec2").create_security_group(GroupName="case", Description="case", VpcId=vpc)["GroupId"]
    return {
        "name": "case",
        "internal": False,
        "loadBalancerType": "application",
        "subnets": subnets[:2],
        "securityGroups": [group],
        "accessLogs": {"bucket": "case-bucket", "enabled": True},
        "dropInvalidHeaderFields": True,
        "desyncMitigationMode": "strictest",
        "enableDeletionProtection": True,
        "tags": {"owner": "ada"},
    }


_WATCHED = (
    "access_logs.s3.bucket",
    "access_logs.s3.enabled",
    "deletion_protection.enabled",
    "routing.http.desync_mitigation_mode",
    "routing.http.drop_invalid_header_fields.enabled",
)


def _balancer(account: Account, arn: str) -> dict[str, Any]:
    [found] = account.client("elbv2").describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    return {
        "scheme": found["Scheme"],
        "groups": found["SecurityGroups"],
        "attributes": list(_attributes(account, "load_balancer", arn, *_WATCHED).values()),
        "tags": _tags(account, arn),
    }


def _balancer_seen(inputs: dict[str, Any], mode: str, protected: str, owner: str) -> dict[str, Any]:
    return {
        "scheme": "internet-facing",
        "groups": inputs["securityGroups"],
        "attributes": ["case-bucket", "true", protected, mode, "true"],
        "tags": {"owner": owner},
    }


def _set(account: Account, kind: str, arn: str, key: str, value: str) -> None:
    modify = getattr(account.client("elbv2"), f"modify_{kind}_attributes")
    member = "".join(word.capitalize() for word in kind.split("_")) + "Arn"
    modify(**{member: arn, "Attributes": [{"Key": key, "Value": value}]})


def _target_group(account: Account, arn: str) -> tuple[str, str, str, dict[str, str]]:
    [found] = account.client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    return found["Protocol"], found["HealthCheckProtocol"], found["HealthCheckPath"], _tags(account, arn)


def _make_balancer(account: Account) -> str:
    subnets = account.subnets(account.vpc())
    made = account.client("elbv2").create_load_balancer(Name="made", Subnets=subnets[:2])["LoadBalancers"][0]
    return str(made["LoadBalancerArn"])


def _listener_inputs(account: Account) -> dict[str, Any]:
    certificate = account.client("acm").request_certificate(DomainName="case.example", ValidationMethod="DNS")
    return {
        "loadBalancerArn": _make_balancer(account),
        "port": 443,
        "protocol": "HTTPS",
        "sslPolicy": _SECURE,
        "certificateArn": certificate["CertificateArn"],
        "defaultActions": _REDIRECT,
        _HSTS: "max-age=31536000",
        "tags": {"owner": "ada"},
    }


def _listener(account: Account, arn: str) -> dict[str, Any]:
    [found] = account.client("elbv2").describe_listeners(ListenerArns=[arn])["Listeners"]
    hsts = _attributes(account, "listener", arn, "routing.http.response.strict_transport_security.header_value")
    return {
        "policy": found["SslPolicy"],
        "certificate": found["Certificates"][0]["CertificateArn"],
        "status": found["DefaultActions"][0]["RedirectConfig"]["StatusCode"],
        "hsts": list(hsts.values()),
        "tags": _tags(account, arn),
    }


def _listener_seen(inputs: dict[str, Any], policy: str, age: int, owner: str) -> dict[str, Any]:
    return {
        "policy": policy,
        "certificate": inputs["certificateArn"],
        "status": "HTTP_301",
        "hsts": [f"max-age={age}"],
        "tags": {"owner": owner},
    }


CASES = (
    Case(
        "aws:lb/loadBalancer:LoadBalancer",
        inputs=_balancer_inputs,
        seen=_balancer,
        created=lambda inputs: _balancer_seen(inputs, "strictest", "true", "ada"),
        update={
            "desyncMitigationMode": "defensive",
            "enableDeletionProtection": False,
            "tags": {"owner": "grace"},
        },
        updated=lambda inputs: _balancer_seen(inputs, "defensive", "false", "grace"),
        drift=lambda account, arn: _set(
            account, "load_balancer", arn, "routing.http.drop_invalid_header_fields.enabled", "false"
        ),
        drifted={"dropInvalidHeaderFields": False},
        outputs=("arn", "dnsName", "internal", "vpcId", "zoneId"),
        never=f"{_ARN}:loadbalancer/app/never/0123456789abcdef",
    ),
    Case(
        "aws:lb/targetGroup:TargetGroup",
        inputs=lambda account: {
            "name": "case",
            "vpcId": account.vpc(),
            "targetType": "ip",
            "protocol": "HTTPS",
            "port": 8443,
            "healthCheck": {"protocol": "HTTPS", "path": "/health", "matcher": "200"},
            "tags": {"owner": "ada"},
        },
        seen=_target_group,
        created=("HTTPS", "HTTPS", "/health", {"owner": "ada"}),
        update={
            "healthCheck": {"protocol": "HTTPS", "path": "/ready", "matcher": "200-204"},
            "tags": {"owner": "grace"},
        },
        updated=("HTTPS", "HTTPS", "/ready", {"owner": "grace"}),
        drift=lambda account, arn: account.client("elbv2").modify_target_group(
            TargetGroupArn=arn, HealthCheckProtocol="HTTP"
        ),
        drifted={"healthCheck": {"protocol": "HTTP", "path": "/ready", "matcher": "200-204"}},
        outputs=("arn", "name", "port", "vpcId"),
        never=f"{_ARN}:targetgroup/never/0123456789abcdef",
    ),
    Case(
        "aws:lb/listener:Listener",
        inputs=_listener_inputs,
        seen=_listener,
        created=lambda inputs: _listener_seen(inputs, _SECURE, 31536000, "ada"),
        update={"sslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06", _HSTS: "max-age=60", "tags": {"owner": "grace"}},
        updated=lambda inputs: _listener_seen(inputs, "ELBSecurityPolicy-TLS13-1-3-2021-06", 60, "grace"),
        drift=lambda account, arn: _set(
            account, "listener", arn, "routing.http.response.strict_transport_security.header_value", "max-age=1"
        ),
        drifted={_HSTS: "max-age=1"},
        outputs=("arn", "certificateArn", "loadBalancerArn", "port"),
        never=f"{_ARN}:listener/app/never/0123456789abcdef/0123456789abcdef",
    ),
)
