"""Encryption of what analysts run: jobs, crawlers and clusters under a security configuration that encrypts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.documents import written
from policy_pack.examples import declare
from policy_pack.vocabulary import Finding, Props, Resource, Row, Severity, rule

CONFIGURATION = "aws:emr/securityConfiguration:SecurityConfiguration"
AT_REST, IN_TRANSIT = "AtRestEncryptionConfiguration", "InTransitEncryptionConfiguration"
NAMED = dict.fromkeys(
    (
        "aws:emr/cluster:Cluster",
        "aws:glue/crawler:Crawler",
        "aws:glue/devEndpoint:DevEndpoint",
        "aws:glue/job:Job",
    ),
    Row(("securityConfiguration",)),
)


@rule(
    on=(CONFIGURATION,),
    severity=Severity.HIGH,
    promise="encryption",
    fix="enable encryption at rest, of S3 and of local disks under KMS, and encryption in transit",
)
def cluster_configuration_encrypts(configuration: Resource) -> Iterator[Finding]:
    """A cluster reads whole buckets onto its disks, and sends them from machine to machine."""
    # Amazon EMR Management Guide, "Create a security configuration": what isn't given is off.
    settings = written(configuration, "configuration")
    empty = Props({}, "configuration")
    encryption = (settings or empty).get("EncryptionConfiguration", default=empty)
    for name in ("EnableAtRestEncryption", "EnableInTransitEncryption"):
        if encryption.get(name) is not True:
            yield f"{name} is not true"
    if encryption.get(AT_REST, "S3EncryptionConfiguration", "EncryptionMode") not in {"SSE-KMS", "CSE-KMS"}:
        yield f"{AT_REST}.S3EncryptionConfiguration.EncryptionMode is neither SSE-KMS nor CSE-KMS"
    if encryption.get(AT_REST, "LocalDiskEncryptionConfiguration", "EncryptionKeyProviderType") != "AwsKms":
        yield f"{AT_REST}.LocalDiskEncryptionConfiguration.EncryptionKeyProviderType is not AwsKms"
    # With it, KMS encrypts the root disk and the EBS volumes too; without it, instance stores and data volumes alone.
    elif encryption.get(AT_REST, "LocalDiskEncryptionConfiguration", "EnableEbsEncryption") is not True:
        yield f"{AT_REST}.LocalDiskEncryptionConfiguration.EnableEbsEncryption is not true"
    if not encryption.has(IN_TRANSIT, "TLSCertificateConfiguration"):
        yield f"{IN_TRANSIT}.TLSCertificateConfiguration is not set"


KEY = "arn:aws:kms:us-west-2:111122223333:key/0b1c2d3e-aaaa-bbbb-cccc-1234567890ab"


def _configuration(**changed: Any) -> None:
    encryption = {
        "EnableAtRestEncryption": True,
        "EnableInTransitEncryption": True,
        AT_REST: {
            "S3EncryptionConfiguration": {"EncryptionMode": "SSE-KMS", "AwsKmsKey": KEY},
            "LocalDiskEncryptionConfiguration": {
                "EncryptionKeyProviderType": "AwsKms",
                "AwsKmsKey": KEY,
                "EnableEbsEncryption": True,
            },
        },
        IN_TRANSIT: {
            "TLSCertificateConfiguration": {"CertificateProviderType": "PEM", "S3Object": "s3://keys/node.zip"}
        },
        **changed,
    }
    declare(CONFIGURATION, configuration=json.dumps({"EncryptionConfiguration": encryption}))


@cluster_configuration_encrypts.passes
def encrypted_everywhere() -> None:
    _configuration()


@cluster_configuration_encrypts.fails
def in_clear_between_machines() -> None:
    _configuration(EnableInTransitEncryption=False)


@cluster_configuration_encrypts.fails
def in_clear_on_local_disks() -> None:
    _configuration(**{AT_REST: {"S3EncryptionConfiguration": {"EncryptionMode": "SSE-KMS"}}})


@cluster_configuration_encrypts.fails
def root_disks_in_clear() -> None:
    disks = {"EncryptionKeyProviderType": "AwsKms", "AwsKmsKey": KEY}
    objects = {"EncryptionMode": "SSE-KMS", "AwsKmsKey": KEY}
    _configuration(**{AT_REST: {"S3EncryptionConfiguration": objects, "LocalDiskEncryptionConfiguration": disks}})


@cluster_configuration_encrypts.fails
def nothing_about_encryption() -> None:
    declare(CONFIGURATION, configuration="{}")


@rule(
    on=NAMED,
    severity=Severity.HIGH,
    promise="encryption",
    fix="name a security configuration of the stack in securityConfiguration",
)
def analysis_has_security_configuration(job: Resource, row: Row) -> Iterator[Finding]:
    """Without one a job writes its results, its bookmarks and its logs under nobody's key."""
    if not job.has(*row.path):
        yield f"{row.path[0]} is not set"


@analysis_has_security_configuration.passes
def configured() -> None:
    for token, row in NAMED.items():
        declare(token, {row.path[0]: "encrypted"})


@analysis_has_security_configuration.fails
def not_configured() -> None:
    declare("aws:glue/job:Job", name="count")
