"""Keys and their aliases."""

from sandbox.aws_plugin.handlers.records import Call, Record, Tagging

_ROTATION = ("enableKeyRotation", "rotationPeriodInDays")

RECORDS = (
    Record(
        "aws:kms/key:Key",
        service="kms",
        key={"KeyId": "{id}"},
        id="KeyId",
        create=Call("create_key", at="KeyMetadata"),
        reads=(
            Call("describe_key", at="KeyMetadata"),
            Call("get_key_policy", given={"PolicyName": "default"}, only=("policy",)),
            Call(
                "get_key_rotation_status",
                only=_ROTATION,
                names={"enableKeyRotation": "KeyRotationEnabled"},
            ),
        ),
        gone="KeyState == 'PendingDeletion'",
        updates=(
            Call("enable_key", only=("isEnabled",), when={"isEnabled": True}),
            Call("update_key_description"),
            Call("put_key_policy", given={"PolicyName": "default"}),
            Call("enable_key_rotation", only=_ROTATION, when={"enableKeyRotation": True}),
            Call("disable_key_rotation", only=_ROTATION, when={"enableKeyRotation": False}),
            Call("disable_key", only=("isEnabled",), when={"isEnabled": False}),
        ),
        deletes=(Call("schedule_key_deletion", names={"deletionWindowInDays": "PendingWindowInDays"}),),
        names={"customerMasterKeySpec": "KeySpec", "isEnabled": "Enabled"},
        defaults={"description": "", "isEnabled": True, "enableKeyRotation": False, "keyUsage": "ENCRYPT_DECRYPT"},
        flags=frozenset({"bypassPolicyLockoutSafetyCheck", "deletionWindowInDays"}),
        tagging=Tagging("tag_resource", "untag_resource", "list_resource_tags", {"KeyId": "{id}"}),
    ),
    Record(
        "aws:kms/alias:Alias",
        service="kms",
        noun="Alias",
        key={"AliasName": "{name}"},
        id="{name}",
        create=Call("create_alias"),
        reads=(Call("list_aliases", at="Aliases[?AliasName == '{name}'] | [0]"),),
        updates=(Call("update_alias"),),
        deletes=(Call("delete_alias"),),
        computed={"targetKeyArn": "arn:{partition}:kms:{region}:{account}:key/{targetKeyId}"},
    ),
)
