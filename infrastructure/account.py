"""Account defaults: what holds for whatever anybody creates in the account, with this program or by hand.

Enters: the keys for volumes of both regions, the age at which passwords expire and whom AWS calls about security.
Leaves: `AccountDefaults`.
An account has one of each: a stack has an account of its own (Software Development Lifecycle: separate environments).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import account, ebs, ec2, iam, resourceexplorer, s3

from infrastructure.promises import PASSWORD_AGE_DAYS, PASSWORD_LENGTH, PASSWORDS_REMEMBERED
from infrastructure.scope import DataClass, Scope

SERVICE = "account"


@dataclass(frozen=True)
class AccountDefaultsArgs:
    """`volume_key_arns`: of each region, by its name, the key that volumes are under unless another is given."""

    scope: Scope
    volume_key_arns: dict[str, pulumi.Output[str]]
    password_age_days: int
    security_email: str
    security_phone: str

    def __post_init__(self) -> None:
        PASSWORD_AGE_DAYS.require("password_age_days", self.password_age_days)


class AccountDefaults(pulumi.ComponentResource):
    """The account's password policy and block of public buckets, and the defaults of both regions."""

    def __init__(self, name: str, args: AccountDefaultsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:account:AccountDefaults", name, {}, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._create_password_policy(f"{name}-password-policy", args.password_age_days)
        s3.AccountPublicAccessBlock(
            f"{name}-public-access-block",
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )
        account.AlternativeContact(
            f"{name}-security-contact",
            alternate_contact_type="SECURITY",
            name="Security",
            title="Security",
            email_address=args.security_email,
            phone_number=args.security_phone,
            opts=self._child,
        )
        for region, key_arn in args.volume_key_arns.items():
            elsewhere = region != args.scope.region
            in_region = f"{name}-recovery" if elsewhere else name
            self._create_region_defaults(in_region, key_arn, region if elsewhere else None)
            self._allow_images(in_region, args.scope, region if elsewhere else None)
            self._create_inventory(in_region, args.scope, region if elsewhere else None)
        self.register_outputs({})

    def _create_password_policy(self, name: str, age_days: int) -> None:
        iam.AccountPasswordPolicy(
            name,
            minimum_password_length=PASSWORD_LENGTH,
            password_reuse_prevention=PASSWORDS_REMEMBERED,
            max_password_age=age_days,
            require_lowercase_characters=True,
            require_uppercase_characters=True,
            require_numbers=True,
            require_symbols=True,
            allow_users_to_change_password=True,
            hard_expiry=False,  # whoever comes back from leave can still set a new one
            opts=self._child,
        )

    def _create_region_defaults(self, name: str, key_arn: pulumi.Output[str], region: str | None) -> None:
        ebs.EncryptionByDefault(f"{name}-volume-encryption", enabled=True, region=region, opts=self._child)
        ebs.DefaultKmsKey(
            f"{name}-volume-key",
            key_arn=key_arn,
            region=region,
            # There is one: to create the next before the deletion of the last would end without any.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        ec2.InstanceMetadataDefaults(
            f"{name}-instance-metadata",
            http_tokens="required",
            http_put_response_hop_limit=1,  # an answer reaches the instance, and no container behind it
            region=region,
            opts=self._child,
        )
        ebs.SnapshotBlockPublicAccess(
            f"{name}-snapshot-block", state="block-all-sharing", region=region, opts=self._child
        )
        ec2.ImageBlockPublicAccess(f"{name}-image-block", state="block-new-sharing", region=region, opts=self._child)

    def _allow_images(self, name: str, scope: Scope, region: str | None) -> None:
        """Machines start from Amazon's images and from the account's own, and from nobody else's."""
        ec2.AllowedImagesSettings(
            f"{name}-allowed-images",
            state="enabled",
            image_criterions=[{"image_providers": ["amazon", scope.account]}],
            region=region,
            opts=self._child,
        )

    def _create_inventory(self, name: str, scope: Scope, region: str | None) -> None:
        """Asset Management: an index of everything in the region; the home region's gathers the other's."""
        resourceexplorer.Index(
            f"{name}-inventory",
            type="LOCAL" if region else "AGGREGATOR",
            region=region,
            tags=scope.tags(SERVICE, DataClass.INTERNAL),
            opts=self._child,
        )
