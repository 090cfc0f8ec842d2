"""Applications that Elastic Beanstalk runs: mended, logged, and without the metadata service of old."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from policy_pack.examples import declare
from policy_pack.vocabulary import Finding, Resource, Severity, rule

ENVIRONMENT = "aws:elasticbeanstalk/environment:Environment"
TEMPLATE = "aws:elasticbeanstalk/configurationTemplate:ConfigurationTemplate"


class Option(NamedTuple):
    """An option of an environment, the value that keeps the promise, and what it is where nobody sets it."""

    namespace: str
    name: str
    value: str
    unset: str = "false"


# AWS Elastic Beanstalk Developer Guide, "General options for all environments", with their defaults.
MENDED = Option("aws:elasticbeanstalk:managedactions", "ManagedActionsEnabled", "true")
LOGGED = Option("aws:elasticbeanstalk:cloudwatch:logs", "StreamLogs", "true")
TOKENS_ALONE = Option("aws:autoscaling:launchconfiguration", "DisableIMDSv1", "true", unset="true")
WITHOUT_ADDRESS = Option("aws:ec2:vpc", "AssociatePublicIpAddress", "false")
WITHOUT_KEY = Option("aws:autoscaling:launchconfiguration", "EC2KeyName", "", unset="")
CLOSED = (TOKENS_ALONE, WITHOUT_ADDRESS, WITHOUT_KEY)


def _judge(environment: Resource, *wanted: Option) -> Iterator[Finding]:
    by_name = {(option.namespace, option.name): option for option in wanted}
    found: set[Option] = set()
    for setting in environment.get("settings", default=()):
        option = by_name.get((setting.get("namespace"), setting.get("name")))
        if option:
            found.add(option)
            if str(setting.get("value")).lower() != option.value:
                yield f"{setting.where('value')} of {option.name} is not {option.value or 'empty'}"
    # A template brings options of its own, which are judged with it.
    if environment.type == ENVIRONMENT and not environment.has("templateName"):
        for option in wanted:
            if option not in found and option.unset != option.value:
                yield f"settings lack {option.namespace} {option.name}, which is {option.unset} by itself"


@rule(
    on=(ENVIRONMENT, TEMPLATE),
    severity=Severity.HIGH,
    promise="vulnerability-management",
    fix="set the option ManagedActionsEnabled to true, with an UpdateLevel and a PreferredStartTime",
)
def application_platform_mended(environment: Resource) -> Iterator[Finding]:
    """A platform that nobody updates keeps every hole that was found since."""
    yield from _judge(environment, MENDED)


@rule(
    on=(ENVIRONMENT, TEMPLATE),
    severity=Severity.MEDIUM,
    promise="information-security",
    fix="set the option StreamLogs to true",
)
def application_logged(environment: Resource) -> Iterator[Finding]:
    """An instance that is replaced takes its log along."""
    yield from _judge(environment, LOGGED)


@rule(
    on=(ENVIRONMENT, TEMPLATE),
    severity=Severity.HIGH,
    promise="system-access-control",
    fix="set the options as the message says",
)
def application_hosts_closed(environment: Resource) -> Iterator[Finding]:
    """Hosts that ask for a token, and have no address and no key of their own, are out of reach of most attacks."""
    yield from _judge(environment, *CLOSED)


def _declare(*options: Option, **values: str) -> None:
    settings = [
        {"namespace": one.namespace, "name": one.name, "value": values.get(one.name, one.value)} for one in options
    ]
    declare(ENVIRONMENT, application="app", settings=settings)
    declare(TEMPLATE, application="app", settings=settings)
    declare(ENVIRONMENT, application="app", templateName="app", settings=[])


@application_platform_mended.passes
@application_logged.passes
@application_hosts_closed.passes
def every_option_set() -> None:
    _declare(MENDED, LOGGED, *CLOSED)


@application_platform_mended.fails
@application_logged.fails
def left_at_the_default() -> None:
    declare(ENVIRONMENT, application="app")


@application_hosts_closed.fails
def hosts_with_addresses() -> None:
    _declare(*CLOSED, AssociatePublicIpAddress="true")


@application_hosts_closed.fails
def hosts_that_ask_for_no_token() -> None:
    _declare(*CLOSED, DisableIMDSv1="false")


@application_hosts_closed.fails
def hosts_with_a_key() -> None:
    _declare(*CLOSED, EC2KeyName="ada")
