"""What customers reach: TLS to the pods, a firewall in front, a certificate that renews itself, and logs of it all."""

from typing import Any

import pulumi
import pytest

from infrastructure.certificates import NO_ZONE, Certificate, CertificateArgs
from infrastructure.promises import BrokenPromise
from infrastructure.scope import Deployment, Environment, Scope
from infrastructure.web_firewall import WebFirewallArgs
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations, build

SCOPE = Scope("dev", ACCOUNT, "us-west-2", "us-west-1", "platform", Environment.STAGING, Deployment.CLOUD)


def _balancer(environment: Registrations) -> Registered:
    (balancer,) = environment.of("lb/loadBalancer:LoadBalancer")
    return balancer


def _listeners(environment: Registrations) -> dict[str, dict[str, Any]]:
    return {one.inputs["protocol"]: dict(one.inputs) for one in environment.of("lb/listener:Listener")}


def test_customers_are_served_over_modern_tls_and_told_to_stay_there(environment: Registrations) -> None:
    https = _listeners(environment)["HTTPS"]
    assert https["port"] == 443
    assert https["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-Res-")
    (issued,) = environment.of("acm/certificateValidation:CertificateValidation")
    assert https["certificateArn"] == issued.inputs["certificateArn"]
    assert "max-age=31536000" in https["routingHttpResponseStrictTransportSecurityHeaderValue"]


def test_plain_http_is_redirected_for_good_and_never_served(environment: Registrations) -> None:
    http = _listeners(environment)["HTTP"]
    (action,) = http["defaultActions"]
    assert action["type"] == "redirect"
    assert action["redirect"] == {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}
    assert len(environment.of("lb/listener:Listener")) == 2


def test_the_way_to_the_pods_is_tls_too(environment: Registrations) -> None:
    (group,) = environment.of("lb/targetGroup:TargetGroup")
    assert group.inputs["protocol"] == group.inputs["healthCheck"]["protocol"] == "HTTPS"
    assert group.inputs["targetType"] == "ip"


def test_the_load_balancer_refuses_smuggled_requests_and_its_deletion(environment: Registrations, stack: str) -> None:
    balancer = _balancer(environment)
    assert balancer.inputs["dropInvalidHeaderFields"] is True
    assert balancer.inputs["desyncMitigationMode"] == "strictest"
    assert balancer.inputs["enableDeletionProtection"] is (stack != "sandbox")
    subnets = environment.of("ec2/subnet:Subnet")
    public = {f"{subnet.name}-id" for subnet in subnets if subnet.inputs["tags"]["tier"] == "public"}
    assert set(balancer.inputs["subnets"]) == public


