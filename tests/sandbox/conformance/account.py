"""What an account, or a region of it, has once."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case


def _public_access(account: Account, thing_id: str) -> dict[str, bool]:
    answer = account.client("s3control").get_public_access_block(AccountId=thing_id)
    return dict(answer["PublicAccessBlockConfiguration"])


def _open_by_hand(account: Account, thing_id: str) -> None:
    blocks = {"BlockPublicAcls": True, "BlockPublicPolicy": False, "IgnorePublicAcls": True}
    account.client("s3control").put_public_access_block(
        AccountId=thing_id, PublicAccessBlockConfiguration={**blocks, "RestrictPublicBuckets": True}
    )


def _second_key(account: Account) -> str:
    return str(account.client("kms", "us-west-1").create_key()["KeyMetadata"]["Arn"])


def _metadata(account: Account, region: str) -> dict[str, Any] | None:
    found = account.client("ec2", region).get_instance_metadata_defaults()["AccountLevel"]
    return {name: found.get(name) for name in ("HttpTokens", "HttpPutResponseHopLimit")} if found else None


def _images(account: Account, region: str) -> tuple[str, list[list[str]]] | None:
    found = account.client("ec2", region).get_allowed_images_settings()
    providers = [criterion["ImageProviders"] for criterion in found["ImageCriteria"]]
    return None if found["State"] == "disabled" else (found["State"], providers)


def _contact(account: Account, kind: str) -> dict[str, str]:
    return dict(account.client("account").get_alternate_contact(AlternateContactType=kind)["AlternateContact"])


def _called(number: str) -> dict[str, str]:
    about = {"AlternateContactType": "SECURITY", "EmailAddress": "security@example.com", "Name": "Security"}
    return about | {"PhoneNumber": number, "Title": "Security"}


CASES = (
    Case(
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        inputs=lambda _: {
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        seen=_public_access,
        created={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        update={"ignorePublicAcls": None},
        updated={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": False,
            "RestrictPublicBuckets": True,
        },
        drift=_open_by_hand,
        drifted={"blockPublicPolicy": False},
        outputs=("accountId",),
        never=None,
    ),
    Case(
        "aws:ebs/encryptionByDefault:EncryptionByDefault",
        inputs=lambda _: {"enabled": True, "region": "us-west-1"},
        seen=lambda account, region: account.client("ec2", region).get_ebs_encryption_by_default()[
            "EbsEncryptionByDefault"
        ],
        created=True,
        update={"enabled": False},
        updated=False,
        drift=lambda account, region: account.client("ec2", region).enable_ebs_encryption_by_default(),
        drifted={"enabled": True},
        outputs=("enabled", "region"),
        never=None,
        left=False,
    ),
    Case(
        "aws:ebs/defaultKmsKey:DefaultKmsKey",
        inputs=lambda account: {"keyArn": _second_key(account), "region": "us-west-1"},
        seen=lambda account, region: account.client("ec2", region).get_ebs_default_kms_key_id()["KmsKeyId"],
        created=lambda inputs: inputs["keyArn"],
        drift=lambda account, region: account.client("ec2", region).reset_ebs_default_kms_key_id(),
        drifted={"keyArn": "alias/aws/ebs"},
        outputs=("keyArn", "region"),
        never=None,
        left="alias/aws/ebs",
    ),
    Case(
        "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults",
        inputs=lambda _: {"httpTokens": "required", "httpPutResponseHopLimit": 1, "region": "us-west-1"},
        seen=_metadata,
        created={"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        update={"httpTokens": "optional", "httpPutResponseHopLimit": None},
        updated={"HttpTokens": "optional", "HttpPutResponseHopLimit": None},
        drift=lambda account, region: account.client("ec2", region).modify_instance_metadata_defaults(
            HttpTokens="required"
        ),
        drifted={"httpTokens": "required"},
        outputs=("httpTokens", "region"),
        never=None,
    ),
    Case(
        "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess",
        inputs=lambda _: {"state": "block-all-sharing", "region": "us-west-1"},
        seen=lambda account, region: account.client("ec2", region).get_snapshot_block_public_access_state()["State"],
        created="block-all-sharing",
        update={"state": "block-new-sharing"},
        updated="block-new-sharing",
        drift=lambda account, region: account.client("ec2", region).disable_snapshot_block_public_access(),
        drifted={"state": "unblocked"},
        outputs=("state", "region"),
        never=None,
        left="unblocked",
    ),
    Case(
        "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess",
        inputs=lambda _: {"state": "block-new-sharing", "region": "us-west-1"},
        seen=lambda account, region: account.client("ec2", region).get_image_block_public_access_state()[
            "ImageBlockPublicAccessState"
        ],
        created="block-new-sharing",
        update={"state": "unblocked"},
        updated="unblocked",
        drift=lambda account, region: account.client("ec2", region).enable_image_block_public_access(
            ImageBlockPublicAccessState="block-new-sharing"
        ),
        drifted={"state": "block-new-sharing"},
        outputs=("state", "region"),
        never=None,
        left="unblocked",
    ),
    Case(
        "aws:ec2/allowedImagesSettings:AllowedImagesSettings",
        inputs=lambda _: {
            "state": "audit-mode",
            "imageCriterions": [{"imageProviders": ["amazon"]}],
            "region": "us-west-1",
        },
        seen=_images,
        created=("audit-mode", [["amazon"]]),
        update={"state": "enabled", "imageCriterions": [{"imageProviders": ["amazon", "123456789012"]}]},
        updated=("enabled", [["amazon", "123456789012"]]),
        drift=lambda account, region: account.client("ec2", region).replace_image_criteria_in_allowed_images_settings(
            ImageCriteria=[{"ImageProviders": ["aws-marketplace"]}]
        ),
        drifted={"imageCriterions": [{"imageProviders": ["aws-marketplace"]}]},
        outputs=("region", "state"),
        never="us-west-1",
    ),
    Case(
        "aws:account/alternativeContact:AlternativeContact",
        inputs=lambda _: {
            "alternateContactType": "SECURITY",
            "emailAddress": "security@example.com",
            "name": "Security",
            "phoneNumber": "+1 206 555 0100",
            "title": "Security",
        },
        seen=_contact,
        created=_called("+1 206 555 0100"),
        update={"phoneNumber": "+1 206 555 0101"},
        updated=_called("+1 206 555 0101"),
        drift=lambda account, _: account.client("account").put_alternate_contact(**_called("+1 206 555 0199")),
        drifted={"phoneNumber": "+1 206 555 0199"},
        outputs=("emailAddress", "phoneNumber"),
        never="BILLING",
    ),
)
