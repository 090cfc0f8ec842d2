"""IAM policy documents as `getPolicyDocument` makes them: arguments by wire name in, the document's JSON out.

Statements come from `sourcePolicyDocuments`, then `statements`, then `overridePolicyDocuments`; one with the `sid` of
an earlier one takes its place.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.aws_plugin.aws import AwsError
from sandbox.aws_plugin.values import Props

_VERSION = "2012-10-17"
_ELEMENTS = {"actions": "Action", "notActions": "NotAction", "resources": "Resource", "notResources": "NotResource"}
_PRINCIPALS = {"principals": "Principal", "notPrincipals": "NotPrincipal"}


def render(args: Props) -> Props:
    """The result of the function, by the SDK's names.

    :raises AwsError: a document is not one, or a `sid` is given twice where it must be unique.
    """
    sources = [_parsed(text) for text in (args.get("sourceJson"), *(args.get("sourcePolicyDocuments") or ())) if text]
    own = _document(args)
    overrides = [
        _parsed(text) for text in (*(args.get("overridePolicyDocuments") or ()), args.get("overrideJson")) if text
    ]
    _require_unique(statement for source in sources for statement in _statements(source))
    _require_unique(own["Statement"])
    document = _merged([*sources, own, *overrides])
    text = json.dumps(document, indent=2)
    return {
        **args,
        "version": document["Version"],
        "json": text,
        "minifiedJson": json.dumps(document, separators=(",", ":")),
        "id": str(zlib.crc32(text.encode())),
    }


def _document(args: Props) -> dict[str, Any]:
    head = {"Version": args.get("version") or _VERSION, **({"Id": args["policyId"]} if args.get("policyId") else {})}
    return {**head, "Statement": [_statement(each) for each in args.get("statements") or ()]}


def _statement(given: Props) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": given["sid"]} if given.get("sid") else {}
    statement["Effect"] = given.get("effect") or "Allow"
    statement |= {element: _one_or_all(given[name]) for name, element in _ELEMENTS.items() if given.get(name)}
    statement |= {element: _principals(given[name]) for name, element in _PRINCIPALS.items() if given.get(name)}
    if given.get("conditions"):
        statement["Condition"] = _conditions(given["conditions"])
    return statement


def _principals(given: Iterable[Props]) -> Any:
    principals: dict[str, list[str]] = {}
    for each in given:
        principals.setdefault(each["type"], []).extend(each["identifiers"])
    if principals == {"*": ["*"]}:
        return "*"
    return {kind: _one_or_all(identifiers) for kind, identifiers in principals.items()}


def _conditions(given: Iterable[Props]) -> dict[str, dict[str, Any]]:
    conditions: dict[str, dict[str, list[str]]] = {}
    for each in given:
        conditions.setdefault(each["test"], {}).setdefault(each["variable"], []).extend(each["values"])
    return {test: {key: _one_or_all(values) for key, values in keys.items()} for test, keys in conditions.items()}


def _one_or_all(values: Iterable[str]) -> Any:
    """Each value once, a single one bare. Policy variables may be written `&{…}`, as the provider's guide has it."""
    unique = list(dict.fromkeys(value.replace("&{", "${") for value in values))
    return unique[0] if len(unique) == 1 else unique


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise _malformed("a document to merge is not a JSON object")
    return document


def _statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    statements = document.get("Statement") or []
    return statements if isinstance(statements, list) else [statements]


def _merged(documents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    head: dict[str, Any] = {"Version": ""}
    statements: list[dict[str, Any]] = []
    for document in documents:
        head["Version"] = max(head["Version"], document.get("Version", ""))
        head |= {"Id": document["Id"]} if document.get("Id") else {}
        for statement in _statements(document):
            earlier = [each.get("Sid") for each in statements]
            if statement.get("Sid") in {*earlier} - {None, ""}:
                statements[earlier.index(statement["Sid"])] = statement
            else:
                statements.append(statement)
    return {**head, "Statement": statements}


def _require_unique(statements: Iterable[Mapping[str, Any]]) -> None:
    sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    for sid in sids:
        if sids.count(sid) > 1:
            raise _malformed(f"the sid {sid} is given twice")


def _malformed(message: str) -> AwsError:
    return AwsError("get_policy_document", "iam", "MalformedPolicyDocument", message)
