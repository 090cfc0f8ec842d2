"""MSK: broker configurations and clusters."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case


def _configuration(account: Account, arn: str) -> dict[str, Any]:
    kafka = account.client("kafka")
    found = kafka.describe_configuration(Arn=arn)
    revision = found["LatestRevision"]["Revision"]
    text = kafka.describe_configuration_revision(Arn=arn, Revision=revision)["ServerProperties"]
    return {
        "name": found["Name"],
        "versions": found["KafkaVersions"],
        "description": found["Description"],
        "revision": revision,
        "text": text.decode(),
    }


def _revised_by_hand(account: Account, arn: str) -> None:
    account.client("kafka").update_configuration(Arn=arn, ServerProperties=b"a=9\n", Description="Closed")


def _cluster(account: Account, arn: str) -> dict[str, Any]:
    cluster = account.client("kafka").describe_cluster(ClusterArn=arn)["ClusterInfo"]
    nodes = cluster["BrokerNodeGroupInfo"]
    software = cluster["CurrentBrokerSoftwareInfo"]
    return {
        "state": cluster["State"],
        "brokers": (cluster["NumberOfBrokerNodes"], nodes["InstanceType"]),
        "size": nodes["StorageInfo"]["EbsStorageInfo"]["VolumeSize"],
        "network": ({*nodes["ClientSubnets"]}, nodes["SecurityGroups"]),
        "public": nodes["ConnectivityInfo"]["PublicAccess"]["Type"],
        "version": software["KafkaVersion"],
        "configuration": (software["ConfigurationArn"], software["ConfigurationRevision"]),
        "authentication": cluster["ClientAuthentication"]["Sasl"],
        "encryption": cluster["EncryptionInfo"],
        "monitoring": cluster["EnhancedMonitoring"],
        "logs": cluster["LoggingInfo"]["BrokerLogs"]["CloudWatchLogs"],
        "tags": account.client("kafka").list_tags_for_resource(ResourceArn=arn)["Tags"],
    }


def _cluster_inputs(account: Account) -> dict[str, Any]:
    vpc = account.vpc()
    door = account.client("ec2").create_security_group(GroupName="case", Description="case", VpcId=vpc)["GroupId"]
    configuration = account.client("kafka").create_configuration(Name="case", ServerProperties=b"a=1\n")["Arn"]
    return {
        "clusterName": "case-cluster",
        "kafkaVersion": "3.9.x.kraft",
        "numberOfBrokerNodes": 3,
        "brokerNodeGroupInfo": _nodes(account.subnets(vpc), door, "kafka.t3.small", 20),
        "configurationInfo": {"arn": configuration, "revision": 1},
        "clientAuthentication": {"sasl": {"iam": True}},
        "encryptionInfo": {
            "encryptionAtRestKmsKeyArn": account.key(),
            "encryptionInTransit": {"clientBroker": "TLS", "inCluster": True},
        },
        "enhancedMonitoring": "PER_BROKER",
        "loggingInfo": {"brokerLogs": {"cloudwatchLogs": {"enabled": True, "logGroup": "brokers"}}},
        "tags": {"class": "restricted"},
    }


def _nodes(subnets: list[str], door: str, kind: str, size: int) -> dict[str, Any]:
    return {
        "instanceType": kind,
        "clientSubnets": subnets,
        "securityGroups": [door],
        "connectivityInfo": {"publicAccess": {"type": "DISABLED"}},
        "storageInfo": {"ebsStorageInfo": {"volumeSize": size}},
    }


def _grown(account: Account) -> dict[str, Any]:
    kafka = account.client("kafka")
    [cluster] = kafka.list_clusters()["ClusterInfoList"]
    nodes = kafka.describe_cluster(ClusterArn=cluster["ClusterArn"])["ClusterInfo"]["BrokerNodeGroupInfo"]
    [configuration] = kafka.list_configurations()["Configurations"]
    kafka.update_configuration(Arn=configuration["Arn"], ServerProperties=b"a=2\n")
    return {
        "numberOfBrokerNodes": 6,
        "brokerNodeGroupInfo": _nodes(nodes["ClientSubnets"], nodes["SecurityGroups"][0], "kafka.m7g.large", 100),
        "configurationInfo": {"arn": configuration["Arn"], "revision": 2},
        "enhancedMonitoring": "PER_TOPIC_PER_BROKER",
        "loggingInfo": {"brokerLogs": {"cloudwatchLogs": {"enabled": True, "logGroup": "all-brokers"}}},
        "tags": {"class": "confidential"},
    }


def _cluster_seen(inputs: dict[str, Any]) -> dict[str, Any]:
    nodes = inputs["brokerNodeGroupInfo"]
    logs = inputs["loggingInfo"]["brokerLogs"]["cloudwatchLogs"]
    return {
        "state": "ACTIVE",
        "brokers": (inputs["numberOfBrokerNodes"], nodes["instanceType"]),
        "size": nodes["storageInfo"]["ebsStorageInfo"]["volumeSize"],
        "network": ({*nodes["clientSubnets"]}, nodes["securityGroups"]),
        "public": "DISABLED",
        "version": "3.9.x.kraft",
        "configuration": (inputs["configurationInfo"]["arn"], inputs["configurationInfo"]["revision"]),
        "authentication": {"Iam": {"Enabled": True}},
        "encryption": {
            "EncryptionAtRest": {"DataVolumeKMSKeyId": inputs["encryptionInfo"]["encryptionAtRestKmsKeyArn"]},
            "EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True},
        },
        "monitoring": inputs["enhancedMonitoring"],
        "logs": {"Enabled": True, "LogGroup": logs["logGroup"]},
        "tags": inputs["tags"],
    }


def _watched_less(account: Account, arn: str) -> None:
    kafka = account.client("kafka")
    version = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]["CurrentVersion"]
    kafka.update_monitoring(ClusterArn=arn, CurrentVersion=version, EnhancedMonitoring="DEFAULT")


CASES = (
    Case(
        "aws:msk/configuration:Configuration",
        inputs=lambda _account: {
            "name": "case",
            "kafkaVersions": ["3.9.x.kraft"],
            "description": "Open",
            "serverProperties": "a=1\n",
        },
        seen=_configuration,
        created={"name": "case", "versions": ["3.9.x.kraft"], "description": "Open", "revision": 1, "text": "a=1\n"},
        update={"serverProperties": "a=2\n", "description": "Closed"},
        updated={"name": "case", "versions": ["3.9.x.kraft"], "description": "Closed", "revision": 2, "text": "a=2\n"},
        drift=_revised_by_hand,
        drifted={"serverProperties": "a=9\n"},
        outputs=("arn", "latestRevision"),
        never="arn:aws:kafka:us-west-2:123456789012:configuration/never/0",
    ),
    Case(
        "aws:msk/cluster:Cluster",
        inputs=_cluster_inputs,
        seen=_cluster,
        created=_cluster_seen,
        update=_grown,
        updated=_cluster_seen,
        drift=_watched_less,
        drifted={"enhancedMonitoring": "DEFAULT"},
        outputs=("arn", "bootstrapBrokersSaslIam", "currentVersion", "tagsAll"),
        never="arn:aws:kafka:us-west-2:123456789012:cluster/never/0",
    ),
)
