"""Every type of the installed SDK whose properties bear on a promise is ruled, reviewed, or listed as open."""

from __future__ import annotations

import re
from functools import cache

import pytest

from policy_pack.catalogue import OPEN_TYPES, listed
from policy_pack.pack import PACK
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


def aspects_of(token: str) -> set[str]:
    return {aspect for aspect, pattern in ASPECTS.items() if any(map(pattern.search, names_of(token)))}


@cache
def sensitive() -> frozenset[str]:
    return frozenset(token for token in schema.tokens() if aspects_of(token))


def test_every_type_that_bears_on_a_promise_is_accounted_for() -> None:
    """A new SDK may bring more: rule them, or list them with a reason in reviewed_types.py."""
    unaccounted = {token for token in sensitive() if not PACK.knows(token)} - set(listed(OPEN_TYPES))
    assert sorted(unaccounted) == []


def test_open_list_holds_nothing_that_is_ruled_reviewed_or_beside_the_point() -> None:
    """`make docs` takes off what has been ruled or reviewed."""
    assert [token for token in listed(OPEN_TYPES) if PACK.knows(token) or token not in sensitive()] == []


def test_open_list_is_sorted_and_names_each_type_once() -> None:
    assert listed(OPEN_TYPES) == sorted(set(listed(OPEN_TYPES)))


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
