"""What an account has once is, in the emulator too, what AWS documents. boto3 alone looks."""

import json

import pytest
from botocore.exceptions import ClientError

from sandbox.aws_plugin import handlers
from sandbox.aws_plugin.aws import Aws
from sandbox.aws_plugin.values import Props
from tests.sandbox.conformance.case import Account, refused

GITHUB = "https://token.actions.githubusercontent.com"


def test_a_region_has_defaults_of_its_own(account: Account) -> None:
    home, away = account.client("ec2"), account.client("ec2", "us-west-1")
    home.enable_snapshot_block_public_access(State="block-all-sharing")
    home.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    home.modify_instance_metadata_defaults(HttpTokens="required")
    home.modify_ebs_default_kms_key_id(KmsKeyId=account.key())
    assert away.get_snapshot_block_public_access_state()["State"] == "unblocked"
    assert away.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "unblocked"
    assert away.get_instance_metadata_defaults()["AccountLevel"] == {}
    assert away.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"


def test_a_metadata_default_that_is_not_given_stays_and_no_preference_takes_it_back(account: Account) -> None:
    """ "If you specify no-preference", or -1, the default is AWS's own again (ModifyInstanceMetadataDefaults)."""
    ec2 = account.client("ec2")
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2)
    ec2.modify_instance_metadata_defaults(HttpPutResponseHopLimit=1)
    found = ec2.get_instance_metadata_defaults()["AccountLevel"]
    assert (found["HttpTokens"], found["HttpPutResponseHopLimit"]) == ("required", 1)
    ec2.modify_instance_metadata_defaults(HttpTokens="no-preference")
    assert "HttpTokens" not in ec2.get_instance_metadata_defaults()["AccountLevel"]
    ec2.modify_instance_metadata_defaults(HttpPutResponseHopLimit=-1)
    assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {}


def test_blocks_answer_the_state_that_they_bring_about(account: Account) -> None:
    ec2 = account.client("ec2")
    for state in ("block-all-sharing", "block-new-sharing"):
        assert ec2.enable_snapshot_block_public_access(State=state)["State"] == state
    assert ec2.disable_snapshot_block_public_access()["State"] == "unblocked"
    blocked = ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    assert blocked["ImageBlockPublicAccessState"] == "block-new-sharing"
    assert ec2.disable_image_block_public_access()["ImageBlockPublicAccessState"] == "unblocked"


def test_the_default_volume_key_is_reset_to_the_one_of_aws(account: Account) -> None:
    ec2, key = account.client("ec2"), account.key()
    assert ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)["KmsKeyId"] == key
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == key
    assert ec2.reset_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"


def test_audiences_of_a_provider_are_added_and_removed_any_number_of_times(account: Account) -> None:
    """ "This operation is idempotent" (AddClientIDToOpenIDConnectProvider, RemoveClientIDFromOpenIDConnectProvider)."""
    iam = account.client("iam")
    made = iam.create_open_id_connect_provider(Url=GITHUB, ClientIDList=["first"])
    provider = {"OpenIDConnectProviderArn": made["OpenIDConnectProviderArn"]}
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(**provider, ClientID="second")
    assert iam.get_open_id_connect_provider(**provider)["ClientIDList"] == ["first", "second"]
    for _ in range(2):
        iam.remove_client_id_from_open_id_connect_provider(**provider, ClientID="first")
    assert iam.get_open_id_connect_provider(**provider)["ClientIDList"] == ["second"]
    iam.delete_open_id_connect_provider(**provider)
    with pytest.raises(ClientError, match=r"\(NoSuchEntity\)"):
        iam.add_client_id_to_open_id_connect_provider(**provider, ClientID="third")


def test_a_managed_policy_changes_more_often_than_it_may_have_versions(account: Account, aws: Aws) -> None:
    """ "A managed policy can have up to five versions" (CreatePolicyVersion)."""
    policies = handlers.find("aws:iam/policy:Policy")
    assert policies is not None

    def inputs(change: int) -> Props:
        statement = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::bucket-{change}"}
        return {"name": "often", "policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}

    made = policies.create(inputs(0), aws)
    state = made.state
    for change in range(1, 8):
        state = policies.update(made.id, state, inputs(change), aws)
        assert state["policy"] == inputs(change)["policy"]
    assert len(account.client("iam").list_policy_versions(PolicyArn=made.id)["Versions"]) == 5
    policies.delete(made.id, state, aws)
    assert policies.read(made.id, state, aws) is None


def test_a_disabled_hub_loses_its_settings_and_standards(account: Account) -> None:
    hub = account.client("securityhub")
    standard = "arn:aws:securityhub:us-west-2::standards/cis-aws-foundations-benchmark/v/5.0.0"
    with refused("InvalidAccessException"):
        hub.batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": standard}])
    hub.enable_security_hub(ControlFindingGenerator="STANDARD_CONTROL")
    assert hub.describe_hub()["ControlFindingGenerator"] == "STANDARD_CONTROL"
    enabled = hub.batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": standard}])
    assert hub.get_enabled_standards()["StandardsSubscriptions"] == enabled["StandardsSubscriptions"]
    hub.disable_security_hub()
    with refused("InvalidAccessException"):
        hub.get_enabled_standards()
    hub.enable_security_hub()
    assert hub.describe_hub()["ControlFindingGenerator"] == "SECURITY_CONTROL"
    assert hub.get_enabled_standards()["StandardsSubscriptions"] == []
