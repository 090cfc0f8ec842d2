"""ElastiCache as documented, where moto differs: user groups, changes, and the nodes of a replication group."""

from __future__ import annotations

import copy
import re
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import (
    CacheSubnetGroupNotFound,
    ElastiCacheException,
    ReplicationGroupNotFound,
    UserNotFound,
)
from moto.elasticache.models import CacheSubnetGroup, ElastiCacheBackend, ReplicationGroup, User
from moto.elasticache.responses import ElastiCacheResponse

from sandbox.emulator.extensions import put

_begin, _create = ElastiCacheBackend.__init__, ElastiCacheBackend.create_replication_group
_modify = ElastiCacheResponse.modify_replication_group

_TAGGED = r"^arn:aws:elasticache:.*:[0-9]*:(cluster|snapshot|subnetgroup|replicationgroup|user|usergroup):.*$"
_CHANGES = {
    "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
    "SnapshotWindow": "snapshot_window",
    "TransitEncryptionMode": "transit_encryption_mode",
}
"""Members of ModifyReplicationGroup that moto does not read -> its attribute."""
_CHANGES_OF_NODES = {
    "CacheParameterGroupName": "cache_parameter_group_name",
    "EngineVersion": "engine_version",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "SecurityGroupIds": "security_group_ids",
}
"""The same of what DescribeCacheClusters alone tells: the nodes take it from their group."""


class UserGroupNotFoundError(ElastiCacheException):
    """As AWS says it of a user group that isn't there."""

    code = "UserGroupNotFound"
    message = "The user group was not found."


class InvalidUserStateError(ElastiCacheException):
    """As AWS says it of a user who is still a member."""

    code = "InvalidUserState"
    message = "The user is a member of a user group."


class CacheSubnetGroupInUseError(ElastiCacheException):
    """As AWS says it of a subnet group with nodes."""

    code = "CacheSubnetGroupInUse"
    message = "The requested cache subnet group is currently in use."


class Node:
    """A node of a replication group, as DescribeCacheClusters answers it: its place, and what its group says."""

    num_cache_nodes = 1
    cache_cluster_status = "available"

    def __init__(self, group: ReplicationGroup, member: dict[str, Any]) -> None:
        self._group = group
        self.cache_cluster_id = member["cache_cluster_id"]
        self.preferred_availability_zone = member["preferred_availability_zone"]
        self.arn = f"{group.arn.rpartition(':replicationgroup:')[0]}:cluster:{self.cache_cluster_id}"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._group, name)

    @property
    def security_groups(self) -> list[dict[str, str]]:
        return [{"SecurityGroupId": each, "Status": "active"} for each in self._group.security_group_ids or ()]

    @property
    def cache_parameter_group(self) -> dict[str, str | None]:
        return {"CacheParameterGroupName": self._group.cache_parameter_group_name, "ParameterApplyStatus": "in-sync"}


def install() -> None:
    """Correct moto's operations and add the missing ones."""
    ElastiCacheBackend.__init__ = begin  # type: ignore[method-assign]  # moto has no other place for it
    put(ElastiCacheBackend, create_replication_group, delete_replication_group, delete_user)
    put(ElastiCacheResponse, modify_replication_group, increase_replica_count, decrease_replica_count)
    put(ElastiCacheResponse, modify_cache_subnet_group, delete_cache_subnet_group, modify_user)
    put(ElastiCacheResponse, create_user_group, describe_user_groups, modify_user_group, delete_user_group)


def begin(self: Any, *arguments: Any, **more: Any) -> None:
    """In place of moto's constructor: there are user groups, and they have tags."""
    _begin(self, *arguments, **more)
    self.user_groups = {}
    self.arn_regex = re.compile(_TAGGED)


def create_replication_group(self: Any, **settings: Any) -> ReplicationGroup:
    """As many nodes as were asked for, which moto takes from the count of replicas alone."""
    if settings["num_cache_clusters"] and not settings["replicas_per_node_group"]:
        settings["replicas_per_node_group"] = settings["num_cache_clusters"] - 1
    if settings["cache_parameter_group_name"] is None:
        major = str(settings["engine_version"] or "").partition(".")[0]
        settings["cache_parameter_group_name"] = f"default.{settings['engine'] or 'redis'}{major}"
    group = _create(self, **settings)
    group.log_delivery_configurations = _log_deliveries(settings["log_delivery_configurations"])
    _keep_nodes(self, group)
    return group


