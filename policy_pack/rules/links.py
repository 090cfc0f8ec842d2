"""Encryption in transit by address: what a service is told to call, it calls over TLS."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.examples import declare
from policy_pack.vocabulary import Finding, Props, Resource, Row, Rows, Severity, judge_rows, rule

INTEGRATION = "aws:apigatewayv2/integration:Integration"
# Where a type says whom it calls: by a URL where it may be one.
ADDRESSES: dict[str, Rows] = {
    "aws:apigateway/integration:Integration": Row(("uri",)),
    INTEGRATION: Row(("integrationUri",)),
    "aws:appsync/dataSource:DataSource": Row(("httpConfig[]", "endpoint")),
    "aws:cloudwatch/eventApiDestination:EventApiDestination": Row(("invocationEndpoint",)),
    "aws:cloudwatch/eventConnection:EventConnection": Row(("authParameters", "oauth[]", "authorizationEndpoint")),
    "aws:codebuild/project:Project": (Row(("source", "location")), Row(("secondarySources[]", "location"))),
    "aws:transfer/connector:Connector": Row(("url",)),
}


@rule(
    on=ADDRESSES,
    severity=Severity.HIGH,
    promise="encryption",
    fix="name an address that begins with https://; give a private integration a tlsConfig",
)
def address_asks_for_tls(service: Resource, row: Rows) -> Iterator[Finding]:
    """What is asked for in clear is answered in clear, inside a network as well."""

    def check(holder: Props, names: tuple[str, ...]) -> Iterator[Finding]:
        if str(holder.get(*names, default="")).lower().startswith("http://"):
            yield f"{holder.where(*names)} begins with http://"

    # API Gateway API Reference, CreateIntegration: a private integration speaks HTTP unless TLS is configured.
    if service.type == INTEGRATION and service.get("connectionType") == "VPC_LINK" and not service.has("tlsConfig"):
        yield "tlsConfig is not set, so that it speaks HTTP to the other end of the VPC link"
    yield from judge_rows(row, service, check)


@address_asks_for_tls.passes
def by_https() -> None:
    declare("aws:apigateway/integration:Integration", type="HTTP_PROXY", uri="https://app.example.com/")
    declare(
        INTEGRATION, integrationType="AWS_PROXY", integrationUri="arn:aws:lambda:us-west-2:111122223333:function:app"
    )
    declare(INTEGRATION, connectionType="VPC_LINK", tlsConfig={"serverNameToVerify": "app.example.com"})
    declare("aws:appsync/dataSource:DataSource", httpConfig={"endpoint": "https://app.example.com"})
    declare("aws:cloudwatch/eventApiDestination:EventApiDestination", invocationEndpoint="https://app.example.com/")
    declare("aws:cloudwatch/eventConnection:EventConnection", authParameters={"apiKey": {"key": "k", "value": "v"}})
    declare("aws:codebuild/project:Project", source={"type": "GITHUB", "location": "https://github.com/org/app"})
    declare("aws:transfer/connector:Connector", url="sftp://files.example.com")


@address_asks_for_tls.fails
def by_http() -> None:
    declare("aws:apigateway/integration:Integration", type="HTTP_PROXY", uri="HTTP://app.example.com/")


@address_asks_for_tls.fails
def by_http_through_a_link() -> None:
    listener = "arn:aws:elasticloadbalancing:us-west-2:111122223333:listener/app/web/1/2"
    declare(INTEGRATION, connectionType="VPC_LINK", connectionId="link", integrationUri=listener)
