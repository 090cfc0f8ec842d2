"""Route 53 Resolver: where the queries of a VPC are logged."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of

_GROUP = "arn:aws:logs:us-west-2:123456789012:log-group:queries"


def _config(account: Account, config_id: str) -> dict[str, Any]:
    resolver = account.client("route53resolver")
    found = resolver.get_resolver_query_log_config(ResolverQueryLogConfigId=config_id)["ResolverQueryLogConfig"]
    tags = resolver.list_tags_for_resource(ResourceArn=found["Arn"])["Tags"]
    return {"name": found["Name"], "to": found["DestinationArn"], "tags": tags_of(tags)}


def _retag(account: Account, config_id: str) -> None:
    resolver = account.client("route53resolver")
    found = resolver.get_resolver_query_log_config(ResolverQueryLogConfigId=config_id)["ResolverQueryLogConfig"]
    resolver.tag_resource(ResourceArn=found["Arn"], Tags=[{"Key": "owner", "Value": "by hand"}])


def _new_config(account: Account) -> str:
    created = account.client("route53resolver").create_resolver_query_log_config(
        Name="case-config", DestinationArn=_GROUP, CreatorRequestId="case"
    )
    return str(created["ResolverQueryLogConfig"]["Id"])


def _association(account: Account, association_id: str) -> str:
    found = account.client("route53resolver").get_resolver_query_log_config_association(
        ResolverQueryLogConfigAssociationId=association_id
    )
    return str(found["ResolverQueryLogConfigAssociation"]["Status"])


CASES = (
    Case(
        "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig",
        inputs=lambda _account: {"name": "case-queries", "destinationArn": _GROUP, "tags": {"owner": "network"}},
        seen=_config,
        created={"name": "case-queries", "to": _GROUP, "tags": {"owner": "network"}},
        update={"tags": {"owner": "platform"}},
        updated={"name": "case-queries", "to": _GROUP, "tags": {"owner": "platform"}},
        drift=_retag,
        drifted={"tags": {"owner": "by hand"}},
        outputs=("arn", "name", "ownerId", "region", "shareStatus"),
        never="rqlc-never",
    ),
    Case(
        "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation",
        inputs=lambda account: {"resolverQueryLogConfigId": _new_config(account), "resourceId": account.vpc()},
        seen=_association,
        created="ACTIVE",
        outputs=("region", "resolverQueryLogConfigId", "resourceId"),
        never="rqlca-never",
    ),
)
