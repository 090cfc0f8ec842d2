"""Roles, their own policies and those attached to them; managed policies, OIDC providers and the password policy."""

import json
from typing import Any

from tests.sandbox.conformance.case import TRUST, Account, Case, tags_of

_BOUNDARY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def _role(account: Account, name: str) -> dict[str, Any]:
    iam = account.client("iam")
    role = iam.get_role(RoleName=name)["Role"]
    return {
        "trusts": role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"],
        "description": role.get("Description"),
        "hours": role["MaxSessionDuration"] // 3600,
        "path": role["Path"],
        "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "tags": tags_of(iam.list_role_tags(RoleName=name)["Tags"]),
    }


def _profile(account: Account, name: str) -> dict[str, Any]:
    profile = account.client("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    return {
        "path": profile["Path"],
        "roles": [role["RoleName"] for role in profile["Roles"]],
        "tags": tags_of(profile["Tags"]),
    }


def _profile_inputs(account: Account) -> dict[str, Any]:
    account.role(name="case-other")
    return {"name": "case-profile", "path": "/case/", "role": account.role(), "tags": {"owner": "data"}}


def _take_role_out(account: Account, name: str) -> None:
    account.client("iam").remove_role_from_instance_profile(InstanceProfileName=name, RoleName="case-other")


def _policy(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def _role_policy(account: Account, thing_id: str) -> Any:
    role, _, name = thing_id.partition(":")
    return account.client("iam").get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]


def _write_role_policy(account: Account, thing_id: str) -> None:
    role, _, name = thing_id.partition(":")
    account.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(_policy("s3:Get*")))


def _attached(account: Account, thing_id: str) -> str | None:
    role, _, arn = thing_id.partition("/")
    attached = account.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    return next((policy["PolicyName"] for policy in attached if policy["PolicyArn"] == arn), None)


def _managed_policy(account: Account, arn: str) -> dict[str, Any]:
    iam = account.client("iam")
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    return {
        "document": version["Document"],
        "path": policy["Path"],
        "tags": tags_of(iam.list_policy_tags(PolicyArn=arn)["Tags"]),
    }


def _new_version(account: Account, arn: str) -> None:
    document = json.dumps(_policy("s3:Get*"))
    account.client("iam").create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)


def _provider(account: Account, arn: str) -> dict[str, Any]:
    iam = account.client("iam")
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    return {
        "url": provider["Url"],
        "audiences": sorted(provider["ClientIDList"]),
        "tags": tags_of(iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]),
    }


def _passwords(account: Account, _id: str) -> dict[str, Any]:
    policy = account.client("iam").get_account_password_policy()["PasswordPolicy"]
    return {name: policy.get(name) for name in ("MinimumPasswordLength", "RequireSymbols", "PasswordReusePrevention")}


def _weaken(account: Account, _id: str) -> None:
    account.client("iam").update_account_password_policy(MinimumPasswordLength=8, RequireNumbers=True)


_LINKED = {
    "trusts": ["config.amazonaws.com"],
    "hours": 1,
    "path": "/aws-service-role/config.amazonaws.com/",
    "boundary": None,
}

