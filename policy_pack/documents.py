"""IAM policy documents: the property of a resource in, statements and what they grant out.

A document reaches a rule as JSON text, or as an object where a program wrote one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from policy_pack.values import Items, Props, raw

# Conditions on these keys leave a `*` principal open to known callers only. kms:ViaService isn't among them: it names
# a service, whoever calls it (AWS KMS Developer Guide, "kms:ViaService": pair it with kms:CallerAccount).
_CALLER_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "kms:calleraccount",
    }
)
# Operators that a request without the key doesn't pass; "...IfExists" and the negated ones it does.
_BINDING_OPERATORS = frozenset(
    {
        "stringequals",
        "stringequalsignorecase",
        "stringlike",
        "arnequals",
        "arnlike",
        "foranyvalue:stringequals",
        "foranyvalue:stringlike",
    }
)


def statements(holder: Props, *path: str) -> Iterable[Props]:
    """Return the statements of the policy document at `path`; none where there is no document.

    Raises:
        Unknown: the document isn't known before the deployment.
        ValueError: it is no policy document.
    """
    document = holder.get(*path)
    if document is None or document == "":
        return ()
    where = holder.where(*path)
    if isinstance(document, str):
        try:
            document = Props(json.loads(document), where)
        except ValueError:
            raise ValueError(f"{where} is not JSON") from None
    found = document.get("Statement", default=())
    return (found,) if isinstance(found, Props) else found


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
    return allows(statement) and open_to_all and not _binds_the_caller(statement)


def _binds_the_caller(statement: Props) -> bool:
    condition = statement.get("Condition")
    if condition is None:
        return False
    for operator in condition:
        if operator.lower() in _BINDING_OPERATORS:
            for key in condition.get(operator):
                if key.lower() in _CALLER_KEYS and "*" not in listed(condition, operator, key):
                    return True
    return False


def grants_everything(statement: Props) -> bool:
    """Return whether the statement grants every action on every resource."""
    if not allows(statement) or not {"*", "*:*"}.intersection(listed(statement, "Action")):
        return False
    return "*" in listed(statement, "Resource")


def name_of(statement: Props) -> str:
    """Return how to call the statement in a message: its place, and its Sid where it has one."""
    sid = raw(statement).get("Sid")
    return f"{statement.where()} ({sid})" if isinstance(sid, str) and sid else statement.where()


def conditions(statement: Props) -> list[tuple[str, str, set[str]]]:
    """Return what the statement's condition asks: operator, key and values, all in lower case, which IAM ignores."""
    condition = statement.get("Condition", default=Props({}))
    return [
        (operator.lower(), key.lower(), {value.lower() for value in listed(condition, operator, key)})
        for operator in condition
        for key in condition.get(operator)
    ]


def only_condition(statement: Props, key: str) -> set[str]:
    """Return the values in lower case that a Bool condition on `key` compares with, where it is the only one.

    Condition keys and operators ignore case.
    """
    found = conditions(statement)
    if len(found) != 1 or found[0][1] != key.lower() or found[0][0] not in {"bool", "boolifexists"}:
        return set()
    return found[0][2]
