"""AWS Config: recorders, where they deliver to, and whether they run."""

from sandbox.aws_plugin.handlers.records import Call, Record

_CHANNEL = {
    "s3BucketName": "s3BucketName",
    "s3KeyPrefix": "s3KeyPrefix",
    "s3KmsKeyArn": "s3KmsKeyArn",
    "snapshotDeliveryProperties": "configSnapshotDeliveryProperties",
    "snsTopicArn": "snsTopicARN",
}
_RECORDING = {"recordingGroup": "recordingGroup", "roleArn": "roleARN"}

RECORDS = (
    Record(
        "aws:cfg/recorder:Recorder",
        service="config",
        key={"ConfigurationRecorderName": "{name}"},
        id="{name}",
        create=(
            put := Call(
                "put_configuration_recorder",
                names={
                    name: f"ConfigurationRecorder.{member}" for name, member in {**_RECORDING, "name": "name"}.items()
                },
            )
        ),
        reads=(Call("describe_configuration_recorders", at="ConfigurationRecorders[0]", names=_RECORDING),),
        updates=(put,),
        deletes=(Call("delete_configuration_recorder"),),
        defaults={
            "recordingGroup.exclusionByResourceTypes": [{"resourceTypes": []}],
            "recordingGroup.recordingStrategies": [{"useOnly": "ALL_SUPPORTED_RESOURCE_TYPES"}],
        },
    ),
    Record(
        "aws:cfg/deliveryChannel:DeliveryChannel",
        service="config",
        key={"DeliveryChannelName": "{name}"},
        id="{name}",
        create=(
            put := Call(
                "put_delivery_channel",
                names={name: f"DeliveryChannel.{member}" for name, member in {**_CHANNEL, "name": "name"}.items()},
            )
        ),
        reads=(Call("describe_delivery_channels", at="DeliveryChannels[0]", names=_CHANNEL),),
        updates=(put,),
        deletes=(Call("delete_delivery_channel"),),
    ),
    Record(
        "aws:cfg/recorderStatus:RecorderStatus",
        service="config",
        noun="ConfigurationRecorder",
        key={"ConfigurationRecorderName": "{id}"},
        id="{name}",
        create=Call("start_configuration_recorder"),
        reads=(
            Call(
                "describe_configuration_recorder_status",
                at="ConfigurationRecordersStatus[0]",
                only=("isEnabled",),
                names={"isEnabled": "recording"},
            ),
        ),
        updates=(
            Call("start_configuration_recorder", only=("isEnabled",), when={"isEnabled": True}),
            Call("stop_configuration_recorder", only=("isEnabled",), when={"isEnabled": False}),
        ),
        deletes=(Call("stop_configuration_recorder"),),
        initially={"isEnabled": True},
    ),
)
