"""Certificates of ACM, and the wait until one is issued."""

from sandbox.aws_plugin.handlers.records import Call, Record, Tagging

_PROOF = (
    "DomainValidationOptions[].{{domainName: DomainName, resourceRecordName: ResourceRecord.Name, "
    "resourceRecordType: ResourceRecord.Type, resourceRecordValue: ResourceRecord.Value}}"
)

RECORDS = (
    Record(
        "aws:acm/certificate:Certificate",
        service="acm",
        noun="Certificate",
        key={"CertificateArn": "{id}"},
        id="CertificateArn",
        create=Call(
            "request_certificate",
            only=("domainName", "keyAlgorithm", "options", "subjectAlternativeNames", "validationMethod"),
        ),
        reads=(
            Call(
                "describe_certificate",
                at="Certificate",
                names={
                    "domainValidationOptions": _PROOF,
                    "validationMethod": "DomainValidationOptions[0].ValidationMethod",
                },
            ),
        ),
        updates=(Call("update_certificate_options", only=("options",)),),
        deletes=(Call("delete_certificate"),),
        defaults={"options.export": "DISABLED", "keyAlgorithm": "RSA_2048"},
        tagging=Tagging(
            "add_tags_to_certificate",
            "remove_tags_from_certificate",
            "list_tags_for_certificate",
            {"CertificateArn": "{id}"},
        ),
    ),
    Record(
        "aws:acm/certificateValidation:CertificateValidation",
        service="acm",
        key={"CertificateArn": "{id}"},
        id="{certificateArn}",
        create=Call("describe_certificate", at="Certificate", only=("certificateArn",)),
        reads=(Call("describe_certificate", at="Certificate", only=("certificateArn",)),),
        gone="Status != 'ISSUED'",
        replace_on=frozenset({"validationRecordFqdns"}),
        ready="certificate_validated",
    ),
)
