"""Account defaults: passwords, public access, and what each region gives to whatever is created in it."""

import pulumi
import pytest

from infrastructure.account import AccountDefaults, AccountDefaultsArgs
from infrastructure.promises import BrokenPromise
from infrastructure.scope import Deployment, Environment, Scope
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations, build

SCOPE = Scope("dev", ACCOUNT, "us-west-2", "us-west-1", "platform", Environment.STAGING, Deployment.CLOUD)


def _by_region(environment: Registrations, suffix: str) -> dict[str, Registered]:
    found = environment.of(suffix)
    regions = {resource.state["region"]: resource for resource in found}
    assert len(regions) == len(found)
    return regions


def test_passwords_are_long_of_all_classes_and_not_reused(environment: Registrations) -> None:
    (policy,) = environment.of("iam/accountPasswordPolicy:AccountPasswordPolicy")
    assert policy.inputs["minimumPasswordLength"] >= 16
    assert policy.inputs["passwordReusePrevention"] == 24
    for kind in ("LowercaseCharacters", "UppercaseCharacters", "Numbers", "Symbols"):
        assert policy.inputs[f"require{kind}"] is True, kind
    assert 0 < policy.inputs["maxPasswordAge"] <= 90


def test_people_can_change_an_expired_password(environment: Registrations) -> None:
    (policy,) = environment.of("iam/accountPasswordPolicy:AccountPasswordPolicy")
    assert policy.inputs["allowUsersToChangePassword"] is True
    assert policy.inputs["hardExpiry"] is False


def test_no_bucket_of_the_account_can_be_public(environment: Registrations) -> None:
    (block,) = environment.of("s3/accountPublicAccessBlock:AccountPublicAccessBlock")
    for kind in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
        assert block.inputs[kind] is True, kind
    assert block.inputs.get("accountId", ACCOUNT) == ACCOUNT


def test_volumes_of_both_regions_are_encrypted_under_the_regions_own_key(environment: Registrations) -> None:
    encryption = _by_region(environment, "ebs/encryptionByDefault:EncryptionByDefault")
    keys = _by_region(environment, "ebs/defaultKmsKey:DefaultKmsKey")
    assert set(encryption) == set(keys) == {"us-west-2", "us-west-1"}
    assert all(resource.inputs["enabled"] is True for resource in encryption.values())
    for region, name in (("us-west-2", "volumes-key"), ("us-west-1", "recovery-volumes-key")):
        key = environment.one("kms/key:Key", name)
        assert key.state["region"] == region
        assert keys[region].inputs["keyArn"] == key.state["arn"]
        conditions = [one.get("Condition", {}).get("StringEquals", {}) for one in key.document()]
        through = [one["kms:ViaService"] for one in conditions if one]
        assert through == [[f"ec2.{region}.amazonaws.com"]] * 2


def test_instances_of_both_regions_answer_metadata_to_sessions_alone(environment: Registrations) -> None:
    defaults = _by_region(environment, "ec2/instanceMetadataDefaults:InstanceMetadataDefaults")
    assert set(defaults) == {"us-west-2", "us-west-1"}
    for resource in defaults.values():
        assert resource.inputs["httpTokens"] == "required"
        assert resource.inputs["httpPutResponseHopLimit"] == 1


@pytest.mark.parametrize(
    ("suffix", "state"),
    [
        ("ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess", "block-all-sharing"),
        ("ec2/imageBlockPublicAccess:ImageBlockPublicAccess", "block-new-sharing"),
    ],
)
def test_snapshots_and_images_of_both_regions_cannot_be_shared_with_everybody(
    environment: Registrations, suffix: str, state: str
) -> None:
    blocks = _by_region(environment, suffix)
    assert set(blocks) == {"us-west-2", "us-west-1"}
    assert all(resource.inputs["state"] == state for resource in blocks.values())


def test_aws_knows_whom_to_tell_of_a_security_issue(environment: Registrations, stack: str) -> None:
    (contact,) = environment.of("account/alternativeContact:AlternativeContact")
    assert contact.inputs["alternateContactType"] == "SECURITY"
    domain = "customer.example" if stack == "self-hosted" else "hedgerow.example"
    assert contact.inputs["emailAddress"] == f"security@{domain}"
    assert contact.inputs["phoneNumber"].startswith("+")


def test_machines_of_both_regions_start_from_known_images_alone(environment: Registrations) -> None:
    allowed = _by_region(environment, "ec2/allowedImagesSettings:AllowedImagesSettings")
    assert set(allowed) == {"us-west-2", "us-west-1"}
    for resource in allowed.values():
        assert resource.inputs["state"] == "enabled", "audit-mode only watches"
        assert resource.inputs["imageCriterions"] == [{"imageProviders": ["amazon", ACCOUNT]}]


def test_one_inventory_gathers_both_regions(environment: Registrations) -> None:
    indexes = _by_region(environment, "resourceexplorer/index:Index")
    assert {region: index.inputs["type"] for region, index in indexes.items()} == {
        "us-west-2": "AGGREGATOR",
        "us-west-1": "LOCAL",
    }


@pytest.mark.parametrize("days", [0, 91])
def test_passwords_that_never_or_late_expire_are_refused(days: int) -> None:
    keys = {"us-west-2": pulumi.Output.from_input("key")}

    def program() -> None:
        AccountDefaults("account", AccountDefaultsArgs(SCOPE, keys, days, "security@example.com", "+1 206 555 0100"))

    with pytest.raises(BrokenPromise, match=r"must be from 1 to 90 \(Password: "):
        build(program)