CASES = (
    Case(
        "aws:iam/role:Role",
        inputs=lambda _: {
            "name": "case-new-role",
            "assumeRolePolicy": TRUST % "backup.amazonaws.com",
            "path": "/service/",
            "description": "first",
            "maxSessionDuration": 7200,
            "permissionsBoundary": _BOUNDARY,
            "forceDetachPolicies": True,
            "tags": {"owner": "data"},
        },
        seen=_role,
        created={
            "trusts": "backup.amazonaws.com",
            "description": "first",
            "hours": 2,
            "path": "/service/",
            "boundary": _BOUNDARY,
            "tags": {"owner": "data"},
        },
        update={
            "assumeRolePolicy": TRUST % "ec2.amazonaws.com",
            "description": "second",
            "maxSessionDuration": None,
            "permissionsBoundary": None,
            "tags": None,
        },
        updated={
            "trusts": "ec2.amazonaws.com",
            "description": "second",
            "hours": 1,
            "path": "/service/",
            "boundary": None,
            "tags": {},
        },
        drift=lambda account, name: account.client("iam").update_role(RoleName=name, Description="by hand"),
        drifted={"description": "by hand"},
        outputs=("arn", "name", "uniqueId", "createDate", "tagsAll"),
        never="never",
    ),
    Case(
        "aws:iam/instanceProfile:InstanceProfile",
        inputs=_profile_inputs,
        seen=_profile,
        created={"path": "/case/", "roles": ["case-role"], "tags": {"owner": "data"}},
        update={"role": "case-other", "tags": {"owner": "web"}},
        updated={"path": "/case/", "roles": ["case-other"], "tags": {"owner": "web"}},
        drift=_take_role_out,
        drifted={"role": None},
        outputs=("arn", "createDate", "uniqueId", "tagsAll"),
        never="never",
    ),
    Case(
        "aws:iam/serviceLinkedRole:ServiceLinkedRole",
        inputs=lambda _account: {
            "awsServiceName": "config.amazonaws.com",
            "description": "Config records",
            "tags": {"owner": "security"},
        },
        seen=_role,
        created=lambda _inputs: {**_LINKED, "description": "Config records", "tags": {"owner": "security"}},
        update={"description": "Config records all", "tags": {"owner": "web"}},
        updated=lambda _inputs: {**_LINKED, "description": "Config records all", "tags": {"owner": "web"}},
        drift=lambda account, name: account.client("iam").update_role(RoleName=name, Description="by hand"),
        drifted={"description": "by hand"},
        outputs=("arn", "name", "path", "tagsAll", "uniqueId"),
        never="AWSServiceRoleForNothing",
    ),
    Case(
        "aws:iam/rolePolicy:RolePolicy",
        inputs=lambda account: {
            "name": "case",
            "role": account.role(),
            "policy": json.dumps(_policy("s3:*"), indent=1),
        },
        seen=_role_policy,
        created=_policy("s3:*"),
        update={"policy": json.dumps(_policy("kms:*"))},
        updated=_policy("kms:*"),
        drift=_write_role_policy,
        drifted={"policy": json.dumps(_policy("s3:Get*"))},
        outputs=("name", "role", "policy"),
        never="case-role:never",
    ),
    Case(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        inputs=lambda account: {"role": account.role(), "policyArn": _BOUNDARY},
        seen=_attached,
        created="ReadOnlyAccess",
        outputs=("role", "policyArn"),
        never=f"case-role/{_BOUNDARY}",
    ),
    Case(
        "aws:iam/policy:Policy",
        inputs=lambda _: {
            "name": "case-policy",
            "path": "/boundary/",
            "description": "first",
            "policy": json.dumps(_policy("s3:*"), indent=1),
            "tags": {"owner": "data"},
        },
        seen=_managed_policy,
        created={"document": _policy("s3:*"), "path": "/boundary/", "tags": {"owner": "data"}},
        update={"policy": json.dumps(_policy("kms:*")), "tags": {"owner": "platform"}},
        updated={"document": _policy("kms:*"), "path": "/boundary/", "tags": {"owner": "platform"}},
        drift=_new_version,
        drifted={"policy": json.dumps(_policy("s3:Get*"))},
        outputs=("arn", "name", "policy", "policyId", "tagsAll"),
        never="arn:aws:iam::123456789012:policy/never",
    ),
    Case(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        inputs=lambda _: {
            "url": "https://token.actions.githubusercontent.com",
            "clientIdLists": ["sts.amazonaws.com"],
            "tags": {"owner": "platform"},
        },
        seen=_provider,
        created={
            "url": "token.actions.githubusercontent.com",
            "audiences": ["sts.amazonaws.com"],
            "tags": {"owner": "platform"},
        },
        update={"clientIdLists": ["other"], "tags": {}},
        updated={"url": "token.actions.githubusercontent.com", "audiences": ["other"], "tags": {}},
        drift=lambda account, arn: account.client("iam").add_client_id_to_open_id_connect_provider(
            OpenIDConnectProviderArn=arn, ClientID="by hand"
        ),
        drifted={"clientIdLists": ["other", "by hand"]},
        outputs=("arn", "url", "clientIdLists", "tagsAll"),
        never="arn:aws:iam::123456789012:oidc-provider/never.example.org",
    ),
    Case(
        "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
        inputs=lambda _: {
            "minimumPasswordLength": 16,
            "requireSymbols": True,
            "requireNumbers": True,
            "passwordReusePrevention": 24,
        },
        seen=_passwords,
        created={"MinimumPasswordLength": 16, "RequireSymbols": True, "PasswordReusePrevention": 24},
        update={"requireSymbols": None, "minimumPasswordLength": 20},
        updated={"MinimumPasswordLength": 20, "RequireSymbols": False, "PasswordReusePrevention": 24},
        drift=_weaken,
        drifted={"minimumPasswordLength": 8, "passwordReusePrevention": None},
        outputs=("expirePasswords", "minimumPasswordLength"),
        never=None,
    ),
)
