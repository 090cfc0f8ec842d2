"""The resources of a stack in; the `Graph` of their references, which a rule walks, out.

References are followed by `propertyDependencies` while ids aren't known, and by ids, ARNs and names once they are,
whether they came from an output or were written as text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import AnalyzerResource

from policy_pack.resources import Resource
from policy_pack.values import UNKNOWN, Items, Unknown, decode_some, leaves, raw

# A shorter text would be found by chance inside an unrelated value.
_SHORTEST_PART = 4
# The outputs of these hold whatever was stored in them. Those of any other AWS resource name itself, or what it
# depends on.
_HOLDS_ANY_NAME = frozenset(
    {
        "aws:appconfig/hostedConfigurationVersion:HostedConfigurationVersion",
        "aws:cloudformation/stack:Stack",
        "aws:lambda/invocation:Invocation",
        "aws:secretsmanager/secretVersion:SecretVersion",
        "aws:ssm/parameter:Parameter",
    }
)

T = TypeVar("T")


class Graph:
    """The resources of a stack and the references between them. Resources are decoded when they are first asked for."""

    def __init__(self, messages: Iterable[AnalyzerResource], inputs: Mapping[str, Struct | Resource]) -> None:
        self._messages: dict[str, AnalyzerResource] = {}
        self.secrets: set[str] = set()
        """The secret texts of every resource read so far."""
        self._inputs = inputs
        self._resources: dict[str, Resource] = {}
        self._of_type: dict[str, list[Resource]] = {}
        self._children: dict[tuple[str, str, str], _References] = {}
        self._named: dict[str, dict[str, list[Resource]]] = {}
        self._remembered: dict[Any, Any] = {}
        self._urns: dict[str, dict[str, None]] = defaultdict(dict)
        for message in messages:
            urn = message.urn
            self._messages[urn] = message
            self._urns[message.type][urn] = None

    def of_type(self, *types: str) -> list[Resource]:
        """Return the resources of the given types."""
        found = []
        for token in types:
            if token in self._urns:
                if token not in self._of_type:
                    self._of_type[token] = [self.resource(urn) for urn in self._urns[token]]
                found += self._of_type[token]
        return found

    def regions(self, *types: str) -> Items:
        """Return the regions that resources of the given types are in, read without decoding the resources."""
        messages = [self._messages[urn] for token in types for urn in self._urns.get(token, ())]
        found: set[Any] = {
            _region_in(message.properties) or _region_in(message.provider.properties) or UNKNOWN for message in messages
        }
        known = sorted(region for region in found if region is not UNKNOWN)
        return Items(known if len(known) == len(found) else [*known, UNKNOWN], "region")

    def resource(self, urn: str) -> Resource:
        """Return the resource with the URN."""
        found = self._resources.get(urn)
        if found is None:
            message = self._messages[urn]
            found = self._resources[urn] = Resource(message, self._inputs.get(urn), message.properties, self.secrets)
        return found

    def remember(self, find: Callable[..., T], *about: Hashable) -> T:
        """Return what a function finds in the stack, which it is asked once: many rules rest on the same facts."""
        key = (find, about)
        if key not in self._remembered:
            self._remembered[key] = find(self, *about)
        found: T = self._remembered[key]
        return found

    def children(self, target: Resource, on: str | tuple[str, ...], via: str) -> list[Resource]:
        """Return the resources of the type or types `on` whose property `via` names `target`.

        Raises:
            Unknown: none is known to, and one may.
        """
        sure: list[Resource] = []
        maybe: list[Resource] = []
        for token in (on,) if isinstance(on, str) else on:
            key = (token, via, target.type)
            references = self._children.get(key)
            if references is None:
                references = self._children[key] = self._index(*key)
            sure += references.sure.get(target.urn, ())
            maybe += references.maybe.get(target.urn, ())
        if not sure and maybe:
            raise Unknown(f"which {target.type} the {via} of {maybe[0].name} names")
        return sure

    def targets(self, source: Resource, via: str, *types: str) -> list[Resource]:
        """Return the resources of the given types that `source` names in its property `via`.

        Raises:
            Unknown: it names something that can't be told before the deployment.
        """
        sure: list[Resource] = []
        maybe: list[Resource] = []
        for token in types:
            found, possible = self._resolve(source, via, token)
            sure += found
            maybe += possible
        if not sure and (maybe or UNKNOWN in leaves(raw(source).get(via))):
            raise Unknown(source.where(via))
        return sure

    def refers(self, source: Resource, via: str, target: Resource) -> bool:
        """Return whether `source` names `target` in its property `via`.

        Raises:
            Unknown: it may.
        """
        sure, maybe = self._resolve(source, via, target.type)
        if target in sure:
            return True
        if target in maybe:
            raise Unknown(source.where(via))
        return False

    def _index(self, on: str, via: str, target_type: str) -> _References:
        references = _References()
        for child in self.of_type(on):
            sure, maybe = self._resolve(child, via, target_type)
            for target in sure:
                references.sure[target.urn].append(child)
            for target in maybe:
                references.maybe[target.urn].append(child)
        return references

    def _resolve(self, source: Resource, via: str, target_type: str) -> tuple[list[Resource], list[Resource]]:
        """Return the resources of a type that a property surely names, and those that it may name."""
        candidates = self._urns.get(target_type)
        if candidates is None:
            return [], []
        dependencies = self._messages[source.urn].propertyDependencies
        depends_on = dependencies[via].urns[:] if via in dependencies else []
        direct = [self.resource(urn) for urn in depends_on if urn in candidates]
        sure: dict[str, Resource] = {}
        unknown = unmatched = 0
        for leaf in leaves(raw(source).get(via)):
            if leaf is UNKNOWN:
                unknown += 1
            elif isinstance(leaf, str):
                named = self._by_identity(target_type).get(leaf) or [
                    target for target in direct if any(_part_of(part, leaf) for part in target.identities)
                ]
                if len(named) > 1:
                    named = _meant(source, named, direct)
                for target in named:
                    sure[target.urn] = target
                unmatched += not named
        # A known text that matches nothing can only name a resource whose own id isn't known here.
        rest = [t for t in direct if t.urn not in sure and (unknown or not t.has_known_identity)]
        if len(rest) <= (unknown or unmatched):
            sure.update((target.urn, target) for target in rest)
        if unknown and not rest:
            rest = self._possible(depends_on, target_type)
        return list(sure.values()), [target for target in rest if target.urn not in sure]

    def _possible(self, depends_on: list[str], target_type: str) -> list[Resource]:
        """Return the resources of a type that an unknown value may name, by what the value depends on."""
        types = [self._messages[urn].type for urn in depends_on if urn in self._messages]
        if not types or any(token in _HOLDS_ANY_NAME or not token.startswith("aws:") for token in types):
            return self.of_type(target_type)
        seen: set[str] = set()
        waiting = list(depends_on)
        while waiting:
            urn = waiting.pop()
            if urn not in seen and urn in self._messages:
                seen.add(urn)
                waiting += self._messages[urn].dependencies
        return [self.resource(urn) for urn in sorted(seen) if self._messages[urn].type == target_type]

    def _by_identity(self, token: str) -> dict[str, list[Resource]]:
        if token not in self._named:
            named: dict[str, list[Resource]] = defaultdict(list)
            for resource in self.of_type(token):
                for identity in resource.identities:
                    named[identity].append(resource)
            self._named[token] = dict(named)
        return self._named[token]


def _meant(source: Resource, named: list[Resource], direct: list[Resource]) -> list[Resource]:
    """Return which of several resources of one name are meant: names are unique in a region, and not beyond it."""
    depended_on = [target for target in named if target in direct]
    try:
        return depended_on or [target for target in named if target.region == source.region] or named
    except Unknown:
        return named


class _References:
    """Which children name a target, by the target's URN."""

    def __init__(self) -> None:
        self.sure: dict[str, list[Resource]] = defaultdict(list)
        self.maybe: dict[str, list[Resource]] = defaultdict(list)


def _region_in(properties: Struct) -> Any:
    return decode_some(properties, "region").get("region")


def _part_of(identity: str, text: Any) -> bool:
    return len(identity) >= _SHORTEST_PART and identity in text
