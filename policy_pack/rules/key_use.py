"""Who and what may use a key: administration apart from use, no right to every key, one key for one class of data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from policy_pack.callers import compares
from policy_pack.documents import allows, listed, name_of, statements, texts_of
from policy_pack.identity_policies import refuse_mere_boundary
from policy_pack.permissions import granted
from policy_pack.rules.classification import CLASS_TAG, HOLDS_DATA
from policy_pack.rules.customer_keys import KEY_PROPERTY, KEY_SOURCES
from policy_pack.tokens import KEY, ROLE
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Row,
    Rows,
    Severity,
    Unknown,
    aws,
    each,
    rows_of,
    rule,
)

ALIAS = "aws:kms/alias:Alias"
GRANT = "aws:kms/grant:Grant"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
REPLICA = "aws:kms/replicaKey:ReplicaKey"
ADMINISTERS = ("kms:putkeypolicy", "kms:schedulekeydeletion")
USES = ("kms:decrypt", "kms:generatedatakey")
# AWS KMS Developer Guide, "Default key policy": naming the account lets its IAM policies decide, and nobody by itself.
ACCOUNT = re.compile(r"arn:[^:]+:iam::\d{12}:root|\d{12}")


def _grants(statement: Props, action: str) -> bool:
    """Return whether an Allow statement's actions, or all but its NotActions, hold an action."""
    if statement.get("NotAction") is not None:
        return not any(fnmatchcase(action, pattern.lower()) for pattern in texts_of(statement, "NotAction"))
    return any(fnmatchcase(action, pattern.lower()) for pattern in texts_of(statement, "Action"))


def _principals(statement: Props) -> Iterator[str]:
    principal = statement.get("Principal")
    if isinstance(principal, Props):
        yield from listed(principal, "AWS")
    elif principal is not None:
        yield str(principal)


@rule(
    on=(KEY, KEY_POLICY),
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:KMS-SOD",),
    fix="give administration and use of the key to different roles",
)
def kms_key_duties_separated(key: Resource) -> Iterator[Finding]:
    """Whoever may decrypt must not be able to let others do it, nor whoever may delete a key to read what it hides."""
    administrators: set[str] = set()
    users: set[str] = set()
    for statement in statements(key, "policy"):
        if allows(statement):
            named = {name for name in _principals(statement) if not ACCOUNT.fullmatch(name)}
            if named and any(_grants(statement, action) for action in ADMINISTERS):
                administrators |= named
            if named and any(_grants(statement, action) for action in USES):
                users |= named
    for name in sorted(administrators & users):
        yield f"policy lets {name} both administer and use the key"


ADMIN = "arn:aws:iam::111122223333:role/key-administrator"
APP = "arn:aws:iam::111122223333:role/app"


def _key_policy(*grants: tuple[object, object]) -> str:
    allowed = [
        {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"} for principal, action in grants
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


@kms_key_duties_separated.passes
def one_role_each() -> None:
    account = ({"AWS": "arn:aws:iam::111122223333:root"}, "kms:*")
    administration = ({"AWS": ADMIN}, ["kms:Put*", "kms:ScheduleKeyDeletion", "kms:Describe*"])
    use = ({"AWS": [APP]}, ["kms:Decrypt", "kms:GenerateDataKey*"])
    aws.kms.Key("data", policy=_key_policy(account, administration, use))
    aws.kms.KeyPolicy(
        "data", key_id="data", policy=_key_policy(administration, ({"Service": "s3.amazonaws.com"}, "kms:*"))
    )


@kms_key_duties_separated.fails
def one_role_for_everything() -> None:
    aws.kms.Key("data", policy=_key_policy(({"AWS": [ADMIN]}, "kms:*")))


@kms_key_duties_separated.fails
def one_role_in_two_statements() -> None:
    policy = _key_policy(({"AWS": [ADMIN, APP]}, "kms:Decrypt"), ({"AWS": ADMIN}, ["kms:ScheduleKeyDeletion"]))
    aws.kms.KeyPolicy("data", key_id="data", policy=policy)


@kms_key_duties_separated.undetermined
def role_created_with_the_key() -> None:
    role = aws.iam.Role("app", assume_role_policy=_key_policy(("*", "sts:AssumeRole")))
    aws.kms.Key("data", policy=role.arn.apply(lambda arn: _key_policy(({"AWS": arn}, "kms:Decrypt"))))


# What opens, what hides under a key that others may not use, and what vouches for something.
OPENS = frozenset({"kms:decrypt", "kms:generatedatakey", "kms:generatemac", "kms:reencryptfrom", "kms:sign"})
EVERY_KEY = re.compile(r"\*+|arn:[^:]*:kms:[^:]*:[^:]*:(key/)?\*+")
# Conditions on these choose keys, whatever the resource says.
CHOOSES_KEYS = ("kms:resourcealiases", "kms:requestalias", "aws:resourcetag/")


@rule(
    on={
        "aws:iam/groupPolicy:GroupPolicy": Row(("policy",), controls=("SH:KMS.2",)),
        "aws:iam/policy:Policy": Row(("policy",), controls=("SH:KMS.1",)),
        ROLE: Row(("inlinePolicies[]", "policy"), controls=("SH:KMS.2",)),
        "aws:iam/rolePolicy:RolePolicy": Row(("policy",), controls=("SH:KMS.2",)),
        "aws:iam/userPolicy:UserPolicy": Row(("policy",), controls=("SH:KMS.2",)),
        "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": Row(("inlinePolicy",)),
    },
    severity=Severity.HIGH,
    promise="encryption",
    fix="name the keys that the policy is for",
)
def iam_policy_decrypts_no_every_key(policy: Resource, row: Row, graph: Graph) -> Iterator[Finding]:
    """A right to every key makes one key for each domain as good as one key for everything."""
    if policy.type == ROLE and "inlinePolicies" not in policy:
        raise NotApplicable("the role has no policy inside; those beside it are judged themselves")
    refuse_mere_boundary(policy, graph)

    def judge(statement: Props) -> Iterator[Finding]:
        if not granted(statement, OPENS):
            return
        everything = statement.get("NotResource") is not None or any(
            EVERY_KEY.fullmatch(resource) for resource in texts_of(statement, "Resource")
        )
        if everything and not compares(statement, *CHOOSES_KEYS):
            yield f"{name_of(statement)} allows the use of every key"

    yield from row.visit(policy, lambda holder, names: each(statements(holder, *names), judge))


def _policy(action: object, **statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, **statement}})


