"""Buckets and their settings."""

import json
from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of


def _bucket(account: Account, bucket: str) -> dict[str, Any]:
    s3 = account.client("s3")
    return {
        "region": s3.get_bucket_location(Bucket=bucket)["LocationConstraint"],
        "tags": tags_of(s3.get_bucket_tagging(Bucket=bucket)["TagSet"]),
        "lock": s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]["ObjectLockEnabled"],
    }


def _tag_by_hand(account: Account, bucket: str) -> None:
    tags = {"TagSet": [{"Key": "class", "Value": "by hand"}]}
    account.client("s3").put_bucket_tagging(Bucket=bucket, Tagging=tags)


def _policy(sid: str) -> dict[str, Any]:
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    everything = ["arn:aws:s3:::case-bucket", "arn:aws:s3:::case-bucket/*"]
    statement = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": everything,
        "Condition": insecure,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _write_policy(account: Account, bucket: str) -> None:
    account.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(_policy("ByHand")))


def _rules(account: Account, bucket: str) -> dict[str, Any]:
    rules = account.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    return {rule["ID"]: {name: rule[name] for name in sorted(rule.keys() - {"ID"})} for rule in rules}


def _keep_shorter(account: Account, bucket: str) -> None:
    rule = {
        "ID": "versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }
    account.client("s3").put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})


_VERSIONS = {
    "id": "versions",
    "status": "Enabled",
    "noncurrentVersionExpiration": {"noncurrentDays": 30},
    "filter": {"prefix": ""},
}
_EXPORTS = {
    "id": "exports",
    "status": "Enabled",
    "filter": {"and": {"prefix": "exports/", "tags": {"class": "confidential"}}},
    "expiration": {"days": 90},
    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
    "transitions": [{"days": 60, "storageClass": "GLACIER"}],
}
_VERSIONS_SEEN = {"Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": {"NoncurrentDays": 30}, "Status": "Enabled"}
_EXPORTS_SEEN = {
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    "Expiration": {"Days": 90},
    "Filter": {"And": {"Prefix": "exports/", "Tags": [{"Key": "class", "Value": "confidential"}]}},
    "Status": "Enabled",
    "Transitions": [{"Days": 60, "StorageClass": "GLACIER"}],
}


def _log_target(account: Account, name: str) -> str:
    """A bucket that S3 may deliver access logs to, which also refuses something to everybody."""
    bucket = account.bucket(name)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {**_policy("Tls"), "Statement": [*_policy("Tls")["Statement"], statement]}
    account.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    return bucket


def _deliver_elsewhere(account: Account, bucket: str) -> None:
    enabled = {"TargetBucket": _log_target(account, "case-elsewhere"), "TargetPrefix": "by-hand/"}
    account.client("s3").put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})


def _encryption(account: Account, bucket: str) -> dict[str, Any]:
    answer = account.client("s3").get_bucket_encryption(Bucket=bucket)
    [rule] = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return {**rule["ApplyServerSideEncryptionByDefault"], "key per bucket": rule["BucketKeyEnabled"]}


def _encrypt(algorithm: str, key: str | None = None) -> list[dict[str, Any]]:
    by_default = {"sseAlgorithm": algorithm, **({"kmsMasterKeyId": key} if key else {})}
    return [{"applyServerSideEncryptionByDefault": by_default, "bucketKeyEnabled": key is not None}]


def _encrypt_by_hand(account: Account, bucket: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms:dsse"}, "BucketKeyEnabled": False}
    account.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _public_access(account: Account, bucket: str) -> dict[str, bool]:
    answer = account.client("s3").get_public_access_block(Bucket=bucket)
    return dict(answer["PublicAccessBlockConfiguration"])


def _own_by_hand(account: Account, bucket: str) -> None:
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    account.client("s3").put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)


def _versioned(account: Account) -> str:
    bucket = account.bucket()
    account.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def _lock(account: Account, bucket: str) -> dict[str, Any]:
    return dict(account.client("s3").get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"])


def _unlock_by_hand(account: Account, bucket: str) -> None:
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    account.client("s3").put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )


