"""Route tables, their routes and what they are associated with."""

from collections.abc import Mapping
from typing import Any

from sandbox.aws_plugin.handlers import models, translate
from sandbox.aws_plugin.handlers.calls import Scope, search
from sandbox.aws_plugin.handlers.ec2 import TAGGING, arn
from sandbox.aws_plugin.handlers.records import Call, Code, Record
from sandbox.aws_plugin.values import Props

_TARGETS = ("gatewayId", "natGatewayId", "networkInterfaceId", "transitGatewayId", "vpcPeeringConnectionId")
_ROUTE = {"RouteTableId": "{routeTableId}", "DestinationCidrBlock": "{destinationCidrBlock}"}
# The routes that somebody made: not the network's own, nor those that endpoints bring along (whose gateway is vpce-…).
_MADE = "Routes[?Origin == 'CreateRoute' && !(GatewayId && starts_with(GatewayId, 'vpce-'))]"
# What a route within a table calls otherwise than EC2 does.
_NAMES = {
    "routes.cidrBlock": "DestinationCidrBlock",
    "routes.egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
    "routes.ipv6CidrBlock": "DestinationIpv6CidrBlock",
}
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def _members(route: Props) -> dict[str, str]:
    """A route within a table as EC2 takes it."""
    members = translate.to_aws(route, models.operation("ec2", "create_route").input_shape, _NAMES, "routes")
    return {name: value for name, value in members.items() if value}


def _change_routes(scope: Scope, old: Props) -> None:
    """EC2 takes routes one at a time."""
    wanted, before = ([_members(route) for route in props.get("routes") or ()] for props in (scope, old))
    for route in (route for route in before if route not in wanted):
        destination = {name: route[name] for name in _DESTINATIONS if name in route}
        scope.call("delete_route", RouteTableId=scope["id"], **destination)
    for route in (route for route in wanted if route not in before):
        scope.call("create_route", RouteTableId=scope["id"], **route)


def _association(scope: Scope) -> Mapping[str, Any]:
    """The association as it is now, or nothing.

    EC2 gives it a new id when its route table is replaced, and Pulumi can't change a resource's: then it is known by
    what it associates.
    """
    tables = scope.call("describe_route_tables")["RouteTables"]
    associations: list[Mapping[str, Any]] = search("[].Associations[?!Main][]", tables)
    targets = {scope.get("subnetId"), scope.get("gatewayId")} - {None}
    by_id = [each for each in associations if each["RouteTableAssociationId"] == scope["id"]]
    by_target = [each for each in associations if targets & {each.get("SubnetId"), each.get("GatewayId")}]
    return next(iter(by_id or by_target), {})


def _read_association(scope: Scope, _state: Props) -> Props | None:
    found = _association(scope)
    names = {"routeTableId": "RouteTableId", "subnetId": "SubnetId", "gatewayId": "GatewayId"}
    return {name: found[member] for name, member in names.items() if found.get(member)} or None


def _replace_association(scope: Scope, _old: Props) -> None:
    scope.call(
        "replace_route_table_association",
        AssociationId=_association(scope)["RouteTableAssociationId"],
        RouteTableId=scope["routeTableId"],
    )


def _disassociate(scope: Scope, _old: Props) -> None:
    scope.call("disassociate_route_table", AssociationId=_association(scope)["RouteTableAssociationId"])


RECORDS = (
    Record(
        "aws:ec2/routeTable:RouteTable",
        service="ec2",
        key={"RouteTableId": "{id}"},
        id="RouteTableId",
        create=Call("create_route_table", at="RouteTable", only=("vpcId",)),
        reads=(
            Call(
                "describe_route_tables",
                at="RouteTables[0]",
                names={**_NAMES, "routes": _MADE, "propagatingVgws": "PropagatingVgws[].GatewayId"},
            ),
        ),
        updates=(Code(("routes",), _change_routes),),
        deletes=(Call("delete_route_table"),),
        computed=arn("route-table"),
        tagging=TAGGING,
        tag_resource="route-table",
    ),
    Record(
        "aws:ec2/route:Route",
        service="ec2",
        key=_ROUTE,
        id="{routeTableId}_{destinationCidrBlock}",
        create=Call("create_route", only=(*_TARGETS, "destinationCidrBlock")),
        reads=(
            Call(
                "describe_route_tables",
                at="RouteTables[0].Routes[?DestinationCidrBlock == '{destinationCidrBlock}'] | [0]",
            ),
        ),
        updates=(Call("replace_route", only=_TARGETS),),
        deletes=(Call("delete_route", only=("destinationCidrBlock", "routeTableId")),),
    ),
    Record(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        service="ec2",
        key={"AssociationId": "{id}"},
        id="AssociationId",
        create=Call("associate_route_table"),
        reads=(Code(("gatewayId", "routeTableId", "subnetId"), _read_association),),
        updates=(Code(("routeTableId",), _replace_association),),
        deletes=(Code((), _disassociate),),
    ),
)
