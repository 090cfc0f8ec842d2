"""The cluster: out of the internet's reach, its secrets encrypted, its nodes with nothing worth taking."""

import json
from typing import Any

import pytest

from infrastructure.nodes import NodesArgs
from infrastructure.promises import BrokenPromise
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations


def _cluster(environment: Registrations) -> Registered:
    (cluster,) = environment.of("eks/cluster:Cluster")
    return cluster


def _private(environment: Registrations) -> set[str]:
    subnets = environment.of("ec2/subnet:Subnet")
    return {f"{subnet.name}-id" for subnet in subnets if subnet.inputs["tags"]["tier"] == "private"}


def test_its_api_is_reached_from_within_the_network_alone(environment: Registrations) -> None:
    network = _cluster(environment).inputs["vpcConfig"]
    assert network["endpointPublicAccess"] is False
    assert network["endpointPrivateAccess"] is True
    assert set(network["subnetIds"]) == _private(environment)


def test_its_secrets_are_under_the_secrets_key(environment: Registrations) -> None:
    encryption = _cluster(environment).inputs["encryptionConfig"]
    assert encryption["resources"] == ["secrets"]
    assert encryption["provider"]["keyArn"] == environment.one("kms/key:Key", "secrets-key").state["arn"]


def test_everything_that_the_control_plane_logs_goes_to_a_log_group_that_is_there_first(
    environment: Registrations,
) -> None:
    cluster = _cluster(environment)
    assert set(cluster.inputs["enabledClusterLogTypes"]) == {
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    }
    group = environment.one("cloudwatch/logGroup:LogGroup", "cluster-log-group")
    assert group.inputs["name"] == f"/aws/eks/{cluster.inputs['name']}/cluster"
    order = list(environment.aws())
    assert order.index(group) < order.index(cluster)


def test_only_those_who_are_named_get_in_and_only_an_emergency_administers(environment: Registrations) -> None:
    access = _cluster(environment).inputs["accessConfig"]
    assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    roles = {role.state["arn"]: role.name for role in environment.of("iam/role:Role")}
    granted = {
        roles[association.inputs["principalArn"]]: association.inputs["policyArn"].rpartition("/")[2]
        for association in environment.of("eks/accessPolicyAssociation:AccessPolicyAssociation")
    }
    assert granted == {
        "auditor": "AmazonEKSViewPolicy",
        "engineer": "AmazonEKSViewPolicy",
        "break-glass": "AmazonEKSClusterAdminPolicy",
    }
    entries = environment.of("eks/accessEntry:AccessEntry")
    assert {roles[entry.inputs["principalArn"]] for entry in entries} == set(granted)
    assert not any(entry.inputs.get("kubernetesGroups") for entry in entries)


def test_deletion_is_refused_outside_the_sandbox(environment: Registrations, stack: str) -> None:
    assert _cluster(environment).inputs["deletionProtection"] is (stack != "sandbox")


def test_nodes_run_the_clusters_version_in_every_zone(environment: Registrations) -> None:
    (nodes,) = environment.of("eks/nodeGroup:NodeGroup")
    assert nodes.inputs["version"] == _cluster(environment).inputs["version"]
    assert set(nodes.inputs["subnetIds"]) == _private(environment)
    assert nodes.inputs["scalingConfig"]["minSize"] >= 3
    assert "remoteAccess" not in nodes.inputs
    template = environment.one("ec2/launchTemplate:LaunchTemplate", "cluster-nodes")
    assert nodes.inputs["launchTemplate"] == {"id": "cluster-nodes-id", "version": "1"}
    assert "iamInstanceProfile" not in template.inputs, "EKS refuses one"


def test_nodes_answer_metadata_to_sessions_of_their_own_alone(environment: Registrations) -> None:
    template = environment.one("ec2/launchTemplate:LaunchTemplate", "cluster-nodes").inputs
    options = template["metadataOptions"]
    assert (options["httpTokens"], options["httpPutResponseHopLimit"]) == ("required", 1)
    assert "keyName" not in template
    assert "userData" not in template


def test_nodes_have_encrypted_volumes_and_no_public_address(environment: Registrations) -> None:
    template = environment.one("ec2/launchTemplate:LaunchTemplate", "cluster-nodes").inputs
    key = environment.one("kms/key:Key", "volumes-key").state["arn"]
    for mapping in template["blockDeviceMappings"]:
        assert mapping["ebs"]["encrypted"] == "true"
        assert mapping["ebs"]["kmsKeyId"] == key
    (interface,) = template["networkInterfaces"]
    assert interface["associatePublicIpAddress"] == "false"
    assert interface["securityGroups"] == ["cluster-id", *environment.outputs["clients"].values()]
    assert len(interface["securityGroups"]) <= 5, "of AWS's quota of groups for an interface"
    for specification in template["tagSpecifications"]:
        assert {"owner", "environment", "service", "data-class"} <= set(specification["tags"])


