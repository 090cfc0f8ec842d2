"""Information security: the configuration of everything is recorded, in both regions, and nobody deletes the record."""

import pulumi
import pytest

from infrastructure.logs import access_log_bucket
from infrastructure.promises import BrokenPromise
from infrastructure.recorder import ConfigurationRecorder, ConfigurationRecorderArgs
from infrastructure.scope import Deployment, Environment, Scope
from tests.infrastructure.mocks import ACCOUNT, Registrations, build

SCOPE = Scope("dev", ACCOUNT, "us-west-2", "us-west-1", "platform", Environment.STAGING, Deployment.CLOUD)


def test_everything_is_recorded_in_both_regions_and_what_is_global_once(environment: Registrations) -> None:
    groups = {recorder.state["region"]: recorder.inputs for recorder in environment.of("cfg/recorder:Recorder")}
    assert groups.keys() == {"us-west-2", "us-west-1"}
    assert all(recorder["recordingGroup"]["allSupported"] is True for recorder in groups.values())
    everywhere = {region: inputs["recordingGroup"]["includeGlobalResourceTypes"] for region, inputs in groups.items()}
    assert everywhere == {"us-west-2": True, "us-west-1": False}


def test_recorders_are_the_services_own_role_and_run(environment: Registrations) -> None:
    role = environment.one("iam/serviceLinkedRole:ServiceLinkedRole", "config-role")
    assert role.inputs["awsServiceName"] == "config.amazonaws.com"
    recorders = environment.of("cfg/recorder:Recorder")
    assert {recorder.inputs["roleArn"] for recorder in recorders} == {role.state["arn"]}
    running = {
        (status.state["region"], status.inputs["name"])
        for status in environment.of("cfg/recorderStatus:RecorderStatus")
        if status.inputs["isEnabled"] is True
    }
    assert running == {(recorder.state["region"], recorder.inputs["name"]) for recorder in recorders}


def test_history_is_delivered_under_the_logs_key_and_to_no_topic(environment: Registrations) -> None:
    archive = environment.one("s3/bucket:Bucket", "config-archive")
    key = environment.one("kms/key:Key", "logs-key")
    channels = environment.of("cfg/deliveryChannel:DeliveryChannel")
    assert {channel.state["region"] for channel in channels} == {"us-west-2", "us-west-1"}
    for channel in channels:
        assert channel.inputs["s3BucketName"] == archive.state["bucket"]
        assert channel.inputs["s3KmsKeyArn"] == key.state["arn"]
        assert "snsTopicArn" not in channel.inputs, "Config can't publish to an encrypted topic"
    statements = {statement["Sid"]: statement for statement in key.document()}
    assert statements["ConfigDelivers"]["Principal"] == {"Service": "config.amazonaws.com"}
    assert set(statements["ConfigDelivers"]["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_the_archive_takes_what_config_delivers_is_kept_and_not_deleted_from(environment: Registrations) -> None:
    archive = environment.one("s3/bucket:Bucket", "config-archive")
    assert archive.inputs["objectLockEnabled"] is False, "Config delivers to no bucket with default retention"
    assert int(archive.inputs["tags"]["retention-days"]) >= 2555
    policy = environment.one("s3/bucketPolicy:BucketPolicy", "config-archive-policy")
    statements = {statement["Sid"]: statement for statement in policy.document()}
    assert statements["ConfigWrites"]["Resource"] == f"{archive.state['arn']}/AWSLogs/{ACCOUNT}/Config/*"
    assert set(statements["ConfigChecksBucket"]["Action"]) == {"s3:GetBucketAcl", "s3:ListBucket"}
    assert statements["ConfigChecksBucket"]["Resource"] == archive.state["arn"]
    denied = statements["NobodyDeletes"]
    assert (denied["Effect"], denied["Principal"], denied["Resource"]) == ("Deny", "*", f"{archive.state['arn']}/*")
    assert {"s3:DeleteObject", "s3:DeleteObjectVersion"} <= set(denied["Action"])
    assert "Condition" not in denied
    others = statements["NobodyElseWrites"]
    assert (others["Effect"], others["Principal"], others["Action"]) == ("Deny", "*", "s3:PutObject")
    assert others["Resource"] == f"{archive.state['arn']}/*"
    assert others["Condition"] == {"StringNotEqualsIfExists": {"aws:PrincipalServiceName": "config.amazonaws.com"}}


@pytest.mark.parametrize("days", [2554, 3651])
def test_a_history_kept_for_less_than_seven_years_is_refused(days: int) -> None:
    def program() -> None:
        key = pulumi.Output.from_input("key")
        ConfigurationRecorder("config", ConfigurationRecorderArgs(SCOPE, key, access_log_bucket(SCOPE), days))

    with pytest.raises(BrokenPromise, match=r"must be from 2555 to 3650 .*7 years"):
        build(program)
