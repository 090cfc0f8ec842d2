"""Buckets and the settings that are resources of their own, each put whole under the bucket's name."""

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

_BUCKET = {"Bucket": "{bucket}"}
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _location(scope: Scope) -> Props:
    """The region of a new bucket; us-east-1 is the one that must not be named."""
    if scope["region"] == "us-east-1":
        return {}
    return {"CreateBucketConfiguration": {"LocationConstraint": scope["region"]}}


def _empty(scope: Scope, _old: Props) -> None:
    """Delete every version of every object, where `forceDestroy` allows it: a bucket with objects can't be deleted."""
    if not scope.get("forceDestroy"):
        return
    bypass = {"BypassGovernanceRetention": True} if scope.get("objectLockEnabled") else {}
    answer = scope.call("list_object_versions", Bucket=scope["bucket"])
    for version in (*answer.get("Versions", ()), *answer.get("DeleteMarkers", ())):
        of_object = {"Key": version["Key"], "VersionId": version["VersionId"]}
        scope.call("delete_object", Bucket=scope["bucket"], **of_object, **bypass)


RECORDS = (
    Record(
        "aws:s3/bucket:Bucket",
        service="s3",
        key=_BUCKET,
        id="{bucket}",
        create=Call(
            "create_bucket",
            only=("objectLockEnabled",),
            names={"objectLockEnabled": "ObjectLockEnabledForBucket"},
            send=_location,
        ),
        reads=(
            Call("head_bucket", only=("bucketRegion",)),
            Call(
                "get_object_lock_configuration",
                only=("objectLockEnabled",),
                names={"objectLockEnabled": "ObjectLockConfiguration.ObjectLockEnabled"},
            ),
        ),
        deletes=(Code((), _empty), Call("delete_bucket", only=("bucket",))),
        flags=frozenset({"forceDestroy"}),
        computed={
            "arn": "arn:{partition}:s3:::{bucket}",
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
        },
        tagging=Tagging("put_bucket_tagging", None, "get_bucket_tagging", _BUCKET),
    ),
    Record(
        "aws:s3/bucketVersioning:BucketVersioning",
        service="s3",
        key=_BUCKET,
        id="{bucket}",
        create=(versioning := Call("put_bucket_versioning")),
        reads=(Call("get_bucket_versioning", names={"versioningConfiguration": "@"}),),
        gone="!Status",
        updates=(versioning,),
        # AWS can't take versioning away again, only suspend it.
        deletes=(
            Call("put_bucket_versioning", only=("bucket",), given={"VersioningConfiguration": {"Status": "Suspended"}}),
        ),
        flags=frozenset({"mfa"}),
    ),
    Record(
        "aws:s3/bucketPolicy:BucketPolicy",
        service="s3",
        key=_BUCKET,
        id="{bucket}",
        create=(policy := Call("put_bucket_policy")),
        reads=(Call("get_bucket_policy"),),
        updates=(policy,),
        deletes=(Call("delete_bucket_policy"),),
    ),
    Record(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        service="s3",
        key=_BUCKET,
        id="{bucket}",
        create=(lifecycle := Call("put_bucket_lifecycle_configuration")),
        reads=(Call("get_bucket_lifecycle_configuration", names={"rules": "Rules"}),),
        updates=(lifecycle,),
        deletes=(Call("delete_bucket_lifecycle"),),
        names={"rules": "LifecycleConfiguration.Rules", "rules.id": "ID"},
        defaults={"transitionDefaultMinimumObjectSize": "all_storage_classes_128K"},
    ),
    Record(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        service="s3",
        key=_BUCKET,
        id="{bucket}",
        create=(
            encryption := Call("put_bucket_encryption", names={"rules": "ServerSideEncryptionConfiguration.Rules"})
        ),
        reads=(Call("get_bucket_encryption", at="ServerSideEncryptionConfiguration"),),
        updates=(encryption,),
        deletes=(Call("delete_bucket_encryption"),),
    ),
    Record(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        service="s3",
        key=_BUCKET,
        id="{bucket}",
        create=(
            block := Call(
                "put_public_access_block",
                names={name: f"PublicAccessBlockConfiguration.{name[0].upper()}{name[1:]}" for name in _BLOCKS},
            )
        ),
        reads=(Call("get_public_access_block", at="PublicAccessBlockConfiguration"),),
        updates=(block,),
        deletes=(Call("delete_public_access_block", unless={"skipDestroy": True}),),
        defaults=dict.fromkeys(_BLOCKS, False),
        flags=frozenset({"skipDestroy"}),
    ),
    Record(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        service="s3",
        key=_BUCKET,
        id="{bucket}",
        create=(ownership := Call("put_bucket_ownership_controls", names={"rule": "OwnershipControls.Rules"})),
        reads=(Call("get_bucket_ownership_controls", at="OwnershipControls"),),
        updates=(ownership,),
        deletes=(Call("delete_bucket_ownership_controls"),),
    ),
    Record(
        "aws:s3/bucketLogging:BucketLogging",
        service="s3",
        key=_BUCKET,
        id="{bucket}",
        create=(
            logging := Call(
                "put_bucket_logging",
                names={
                    name: f"BucketLoggingStatus.LoggingEnabled.{name[0].upper()}{name[1:]}"
                    for name in ("targetBucket", "targetGrants", "targetObjectKeyFormat", "targetPrefix")
                },
            )
        ),
        reads=(Call("get_bucket_logging", at="LoggingEnabled"),),
        updates=(logging,),
        deletes=(Call("put_bucket_logging", only=("bucket",), given={"BucketLoggingStatus": {}}),),
    ),
    Record(
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        service="s3",
        key=_BUCKET,
        id="{bucket}",
        create=(
            lock := Call(
                "put_object_lock_configuration",
                names={
                    "objectLockEnabled": "ObjectLockConfiguration.ObjectLockEnabled",
                    "rule": "ObjectLockConfiguration.Rule",
                },
            )
        ),
        reads=(Call("get_object_lock_configuration", at="ObjectLockConfiguration"),),
        updates=(lock,),
        # A bucket's Object Lock can't be disabled again, only its default retention goes.
        deletes=(
            Call(
                "put_object_lock_configuration",
                only=("bucket",),
                given={"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
            ),
        ),
        defaults={"objectLockEnabled": "Enabled"},
        flags=frozenset({"token"}),
    ),
    Record(
        "aws:s3/bucketMetric:BucketMetric",
        service="s3",
        key={**_BUCKET, "Id": "{name}"},
        id="{bucket}:{name}",
        create=Call(
            "put_bucket_metrics_configuration",
            names={"name": "MetricsConfiguration.Id", "filter": "MetricsConfiguration.Filter"},
        ),
        reads=(Call("get_bucket_metrics_configuration", at="MetricsConfiguration"),),
        deletes=(Call("delete_bucket_metrics_configuration"),),
    ),
)
