"""Elastic Load Balancing: load balancers, target groups and listeners, whose settings are attributes in part."""

from collections.abc import Mapping
from typing import Any

from sandbox.aws_plugin import schema
from sandbox.aws_plugin.handlers import translate
from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

_TAGGING = Tagging("add_tags", "remove_tags", "describe_tags", {"ResourceArns": "{id}"})
_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
_LISTENER = "aws:lb/listener:Listener"
_ATTRIBUTES = {
    _BALANCER: {
        "clientKeepAlive": "client_keep_alive.seconds",
        "desyncMitigationMode": "routing.http.desync_mitigation_mode",
        "dropInvalidHeaderFields": "routing.http.drop_invalid_header_fields.enabled",
        "enableDeletionProtection": "deletion_protection.enabled",
        "enableHttp2": "routing.http2.enabled",
        "enableTlsVersionAndCipherSuiteHeaders": "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        "enableWafFailOpen": "waf.fail_open.enabled",
        "enableXffClientPort": "routing.http.xff_client_port.enabled",
        "idleTimeout": "idle_timeout.timeout_seconds",
        "preserveHostHeader": "routing.http.preserve_host_header.enabled",
        "xffHeaderProcessingMode": "routing.http.xff_header_processing.mode",
        **{
            f"{logs}Logs.{name}": f"{logs}_logs.s3.{name}"
            for logs in ("access", "connection")
            for name in ("bucket", "enabled", "prefix")
        },
    },
    _LISTENER: {
        "routingHttpResponseContentSecurityPolicyHeaderValue": (
            "routing.http.response.content_security_policy.header_value"
        ),
        "routingHttpResponseServerEnabled": "routing.http.response.server.enabled",
        "routingHttpResponseStrictTransportSecurityHeaderValue": (
            "routing.http.response.strict_transport_security.header_value"
        ),
        "routingHttpResponseXContentTypeOptionsHeaderValue": (
            "routing.http.response.x_content_type_options.header_value"
        ),
        "routingHttpResponseXFrameOptionsHeaderValue": "routing.http.response.x_frame_options.header_value",
    },
}
"""Wire name, of a nested property by dotted path -> attribute."""

_HEALTH = {
    "enabled": "HealthCheckEnabled",
    "healthyThreshold": "HealthyThresholdCount",
    "interval": "HealthCheckIntervalSeconds",
    "path": "HealthCheckPath",
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "timeout": "HealthCheckTimeoutSeconds",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}


def _top(token: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path.partition(".")[0] for path in _ATTRIBUTES[token]))


def _value(props: Mapping[str, Any], path: str) -> Any:
    name, _, inside = path.partition(".")
    value = props.get(name)
    return (value or {}).get(inside) if inside else value


def _attribute_steps(token: str, noun: str, arn: str) -> tuple[Code, Code]:
    """How the attributes of a thing are read, and how they are changed: what is no longer given, to nothing."""

    def read(scope: Scope, _old: Props) -> Props:
        answer = scope.call(f"describe_{noun}_attributes", **{arn: scope["id"]})["Attributes"]
        values = {each["Key"]: each["Value"] for each in answer if each["Value"] != ""}
        found: Props = {}
        for path, key in _ATTRIBUTES[token].items():
            if key in values:
                translate.put(found, path, values[key])
        inputs = schema.resource(token).inputs
        return {name: translate.from_aws(value, inputs[name].type, {}, name) for name, value in found.items()}

    def change(scope: Scope, old: Props) -> None:
        attributes = []
        for path, key in _ATTRIBUTES[token].items():
            new, before = _value(scope, path), _value(old, path)
            if new is None and before is not None:
                new = "false" if isinstance(before, bool) else ""
            if new is not None and new != before:
                attributes.append({"Key": key, "Value": str(new).lower() if isinstance(new, bool) else str(new)})
        scope.call(f"modify_{noun}_attributes", **{arn: scope["id"]}, Attributes=attributes)

    return Code(_top(token), read), Code(_top(token), change)


def _scheme(scope: Scope) -> Props:
    return {"Scheme": "internal" if scope.get("internal") else "internet-facing"}


def _health(scope: Scope) -> Props:
    check = dict(scope.get("healthCheck") or {})
    matcher = check.pop("matcher", None)
    members = {_HEALTH[name]: value for name, value in check.items() if value is not None}
    return members | ({"Matcher": {"HttpCode": matcher}} if matcher else {})


