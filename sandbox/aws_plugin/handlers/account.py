"""What an account, or a region of it, has once: its defaults. Deleting one gives AWS's own default back."""

from sandbox.aws_plugin.handlers.records import Call, Record

_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_NO_PREFERENCE = "no-preference"
_METADATA = {"httpEndpoint": _NO_PREFERENCE, "httpTokens": _NO_PREFERENCE, "instanceMetadataTags": _NO_PREFERENCE}
_NO_HOP_LIMIT = -1

RECORDS = (
    Record(
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        service="s3control",
        key={"AccountId": "{account}"},
        id="{account}",
        create=(
            block := Call(
                "put_public_access_block",
                names={name: f"PublicAccessBlockConfiguration.{name[0].upper()}{name[1:]}" for name in _BLOCKS},
            )
        ),
        reads=(Call("get_public_access_block", at="PublicAccessBlockConfiguration"),),
        updates=(block,),
        deletes=(Call("delete_public_access_block"),),
        defaults=dict.fromkeys(_BLOCKS, False),
        computed={"accountId": "{account}"},
        replace_on=frozenset({"accountId"}),
    ),
    Record(
        "aws:ebs/encryptionByDefault:EncryptionByDefault",
        service="ec2",
        key={},
        id="{region}",
        create=Call("enable_ebs_encryption_by_default", only=("enabled",)),
        reads=(Call("get_ebs_encryption_by_default"),),
        updates=(
            Call("enable_ebs_encryption_by_default", only=("enabled",), when={"enabled": True}),
            Call("disable_ebs_encryption_by_default", only=("enabled",), when={"enabled": False}),
        ),
        deletes=(Call("disable_ebs_encryption_by_default"),),
        names={"enabled": "EbsEncryptionByDefault"},
        defaults={"enabled": True},
    ),
    Record(
        "aws:ebs/defaultKmsKey:DefaultKmsKey",
        service="ec2",
        key={},
        id="{region}",
        create=Call("modify_ebs_default_kms_key_id"),
        reads=(Call("get_ebs_default_kms_key_id"),),
        deletes=(Call("reset_ebs_default_kms_key_id"),),
        names={"keyArn": "KmsKeyId"},
    ),
    Record(
        "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults",
        service="ec2",
        key={},
        id="{region}",
        create=(metadata := Call("modify_instance_metadata_defaults")),
        reads=(Call("get_instance_metadata_defaults", at="AccountLevel"),),
        gone="!(HttpEndpoint || HttpPutResponseHopLimit || HttpTokens || InstanceMetadataTags)",
        updates=(metadata,),
        deletes=(
            Call(
                "modify_instance_metadata_defaults",
                only=("region",),
                given={
                    **{f"{name[0].upper()}{name[1:]}": value for name, value in _METADATA.items()},
                    "HttpPutResponseHopLimit": _NO_HOP_LIMIT,
                },
            ),
        ),
        defaults={**_METADATA, "httpPutResponseHopLimit": _NO_HOP_LIMIT},
    ),
    Record(
        "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess",
        service="ec2",
        key={},
        id="{region}",
        create=Call("enable_snapshot_block_public_access"),
        reads=(Call("get_snapshot_block_public_access_state"),),
        updates=(
            Call("enable_snapshot_block_public_access", unless={"state": "unblocked"}),
            Call("disable_snapshot_block_public_access", only=("state",), when={"state": "unblocked"}),
        ),
        deletes=(Call("disable_snapshot_block_public_access"),),
    ),
    Record(
        "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess",
        service="ec2",
        key={},
        id="{region}",
        create=Call("enable_image_block_public_access"),
        reads=(Call("get_image_block_public_access_state"),),
        updates=(
            Call("enable_image_block_public_access", unless={"state": "unblocked"}),
            Call("disable_image_block_public_access", only=("state",), when={"state": "unblocked"}),
        ),
        deletes=(Call("disable_image_block_public_access"),),
        names={"state": "ImageBlockPublicAccessState"},
    ),
    Record(
        "aws:ec2/allowedImagesSettings:AllowedImagesSettings",
        service="ec2",
        key={},
        id="{region}",
        create=(allow := Call("enable_allowed_images_settings", names={"state": "AllowedImagesSettingsState"})),
        reads=(Call("get_allowed_images_settings"),),
        gone="State == 'disabled'",
        updates=(allow, Call("replace_image_criteria_in_allowed_images_settings")),
        deletes=(
            Call("disable_allowed_images_settings"),
            Call("replace_image_criteria_in_allowed_images_settings", only=("region",), given={"ImageCriteria": []}),
        ),
        names={"imageCriterions": "ImageCriteria"},
    ),
    Record(
        "aws:account/alternativeContact:AlternativeContact",
        service="account",
        key={"AlternateContactType": "{alternateContactType}"},
        id="{alternateContactType}",
        create=(contact := Call("put_alternate_contact")),
        reads=(Call("get_alternate_contact", at="AlternateContact"),),
        updates=(contact,),
        deletes=(Call("delete_alternate_contact"),),
    ),
)
