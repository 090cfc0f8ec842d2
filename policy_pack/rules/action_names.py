"""Words of policies: what is allowed or denied is an action that AWS has."""

from __future__ import annotations

import json
from collections.abc import Iterator

from policy_pack.documents import allows, name_of, statements, texts_of
from policy_pack.examples import allow
from policy_pack.identity_policies import IDENTITY_POLICIES
from policy_pack.permissions import expand, is_known_service
from policy_pack.rules.sharing import declare_with_policy
from policy_pack.rules.vendors import POLICIES
from policy_pack.tokens import ROLE
from policy_pack.vocabulary import Finding, NotApplicable, Props, Resource, Severity, Unknown, aws, each, rule

ORGANIZATION_POLICY = "aws:organizations/policy:Policy"
ON_ACTIONS = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
WILD = frozenset("*?")
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
        granted = allows(statement)
        for element in ("Action", "NotAction"):
            for pattern in texts_of(statement, element) if element in statement else ():
                # "eks:Put*" among what is allowed grants nothing today, and was meant as it stands.
                if not expand(pattern) and not (granted and element == "Action" and WILD & set(pattern)):
                    yield _misspelt(pattern, name_of(statement))

    yield from each(statements(resource, *row), judge)


def _misspelt(pattern: str, where: str) -> Finding:
    prefix, colon, _ = pattern.partition(":")
    if colon and not is_known_service(prefix) and not WILD & set(prefix):
        return Unknown(f"whether AWS has a service {prefix}, which {where} names")
    return f"{where} names {pattern}, which is no action of AWS"


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
