"""Encryption in transit, and under the right key, where the policy of a resource can refuse everything else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from policy_pack.callers import names_everyone
from policy_pack.documents import conditions, only_condition, statements, texts_of
from policy_pack.rules.bucket_encryption import is_log_target
from policy_pack.tokens import BUCKET_POLICY, BUCKETS
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Severity, aws, rule


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="encryption",
    controls=("SH:S3.5", "CIS7:3.1.1"),
    fix="give the bucket a policy that denies s3:* on it and its objects when aws:SecureTransport is false",
)
def bucket_requires_tls(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """What travels unencrypted can be read and changed on the way."""
    yield from _judge_denials(
        bucket, graph, lambda denial: "false" in only_condition(denial, "aws:SecureTransport"), "without TLS"
    )


def _judge_denials(bucket: Resource, graph: Graph, refuses: Callable[[Props], bool], what: str) -> Iterator[Finding]:
    """Yield what of a bucket its policy doesn't refuse to everybody."""
    holders = graph.children(bucket, on=BUCKET_POLICY, via="bucket") or [bucket]
    denials = [
        denial
        for holder in holders
        for denial in statements(holder, "policy")
        if _denies_everyone(denial, "s3") and refuses(denial)
    ]
    covered = [resource for denial in denials for resource in texts_of(denial, "Resource")]
    everything = "*" in covered
    if not everything and not any(not resource.endswith("/*") for resource in covered):
        yield f"policy does not deny requests to the bucket that come {what}"
    if not everything and not any(resource.endswith("/*") for resource in covered):
        yield f"policy does not deny requests to its objects that come {what}"


# Several rules ask it of every statement of a bucket's policy.
@lru_cache(maxsize=4096)
def _denies_everyone(statement: Props, service: str, *actions: str) -> bool:
    if statement.get("Effect") != "Deny" or not names_everyone(statement):
        return False
    wanted = {"*", f"{service}:*", *actions}
    return any(action.lower() in wanted for action in texts_of(statement, "Action"))


def _tls_only(*resources: str) -> str:
    denial = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [denial]})


@bucket_requires_tls.passes
def tls_alone() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketPolicy("data", bucket=data.id, policy=data.arn.apply(lambda arn: _tls_only(arn, f"{arn}/*")))
    aws.s3.BucketV2("named", bucket="named", policy=_tls_only("arn:aws:s3:::named", "arn:aws:s3:::named/*"))


@bucket_requires_tls.fails
def no_policy() -> None:
    aws.s3.Bucket("data")


@bucket_requires_tls.fails
def objects_left_out() -> None:
    aws.s3.Bucket("data", bucket="data")
    aws.s3.BucketPolicy("data", bucket="data", policy=_tls_only("arn:aws:s3:::data"))


@bucket_requires_tls.fails
def one_caller_left_out() -> None:
    denial = json.loads(_tls_only("arn:aws:s3:::data", "arn:aws:s3:::data/*"))
    denial["Statement"][0]["Condition"]["StringNotEquals"] = {"aws:PrincipalAccount": "111122223333"}
    aws.s3.Bucket("data", policy=json.dumps(denial))


@bucket_requires_tls.undetermined
def policy_with_an_arn_not_known_yet() -> None:
    tls_alone()


