"""ECR: repositories of images, their policies, and how the registry scans."""

import json
from typing import Any

from tests.sandbox.conformance.case import Account, Case

_ARN = "arn:aws:ecr:us-west-2:123456789012:repository/case/web"
_LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10},
            "action": {"type": "expire"},
        }
    ]
}
_FEWER = {"rules": [_LIFECYCLE["rules"][0] | {"rulePriority": 2}]}
_FILTER = [{"filter": "*", "filterType": "WILDCARD"}]


def _policy(action: str) -> str:
    statement = {"Effect": "Deny", "Principal": "*", "Action": action}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _repository(account: Account, name: str) -> dict[str, Any]:
    [found] = account.client("ecr").describe_repositories(repositoryNames=[name])["repositories"]
    tags = account.client("ecr").list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    return {
        "mutability": found["imageTagMutability"],
        "scanned": found["imageScanningConfiguration"]["scanOnPush"],
        "encryption": found["encryptionConfiguration"],
        "tags": {tag["Key"]: tag["Value"] for tag in tags},
    }


def _seen(inputs: dict[str, Any], mutability: str, owner: str, *, scanned: bool) -> dict[str, Any]:
    [encryption] = inputs["encryptionConfigurations"]
    return {"mutability": mutability, "scanned": scanned, "encryption": encryption, "tags": {"owner": owner}}


def _in_a_repository(account: Account, policy: str) -> dict[str, str]:
    account.client("ecr").create_repository(repositoryName="case/web")
    return {"repository": "case/web", "policy": policy}


def _scanning(account: Account) -> dict[str, Any] | None:
    found: dict[str, Any] = account.client("ecr").get_registry_scanning_configuration()["scanningConfiguration"]
    return found if found["rules"] else None


CASES = (
    Case(
        "aws:ecr/repository:Repository",
        inputs=lambda account: {
            "name": "case/web",
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": account.key()}],
            "forceDelete": True,
            "tags": {"owner": "ada"},
        },
        seen=_repository,
        created=lambda inputs: _seen(inputs, "IMMUTABLE", "ada", scanned=True),
        update={
            "imageTagMutability": "MUTABLE",
            "imageScanningConfiguration": {"scanOnPush": False},
            "tags": {"owner": "grace"},
        },
        updated=lambda inputs: _seen(inputs, "MUTABLE", "grace", scanned=False),
        drift=lambda account, name: account.client("ecr").put_image_tag_mutability(
            repositoryName=name, imageTagMutability="IMMUTABLE"
        ),
        drifted={"imageTagMutability": "IMMUTABLE"},
        outputs=("arn", "registryId", "repositoryUrl"),
        never="case/never",
    ),
    Case(
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        inputs=lambda account: _in_a_repository(account, _policy("ecr:PutImage")),
        seen=lambda account, name: json.loads(
            account.client("ecr").get_repository_policy(repositoryName=name)["policyText"]
        ),
        created=lambda inputs: json.loads(inputs["policy"]),
        update={"policy": _policy("ecr:*")},
        updated=lambda inputs: json.loads(inputs["policy"]),
        drift=lambda account, name: account.client("ecr").set_repository_policy(
            repositoryName=name, policyText=_policy("ecr:BatchDeleteImage")
        ),
        drifted={"policy": _policy("ecr:BatchDeleteImage")},
        outputs=("registryId",),
        never="case/never",
    ),
    Case(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        inputs=lambda account: _in_a_repository(account, json.dumps(_LIFECYCLE)),
        seen=lambda account, name: json.loads(
            account.client("ecr").get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
        ),
        created=_LIFECYCLE,
        update={"policy": json.dumps(_FEWER)},
        updated=_FEWER,
        drift=lambda account, name: account.client("ecr").put_lifecycle_policy(
            repositoryName=name, lifecyclePolicyText=json.dumps(_LIFECYCLE)
        ),
        drifted={"policy": json.dumps(_LIFECYCLE)},
        outputs=("registryId",),
        never="case/never",
    ),
    Case(
        "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
        inputs=lambda _account: {
            "scanType": "ENHANCED",
            "rules": [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": _FILTER}],
        },
        seen=lambda account, _id: _scanning(account),
        created={
            "scanType": "ENHANCED",
            "rules": [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": _FILTER}],
        },
        update={"scanType": "BASIC", "rules": [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": _FILTER}]},
        updated={"scanType": "BASIC", "rules": [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": _FILTER}]},
        drift=lambda account, _id: account.client("ecr").put_registry_scanning_configuration(
            scanType="ENHANCED", rules=[{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": _FILTER}]
        ),
        drifted={"scanType": "ENHANCED"},
        outputs=("registryId",),
        never="123456789012",
    ),
)
