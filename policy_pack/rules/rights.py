"""Rights: what a policy gives away beyond its words, by what AWS's actions are known to do."""

from __future__ import annotations

from collections.abc import Iterator

from policy_pack.callers import compares
from policy_pack.documents import name_of, names_any_resource, texts_of
from policy_pack.examples import allow
from policy_pack.grants import granted_everywhere
from policy_pack.identity_policies import (
    IDENTITY_POLICIES,
    given_within_a_boundary,
    is_held_by,
    judge_statements,
)
from policy_pack.permissions import (
    changes_of_access,
    credentials_issued,
    destruction,
    granted,
    spell,
    ways_in,
    writes_of_data,
)
from policy_pack.rules.access import declare_in_every_form
from policy_pack.rules.escalation import PROVISIONING, TIER_TAG
from policy_pack.vocabulary import Finding, Graph, Props, Resource, Severity, aws, rule


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    fix="name the resources whose access it may change; a role that provisions says so by its tier",
)
def access_changed_on_named_resources(
    policy: Resource, row: str, graph: Graph, *, tag: str = TIER_TAG, provisioning_tiers: list[str] = PROVISIONING
) -> Iterator[Finding]:
    """Who may change the policy of every bucket, key or queue may open each of them to the world.

    AWS calls such actions permissions management (Service Authorization Reference).
    """

    def judge(statement: Props) -> Iterator[Finding]:
        changed = granted_everywhere(statement, changes_of_access())
        if changed and not is_held_by(policy, graph, tag, provisioning_tiers):
            yield f"{name_of(statement)} allows {spell(changed)} on every resource"

    yield from judge_statements(policy, row, graph, judge)


@access_changed_on_named_resources.passes
def of_one_bucket() -> None:
    declare_in_every_form(allow("s3:PutBucketPolicy", Resource="arn:aws:s3:::data"))
    aws.iam.Policy("reads", policy=allow(["s3:Get*", "s3:List*", "ec2:Describe*"], Resource="*"))


@access_changed_on_named_resources.passes
def by_a_role_that_provisions() -> None:
    role = aws.iam.Role("deploy", assume_role_policy=allow("sts:AssumeRole"), tags={"access-tier": "pipeline"})
    aws.iam.RolePolicy("deploy", role=role.name, policy=allow("s3:PutBucketPolicy", Resource="*"))


@access_changed_on_named_resources.fails
def of_every_bucket() -> None:
    aws.iam.Policy("open", policy=allow(["s3:Put*"], Resource="*"))


@access_changed_on_named_resources.fails
def also_by_somebody_who_does_not_provision() -> None:
    deploy = aws.iam.Role("deploy", assume_role_policy=allow("sts:AssumeRole"), tags={"access-tier": "pipeline"})
    reader = aws.iam.Role("reader", assume_role_policy=allow("sts:AssumeRole"), tags={"access-tier": "human"})
    policy = aws.iam.Policy("keys", policy=allow("kms:PutKeyPolicy", Resource="*"))
    for name, role in (("deploy", deploy), ("reader", reader)):
        aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=policy.arn)


@access_changed_on_named_resources.undetermined
def of_what_is_not_known_yet() -> None:
    bucket = aws.s3.Bucket("data")
    aws.iam.Policy("some", policy=bucket.arn.apply(lambda arn: allow("s3:PutBucketPolicy", Resource=arn)))


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    fix="name the databases, users, roles or repositories that credentials may be had for",
)
def credentials_for_named_resources(policy: Resource, row: str, graph: Graph) -> Iterator[Finding]:
    """Credentials outlive the session that asked for them, and no log tells who uses them."""

    def judge(statement: Props) -> Iterator[Finding]:
        if issued := granted_everywhere(statement, credentials_issued()):
            yield f"{name_of(statement)} allows {spell(issued)} on every resource"

    yield from judge_statements(policy, row, graph, judge)


@credentials_for_named_resources.passes
def for_one_cluster() -> None:
    cluster = "arn:aws:redshift:us-west-2:111122223333:dbuser:reports/reader"
    declare_in_every_form(allow("redshift:GetClusterCredentials", Resource=cluster))
    # AWS has no way to name a registry here.
    aws.iam.Policy("pull", policy=allow("ecr:GetAuthorizationToken", Resource="*"))


@credentials_for_named_resources.fails
def for_every_cluster() -> None:
    aws.iam.Policy("read", policy=allow("redshift:GetCluster*", Resource="*"))


@credentials_for_named_resources.fails
def for_every_database_user() -> None:
    anybody = "arn:aws:rds-db:us-west-2:111122223333:dbuser:*/*"
    aws.iam.Policy("read", policy=allow("rds-db:connect", Resource=anybody))


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:IAM-DATA",),
    fix="name the buckets, tables, secrets or queues in Resource",
)
def data_changed_in_named_stores(
    policy: Resource, row: str, graph: Graph, *, tag: str = TIER_TAG, provisioning_tiers: list[str] = PROVISIONING
) -> Iterator[Finding]:
    """Whoever may write to every store can destroy what any of them holds, or plant what others will trust.

    A role that provisions creates and deletes stores as a whole for a living; it writes to none of them.
    """

    def judge(statement: Props) -> Iterator[Finding]:
        changed = granted_everywhere(statement, writes_of_data())
        if changed & destruction() and is_held_by(policy, graph, tag, provisioning_tiers):
            changed -= destruction()
        if changed:
            yield f"{name_of(statement)} allows {spell(changed)} on every resource"

    yield from judge_statements(policy, row, graph, judge)