def _keep_nodes(backend: Any, group: ReplicationGroup) -> None:
    """Let the nodes of a group be those of its members."""
    for name, node in list(backend.cache_clusters.items()):
        if isinstance(node, Node) and node.replication_group_id == group.replication_group_id:
            del backend.cache_clusters[name]
    for node_group in group.node_groups:
        for member in node_group["node_group_members"]:
            backend.cache_clusters[member["cache_cluster_id"]] = Node(group, member)


def _log_deliveries(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The deliveries that are on."""
    kept = [{name: value for name, value in each.items() if name != "Enabled"} for each in asked or ()]
    on = [each.get("Enabled") not in (False, "false") for each in asked or ()]
    return [{**each, "Status": "active"} for each, wanted in zip(kept, on, strict=True) if wanted]


def _group(response: ElastiCacheResponse) -> Any:
    name = response._get_param("ReplicationGroupId")  # noqa: SLF001 - as moto does
    try:
        return response.elasticache_backend.replication_groups[name]
    except KeyError:
        raise ReplicationGroupNotFound(name) from None


def modify_replication_group(self: ElastiCacheResponse) -> ActionResult:
    """What moto changes, and the rest. Log deliveries change by their kind; user groups by difference."""
    answer, group = _modify(self), _group(self)
    for member, attribute in (_CHANGES | _CHANGES_OF_NODES).items():
        if (value := self._get_param(member)) is not None:
            setattr(group, attribute, value)
    asked = self._get_params().get("LogDeliveryConfigurations", [])
    kinds = {each["LogType"] for each in asked}
    kept = [each for each in group.log_delivery_configurations if each["LogType"] not in kinds]
    group.log_delivery_configurations = kept + _log_deliveries(asked)
    removed = self._get_param("UserGroupIdsToRemove", [])
    group.user_group_ids = [each for each in group.user_group_ids if each not in removed]
    group.user_group_ids += self._get_param("UserGroupIdsToAdd", [])
    return answer


def increase_replica_count(self: ElastiCacheResponse) -> ActionResult:
    """Add replicas, in the zones that follow."""
    group = _group(self)
    members = group.node_groups[0]["node_group_members"]
    zones = [member["preferred_availability_zone"] for member in members]
    while len(members) <= self._get_int_param("NewReplicaCount"):
        new = copy.deepcopy(members[-1])
        new["cache_cluster_id"] = f"{group.replication_group_id}-{len(members) + 1:0>3}"
        new["preferred_availability_zone"] = zones[len(members) % len(zones)]
        new["current_role"] = "replica"
        members.append(new)
    return _members_changed(self, group)


def decrease_replica_count(self: ElastiCacheResponse) -> ActionResult:
    """Take the last replicas away."""
    group = _group(self)
    del group.node_groups[0]["node_group_members"][self._get_int_param("NewReplicaCount") + 1 :]
    return _members_changed(self, group)


def _members_changed(response: ElastiCacheResponse, group: Any) -> ActionResult:
    group.member_clusters = [member["cache_cluster_id"] for member in group.node_groups[0]["node_group_members"]]
    _keep_nodes(response.elasticache_backend, group)
    return ActionResult({"ReplicationGroup": group})


def delete_replication_group(self: Any, replication_group_id: str, retain_primary_cluster: bool | None) -> Any:  # noqa: ARG001, FBT001 - moto's own signature
    """The group goes, with its nodes and their automatic snapshots; moto leaves it deleting for ever."""
    group = self.replication_groups.pop(replication_group_id, None)
    if group is None:
        raise ReplicationGroupNotFound(replication_group_id)
    group.status = "deleting"
    group.node_groups = []
    _keep_nodes(self, group)
    for name, snapshot in list(self.snapshots.items()):
        if snapshot.replication_group_id == replication_group_id and snapshot.snapshot_source == "automated":
            del self.snapshots[name]
    return group


def _subnet_group(response: ElastiCacheResponse) -> tuple[str, Any]:
    name, backend = response._get_param("CacheSubnetGroupName"), response.elasticache_backend  # noqa: SLF001 - as moto does
    if name not in backend.cache_subnet_groups:
        raise CacheSubnetGroupNotFound(name)
    return name, backend


def modify_cache_subnet_group(self: ElastiCacheResponse) -> ActionResult:
    name, backend = _subnet_group(self)
    old = backend.cache_subnet_groups[name]
    description = self._get_param("CacheSubnetGroupDescription") or old.cache_subnet_group_description
    subnets = self._get_param("SubnetIds") or old.subnet_ids
    group = CacheSubnetGroup(self.current_account, self.region, name, description, subnets, None)
    backend.cache_subnet_groups[name] = group
    return ActionResult({"CacheSubnetGroup": group})


def delete_cache_subnet_group(self: ElastiCacheResponse) -> EmptyResult:
    name, backend = _subnet_group(self)
    if any(group.cache_subnet_group_name == name for group in backend.replication_groups.values()):
        raise CacheSubnetGroupInUseError
    del backend.cache_subnet_groups[name]
    return EmptyResult()


def _user(backend: Any, user_id: str) -> Any:
    try:
        return backend.users[user_id]
    except KeyError:
        raise UserNotFound(user_id) from None


def modify_user(self: ElastiCacheResponse) -> ActionResult:
    user = _user(self.elasticache_backend, self._get_param("UserId"))
    user.access_string = self._get_param("AccessString") or user.access_string
    user.engine = (self._get_param("Engine") or user.engine).lower()
    if mode := self._get_params().get("AuthenticationMode"):
        user.authentication_type, user.passwords = mode["Type"], mode.get("Passwords", [])
        user.no_password_required = mode["Type"] == "no-password-required"
    return ActionResult(user)


def delete_user(self: Any, user_id: str) -> User:
    """A member of a group stays; anybody else is gone at once, where moto waits for somebody to ask."""
    user: User = _user(self, user_id)
    if user.user_group_ids:
        raise InvalidUserStateError
    del self.users[user_id]
    user.status = "deleting"
    return user


def _members(backend: Any, group: dict[str, Any], users: list[str]) -> None:
    """Make these users the members of a group, and let each know of it."""
    for user_id in users:
        _user(backend, user_id)
    group["UserIds"] = users
    for user in backend.users.values():
        others = [each for each in user.user_group_ids if each != group["UserGroupId"]]
        user.user_group_ids = others + ([group["UserGroupId"]] if user.id in users else [])


def create_user_group(self: ElastiCacheResponse) -> ActionResult:
    backend: Any = self.elasticache_backend
    name = self._get_param("UserGroupId")
    group = {
        "UserGroupId": name,
        "ARN": f"arn:aws:elasticache:{self.region}:{self.current_account}:usergroup:{name}",
        "Status": "active",
        "Engine": self._get_param("Engine").lower(),
        "MinimumEngineVersion": "7.2",
    }
    _members(backend, group, self._get_param("UserIds", []))
    backend.user_groups[name] = group
    backend.tagging_service.tag_resource(group["ARN"], self._get_param("Tags", []))
    return ActionResult(group)


def describe_user_groups(self: ElastiCacheResponse) -> ActionResult:
    backend: Any = self.elasticache_backend
    found = [_user_group(self)] if self._get_param("UserGroupId") else list(backend.user_groups.values())
    users_of = {
        group["UserGroupId"]: [
            each.replication_group_id
            for each in backend.replication_groups.values()
            if group["UserGroupId"] in each.user_group_ids
        ]
        for group in found
    }
    return ActionResult(
        {"UserGroups": [{**each, "ReplicationGroups": users_of[each["UserGroupId"]]} for each in found]}
    )


def _user_group(response: ElastiCacheResponse) -> dict[str, Any]:
    backend: Any = response.elasticache_backend
    try:
        return backend.user_groups[response._get_param("UserGroupId")]  # type: ignore[no-any-return]  # noqa: SLF001 - as moto does
    except KeyError:
        raise UserGroupNotFoundError from None


def modify_user_group(self: ElastiCacheResponse) -> ActionResult:
    group = _user_group(self)
    removed = self._get_param("UserIdsToRemove", [])
    users = [each for each in group["UserIds"] if each not in removed] + self._get_param("UserIdsToAdd", [])
    _members(self.elasticache_backend, group, users)
    group["Engine"] = (self._get_param("Engine") or group["Engine"]).lower()
    return ActionResult(group)


def delete_user_group(self: ElastiCacheResponse) -> ActionResult:
    group = _user_group(self)
    backend: Any = self.elasticache_backend
    _members(backend, group, [])
    del backend.user_groups[group["UserGroupId"]]
    return ActionResult({**group, "Status": "deleting"})
