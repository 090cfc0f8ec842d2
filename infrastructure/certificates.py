"""Encryption in transit: the certificate of the product's host name, renewed without anybody's doing.

Enters: the host name, and the public zone that holds it. Leaves: `Certificate`, whose `arn` is known once it is issued.

The zone is there before the stack. A zone of the stack's own would need a query log, which Route 53 delivers to
us-east-1 alone ("Public DNS query logging" in its developer guide), and who asked for which name stays in US-West.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import acm, route53

from infrastructure.scope import DataClass, Scope

SERVICE = "certificates"
NO_ZONE = "none"
TTL_SECONDS = 300


@dataclass(frozen=True)
class CertificateArgs:
    """`zone_id`: of the Route 53 zone in this account, or `NO_ZONE` where somebody else enters the records."""

    scope: Scope
    domain: str
    zone_id: str


class Certificate(pulumi.ComponentResource):
    """A public certificate, in the transparency logs, that ACM renews for as long as its record stands."""

    arn: pulumi.Output[str]
    record: pulumi.Output[dict[str, str]]
    """The record that proves the domain, for whoever keeps the zone where the stack doesn't."""

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:certificates:Certificate", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        certificate = acm.Certificate(
            name,
            domain_name=args.domain,
            validation_method="DNS",
            key_algorithm="RSA_2048",
            options={"certificate_transparency_logging_preference": "ENABLED"},
            tags=args.scope.tags(SERVICE, DataClass.PUBLIC),
            opts=child,
        )
        proof = certificate.domain_validation_options[0]
        self.record = pulumi.Output.all(
            name=proof.resource_record_name, type=proof.resource_record_type, value=proof.resource_record_value
        )
        fqdns = None
        if args.zone_id != NO_ZONE:
            record = route53.Record(
                f"{name}-proof",
                zone_id=args.zone_id,
                name=self.record["name"],
                type=self.record["type"],
                records=[self.record["value"]],
                ttl=TTL_SECONDS,
                opts=child,
            )
            fqdns = [record.fqdn]
        issued = acm.CertificateValidation(
            f"{name}-issued", certificate_arn=certificate.arn, validation_record_fqdns=fqdns, opts=child
        )
        self.arn = issued.certificate_arn
        self.register_outputs({"arn": self.arn})
