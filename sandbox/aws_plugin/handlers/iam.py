"""Roles, those of services included, their profiles and policies; managed policies, OIDC providers, passwords."""

import json
from typing import Any

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props


def _detach_policies(scope: Scope, _old: Props) -> None:
    """A role that still has policies can't be deleted; `forceDetachPolicies` asks for it."""
    if not scope.get("forceDetachPolicies"):
        return
    role = scope["name"]
    for policy in scope.call("list_attached_role_policies", RoleName=role)["AttachedPolicies"]:
        scope.call("detach_role_policy", RoleName=role, PolicyArn=policy["PolicyArn"])
    for name in scope.call("list_role_policies", RoleName=role)["PolicyNames"]:
        scope.call("delete_role_policy", RoleName=role, PolicyName=name)


_VERSIONS = 5
"""CreatePolicyVersion: "A managed policy can have up to five versions"."""


def _versions(scope: Scope) -> list[dict[str, Any]]:
    """The versions of a managed policy, the newest first."""
    found: list[dict[str, Any]] = scope.call("list_policy_versions", PolicyArn=scope["id"])["Versions"]
    return sorted(found, key=lambda version: int(version["VersionId"][1:]), reverse=True)


def _policy_document(scope: Scope, _old: Props) -> Props:
    [default] = [version["VersionId"] for version in _versions(scope) if version["IsDefaultVersion"]]
    version = scope.call("get_policy_version", PolicyArn=scope["id"], VersionId=default)["PolicyVersion"]
    return {"policy": json.dumps(version["Document"])}


def _make_room(scope: Scope, _old: Props) -> None:
    """Delete the oldest version where a new one would be one too many."""
    _delete_versions(scope, _versions(scope)[_VERSIONS - 1 :])


def _delete_older_versions(scope: Scope, _old: Props) -> None:
    """A policy with other versions than its default one can't be deleted."""
    _delete_versions(scope, _versions(scope))


def _delete_versions(scope: Scope, versions: list[dict[str, Any]]) -> None:
    for version in versions:
        if not version["IsDefaultVersion"]:
            scope.call("delete_policy_version", PolicyArn=scope["id"], VersionId=version["VersionId"])


def _change_audiences(scope: Scope, old: Props) -> None:
    """Each audience is added and removed by itself."""
    before, after = set(old.get("clientIdLists") or ()), set(scope.get("clientIdLists") or ())
    for audience in sorted(after - before):
        scope.call("add_client_id_to_open_id_connect_provider", OpenIDConnectProviderArn=scope["id"], ClientID=audience)
    for audience in sorted(before - after):
        scope.call(
            "remove_client_id_from_open_id_connect_provider", OpenIDConnectProviderArn=scope["id"], ClientID=audience
        )


def _change_role(scope: Scope, old: Props) -> None:
    """A profile has one role at a time."""
    profile = {"InstanceProfileName": scope["name"]}
    if old.get("role"):
        scope.call("remove_role_from_instance_profile", RoleName=old["role"], **profile)
    if scope.get("role"):
        scope.call("add_role_to_instance_profile", RoleName=scope["role"], **profile)


def _take_roles_out(scope: Scope, _old: Props) -> None:
    """A profile with a role can't be deleted."""
    profile = {"InstanceProfileName": scope["name"]}
    for role in scope.call("get_instance_profile", **profile)["InstanceProfile"]["Roles"]:
        scope.call("remove_role_from_instance_profile", RoleName=role["RoleName"], **profile)


_PROFILE = {"InstanceProfileName": "{name}"}
_ROLE_OF_PROFILE = {"role": "Roles[0].RoleName"}
_ROLE = {"RoleName": "{name}"}
_POLICY = {"PolicyArn": "{id}"}
_PROVIDER = {"OpenIDConnectProviderArn": "{id}"}

