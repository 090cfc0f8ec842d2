"""Encryption in transit through CloudFront: between viewers and CloudFront, and on to the origins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policy_pack.tokens import BUCKETS
from policy_pack.vocabulary import (
    Finding,
    Graph,
    Props,
    Resource,
    Row,
    Rows,
    Severity,
    Unknown,
    aws,
    each,
    judge_rows,
    rule,
    setting,
)

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
HEADERS_POLICY = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
HTTPS_ALONE = ("https-only", "redirect-to-https")
# RFC 6797 names no figure; the preload list (hstspreload.org) asks for a year.
HSTS = Row(("securityHeadersConfig", "strictTransportSecurity", "accessControlMaxAgeSec"), at_least=31_536_000)
# CloudFront Developer Guide, "Use managed response headers policies": those three that send HSTS for a year.
MANAGED_WITH_HSTS = frozenset(
    {
        "67f7725c-6f97-4210-82d7-5512b31e9d03",
        "e61eb60c-9c35-4d20-a928-2b84e02af89c",
        "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
    }
)

DISTRIBUTIONS: dict[str, Rows] = {
    DISTRIBUTION: (
        Row(("defaultCacheBehavior", "viewerProtocolPolicy"), HTTPS_ALONE, controls=("SH:CloudFront.3",)),
        Row(("orderedCacheBehaviors[]", "viewerProtocolPolicy"), HTTPS_ALONE, controls=("SH:CloudFront.3",)),
        Row(
            ("viewerCertificate", "minimumProtocolVersion"),
            ("TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"),
            unset="TLSv1",
            controls=("SH:CloudFront.15",),
        ),
        Row(("viewerCertificate", "sslSupportMethod"), ("sni-only",), controls=("SH:CloudFront.8",)),
        Row(
            ("origins", "customOriginConfig[]", "originSslProtocols"),
            ("TLSv1.2", "TLSv1.3"),
            controls=("SH:CloudFront.10",),
        ),
    ),
}


@rule(
    on=DISTRIBUTIONS,
    severity=Severity.HIGH,
    promise="encryption",
    fix="allow HTTPS alone, with TLS 1.2 or newer on both sides",
)
def distribution_speaks_modern_tls(distribution: Resource, row: Rows) -> Iterator[Finding]:
    """Where plain text or old TLS is possible, some client will use it."""
    yield from judge_rows(row, distribution)


CERTIFICATE = "arn:aws:acm:us-east-1:111122223333:certificate/0b1c2d3e-aaaa-bbbb-cccc-1234567890ab"


def _distribution(
    origin: dict[str, object], viewers: str = "https-only", headers: object = None, **certificate: object
) -> None:
    forwarded: Any = {"query_string": False, "cookies": {"forward": "none"}}
    behavior: Any = {
        "allowed_methods": ["GET", "HEAD"],
        "cached_methods": ["GET", "HEAD"],
        "target_origin_id": "site",
        "viewer_protocol_policy": viewers,
        "forwarded_values": forwarded,
        "response_headers_policy_id": headers,
    }
    aws.cloudfront.Distribution(
        "site",
        enabled=True,
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        default_cache_behavior=behavior,
        origins=[{"origin_id": "site", "domain_name": "site.example.com", "custom_origin_config": _origin(origin)}],
        viewer_certificate=_certificate(certificate),
    )


def _origin(more: dict[str, object]) -> Any:
    return {"http_port": 80, "https_port": 443, "origin_protocol_policy": "https-only", **more}


def _certificate(more: dict[str, object]) -> Any:
    return {"acm_certificate_arn": CERTIFICATE, "ssl_support_method": "sni-only", **more}


@distribution_speaks_modern_tls.passes
def tls_1_2_on_both_sides() -> None:
    _distribution({"origin_ssl_protocols": ["TLSv1.2"]}, minimum_protocol_version="TLSv1.2_2021")


@distribution_speaks_modern_tls.fails
def old_tls_towards_one_origin() -> None:
    _distribution({"origin_ssl_protocols": ["TLSv1.1", "TLSv1.2"]}, minimum_protocol_version="TLSv1.2_2021")


@distribution_speaks_modern_tls.fails
def viewers_may_use_http() -> None:
    _distribution({"origin_ssl_protocols": ["TLSv1.2"]}, viewers="allow-all", minimum_protocol_version="TLSv1.2_2021")


@distribution_speaks_modern_tls.fails
def old_tls_from_viewers() -> None:
    _distribution({"origin_ssl_protocols": ["TLSv1.2"]})


@rule(
    on=(DISTRIBUTION,),
    severity=Severity.HIGH,
    promise="encryption",
    controls=("SH:CloudFront.7", "SH:CloudFront.9"),
    fix="use a certificate of your own, and https-only towards every origin",
)
def distribution_encrypts_both_ways(distribution: Resource) -> Iterator[Finding]:
    """CloudFront speaks HTTP to an origin, and old TLS under its own certificate, unless it is told not to."""

    def judge(origin: Props) -> Iterator[Finding]:
        if not origin.has("customOriginConfig"):
            return
        policy = origin.get("customOriginConfig", "originProtocolPolicy", default="http-only")
        # An origin that follows the viewer gets HTTP from viewers that may use it.
        if policy != "https-only" and not (policy == "match-viewer" and _viewers_use_https(distribution)):
            yield f"{origin.where('customOriginConfig', 'originProtocolPolicy')} is {policy}"

    yield from each(distribution.get("origins", default=()), judge)
    if not any(distribution.has("viewerCertificate", name) for name in ("acmCertificateArn", "iamCertificateId")):
        yield "viewerCertificate names no certificate of your own"


def _viewers_use_https(distribution: Resource) -> bool:
    behaviors = _behaviors(distribution)
    return all(behavior.get("viewerProtocolPolicy", default="allow-all") in HTTPS_ALONE for behavior in behaviors)


def _behaviors(distribution: Resource) -> Iterator[Props]:
    yield distribution.get("defaultCacheBehavior", default=Props({}, "defaultCacheBehavior"))
    yield from distribution.get("orderedCacheBehaviors", default=())


@distribution_encrypts_both_ways.passes
def https_to_the_origin() -> None:
    _distribution({})


@distribution_encrypts_both_ways.passes
def as_viewers_who_have_no_choice() -> None:
    _distribution({"origin_protocol_policy": "match-viewer"})


@distribution_encrypts_both_ways.fails
def as_viewers_who_may_use_http() -> None:
    _distribution({"origin_protocol_policy": "match-viewer"}, viewers="allow-all")


@distribution_encrypts_both_ways.fails
def http_to_the_origin() -> None:
    _distribution({"origin_protocol_policy": "http-only"})


@distribution_encrypts_both_ways.fails
def the_certificate_of_cloudfront() -> None:
    _distribution({}, acm_certificate_arn=None, cloudfront_default_certificate=True)


@rule(
    on=(DISTRIBUTION,),
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:CF-HSTS",),
    fix="give every cache behavior a response headers policy that sends Strict-Transport-Security for a year",
)
def distribution_sends_hsts(distribution: Resource, graph: Graph) -> Iterator[Finding]:
    """A browser that has been told once never tries HTTP again."""

    def judge(behavior: Props) -> Iterator[Finding]:
        where = behavior.where("responseHeadersPolicyId")
        try:
            name = behavior.get("responseHeadersPolicyId")
        except Unknown:
            name = ""
        if name is None:
            yield f"{where} is not set"
        if name is None or name in MANAGED_WITH_HSTS:
            return
        policies = graph.targets(distribution, where.partition("[")[0].partition(".")[0], HEADERS_POLICY)
        if name:
            policies = [policy for policy in policies if name in policy.identities]
        if not policies:
            raise Unknown(f"{where}, which is not part of the stack")
        yield from each(policies, HSTS.judge)

    yield from each(_behaviors(distribution), judge)


def _hsts(**headers: Any) -> Any:
    sent: Any = headers
    return aws.cloudfront.ResponseHeadersPolicy("site", security_headers_config=sent)


@distribution_sends_hsts.passes
def hsts_for_a_year() -> None:
    policy = _hsts(strict_transport_security={"access_control_max_age_sec": 31_536_000, "override": True})
    _distribution({}, headers=policy.id)


@distribution_sends_hsts.passes
def the_policy_of_aws() -> None:
    _distribution({}, headers="67f7725c-6f97-4210-82d7-5512b31e9d03")


@distribution_sends_hsts.fails
def no_policy() -> None:
    _distribution({})


@distribution_sends_hsts.fails
def hsts_for_a_day() -> None:
    policy = _hsts(strict_transport_security={"access_control_max_age_sec": 86_400, "override": True})
    _distribution({}, headers=policy.id)


@distribution_sends_hsts.fails
def other_headers_alone() -> None:
    _distribution({}, headers=_hsts(content_type_options={"override": True}).id)


@distribution_sends_hsts.undetermined
def policy_of_another_stack() -> None:
    _distribution({}, headers="0b1c2d3e-aaaa-bbbb-cccc-1234567890ab")


BUCKETS_ELSEWHERE: list[str] = setting([], "names of buckets of other stacks that distributions may serve")
S3_HOST = re.compile(r"(?P<bucket>.+?)\.s3(?:-website)?[.-](?:[a-z0-9-]+\.)?amazonaws\.com")


@rule(
    on=(DISTRIBUTION,),
    severity=Severity.HIGH,
    promise="data-protection",
    controls=("SH:CloudFront.12",),
    fix="let the origin name a bucket of this stack, or name the bucket of another stack in buckets_elsewhere",
)
def distribution_origin_bucket_exists(
    distribution: Resource,
    graph: Graph,
    *,
    buckets_elsewhere: list[str] = BUCKETS_ELSEWHERE,
) -> Iterator[Finding]:
    """Whoever creates the bucket that a distribution names and nobody owns serves what they like under our name."""
    known = {identity for bucket in graph.of_type(*BUCKETS) for identity in bucket.identities}

    def judge(origin: Props) -> Iterator[Finding]:
        if origin.has("customOriginConfig") or origin.has("vpcOriginConfig"):
            return
        try:
            host = S3_HOST.fullmatch(origin.get("domainName"))
        except Unknown:
            # The reference is known, where the name isn't; it raises again where neither is.
            if not graph.targets(distribution, "origins", *BUCKETS):
                raise
            return
        if host and host["bucket"] not in known and host["bucket"] not in buckets_elsewhere:
            yield f"{origin.where('domainName')} names {host['bucket']}, which is no bucket of this stack"

    yield from each(distribution.get("origins", default=()), judge)


def _serving(domain: Any) -> None:
    behavior: Any = {
        "allowed_methods": ["GET", "HEAD"],
        "cached_methods": ["GET", "HEAD"],
        "target_origin_id": "site",
        "viewer_protocol_policy": "https-only",
    }
    aws.cloudfront.Distribution(
        "site",
        enabled=True,
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        default_cache_behavior=behavior,
        origins=[{"origin_id": "site", "domain_name": domain, "origin_access_control_id": "oac-1"}],
        viewer_certificate=_certificate({}),
    )


@distribution_origin_bucket_exists.passes
def a_bucket_of_the_stack() -> None:
    site = aws.s3.Bucket("site", bucket="site")
    _serving(site.bucket.apply(lambda name: f"{name}.s3.us-west-2.amazonaws.com"))


@distribution_origin_bucket_exists.fails
def a_bucket_that_was_deleted() -> None:
    _serving("old-site.s3.amazonaws.com")
