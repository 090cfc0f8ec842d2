"""Access: least privilege, and nothing for everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator

from policy_pack.documents import grants_everything, is_public, name_of, statements
from policy_pack.tokens import BUCKET_POLICY, BUCKETS, ROLE
from policy_pack.vocabulary import Finding, Graph, NotApplicable, Props, Resource, Row, Severity, aws, each, rule

PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@rule(
    on={
        "aws:iam/groupPolicy:GroupPolicy": "policy",
        "aws:iam/policy:Policy": "policy",
        ROLE: "inlinePolicies",
        "aws:iam/rolePolicy:RolePolicy": "policy",
        "aws:iam/userPolicy:UserPolicy": "policy",
        "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
    },
    severity=Severity.CRITICAL,
    promise="system-access-control",
    controls=("SH:IAM.1", "CIS7:2.14"),
    fix="name the actions and resources that the policy is for",
)
def iam_policy_grants_no_admin(policy: Resource, row: str) -> Iterator[Finding]:
    """Whoever takes over an identity must not take over the account with it."""

    def judge(statement: Props) -> Iterator[Finding]:
        if grants_everything(statement):
            yield f"{name_of(statement)} allows every action on every resource"

    if policy.type == ROLE and row not in policy:
        raise NotApplicable("the role has no policy inside; those beside it are judged themselves")
    if policy.type == ROLE:
        inline = policy.get(row, default=())
        yield from each(inline, lambda document: each(statements(document, "policy"), judge))
    else:
        yield from each(statements(policy, row), judge)


def _policy(action: str, **statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, **statement}})


@iam_policy_grants_no_admin.passes
def one_action_on_one_bucket() -> None:
    read = _policy("s3:GetObject", Resource="arn:aws:s3:::data/*")
    aws.iam.Policy("read", policy=read)
    aws.iam.RolePolicy("read", role="reader", policy=read)
    aws.iam.UserPolicy("read", user="reader", policy=read)
    aws.iam.GroupPolicy("read", group="readers", policy=read)
    aws.iam.Role("reader", assume_role_policy=_policy("sts:AssumeRole"), inline_policies=[{"policy": read}])
    aws.ssoadmin.PermissionSetInlinePolicy(
        "read",
        instance_arn="arn:aws:sso:::instance/ssoins-1111222233334444",
        permission_set_arn="arn:aws:sso:::permissionSet/ssoins-1111222233334444/ps-1111222233334444",
        inline_policy=read,
    )


@iam_policy_grants_no_admin.fails
def everything() -> None:
    aws.iam.Policy("admin", policy=_policy("*", Resource="*"))


@iam_policy_grants_no_admin.fails
def everything_inside_a_role() -> None:
    trust = _policy("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"})
    aws.iam.Role("admin", assume_role_policy=trust, inline_policies=[{"policy": _policy("*", Resource="*")}])


@iam_policy_grants_no_admin.undetermined
def resources_not_known_yet() -> None:
    bucket = aws.s3.Bucket("data")
    aws.iam.Policy("read", policy=bucket.arn.apply(lambda arn: _policy("s3:GetObject", Resource=f"{arn}/*")))


ADMIN_POLICIES = ("AdministratorAccess", "IAMFullAccess", "PowerUserAccess")


@rule(
    on={
        "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn",
        "aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
        "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": "managedPolicyArn",
    },
    severity=Severity.CRITICAL,
    promise="system-access-control",
    controls=("PH:IAM-ADMINARN",),
    fix="attach a policy of your own that names what is needed; give a break-glass role a waiver that expires",
)
def admin_policy_not_attached(attachment: Resource, row: str) -> Iterator[Finding]:
    """AWS's own administrator policies grant everything, to whoever takes over the identity too."""
    name = str(attachment.get(row)).rpartition("/")[2]
    if name in ADMIN_POLICIES:
        yield f"{row} is {name}, which grants more than anybody needs every day"


@admin_policy_not_attached.passes
def policy_for_one_service() -> None:
    backup = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
    aws.iam.RolePolicyAttachment("backup", role="backup", policy_arn=backup)
    aws.iam.UserPolicyAttachment("backup", user="backup", policy_arn=backup)
    aws.iam.GroupPolicyAttachment("backup", group="backup", policy_arn=backup)
    aws.ssoadmin.ManagedPolicyAttachment(
        "read",
        instance_arn="arn:aws:sso:::instance/ssoins-1111222233334444",
        permission_set_arn="arn:aws:sso:::permissionSet/ssoins-1111222233334444/ps-1111222233334444",
        managed_policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess",
    )


@admin_policy_not_attached.fails
def administrator() -> None:
    aws.iam.RolePolicyAttachment("admin", role="admin", policy_arn="arn:aws:iam::aws:policy/AdministratorAccess")


