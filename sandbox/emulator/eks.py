"""EKS as documented, where moto has it not: settings of clusters and nodes, add-ons, access entries, pod identities."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.eks import urls
from moto.eks.exceptions import InvalidRequestException, ResourceInUseException, ResourceNotFoundException
from moto.eks.models import Cluster, EKSBackend
from moto.eks.responses import EKSResponse
from moto.moto_api._internal import mock_random

from sandbox.emulator.extensions import put

_create_cluster, _delete_cluster = EKSResponse.create_cluster, EKSBackend.delete_cluster
_create_nodes = EKSResponse.create_nodegroup
_tag, _untag = EKSBackend.tag_resource, EKSBackend.untag_resource
_SETTINGS = {
    "accessConfig": "access_config",
    "deletionProtection": "deletion_protection",
    "resourcesVpcConfig": "resources_vpc_config",
    "upgradePolicy": "upgrade_policy",
}
"""What can be set of a cluster, and where: moto knows the third alone."""

_PATHS = (
    "updates",
    "node-groups/(?P<nodegroupName>[^/]+)/update-version",
    "addons",
    "addons/(?P<addonName>[^/]+)",
    "addons/(?P<addonName>[^/]+)/update",
    "access-entries",
    "access-entries/(?P<below>.+)",
    "pod-identity-associations",
    "pod-identity-associations/(?P<associationId>[^/]+)",
)


def install() -> None:
    """Add the operations to moto's."""
    put(
        EKSResponse,
        create_cluster,
        update_cluster_config,
        update_cluster_version,
        create_nodegroup,
        update_nodegroup_version,
        create_addon,
        describe_addon,
        list_addons,
        update_addon,
        delete_addon,
        create_access_entry,
        describe_access_entry,
        list_access_entries,
        update_access_entry,
        delete_access_entry,
        associate_access_policy,
        list_associated_access_policies,
        disassociate_access_policy,
        create_pod_identity_association,
        describe_pod_identity_association,
        list_pod_identity_associations,
        update_pod_identity_association,
        delete_pod_identity_association,
    )
    put(EKSBackend, delete_cluster, tag_resource, untag_resource)
    for path in _PATHS:
        urls.url_paths[f"{{0}}/clusters/(?P<name>[^/]+)/{path}$"] = urls.response.dispatch


def _param(response: EKSResponse, name: str) -> Any:
    return response._get_param(name)  # noqa: SLF001 - how moto's responses read a request