CASES = (
    Case(
        "aws:s3/bucket:Bucket",
        inputs=lambda _: {
            "bucket": "case-new-bucket",
            "region": "us-west-1",
            "objectLockEnabled": True,
            "forceDestroy": True,
            "tags": {"class": "internal", "owner": "data"},
        },
        seen=_bucket,
        created={"region": "us-west-1", "tags": {"class": "internal", "owner": "data"}, "lock": "Enabled"},
        update={"tags": {"class": "restricted"}},
        updated={"region": "us-west-1", "tags": {"class": "restricted"}, "lock": "Enabled"},
        drift=_tag_by_hand,
        drifted={"tags": {"class": "by hand"}},
        outputs=("arn", "bucket", "bucketDomainName", "bucketRegionalDomainName", "region", "tagsAll"),
        never="never",
    ),
    Case(
        "aws:s3/bucketVersioning:BucketVersioning",
        inputs=lambda account: {"bucket": account.bucket(), "versioningConfiguration": {"status": "Enabled"}},
        seen=lambda account, bucket: account.client("s3").get_bucket_versioning(Bucket=bucket).get("Status"),
        created="Enabled",
        update={"versioningConfiguration": {"status": "Suspended"}},
        updated="Suspended",
        drift=lambda account, bucket: account.client("s3").put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
        ),
        drifted={"versioningConfiguration": {"status": "Enabled"}},
        outputs=("bucket", "versioningConfiguration", "region"),
        left="Suspended",
        never="never",
    ),
    Case(
        "aws:s3/bucketPolicy:BucketPolicy",
        inputs=lambda account: {"bucket": account.bucket(), "policy": json.dumps(_policy("Tls"), indent=1)},
        seen=lambda account, bucket: json.loads(account.client("s3").get_bucket_policy(Bucket=bucket)["Policy"]),
        created=_policy("Tls"),
        update={"policy": _policy("TlsOnly")},
        updated=_policy("TlsOnly"),
        drift=_write_policy,
        drifted={"policy": json.dumps(_policy("ByHand"))},
        outputs=("bucket", "policy", "region"),
        never="never",
    ),
    Case(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        inputs=lambda account: {"bucket": account.bucket(), "rules": [_VERSIONS, _EXPORTS]},
        seen=_rules,
        created={"versions": _VERSIONS_SEEN, "exports": _EXPORTS_SEEN},
        update={"rules": [_VERSIONS]},
        updated={"versions": _VERSIONS_SEEN},
        drift=_keep_shorter,
        drifted={"rules": [{**_VERSIONS, "noncurrentVersionExpiration": {"noncurrentDays": 1}}]},
        outputs=("bucket", "rules", "transitionDefaultMinimumObjectSize", "region"),
        never="never",
    ),
    Case(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        inputs=lambda account: {"bucket": account.bucket(), "rules": _encrypt("aws:kms", account.key())},
        seen=_encryption,
        created=lambda inputs: {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": inputs["rules"][0]["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"],
            "key per bucket": True,
        },
        update={"rules": _encrypt("AES256")},
        updated={"SSEAlgorithm": "AES256", "key per bucket": False},
        drift=_encrypt_by_hand,
        drifted={"rules": _encrypt("aws:kms:dsse")},
        outputs=("bucket", "rules", "region"),
        never="never",
    ),
    Case(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        inputs=lambda account: {
            "bucket": account.bucket(),
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
        },
        seen=_public_access,
        created={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": False,
        },
        update={"blockPublicAcls": None, "restrictPublicBuckets": True},
        updated={
            "BlockPublicAcls": False,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        drift=lambda account, bucket: account.client("s3").put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={"BlockPublicPolicy": True, "IgnorePublicAcls": True},
        ),
        drifted={"restrictPublicBuckets": False},
        outputs=("bucket", "blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"),
        never="never",
    ),
    Case(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        inputs=lambda account: {"bucket": account.bucket(), "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        seen=lambda account, bucket: account.client("s3").get_bucket_ownership_controls(Bucket=bucket)[
            "OwnershipControls"
        ]["Rules"],
        created=[{"ObjectOwnership": "BucketOwnerEnforced"}],
        update={"rule": {"objectOwnership": "BucketOwnerPreferred"}},
        updated=[{"ObjectOwnership": "BucketOwnerPreferred"}],
        drift=_own_by_hand,
        drifted={"rule": {"objectOwnership": "ObjectWriter"}},
        outputs=("bucket", "rule", "region"),
        never="never",
    ),
    Case(
        "aws:s3/bucketLogging:BucketLogging",
        inputs=lambda account: {
            "bucket": account.bucket(),
            "targetBucket": _log_target(account, "case-logs"),
            "targetPrefix": "case/",
        },
        seen=lambda account, bucket: account.client("s3").get_bucket_logging(Bucket=bucket).get("LoggingEnabled"),
        created={"TargetBucket": "case-logs", "TargetPrefix": "case/"},
        update=lambda account: {"targetBucket": _log_target(account, "case-more-logs")},
        updated={"TargetBucket": "case-more-logs", "TargetPrefix": "case/"},
        drift=_deliver_elsewhere,
        drifted={"targetBucket": "case-elsewhere", "targetPrefix": "by-hand/"},
        outputs=("bucket", "targetBucket", "targetPrefix", "region"),
        never="never",
    ),
    Case(
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        inputs=lambda account: {
            "bucket": _versioned(account),
            "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 365}},
        },
        seen=_lock,
        created={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 365}},
        },
        update={"rule": {"defaultRetention": {"mode": "COMPLIANCE", "years": 2}}},
        updated={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 2}},
        },
        drift=_unlock_by_hand,
        drifted={"rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 1}}},
        outputs=("bucket", "objectLockEnabled", "rule", "region"),
        left={"ObjectLockEnabled": "Enabled"},
        never="never",
    ),
    Case(
        "aws:s3/bucketMetric:BucketMetric",
        inputs=lambda account: {"bucket": account.bucket(), "name": "requests", "filter": {"prefix": "notes/"}},
        seen=lambda account, thing_id: account.client("s3").get_bucket_metrics_configuration(
            Bucket=thing_id.partition(":")[0], Id=thing_id.partition(":")[2]
        )["MetricsConfiguration"],
        created={"Id": "requests", "Filter": {"Prefix": "notes/"}},
        outputs=("bucket", "name", "region"),
        never="case-bucket:never",
    ),
)
