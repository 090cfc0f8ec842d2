"""AWS Config: recorders, delivery channels and whether they run."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case

_ROLE = "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
_GROUP = {"allSupported": True, "includeGlobalResourceTypes": True}


def _recorder(account: Account, name: str) -> dict[str, Any]:
    config = account.client("config")
    [found] = config.describe_configuration_recorders(ConfigurationRecorderNames=[name])["ConfigurationRecorders"]
    group = found["recordingGroup"]
    return {
        "role": found["roleARN"],
        "all": group["allSupported"],
        "global": group["includeGlobalResourceTypes"],
        "types": group["resourceTypes"],
    }


def _record(account: Account, name: str = "default", **group: Any) -> None:
    account.client("config").put_configuration_recorder(
        ConfigurationRecorder={"name": name, "roleARN": _ROLE, "recordingGroup": group or {"allSupported": True}}
    )


def _channelled(account: Account) -> dict[str, Any]:
    _record(account)
    return {
        "name": "default",
        "s3BucketName": account.bucket(),
        "s3KmsKeyArn": account.key(),
        "snapshotDeliveryProperties": {"deliveryFrequency": "TwentyFour_Hours"},
    }


def _channel(account: Account, name: str) -> dict[str, Any]:
    [found] = account.client("config").describe_delivery_channels(DeliveryChannelNames=[name])["DeliveryChannels"]
    return {
        "bucket": found["s3BucketName"],
        "key": found.get("s3KmsKeyArn"),
        "often": found.get("configSnapshotDeliveryProperties", {}).get("deliveryFrequency"),
    }


def _ready(account: Account) -> dict[str, Any]:
    _record(account)
    account.client("config").put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": account.bucket()})
    return {"name": "default", "isEnabled": True}


def _recording(account: Account, name: str) -> bool:
    config = account.client("config")
    statuses = config.describe_configuration_recorder_status(ConfigurationRecorderNames=[name])
    [status] = statuses["ConfigurationRecordersStatus"]
    return bool(status["recording"])


CASES = (
    Case(
        "aws:cfg/recorder:Recorder",
        inputs=lambda _account: {"name": "default", "roleArn": _ROLE, "recordingGroup": _GROUP},
        seen=_recorder,
        created={"role": _ROLE, "all": True, "global": True, "types": []},
        update={
            "recordingGroup": {
                "allSupported": False,
                "recordingStrategies": [{"useOnly": "INCLUSION_BY_RESOURCE_TYPES"}],
                "resourceTypes": ["AWS::EC2::Instance"],
            }
        },
        updated={"role": _ROLE, "all": False, "global": False, "types": ["AWS::EC2::Instance"]},
        drift=lambda account, name: account.client("config").put_configuration_recorder(
            ConfigurationRecorder={
                "name": name,
                "roleARN": f"{_ROLE}-by-hand",
                "recordingGroup": {"resourceTypes": ["AWS::EC2::Instance"]},
            }
        ),
        drifted={"roleArn": f"{_ROLE}-by-hand"},
        outputs=("name", "recordingGroup", "region", "roleArn"),
        never="never",
    ),
    Case(
        "aws:cfg/deliveryChannel:DeliveryChannel",
        inputs=_channelled,
        seen=_channel,
        created=lambda inputs: {
            "bucket": inputs["s3BucketName"],
            "key": inputs["s3KmsKeyArn"],
            "often": "TwentyFour_Hours",
        },
        update=lambda account: {
            "s3KmsKeyArn": account.key(),
            "snapshotDeliveryProperties": {"deliveryFrequency": "One_Hour"},
        },
        updated=lambda inputs: {"bucket": inputs["s3BucketName"], "key": inputs["s3KmsKeyArn"], "often": "One_Hour"},
        drift=lambda account, name: account.client("config").put_delivery_channel(
            DeliveryChannel={
                "name": name,
                "s3BucketName": "by-hand",
                "s3KmsKeyArn": _channel(account, name)["key"],
                "configSnapshotDeliveryProperties": {"deliveryFrequency": "One_Hour"},
            }
        ),
        drifted={"s3BucketName": "by-hand"},
        outputs=("name", "region", "s3BucketName", "s3KmsKeyArn"),
        never="never",
    ),
    Case(
        "aws:cfg/recorderStatus:RecorderStatus",
        inputs=_ready,
        seen=_recording,
        created=True,
        update={"isEnabled": False},
        updated=False,
        drift=lambda account, name: account.client("config").start_configuration_recorder(
            ConfigurationRecorderName=name
        ),
        drifted={"isEnabled": True},
        outputs=("isEnabled", "name", "region"),
        left=False,
        never="never",
    ),
)