PUBLIC_BUCKET = ("SH:S3.2", "SH:S3.3", "CIS7:3.1.4")
RESOURCE_POLICIES = {
    "aws:backup/vaultPolicy:VaultPolicy": Row(("policy",)),
    ROLE: Row(("assumeRolePolicy",), controls=("PH:IAM-TRUST",)),
    BUCKET_POLICY: Row(("policy",), controls=PUBLIC_BUCKET),
    **dict.fromkeys(BUCKETS, Row(("policy",), controls=PUBLIC_BUCKET)),
    "aws:secretsmanager/secretPolicy:SecretPolicy": Row(("policy",)),
    "aws:sns/topic:Topic": Row(("policy",), controls=("SH:SNS.4", "CIS7:2.21")),
    "aws:sns/topicPolicy:TopicPolicy": Row(("policy",), controls=("SH:SNS.4", "CIS7:2.21")),
    "aws:sqs/queue:Queue": Row(("policy",), controls=("SH:SQS.3", "CIS7:2.21")),
    "aws:sqs/queuePolicy:QueuePolicy": Row(("policy",), controls=("SH:SQS.3", "CIS7:2.21")),
}


@rule(
    on=RESOURCE_POLICIES,
    severity=Severity.CRITICAL,
    promise="system-access-control",
    fix="name the accounts, roles or services that it is for, or bind * with aws:PrincipalOrgID or aws:SourceVpce",
)
def resource_policy_not_public(resource: Resource, row: Row) -> Iterator[Finding]:
    """What the whole internet may use or read holds no customer's data for long."""
    if not resource.has(*row.path):
        raise NotApplicable("it has no policy inside; one beside it is judged itself")

    def judge(statement: Props) -> Iterator[Finding]:
        if is_public(statement):
            yield f"{name_of(statement)} lets anybody in"

    yield from each(statements(resource, *row.path), judge)


def _for(principal: object, **statement: object) -> str:
    return _policy("s3:GetObject", Principal=principal, Resource="arn:aws:s3:::data/*", **statement)


@resource_policy_not_public.passes
def for_those_it_names() -> None:
    reader = _for({"AWS": "arn:aws:iam::111122223333:role/reader"})
    own = _for("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1111122222"}})
    aws.backup.VaultPolicy("daily", backup_vault_name="daily", policy=own)
    aws.iam.Role("web", assume_role_policy=_policy("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}))
    aws.s3.Bucket("own", policy=own)
    aws.s3.BucketPolicy("data", bucket="data", policy=reader)
    aws.s3.BucketV2("old", policy=reader)
    aws.secretsmanager.SecretPolicy("token", secret_arn=aws.secretsmanager.Secret("token").arn, policy=reader)
    aws.sns.Topic("alarms", policy=reader)
    aws.sns.TopicPolicy("alarms", arn="arn:aws:sns:us-west-2:111122223333:alarms", policy=reader)
    aws.sqs.Queue("events", policy=own)
    aws.sqs.QueuePolicy("events", queue_url="https://sqs.us-west-2.amazonaws.com/111122223333/events", policy=own)


@resource_policy_not_public.fails
def for_the_internet() -> None:
    aws.s3.BucketPolicy("data", bucket="data", policy=_for("*"))


@resource_policy_not_public.fails
def for_every_account() -> None:
    any_organization = {"StringLike": {"aws:PrincipalOrgID": "*"}}
    aws.s3.Bucket("data", policy=_for({"AWS": ["*"]}, Condition=any_organization))


@resource_policy_not_public.fails
def for_all_but_one() -> None:
    everybody_else = _policy("sqs:*", NotPrincipal={"AWS": "arn:aws:iam::111122223333:root"}, Resource="*")
    aws.sqs.Queue("events", policy=everybody_else)


@resource_policy_not_public.undetermined
def for_an_account_not_known_yet() -> None:
    bucket = aws.s3.Bucket("data")
    aws.s3.BucketPolicy("data", bucket=bucket.id, policy=bucket.arn.apply(lambda arn: _for("*", Sid=arn)))


@rule(
    on=BUCKETS,
    severity=Severity.HIGH,
    promise="system-access-control",
    controls=("SH:S3.8", "CIS7:3.1.4"),
    fix="give the bucket an aws.s3.BucketPublicAccessBlock with all four settings true",
)
def bucket_blocks_public_access(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    """A wrong policy or ACL must not be enough to publish a bucket."""
    blocks = graph.children(bucket, on=PUBLIC_ACCESS_BLOCK, via="bucket")
    if not blocks:
        yield "no public access block is configured"

    def judge(pair: tuple[Resource, str]) -> Iterator[Finding]:
        block, name = pair
        if block.get(name) is not True:
            yield f"{name} of its public access block is not true"

    yield from each([(block, name) for block in blocks for name in BLOCKS], judge)


@bucket_blocks_public_access.passes
def blocked() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketPublicAccessBlock(
        "data",
        bucket=data.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    aws.s3.BucketV2("named", bucket="named")
    aws.s3.BucketPublicAccessBlock(
        "named",
        bucket="named",
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )


@bucket_blocks_public_access.fails
def not_blocked() -> None:
    aws.s3.Bucket("data")


@bucket_blocks_public_access.fails
def half_blocked() -> None:
    data = aws.s3.Bucket("data")
    aws.s3.BucketPublicAccessBlock("data", bucket=data.id, block_public_acls=True, ignore_public_acls=True)