@data_changed_in_named_stores.passes
def in_one_store() -> None:
    declare_in_every_form(allow(["s3:PutObject", "s3:DeleteObject"], Resource="arn:aws:s3:::data/*"))
    aws.iam.Policy("send", policy=allow(["logs:PutLogEvents", "sqs:SendMessage"], Resource="*"))


@data_changed_in_named_stores.fails
def in_every_store() -> None:
    aws.iam.Policy("clean", policy=allow("s3:Delete*", Resource="arn:aws:s3:::*"))


@data_changed_in_named_stores.passes
def deleted_by_who_provisions() -> None:
    role = aws.iam.Role("deploy", assume_role_policy=allow("sts:AssumeRole"), tags={"access-tier": "pipeline"})
    aws.iam.RolePolicy("deploy", role=role.name, policy=allow(["dynamodb:DeleteTable", "s3:Create*"], Resource="*"))


@data_changed_in_named_stores.fails
def tables_as_a_whole() -> None:
    aws.iam.Policy("clean", policy=allow("dynamodb:DeleteTable", Resource="*"))


@data_changed_in_named_stores.fails
def in_every_table() -> None:
    aws.iam.Policy("write", policy=allow(["dynamodb:*Item"], Resource="arn:aws:dynamodb:us-west-2:1:table/*"))


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:IAM-DATA",),
    fix="name the machines and functions, or choose them by a tag; let people resume and end their own sessions alone",
)
def code_run_on_named_machines(policy: Resource, row: str, graph: Graph) -> Iterator[Finding]:
    """A shell on any machine is a shell on the one that holds the data; who calls any function does what it may."""

    def judge(statement: Props) -> Iterator[Finding]:
        if entered := granted_everywhere(statement, ways_in()):
            yield f"{name_of(statement)} allows {spell(entered)} on every machine, session or function"

    yield from judge_statements(policy, row, graph, judge)


@code_run_on_named_machines.passes
def the_tagged_ones() -> None:
    own = allow(["ssm:ResumeSession", "ssm:TerminateSession"], Resource="arn:aws:ssm:*:*:session/${aws:userid}-*")
    declare_in_every_form(own)
    tagged = {"StringEquals": {"ssm:resourceTag/environment": "staging"}}
    aws.iam.Policy("look", policy=allow("ssm:StartSession", Resource="arn:aws:ec2:*:*:instance/*", Condition=tagged))


@code_run_on_named_machines.fails
def all_of_them() -> None:
    aws.iam.Policy("look", policy=allow("ssm:StartSession", Resource="arn:aws:ec2:*:*:instance/*"))


@code_run_on_named_machines.fails
def every_function() -> None:
    aws.iam.Policy("call", policy=allow("lambda:Invoke*", Resource="arn:aws:lambda:us-west-2:1:function:*"))


@code_run_on_named_machines.fails
def sessions_of_others() -> None:
    aws.iam.Policy("look", policy=allow(["ssm:Resume*"], Resource="*"))


ATTACHES = frozenset({"iam:attachrolepolicy", "iam:attachuserpolicy"})
GIVES_RIGHTS = ATTACHES | {
    "iam:putrolepermissionsboundary",
    "iam:putrolepolicy",
    "iam:putuserpermissionsboundary",
    "iam:putuserpolicy",
}


@rule(
    on=IDENTITY_POLICIES,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    controls=("PH:IAM-ESCALATE", "PH:IAM-BOUNDARY"),
    fix="require a boundary in a StringEquals on iam:PermissionsBoundary, or name the identities",
)
def rights_given_within_a_boundary(policy: Resource, row: str, graph: Graph) -> Iterator[Finding]:
    """Whoever gives rights to whatever bears a name can give that name to something, and it more than they have.

    That holds for identities chosen by a wildcard; changes of every identity are ways to more rights already.
    """

    def judge(statement: Props) -> Iterator[Finding]:
        given = granted(statement, GIVES_RIGHTS)
        if not given or names_any_resource(statement) or given_within_a_boundary(statement):
            return
        known = given <= ATTACHES and compares(statement, "iam:policyarn")
        if any("*" in arn or "?" in arn for arn in texts_of(statement, "Resource")) and not known:
            yield f"{name_of(statement)} allows {spell(given)} without a boundary, on identities it doesn't name"

    yield from judge_statements(policy, row, graph, judge)


@rights_given_within_a_boundary.passes
def under_the_boundary() -> None:
    bound = {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/app"}}
    roles = "arn:aws:iam::111122223333:role/app-*"
    declare_in_every_form(allow(["iam:CreateRole", "iam:PutRolePolicy"], Resource=roles, Condition=bound))
    aws.iam.Policy("one", policy=allow("iam:PutRolePolicy", Resource="arn:aws:iam::111122223333:role/app"))
    read = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}
    aws.iam.Policy("read", policy=allow("iam:AttachRolePolicy", Resource=roles, Condition=read))


@rights_given_within_a_boundary.fails
def to_any_role_of_the_app() -> None:
    roles = "arn:aws:iam::111122223333:role/app-*"
    aws.iam.Policy("deploy", policy=allow(["iam:CreateRole", "iam:AttachRole*"], Resource=roles))


@rights_given_within_a_boundary.fails
def under_any_boundary() -> None:
    bound = {"StringLike": {"iam:PermissionsBoundary": "*"}}
    roles = "arn:aws:iam::111122223333:role/app-*"
    aws.iam.Policy("deploy", policy=allow("iam:PutRolePolicy", Resource=roles, Condition=bound))
