"""The engine's messages about resources in; the `Resource` a rule reads, and the `Graph` it walks, out.

What a program declares (inputs) and what AWS answers (outputs) are kept apart: AWS answers with a default where the
program is silent, and a rule must see the silence. References are followed by `propertyDependencies` while ids aren't
known, and by ids, ARNs and names once they are, whether they came from an output or were written as text.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import AnalyzeRequest, AnalyzerResource

from policy_pack.values import (
    UNKNOWN,
    Items,
    Malformed,
    Props,
    Unknown,
    decode,
    decode_some,
    holds_secrets,
    leaves,
    raw,
)

# What another resource may name a resource by. Types differ in which they have; two types may share a name.
_IDENTITIES = ("id", "arn", "name", "bucket", "keyId", "clusterIdentifier", "identifier")
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


class Resource(Props):
    """A resource as its program declares it. `outputs` are empty while only inputs are known.

    `secrets` collects its secret texts, which no message may hold.
    """

    def __init__(
        self,
        message: AnalyzeRequest | AnalyzerResource,
        inputs: Struct | Resource | None,
        outputs: Struct | None,
        secrets: set[str] | None = None,
    ) -> None:
        self.type: str = message.type
        self.urn: str = message.urn
        self.name: str = message.name
        self.secrets = set() if secrets is None else secrets
        self._message = message
        self._answered = outputs
        if outputs is not None and holds_secrets(outputs):
            _ = self.outputs  # no message may hold them, whichever rule writes it
        if isinstance(inputs, Resource):  # it was judged by itself before
            declared = raw(inputs)
            self.secrets |= inputs.secrets
            if "provider" in inputs.__dict__:
                self.provider = inputs.provider
        else:
            declared = decode(inputs, self.secrets) if inputs is not None else raw(self.outputs)
        super().__init__(declared, origin=self.type)

    @cached_property
    def outputs(self) -> Props:
        """What AWS answers. Decoded when it is first asked for, unless it holds secrets, as few rules read it."""
        answered = decode(self._answered, self.secrets) if self._answered is not None else {}
        return Props(answered, origin=self.type)

    @property
    def is_custom(self) -> bool:
        """Whether a provider manages it; components have none."""
        return self._message.HasField("provider")

    @property
    def protected(self) -> bool:
        """Whether the resource option `protect` keeps it from being destroyed or replaced."""
        return self._message.options.protect

    @cached_property
    def provider(self) -> Props:
        """The configuration of its provider. The engine sends objects inside it as JSON text."""
        properties, secrets = _provider(self._message.provider.properties.SerializeToString(deterministic=True))
        self.secrets |= secrets
        return properties

    @property
    def region(self) -> str:
        """The region it lives in: its own, else its provider's.

        Raises:
            Unknown: neither says; AWS then takes the region of whoever deploys.
        """
        region = self.named_region
        if region is None:
            raise Unknown("region (neither the resource nor its provider names one)")
        return region

    @property
    def named_region(self) -> str | None:
        """The region it lives in, None where neither itself nor its provider names one: that of whoever deploys."""
        region = self.get("region") or Props(self._answers("region")).get("region") or self.provider.get("region")
        return str(region) if region else None

    def tag(self, key: str) -> str | None:
        """Return the value of a tag, its own or its provider's default."""
        try:
            own = self.get("tags", key)
        except Malformed:
            if not isinstance(listed := self.get("tags"), Items):
                raise
            own = next((value for name, value in tags_of(listed) if name == key), None)
        value = self.provider.get("defaultTags", "tags", key) if own is None else own
        return None if value is None else str(value)

    @cached_property
    def identities(self) -> frozenset[str]:
        """The known texts that another resource may name this one by."""
        values = set(self._declared_or_answered(*_IDENTITIES))
        texts = {value for value in values if isinstance(value, str) and value}
        return frozenset(texts | {_inside_arn(text) for text in texts if text.startswith("arn:")})

    @property
    def has_known_identity(self) -> bool:
        """Whether AWS has given it an id or ARN that is known here. A provider may keep the id to itself."""
        return any(isinstance(value, str) for value in self._declared_or_answered("id", "arn"))

    def _declared_or_answered(self, *keys: str) -> list[Any]:
        return [values[key] for values in (raw(self), self._answers(*keys)) for key in keys if key in values]

    def _answers(self, *keys: str) -> dict[str, Any]:
        """Return the outputs of some names, and perhaps others: if they aren't decoded yet, these alone are."""
        if self._answered is None:
            return {}
        if "outputs" in self.__dict__:
            answered: dict[str, Any] = raw(self.outputs)
            return answered
        return decode_some(self._answered, *keys)

    def __repr__(self) -> str:
        return f"Resource({self.urn})"


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


@lru_cache(maxsize=64)
def _provider(serialized: bytes) -> tuple[Props, frozenset[str]]:
    """Return the configuration that most resources of a stack share, and its secret texts."""
    secrets: set[str] = set()
    properties = decode(Struct.FromString(serialized), secrets)
    for key, value in properties.items():
        if isinstance(value, str) and value.startswith(("{", "[")):
            properties[key] = json.loads(value)
    return Props(properties, "provider", "pulumi:providers:aws"), frozenset(secrets)


def _region_in(properties: Struct) -> Any:
    return decode_some(properties, "region").get("region")


def tags_of(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the keys and values of tags: of an object, or of an Auto Scaling group's list of objects that hold both."""
    for entry in holder:
        yield (entry.get("key"), entry.get("value")) if isinstance(entry, Props) else (entry, holder.get(entry))


def _inside_arn(arn: str) -> str:
    """Return the name or id that an ARN ends with: `arn:aws:ec2:us-west-2:111122223333:vpc/vpc-1` holds `vpc-1`."""
    resource = arn.split(":", 5)[-1]
    return re.split("[:/]", resource, maxsplit=1)[-1]


def _part_of(identity: str, text: Any) -> bool:
    return len(identity) >= _SHORTEST_PART and identity in text
