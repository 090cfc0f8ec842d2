"""ACM: certificates, and the wait until one is issued."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of

_DOMAIN = "app.case.example"
_NEVER = "arn:aws:acm:us-west-2:123456789012:certificate/00000000-0000-0000-0000-000000000000"
_LOGGED = "certificateTransparencyLoggingPreference"


def _certificate(account: Account, arn: str) -> dict[str, Any]:
    acm = account.client("acm")
    found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    return {
        "domain": found["DomainName"],
        "logged": found["Options"]["CertificateTransparencyLoggingPreference"],
        "tags": tags_of(acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]),
    }


def _with_proof(account: Account) -> dict[str, Any]:
    """A certificate whose record is in the zone of its domain."""
    acm, route53 = account.client("acm"), account.client("route53")
    zone = route53.create_hosted_zone(Name="case.example", CallerReference="case")["HostedZone"]["Id"]
    arn = acm.request_certificate(DomainName=_DOMAIN, ValidationMethod="DNS")["CertificateArn"]
    [option] = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
    record = option["ResourceRecord"]
    proof = {"Name": record["Name"], "Type": record["Type"], "TTL": 60, "ResourceRecords": [{"Value": record["Value"]}]}
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": proof}]}
    )
    return {"certificateArn": arn, "validationRecordFqdns": [record["Name"].rstrip(".")]}


CASES = (
    Case(
        "aws:acm/certificate:Certificate",
        inputs=lambda _account: {
            "domainName": _DOMAIN,
            "validationMethod": "DNS",
            "keyAlgorithm": "RSA_2048",
            "options": {_LOGGED: "ENABLED"},
            "tags": {"owner": "ada"},
        },
        seen=_certificate,
        created={"domain": _DOMAIN, "logged": "ENABLED", "tags": {"owner": "ada"}},
        update={"options": {_LOGGED: "DISABLED"}, "tags": {"owner": "grace"}},
        updated={"domain": _DOMAIN, "logged": "DISABLED", "tags": {"owner": "grace"}},
        drift=lambda account, arn: account.client("acm").update_certificate_options(
            CertificateArn=arn, Options={"CertificateTransparencyLoggingPreference": "ENABLED"}
        ),
        drifted={"options": {_LOGGED: "ENABLED"}},
        outputs=("arn", "domainValidationOptions", "notAfter", "status"),
        never=_NEVER,
    ),
    Case(
        "aws:acm/certificateValidation:CertificateValidation",
        inputs=_with_proof,
        seen=lambda account, arn: account.client("acm").describe_certificate(CertificateArn=arn)["Certificate"][
            "Status"
        ],
        created="ISSUED",
        outputs=("certificateArn",),
        left="ISSUED",
        never=_NEVER,
    ),
)
