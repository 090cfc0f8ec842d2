"""Secrets, their replicas in other regions, and their rotation. A value is none of these types' business."""

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

_NOT_AN_INPUT = "-"
"""No member has this name: what the service alone says of a replica is no difference."""


def _change_replicas(scope: Scope, old: Props) -> None:
    """A replica whose key changes is made again."""
    before = {replica["region"]: replica for replica in old.get("replicas") or ()}
    after = {replica["region"]: replica for replica in scope.get("replicas") or ()}
    removed = sorted(region for region, replica in before.items() if after.get(region) != replica)
    if removed:
        scope.call("remove_regions_from_replication", SecretId=scope["id"], RemoveReplicaRegions=removed)
    added = [
        {"Region": region, **({"KmsKeyId": key} if (key := replica.get("kmsKeyId")) else {})}
        for region, replica in after.items()
        if before.get(region) != replica
    ]
    if added:
        scope.call("replicate_secret_to_regions", SecretId=scope["id"], AddReplicaRegions=added)


def _remove_replicas(scope: Scope, _old: Props) -> None:
    """DeleteSecret: "You must first delete the replicas"."""
    regions = [replica["region"] for replica in scope.get("replicas") or ()]
    if regions:
        scope.call("remove_regions_from_replication", SecretId=scope["id"], RemoveReplicaRegions=regions)


_SECRET = {"SecretId": "{id}"}
_ROTATION = ("rotationLambdaArn", "rotationRules", "rotateImmediately")

RECORDS = (
    Record(
        "aws:secretsmanager/secret:Secret",
        service="secretsmanager",
        key=_SECRET,
        id="ARN",
        create=Call("create_secret", names={"replicas": "AddReplicaRegions"}),
        reads=(
            Call(
                "describe_secret",
                names={
                    "replicas": "ReplicationStatus",
                    **{f"replicas.{name}": _NOT_AN_INPUT for name in ("lastAccessedDate", "status", "statusMessage")},
                },
            ),
        ),
        gone="DeletedDate",
        updates=(
            Call("update_secret", only=("description", "kmsKeyId")),
            Code(("replicas",), _change_replicas),
        ),
        deletes=(
            Code((), _remove_replicas),
            Call("delete_secret", unless={"recoveryWindowInDays": 0}),
            Call(
                "delete_secret",
                only=("forceOverwriteReplicaSecret",),
                given={"ForceDeleteWithoutRecovery": True},
                when={"recoveryWindowInDays": 0},
            ),
        ),
        defaults={"recoveryWindowInDays": 30},
        flags=frozenset({"forceOverwriteReplicaSecret", "recoveryWindowInDays"}),
        tagging=Tagging("tag_resource", "untag_resource", None, _SECRET),
    ),
    Record(
        "aws:secretsmanager/secretRotation:SecretRotation",
        service="secretsmanager",
        key={"SecretId": "{secretId}"},
        id="{secretId}",
        create=(rotate := Call("rotate_secret", only=_ROTATION)),
        reads=(Call("describe_secret"),),
        gone="!RotationEnabled || DeletedDate",
        updates=(rotate,),
        deletes=(Call("cancel_rotate_secret"),),
        defaults={"rotateImmediately": True},
        flags=frozenset({"rotateImmediately"}),
    ),
)
