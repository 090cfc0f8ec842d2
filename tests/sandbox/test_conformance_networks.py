"""What a network's types do beyond their own life: to each other, to what AWS makes by itself, and when AWS refuses."""

import pytest

from sandbox.aws_plugin import handlers
from sandbox.aws_plugin.aws import Aws, AwsError
from sandbox.aws_plugin.handlers.records import Handler
from sandbox.aws_plugin.values import Props
from tests.sandbox.conformance import ec2
from tests.sandbox.conformance.case import Account
from tests.sandbox.conformance.ec2_routes import table


def find(name: str, service: str = "ec2") -> Handler:
    handler = handlers.find(f"aws:{service}/{name[0].lower()}{name[1:]}:{name}")
    assert handler is not None
    return handler


def gateway_endpoint(vpc: str, *tables: str) -> Props:
    return {
        "vpcId": vpc,
        "serviceName": "com.amazonaws.us-west-2.s3",
        "vpcEndpointType": "Gateway",
        "routeTableIds": list(tables),
    }


def endpoint_routes(account: Account, table_id: str) -> list[str]:
    [found] = account.client("ec2").describe_route_tables(RouteTableIds=[table_id])["RouteTables"]
    return [route["GatewayId"] for route in found["Routes"] if route["GatewayId"].startswith("vpce-")]


def test_a_gateway_endpoint_has_a_route_in_each_of_its_tables_and_only_there(aws: Aws, account: Account) -> None:
    vpc = account.vpc()
    first, second = table(account, vpc), table(account, vpc)
    endpoint = find("VpcEndpoint")
    created = endpoint.create(gateway_endpoint(vpc, first), aws)
    assert endpoint_routes(account, first) == [created.id]
    assert created.state["prefixListId"].startswith("pl-")
    assert created.state["cidrBlocks"]
    assert created.state["privateDnsEnabled"] is False
    state = endpoint.update(created.id, created.state, gateway_endpoint(vpc, second), aws)
    assert (endpoint_routes(account, first), endpoint_routes(account, second)) == ([], [created.id])
    endpoint.delete(created.id, state, aws)
    assert endpoint_routes(account, second) == []


def test_the_route_of_an_endpoint_is_none_of_its_route_table(aws: Aws, account: Account) -> None:
    vpc = account.vpc()
    created = find("RouteTable").create({"vpcId": vpc, "routes": []}, aws)
    find("VpcEndpoint").create(gateway_endpoint(vpc, created.id), aws)
    assert endpoint_routes(account, created.id)
    assert find("RouteTable").read(created.id, created.state, aws) == created.state


def test_a_private_name_is_used_only_where_it_is_asked_for(aws: Aws, account: Account) -> None:
    vpc = account.vpc()
    inputs = {"vpcId": vpc, "serviceName": "com.amazonaws.us-west-2.kms", "vpcEndpointType": "Interface"}
    created = find("VpcEndpoint").create({**inputs, "subnetIds": account.subnets(vpc)[:1]}, aws)
    [endpoint] = account.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[created.id])["VpcEndpoints"]
    assert endpoint["PrivateDnsEnabled"] is False


def test_a_group_is_left_alone_by_an_update_that_names_no_rules(aws: Aws, account: Account) -> None:
    """Its rules may be resources of their own."""
    group = find("SecurityGroup").create({"name": "case", "vpcId": account.vpc()}, aws)
    rule = {"securityGroupId": group.id, "cidrIpv4": "10.0.0.0/8", "ipProtocol": "-1"}
    created = find("SecurityGroupEgressRule", "vpc").create(rule, aws)
    state = find("SecurityGroup").read(group.id, group.state, aws)
    assert state is not None
    assert [block["cidrBlocks"] for block in state["egress"]] == [["10.0.0.0/8"]]
    find("SecurityGroup").update(group.id, state, {"name": "case", "tags": {"Name": "new"}}, aws)
    assert find("SecurityGroupEgressRule", "vpc").read(created.id, created.state, aws) == created.state


