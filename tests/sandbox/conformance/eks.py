"""EKS: clusters, their nodes and add-ons, and who is let in."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case

_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
_PERSON = "arn:aws:iam::123456789012:role/people/engineer"
_PRIVATE = {"endpointPrivateAccess": True, "endpointPublicAccess": False}


def _arn(account: Account, service: str, name: str) -> str:
    return f"arn:aws:iam::123456789012:role/{account.role(service, name)}"


def _cluster_inputs(account: Account) -> dict[str, Any]:
    return {
        "name": "case",
        "version": "1.34",
        "roleArn": _arn(account, "eks.amazonaws.com", "case-cluster"),
        "vpcConfig": {"subnetIds": account.subnets(account.vpc()), "securityGroupIds": ["sg-1"], **_PRIVATE},
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "bootstrapSelfManagedAddons": False,
        "upgradePolicy": {"supportType": "STANDARD"},
        "encryptionConfig": {"provider": {"keyArn": account.key()}, "resources": ["secrets"]},
        "enabledClusterLogTypes": ["api", "audit"],
        "deletionProtection": True,
        "tags": {"owner": "ada"},
    }


def _cluster(account: Account, name: str) -> dict[str, Any]:
    found = account.client("eks").describe_cluster(name=name)["cluster"]
    return {
        "version": found["version"],
        "public": found["resourcesVpcConfig"]["endpointPublicAccess"],
        "mode": found["accessConfig"]["authenticationMode"],
        "key": found["encryptionConfig"][0]["provider"]["keyArn"],
        "logs": [kind for each in found["logging"]["clusterLogging"] if each["enabled"] for kind in each["types"]],
        "protected": found["deletionProtection"],
        "tags": found["tags"],
    }


def _cluster_seen(inputs: dict[str, Any], version: str, logs: list[str], owner: str, *, protected: bool) -> Any:
    return {
        "version": version,
        "public": False,
        "mode": "API",
        "key": inputs["encryptionConfig"]["provider"]["keyArn"],
        "logs": logs,
        "protected": protected,
        "tags": {"owner": owner},
    }


def _in_a_cluster(account: Account, **inputs: Any) -> dict[str, Any]:
    account.client("eks").create_cluster(
        name="made",
        roleArn=_arn(account, "eks.amazonaws.com", "case-cluster"),
        resourcesVpcConfig={"subnetIds": account.subnets(account.vpc())},
    )
    return {"clusterName": "made", **inputs}


def _node_inputs(account: Account) -> dict[str, Any]:
    inputs = _in_a_cluster(account)
    subnets = account.client("eks").describe_cluster(name="made")["cluster"]["resourcesVpcConfig"]["subnetIds"]
    template = account.client("ec2").create_launch_template(
        LaunchTemplateName="case", LaunchTemplateData={"InstanceType": "m7g.large"}
    )["LaunchTemplate"]
    return {
        **inputs,
        "nodeGroupName": "case",
        "nodeRoleArn": _arn(account, "ec2.amazonaws.com", "case-nodes"),
        "subnetIds": subnets,
        "version": "1.34",
        "amiType": "BOTTLEROCKET_ARM_64",
        "instanceTypes": ["m7g.large"],
        "launchTemplate": {"id": template["LaunchTemplateId"], "version": "1"},
        "scalingConfig": {"minSize": 3, "desiredSize": 3, "maxSize": 6},
        "updateConfig": {"maxUnavailable": 1},
        "nodeRepairConfig": {"enabled": True},
        "tags": {"owner": "ada"},
    }


def _nodes(account: Account, group: str) -> dict[str, Any]:
    cluster, _, name = group.partition(":")
    found = account.client("eks").describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
    return {
        "version": found["version"],
        "scaling": found["scalingConfig"],
        "repaired": found["nodeRepairConfig"]["enabled"],
        "tags": found["tags"],
    }


def _addon(account: Account, addon: str) -> tuple[str, dict[str, str]]:
    cluster, _, name = addon.partition(":")
    found = account.client("eks").describe_addon(clusterName=cluster, addonName=name)["addon"]
    return found["addonVersion"], found["tags"]


def _entry(account: Account, entry: str) -> tuple[str, list[str], dict[str, str]]:
    cluster, _, principal = entry.partition(":")
    found = account.client("eks").describe_access_entry(clusterName=cluster, principalArn=principal)["accessEntry"]
    return found["type"], found["kubernetesGroups"], found["tags"]


def _with_entry(account: Account) -> dict[str, Any]:
    inputs = _in_a_cluster(account, principalArn=_PERSON, policyArn=_POLICY, accessScope={"type": "cluster"})
    account.client("eks").create_access_entry(clusterName="made", principalArn=_PERSON)
    return inputs


def _associated(account: Account, association: str) -> dict[str, Any] | None:
    cluster, principal, policy = association.split("#")
    listed = account.client("eks").list_associated_access_policies(clusterName=cluster, principalArn=principal)
    found = [each for each in listed["associatedAccessPolicies"] if each["policyArn"] == policy]
    return dict(found[0]["accessScope"]) if found else None


def _identity(account: Account, association: str) -> tuple[str, str, str, dict[str, str]]:
    cluster, _, key = association.partition(":")
    found = account.client("eks").describe_pod_identity_association(clusterName=cluster, associationId=key)
    about = found["association"]
    return about["namespace"], about["serviceAccount"], about["roleArn"], about["tags"]


def _pods(name: str) -> str:
    return f"arn:aws:iam::123456789012:role/{name}"


CASES = (
    Case(
        "aws:eks/cluster:Cluster",
        inputs=_cluster_inputs,
        seen=_cluster,
        created=lambda inputs: _cluster_seen(inputs, "1.34", ["api", "audit"], "ada", protected=True),
        update={
            "version": "1.35",
            "enabledClusterLogTypes": ["api", "audit", "authenticator"],
            "deletionProtection": False,
            "tags": {"owner": "grace"},
        },
        updated=lambda inputs: _cluster_seen(
            inputs, "1.35", ["api", "audit", "authenticator"], "grace", protected=False
        ),
        drift=lambda account, name: account.client("eks").update_cluster_config(
            name=name, logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]}
        ),
        drifted={"enabledClusterLogTypes": ["audit"]},
        outputs=("arn", "endpoint", "status", "vpcConfig"),
        never="never",
    ),
    Case(
        "aws:eks/nodeGroup:NodeGroup",
        inputs=_node_inputs,
        seen=_nodes,
        created={
            "version": "1.34",
            "scaling": {"minSize": 3, "desiredSize": 3, "maxSize": 6},
            "repaired": True,
            "tags": {"owner": "ada"},
        },
        update={
            "version": "1.35",
            "scalingConfig": {"minSize": 3, "desiredSize": 4, "maxSize": 8},
            "tags": {"owner": "grace"},
        },
        updated={
            "version": "1.35",
            "scaling": {"minSize": 3, "desiredSize": 4, "maxSize": 8},
            "repaired": True,
            "tags": {"owner": "grace"},
        },
        drift=lambda account, _id: account.client("eks").update_nodegroup_config(
            clusterName="made", nodegroupName="case", scalingConfig={"minSize": 1, "desiredSize": 1, "maxSize": 1}
        ),
        drifted={"scalingConfig": {"minSize": 1, "desiredSize": 1, "maxSize": 1}},
        outputs=("arn", "clusterName", "nodeGroupName", "resources", "status"),
        never="made:never",
    ),
    Case(
        "aws:eks/addon:Addon",
        inputs=lambda account: _in_a_cluster(
            account,
            addonName="vpc-cni",
            addonVersion="v1.20.0-eksbuild.1",
            resolveConflictsOnCreate="OVERWRITE",
            tags={"owner": "ada"},
        ),
        seen=_addon,
        created=("v1.20.0-eksbuild.1", {"owner": "ada"}),
        update={"addonVersion": "v1.20.1-eksbuild.1", "tags": {"owner": "grace"}},
        updated=("v1.20.1-eksbuild.1", {"owner": "grace"}),
        drift=lambda account, _id: account.client("eks").update_addon(
            clusterName="made", addonName="vpc-cni", addonVersion="v1.19.0-eksbuild.1"
        ),
        drifted={"addonVersion": "v1.19.0-eksbuild.1"},
        outputs=("addonName", "addonVersion", "arn", "clusterName"),
        never="made:never",
    ),
    Case(
        "aws:eks/accessEntry:AccessEntry",
        inputs=lambda account: _in_a_cluster(
            account, principalArn=_PERSON, type="STANDARD", kubernetesGroups=["viewers"], tags={"owner": "ada"}
        ),
        seen=_entry,
        created=("STANDARD", ["viewers"], {"owner": "ada"}),
        update={"kubernetesGroups": ["auditors"], "tags": {"owner": "grace"}},
        updated=("STANDARD", ["auditors"], {"owner": "grace"}),
        drift=lambda account, _id: account.client("eks").update_access_entry(
            clusterName="made", principalArn=_PERSON, kubernetesGroups=["masters"]
        ),
        drifted={"kubernetesGroups": ["masters"]},
        outputs=("accessEntryArn", "clusterName", "principalArn", "type", "userName"),
        never="made:arn:aws:iam::123456789012:role/never",
    ),
    Case(
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        inputs=_with_entry,
        seen=_associated,
        created={"type": "cluster"},
        update={"accessScope": {"type": "namespace", "namespaces": ["web"]}},
        updated={"type": "namespace", "namespaces": ["web"]},
        drift=lambda account, _id: account.client("eks").associate_access_policy(
            clusterName="made", principalArn=_PERSON, policyArn=_POLICY, accessScope={"type": "cluster"}
        ),
        drifted={"accessScope": {"type": "cluster"}},
        outputs=("accessScope", "associatedAt", "clusterName", "policyArn", "principalArn"),
        never=f"made#{_PERSON}#{_POLICY}",
    ),
    Case(
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        inputs=lambda account: _in_a_cluster(
            account, namespace="kube-system", serviceAccount="aws-node", roleArn=_pods("one"), tags={"owner": "ada"}
        ),
        seen=_identity,
        created=("kube-system", "aws-node", _pods("one"), {"owner": "ada"}),
        update={"roleArn": _pods("two"), "tags": {"owner": "grace"}},
        updated=("kube-system", "aws-node", _pods("two"), {"owner": "grace"}),
        drift=lambda account, association: account.client("eks").update_pod_identity_association(
            clusterName="made", associationId=association.partition(":")[2], roleArn=_pods("three")
        ),
        drifted={"roleArn": _pods("three")},
        outputs=("associationArn", "associationId", "roleArn"),
        never="made:a-0123456789abcdef0",
    ),
)