def _given(response: EKSResponse, *names: str) -> dict[str, Any]:
    found = {name: _param(response, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _cluster(response: EKSResponse) -> Cluster:
    return response.eks_backend.describe_cluster(_param(response, "name"))


def _kept(cluster: Cluster, what: str) -> dict[str, dict[str, Any]]:
    """What moto doesn't know of a cluster, by name or ARN, as EKS describes it."""
    found: dict[str, dict[str, Any]] = vars(cluster).setdefault(what, {})
    return found


def _one(response: EKSResponse, what: str, member: str) -> dict[str, Any]:
    key = _param(response, member)
    try:
        return _kept(_cluster(response), what)[key]
    except KeyError:
        raise ResourceNotFoundException(message=f"No {what} with {member} {key} in this cluster") from None


def _add(response: EKSResponse, what: str, key: str, thing: dict[str, Any]) -> dict[str, Any]:
    cluster = _cluster(response)
    if key in _kept(cluster, what):
        raise ResourceInUseException(clusterName=cluster.name, message=f"{key} is already among the {what}")
    now = utcnow()
    about = {"clusterName": cluster.name, "createdAt": now, "modifiedAt": now, "tags": _param(response, "tags") or {}}
    return _kept(cluster, what).setdefault(key, {**about, **thing})


def _change(thing: dict[str, Any], changes: dict[str, Any]) -> ActionResult:
    thing.update(changes, modifiedAt=utcnow())
    return _updated()


def _updated() -> ActionResult:
    update = {"id": str(mock_random.uuid4()), "status": "Successful", "createdAt": utcnow()}
    return ActionResult({"update": update})


def _arn(cluster: Cluster, kind: str, *names: str) -> str:
    return "/".join([cluster.arn.replace(":cluster/", f":{kind}/"), *names])


def create_cluster(self: EKSResponse) -> ActionResult:
    answer = _create_cluster(self)
    cluster = _cluster(self)
    for name, value in _given(self, *_SETTINGS).items():
        setattr(cluster, _SETTINGS[name], value)
    return answer


def update_cluster_config(self: EKSResponse) -> ActionResult:
    """What a change leaves out stays as it is, inside a setting too; moto replaces the whole."""
    cluster = _cluster(self)
    for name, value in _given(self, *_SETTINGS).items():
        before = getattr(cluster, _SETTINGS[name], None)
        setattr(cluster, _SETTINGS[name], {**before, **value} if isinstance(before, dict) else value)
    if logging := _param(self, "logging"):
        cluster.logging = logging
    return _updated()


def update_cluster_version(self: EKSResponse) -> ActionResult:
    _cluster(self).version = _param(self, "version")
    return _updated()


def delete_cluster(self: EKSBackend, name: str) -> Cluster:
    """ "When enabled, the cluster cannot be deleted unless deletion protection is first disabled." """
    if getattr(self.clusters.get(name), "deletion_protection", False):
        raise InvalidRequestException(clusterName=name, message="Deletion protection is enabled for the cluster")
    return _delete_cluster(self, name)


def create_nodegroup(self: EKSResponse) -> ActionResult:
    """moto drops two settings, and makes up what there is not with a launch template."""
    answer = _create_nodes(self)
    group = _cluster(self).nodegroups[_param(self, "nodegroupName")]
    group.update_config = _param(self, "updateConfig") or {"maxUnavailable": 1}
    group.node_repair_config = _param(self, "nodeRepairConfig")
    group.remote_access = _param(self, "remoteAccess")
    del group.resources["remoteAccessSecurityGroup"]
    if group.launch_template:
        group.disk_size = None  # type: ignore[assignment] # it is the template's
    return answer


def update_nodegroup_version(self: EKSResponse) -> ActionResult:
    group = self.eks_backend.describe_nodegroup(_param(self, "name"), _param(self, "nodegroupName"))
    names = {"launchTemplate": "launch_template", "releaseVersion": "release_version", "version": "version"}
    for name, value in _given(self, *names).items():
        before = getattr(group, names[name])
        setattr(group, names[name], {**before, **value} if isinstance(before, dict) else value)
    return _updated()


_ADDON = ("addonVersion", "configurationValues", "serviceAccountRoleArn")


def create_addon(self: EKSResponse) -> ActionResult:
    name, cluster = _param(self, "addonName"), _cluster(self)
    addon = {
        "addonName": name,
        "addonArn": _arn(cluster, "addon", name, str(mock_random.uuid4())),
        "addonVersion": "v1.0.0-eksbuild.1",  # which EKS chooses where none is asked for
        "status": "ACTIVE",
        "health": {"issues": []},
        "owner": "aws",
        "publisher": "eks",
        **_given(self, *_ADDON),
    }
    return ActionResult({"addon": _add(self, "addons", name, addon)})


def describe_addon(self: EKSResponse) -> ActionResult:
    return ActionResult({"addon": _one(self, "addons", "addonName")})


def list_addons(self: EKSResponse) -> ActionResult:
    return ActionResult({"addons": list(_kept(_cluster(self), "addons"))})


def update_addon(self: EKSResponse) -> ActionResult:
    return _change(_one(self, "addons", "addonName"), _given(self, *_ADDON))


def delete_addon(self: EKSResponse) -> ActionResult:
    addon = _one(self, "addons", "addonName")
    del _kept(_cluster(self), "addons")[addon["addonName"]]
    return ActionResult({"addon": {**addon, "status": "DELETING"}})


def create_access_entry(self: EKSResponse) -> ActionResult:
    principal, cluster = _param(self, "principalArn"), _cluster(self)
    entry = {
        "principalArn": principal,
        "accessEntryArn": _arn(cluster, "access-entry", "role", principal.rpartition("/")[2]),
        "kubernetesGroups": _param(self, "kubernetesGroups") or [],
        "username": _param(self, "username") or principal,
        "type": _param(self, "type") or "STANDARD",
    }
    return ActionResult({"accessEntry": _add(self, "entries", principal, entry)})


def describe_access_entry(self: EKSResponse) -> ActionResult:
    return ActionResult({"accessEntry": _one(self, "entries", "principalArn")})


def list_access_entries(self: EKSResponse) -> ActionResult:
    return ActionResult({"accessEntries": list(_kept(_cluster(self), "entries"))})


def update_access_entry(self: EKSResponse) -> ActionResult:
    entry = _one(self, "entries", "principalArn")
    _change(entry, _given(self, "kubernetesGroups", "username"))
    return ActionResult({"accessEntry": entry})


def delete_access_entry(self: EKSResponse) -> EmptyResult:
    entry = _one(self, "entries", "principalArn")
    del _kept(_cluster(self), "entries")[entry["principalArn"]]
    return EmptyResult()


def _policies(response: EKSResponse) -> dict[str, Any]:
    found: dict[str, Any] = _one(response, "entries", "principalArn").setdefault("policies", {})
    return found


def associate_access_policy(self: EKSResponse) -> ActionResult:
    arn, policies, now = _param(self, "policyArn"), _policies(self), utcnow()
    policy = policies.setdefault(arn, {"policyArn": arn, "associatedAt": now})
    policy.update({"accessScope": _param(self, "accessScope"), "modifiedAt": now})
    about = _given(self, "principalArn")
    return ActionResult({"clusterName": _cluster(self).name, "associatedAccessPolicy": policy, **about})


def list_associated_access_policies(self: EKSResponse) -> ActionResult:
    about = _given(self, "principalArn")
    listed = list(_policies(self).values())
    return ActionResult({"clusterName": _cluster(self).name, "associatedAccessPolicies": listed, **about})


def disassociate_access_policy(self: EKSResponse) -> EmptyResult:
    if _policies(self).pop(_param(self, "policyArn"), None) is None:
        raise ResourceNotFoundException(message="The policy is not associated with the access entry")
    return EmptyResult()


_IDENTITY = ("disableSessionTags", "namespace", "roleArn", "serviceAccount", "targetRoleArn")


def create_pod_identity_association(self: EKSResponse) -> ActionResult:
    """A service account has one association."""
    cluster, given = _cluster(self), _given(self, *_IDENTITY)
    for each in _kept(cluster, "identities").values():
        if all(each[name] == given[name] for name in ("namespace", "serviceAccount")):
            raise ResourceInUseException(clusterName=cluster.name, message="Association already exists")
    key = f"a-{mock_random.get_random_hex(17)}"
    about = {"associationId": key, "associationArn": _arn(cluster, "podidentityassociation", key)}
    return ActionResult({"association": _add(self, "identities", key, {"disableSessionTags": False, **given, **about})})


def describe_pod_identity_association(self: EKSResponse) -> ActionResult:
    return ActionResult({"association": _one(self, "identities", "associationId")})


def list_pod_identity_associations(self: EKSResponse) -> ActionResult:
    return ActionResult({"associations": list(_kept(_cluster(self), "identities").values())})


def update_pod_identity_association(self: EKSResponse) -> ActionResult:
    identity = _one(self, "identities", "associationId")
    _change(identity, _given(self, "disableSessionTags", "roleArn", "targetRoleArn"))
    return ActionResult({"association": identity})


def delete_pod_identity_association(self: EKSResponse) -> ActionResult:
    identity = _one(self, "identities", "associationId")
    del _kept(_cluster(self), "identities")[identity["associationId"]]
    return ActionResult({"association": identity})


def _tags(backend: EKSBackend, arn: str) -> dict[str, str] | None:
    """The tags of nodes, which moto doesn't find by their ARN, and of what it doesn't know; None if of neither."""
    for cluster in backend.clusters.values():
        for group in cluster.nodegroups.values():
            if group.arn == arn:
                return group.tags
        for what in ("addons", "entries", "identities"):
            for thing in _kept(cluster, what).values():
                if arn in (thing.get("addonArn"), thing.get("accessEntryArn"), thing.get("associationArn")):
                    tags: dict[str, str] = thing["tags"]
                    return tags
    return None


def tag_resource(self: EKSBackend, resource_arn: str, tags: dict[str, str]) -> None:
    own = _tags(self, resource_arn)
    if own is None:
        _tag(self, resource_arn, tags)
    else:
        own.update(tags)


def untag_resource(self: EKSBackend, resource_arn: str, tag_keys: list[str]) -> None:
    own = _tags(self, resource_arn)
    if own is None:
        _untag(self, resource_arn, tag_keys)
    else:
        for key in tag_keys:
            own.pop(key, None)
