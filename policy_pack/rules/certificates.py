"""Certificates: renewed without anybody's doing, of a strong key, and from a root that sleeps."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.vocabulary import Finding, NotApplicable, Resource, Row, Rows, Severity, aws, judge_rows, rule

AUTHORITY = "aws:acmpca/certificateAuthority:CertificateAuthority"
CERTIFICATE = "aws:acm/certificate:Certificate"
IMPORTED = ("privateKey", "privateKeyWo", "certificateBody")
STRONG = ("RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")


@rule(
    on={
        CERTIFICATE: (
            Row(("validationMethod",), ("DNS",), unless=("certificateAuthorityArn", *IMPORTED), controls=("SH:ACM.1",)),
            # AWS Certificate Manager API Reference, RequestCertificate: RSA_2048 where nothing is said.
            Row(("keyAlgorithm",), STRONG, unset="RSA_2048", unless=IMPORTED, controls=("SH:ACM.2",)),
            # The same, CertificateOptions: ENABLED where nothing is said.
            Row(
                ("options", "certificateTransparencyLoggingPreference"),
                ("ENABLED",),
                unset="ENABLED",
                unless=("certificateAuthorityArn", *IMPORTED),
            ),
        )
    },
    severity=Severity.HIGH,
    promise="encryption",
    fix="validate by DNS, so that ACM renews it, choose EC_prime256v1 or RSA_2048 at least, and leave its log on",
)
def certificate_strong_and_renewed(certificate: Resource, row: Rows) -> Iterator[Finding]:
    """A certificate that has expired, or is in no public log, is refused, or teaches its clients not to look."""
    yield from judge_rows(row, certificate)


@certificate_strong_and_renewed.passes
def validated_by_dns() -> None:
    aws.acm.Certificate("web", domain_name="example.com", validation_method="DNS", key_algorithm="EC_prime256v1")
    aws.acm.Certificate("inside", domain_name="inside.example.com", certificate_authority_arn="authority")


@certificate_strong_and_renewed.fails
def validated_by_mail() -> None:
    aws.acm.Certificate("web", domain_name="example.com", validation_method="EMAIL")


@certificate_strong_and_renewed.fails
def a_short_key() -> None:
    aws.acm.Certificate("web", domain_name="example.com", validation_method="DNS", key_algorithm="RSA_1024")


@certificate_strong_and_renewed.fails
def kept_out_of_the_transparency_logs() -> None:
    options: aws.acm.CertificateOptionsArgsDict = {"certificate_transparency_logging_preference": "DISABLED"}
    aws.acm.Certificate("web", domain_name="example.com", validation_method="DNS", options=options)


@rule(
    on=(CERTIFICATE,),
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("SH:ACM.1",),
    fix="let ACM issue the certificate, or record who renews it in a waiver",
)
def certificate_not_imported(certificate: Resource) -> Iterator[Finding]:
    """ACM doesn't renew what it hasn't issued."""
    for name in IMPORTED:
        if certificate.has(name):
            yield f"{name} is set: the certificate is imported"


@certificate_not_imported.passes
def issued_by_acm() -> None:
    aws.acm.Certificate("web", domain_name="example.com", validation_method="DNS")


@certificate_not_imported.fails
def imported() -> None:
    aws.acm.Certificate("web", certificate_body="certificate", private_key="key")


@rule(
    on={AUTHORITY: Row(("enabled",), (False,), unset=True, controls=("SH:PCA.1",))},
    severity=Severity.LOW,
    promise="encryption",
    fix="set enabled to false once the subordinate authorities have their certificates",
)
def root_authority_disabled(authority: Resource, row: Row) -> Iterator[Finding]:
    """Whoever can use the root can make a certificate for anything."""
    # AWS Private CA API Reference, CreateCertificateAuthority: ROOT or SUBORDINATE; the provider takes SUBORDINATE.
    if authority.get("type", default="SUBORDINATE") != "ROOT":
        raise NotApplicable("it is no root")
    yield from row.judge(authority)


SUBJECT: aws.acmpca.CertificateAuthorityCertificateAuthorityConfigurationArgsDict = {
    "key_algorithm": "EC_prime256v1",
    "signing_algorithm": "SHA256WITHECDSA",
    "subject": {"common_name": "example.com"},
}


@root_authority_disabled.passes
def asleep() -> None:
    aws.acmpca.CertificateAuthority("root", type="ROOT", enabled=False, certificate_authority_configuration=SUBJECT)


@root_authority_disabled.fails
def awake() -> None:
    aws.acmpca.CertificateAuthority("root", type="ROOT", certificate_authority_configuration=SUBJECT)
