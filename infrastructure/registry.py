"""Vulnerability Management: the images that run are scanned for as long as they are kept, and can't be swapped.

Enters: the images key. Leaves: `Registry` with the `urls` of its repositories, one a part of the product.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
from pulumi_aws import ecr

from infrastructure.documents import Statement, document
from infrastructure.guard import BREAK_GLASS, DEPLOY, role_arn
from infrastructure.scope import DataClass, Scope

SERVICE = "registry"
REPOSITORIES = ("web", "worker", "ingestion")
UNTAGGED_DAYS = 7
KEPT_IMAGES = 200
"""More than are built within the longest roll-back that is ever asked for."""

PUSHING = (
    "ecr:BatchDeleteImage",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)


@dataclass(frozen=True)
class RegistryArgs:
    """Where the images are, and under which key."""

    scope: Scope
    key_arn: pulumi.Output[str]


class Registry(pulumi.ComponentResource):
    """Repositories of images, which the account alone pulls from, and its pipeline alone pushes to."""

    urls: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:registry:Registry", name, {}, opts)
        self._args = args
        ecr.RegistryScanningConfiguration(
            f"{name}-scanning",
            scan_type="ENHANCED",
            rules=[
                {
                    "scan_frequency": "CONTINUOUS_SCAN",
                    "repository_filters": [{"filter": "*", "filter_type": "WILDCARD"}],
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.urls = {part: self._create_repository(part).repository_url for part in REPOSITORIES}
        self.register_outputs({"urls": self.urls})

    def _create_repository(self, part: str) -> ecr.Repository:
        scope = self._args.scope
        repository = ecr.Repository(
            f"{self.pulumi_resource_name}-{part}",
            name=f"{scope.prefix}/{part}",
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": self._args.key_arn}],
            force_delete=scope.disposable,
            tags=scope.tags(SERVICE, DataClass.INTERNAL),
            opts=pulumi.ResourceOptions(parent=self, protect=not scope.disposable),
        )
        ecr.RepositoryPolicy(
            f"{self.pulumi_resource_name}-{part}-policy",
            repository=repository.name,
            policy=document(*_within_the_account(scope)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        ecr.LifecyclePolicy(
            f"{self.pulumi_resource_name}-{part}-lifecycle",
            repository=repository.name,
            policy=json.dumps({"rules": _lifecycle()}),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return repository


def _within_the_account(scope: Scope) -> tuple[Statement, Statement]:
    """The account's own policies say who pulls; nobody else does, and nobody but the main branch pushes."""
    pushers = [role_arn(scope, DEPLOY), role_arn(scope, BREAK_GLASS)]
    deny = {"Effect": "Deny", "Principal": "*"}
    return (
        {
            **deny,
            "Sid": "NobodyFromOutside",
            "Action": "ecr:*",
            "Condition": {
                "StringNotEquals": {"aws:PrincipalAccount": scope.account},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        },
        {
            **deny,
            "Sid": "OnlyTheMainBranchPushes",
            "Action": [*PUSHING],
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": pushers}},
        },
    )


def _lifecycle() -> list[dict[str, object]]:
    expire = {"type": "expire"}
    return [
        {
            "rulePriority": 1,
            "description": "What no tag names any more",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": UNTAGGED_DAYS,
            },
            "action": expire,
        },
        {
            "rulePriority": 2,
            "description": "The oldest",
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT_IMAGES},
            "action": expire,
        },
    ]
