"""Buckets: closed to the public by settings that one wrong policy can't undo."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.examples import declare
from policy_pack.tokens import BUCKETS
from policy_pack.vocabulary import Changes, Finding, Graph, Props, Resource, Row, Severity, aws, each, rule

PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("SH:S3.2", "SH:S3.3", "SH:S3.8", "CIS7:3.1.4"),
    fix="give the bucket an aws.s3.BucketPublicAccessBlock with all four settings true",
)
def bucket_blocks_public_access(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """A wrong policy or ACL must not be enough to publish a bucket."""
    blocks = graph.children(bucket, on=PUBLIC_ACCESS_BLOCK, via="bucket")
    if not blocks:
        yield "no public access block is configured"

    def judge(pair: tuple[Resource, str]) -> Iterator[Finding]:
        block, name = pair
        if block.get(name) is not True:
            yield f"{name} of its public access block is not true"

    yield from each([(block, name) for block in blocks for name in BLOCKS], judge)


@bucket_blocks_public_access.passes
def blocked() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketPublicAccessBlock(
        "data",
        bucket=data.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    aws.s3.BucketV2("named", bucket="named")
    aws.s3.BucketPublicAccessBlock(
        "named",
        bucket="named",
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )


@bucket_blocks_public_access.fails
def not_blocked() -> None:
    aws.s3.Bucket("data")


@bucket_blocks_public_access.fails
def half_blocked() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketPublicAccessBlock("data", bucket=data.id, block_public_acls=True, ignore_public_acls=True)


# S3 sets all four for a new access point of either kind (Amazon S3 User Guide, "Managing public access to access
# points"); for the account and for a bucket's own block it sets none.
BLOCKED_BY_DEFAULT = {
    "aws:s3/accessPoint:AccessPoint": Row(("publicAccessBlockConfiguration",), unset=True, controls=("SH:S3.19",)),
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": Row(
        (), unset=False, controls=("SH:S3.1", "CIS7:3.1.4")
    ),
    PUBLIC_ACCESS_BLOCK: Row((), unset=False, controls=("SH:S3.8", "CIS7:3.1.4")),
    "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint": Row(
        ("details", "publicAccessBlock"), unset=True, controls=("SH:S3.24",)
    ),
}


@rule(
    on=BLOCKED_BY_DEFAULT,
    severity=Severity.CRITICAL,
    promise="data-protection",
    fix="set all four settings to true",
)
def public_access_blocked(resource: Resource, row: Row) -> Iterator[Finding]:
    """A way in beside the bucket's own must be as closed as the bucket."""

    def judge(name: str) -> Iterator[Finding]:
        if resource.get(*row.path, name, default=row.unset) is not True:
            yield f"{resource.where(*row.path, name)} is not true"

    yield from each(BLOCKS, judge)


@public_access_blocked.passes
def ways_in_blocked() -> None:
    every = dict.fromkeys(BLOCKS, True)
    declare("aws:s3/accessPoint:AccessPoint", bucket="data")
    declare("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", **every)
    declare(PUBLIC_ACCESS_BLOCK, bucket="data", **every)
    declare(
        "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint",
        details={"name": "data", "publicAccessBlock": every, "regions": [{"bucket": "data"}]},
    )


@public_access_blocked.fails
def account_half_blocked() -> None:
    aws.s3.AccountPublicAccessBlock("account", block_public_acls=True, ignore_public_acls=True)


@public_access_blocked.fails
def access_point_opened() -> None:
    aws.s3.AccessPoint("data", bucket="data", public_access_block_configuration={"block_public_policy": False})


@public_access_blocked.fails
def bucket_half_blocked() -> None:
    aws.s3.BucketPublicAccessBlock("data", bucket="data", block_public_acls=True, block_public_policy=False)


@public_access_blocked.remedy
def block(resource: Resource, row: Row) -> Changes:
    """sets all four settings, for which an access point is replaced; leaves multi-region access points alone"""
    if resource.type == "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint":
        return {}
    return {(*row.path, name): True for name in BLOCKS}


@rule(
    on=("aws:s3/accessPoint:AccessPoint",),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:S3.19",),
    fix="set vpcConfiguration to the VPC that the access point is for",
)
def access_point_in_vpc(access_point: Resource) -> Iterator[Finding]:
    """Production data is reached from private networks."""
    if not access_point.has("vpcConfiguration"):
        yield "vpcConfiguration is not set: the access point answers the internet"


@access_point_in_vpc.passes
def from_one_network() -> None:
    aws.s3.AccessPoint("data", bucket="data", vpc_configuration={"vpc_id": "vpc-11112222"})


@access_point_in_vpc.fails
def from_the_internet() -> None:
    aws.s3.AccessPoint("data", bucket="data")


@rule(
    on=BUCKETS,
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:S3.12",),
    fix="give the bucket an aws.s3.BucketOwnershipControls with BucketOwnerEnforced, and no ACL",
)
def bucket_without_acls(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """ACLs are a second, older way to grant access that no policy shows."""
    # Amazon S3 User Guide, "Controlling ownership of objects": BucketOwnerEnforced is what a new bucket has.
    for controls in graph.children(bucket, on=OWNERSHIP, via="bucket"):
        if controls.get("rule", "objectOwnership") != "BucketOwnerEnforced":
            yield "objectOwnership of its ownership controls is not BucketOwnerEnforced"
    for name in ("acl", "grants"):
        if bucket.has(name):
            yield f"{name} is set"


@bucket_without_acls.passes
def owned_by_the_bucket() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketOwnershipControls("data", bucket=data.id, rule={"object_ownership": "BucketOwnerEnforced"})
    aws.s3.BucketV2("old")


@bucket_without_acls.fails
def owned_by_whoever_writes() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketOwnershipControls("data", bucket=data.id, rule={"object_ownership": "ObjectWriter"})


@bucket_without_acls.fails
def with_an_acl() -> None:
    aws.s3.BucketV2("old", acl="public-read")


ACLS = ("aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2")
# Predefined ACLs that grant to others than the owner, and the groups that stand for everybody.
OPEN_ACLS = ("public-read", "public-read-write", "authenticated-read")
OPEN_GROUPS = ("/AllUsers", "/AuthenticatedUsers")


@rule(
    on=ACLS,
    severity=Severity.CRITICAL,
    promise="data-protection",
    controls=("SH:S3.12", "SH:S3.2", "SH:S3.3"),
    fix="remove it, and grant what is needed in the bucket's policy",
)
def bucket_acl_private(acl: Resource) -> Iterator[Finding]:
    """An ACL for a group of everybody publishes what is in the bucket."""
    if acl.get("acl") in OPEN_ACLS:
        yield f"acl is {acl.get('acl')}"

    def judge(grant: Props) -> Iterator[Finding]:
        if str(grant.get("grantee", "uri", default="")).endswith(OPEN_GROUPS):
            yield f"{grant.where('grantee.uri')} is everybody"

    yield from each(acl.get("accessControlPolicy", "grants", default=()), judge)


@bucket_acl_private.passes
def for_the_owner() -> None:
    for token in ACLS:
        declare(token, bucket="data", acl="private")


@bucket_acl_private.fails
def for_the_world() -> None:
    aws.s3.BucketAcl("data", bucket="data", acl="public-read")


@bucket_acl_private.fails
def for_whoever_has_an_account() -> None:
    everybody = {"type": "Group", "uri": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}
    grants = [{"grantee": everybody, "permission": "READ"}]
    declare(ACLS[1], bucket="data", accessControlPolicy={"owner": {"id": "1"}, "grants": grants})
