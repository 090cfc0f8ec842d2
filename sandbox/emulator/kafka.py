"""MSK as documented, where moto differs: configurations, changes of a cluster, and that a cluster becomes active."""

from __future__ import annotations

import base64
import re
import uuid
from typing import Any
from urllib.parse import unquote

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.kafka import urls
from moto.kafka.exceptions import BadRequestException, NotFoundException
from moto.kafka.models import FakeKafkaCluster, KafkaBackend
from moto.kafka.responses import KafkaResponse

from sandbox.emulator.extensions import put

_begin, _create = KafkaBackend.__init__, KafkaBackend.create_cluster
_describe, _delete = KafkaBackend.describe_cluster, KafkaBackend.delete_cluster
PORTS = {"iam": 9098, "scram": 9096, "tls": 9094}
""" "Port information" in the MSK developer guide, by the way in which clients authenticate."""


def install() -> None:
    """Correct moto's operations and add the missing ones."""
    KafkaBackend.__init__ = begin  # type: ignore[method-assign]  # moto has no other place for it
    put(KafkaBackend, create_cluster, describe_cluster, delete_cluster)
    put(KafkaResponse, create_configuration, describe_configuration, describe_configuration_revision)
    put(KafkaResponse, list_configurations, update_configuration, delete_configuration, get_bootstrap_brokers)
    put(KafkaResponse, update_broker_count, update_broker_storage, update_broker_type, update_cluster_configuration)
    put(KafkaResponse, update_cluster_kafka_version, update_monitoring, update_security)
    urls.url_paths["{0}/v1/configurations$"] = KafkaResponse.dispatch
    urls.url_paths["{0}/v1/configurations/(?P<arn>.+)$"] = KafkaResponse.dispatch


def begin(self: Any, *arguments: Any, **more: Any) -> None:
    """In place of moto's constructor: there are configurations, each a list of revisions."""
    _begin(self, *arguments, **more)
    self.configurations = {}


def create_cluster(self: Any, **settings: Any) -> tuple[str, str, str]:
    """A cluster that AWS would have made in half an hour is active at once. A name is given once."""
    if any(cluster.cluster_name == settings["cluster_name"] for cluster in self.clusters.values()):
        raise BadRequestException(f"A cluster named {settings['cluster_name']} already exists.")
    arn, name, _ = _create(self, **settings)
    cluster = self.clusters[arn]
    cluster.arn = arn.replace(":cluster/", f":cluster/{name}/")
    cluster.state = "ACTIVE"
    cluster.current_version = _version()
    cluster.enhanced_monitoring = settings["enhanced_monitoring"] or "DEFAULT"
    self.clusters[cluster.arn] = self.clusters.pop(arn)
    self.tagger.delete_all_tags_for_resource(arn)
    self.tag_resource(cluster.arn, settings["tags"] or {})
    return cluster.arn, name, "CREATING"


def _version() -> str:
    """The version that every change of a cluster renews."""
    return f"K{uuid.uuid4().hex[:12].upper()}"


def describe_cluster(self: Any, cluster_arn: str) -> dict[str, Any]:
    """What is there, without the placeholders that moto puts where nothing is."""
    found = _describe(self, _found(self.clusters, cluster_arn).arn)
    found["activeOperationArn"] = None
    if not self.clusters[cluster_arn].configuration_info:
        found["currentBrokerSoftwareInfo"] = {"kafkaVersion": self.clusters[cluster_arn].kafka_version}
    if str(self.clusters[cluster_arn].kafka_version).endswith(".kraft"):
        found["zookeeperConnectString"] = found["zookeeperConnectStringTls"] = None
    return {name: value for name, value in found.items() if value not in (None, {})}


def delete_cluster(self: Any, cluster_arn: str, current_version: str | None) -> tuple[str, str]:
    """The cluster goes, with its tags; a version that it no longer has is refused."""
    cluster = _found(self.clusters, cluster_arn)
    if current_version not in (None, cluster.current_version):
        raise BadRequestException("This operation cannot be performed on the specified version of the cluster.")
    self.tagger.delete_all_tags_for_resource(cluster_arn)
    _delete(self, cluster_arn, cluster.current_version)
    return cluster_arn, "DELETING"


def _found(things: dict[str, Any], arn: str) -> Any:
    try:
        return things[arn]
    except KeyError:
        raise NotFoundException(f"Resource not found: {arn}") from None


def _change(response: KafkaResponse, **changes: Any) -> ActionResult:
    """Set what is given on the cluster that the path names."""
    arn = re.sub(r"/[a-z]+(/[a-z]+)?$", "", unquote(response.parsed_url.path).partition("/clusters/")[2])
    cluster: FakeKafkaCluster = _found(response.kafka_backend.clusters, arn)
    if response._get_param("currentVersion") != cluster.current_version:  # noqa: SLF001 - as moto does
        raise BadRequestException("This operation cannot be performed on the specified version of the cluster.")
    for name, value in changes.items():
        if value is not None:
            setattr(cluster, name, value)
    cluster.current_version = _version()
    operation = f"{arn.replace(':cluster/', ':cluster-operation/')}/{uuid.uuid4()}"
    return ActionResult({"ClusterArn": arn, "ClusterOperationArn": operation})


def update_broker_count(self: KafkaResponse) -> ActionResult:
    return _change(self, number_of_broker_nodes=self._get_param("targetNumberOfBrokerNodes"))


def update_broker_type(self: KafkaResponse) -> ActionResult:
    return _change(self, broker_node_group_info=_nodes(self, instanceType=self._get_param("targetInstanceType")))


