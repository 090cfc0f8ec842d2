"""ACM as documented, where moto has it not: a certificate is issued once its records are there; its options change."""

from __future__ import annotations

from moto.acm.models import CertBundle
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.responses import EmptyResult
from moto.route53.models import route53_backends

from sandbox.emulator.extensions import put

_check = CertBundle.check


def install() -> None:
    """Add the operation to moto's, and the proof to its certificates."""
    put(AWSCertificateManagerResponse, update_certificate_options)
    put(CertBundle, check)


def check(self: CertBundle) -> None:
    """moto issues after a minute, whether or not anything proves who holds the domain."""
    _check(self)
    if self.status == "PENDING_VALIDATION":
        wanted = self.describe()["Certificate"]["DomainValidationOptions"]
        if all(_proven(self.arn.split(":")[4], **each["ResourceRecord"]) for each in wanted):
            self.status = "ISSUED"


def _proven(account: str, Name: str, Type: str, Value: str) -> bool:  # noqa: N803 - AWS's members
    return any(
        record.name.rstrip(".") == Name.rstrip(".") and record.type == Type and Value in record.records
        for zone in route53_backends[account]["aws"].zones.values()
        for record in zone.rrsets
    )


def update_certificate_options(self: AWSCertificateManagerResponse) -> EmptyResult:
    arn, options = self._get_param("CertificateArn"), self._get_param("Options")
    self.acm_backend.get_certificate(arn).cert_options.update(options)
    return EmptyResult()
