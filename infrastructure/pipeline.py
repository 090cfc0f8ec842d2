"""Software Development Lifecycle: the pipeline's roles. What is approved deploys; for a pull request it looks.

Enters: the repository. Leaves: `PipelineRoles` with its `preview`, `deploy` and `collect`. GitHub's identity tokens
take the place of long-lived keys: "Configuring OpenID Connect in Amazon Web Services" in GitHub's documentation. A
token's subject names the environment of a job that has one, and the branch of a job that has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import iam

from infrastructure.access import attach, attach_read_only, write
from infrastructure.documents import Statement, document
from infrastructure.guard import COLLECT, DEPLOY, SERVICE, role_name
from infrastructure.provisioning import identity_statements, provisioning_statements
from infrastructure.scope import DataClass, Scope
from infrastructure.state import SERVICE as STATE
from infrastructure.state import state_access

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
MAIN_BRANCH = "ref:refs/heads/main"
"""Jobs without an environment, on the main branch: nobody is asked, so they may change nothing."""

DEPLOYMENTS = "environment:deploy"
"""The environment of the jobs that deploy: it asks a reviewer first, and is there for the main branch alone."""

PREVIEWS = "environment:preview"
"""The environment, as GitHub calls it, of the jobs that preview pull requests."""

NO_REPOSITORY = "none"
"""No token has this for its subject: GitHub's begin with `repo:`. The roles are there, and nobody can take them."""

PREVIEW_SECONDS = 3600
DEPLOY_SECONDS = 7200
"""A database of three instances, or a cluster, takes AWS most of an hour."""

READS_NO_CONTENT: Statement = {
    "Sid": "ReadsNoContent",
    "Effect": "Deny",
    "Action": [
        "elasticache:Connect",
        "kafka-cluster:*",
        "rds-data:*",
        "rds-db:connect",
        "secretsmanager:BatchGetSecretValue",
        "secretsmanager:GetSecretValue",
        "ssm:GetParameter*",
        "ssm:SendCommand",
        "ssm:StartSession",
    ],
    "Resource": "*",
}
"""Data Protection: a pipeline knows how stores are configured, and never what is in them."""


@dataclass(frozen=True)
class PipelineRolesArgs:
    """`repository`: `owner/name` on GitHub, or `NO_REPOSITORY`."""

    scope: Scope
    repository: str


class PipelineRoles(pulumi.ComponentResource):
    """The account's trust in GitHub, and one role each to look at changes, to make them and to collect evidence."""

    def __init__(self, name: str, args: PipelineRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:pipeline:PipelineRoles", name, {}, opts)
        self._args = args
        self._tags = args.scope.tags(SERVICE, DataClass.INTERNAL)
        self._github = iam.OpenIdConnectProvider(
            f"{name}-github",
            url=f"https://{ISSUER}",
            client_id_lists=[AUDIENCE],
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.preview = self._create_role("preview", "Previews pull requests", PREVIEWS, PREVIEW_SECONDS)
        self.deploy = self._create_role(DEPLOY, "Deploys what is approved", DEPLOYMENTS, DEPLOY_SECONDS)
        self.collect = self._create_role(COLLECT, "Collects evidence", MAIN_BRANCH, PREVIEW_SECONDS)
        for purpose, role, more in (
            ("preview", self.preview, ()),
            (DEPLOY, self.deploy, provisioning_statements(args.scope)),
            (COLLECT, self.collect, ()),
        ):
            attach_read_only(purpose, role)
            write(purpose, role, (READS_NO_CONTENT, *more))
            attach(args.scope, purpose, STATE, role, state_access(args.scope, writes=purpose == DEPLOY))
        attach(args.scope, DEPLOY, "identities", self.deploy, identity_statements(args.scope))
        self.register_outputs({"preview": self.preview.arn, "deploy": self.deploy.arn, "collect": self.collect.arn})

    def _create_role(self, purpose: str, description: str, place: str, seconds: int) -> iam.Role:
        scope, repository = self._args.scope, self._args.repository
        subject = NO_REPOSITORY if repository == NO_REPOSITORY else f"repo:{repository}:{place}"
        return iam.Role(
            purpose,
            name=role_name(scope, purpose),
            description=description,
            assume_role_policy=document(
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": f"arn:aws:iam::{scope.account}:oidc-provider/{ISSUER}"},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": subject}},
                }
            ),
            max_session_duration=seconds,
            tags=self._tags | {"access-tier": "pipeline"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._github]),
        )
