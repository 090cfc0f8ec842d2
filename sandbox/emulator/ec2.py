"""What moto's EC2 leaves undone, done: rules, associations, endpoints, NAT gateways, templates, logs, instances."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.ec2.exceptions import (
    InvalidSecurityGroupNotFoundError,
    InvalidSecurityGroupRuleIdNotFoundError,
    ResourceAlreadyAssociatedError,
)
from moto.ec2.models import EC2Backend, security_groups
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.models.managed_prefixes import ManagedPrefixList
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses import EC2Response, instances
from moto.ec2.utils import parse_user_data as moto_parse_user_data
from moto.ec2.utils import random_private_ip

_associate_route_table = EC2Backend.associate_route_table
_create_flow_logs = EC2Backend.create_flow_logs
_create_launch_template = EC2Backend.create_launch_template
_create_vpc_endpoint = EC2Backend.create_vpc_endpoint
_delete_nat_gateway = EC2Backend.delete_nat_gateway
_modify_vpc_endpoint = EC2Backend.modify_vpc_endpoint
_answer_modify_vpc_endpoint = EC2Response.modify_vpc_endpoint


class Rule(security_groups.SecurityGroupRule):
    """moto forgets the description of a rule unless it is about a range of addresses."""

    _PREFIX_LIST = 7  # the place of that argument after self

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.prefix_list = (*arguments, *[None] * 8)[self._PREFIX_LIST] or {}

    @property
    def description(self) -> str | None:
        """The rule's description, whatever the rule is about."""
        about = self.ip_range or self.source_group or self.prefix_list
        return about.get("Description")


def modify_security_group_rules(self: EC2Backend, group_id: str, rules: Mapping[str, Mapping[str, Any]]) -> None:
    """Set all that a rule says; moto changes ranges of IPv4 only, and takes no description away."""
    group = self.get_security_group_from_id(group_id)
    if group is None:
        raise InvalidSecurityGroupNotFoundError(group_id)
    for rule_id, new in rules.items():
        rule = group.get_rule(rule_id)
        if rule is None:
            raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
        described = {"Description": new["Description"]} if new.get("Description") else {}
        ranges = {"CidrIp": new.get("CidrIpv4"), "CidrIpv6": new.get("CidrIpv6")}
        ip_range, source_group, prefix_list = (
            {**about, **described} if about else None
            for about in (
                {name: value for name, value in ranges.items() if value},
                {"GroupId": new["ReferencedGroupId"]} if new.get("ReferencedGroupId") else {},
                {"PrefixListId": new["PrefixListId"]} if new.get("PrefixListId") else {},
            )
        )
        ports = (new.get("FromPort"), new.get("ToPort"))
        changed = Rule(self, new["IpProtocol"], group_id, *ports, ip_range, source_group, prefix_list)
        kept = {name: getattr(rule, name) for name in ("id", "is_egress")}
        rule.__dict__.update({**changed.__dict__, **kept, "filters": rule.filters})


def associate_route_table(
    self: EC2Backend, route_table_id: str, gateway_id: str | None = None, subnet_id: str | None = None
) -> str:
    """A subnet has one route table; moto answers with the association that it already has, to whatever table."""
    for table in self.route_tables.values():
        subnets = {association.get("SubnetId") for association in table.associations} - {None}
        if subnet_id in subnets and table.id != route_table_id:
            raise ResourceAlreadyAssociatedError(str(subnet_id))
    return _associate_route_table(self, route_table_id, gateway_id, subnet_id)


def create_vpc_endpoint(self: EC2Backend, **members: Any) -> VPCEndPoint:
    """Only an interface endpoint has private names."""
    endpoint = _create_vpc_endpoint(self, **members)
    if endpoint.vpc_endpoint_type != "Interface":
        endpoint.private_dns_enabled = False
    return endpoint


def modify_vpc_endpoint(self: EC2Backend, vpc_id: str, **changes: Any) -> None:
    """Bring the routes and interfaces along that moto makes with an endpoint and takes away with it."""
    _modify_vpc_endpoint(self, vpc_id=vpc_id, **changes)
    [endpoint] = self.describe_vpc_endpoints(vpc_end_point_ids=[vpc_id])
    prefix_list = endpoint.destination_prefix_list_id or ""
    for table in changes["add_route_tables"]:
        self.create_route(table, None, gateway_id=vpc_id, destination_prefix_list_id=prefix_list)
    for table in changes["remove_route_tables"]:
        self.delete_route(table, prefix_list)
    for subnet in changes["add_subnets"]:
        endpoint.network_interface_ids.append(self.create_network_interface(subnet, random_private_ip()).id)
    for interface in list(endpoint.network_interface_ids):
        if self.enis[interface].subnet.id in changes["remove_subnets"]:
            endpoint.network_interface_ids.remove(interface)
            self.delete_network_interface(interface)