@rule(
    on=BUCKETS,
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:S3-TLS12",),
    fix="add a statement that denies s3:* when NumericLessThan s3:TlsVersion is 1.2",
)
def bucket_requires_tls_1_2(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """Older versions of TLS can be broken into."""
    yield from _judge_denials(bucket, graph, _refuses_old_tls, "over a TLS older than 1.2")


def _refuses_old_tls(denial: Props) -> bool:
    asked = list(conditions(denial))
    return (
        len(asked) == 1
        and asked[0][:2] == ("numericlessthan", "s3:tlsversion")
        and bool(asked[0][2])
        and {"1.2", "1.3"}.issuperset(asked[0][2])
    )


def _new_tls_only(*resources: str, version: str = "1.2") -> str:
    policy = json.loads(_tls_only(*resources))
    policy["Statement"][0]["Condition"] = {"NumericLessThan": {"s3:TlsVersion": version}}
    return json.dumps(policy)


@bucket_requires_tls_1_2.passes
def new_tls_alone() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketPolicy("data", bucket=data.id, policy=data.arn.apply(lambda arn: _new_tls_only(arn, f"{arn}/*")))
    aws.s3.BucketV2("named", policy=_new_tls_only("*", version="1.3"))


@bucket_requires_tls_1_2.fails
def any_tls() -> None:
    aws.s3.Bucket("data", policy=_tls_only("*"))


@bucket_requires_tls_1_2.fails
def tls_1_1_let_through() -> None:
    aws.s3.Bucket("data", policy=_new_tls_only("*", version="1.1"))


KEY_HEADER = "s3:x-amz-server-side-encryption-aws-kms-key-id"
OTHER_THAN = ("stringnotequals", "stringnotequalsifexists", "arnnotequals", "arnnotequalsifexists")
HARMLESS = (
    # Services encrypt what they deliver as they were told to; narrowing a denial to people leaves those alone.
    ("boolifexists", "aws:principalisawsservice", ["false"]),
    # Who names no key gets the bucket's.
    ("null", KEY_HEADER, ["false"]),
)


@rule(
    on=BUCKETS,
    severity=Severity.MEDIUM,
    promise="encryption",
    controls=("PH:S3-DENYSSE",),
    fix=f"add a statement that denies s3:PutObject when {KEY_HEADER} is there (Null) and not the bucket's key",
)
def bucket_refuses_other_keys(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """Whoever writes an object may choose its key, and so take it out of the reach of the bucket's."""
    if is_log_target(bucket, graph):
        raise NotApplicable("access logs are delivered to buckets without a KMS key alone")
    holders = graph.children(bucket, on=BUCKET_POLICY, via="bucket") or [bucket]
    if not any(_refuses_other_keys(statement) for holder in holders for statement in statements(holder, "policy")):
        yield "policy does not deny writing objects under other keys than the bucket's"


def _refuses_other_keys(statement: Props) -> bool:
    if not _denies_everyone(statement, "s3", "s3:putobject", "s3:put*"):
        return False
    asked = [condition for condition in conditions(statement) if condition not in HARMLESS]
    return len(asked) == 1 and asked[0][0] in OTHER_THAN and asked[0][1] == KEY_HEADER


DATA_KEY = "arn:aws:kms:us-west-2:111122223333:key/0b1c2d3e-aaaa-bbbb-cccc-1234567890ab"


def _one_key_only(operator: str, **more: object) -> str:
    policy = json.loads(_tls_only("*"))
    policy["Statement"][0] |= {"Action": "s3:PutObject", "Condition": {operator: {KEY_HEADER: DATA_KEY}, **more}}
    return json.dumps(policy)


@bucket_refuses_other_keys.passes
def one_key_alone() -> None:
    people = {"aws:PrincipalIsAWSService": "false"}
    aws.s3.Bucket("data", bucket="data")
    named = {KEY_HEADER: "false"}
    policy = _one_key_only("StringNotEquals", BoolIfExists=people, Null=named)
    aws.s3.BucketPolicy("data", bucket="data", policy=policy)
    aws.s3.BucketV2("old", policy=_one_key_only("ArnNotEquals"))
    logs = aws.s3.Bucket("logs")
    aws.s3.BucketLogging("data", bucket="data", target_bucket=logs.id, target_prefix="data/")
    requests = aws.s3.Bucket("requests")
    aws.lb.LoadBalancer("web", access_logs={"bucket": requests.bucket, "enabled": True})


@bucket_refuses_other_keys.fails
def any_key() -> None:
    aws.s3.Bucket("data", policy=_tls_only("*"))


@bucket_refuses_other_keys.fails
def any_key_for_those_of_the_organization() -> None:
    outsiders = {"aws:PrincipalOrgID": "o-1a2b3c"}
    aws.s3.Bucket("data", policy=_one_key_only("StringNotEqualsIfExists", StringNotEqualsIgnoreCase=outsiders))


@dataclass(frozen=True)
class Policy:
    """Where a resource's policy is: inside it, and in a type of its own that names it by a property."""

    service: str
    actions: tuple[str, ...]
    separate: str
    via: str
    controls: tuple[str, ...]
    inside: str | None = "policy"


@rule(
    on={
        "aws:efs/fileSystem:FileSystem": Policy(
            "elasticfilesystem",
            (),
            "aws:efs/fileSystemPolicy:FileSystemPolicy",
            "fileSystemId",
            ("PH:EFS-TLS",),
            inside=None,
        ),
        "aws:sns/topic:Topic": Policy(
            "sns", ("sns:publish",), "aws:sns/topicPolicy:TopicPolicy", "arn", ("PH:SNS-TLS",)
        ),
        "aws:sqs/queue:Queue": Policy(
            "sqs", ("sqs:sendmessage",), "aws:sqs/queuePolicy:QueuePolicy", "queueUrl", ("PH:SQS-TLS",)
        ),
    },
    severity=Severity.HIGH,
    promise="encryption",
    fix="add a statement to its policy that denies everything to everybody when aws:SecureTransport is false",
)
def resource_policy_requires_tls(resource: Resource, graph: Graph, row: Policy) -> Iterator[Finding]:
    """These services answer without TLS too, unless the policy of the resource says no."""
    holders = [(holder, "policy") for holder in graph.children(resource, on=row.separate, via=row.via)]
    if row.inside:
        holders.append((resource, row.inside))
    if not any(
        _denies_everyone(statement, row.service, *row.actions)
        and "false" in only_condition(statement, "aws:SecureTransport")
        for holder, name in holders
        for statement in statements(holder, name)
    ):
        yield "no policy denies requests that come without TLS"


def _deny_plain(action: str, condition: dict[str, Any] | None = None) -> str:
    denial = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": [action],
        "Resource": "*",
        "Condition": condition or {"Bool": {"aws:SecureTransport": ["false"]}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": denial})


@resource_policy_requires_tls.passes
def tls_alone_by_policy() -> None:
    shared = aws.efs.FileSystem("shared")
    aws.efs.FileSystemPolicy("shared", file_system_id=shared.id, policy=_deny_plain("*"))
    alarms = aws.sns.Topic("alarms")
    aws.sns.TopicPolicy("alarms", arn=alarms.arn, policy=_deny_plain("SNS:Publish"))
    events = aws.sqs.Queue("events")
    aws.sqs.QueuePolicy("events", queue_url=events.id, policy=_deny_plain("sqs:*"))
    aws.sqs.Queue("inside", policy=_deny_plain("SQS:*"))


@resource_policy_requires_tls.fails
def queue_without_a_policy() -> None:
    aws.sqs.Queue("events")


@resource_policy_requires_tls.fails
def topic_that_refuses_subscribers_alone() -> None:
    aws.sns.Topic("alarms", policy=_deny_plain("sns:Subscribe"))


@resource_policy_requires_tls.fails
def file_system_that_refuses_what_is_encrypted() -> None:
    shared = aws.efs.FileSystem("shared")
    encrypted = {"Bool": {"aws:SecureTransport": "true"}}
    aws.efs.FileSystemPolicy("shared", file_system_id=shared.id, policy=_deny_plain("*", encrypted))


@resource_policy_requires_tls.undetermined
def policy_that_names_a_new_role() -> None:
    role = aws.iam.Role("sender", assume_role_policy=_deny_plain("sts:AssumeRole"))
    events = aws.sqs.Queue("events")
    aws.sqs.QueuePolicy("events", queue_url=events.id, policy=role.arn.apply(lambda _: _deny_plain("sqs:*")))
