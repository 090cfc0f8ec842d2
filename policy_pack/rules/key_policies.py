"""Key policies: a service uses a key for those it is known to serve, and the account through services."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_pack.callers import compares, is_bound_to_source, is_narrowed_by, names_everyone, principals
from policy_pack.documents import allows, conditions, name_of, statements
from policy_pack.examples import OWN_ACCOUNT
from policy_pack.permissions import granted
from policy_pack.rules.key_use import ACCOUNT
from policy_pack.tokens import KEY
from policy_pack.vocabulary import Finding, NotApplicable, Props, Resource, Severity, aws, declare, each, rule

KEYS = (
    KEY,
    "aws:kms/externalKey:ExternalKey",
    "aws:kms/keyPolicy:KeyPolicy",
    "aws:kms/replicaExternalKey:ReplicaExternalKey",
    "aws:kms/replicaKey:ReplicaKey",
)
CONTEXT = "kms:encryptioncontext:"


def _judged(key: Resource) -> Any:
    """Return the statements of a key's policy.

    Raises:
        NotApplicable: it has none inside.
    """
    if not key.has("policy"):
        # AWS KMS Developer Guide, "Default key policy": the account's IAM policies decide then, and are judged.
        raise NotApplicable("it has no policy inside")
    return statements(key, "policy")


@rule(
    on=KEYS,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:IAM-CONFUSED",),
    fix="bind the service's principal with aws:SourceAccount, aws:SourceArn or kms:EncryptionContext",
)
def service_uses_key_for_known_sources(key: Resource) -> Iterator[Finding]:
    """A service works for all its customers: it must not be talked into using our key for one of them.

    Where a service sends KMS no source, its encryption context names the topic, queue or log group that it is for.
    """

    def judge(statement: Props) -> Iterator[Finding]:
        services = [text for kind, text in principals(statement) if kind == "Service" and allows(statement)]
        if services and not is_bound_to_source(statement) and not is_narrowed_by(statement, CONTEXT):
            yield f"{name_of(statement)} lets {' and '.join(services)} use the key on behalf of anybody"

    yield from each(_judged(key), judge)


def _policy(*given: dict[str, Any]) -> str:
    parts = [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", **statement} for statement in given]
    return json.dumps({"Version": "2012-10-17", "Statement": parts})


OURS = {"AWS": f"arn:aws:iam::{OWN_ACCOUNT}:root"}
TRAIL = {"Service": "cloudtrail.amazonaws.com"}
EVENTS = {"Service": "events.amazonaws.com"}
TOPIC = f"arn:aws:sns:us-west-2:{OWN_ACCOUNT}:alarms"


def _for_topic(arn: str) -> dict[str, Any]:
    return {"Principal": EVENTS, "Condition": {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": arn}}}


@service_uses_key_for_known_sources.passes
def for_one_account_or_topic() -> None:
    ours = {"Principal": TRAIL, "Condition": {"StringEquals": {"aws:SourceAccount": OWN_ACCOUNT}}}
    for token in KEYS:
        declare(token, policy=_policy(ours, _for_topic(TOPIC), {"Principal": OURS}))
    aws.kms.Key("default")


@service_uses_key_for_known_sources.fails
def for_anybodys_trail() -> None:
    aws.kms.Key("logs", policy=_policy({"Principal": TRAIL}))


@service_uses_key_for_known_sources.fails
def for_a_topic_of_anybody() -> None:
    aws.kms.KeyPolicy("alarms", key_id="alarms", policy=_policy(_for_topic("arn:aws:sns:us-west-2:*:alarms")))


@rule(
    on=KEYS,
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:KMS-GRANT",),
    fix="require kms:GrantIsForAWSResource in a Bool, or say whose grants by kms:GranteePrincipal",
)
def key_grants_are_for_services(key: Resource) -> Iterator[Finding]:
    """Whoever may grant the use of a key lets in whom they like, and no policy shows it.

    Services such as EBS and RDS need a grant of whoever creates a store, and use it themselves (AWS KMS Developer
    Guide, "Grants in AWS KMS"). Whoever may change the policy as well needs no grant to let others in.
    """

    def judge(statement: Props) -> Iterator[Finding]:
        if granted(statement, GRANT | CHANGES) != GRANT:
            return
        if not _is_for_services(statement):
            yield f"{name_of(statement)} allows grants to anybody"
        elif names_everyone(statement) and not compares(statement, VIA_SERVICE):
            yield f"{name_of(statement)} lets everybody grant, whatever their own policies say"

    yield from each(_judged(key), judge)


GRANT = frozenset({"kms:creategrant"})
CHANGES = frozenset({"kms:putkeypolicy", "kms:schedulekeydeletion"})
VIA_SERVICE = "kms:viaservice"
BOUND_GRANTS = ("kms:granteeprincipal", "kms:granteeserviceprincipal")


def _is_for_services(statement: Props) -> bool:
    for_resources = any(
        operator == "bool" and key == "kms:grantisforawsresource" and [value.lower() for value in values] == ["true"]
        for operator, key, values in conditions(statement)
    )
    return for_resources or is_narrowed_by(statement, *BOUND_GRANTS)


FOR_RESOURCES = {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def _grants(principal: object = OURS, **condition: Any) -> dict[str, Any]:
    given = {"Principal": principal, "Action": ["kms:CreateGrant", "kms:DescribeKey"]}
    return {**given, "Condition": condition} if condition else given


@key_grants_are_for_services.passes
def for_services() -> None:
    to_one = {"StringEquals": {"kms:GranteePrincipal": f"arn:aws:iam::{OWN_ACCOUNT}:role/app"}}
    for token in KEYS:
        declare(token, policy=_policy(_grants(**FOR_RESOURCES), _grants(**to_one)))
    aws.kms.Key("default", policy=_policy({"Principal": OURS, "Action": "kms:*"}, {"Principal": OURS}))


@key_grants_are_for_services.fails
def for_whom_they_like() -> None:
    aws.kms.Key("data", policy=_policy(_grants()))


@key_grants_are_for_services.fails
def for_services_or_not() -> None:
    aws.kms.Key("data", policy=_policy(_grants(BoolIfExists={"kms:GrantIsForAWSResource": "false"})))


@key_grants_are_for_services.fails
def by_everybody() -> None:
    own = {"StringEquals": {"kms:CallerAccount": OWN_ACCOUNT}}
    aws.kms.Key("data", policy=_policy(_grants("*", **FOR_RESOURCES, **own)))


USES = frozenset({"kms:decrypt", "kms:generatedatakey", "kms:generatemac", "kms:sign"})


@rule(
    on=KEYS,
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:KMS-SOD",),
    fix="bind the use with kms:ViaService or an encryption context, or name the roles that are meant",
)
def key_used_through_services(key: Resource) -> Iterator[Finding]:
    """A key whose policy keeps administration from use must not then leave its use to the whole account.

    Through a service, whoever uses the key must also be let at what it encrypts. Where one statement leaves a key to
    IAM altogether, as KMS's default policy does, IAM's own policies decide, and are judged.
    """
    found = list(_judged(key))
    if any(map(_leaves_all_to_iam, found)):
        raise NotApplicable("it leaves everything to the account's IAM policies")

    def judge(statement: Props) -> Iterator[Finding]:
        if not granted(statement, USES):
            return
        if names_everyone(statement):
            if not _says_for_whom(statement):
                yield f"{name_of(statement)} lets everybody use the key, whatever their own policies say"
        elif any(ACCOUNT.fullmatch(text) for kind, text in principals(statement) if kind == "AWS") and not (
            _says_for_whom(statement) or _asks_for_context(statement)
        ):
            yield f"{name_of(statement)} lets the whole account use the key directly"

    yield from each(found, judge)


def _leaves_all_to_iam(statement: Props) -> bool:
    """Return whether a statement gives an account every action on a key, so that its IAM policies decide."""
    if not (granted(statement, CHANGES) and granted(statement, USES)) or any(conditions(statement)):
        return False
    names = [text for _, text in principals(statement)]
    return bool(names) and all(ACCOUNT.fullmatch(name) for name in names)


def _says_for_whom(statement: Props) -> bool:
    """Return whether only some services or principals of the account are meant."""
    return is_narrowed_by(statement, "aws:principalarn") or compares(
        statement, VIA_SERVICE, "aws:principaltag/", "aws:userid"
    )


def _asks_for_context(statement: Props) -> bool:
    """Return whether the data that is encrypted must be said to be of some kind."""
    return is_narrowed_by(statement, CONTEXT) or any(
        operator == "null" and key.startswith(CONTEXT) and values == ["false"]
        for operator, key, values in conditions(statement)
    )


THROUGH = {"kms:ViaService": "s3.us-west-2.amazonaws.com", "kms:CallerAccount": OWN_ACCOUNT}


@key_used_through_services.passes
def through_a_service() -> None:
    administers = {"Principal": OURS, "Action": ["kms:Describe*", "kms:PutKeyPolicy"]}
    uses = {"Principal": OURS, "Condition": {"StringEquals": THROUGH}}
    sessions = {"Principal": OURS, "Condition": {"Null": {"kms:EncryptionContext:aws:ssm:TargetId": "false"}}}
    for token in KEYS:
        declare(token, policy=_policy(administers, uses, sessions))
    aws.kms.Key("default", policy=_policy({"Principal": OURS, "Action": "kms:*"}))


@key_used_through_services.fails
def by_the_whole_account() -> None:
    aws.kms.Key("data", policy=_policy({"Principal": OURS, "Action": ["kms:Encrypt", "kms:Decrypt"]}))


@key_used_through_services.fails
def by_everybody_of_the_account() -> None:
    own = {"StringEquals": {"kms:CallerAccount": OWN_ACCOUNT}}
    aws.kms.KeyPolicy("data", key_id="data", policy=_policy({"Principal": "*", "Condition": own}))


@key_used_through_services.fails
def by_the_whole_account_with_a_factor() -> None:
    factor = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    aws.kms.Key("data", policy=_policy({"Principal": OURS, "Action": "kms:*", "Condition": factor}))


@key_used_through_services.undetermined
def by_a_role_created_with_it() -> None:
    role = aws.iam.Role("reader", assume_role_policy="{}")
    aws.kms.Key("data", policy=role.arn.apply(lambda arn: _policy({"Principal": {"AWS": arn}})))


@rule(
    on=KEYS,
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:KMS-SOD",),
    fix="name the cryptographic actions that are needed; leave administration to a statement of its own",
)
def key_use_is_not_administration(key: Resource) -> Iterator[Finding]:
    """Whatever may use a key under some condition, or as a service, has no business in changing or deleting it."""

    def judge(statement: Props) -> Iterator[Finding]:
        if not granted(statement, CHANGES):
            return
        found = list(principals(statement))
        for kind, text in found:
            if kind == "Service":
                yield f"{name_of(statement)} lets {text} administer the key"
        of_the_account = names_everyone(statement) or any(ACCOUNT.fullmatch(text) for _, text in found)
        if of_the_account and any(conditions(statement)) and granted(statement, USES):
            yield f"{name_of(statement)} lets whomever its conditions let in both administer and use the key"

    yield from each(_judged(key), judge)


@key_use_is_not_administration.passes
def apart_from_each_other() -> None:
    administers = {"Principal": OURS, "Action": ["kms:Describe*", "kms:PutKeyPolicy"]}
    uses = {"Principal": OURS, "Condition": {"StringEquals": THROUGH}}
    for token in KEYS:
        declare(token, policy=_policy(administers, uses, _for_topic(TOPIC)))
    aws.kms.Key("default", policy=_policy({"Principal": OURS, "Action": "kms:*"}))


@key_use_is_not_administration.fails
def a_service_that_may_delete_it() -> None:
    aws.kms.Key("logs", policy=_policy({"Principal": TRAIL, "Action": "kms:*"}))


@key_use_is_not_administration.fails
def a_role_that_may_do_everything() -> None:
    collects = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OWN_ACCOUNT}:role/collect"}}
    aws.kms.Key("signing", policy=_policy({"Principal": OURS, "Action": "kms:*", "Condition": collects}))
