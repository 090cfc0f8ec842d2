"""Roles, those of services, the policies written into them, and those attached to them."""

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


_ROLE = {"RoleName": "{name}"}

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
)