def test_members_of_the_cluster_alone_reach_it_and_over_named_ports(environment: Registrations) -> None:
    into = [
        rule.inputs
        for rule in environment.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if rule.inputs["securityGroupId"] == "cluster-id"
    ]
    assert {rule["referencedSecurityGroupId"] for rule in into} == {"cluster-id", "load-balancer-id"}
    assert all(rule["ipProtocol"] in {"tcp", "udp"} for rule in into)
    (door,) = [rule for rule in into if rule["referencedSecurityGroupId"] == "load-balancer-id"]
    (group,) = environment.of("lb/targetGroup:TargetGroup")
    assert door["fromPort"] == door["toPort"] == group.inputs["port"]


def test_pods_get_roles_of_their_own_for_one_service_account_of_this_cluster(environment: Registrations) -> None:
    identities = environment.of("eks/podIdentityAssociation:PodIdentityAssociation")
    roles = {role.state["arn"]: role for role in environment.of("iam/role:Role")}
    assert len({identity.inputs["roleArn"] for identity in identities}) == len(identities) >= 2
    cluster = f"arn:aws:eks:us-west-2:{ACCOUNT}:cluster/{_cluster(environment).inputs['name']}"
    for identity in identities:
        (trust,) = roles[identity.inputs["roleArn"]].document("assumeRolePolicy")
        assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
        assert trust["Condition"]["ArnEquals"] == {"aws:SourceArn": cluster}
        only = trust["Condition"]["StringEquals"]
        assert only["aws:SourceAccount"] == ACCOUNT
        assert only["aws:RequestTag/kubernetes-namespace"] == identity.inputs["namespace"]
        assert only["aws:RequestTag/kubernetes-service-account"] == identity.inputs["serviceAccount"]


def test_nodes_may_join_pull_images_and_be_reached_and_nothing_else(environment: Registrations) -> None:
    role = environment.one("iam/role:Role", "cluster-nodes-role").state["name"]
    attached = {
        one.inputs["policyArn"].rpartition("/")[2]
        for one in environment.of("iam/rolePolicyAttachment:RolePolicyAttachment")
        if one.inputs["role"] == role
    }
    assert attached == {
        "AmazonEKSWorkerNodeMinimalPolicy",
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonSSMManagedInstanceCore",
    }
    assert not [one for one in environment.of("iam/rolePolicy:RolePolicy") if one.inputs["role"] == role]


def test_the_pod_identity_agent_is_there_before_the_nodes(environment: Registrations) -> None:
    order = list(environment.aws())
    (nodes,) = environment.of("eks/nodeGroup:NodeGroup")
    addons = {addon.inputs["addonName"]: addon for addon in environment.of("eks/addon:Addon")}
    assert set(addons) == {"vpc-cni", "kube-proxy", "eks-pod-identity-agent", "coredns"}
    for addon in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent"):
        assert order.index(addons[addon]) < order.index(nodes)
    assert order.index(nodes) < order.index(addons["coredns"])


def test_images_are_scanned_immutable_and_under_their_key(environment: Registrations, stack: str) -> None:
    (scanning,) = environment.of("ecr/registryScanningConfiguration:RegistryScanningConfiguration")
    assert scanning.inputs["scanType"] == "ENHANCED"
    key = environment.one("kms/key:Key", "images-key").state["arn"]
    repositories = environment.of("ecr/repository:Repository")
    assert repositories
    for repository in repositories:
        assert repository.inputs["imageTagMutability"] == "IMMUTABLE"
        assert repository.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        assert repository.inputs["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": key}]
        assert repository.inputs["forceDelete"] is (stack == "sandbox")
    named = {repository.state["name"] for repository in repositories}
    for suffix in ("ecr/repositoryPolicy:RepositoryPolicy", "ecr/lifecyclePolicy:LifecyclePolicy"):
        assert {one.inputs["repository"] for one in environment.of(suffix)} == named


def test_nobody_from_outside_pulls_and_only_the_main_branch_pushes(environment: Registrations, stack: str) -> None:
    deploy = f"arn:aws:iam::{ACCOUNT}:role/hedgerow-{stack}/hedgerow-{stack}-deploy"
    for policy in environment.of("ecr/repositoryPolicy:RepositoryPolicy"):
        outside, pushing = policy.document()
        assert outside["Effect"] == pushing["Effect"] == "Deny"
        assert outside["Condition"]["StringNotEquals"] == {"aws:PrincipalAccount": ACCOUNT}
        assert {"ecr:PutImage", "ecr:CompleteLayerUpload"} <= set(pushing["Action"])
        assert deploy in pushing["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
        assert not [arn for arn in pushing["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] if "preview" in arn]


def test_untagged_and_old_images_are_removed(environment: Registrations) -> None:
    for policy in environment.of("ecr/lifecyclePolicy:LifecyclePolicy"):
        rules: list[dict[str, Any]] = json.loads(policy.inputs["policy"])["rules"]
        assert [rule["selection"]["tagStatus"] for rule in rules] == ["untagged", "any"]


@pytest.mark.parametrize("nodes", [2, 101])
def test_too_few_nodes_for_the_zones_or_too_many_are_refused(nodes: int) -> None:
    with pytest.raises(BrokenPromise, match="Business Continuity: the cluster's nodes"):
        NodesArgs(None, "1.35", [], (), None, "m7g.large", nodes, {})  # type: ignore[arg-type] # only the number counts
