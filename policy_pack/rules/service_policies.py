"""Policies of AWS services that are no IAM documents, or let in through none: collections, devices, what is offered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.documents import allows, name_of, statements, texts_of, written
from policy_pack.examples import allow, declare
from policy_pack.vocabulary import (
    Finding,
    Forbidden,
    Props,
    Resource,
    Severity,
    aws,
    each,
    rule,
)

SEARCH_ACCESS = "aws:opensearch/serverlessAccessPolicy:ServerlessAccessPolicy"
SEARCH_SECURITY = "aws:opensearch/serverlessSecurityPolicy:ServerlessSecurityPolicy"


@rule(
    on=(SEARCH_ACCESS, SEARCH_SECURITY),
    severity=Severity.CRITICAL,
    promise="data-protection",
    fix="name principals and VPC endpoints, and a key of your own",
)
def search_collection_private(policy: Resource) -> Iterator[Finding]:
    """A collection is as open, and as encrypted, as the policies that match its name say."""

    def judge(part: Props) -> Iterator[Finding]:
        if part.get("AllowFromPublic") is True:
            yield f"{part.where('AllowFromPublic')} is true"
        if part.get("AWSOwnedKey") is True:
            yield f"{part.where('AWSOwnedKey')} is true"
        if any(text == "*" or str(text).endswith(":*") for text in part.get("Principal", default=())):
            yield f"{part.where('Principal')} names everybody"

    document = written(policy, "policy") or ()
    yield from each([document] if isinstance(document, Props) else document, judge)


def _search(token: str, kind: str, document: Any) -> None:
    declare(token, type=kind, policy=json.dumps(document))


@search_collection_private.passes
def for_a_role_from_the_network() -> None:
    _search(SEARCH_ACCESS, "data", [{"Rules": [], "Principal": ["arn:aws:iam::111122223333:role/search"]}])
    _search(SEARCH_SECURITY, "network", [{"Rules": [], "AllowFromPublic": False, "SourceVPCEs": ["vpce-1"]}])


@search_collection_private.fails
def from_the_internet() -> None:
    _search(SEARCH_SECURITY, "network", [{"Rules": [], "AllowFromPublic": True}])


@search_collection_private.fails
def under_the_key_of_aws() -> None:
    _search(SEARCH_SECURITY, "encryption", {"Rules": [], "AWSOwnedKey": True})


IOT_POLICY = "aws:iot/policy:Policy"


@rule(
    on=(IOT_POLICY,),
    severity=Severity.HIGH,
    promise="system-access-control",
    fix="name the actions and the topics, by the thing's own name: ${iot:Connection.Thing.ThingName}",
)
def iot_policy_names_actions_and_topics(policy: Resource) -> Iterator[Finding]:
    """A device that was taken apart must not be able to speak for every other."""

    def judge(statement: Props) -> Iterator[Finding]:
        if not allows(statement):
            return
        for name in ("Action", "Resource"):
            if any(
                text in {"*", "iot:*"} or text.endswith((":topic/*", ":client/*")) for text in texts_of(statement, name)
            ):
                yield f"{name_of(statement)} allows every {name.lower()}"

    yield from each(statements(policy, "policy"), judge)


@iot_policy_names_actions_and_topics.passes
def its_own_topic() -> None:
    topic = "arn:aws:iot:us-west-2:111122223333:topic/devices/${iot:Connection.Thing.ThingName}"
    declare(IOT_POLICY, policy=allow("iot:Publish", Resource=topic))


@iot_policy_names_actions_and_topics.fails
def everything() -> None:
    declare(IOT_POLICY, policy=allow("iot:*", Resource="*"))


@rule(
    on={
        "aws:dataexchange/dataSet:DataSet": Forbidden("an aws.ram.ResourceShare within the organization"),
        "aws:dataexchange/revisionAssets:RevisionAssets": Forbidden("an aws.ram.ResourceShare within the organization"),
        "aws:ecrpublic/repositoryPolicy:RepositoryPolicy": Forbidden("aws.ecr.Repository"),
    },
    severity=Severity.HIGH,
    promise="data-protection",
    fix="share within the organization, or with vendors of the register",
)
def nothing_offered_to_the_world(policy: Resource, row: Forbidden) -> Iterator[Finding]:
    """What is offered to the world, or for sale, somebody has a copy of: customers' data is never sold."""
    yield f"{policy.type} offers to the world what it holds; use {row.instead}"


@nothing_offered_to_the_world.fails
def images_for_the_world() -> None:
    declare("aws:ecrpublic/repositoryPolicy:RepositoryPolicy", repositoryName="web", policy="{}")


@nothing_offered_to_the_world.fails
def data_for_sale() -> None:
    aws.dataexchange.DataSet("clicks", asset_type="S3_SNAPSHOT", name="clicks", description="Clicks of a year")
    declare("aws:dataexchange/revisionAssets:RevisionAssets", dataSetId="clicks")
