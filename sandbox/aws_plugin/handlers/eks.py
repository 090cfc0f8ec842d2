"""EKS: clusters, their nodes and add-ons, and who is let in: people by access entries, pods by identities."""

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def _tagging(arn: str) -> Tagging:
    """Tags are in what describes a thing."""
    return Tagging("tag_resource", "untag_resource", None, {"resourceArn": f"{{{arn}}}"})


def _logging(scope: Scope) -> Props:
    """Every type, on or off: a type that a change leaves out stays as it is."""
    wanted = scope.get("enabledClusterLogTypes") or []
    on_and_off = ((True, wanted), (False, [each for each in _LOG_TYPES if each not in wanted]))
    return {"logging": {"clusterLogging": [{"types": types, "enabled": on} for on, types in on_and_off if types]}}


def _labels(scope: Scope, old: Props) -> None:
    wanted, before = (dict(props.get("labels") or {}) for props in (scope, old))
    scope.call(
        "update_nodegroup_config",
        clusterName=scope["clusterName"],
        nodegroupName=scope["nodeGroupName"],
        labels={"addOrUpdateLabels": wanted, "removeLabels": sorted(before.keys() - wanted.keys())},
    )


def _template(scope: Scope, _old: Props) -> Props:
    """EKS tells both the id and the name of a launch template, of which one was given."""
    name = scope["nodeGroupName"]
    group = scope.call("describe_nodegroup", clusterName=scope["clusterName"], nodegroupName=name)["nodegroup"]
    by = "name" if "name" in (scope.get("launchTemplate") or ()) else "id"
    template = group.get("launchTemplate") or {}
    return {"launchTemplate": {each: template[each] for each in (by, "version")}} if template else {}


_IDENTITIES = {"identities": "identity && [{{oidcs: [{{issuer: identity.oidc.issuer}}]}}]"}
_RESOURCES = {"resources": "resources && [resources]"}
"""Lists in the SDK, which EKS has one of."""

_NODE_GROUP = {"clusterName": "{clusterName}", "nodegroupName": "{nodeGroupName}"}
_ENTRY = {"clusterName": "{clusterName}", "principalArn": "{principalArn}"}

RECORDS = (
    Record(
        "aws:eks/cluster:Cluster",
        service="eks",
        noun="cluster",
        key={"name": "{name}"},
        id="{name}",
        create=Call(
            "create_cluster",
            at="cluster",
            only=(
                "accessConfig",
                "bootstrapSelfManagedAddons",
                "deletionProtection",
                "encryptionConfig",
                "kubernetesNetworkConfig",
                "roleArn",
                "upgradePolicy",
                "version",
                "vpcConfig",
            ),
            names=_IDENTITIES,
            send=_logging,
        ),
        reads=(
            Call(
                "describe_cluster",
                at="cluster",
                names={"enabledClusterLogTypes": "logging.clusterLogging[?enabled].types | []", **_IDENTITIES},
            ),
        ),
        updates=(
            Call("update_cluster_version", only=("version",)),
            *(
                Call("update_cluster_config", only=(name,))
                for name in ("accessConfig", "deletionProtection", "upgradePolicy", "vpcConfig")
            ),
            Call("update_cluster_config", only=("enabledClusterLogTypes",), send=_logging),
        ),
        deletes=(Call("delete_cluster"),),
        names={"vpcConfig": "resourcesVpcConfig"},
        defaults={"deletionProtection": False},
        flags=frozenset({"bootstrapSelfManagedAddons"}),
        tagging=_tagging("arn"),
        ready="cluster_active",
        deleted="cluster_deleted",
    ),
    Record(
        "aws:eks/nodeGroup:NodeGroup",
        service="eks",
        noun="nodegroup",
        key=_NODE_GROUP,
        id="{clusterName}:{nodeGroupName}",
        create=Call("create_nodegroup", at="nodegroup", names=_RESOURCES),
        reads=(
            Call(
                "describe_nodegroup",
                at="nodegroup",
                names={"launchTemplate": "`null`", **_RESOURCES},
            ),
            Code(("launchTemplate",), _template),
        ),
        updates=(
            Call("update_nodegroup_version", only=("launchTemplate", "releaseVersion", "version")),
            Call("update_nodegroup_config", only=("nodeRepairConfig", "scalingConfig", "updateConfig")),
            Code(("labels",), _labels),
        ),
        deletes=(Call("delete_nodegroup"),),
        names={"nodeRoleArn": "nodeRole", "subnetIds": "subnets"},
        defaults={"labels": {}},
        tagging=_tagging("arn"),
        ready="nodegroup_active",
        deleted="nodegroup_deleted",
    ),
    Record(
        "aws:eks/addon:Addon",
        service="eks",
        noun="addon",
        key={"clusterName": "{clusterName}", "addonName": "{addonName}"},
        id="{clusterName}:{addonName}",
        create=Call(
            "create_addon",
            at="addon",
            only=("addonVersion", "configurationValues", "resolveConflictsOnCreate", "serviceAccountRoleArn"),
            names={"resolveConflictsOnCreate": "resolveConflicts"},
        ),
        reads=(
            Call(
                "describe_addon",
                at="addon",
                only=("addonVersion", "arn", "configurationValues", "serviceAccountRoleArn"),
            ),
        ),
        updates=(
            Call(
                "update_addon",
                only=("addonVersion", "configurationValues", "resolveConflictsOnUpdate", "serviceAccountRoleArn"),
                names={"resolveConflictsOnUpdate": "resolveConflicts"},
            ),
        ),
        deletes=(Call("delete_addon", only=("preserve",)),),
        flags=frozenset({"preserve", "resolveConflictsOnCreate", "resolveConflictsOnUpdate"}),
        tagging=_tagging("arn"),
        ready="addon_active",
        deleted="addon_deleted",
    ),
    Record(
        "aws:eks/accessEntry:AccessEntry",
        service="eks",
        key=_ENTRY,
        id="{clusterName}:{principalArn}",
        create=Call("create_access_entry", at="accessEntry"),
        reads=(Call("describe_access_entry", at="accessEntry"),),
        updates=(Call("update_access_entry"),),
        deletes=(Call("delete_access_entry"),),
        defaults={"type": "STANDARD", "kubernetesGroups": []},
        tagging=_tagging("accessEntryArn"),
    ),
    Record(
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        service="eks",
        key={**_ENTRY, "policyArn": "{policyArn}"},
        id="{clusterName}#{principalArn}#{policyArn}",
        create=Call("associate_access_policy", at="associatedAccessPolicy"),
        reads=(
            Call("list_associated_access_policies", at="associatedAccessPolicies[?policyArn == '{policyArn}'] | [0]"),
        ),
        updates=(Call("associate_access_policy", only=("accessScope",)),),
        deletes=(Call("disassociate_access_policy"),),
    ),
    Record(
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        service="eks",
        key={"clusterName": "{clusterName}", "associationId": "{associationId}"},
        id="{clusterName}:{associationId}",
        create=Call("create_pod_identity_association", at="association"),
        reads=(Call("describe_pod_identity_association", at="association"),),
        updates=(Call("update_pod_identity_association", only=("disableSessionTags", "roleArn", "targetRoleArn")),),
        deletes=(Call("delete_pod_identity_association"),),
        tagging=_tagging("associationArn"),
    ),
)
