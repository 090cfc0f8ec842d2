"""The engine's messages about resources in, the `Resource` that a rule reads out.

What a program declares (inputs) and what AWS answers (outputs) are kept apart: AWS answers with a default where the
program is silent, and a rule must see the silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import AnalyzeRequest, AnalyzerResource

from policy_pack.values import Items, Malformed, Props, Unknown, decode, decode_some, holds_secrets, raw

# What another resource may name a resource by. Types differ in which they have; two types may share a name.
_IDENTITIES = ("id", "arn", "name", "bucket", "keyId", "clusterIdentifier", "identifier")


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


@lru_cache(maxsize=64)
def _provider(serialized: bytes) -> tuple[Props, frozenset[str]]:
    """Return the configuration that most resources of a stack share, and its secret texts."""
    secrets: set[str] = set()
    properties = decode(Struct.FromString(serialized), secrets)
    for key, value in properties.items():
        if isinstance(value, str) and value.startswith(("{", "[")):
            properties[key] = json.loads(value)
    return Props(properties, "provider", "pulumi:providers:aws"), frozenset(secrets)


def tags_of(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the keys and values of tags: of an object, or of an Auto Scaling group's list of objects that hold both."""
    for entry in holder:
        yield (entry.get("key"), entry.get("value")) if isinstance(entry, Props) else (entry, holder.get(entry))


def _inside_arn(arn: str) -> str:
    """Return the name or id that an ARN ends with: `arn:aws:ec2:us-west-2:111122223333:vpc/vpc-1` holds `vpc-1`."""
    resource = arn.split(":", 5)[-1]
    return re.split("[:/]", resource, maxsplit=1)[-1]
