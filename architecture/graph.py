"""Where each part of the environment lives.

Enters: what the program registered. Leaves: `Card`s, each a component in one place; together they hold every resource.
A resource without a region is account-wide, one of the recovery region is there, one that names a subnet is in that
subnet's tier. The rest of a component is where its only tier is, or else in the region, outside the network.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infrastructure.network import TIERS
from infrastructure.promises import RECOVERY_REGION
from infrastructure.residency import GLOBAL_TYPES
from tests.infrastructure.mocks import Registered, Registrations

ACCOUNT, RECOVERY, REGION = "account", "recovery", "region"
PLACES = (*TIERS, REGION, RECOVERY, ACCOUNT)
KINDS = {
    "aws:ec2/natGateway:NatGateway": "NAT gateway",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "endpoint",
    "aws:lb/loadBalancer:LoadBalancer": "load balancer",
    "aws:wafv2/webAcl:WebAcl": "web ACL",
    "aws:acm/certificate:Certificate": "certificate",
    "aws:eks/cluster:Cluster": "EKS cluster",
    "aws:eks/nodeGroup:NodeGroup": "node group",
    "aws:rds/cluster:Cluster": "Aurora cluster",
    "aws:rds/clusterInstance:ClusterInstance": "instance",
    "aws:elasticache/replicationGroup:ReplicationGroup": "Valkey group",
    "aws:msk/cluster:Cluster": "Kafka cluster",
    "aws:ec2/instance:Instance": "EC2 instance",
    "aws:ebs/volume:Volume": "volume",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:ecr/repository:Repository": "repository",
    "aws:secretsmanager/secret:Secret": "secret",
    "aws:lambda/function:Function": "function",
    "aws:kms/key:Key": "key",
    "aws:cloudwatch/logGroup:LogGroup": "log group",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "alarm",
    "aws:cloudwatch/eventRule:EventRule": "event rule",
    "aws:sns/topic:Topic": "topic",
    "aws:cloudtrail/trail:Trail": "trail",
    "aws:cfg/recorder:Recorder": "Config recorder",
    "aws:athena/workgroup:Workgroup": "Athena workgroup",
    "aws:glue/catalogTable:CatalogTable": "Glue table",
    "aws:backup/vault:Vault": "vault",
    "aws:backup/plan:Plan": "backup plan",
    "aws:backup/framework:Framework": "framework",
    "aws:backup/reportPlan:ReportPlan": "report plan",
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": "restore-testing plan",
    "aws:guardduty/detector:Detector": "GuardDuty detector",
    "aws:securityhub/account:Account": "Security Hub",
    "aws:inspector2/enabler:Enabler": "Inspector",
    "aws:macie2/account:Account": "Macie",
    "aws:accessanalyzer/analyzer:Analyzer": "access analyzer",
    "aws:iam/role:Role": "role",
    "aws:iam/serviceLinkedRole:ServiceLinkedRole": "service-linked role",
    "aws:iam/policy:Policy": "policy",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "identity provider",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/flowLog:FlowLog": "flow log",
    "aws:ssm/document:Document": "session document",
}
"""The types that a picture names, in its words. A card counts the others."""


@dataclass(frozen=True)
class Card:
    """A component, or a resource without one, in one place. `kind` is the module that defines the component."""

    name: str
    kind: str
    place: str
    resources: tuple[Registered, ...]

    @property
    def content(self) -> str:
        """What it is made of, such as `2 volumes, 1 role, 9 more`."""
        counts = Counter(KINDS.get(resource.type) for resource in self.resources)
        others = counts.pop(None, 0)
        named = [_counted(counts[word], word) for word in KINDS.values() if word in counts]
        return ", ".join([*named, *([f"{others} more"] if named and others else [])]) or _counted(others, "setting")


def cards(built: Registrations) -> list[Card]:
    """Every resource of the environment, each in one card, in the order in which components are composed."""
    components = {resource.urn: resource for resource in built.resources if not resource.type.startswith("aws:")}
    parents = {resource.urn: resource.parent for resource in built.resources}
    groups: dict[str, list[Registered]] = defaultdict(list)
    for resource in built.aws():
        groups[_top(resource.urn, parents)].append(resource)
    tiers = {subnet.id: subnet.inputs["tags"]["tier"] for subnet in built.of("ec2/subnet:Subnet")}
    return [
        Card(_name(urn), _kind(components, urn), place, tuple(resources))
        for urn, members in sorted(groups.items(), key=lambda group: _name(group[0]))
        for place, resources in _places(members, tiers)
    ]


def arrows(drawn: Sequence[Card]) -> list[tuple[Card, Card]]:
    """Which of the cards speaks to which: a web ACL to what it protects, any to whose security groups it names.

    Who lets somebody in names them too, and doesn't speak to them.
    """
    parts = [card for card in drawn if card.kind != "network"]
    owners = {name: card for card in parts for each in card.resources for name in _reached_as(each)}
    found: dict[tuple[str, str], tuple[Card, Card]] = {}
    for card in parts:
        for resource in card.resources:
            if resource.type == "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
                continue
            for name in strings(dict(resource.inputs)):
                target = owners.get(name, card)
                if target.name != card.name:
                    found[card.name, target.name] = (card, target)
    return list(found.values())


def _reached_as(resource: Registered) -> list[str]:
    match resource.type:
        case "aws:ec2/securityGroup:SecurityGroup":
            return [resource.id]
        case "aws:lb/loadBalancer:LoadBalancer":
            return [resource.state["arn"]]
    return []


def strings(value: Any) -> Iterator[str]:
    """Every text in a property's value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def _places(members: Sequence[Registered], tiers: dict[str, str]) -> Iterator[tuple[str, list[Registered]]]:
    own = {member.urn: _own_place(member, tiers) for member in members}
    used = {place for place in own.values() if place in TIERS}
    rest = used.pop() if len(used) == 1 else REGION
    placed: dict[str, list[Registered]] = defaultdict(list)
    for member in members:
        placed[own[member.urn] or rest].append(member)
    # A role is what a component runs as: it is drawn where the component is, and alone where nothing else is.
    if len(placed) > 1:
        placed[next(place for place in PLACES if place in placed)] += placed.pop(ACCOUNT, [])
    return iter(sorted(placed.items(), key=lambda item: PLACES.index(item[0])))


def _own_place(resource: Registered, tiers: dict[str, str]) -> str | None:
    if resource.type in GLOBAL_TYPES:
        return ACCOUNT
    if resource.state["region"] == RECOVERY_REGION:
        return RECOVERY
    if resource.type == "aws:ec2/subnet:Subnet":
        return tiers[resource.id]
    named = {tiers[value] for value in strings(dict(resource.inputs)) if value in tiers}
    return next((tier for tier in TIERS if tier in named), None)


def _top(urn: str, parents: dict[str, str]) -> str:
    while parents.get(parents[urn]) is not None:
        urn = parents[urn]
    return urn


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _kind(components: dict[str, Registered], urn: str) -> str:
    return components[urn].type.split(":")[1] if urn in components else "account"


def _counted(count: int, word: str) -> str:
    if count == 1:
        return word
    return f"{count} {word[:-1]}ies" if word.endswith(("cy", "ry")) else f"{count} {word}s"