def test_a_rule_revoked_by_hand_leaves_the_others_as_they_were_written(aws: Aws, account: Account) -> None:
    ports = {"protocol": "tcp", "fromPort": 443, "toPort": 443}
    blocks = [{**ports, "cidrBlocks": ["192.0.2.0/24", "10.0.0.0/8"]}, {**ports, "ipv6CidrBlocks": ["2001:db8::/32"]}]
    group = find("SecurityGroup").create({"name": "case", "vpcId": account.vpc(), "ingress": blocks}, aws)
    account.client("ec2").revoke_security_group_ingress(
        GroupId=group.id, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="10.0.0.0/8"
    )
    state = find("SecurityGroup").read(group.id, group.state, aws)
    assert state is not None
    assert sorted(map(str, state["ingress"])) == sorted(
        map(str, [{**ports, "cidrBlocks": ["192.0.2.0/24"]}, blocks[1]])
    )


def test_a_default_group_is_closed_when_it_is_adopted_even_if_no_rules_are_named(aws: Aws, account: Account) -> None:
    created = find("DefaultSecurityGroup").create({"vpcId": account.vpc()}, aws)
    [found] = account.client("ec2").describe_security_groups(GroupIds=[created.id])["SecurityGroups"]
    assert (found["IpPermissions"], found["IpPermissionsEgress"]) == ([], [])


def test_the_default_group_of_a_network_that_is_not_there_is_refused(aws: Aws) -> None:
    with pytest.raises(AwsError, match="describe_security_groups on ec2: NotFound"):
        find("DefaultSecurityGroup").create({"vpcId": "vpc-00000000"}, aws)


def test_a_subnet_has_one_route_table(aws: Aws, account: Account) -> None:
    vpc = account.vpc()
    [subnet, *_] = account.subnets(vpc)
    association = find("RouteTableAssociation")
    first = association.create({"subnetId": subnet, "routeTableId": table(account, vpc)}, aws)
    with pytest.raises(AwsError, match="AlreadyAssociated"):
        association.create({"subnetId": subnet, "routeTableId": table(account, vpc)}, aws)
    assert association.read(first.id, first.state, aws) == first.state


def test_a_deleted_nat_gateway_lets_its_address_and_interface_go(aws: Aws, account: Account) -> None:
    ec2_client = account.client("ec2")
    address = ec2_client.allocate_address(Domain="vpc")["AllocationId"]
    inputs = {"allocationId": address, "subnetId": account.subnets(account.vpc())[0]}
    created = find("NatGateway").create(inputs, aws)
    [held] = ec2_client.describe_addresses(AllocationIds=[address])["Addresses"]
    assert held["NetworkInterfaceId"] == created.state["networkInterfaceId"]
    find("NatGateway").delete(created.id, created.state, aws)
    [free] = ec2_client.describe_addresses(AllocationIds=[address])["Addresses"]
    assert "AssociationId" not in free
    assert ec2_client.describe_network_interfaces()["NetworkInterfaces"] == []


def test_an_address_stays_with_what_took_it_when_its_tags_change(aws: Aws, account: Account) -> None:
    created = find("Eip").create({"domain": "vpc"}, aws)
    interface = ec2.interface(account)
    account.client("ec2").associate_address(AllocationId=created.id, NetworkInterfaceId=interface)
    state = find("Eip").read(created.id, created.state, aws)
    assert state is not None
    state = find("Eip").update(created.id, state, {"domain": "vpc", "tags": {"Name": "new"}}, aws)
    assert state["networkInterface"] == interface
    find("Eip").delete(created.id, state, aws)
    assert account.client("ec2").describe_addresses()["Addresses"] == []


def test_what_fails_within_an_answer_has_failed(aws: Aws, account: Account) -> None:
    """CreateFlowLogs answers 200 and says beneath that there is no such bucket."""
    inputs = {"vpcId": account.vpc(), "logDestinationType": "s3", "logDestination": "arn:aws:s3:::never"}
    with pytest.raises(AwsError, match=r"create_flow_logs on ec2: .*never"):
        find("FlowLog").create({**inputs, "trafficType": "ALL"}, aws)
