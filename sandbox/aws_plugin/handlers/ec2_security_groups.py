"""Security groups: the default one of a network, others, and the rules of both.

The SDK has rules in two forms, a resource each or blocks of many within a group; EC2 keeps single ones. Blocks are
therefore taken apart into `_Rule`s to compare them with EC2's, whatever way a program grouped them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.ec2 import TAGGING, arn
from sandbox.aws_plugin.handlers.records import Call, Code, Record
from sandbox.aws_plugin.values import Props

_ALL, _ALL_PORTS = "-1", -1
_PROTOCOLS = {"all": _ALL, "1": "icmp", "6": "tcp", "17": "udp"}


class _Peer(NamedTuple):
    """One kind of what a rule lets through, by its four names: in a block, and in EC2's three forms of rules."""

    block: str
    permissions: str
    permission: str
    change: str


# By the property of a rule that is a resource.
_PEERS = {
    "cidrIpv4": _Peer("cidrBlocks", "IpRanges", "CidrIp", "CidrIpv4"),
    "cidrIpv6": _Peer("ipv6CidrBlocks", "Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
    "prefixListId": _Peer("prefixListIds", "PrefixListIds", "PrefixListId", "PrefixListId"),
    "referencedSecurityGroupId": _Peer("securityGroups", "UserIdGroupPairs", "GroupId", "ReferencedGroupId"),
}
_PORTS = {"ipProtocol": "IpProtocol", "fromPort": "FromPort", "toPort": "ToPort"}
_DIRECTIONS = ("ingress", "egress")


class _Rule(NamedTuple):
    """One rule; `kind` is one of `_PEERS`."""

    protocol: str
    first: int
    last: int
    kind: str
    peer: str
    description: str

    def permission(self) -> dict[str, Any]:
        """The rule as EC2 is told to make it."""
        ports = {} if self.protocol == _ALL else {"FromPort": self.first, "ToPort": self.last}
        return {"IpProtocol": self.protocol, **ports, **_permitted(self.kind, self.peer, self.description)}


def _permitted(kind: str, peer: str, description: str) -> dict[str, Any]:
    of = _PEERS[kind]
    return {of.permissions: [{of.permission: peer, **({"Description": description} if description else {})}]}


def _rules_of(blocks: Iterable[Props], group: str) -> set[_Rule]:
    """The rules that blocks of the SDK mean in a group."""
    rules = set()
    for block in blocks:
        protocol = _PROTOCOLS.get(block["protocol"].lower(), block["protocol"].lower())
        first, last = (_ALL_PORTS, _ALL_PORTS) if protocol == _ALL else (block["fromPort"], block["toPort"])
        peers = [(kind, peer) for kind, of in _PEERS.items() for peer in block.get(of.block) or ()]
        if block.get("self"):
            peers.append(("referencedSecurityGroupId", group))
        rules |= {_Rule(protocol, first, last, *peer, block.get("description") or "") for peer in peers}
    return rules


def _blocks_of(rules: set[_Rule], blocks: Iterable[Props], group: str) -> list[Props]:
    """Rules as blocks: as they were written where all of a block's rules are there, the others grouped."""
    kept = [block for block in blocks if _rules_of([block], group) <= rules]
    made: dict[tuple[str, int, int, str], Props] = {}
    for rule in sorted(rules - _rules_of(kept, group)):
        protocol, first, last, kind, peer, description = rule
        first, last = (0, 0) if protocol == _ALL else (first, last)
        block = made.setdefault(
            (protocol, first, last, description), {"protocol": protocol, "fromPort": first, "toPort": last}
        )
        if description:
            block["description"] = description
        if peer == group:
            block["self"] = True
        else:
            block.setdefault(_PEERS[kind].block, []).append(peer)
    return kept + list(made.values())


def _held(scope: Scope) -> dict[str, dict[str, _Rule]]:
    """The rules that EC2 has of the group: direction -> id -> rule."""
    held: dict[str, dict[str, _Rule]] = {direction: {} for direction in _DIRECTIONS}
    filters = [{"Name": "group-id", "Values": [scope["id"]]}]
    for found in scope.call("describe_security_group_rules", Filters=filters)["SecurityGroupRules"]:
        peers = {**found, "ReferencedGroupId": found.get("ReferencedGroupInfo", {}).get("GroupId")}
        kind, peer = next((kind, peers[of.change]) for kind, of in _PEERS.items() if peers.get(of.change))
        rule = _Rule(
            found["IpProtocol"], found["FromPort"], found["ToPort"], kind, peer, found.get("Description") or ""
        )
        held["egress" if found["IsEgress"] else "ingress"][found["SecurityGroupRuleId"]] = rule
    return held


def _revoke(scope: Scope, direction: str, ids: list[str]) -> None:
    if ids:
        scope.call(f"revoke_security_group_{direction}", GroupId=scope["id"], SecurityGroupRuleIds=ids)


def _revoke_all(scope: Scope, _old: Props) -> None:
    """AWS lets a new group send anywhere, and a default one be reached by its members; the provider takes both away."""
    for direction, rules in _held(scope).items():
        _revoke(scope, direction, list(rules))


def _revoke_on_delete(scope: Scope, old: Props) -> None:
    if scope.get("revokeRulesOnDelete"):
        _revoke_all(scope, old)


def _change_rules(scope: Scope, _old: Props) -> None:
    for direction, held in _held(scope).items():
        if scope.get(direction) is None:
            continue
        wanted = _rules_of(scope[direction], scope["id"])
        _revoke(scope, direction, [rule_id for rule_id, rule in held.items() if rule not in wanted])
        if missing := sorted(wanted - set(held.values())):
            permissions = [rule.permission() for rule in missing]
            scope.call(f"authorize_security_group_{direction}", GroupId=scope["id"], IpPermissions=permissions)


def _read_rules(scope: Scope, _state: Props) -> Props:
    return {
        direction: _blocks_of(set(held.values()), scope.get(direction) or (), scope["id"])
        for direction, held in _held(scope).items()
    }


def _default_group(scope: Scope) -> Props:
    """How the default group of a network (without one: of the default network) is found."""
    vpc = scope.get("vpcId")
    if not vpc:
        [found] = scope.call("describe_vpcs", Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        vpc = found["VpcId"]
    return {"Filters": [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]}


def _permission(scope: Scope) -> Props:
    """A rule that is a resource, as EC2 is told to make it."""
    permission = {member: scope[name] for name, member in _PORTS.items() if scope.get(name) is not None}
    for kind in _PEERS.keys() & scope.keys():
        permission |= _permitted(kind, scope[kind], scope.get("description") or "")
    return {"IpPermissions": [permission]}


def _modify_rule(scope: Scope, _old: Props) -> None:
    members = {**_PORTS, **{kind: of.change for kind, of in _PEERS.items()}, "description": "Description"}
    rule = {member: scope[name] for name, member in members.items() if scope.get(name) not in (None, "")}
    change = {"SecurityGroupRuleId": scope["id"], "SecurityGroupRule": rule}
    scope.call("modify_security_group_rules", GroupId=scope["securityGroupId"], SecurityGroupRules=[change])


_GROUP: Mapping[str, Any] = {
    "service": "ec2",
    "key": {"GroupId": "{id}"},
    "id": "GroupId",
    "reads": (
        Call("describe_security_groups", at="SecurityGroups[0]", names={"name": "GroupName"}),
        Code(_DIRECTIONS, _read_rules),
    ),
    "after_create": (Code((), _revoke_all),),
    "updates": (Code(_DIRECTIONS, _change_rules),),
    "flags": frozenset({"revokeRulesOnDelete"}),
    "computed": arn("security-group"),
    "tagging": TAGGING,
}


def _rule(direction: str) -> Record:
    return Record(
        f"aws:vpc/securityGroup{direction.capitalize()}Rule:SecurityGroup{direction.capitalize()}Rule",
        service="ec2",
        key={"SecurityGroupRuleId": "{id}"},
        id="SecurityGroupRuleId",
        create=Call(
            f"authorize_security_group_{direction}",
            at="SecurityGroupRules[0]",
            only=("securityGroupId",),
            send=_permission,
        ),
        reads=(Call("describe_security_group_rules", at="SecurityGroupRules[0]"),),
        updates=(Code((*_PORTS, *_PEERS, "description"), _modify_rule),),
        deletes=(Call(f"revoke_security_group_{direction}", only=("securityGroupId",)),),
        names={"securityGroupId": "GroupId", "referencedSecurityGroupId": "ReferencedGroupInfo.GroupId"},
        defaults={"description": ""},
        computed=arn("security-group-rule"),
        tagging=TAGGING,
        tag_resource="security-group-rule",
    )


RECORDS = (
    Record(
        "aws:ec2/securityGroup:SecurityGroup",
        create=Call("create_security_group", names={"name": "GroupName"}),
        deletes=(Code((), _revoke_on_delete), Call("delete_security_group")),
        defaults={"description": "Managed by Pulumi"},
        tag_resource="security-group",
        unique=Call(
            "describe_security_groups",
            at="SecurityGroups[0].GroupId",
            given={
                "Filters": [
                    {"Name": "group-name", "Values": ["{name}"]},
                    {"Name": "vpc-id", "Values": ["{vpcId}"]},
                ]
            },
        ),
        ready="security_group_exists",
        **_GROUP,
    ),
    # AWS makes the default group with its network and deletes it with it: it is adopted, and let go.
    Record(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        create=Call("describe_security_groups", at="SecurityGroups[0]", only=("vpcId",), send=_default_group),
        replace_on=frozenset({"vpcId"}),
        **_GROUP,
    ),
    _rule("ingress"),
    _rule("egress"),
)