def answer_modify_vpc_endpoint(self: EC2Response) -> ActionResult:
    """Take the member that moto doesn't read."""
    answer = _answer_modify_vpc_endpoint(self)
    [endpoint] = self.ec2_backend.describe_vpc_endpoints(vpc_end_point_ids=[self._get_param("VpcEndpointId")])
    endpoint.private_dns_enabled = self._get_bool_param("PrivateDnsEnabled", if_none=endpoint.private_dns_enabled)
    return answer


def delete_nat_gateway(self: EC2Backend, nat_gateway_id: str) -> NatGateway:
    """Let the gateway's address go and delete its interface, which moto keeps."""
    gateway = _delete_nat_gateway(self, nat_gateway_id)
    [held] = gateway.nat_gateway_addresses
    for address in self.addresses:
        if address.network_interface_id == held["networkInterfaceId"]:
            self.disassociate_address(association_id=address.association_id)
    self.delete_network_interface(held["networkInterfaceId"])
    return gateway


def create_launch_template(self: EC2Backend, name: str, description: str, data: dict[str, Any], tags: Any) -> Any:
    """The tags of the template itself are none of its data, to which moto adds them."""
    specifications = data.pop("TagSpecifications", [])
    if kept := [each for each in specifications if each["ResourceType"] != "launch-template"]:
        data["TagSpecifications"] = kept
    return _create_launch_template(self, name, description, data, tags)


def create_flow_logs(self: EC2Backend, **members: Any) -> Any:
    """A log group may be given by its ARN; moto then doesn't find it and says that the delivery failed."""
    destination = members["log_destination"] or ""
    if ":log-group:" in destination and not members["log_group_name"]:
        members["log_group_name"] = destination.split(":log-group:")[1].removesuffix(":*")
    return _create_flow_logs(self, **members)


def parse_user_data(value: Any) -> Any:
    """moto decodes what ModifyInstanceAttribute is sent, and then takes it for text that is still encoded."""
    return Base64EncodedString.from_raw_bytes(value) if isinstance(value, bytes) else moto_parse_user_data(value)


def modify_instance_metadata_options(self: EC2Backend, instance_id: str, **changes: Any) -> Any:
    """Change what is given; moto sets the rest back."""
    options = self.get_instance(instance_id).metadata_options
    names = {"hop_limit": "http_put_response_hop_limit", "http_protocol": "http_protocol_ipv6"}
    names["metadata_tags"] = "instance_metadata_tags"
    for name, value in changes.items():
        if value is not None and name != "dry_run":
            setattr(options, names.get(name, name), value)
    return options


def _monitor(state: str) -> Callable[[EC2Response], ActionResult]:
    def answer(self: EC2Response) -> ActionResult:
        chosen = self.ec2_backend.get_multi_instances_by_id(self._get_param("InstanceIds", []))
        for instance in chosen:
            instance.monitoring_state = state
        told = [{"InstanceId": instance.id, "Monitoring": {"State": state}} for instance in chosen]
        return ActionResult({"InstanceMonitorings": told})

    return answer


def _cidrs(prefix_list: ManagedPrefixList) -> list[str]:
    """The ranges of a prefix list, which moto leaves out of DescribePrefixLists."""
    return [entry["Cidr"] for entry in prefix_list.entries[max(prefix_list.entries)]]


def _tags(template: LaunchTemplate) -> Any:
    """The tags of a template as they are now; moto answers with those it was made with."""
    return template.get_tags()


_CORRECTED: Iterable[tuple[object, str, object]] = (
    (security_groups, "SecurityGroupRule", Rule),
    (EC2Backend, "associate_route_table", associate_route_table),
    (EC2Backend, "create_flow_logs", create_flow_logs),
    (EC2Backend, "create_launch_template", create_launch_template),
    (EC2Backend, "create_vpc_endpoint", create_vpc_endpoint),
    (EC2Backend, "delete_nat_gateway", delete_nat_gateway),
    (EC2Backend, "modify_instance_metadata_options", modify_instance_metadata_options),
    (EC2Backend, "modify_security_group_rules", modify_security_group_rules),
    (EC2Backend, "modify_vpc_endpoint", modify_vpc_endpoint),
    (EC2Response, "modify_vpc_endpoint", answer_modify_vpc_endpoint),
    (LaunchTemplate, "tags", property(_tags, lambda _template, _made_with: None)),
    (EC2Response, "monitor_instances", _monitor("enabled")),
    (EC2Response, "unmonitor_instances", _monitor("disabled")),
    (instances, "parse_user_data", parse_user_data),
    (ManagedPrefixList, "cidrs", property(_cidrs)),
)


def install() -> None:
    """Put them in place of moto's."""
    for owner, name, replacement in _CORRECTED:
        setattr(owner, name, replacement)
