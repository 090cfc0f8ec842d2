"""Whom a statement of a policy lets in: a statement in; its principals, and whether its conditions narrow them, out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network

from policy_pack.documents import allows, conditions, listed
from policy_pack.values import Props

# Conditions on these keys leave a `*` principal open to known callers only (Amazon S3 User Guide, "The meaning of
# public"; Amazon SNS and EFS use the last ones). kms:ViaService isn't among them: it names a service, whoever calls it
# (AWS KMS Developer Guide, "kms:ViaService": pair it with kms:CallerAccount).
_ARN_KEYS = frozenset({"aws:principalarn", "aws:sourcearn", "s3:dataaccesspointarn"})
_CALLER_KEYS = _ARN_KEYS | {
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
}
_OWNER = "aws:sourceowner"
_SOURCE_KEYS = frozenset({"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", _OWNER})
_ACCOUNT_KEYS = frozenset(
    {"aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "aws:vpceaccount", "kms:calleraccount"}
)
# Operators that a request without the key doesn't pass; "...IfExists", ForAllValues and the negated ones it does.
_BINDING_OPERATORS = frozenset(
    quantifier + operator
    for quantifier in ("", "foranyvalue:")
    for operator in ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike")
)
# Amazon S3 User Guide, "The meaning of public": broader ranges than these are the world.
_SHORTEST_PREFIX = {4: 8, 6: 32}
_ACCOUNT = re.compile(r"\d{12}")


def principals(statement: Props) -> Iterator[tuple[str, str]]:
    """Yield the kind and text of every principal: `AWS`, `Service`, `Federated` or `CanonicalUser`."""
    principal = statement.get("Principal")
    if isinstance(principal, Props):
        for kind in principal:
            for text in listed(principal, kind):
                yield kind, text
    elif principal is not None:
        yield "AWS", str(principal)


def names_everyone(statement: Props) -> bool:
    """Return whether the statement's principal is everyone: `*`, or `*` of some kind."""
    principal = statement.get("Principal")
    if isinstance(principal, Props):
        return any("*" in listed(principal, kind) for kind in principal)
    return bool(principal == "*")


def is_public(statement: Props) -> bool:
    """Return whether the statement grants something to anybody at all."""
    # Allowing everybody but some is allowing everybody.
    open_to_all = statement.get("NotPrincipal") is not None or names_everyone(statement)
    return allows(statement) and open_to_all and not any(_binding_keys(statement))


def is_bound_to_source(statement: Props) -> bool:
    """Return whether a service may act on behalf of known accounts or resources only."""
    return any(key in _SOURCE_KEYS for key in _binding_keys(statement))


def lets_any_service_in(statement: Props) -> bool:
    """Return whether a statement is for everybody whose request says for which account or resource it is made.

    That is each of AWS's services. aws:SourceOwner, of the policies that SNS gives topics, is the caller's own account.
    """
    if not (allows(statement) and names_everyone(statement)):
        return False
    bound = set(_binding_keys(statement))
    return bool(bound) and bound <= _SOURCE_KEYS - {_OWNER}


def is_narrowed_by(statement: Props, *keys: str) -> bool:
    """Return whether a statement holds only where one of some condition keys has one of some known values.

    Keys are in lower case, and may be the beginnings of keys, such as `aws:principaltag/`.
    """
    return any(
        key.startswith(keys) and operator in _BINDING_OPERATORS and _all_narrow(key, values)
        for operator, key, values in conditions(statement)
    )


def compares(statement: Props, *keys: str) -> bool:
    """Return whether a statement holds only where one of some condition keys has a value, and not just any.

    Keys as for `is_narrowed_by`, which asks for values that nobody unknown can have.
    """
    return any(
        key.startswith(keys) and operator in _BINDING_OPERATORS and values and not any(map(_is_anything, values))
        for operator, key, values in conditions(statement)
    )


def _is_anything(text: str) -> bool:
    return set(text) <= set("*?")


def _binding_keys(statement: Props) -> Iterator[str]:
    return (key for operator, key, values in conditions(statement) if _is_binding(operator, key, values))


def _is_binding(operator: str, key: str, values: list[str]) -> bool:
    if not values:
        return False
    if operator == "ipaddress" and key == "aws:sourceip":
        return all(map(_is_narrow_range, values))
    if operator == "bool" and key == "elasticfilesystem:accessedviamounttarget":
        return [value.lower() for value in values] == ["true"]
    return operator in _BINDING_OPERATORS and key in _CALLER_KEYS and _all_narrow(key, values)


def _all_narrow(key: str, values: list[str]) -> bool:
    return bool(values) and all(_narrows(key, value) for value in values)


def _narrows(key: str, value: str) -> bool:
    """Return whether a value leaves out the callers that nobody here knows."""
    if "${" in value:
        # Compared with itself, a caller's own value says nothing; with the resource's, it must be the owner's.
        return value.lower().startswith("${aws:resource")
    if key in _ARN_KEYS or value.startswith("arn:"):
        fields = value.split(":", 5)
        if len(fields) < 6 or _ACCOUNT.fullmatch(fields[4]):
            return len(fields) == 6
        # Bucket names belong to one account in the world.
        return fields[2] == "s3" and not fields[5].startswith(("*", "?"))
    head = re.split("[/:]", value, maxsplit=1)[0]
    return bool(head) and not {"*", "?"}.intersection(head)


def _is_narrow_range(text: str) -> bool:
    network = ip_network(text, strict=False)
    return network.prefixlen >= _SHORTEST_PREFIX[network.version] or network.is_private


def accounts_named(statement: Props) -> Iterator[str]:
    """Yield the ids of the accounts that a statement lets in, by its principals and by what binds them."""
    if not allows(statement):
        return
    for kind, text in principals(statement):
        if kind == "AWS":
            yield from _account_in(text)
    for operator, key, values in conditions(statement):
        if operator in _BINDING_OPERATORS and (key in _ACCOUNT_KEYS or key in _ARN_KEYS):
            for value in values:
                yield from _account_in(value)


def _account_in(text: str) -> list[str]:
    field = text.split(":")[4] if text.startswith("arn:") and text.count(":") > 4 else text
    return _ACCOUNT.findall(field) if _ACCOUNT.fullmatch(field) else []
