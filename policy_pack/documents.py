"""IAM policy documents: the property of a resource in, statements and what they grant out.

A document reaches a rule as JSON text, or as an object where a program wrote one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from policy_pack.values import UNKNOWN, Items, Malformed, Place, Props, Unknown, raw, spell

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
# Every resource of a service, of a type or of an account. After S3's ARNs comes the name of a bucket, not a type.
_OPEN_RESOURCE = re.compile(
    r"(arn:[^:]*:[^:]*:[^:]*:[^:]*:)?"
    r"((cluster|dbuser|function|group|instance|key|log-group|policy|role|secret|table|topic|user|volume)[:/])?[*?/:]*\*[*?/:]*"
)


def written(holder: Props, *path: str) -> Any:
    """Return what is written at `path`, as JSON text or as it is: an object as `Props`, a list as `Items`, else None.

    Raises:
        Unknown: it isn't known before the deployment.
        Malformed: it is neither.
    """
    value = holder.get(*path)
    if value is None or value == "":
        return None
    return _parsed(value, holder.place(*path)) if isinstance(value, str) else _document(value, holder.place(*path))


def statements(holder: Props, *path: str) -> Iterable[Props]:
    """Return the statements of the policy document at `path`; none where there is no document.

    Raises:
        Unknown: the document isn't known before the deployment.
        Malformed: it is no policy document.
    """
    value = holder.get(*path)
    if value is None or value == "":
        return ()
    place = holder.place(*path)
    return _statements_of(value, place) if isinstance(value, str) else _statements_in(_document(value, place), place)


def _document(value: Any, place: Place) -> Any:
    if not isinstance(value, (Props, Items)):
        raise Malformed(f"{spell(place)} is neither an object nor a list")
    return value


def _statements_in(document: Any, place: Place) -> Iterable[Props]:
    if not isinstance(document, Props):
        raise Malformed(f"{spell(place)} is not a policy document")
    found = document.get("Statement", default=())
    parts = raw(found) if isinstance(found, Items) else [raw(found)] if isinstance(found, Props) or found else ()
    if not all(part is UNKNOWN or isinstance(part, Mapping) for part in parts):
        raise Malformed(f"{document.where('Statement')} holds what is no statement")
    return (found,) if isinstance(found, Props) else found


# Dozens of rules read every document, one rule after the other those of the whole stack.
@lru_cache(maxsize=4096)
def _statements_of(text: str, place: Place) -> tuple[Props, ...]:
    return tuple(_statements_in(_parsed(text, place), place))


@lru_cache(maxsize=256)
def _parsed(text: str, place: Place) -> Any:
    """Return what JSON text holds: an object as `Props`, a list as `Items`."""
    try:
        value = json.loads(text)
    except ValueError:
        raise Malformed(f"{spell(place)} is not JSON") from None
    if isinstance(value, dict):
        return Props(value, place)
    return _document(Items(value, place) if isinstance(value, list) else value, place)


def listed(statement: Props, *path: str) -> Iterator[str]:
    """Yield the texts at `path`, which IAM lets be one text or a list; the known ones first."""
    value = statement.get(*path, default=())
    if isinstance(value, Items):
        yield from map(str, value)
    elif value != ():
        yield str(value)


def allows(statement: Props) -> bool:
    """Return whether the statement grants something."""
    return bool(statement.get("Effect") == "Allow")


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


def conditions(statement: Props) -> Iterator[tuple[str, str, list[str]]]:
    """Yield operator, key and values of every condition, the first two in lower case: IAM ignores it in both."""
    condition = _object(statement, "Condition")
    for operator in condition:
        for key in _object(condition, operator):
            yield operator.lower(), key.lower(), list(listed(condition, operator, key))


def _object(holder: Props, name: str) -> Props:
    found = holder.get(name, default=Props({}))
    if not isinstance(found, Props):
        raise Malformed(f"{holder.where(name)} is not an object")
    return found


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


def actions_granted(statement: Props, wanted: Iterable[str]) -> list[str]:
    """Return which of some actions a statement allows, whatever wildcards it is written with.

    Raises:
        Unknown: none is known to be, and some may.
    """
    return actions_named(statement, wanted) if allows(statement) else []


def actions_named(statement: Props, wanted: Iterable[str]) -> list[str]:
    """Return which of some actions a statement is about, be it to allow or to deny them.

    Raises:
        Unknown: none is known to be, and some may.
    """
    wanted = list(wanted)
    if statement.get("NotAction") is not None:
        excepted = list(listed(statement, "NotAction"))
        return [action for action in wanted if not any(action_matches(pattern, action) for pattern in excepted)]
    named: set[str] = set()
    try:
        for pattern in listed(statement, "Action"):
            named.update(action for action in wanted if action_matches(pattern, action))
    except Unknown:
        if not named:
            raise
    return [action for action in wanted if action in named]


def action_matches(pattern: str, action: str) -> bool:
    """Return whether an action falls under a pattern with IAM's wildcards. Case doesn't count."""
    return fnmatchcase(action.lower(), pattern.lower().replace("[", "[[]"))


def names_any_resource(statement: Props) -> bool:
    """Return whether a statement is for every resource, or for every one of a type or of an account."""
    if statement.get("NotResource") is not None:
        return True
    return any(_OPEN_RESOURCE.fullmatch(resource) for resource in listed(statement, "Resource"))


def grants_everything(statement: Props) -> bool:
    """Return whether the statement grants every action, or all but some, on every resource."""
    if not allows(statement) or not (statement.get("NotResource") is not None or _names_all(statement, "Resource")):
        return False
    return statement.get("NotAction") is not None or _names_all(statement, "Action")


def _names_all(statement: Props, element: str) -> bool:
    return any(not text.strip("*?:") and "*" in text for text in listed(statement, element))


def name_of(statement: Props) -> str:
    """Return how to call the statement in a message: its place, and its Sid where it has one."""
    sid = raw(statement).get("Sid")
    return f"{statement.where()} ({sid})" if isinstance(sid, str) and sid else statement.where()


def only_condition(statement: Props, key: str) -> set[str]:
    """Return the values in lower case that a Bool condition on `key` compares with, where it is the only one.

    Condition keys and operators ignore case.
    """
    found = list(conditions(statement))
    if len(found) != 1 or found[0][1] != key.lower() or found[0][0] not in {"bool", "boolifexists"}:
        return set()
    return {value.lower() for value in found[0][2]}