def update_broker_storage(self: KafkaResponse) -> ActionResult:
    [target] = self._get_param("targetBrokerEBSVolumeInfo")
    storage = {"ebsStorageInfo": {"volumeSize": target["volumeSizeGB"]}}
    return _change(self, broker_node_group_info=_nodes(self, storageInfo=storage))


def _nodes(response: KafkaResponse, **changes: Any) -> dict[str, Any]:
    arn = re.sub(r"/nodes/[a-z]+$", "", unquote(response.parsed_url.path).partition("/clusters/")[2])
    nodes: dict[str, Any] = _found(response.kafka_backend.clusters, arn).broker_node_group_info
    return {**nodes, **changes}


def update_cluster_configuration(self: KafkaResponse) -> ActionResult:
    return _change(self, configuration_info=self._get_param("configurationInfo"))


def update_cluster_kafka_version(self: KafkaResponse) -> ActionResult:
    return _change(
        self,
        kafka_version=self._get_param("targetKafkaVersion"),
        configuration_info=self._get_param("configurationInfo"),
    )


def update_monitoring(self: KafkaResponse) -> ActionResult:
    return _change(
        self,
        enhanced_monitoring=self._get_param("enhancedMonitoring"),
        logging_info=self._get_param("loggingInfo"),
        open_monitoring=self._get_param("openMonitoring"),
    )


def update_security(self: KafkaResponse) -> ActionResult:
    return _change(
        self,
        client_authentication=self._get_param("clientAuthentication"),
        encryption_info=self._get_param("encryptionInfo"),
    )


def get_bootstrap_brokers(self: KafkaResponse) -> ActionResult:
    """The addresses by the ways in which clients may authenticate."""
    arn = unquote(self.parsed_url.path).partition("/clusters/")[2].removesuffix("/bootstrap-brokers")
    cluster = _found(self.kafka_backend.clusters, arn)
    hosts = [
        f"b-{node}.{cluster.cluster_name}.kafka.{self.region}.amazonaws.com"
        for node in range(1, min(3, cluster.number_of_broker_nodes) + 1)
    ]
    ways = (cluster.client_authentication or {}).get("sasl") or {}
    members = {
        "BootstrapBrokerStringSaslIam": PORTS["iam"] if (ways.get("iam") or {}).get("enabled") else None,
        "BootstrapBrokerStringSaslScram": PORTS["scram"] if (ways.get("scram") or {}).get("enabled") else None,
        "BootstrapBrokerStringTls": None if ways else PORTS["tls"],
    }
    return ActionResult({name: ",".join(f"{host}:{port}" for host in hosts) for name, port in members.items() if port})


def create_configuration(self: KafkaResponse) -> ActionResult:
    backend: Any = self.kafka_backend
    name = self._get_param("name")
    if any(each["Name"] == name for each in backend.configurations.values()):
        raise BadRequestException(f"A configuration named {name} already exists.")
    arn = f"arn:aws:kafka:{self.region}:{self.current_account}:configuration/{name}/{uuid.uuid4()}"
    backend.configurations[arn] = {
        "Arn": arn,
        "CreationTime": utcnow(),
        "Description": self._get_param("description") or "",
        "KafkaVersions": self._get_param("kafkaVersions") or [],
        "Name": name,
        "State": "ACTIVE",
        "revisions": [],
    }
    return _revise(self, backend.configurations[arn])


def _revise(response: KafkaResponse, configuration: dict[str, Any]) -> ActionResult:
    """Add a revision. Its description is its own; the configuration shows that of the newest."""
    description = response._get_param("description") or ""  # noqa: SLF001 - as moto does
    number = {"CreationTime": utcnow(), "Description": description, "Revision": len(configuration["revisions"]) + 1}
    configuration["LatestRevision"] = number
    configuration["Description"] = description
    text = base64.b64decode(response._get_param("serverProperties"))  # noqa: SLF001 - as moto does
    configuration["revisions"].append({**number, "ServerProperties": text})
    return ActionResult(configuration)


def _configuration(response: KafkaResponse) -> dict[str, Any]:
    arn = re.sub(r"/revisions.*$", "", unquote(response.parsed_url.path).partition("/configurations/")[2])
    found: dict[str, Any] = _found(vars(response.kafka_backend)["configurations"], arn)
    return found


def describe_configuration(self: KafkaResponse) -> ActionResult:
    return ActionResult(_configuration(self))


def describe_configuration_revision(self: KafkaResponse) -> ActionResult:
    configuration, wanted = _configuration(self), int(unquote(self.parsed_url.path).rpartition("/")[2])
    revisions = {each["Revision"]: each for each in configuration["revisions"]}
    return ActionResult({**_found(revisions, wanted), "Arn": configuration["Arn"]})  # type: ignore[arg-type]  # by number


def list_configurations(self: KafkaResponse) -> ActionResult:
    return ActionResult({"Configurations": list(vars(self.kafka_backend)["configurations"].values())})


def update_configuration(self: KafkaResponse) -> ActionResult:
    return _revise(self, _configuration(self))


def delete_configuration(self: KafkaResponse) -> ActionResult:
    """A configuration that a cluster has stays."""
    configuration, backend = _configuration(self), self.kafka_backend
    if any((each.configuration_info or {}).get("arn") == configuration["Arn"] for each in backend.clusters.values()):
        raise BadRequestException("The configuration is in use by one or more clusters.")
    del vars(backend)["configurations"][configuration["Arn"]]
    return ActionResult({"Arn": configuration["Arn"], "State": "DELETING"})