@iam_policy_decrypts_no_every_key.passes
def one_key() -> None:
    decrypt = _policy("kms:Decrypt", Resource="arn:aws:kms:us-west-2:111122223333:key/0b1c2d3e")
    aws.iam.Policy("read", policy=decrypt)
    aws.iam.RolePolicy("read", role="reader", policy=_policy("kms:Describe*", Resource="*"))
    by_alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/orders"}}
    aws.iam.UserPolicy("read", user="reader", policy=_policy(["kms:Decrypt"], Resource="*", Condition=by_alias))
    aws.iam.GroupPolicy("read", group="readers", policy=decrypt)
    aws.iam.Role("reader", assume_role_policy=_policy("sts:AssumeRole"), inline_policies=[{"policy": decrypt}])
    aws.ssoadmin.PermissionSetInlinePolicy(
        "read", instance_arn="instance", permission_set_arn="set", inline_policy=decrypt
    )


@iam_policy_decrypts_no_every_key.fails
def every_key_of_the_account() -> None:
    aws.iam.Policy("read", policy=_policy(["s3:GetObject", "kms:D*"], Resource=["arn:aws:kms:*:111122223333:key/*"]))


@iam_policy_decrypts_no_every_key.fails
def every_key_inside_a_role() -> None:
    inside: Any = [{"policy": _policy("kms:*", Resource="*")}]
    aws.iam.Role("reader", assume_role_policy=_policy("sts:AssumeRole"), inline_policies=inside)


@iam_policy_decrypts_no_every_key.fails
def all_actions_but_those_of_iam() -> None:
    aws.iam.RolePolicy(
        "power",
        role="power",
        policy=json.dumps({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}),
    )


@iam_policy_decrypts_no_every_key.undetermined
def key_created_with_it() -> None:
    key = aws.kms.Key("data")
    aws.iam.Policy("read", policy=key.arn.apply(lambda arn: _policy("kms:Decrypt", Resource=arn)))


@rule(
    on=(GRANT,),
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:KMS-GRANT",),
    fix="grant what is needed, within an encryption context, to a role of the key's account",
)
def kms_grant_narrow(grant: Resource) -> Iterator[Finding]:
    """A grant is a policy that no policy shows, and one that can grant goes on for ever."""
    for operation in grant.get("operations", default=()):
        if operation in {"CreateGrant", "RetireGrant"}:
            yield f"operations hold {operation}"
    if not grant.has("constraints"):
        yield "constraints name no encryption context"
    grantee, key = (str(grant.get(name)).split(":") for name in ("granteePrincipal", "keyId"))
    if len(grantee) > 5 and len(key) > 5 and grantee[4] != key[4]:
        yield "granteePrincipal is of another account than the key"


def _grant(principal: str = APP, **more: Any) -> None:
    aws.kms.Grant("app", key_id="arn:aws:kms:us-west-2:111122223333:key/0b1c2d3e", grantee_principal=principal, **more)


IN_CONTEXT: Any = [{"encryption_context_equals": {"table": "orders"}}]


@kms_grant_narrow.passes
def decryption_in_a_context() -> None:
    _grant(operations=["Decrypt"], constraints=IN_CONTEXT)


