"""ECR: repositories of images, their policies, and how the registry scans."""

from sandbox.aws_plugin.handlers.records import Call, Record, Tagging


def _policy(token: str, put: str, get: str, delete: str, member: str) -> Record:
    """A text that belongs to a repository."""
    names = {"policy": member}
    return Record(
        token,
        service="ecr",
        key={"repositoryName": "{repository}"},
        id="{repository}",
        create=Call(put),
        reads=(Call(get),),
        updates=(Call(put),),
        deletes=(Call(delete),),
        names=names,
    )


RECORDS = (
    Record(
        "aws:ecr/repository:Repository",
        service="ecr",
        noun="repository",
        key={"repositoryName": "{name}"},
        id="{name}",
        create=Call("create_repository", at="repository"),
        reads=(Call("describe_repositories", at="repositories[0]"),),
        updates=(
            Call("put_image_tag_mutability"),
            Call("put_image_scanning_configuration"),
        ),
        deletes=(Call("delete_repository"),),
        names={
            "encryptionConfigurations": "encryptionConfiguration",
            "forceDelete": "force",
            "repositoryUrl": "repositoryUri",
        },
        defaults={"imageTagMutability": "MUTABLE", "imageScanningConfiguration": {"scanOnPush": False}},
        flags=frozenset({"forceDelete"}),
        tagging=Tagging("tag_resource", "untag_resource", "list_tags_for_resource", {"resourceArn": "{arn}"}),
    ),
    _policy(
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "set_repository_policy",
        "get_repository_policy",
        "delete_repository_policy",
        "policyText",
    ),
    _policy(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "put_lifecycle_policy",
        "get_lifecycle_policy",
        "delete_lifecycle_policy",
        "lifecyclePolicyText",
    ),
    Record(
        "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
        service="ecr",
        key={},
        id="{account}",
        create=Call("put_registry_scanning_configuration", at="registryScanningConfiguration"),
        reads=(
            Call("get_registry_scanning_configuration", at="scanningConfiguration"),
            Call("get_registry_scanning_configuration", only=("registryId",)),
        ),
        updates=(Call("put_registry_scanning_configuration"),),
        deletes=(Call("put_registry_scanning_configuration", given={"scanType": "BASIC", "rules": []}),),
        gone="scanType == 'BASIC' && length(rules || `[]`) == `0`",
    ),
)
