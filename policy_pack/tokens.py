"""Type tokens that rules of several files judge, and one reading of the types that come in several forms."""

from __future__ import annotations

from policy_pack.resources import Resource
from policy_pack.values import Props

BUCKET = "aws:s3/bucket:Bucket"
BUCKETS = (BUCKET, "aws:s3/bucketV2:BucketV2")
BUCKET_LOGGING = ("aws:s3/bucketLogging:BucketLogging", "aws:s3/bucketLoggingV2:BucketLoggingV2")
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
DATABASE_CLUSTER = "aws:rds/cluster:Cluster"
DATABASE_INSTANCE = "aws:rds/instance:Instance"
KEY = "aws:kms/key:Key"
PERMISSION_SET = "aws:ssoadmin/permissionSet:PermissionSet"
ROLE = "aws:iam/role:Role"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
SUBNET = "aws:ec2/subnet:Subnet"
TRAIL = "aws:cloudtrail/trail:Trail"
VAULT = "aws:backup/vault:Vault"
VPC = "aws:ec2/vpc:Vpc"


def inline(bucket: Resource, name: str) -> list[Props]:
    """Return the blocks of a setting that is written inside its bucket: one in `Bucket`, a list in `BucketV2`."""
    if bucket.type == BUCKET:
        block = bucket.get(name)
        return [] if block is None else [block]
    return list(bucket.get(f"{name}s", default=()))


STACK = "pulumi:pulumi:Stack"
