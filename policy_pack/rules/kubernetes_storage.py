"""Encryption at rest of the volumes that Kubernetes makes."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.vocabulary import Finding, NotApplicable, Resource, Severity, declare, rule

STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
EBS = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs")


@rule(
    on=(STORAGE_CLASS,),
    severity=Severity.HIGH,
    promise="encryption",
    controls=("PH:K8S-SC",),
    fix='set the parameters encrypted to "true" and kmsKeyId to a key of your own',
)
def storage_class_encrypts_volumes(storage: Resource) -> Iterator[Finding]:
    """A volume that a pod asks for is encrypted as its class says, and no program declares it."""
    if storage.get("provisioner") not in EBS:
        raise NotApplicable("its volumes are not of EBS")
    if str(storage.get("parameters", "encrypted", default="")).lower() != "true":
        yield "parameters.encrypted is not true"
    if not storage.has("parameters", "kmsKeyId"):
        yield "parameters.kmsKeyId names no key"


@storage_class_encrypts_volumes.passes
def encrypted_under_a_key() -> None:
    key = "arn:aws:kms:us-west-2:111122223333:key/0b1c2d3e-aaaa-bbbb-cccc-1234567890ab"
    declare(STORAGE_CLASS, provisioner="ebs.csi.aws.com", parameters={"encrypted": "true", "kmsKeyId": key})


@storage_class_encrypts_volumes.fails
def left_to_the_driver() -> None:
    declare(STORAGE_CLASS, provisioner="ebs.csi.aws.com", parameters={"type": "gp3"})