RECORDS = (
    Record(
        "aws:iam/role:Role",
        service="iam",
        noun="Role",
        key=_ROLE,
        id="{name}",
        create=Call("create_role", at="Role"),
        reads=(
            Call("get_role", at="Role", names={"permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn"}),
        ),
        updates=(
            Call("update_role"),
            Call("update_assume_role_policy", names={"assumeRolePolicy": "PolicyDocument"}),
            Call("put_role_permissions_boundary", unless={"permissionsBoundary": ""}),
            Call("delete_role_permissions_boundary", only=("permissionsBoundary",), when={"permissionsBoundary": ""}),
        ),
        deletes=(
            Code((), _detach_policies),
            Call("delete_role"),
        ),
        names={"assumeRolePolicy": "AssumeRolePolicyDocument", "uniqueId": "RoleId"},
        defaults={"description": "", "maxSessionDuration": 3600, "permissionsBoundary": ""},
        flags=frozenset({"forceDetachPolicies"}),
        tagging=Tagging("tag_role", "untag_role", "list_role_tags", _ROLE),
    ),
    Record(
        "aws:iam/instanceProfile:InstanceProfile",
        service="iam",
        noun="InstanceProfile",
        key=_PROFILE,
        id="{name}",
        create=Call("create_instance_profile", at="InstanceProfile", names=_ROLE_OF_PROFILE),
        reads=(Call("get_instance_profile", at="InstanceProfile", names=_ROLE_OF_PROFILE),),
        updates=(Code(("role",), _change_role),),
        deletes=(Code((), _take_roles_out), Call("delete_instance_profile")),
        names={"uniqueId": "InstanceProfileId"},
        defaults={"path": "/"},
        tagging=Tagging("tag_instance_profile", "untag_instance_profile", None, _PROFILE),
    ),
    Record(
        "aws:iam/serviceLinkedRole:ServiceLinkedRole",
        service="iam",
        noun="Role",
        key=(linked := {"RoleName": "{id}"}),
        id="RoleName",
        create=Call("create_service_linked_role", at="Role"),
        reads=(Call("get_role", at="Role"),),
        updates=(Call("update_role", only=("description",)),),
        deletes=(Call("delete_service_linked_role"),),
        names={"uniqueId": "RoleId"},
        defaults={"description": ""},
        tagging=Tagging("tag_role", "untag_role", "list_role_tags", linked),
    ),
    Record(
        "aws:iam/rolePolicy:RolePolicy",
        service="iam",
        noun="Policy",
        key={"RoleName": "{role}", "PolicyName": "{name}"},
        id="{role}:{name}",
        create=(put := Call("put_role_policy")),
        reads=(Call("get_role_policy"),),
        updates=(put,),
        deletes=(Call("delete_role_policy"),),
        names={"policy": "PolicyDocument"},
    ),
    Record(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        service="iam",
        key={"RoleName": "{role}", "PolicyArn": "{policyArn}"},
        id="{role}/{policyArn}",
        create=Call("attach_role_policy"),
        reads=(Call("list_attached_role_policies", at="AttachedPolicies[?PolicyArn == '{policyArn}'] | [0]"),),
        deletes=(Call("detach_role_policy"),),
    ),
    Record(
        "aws:iam/policy:Policy",
        service="iam",
        key=_POLICY,
        id="Arn",
        create=Call("create_policy", at="Policy"),
        # What it is attached to is no property of its own: it would change with every role.
        reads=(
            Call("get_policy", at="Policy", only=("arn", "description", "name", "path", "policyId")),
            Code(("policy",), _policy_document),
        ),
        updates=(Code(("policy",), _make_room), Call("create_policy_version", given={"SetAsDefault": True})),
        deletes=(Code((), _delete_older_versions), Call("delete_policy")),
        names={"policy": "PolicyDocument", "name": "PolicyName"},
        tagging=Tagging("tag_policy", "untag_policy", "list_policy_tags", _POLICY),
    ),
    Record(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        service="iam",
        key=_PROVIDER,
        id="OpenIDConnectProviderArn",
        create=Call("create_open_id_connect_provider"),
        # AWS answers the URL without its scheme, which is always the same.
        reads=(Call("get_open_id_connect_provider", names={"url": "join('', ['https://', Url])"}),),
        updates=(Code(("clientIdLists",), _change_audiences), Call("update_open_id_connect_provider_thumbprint")),
        deletes=(Call("delete_open_id_connect_provider"),),
        names={"clientIdLists": "ClientIDList", "thumbprintLists": "ThumbprintList"},
        computed={"arn": "{id}"},
        tagging=Tagging(
            "tag_open_id_connect_provider",
            "untag_open_id_connect_provider",
            "list_open_id_connect_provider_tags",
            _PROVIDER,
        ),
    ),
    Record(
        "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
        service="iam",
        key={},
        id="'iam-account-password-policy'",
        create=(passwords := Call("update_account_password_policy")),
        reads=(Call("get_account_password_policy", at="PasswordPolicy"),),
        updates=(passwords,),
        deletes=(Call("delete_account_password_policy"),),
        defaults={
            "allowUsersToChangePassword": False,
            "hardExpiry": False,
            "maxPasswordAge": 0,
            "minimumPasswordLength": 6,
            "passwordReusePrevention": 0,
            "requireLowercaseCharacters": False,
            "requireNumbers": False,
            "requireSymbols": False,
            "requireUppercaseCharacters": False,
        },
    ),
)
