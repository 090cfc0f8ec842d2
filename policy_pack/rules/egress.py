"""Egress: data leaves to the hosts of registered vendors, and brokers and caches serve those they know."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from urllib.parse import urlsplit

from policy_pack.examples import declare, kept
from policy_pack.rules.privacy import values_at
from policy_pack.rules.vendors import NOTICE
from policy_pack.values import raw
from policy_pack.vocabulary import Finding, NotApplicable, Registers, Resource, Severity, aws, each, rule

FIREHOSE = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
API = "aws:cloudwatch/eventApiDestination:EventApiDestination"
DESTINATIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    API: (("invocationEndpoint",),),
    FIREHOSE: (
        ("httpEndpointConfiguration", "url"),
        ("snowflakeConfiguration", "accountUrl"),
        ("splunkConfiguration", "hecEndpoint"),
    ),
    "aws:sns/topicSubscription:TopicSubscription": (("endpoint",),),
}


@rule(
    on=DESTINATIONS,
    severity=Severity.HIGH,
    promise="vendor-management",
    controls=("PH:SUBPROC-EGRESS",),
    fix="send it to a vendor of the register of sub-processors, announced 14 days ago and under a DPA in force",
)
def destination_host_registered(
    resource: Resource,
    row: tuple[tuple[str, ...], ...],
    registers: Registers,
    today: datetime.date,
    *,
    notice_days: int = NOTICE,
) -> Iterator[Finding]:
    """What is sent to a host is processed by whoever runs it: customers were told who that is."""

    vendors = registers.usable_vendors(today, notice_days)
    registered = {host for vendor in vendors for host in vendor.more["hosts"]}

    def judge(path: tuple[str, ...]) -> Iterator[Finding]:
        for value in values_at(resource, path):
            host = _host(str(value))
            if host and not any(_covers(known, host) for known in registered):
                yield f"{'.'.join(path)} leads to {host}, which is not registered"

    yield from each(row, judge)


def _covers(known: str, host: str) -> bool:
    return host == known or (known.startswith(".") and f".{host}".endswith(known))


def _host(url: str) -> str | None:
    """Return the host of a URL that leaves AWS; a topic's other endpoints are ARNs, addresses and numbers."""
    if not url.startswith(("http://", "https://")):
        return None
    host = (urlsplit(url).hostname or "").lower()
    return None if host.endswith((".amazonaws.com", ".on.aws")) else host


@destination_host_registered.passes
def within_aws() -> None:
    declare(API, invocationEndpoint="https://abc.execute-api.us-west-2.amazonaws.com/prod")
    declare(FIREHOSE, destination="extended_s3")
    aws.sns.TopicSubscription("queue", topic="arn", protocol="sqs", endpoint="arn:aws:sqs:us-west-2:111122223333:q")


@destination_host_registered.passes
def to_a_vendor_of_the_register() -> Registers:
    declare(API, invocationEndpoint="https://api.mail.example/in")
    return kept(subprocessors=[{"hosts": [".mail.example"]}])


@destination_host_registered.fails
def to_a_vendor_announced_yesterday() -> Registers:
    declare(API, invocationEndpoint="https://api.mail.example/in")
    return kept(subprocessors=[{"hosts": [".mail.example"], "announced": "2026-02-28"}])


@destination_host_registered.fails
def to_an_unknown_company() -> None:
    declare(API, invocationEndpoint="https://hooks.example.com/in")


@destination_host_registered.fails
def to_a_host_that_looks_like_aws() -> None:
    aws.sns.TopicSubscription("hook", topic="arn", protocol="https", endpoint="https://amazonaws.com.example.com/in")


@destination_host_registered.fails
def to_an_unknown_collector() -> None:
    declare(FIREHOSE, splunkConfiguration={"hecEndpoint": "https://http-inputs.example.com:443"})


BROKER_SETTINGS = "aws:msk/configuration:Configuration"
_BROKER_RULES = {"allow.everyone.if.no.acl.found": "false", "auto.create.topics.enable": "false"}
# Amazon MSK Developer Guide, "Default MSK configuration".
_BROKER_DEFAULTS = {"allow.everyone.if.no.acl.found": "true", "auto.create.topics.enable": "false"}


@rule(
    on=(BROKER_SETTINGS,),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:MSK-ACL",),
    fix="set allow.everyone.if.no.acl.found and auto.create.topics.enable to false",
)
def brokers_deny_without_acl(configuration: Resource) -> Iterator[Finding]:
    """A topic that somebody forgot to protect must be closed, not open to every client."""
    lines = str(configuration.get("serverProperties")).splitlines()
    given = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    for name, needed in _BROKER_RULES.items():
        value = given.get(name, _BROKER_DEFAULTS[name])
        if value.lower() != needed:
            yield f"serverProperties: {name} is {value}"


@brokers_deny_without_acl.passes
def closed_topics() -> None:
    lines = ("allow.everyone.if.no.acl.found = false", "auto.create.topics.enable=false")
    declare(BROKER_SETTINGS, serverProperties="\n".join(lines))


@brokers_deny_without_acl.fails
def open_topics() -> None:
    declare(BROKER_SETTINGS, serverProperties="auto.create.topics.enable=false\n")


BROKERS = "aws:msk/cluster:Cluster"


