"""MSK: broker configurations, which are revised, and clusters, whose every change names the version that it changes."""

from typing import Any

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

_ARN = {"ClusterArn": "{id}"}


def _version(scope: Scope) -> Props:
    """The version that the cluster has now: each change gives it another."""
    return {"CurrentVersion": scope.call("describe_cluster", ClusterArn=scope["id"])["ClusterInfo"]["CurrentVersion"]}


def _server_properties(scope: Scope, _state: Props) -> Props:
    """The text of the newest revision, which AWS keeps as bytes."""
    revision = scope.call("describe_configuration", Arn=scope["id"])["LatestRevision"]["Revision"]
    found = scope.call("describe_configuration_revision", Arn=scope["id"], Revision=revision)
    return {"serverProperties": found["ServerProperties"].decode()}


def _change_nodes(scope: Scope, old: Props) -> None:
    """Types and volumes change one by one; where the brokers are doesn't."""
    new, before = scope["brokerNodeGroupInfo"], old.get("brokerNodeGroupInfo") or {}
    if new["instanceType"] != before.get("instanceType"):
        scope.call(
            "update_broker_type", ClusterArn=scope["id"], TargetInstanceType=new["instanceType"], **_version(scope)
        )
    size, size_before = _volume_size(new), _volume_size(before)
    if size != size_before:
        target = [{"KafkaBrokerNodeId": "All", "VolumeSizeGB": size}]
        scope.call("update_broker_storage", ClusterArn=scope["id"], TargetBrokerEBSVolumeInfo=target, **_version(scope))


def _volume_size(nodes: Props) -> Any:
    return ((nodes.get("storageInfo") or {}).get("ebsStorageInfo") or {}).get("volumeSize")


_AUTHENTICATION = {
    "clientAuthentication.sasl.iam": "Iam.Enabled",
    "clientAuthentication.sasl.scram": "Scram.Enabled",
    "clientAuthentication.tls.certificateAuthorityArns": "CertificateAuthorityArnList",
    "clientAuthentication.unauthenticated": "Unauthenticated.Enabled",
}

RECORDS = (
    Record(
        "aws:msk/configuration:Configuration",
        service="kafka",
        key={"Arn": "{id}"},
        id="Arn",
        create=Call("create_configuration"),
        reads=(
            Call("describe_configuration", names={"latestRevision": "LatestRevision.Revision"}),
            Code(("serverProperties",), _server_properties),
        ),
        updates=(Call("update_configuration"),),
        deletes=(Call("delete_configuration"),),
        defaults={"description": ""},
    ),
    Record(
        "aws:msk/cluster:Cluster",
        service="kafka",
        noun="Cluster",
        key=_ARN,
        id="ClusterArn",
        create=Call("create_cluster"),
        reads=(
            Call(
                "describe_cluster",
                at="ClusterInfo",
                names={
                    "configurationInfo": "CurrentBrokerSoftwareInfo",
                    "configurationInfo.arn": "ConfigurationArn",
                    "configurationInfo.revision": "ConfigurationRevision",
                    "kafkaVersion": "CurrentBrokerSoftwareInfo.KafkaVersion",
                },
            ),
            Call(
                "get_bootstrap_brokers",
                only=("bootstrapBrokersSaslIam", "bootstrapBrokersSaslScram", "bootstrapBrokersTls"),
                names={
                    "bootstrapBrokersSaslIam": "BootstrapBrokerStringSaslIam",
                    "bootstrapBrokersSaslScram": "BootstrapBrokerStringSaslScram",
                    "bootstrapBrokersTls": "BootstrapBrokerStringTls",
                },
            ),
        ),
        updates=(
            Code(("brokerNodeGroupInfo",), _change_nodes),
            Call(
                "update_broker_count",
                only=("numberOfBrokerNodes",),
                names={"numberOfBrokerNodes": "TargetNumberOfBrokerNodes"},
                send=_version,
            ),
            Call("update_cluster_configuration", only=("configurationInfo",), send=_version),
            Call(
                "update_cluster_kafka_version",
                only=("kafkaVersion",),
                names={"kafkaVersion": "TargetKafkaVersion"},
                send=_version,
            ),
            Call("update_monitoring", only=("enhancedMonitoring", "loggingInfo", "openMonitoring"), send=_version),
            Call("update_security", only=("clientAuthentication", "encryptionInfo"), send=_version),
        ),
        deletes=(Call("delete_cluster"),),
        names={
            **_AUTHENTICATION,
            "encryptionInfo.encryptionAtRestKmsKeyArn": "EncryptionAtRest.DataVolumeKMSKeyId",
        },
        defaults={
            "enhancedMonitoring": "DEFAULT",
            "encryptionInfo.encryptionInTransit.clientBroker": "TLS",
            "encryptionInfo.encryptionInTransit.inCluster": True,
        },
        tagging=Tagging("tag_resource", "untag_resource", "list_tags_for_resource", {"ResourceArn": "{id}"}),
    ),
)
