"""Endpoints, by which a network reaches AWS's services without the internet, and flow logs."""

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.ec2 import TAGGING, arn
from sandbox.aws_plugin.handlers.records import Call, Code, Record
from sandbox.aws_plugin.values import Props

_ATTACHED = {"routeTableIds": "RouteTableIds", "subnetIds": "SubnetIds", "securityGroupIds": "SecurityGroupIds"}
_LOGGED = {"vpcId": "VPC", "subnetId": "Subnet", "eniId": "NetworkInterface"}


def _change_attached(scope: Scope, old: Props) -> None:
    """What an endpoint is attached to is created as a set but changed by difference."""
    members: dict[str, list[str]] = {}
    for name, member in _ATTACHED.items():
        wanted, before = set(scope.get(name, old.get(name)) or ()), set(old.get(name) or ())
        changes = {f"Add{member}": sorted(wanted - before), f"Remove{member}": sorted(before - wanted)}
        members |= {change: ids for change, ids in changes.items() if ids}
    scope.call("modify_vpc_endpoint", VpcEndpointId=scope["id"], **members)


def _private_dns(scope: Scope) -> Props:
    """Off unless asked for, as the provider has it; EC2 would turn it on."""
    return {"PrivateDnsEnabled": bool(scope.get("privateDnsEnabled"))}


def _logged(scope: Scope) -> Props:
    """The one thing whose traffic is logged; without any, EC2's model refuses the call."""
    logged = ({"ResourceIds": [scope[name]], "ResourceType": kind} for name, kind in _LOGGED.items() if scope.get(name))
    return next(logged, {})


def _resource(prefix: str) -> str:
    """JMESPath to what is logged, if its id begins so."""
    return f"[ResourceId][?starts_with(@, '{prefix}-')] | [0]"


RECORDS = (
    Record(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        service="ec2",
        key={"VpcEndpointId": "{id}"},
        id="VpcEndpointId",
        create=Call(
            "create_vpc_endpoint",
            at="VpcEndpoint",
            only=("vpcId", "serviceName", "vpcEndpointType", "policy", *_ATTACHED),
            send=_private_dns,
        ),
        reads=(
            Call("describe_vpc_endpoints", at="VpcEndpoints[0]", names={"securityGroupIds": "Groups[].GroupId"}),
            Call(
                "describe_prefix_lists",
                at="PrefixLists[0]",
                given={"Filters": [{"Name": "prefix-list-name", "Values": ["{serviceName}"]}]},
                only=("prefixListId", "cidrBlocks"),
                names={"cidrBlocks": "Cidrs"},
            ),
        ),
        gone="State == 'deleted'",
        updates=(
            Call("modify_vpc_endpoint", only=("policy", "privateDnsEnabled")),
            Code(tuple(_ATTACHED), _change_attached),
        ),
        deletes=(Call("delete_vpc_endpoints"),),
        names={"policy": "PolicyDocument"},
        defaults={"privateDnsEnabled": False, "vpcEndpointType": "Gateway"},
        computed=arn("vpc-endpoint"),
        tagging=TAGGING,
        tag_resource="vpc-endpoint",
    ),
    Record(
        "aws:ec2/flowLog:FlowLog",
        service="ec2",
        key={"FlowLogId": "{id}"},
        id="FlowLogIds[0]",
        create=Call(
            "create_flow_logs",
            only=(
                *_LOGGED,
                "iamRoleArn",
                "logDestination",
                "logDestinationType",
                "logFormat",
                "maxAggregationInterval",
                "trafficType",
            ),
            send=_logged,
        ),
        reads=(
            Call(
                "describe_flow_logs",
                at="FlowLogs[0]",
                names={"vpcId": _resource("vpc"), "subnetId": _resource("subnet"), "eniId": _resource("eni")},
            ),
        ),
        deletes=(Call("delete_flow_logs"),),
        names={"iamRoleArn": "DeliverLogsPermissionArn"},
        replace_on=frozenset(_LOGGED),
        computed=arn("vpc-flow-log"),
        tagging=TAGGING,
        tag_resource="vpc-flow-log",
    ),
)