@rule(
    on=(BROKERS,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:MSK-ACL",),
    fix="name in configurationInfo an aws.msk.Configuration that denies what no ACL allows",
)
def brokers_use_own_configuration(cluster: Resource) -> Iterator[Finding]:
    """MSK's own configuration lets everybody at a topic that has no ACL."""
    # Amazon MSK Developer Guide, "Default Amazon MSK configuration": allow.everyone.if.no.acl.found is true.
    if not raw(cluster.get("configurationInfo", default={})).get("arn"):
        yield "configurationInfo is not set, so that the brokers use MSK's own configuration"


@brokers_use_own_configuration.passes
def brokers_with_closed_topics() -> None:
    settings = "allow.everyone.if.no.acl.found=false"
    configuration = declare(BROKER_SETTINGS, serverProperties=settings)
    declare(BROKERS, configurationInfo={"arn": configuration.id, "revision": 1})


@brokers_use_own_configuration.fails
def brokers_as_msk_makes_them() -> None:
    declare(BROKERS)


CACHE_USER = "aws:elasticache/user:User"


@rule(
    on=(CACHE_USER,),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:EC-USER",),
    fix="authenticate by iam or password, and name keys and commands in accessString",
)
def cache_user_limited(user: Resource) -> Iterator[Finding]:
    """Redis gives a user without limits every key of every customer, and the command that empties them all."""
    words = str(user.get("accessString", default="")).lower().split()
    if "off" in words and "on" not in words:
        raise NotApplicable("nobody can sign in as it")
    if user.get("noPasswordRequired") is True:
        yield "noPasswordRequired is true"
    way = user.get("authenticationMode", "type")
    if way not in {"iam", "password"} and not user.has("passwords") and "passwordsWo" not in user:
        yield f"authenticationMode.type is {way or 'not set'}; it must be iam or password"
    if "on" in words and {"~*", "allkeys"}.intersection(words) and {"+@all", "allcommands"}.intersection(words):
        yield "accessString allows every command on every key"


@cache_user_limited.passes
def application() -> None:
    access = "on ~sessions:* +@read +@write -@dangerous"
    declare(CACHE_USER, accessString=access, authenticationMode={"type": "iam"})


@cache_user_limited.passes
def application_beside_a_default_user_who_is_off() -> None:
    application()
    aws.elasticache.User(
        "default",
        user_id="of-our-own",
        user_name="default",
        engine="redis",
        access_string="off -@all",
        no_password_required=True,
    )


@cache_user_limited.passes
def by_a_password_that_no_state_holds() -> None:
    declare(CACHE_USER, accessString="on ~sessions:* +@read", passwordsWo="drawn by a program", passwordsWoVersion=1)


@cache_user_limited.fails
def by_nothing_that_is_said() -> None:
    declare(CACHE_USER, accessString="on ~sessions:* +@read")


@cache_user_limited.fails
def anybody() -> None:
    declare(CACHE_USER, accessString="on ~app:* +@read", noPasswordRequired=True)


@cache_user_limited.fails
def almighty() -> None:
    declare(CACHE_USER, accessString="on ~* +@all", authenticationMode={"type": "iam"})


CACHE_USERS = "aws:elasticache/userGroup:UserGroup"


@rule(
    on=(CACHE_USERS,),
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("PH:EC-USER",),
    fix="name a user of your own in its place: for Redis one whose user name is default, and who may nothing",
)
def cache_users_are_own(group: Resource) -> Iterator[Finding]:
    """The user named default that ElastiCache brings along needs no password, and may do everything."""
    # Amazon ElastiCache User Guide, "Role-Based Access Control (RBAC)": its id and its name are both default.
    if "default" in group.get("userIds", default=()):
        yield "userIds names default, the user that ElastiCache made"


@cache_users_are_own.passes
def users_of_the_application() -> None:
    declare(CACHE_USERS, userIds=["application", "default-that-may-nothing"])


@cache_users_are_own.fails
def everybody_else_too() -> None:
    declare(CACHE_USERS, userIds=["application", "default"])


FIREWALL_POLICY = "aws:networkfirewall/firewallPolicy:FirewallPolicy"


@rule(
    on=(FIREWALL_POLICY,),
    severity=Severity.MEDIUM,
    promise="data-protection",
    controls=("SH:NetworkFirewall.3", "SH:NetworkFirewall.4", "SH:NetworkFirewall.5"),
    fix="drop or forward by default, and refer to a rule group",
)
def firewall_filters(policy: Resource) -> Iterator[Finding]:
    """A firewall that passes what no rule mentions filters nothing."""
    groups = [policy.has("firewallPolicy", f"state{kind}RuleGroupReferences") for kind in ("ful", "less")]
    if not any(groups):
        yield "firewallPolicy refers to no rule group"
    for name in ("statelessDefaultActions", "statelessFragmentDefaultActions"):
        actions = policy.get("firewallPolicy", name, default=())
        if not any(action in actions for action in ("aws:drop", "aws:forward_to_sfe")):
            yield f"firewallPolicy.{name} is neither aws:drop nor aws:forward_to_sfe"


def _firewall(action: str) -> None:
    actions = {name: [action] for name in ("statelessDefaultActions", "statelessFragmentDefaultActions")}
    declare(FIREWALL_POLICY, firewallPolicy={**actions, "statefulRuleGroupReferences": [{"resourceArn": "arn"}]})


@firewall_filters.passes
def forwarding() -> None:
    _firewall("aws:forward_to_sfe")


@firewall_filters.fails
def passing() -> None:
    _firewall("aws:pass")