def _change_health(scope: Scope, _old: Props) -> None:
    scope.call("modify_target_group", TargetGroupArn=scope["id"], **_health(scope))


def _certificates(scope: Scope) -> Props:
    arn = scope.get("certificateArn")
    return {"Certificates": [{"CertificateArn": arn}]} if arn else {}


_READ_HEALTH = ", ".join(f"{name}: {member}" for name, member in _HEALTH.items()) + ", matcher: Matcher.HttpCode"
_READ_BALANCER, _CHANGE_BALANCER = _attribute_steps(_BALANCER, "load_balancer", "LoadBalancerArn")
_READ_LISTENER, _CHANGE_LISTENER = _attribute_steps(_LISTENER, "listener", "ListenerArn")

RECORDS = (
    Record(
        _BALANCER,
        service="elbv2",
        noun="LoadBalancer",
        key={"LoadBalancerArn": "{id}"},
        id="LoadBalancerArn",
        create=Call(
            "create_load_balancer",
            at="LoadBalancers[0]",
            only=("ipAddressType", "loadBalancerType", "name", "securityGroups", "subnets"),
            names={"loadBalancerType": "Type"},
            send=_scheme,
        ),
        reads=(
            Call(
                "describe_load_balancers",
                at="LoadBalancers[0]",
                names={
                    "internal": "Scheme == 'internal'",
                    "loadBalancerType": "Type",
                    "subnets": "AvailabilityZones[].SubnetId",
                    "zoneId": "CanonicalHostedZoneId",
                },
            ),
            _READ_BALANCER,
        ),
        updates=(
            Call("set_security_groups", only=("securityGroups",)),
            Call("set_subnets", only=("subnets",)),
            Call("set_ip_address_type", only=("ipAddressType",)),
            _CHANGE_BALANCER,
        ),
        deletes=(Call("delete_load_balancer"),),
        defaults={"loadBalancerType": "application", "internal": False},
        replace_on=frozenset({"internal"}),
        tagging=_TAGGING,
        ready="load_balancer_available",
        deleted="load_balancers_deleted",
    ),
    Record(
        "aws:lb/targetGroup:TargetGroup",
        service="elbv2",
        noun="TargetGroup",
        key={"TargetGroupArn": "{id}"},
        id="TargetGroupArn",
        create=Call(
            "create_target_group",
            at="TargetGroups[0]",
            only=("ipAddressType", "name", "port", "protocol", "protocolVersion", "targetType", "vpcId"),
            send=_health,
        ),
        reads=(
            Call(
                "describe_target_groups",
                at="TargetGroups[0]",
                names={"healthCheck": f"{{{{{_READ_HEALTH}}}}}"},
            ),
        ),
        updates=(Code(("healthCheck",), _change_health),),
        deletes=(Call("delete_target_group"),),
        defaults={
            "healthCheck.enabled": True,
            "healthCheck.healthyThreshold": 5,
            "healthCheck.interval": 30,
            "healthCheck.matcher": "200",
            "healthCheck.path": "/",
            "healthCheck.port": "traffic-port",
            "healthCheck.timeout": 5,
            "healthCheck.unhealthyThreshold": 2,
        },
        tagging=_TAGGING,
    ),
    Record(
        _LISTENER,
        service="elbv2",
        noun="Listener",
        key={"ListenerArn": "{id}"},
        id="ListenerArn",
        create=Call(
            "create_listener",
            at="Listeners[0]",
            only=("defaultActions", "loadBalancerArn", "port", "protocol", "sslPolicy"),
            send=_certificates,
        ),
        reads=(
            Call("describe_listeners", at="Listeners[0]", names={"certificateArn": "Certificates[0].CertificateArn"}),
            _READ_LISTENER,
        ),
        updates=(
            Call(
                "modify_listener",
                only=("certificateArn", "defaultActions", "port", "protocol", "sslPolicy"),
                send=_certificates,
            ),
            _CHANGE_LISTENER,
        ),
        deletes=(Call("delete_listener"),),
        names={
            "defaultActions.fixedResponse": "FixedResponseConfig",
            "defaultActions.forward": "ForwardConfig",
            "defaultActions.redirect": "RedirectConfig",
        },
        defaults={
            "defaultActions.order": 1,
            "defaultActions.redirect.host": "#{host}",
            "defaultActions.redirect.path": "/#{path}",
            "defaultActions.redirect.query": "#{query}",
        },
        tagging=_TAGGING,
    ),
)