def test_requests_and_connections_are_logged_to_a_bucket_that_takes_them(environment: Registrations) -> None:
    balancer = _balancer(environment)
    bucket = environment.one("s3/bucket:Bucket", "load-balancer-logs")
    for logs in ("accessLogs", "connectionLogs"):
        assert balancer.inputs[logs] == {"bucket": bucket.state["bucket"], "enabled": True}
    encryption = environment.one(
        "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "load-balancer-logs-encryption",
    )
    (rule,) = encryption.inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}, "it delivers to no other"
    policy = environment.one("s3/bucketPolicy:BucketPolicy", "load-balancer-logs-policy")
    (delivery,) = [statement for statement in policy.document() if statement["Effect"] == "Allow"]
    assert delivery["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert delivery["Action"] == "s3:PutObject"
    assert delivery["Resource"].endswith(f"/AWSLogs/{ACCOUNT}/*")
    order = list(environment.aws())
    assert order.index(policy) < order.index(balancer), "delivery is tried when logs are turned on"


def test_the_load_balancers_group_is_open_for_the_listeners_and_to_the_pods_alone(environment: Registrations) -> None:
    own = {"securityGroupId": "load-balancer-id"}.items()
    into = [
        rule.inputs
        for rule in environment.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if own <= rule.inputs.items()
    ]
    assert {rule["fromPort"] for rule in into} == {one["port"] for one in _listeners(environment).values()}
    (out,) = [
        rule.inputs
        for rule in environment.of("vpc/securityGroupEgressRule:SecurityGroupEgressRule")
        if own <= rule.inputs.items()
    ]
    assert out["referencedSecurityGroupId"] == "cluster-id"


def test_the_firewall_guards_the_load_balancer_with_managed_rules_and_a_limit(environment: Registrations) -> None:
    (acl,) = environment.of("wafv2/webAcl:WebAcl")
    (association,) = environment.of("wafv2/webAclAssociation:WebAclAssociation")
    assert association.inputs["resourceArn"] == _balancer(environment).state["arn"]
    assert association.inputs["webAclArn"] == acl.state["arn"]
    limit, *managed = acl.inputs["rules"]
    assert limit["action"] == {"block": {}}
    assert limit["statement"]["rateBasedStatement"]["aggregateKeyType"] == "IP"
    groups = {rule["name"]: rule for rule in managed}
    assert {
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    } <= set(groups)
    assert all(rule["overrideAction"] == {"none": {}} for rule in managed), "a group that only counts stops nothing"
    assert len({rule["priority"] for rule in acl.inputs["rules"]}) == len(acl.inputs["rules"])


def test_what_the_firewall_logs_and_samples_holds_no_credentials(environment: Registrations) -> None:
    (logging,) = environment.of("wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration")
    fields = logging.inputs["redactedFields"]
    headers = {field["singleHeader"]["name"] for field in fields if "singleHeader" in field}
    assert {"authorization", "cookie"} <= headers
    assert {"queryString": {}} in fields
    group = environment.one("cloudwatch/logGroup:LogGroup", "web-firewall-log-group")
    assert logging.inputs["logDestinationConfigs"] == [group.state["arn"]]
    assert group.inputs["name"].startswith("aws-waf-logs-")
    (acl,) = environment.of("wafv2/webAcl:WebAcl")
    seen = [acl.inputs["visibilityConfig"], *(rule["visibilityConfig"] for rule in acl.inputs["rules"])]
    assert not any(one["sampledRequestsEnabled"] for one in seen)


def test_the_certificate_is_proven_by_a_record_in_the_zone(environment: Registrations) -> None:
    (certificate,) = environment.of("acm/certificate:Certificate")
    assert certificate.inputs["validationMethod"] == "DNS"
    assert certificate.inputs["options"] == {"certificateTransparencyLoggingPreference": "ENABLED"}
    proof = environment.one("route53/record:Record", "certificate-proof")
    assert proof.inputs["name"] == f"_proof.{certificate.inputs['domainName']}"
    name = environment.one("route53/record:Record", "load-balancer-name")
    assert name.inputs["name"] == certificate.inputs["domainName"]
    assert name.inputs["zoneId"] == proof.inputs["zoneId"]
    assert not environment.of("route53/zone:Zone"), "its query log would be in us-east-1"


def test_without_a_zone_the_record_is_an_output_for_whoever_keeps_it() -> None:
    def program() -> dict[str, pulumi.Output[Any]]:
        certificate = Certificate("certificate", CertificateArgs(SCOPE, "app.example.com", NO_ZONE))
        return {"proof": certificate.record}

    registered = build(program)
    assert not registered.of("route53/record:Record")
    (issued,) = registered.of("acm/certificateValidation:CertificateValidation")
    assert "validationRecordFqdns" not in issued.inputs
    assert registered.outputs["proof"]["name"] == "_proof.app.example.com"


@pytest.mark.parametrize("requests", [99, 100_001])
def test_a_limit_that_stops_everybody_or_nobody_is_refused(requests: int) -> None:
    with pytest.raises(BrokenPromise, match="Data Protection: an address"):
        WebFirewallArgs(SCOPE, None, None, requests)  # type: ignore[arg-type] # only the number counts
