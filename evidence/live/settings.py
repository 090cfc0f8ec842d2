"""The account's own settings, which hold for what no stack declares too."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from evidence.live.account import Account
from evidence.live.checks import Seen, check, code_of, each

_PASSWORD = {
    "MinimumPasswordLength": 16,
    "PasswordReusePrevention": 24,
}
_CLASSES = ("RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters", "RequireLowercaseCharacters")
_CLOSED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@check(promise="password", severity="medium", controls=("SH:IAM.7", "SH:IAM.15", "SH:IAM.16"))
def password_policy_strong(account: Account) -> Iterator[Seen]:
    """16 characters of all classes, and none of the last 24 (the handbook's Password policy)."""
    try:
        policy = account.ask("iam", "get_account_password_policy")["PasswordPolicy"]
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise
        yield Seen(account.arn, ("the account has no password policy",))
        return
    wrong = [
        f"{name} is {policy.get(name, 0)}, below {low}" for name, low in _PASSWORD.items() if policy.get(name, 0) < low
    ]
    wrong += [f"{name} is off" for name in _CLASSES if not policy.get(name)]
    yield Seen(account.arn, tuple(wrong))


@check(promise="data-protection", severity="high", controls=("SH:S3.1",))
def account_blocks_public_buckets(account: Account) -> Iterator[Seen]:
    """One setting holds for every bucket, those made by hand included."""
    try:
        found = account.ask("s3control", "get_public_access_block", AccountId=account.id)
        settings = found["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if code_of(error) != "NoSuchPublicAccessBlockConfiguration":
            raise
        settings = {}
    yield Seen(account.arn, tuple(f"{name} is off" for name in _CLOSED if not settings.get(name)))


@check(promise="encryption", severity="high", controls=("SH:EC2.7",))
def volumes_encrypted_by_default(account: Account) -> Iterator[Seen]:
    """A volume that somebody makes in a hurry is encrypted too."""

    def judge(region: str) -> Iterator[str]:
        if not account.ask("ec2", "get_ebs_encryption_by_default", region)["EbsEncryptionByDefault"]:
            yield "encryption by default is off"

    yield from each(account.regions, lambda region: account.in_region("ec2", region), judge)


@check(promise="data-protection", severity="critical", controls=("SH:EC2.182", "PH:AMI-BPA"))
def snapshots_and_images_kept_private(account: Account) -> Iterator[Seen]:
    """A shared snapshot is a copied disk."""

    def judge(region: str) -> Iterator[str]:
        snapshots = account.ask("ec2", "get_snapshot_block_public_access_state", region)["State"]
        if snapshots != "block-all-sharing":
            yield f"sharing of snapshots is {snapshots}"
        images = account.ask("ec2", "get_image_block_public_access_state", region)["ImageBlockPublicAccessState"]
        if images != "block-new-sharing":
            yield f"sharing of images is {images}"

    yield from each(account.regions, lambda region: account.in_region("ec2", region), judge)


@check(promise="system-access-control", severity="high", controls=("PH:IMDS-DEFAULT",))
def metadata_asks_for_a_token(account: Account) -> Iterator[Seen]:
    """A server that is tricked into fetching an address must not fetch its own role's credentials."""

    def judge(region: str) -> Iterator[str]:
        level = account.ask("ec2", "get_instance_metadata_defaults", region).get("AccountLevel", {})
        if level.get("HttpTokens") != "required":
            yield f"HttpTokens is {level.get('HttpTokens', 'not set')} by default"

    yield from each(account.regions, lambda region: account.in_region("ec2", region), judge)


@check(promise="gdpr", severity="high", controls=("PH:REGION",))
def nothing_outside_us_west(account: Account) -> Iterator[Seen]:
    """Customers' data stays in US-West: what is tagged in another region of the account is named."""
    regions = account.ask("ec2", "describe_regions")["Regions"]
    elsewhere = sorted({region["RegionName"] for region in regions} - set(account.regions) - {"us-east-1"})

    def judge(region: str) -> Iterator[str]:
        found = account.list("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", region)
        for resource in found:
            yield f"{resource['ResourceARN']} is there"

    yield from each(elsewhere, lambda region: account.in_region("tagging", region), judge)
