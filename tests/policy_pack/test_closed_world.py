"""Every type of the installed SDK whose properties bear on a promise is ruled, or reviewed for a reason of its own."""

from __future__ import annotations

import re
from functools import cache

import pytest

from policy_pack.catalogue import types_read
from policy_pack.pack import PACK
from policy_pack.reviewed_types import REVIEWED
from policy_pack.vocabulary import Forbidden
from sandbox.aws_plugin import schema

# What a property is called, at any depth, that speaks of the matter.
ASPECTS = {
    "encryption": re.compile(r"[kK]ms|[eE]ncrypt|^sse([A-Z]|$)|Sse|[tT]ls|[sS]sl"),
    "public exposure": re.compile(
        r"public(?!Key|ation|sh)|^acl$|^internal$|cidrBlocks|cidrIpv|principals?$|sharedAccounts|allowExternal"
        r"|authorizationType|unauthenticated",
        re.IGNORECASE,
    ),
    "policy documents": re.compile(
        r"^polic(y|ies)$|policy(Document|Json|Text)$|(access|resource|inline|assumeRole|iam|repository)Polic(y|ies)$",
        re.IGNORECASE,
    ),
    "logging": re.compile(r"^logs?([A-Z]|$)|Logs?([A-Z]|$)|[lL]ogging|[aA]udit"),
    "backup": re.compile(
        r"backup|snapshot(?!Id|Arn|Name)|retention|pointInTime|deletionProtection|versioning", re.IGNORECASE
    ),
}


# What the SDK calls the key that encrypts what a resource holds; replicas and copies are promised by the second.
KEY_NAMES = {"kmsKeyId", "kmsKeyArn", "kmsKey", "kmsKeyIdentifier", "kmsMasterKeyId", "encryptionKeyArn", "kmsArn"}
KEY_PROMISES = {"encryption", "disaster-recovery", "backup"}


@cache
def names_of(token: str) -> frozenset[str]:
    """Return the names of a type's inputs, and of those of every object inside."""
    names: set[str] = set()
    waiting: list[schema.Type] = []
    seen: set[schema.ObjectOf] = set()

    def add(properties: dict[str, schema.Property]) -> None:
        names.update(properties)
        waiting.extend(prop.type for prop in properties.values())

    add(schema.resource(token).inputs)
    while waiting:
        match waiting.pop():
            case schema.ListOf(item) | schema.MapOf(item):
                waiting.append(item)
            case schema.OneOf(options):
                waiting.extend(options)
            case schema.ObjectOf() as found if found not in seen:
                seen.add(found)
                add(found.properties)
    return frozenset(names)


def bearing_names(token: str) -> set[str]:
    return {name for name in names_of(token) if any(pattern.search(name) for pattern in ASPECTS.values())}


def aspects_of(token: str) -> set[str]:
    return {aspect for aspect, pattern in ASPECTS.items() if any(map(pattern.search, names_of(token)))}


@cache
def sensitive() -> frozenset[str]:
    return frozenset(token for token in schema.tokens() if aspects_of(token))


def test_every_type_that_bears_on_a_promise_is_accounted_for() -> None:
    """A new SDK may bring more: rule them, or list them with a reason in reviewed_types.py."""
    assert sorted(token for token in sensitive() if not PACK.knows(token)) == []


def test_reviewed_type_that_bears_on_a_promise_is_read_by_a_rule_or_says_what_of_its_property() -> None:
    """A reason for many types must not wave through a property that nobody has looked at."""
    read = frozenset[str]().union(*map(types_read, PACK.rules))
    unexplained = {
        token: sorted(bearing)
        for token in sensitive() & REVIEWED.keys() - read
        if not (bearing := bearing_names(token)).intersection(re.findall(r"\w+", REVIEWED[token]))
    }
    assert unexplained == {}


def test_every_type_with_a_key_for_encryption_is_judged_by_a_rule_about_encryption() -> None:
    """A type that is ruled for something else is not reviewed for its key by that."""
    about_keys = {
        token
        for rule in PACK.rules
        for token, row in rule.on.items()
        if rule.promise in KEY_PROMISES or isinstance(row, Forbidden)
    }
    with_key = {token for token in schema.tokens() if names_of(token) & KEY_NAMES}
    assert with_key - about_keys - REVIEWED.keys() == set()


@pytest.mark.parametrize(
    ("token", "aspects"),
    [
        ("aws:dax/cluster:Cluster", {"encryption"}),
        ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {"public exposure"}),
        ("aws:sns/topicPolicy:TopicPolicy", {"policy documents"}),
        ("aws:lambda/function:Function", {"encryption", "logging"}),
        ("aws:backup/plan:Plan", {"backup"}),
        ("aws:ec2/launchTemplate:LaunchTemplate", {"encryption", "public exposure"}),
        ("aws:ec2/internetGateway:InternetGateway", set()),
    ],
)
def test_what_a_type_bears_on_is_seen_at_any_depth(token: str, aspects: set[str]) -> None:
    assert aspects <= aspects_of(token)
    if not aspects:
        assert aspects_of(token) == set()
