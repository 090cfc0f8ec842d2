"""Rights: what a policy gives away beyond its words, by what AWS's actions are known to do."""

from __future__ import annotations

import json
from collections.abc import Iterator

from policy_pack.documents import allows, listed, name_of, names_any_resource, statements
from policy_pack.examples import allow
from policy_pack.permissions import changes_of_access, credentials_issued, expand, granted, is_known_service, spell
from policy_pack.rules.access import (
    IDENTITY_POLICIES,
    chosen_by_tag,
    declare_in_every_form,
    is_held_by,
    judge_statements,
)
from policy_pack.rules.escalation import PROVISIONING, TIER_TAG
from policy_pack.rules.sharing import declare_with_policy
from policy_pack.rules.vendors import POLICIES
from policy_pack.tokens import ROLE
from policy_pack.vocabulary import (
    Finding,
    Graph,
    NotApplicable,
    Props,
    Resource,
    Severity,
    Unknown,
    aws,
    each,
    rule,
)


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
        changed = granted(statement, changes_of_access())
        if not changed or not names_any_resource(statement) or chosen_by_tag(statement):
            return
        if not is_held_by(policy, graph, tag, provisioning_tiers):
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
        issued = granted(statement, credentials_issued())
        if issued and names_any_resource(statement) and not chosen_by_tag(statement):
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


ORGANIZATION_POLICY = "aws:organizations/policy:Policy"
ON_ACTIONS = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
# Trust policies and those of resources hold actions too, and denials among them.
DOCUMENTS: dict[str, tuple[str, ...]] = {
    **{token: row.path for token, row in POLICIES.items()},
    **{token: (name,) for token, name in IDENTITY_POLICIES.items() if token != ROLE},
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("policy",),
    "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy": ("policy",),
    ORGANIZATION_POLICY: ("content",),
}


@rule(
    on=DOCUMENTS,
    severity=Severity.MEDIUM,
    promise="system-access-control",
    fix="write the action as the Service Authorization Reference does",
)
def policy_names_real_actions(resource: Resource, row: tuple[str, ...]) -> Iterator[Finding]:
    """A misspelt action grants nothing, and where it should have been denied, it denies nothing."""
    if not resource.has(*row):
        raise NotApplicable("it has no policy inside")
    if resource.type == ORGANIZATION_POLICY and resource.get("type", default=ON_ACTIONS[0]) not in ON_ACTIONS:
        raise NotApplicable("it is no policy on actions")

    def judge(statement: Props) -> Iterator[Finding]:
        for element in ("Action", "NotAction"):
            # "eks:Put*" among what is allowed grants nothing today, and was meant as it stands.
            for_later = element == "Action" and allows(statement)
            for pattern in listed(statement, element):
                if not expand(pattern) and not (for_later and set(pattern) & set("*?")):
                    yield misspelt(pattern, name_of(statement))

    def misspelt(pattern: str, where: str) -> Finding:
        prefix, colon, _ = pattern.partition(":")
        if colon and not is_known_service(prefix) and not set(prefix) & set("*?"):
            return Unknown(f"whether AWS has a service {prefix}, which {where} names")
        return f"{where} names {pattern}, which is no action of AWS"

    yield from each(statements(resource, *row), judge)


@policy_names_real_actions.passes
def real_actions() -> None:
    document = allow(["s3:GetObject", "S3:List*", "kms:Decrypt"], Principal={"AWS": "111122223333"}, Resource="*")
    for token, path in DOCUMENTS.items():
        declare_with_policy(token, path, document)
    aws.iam.Policy("most", policy=json.dumps({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}))


@policy_names_real_actions.fails
def a_denial_that_denies_nothing() -> None:
    misspelt = {"Effect": "Deny", "Action": ["s3:DeleteObjects*", "s3:DeleteObject"], "Resource": "*", "Principal": "*"}
    aws.s3.BucketPolicy("data", bucket="data", policy=json.dumps({"Statement": [misspelt]}))


@policy_names_real_actions.fails
def an_action_without_its_service() -> None:
    aws.iam.Policy("read", policy=allow("GetObject", Resource="arn:aws:s3:::data/*"))


@policy_names_real_actions.undetermined
def an_action_of_a_service_that_may_be_new() -> None:
    aws.iam.Policy("read", policy=allow("newservice:GetThing", Resource="*"))