@kms_grant_narrow.fails
def grant_that_grants() -> None:
    _grant(operations=["Decrypt", "CreateGrant"], constraints=IN_CONTEXT)


@kms_grant_narrow.fails
def in_any_context() -> None:
    _grant(operations=["Decrypt"])


@kms_grant_narrow.fails
def to_another_account() -> None:
    _grant("arn:aws:iam::444455556666:role/app", operations=["Decrypt"], constraints=IN_CONTEXT)


@rule(
    on={token: rows for token, rows in KEY_PROPERTY.items() if token in HOLDS_DATA},
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:KMS-CLASSKEY",),
    fix="encrypt the store under a key that carries the tag of the same class",
)
def key_is_of_the_class_of_its_store(
    store: Resource, graph: Graph, row: Rows, *, tag: str = CLASS_TAG
) -> Iterator[Finding]:
    """Who may read one class of data must not thereby be able to read another."""
    name = rows_of(row)[0].path[0]
    if name not in store:
        raise NotApplicable("it names no key")
    named = graph.targets(store, name, *KEY_SOURCES)
    keys = [
        key for source in named for key in (graph.remember(_keys_behind, source) if source.type == ALIAS else [source])
    ]
    if not keys:
        raise Unknown(f"the class of the key that {name} names, which is not part of the stack")
    for key in keys:
        if key.tag(tag) != store.tag(tag):
            yield f"{name} names a key of class {key.tag(tag)}; the store's is {store.tag(tag)}"


def _keys_behind(graph: Graph, alias: Resource) -> list[Resource]:
    return graph.targets(alias, "targetKeyId", KEY, REPLICA)


def _stores(key: Any, tags: dict[str, str]) -> None:
    aws.backup.Vault("daily", kms_key_arn=key.arn, tags=tags)
    aws.cloudwatch.LogGroup("web", kms_key_id=key.arn, tags=tags)
    aws.ebs.Volume("data", availability_zone="us-west-2a", kms_key_id=key.arn, tags=tags)
    aws.efs.FileSystem("shared", kms_key_id=key.arn, tags=tags)
    aws.rds.Cluster("orders", engine="aurora-postgresql", kms_key_id=key.arn, tags=tags)
    aws.rds.Instance("reports", instance_class="db.t4g.small", kms_key_id=key.arn, tags=tags)
    aws.secretsmanager.Secret("token", kms_key_id=key.arn, tags=tags)
    aws.sns.Topic("alarms", kms_master_key_id=key.id, tags=tags)
    aws.sqs.Queue("events", kms_master_key_id=aws.kms.Alias("queue", target_key_id=key.id).name, tags=tags)
    encryption: Any = {"enabled": True, "kms_key_arn": key.arn}
    aws.dynamodb.Table("sessions", hash_key="id", server_side_encryption=encryption, tags=tags)


@key_is_of_the_class_of_its_store.passes
def one_key_for_one_class() -> None:
    tags = {"data-class": "restricted"}
    _stores(aws.kms.Key("restricted", tags=tags), tags)


@key_is_of_the_class_of_its_store.fails
def key_of_another_class() -> None:
    key = aws.kms.Key("internal", tags={"data-class": "internal"})
    aws.sns.Topic("alarms", kms_master_key_id=key.id, tags={"data-class": "restricted"})


@key_is_of_the_class_of_its_store.fails
def key_of_another_class_behind_an_alias() -> None:
    key = aws.kms.Key("internal", tags={"data-class": "internal"})
    alias = aws.kms.Alias("queue", name="alias/queue", target_key_id=key.id)
    aws.sqs.Queue("events", kms_master_key_id=alias.name, tags={"data-class": "restricted"})


@key_is_of_the_class_of_its_store.undetermined
def key_of_another_stack() -> None:
    aws.sns.Topic("alarms", kms_master_key_id="alias/alarms", tags={"data-class": "internal"})


@rule(
    on=(KEY,),
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:KMS-REPLICA",),
    fix="add an aws.kms.ReplicaKey in the recovery region",
)
def multi_region_key_replicated(key: Resource, graph: Graph) -> Iterator[Finding]:
    """Copies under a multi-Region key can't be read in the region that they were made for until the key is there."""
    if key.get("multiRegion") is not True:
        raise NotApplicable("it is a key of one region")
    replicas = graph.children(key, on=REPLICA, via="primaryKeyArn")
    if not any(replica.region != key.region for replica in replicas):
        yield "no aws.kms.ReplicaKey of the stack is its replica in another region"


@multi_region_key_replicated.passes
def replica_in_the_recovery_region() -> None:
    key = aws.kms.Key("backups", multi_region=True)
    aws.kms.ReplicaKey("backups", primary_key_arn=key.arn, region="us-west-1")
    aws.kms.Key("data")


@multi_region_key_replicated.fails
def no_replica() -> None:
    aws.kms.Key("backups", multi_region=True)
