"""What the emulator adds to moto for clusters and what customers reach. boto3 alone looks."""

from typing import Any

from tests.sandbox.conformance.case import Account, refused


def make_cluster(account: Account, **more: Any) -> Any:
    """A client of EKS, with a cluster named `case`."""
    eks = account.client("eks")
    role = f"arn:aws:iam::123456789012:role/{account.role('eks.amazonaws.com')}"
    network = {"subnetIds": account.subnets(account.vpc()), "endpointPublicAccess": False}
    eks.create_cluster(name="case", roleArn=role, resourcesVpcConfig=network, **more)
    return eks


def test_a_protected_cluster_is_not_deleted_and_keeps_what_a_change_leaves_out(account: Account) -> None:
    eks = make_cluster(account, deletionProtection=True, accessConfig={"authenticationMode": "API"})
    with refused("InvalidRequestException"):
        eks.delete_cluster(name="case")
    eks.update_cluster_config(name="case", resourcesVpcConfig={"endpointPrivateAccess": True})
    found = eks.describe_cluster(name="case")["cluster"]
    assert found["resourcesVpcConfig"]["endpointPublicAccess"] is False
    assert found["accessConfig"]["authenticationMode"] == "API"
    eks.update_cluster_config(name="case", deletionProtection=False)
    eks.delete_cluster(name="case")
    assert eks.list_clusters()["clusters"] == []


def test_what_is_let_into_a_cluster_is_listed_until_it_is_deleted(account: Account) -> None:
    eks = make_cluster(account)
    person, policy = (
        "arn:aws:iam::123456789012:role/a/path/ada",
        "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
    )
    eks.create_access_entry(clusterName="case", principalArn=person)
    eks.associate_access_policy(
        clusterName="case", principalArn=person, policyArn=policy, accessScope={"type": "cluster"}
    )
    assert eks.list_access_entries(clusterName="case")["accessEntries"] == [person]
    eks.disassociate_access_policy(clusterName="case", principalArn=person, policyArn=policy)
    listed = eks.list_associated_access_policies(clusterName="case", principalArn=person)
    assert listed["associatedAccessPolicies"] == []
    with refused("ResourceInUseException"):
        eks.create_access_entry(clusterName="case", principalArn=person)
    eks.delete_access_entry(clusterName="case", principalArn=person)
    assert eks.list_access_entries(clusterName="case")["accessEntries"] == []
    with refused("ResourceNotFoundException"):
        eks.describe_access_entry(clusterName="case", principalArn=person)


def test_a_service_account_has_one_role(account: Account) -> None:
    eks = make_cluster(account)
    pods = {"clusterName": "case", "namespace": "web", "serviceAccount": "web", "roleArn": "arn:aws:iam::1:role/web"}
    made = eks.create_pod_identity_association(**pods)["association"]
    with refused("ResourceInUseException"):
        eks.create_pod_identity_association(**pods)
    eks.delete_pod_identity_association(clusterName="case", associationId=made["associationId"])
    assert eks.list_pod_identity_associations(clusterName="case")["associations"] == []


def test_a_certificate_is_issued_once_its_record_is_in_the_zone(account: Account) -> None:
    """As an account has it from outside: a zone that somebody delegated to it."""
    acm, route53 = account.client("acm"), account.client("route53")
    arn = acm.request_certificate(DomainName="app.sandbox.hedgerow.example", ValidationMethod="DNS")["CertificateArn"]
    found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert found["Status"] == "PENDING_VALIDATION"
    [option] = found["DomainValidationOptions"]
    record = {"TTL": 60, "Name": option["ResourceRecord"]["Name"], "Type": option["ResourceRecord"]["Type"]}
    for value, status in (("other.example.", "PENDING_VALIDATION"), (option["ResourceRecord"]["Value"], "ISSUED")):
        change = {"Action": "UPSERT", "ResourceRecordSet": record | {"ResourceRecords": [{"Value": value}]}}
        route53.change_resource_record_sets(HostedZoneId="Z00SANDBOX", ChangeBatch={"Changes": [change]})
        assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == status


def test_a_protected_load_balancer_is_not_deleted(account: Account) -> None:
    elb = account.client("elbv2")
    subnets = account.subnets(account.vpc())
    arn = elb.create_load_balancer(Name="case", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    protection = {"Key": "deletion_protection.enabled", "Value": "true"}
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[protection])
    with refused("OperationNotPermitted"):
        elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[protection | {"Value": "false"}])
    elb.delete_load_balancer(LoadBalancerArn=arn)
    assert elb.describe_load_balancers()["LoadBalancers"] == []
