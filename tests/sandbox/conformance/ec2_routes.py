"""Route tables, their routes and what they are associated with."""

from typing import Any
from unittest.mock import ANY

from tests.sandbox.conformance.case import Account, Case, tags_of


def table(account: Account, vpc: str) -> str:
    """The id of a new route table."""
    return str(account.client("ec2").create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])


def _gateway(account: Account, vpc: str) -> str:
    """The id of a new internet gateway on a network; of one that it has, if it has one."""
    ec2 = account.client("ec2")
    filters = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    if found := ec2.describe_internet_gateways(Filters=filters)["InternetGateways"]:
        return str(found[0]["InternetGatewayId"])
    gateway = str(ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return gateway


def _nat(account: Account) -> str:
    """The id of a new NAT gateway."""
    ec2 = account.client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    [subnet, *_] = account.subnets(account.vpc())
    return str(ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"])


def _table(account: Account, table_id: str) -> dict[str, Any]:
    [found] = account.client("ec2").describe_route_tables(RouteTableIds=[table_id])["RouteTables"]
    routes = {each["DestinationCidrBlock"]: each.get("GatewayId") or each["NatGatewayId"] for each in found["Routes"]}
    return {"routes": routes, "tags": tags_of(found["Tags"])}


def _table_inputs(account: Account) -> dict[str, Any]:
    vpc = account.vpc()
    gateway = _gateway(account, vpc)
    return {
        "vpcId": vpc,
        "routes": [
            {"cidrBlock": "192.0.2.0/24", "gatewayId": gateway},
            {"cidrBlock": "0.0.0.0/0", "gatewayId": gateway},
        ],
        "tags": {"Name": "case"},
    }


def _route_inputs(account: Account) -> dict[str, Any]:
    vpc = account.vpc()
    return {
        "routeTableId": table(account, vpc),
        "destinationCidrBlock": "0.0.0.0/0",
        "gatewayId": _gateway(account, vpc),
    }


def _route(account: Account, thing_id: str) -> str | None:
    table_id, _, destination = thing_id.partition("_")
    routes = _table(account, table_id)["routes"]
    return routes.get(destination) and str(routes[destination])


def _reroute(account: Account, thing_id: str) -> None:
    table_id, _, destination = thing_id.partition("_")
    account.client("ec2").replace_route(
        RouteTableId=table_id, DestinationCidrBlock=destination, NatGatewayId=_nat(account)
    )


def _association_inputs(account: Account) -> dict[str, Any]:
    vpc = account.vpc()
    return {"routeTableId": table(account, vpc), "subnetId": account.subnets(vpc)[0]}


def _associations(account: Account) -> list[dict[str, str]]:
    return [
        {"routeTableId": found["RouteTableId"], "subnetId": each["SubnetId"], "id": each["RouteTableAssociationId"]}
        for found in account.client("ec2").describe_route_tables()["RouteTables"]
        for each in found["Associations"]
        if not each["Main"]
    ]


def _association(account: Account, _thing_id: str) -> dict[str, str] | None:
    """The only one there is: its id changes with its route table."""
    return next(({name: each[name] for name in ("routeTableId", "subnetId")} for each in _associations(account)), None)


def _reassociate(account: Account, _thing_id: str) -> None:
    [association] = _associations(account)
    account.client("ec2").replace_route_table_association(
        AssociationId=association["id"], RouteTableId=table(account, account.vpc())
    )


CASES = (
    Case(
        "aws:ec2/routeTable:RouteTable",
        inputs=_table_inputs,
        seen=_table,
        created=lambda inputs: {
            "routes": {
                "10.9.0.0/16": "local",
                "192.0.2.0/24": inputs["routes"][0]["gatewayId"],
                "0.0.0.0/0": inputs["routes"][0]["gatewayId"],
            },
            "tags": {"Name": "case"},
        },
        update=lambda account: {
            "routes": [{"cidrBlock": "192.0.2.0/24", "natGatewayId": _nat(account)}],
            "tags": {"Name": "renamed"},
        },
        updated=lambda inputs: {
            "routes": {"10.9.0.0/16": "local", "192.0.2.0/24": inputs["routes"][0]["natGatewayId"]},
            "tags": {"Name": "renamed"},
        },
        drift=lambda account, table_id: account.client("ec2").delete_route(
            RouteTableId=table_id, DestinationCidrBlock="192.0.2.0/24"
        ),
        drifted={"routes": []},
        outputs=("arn", "ownerId", "region", "routes", "tagsAll", "vpcId"),
        never="rtb-00000000",
    ),
    Case(
        "aws:ec2/route:Route",
        inputs=_route_inputs,
        seen=_route,
        created=lambda inputs: inputs["gatewayId"],
        update=lambda account: {"gatewayId": None, "natGatewayId": _nat(account)},
        updated=lambda inputs: inputs["natGatewayId"],
        drift=_reroute,
        drifted={"natGatewayId": ANY},
        outputs=("origin", "region", "state"),
        never="rtb-00000000_0.0.0.0/0",
    ),
    Case(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        inputs=_association_inputs,
        seen=_association,
        created=lambda inputs: inputs,
        update=lambda account: {"routeTableId": table(account, account.vpc())},
        updated=lambda inputs: inputs,
        drift=_reassociate,
        drifted={"routeTableId": ANY},
        outputs=("region", "routeTableId", "subnetId"),
        never="rtbassoc-00000000",
    ),
)
