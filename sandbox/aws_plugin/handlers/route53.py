"""Records of a zone of Route 53, which are known by zone, name and type."""

from typing import Any

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record
from sandbox.aws_plugin.values import Props

_VALUES = ("aliases", "records", "ttl")


def _plain(name: str) -> str:
    """A name as it is compared: Route 53 ends it with a dot, and knows no case."""
    return name.rstrip(".").lower()


def _record_set(scope: Scope) -> dict[str, Any]:
    found: dict[str, Any] = {"Name": scope["name"], "Type": scope["type"]}
    if scope.get("ttl") is not None:
        found["TTL"] = int(scope["ttl"])
    if records := scope.get("records"):
        found["ResourceRecords"] = [{"Value": value} for value in records]
    if aliases := scope.get("aliases"):
        [alias] = aliases
        found["AliasTarget"] = {
            "DNSName": alias["name"],
            "HostedZoneId": alias["zoneId"],
            "EvaluateTargetHealth": alias["evaluateTargetHealth"],
        }
    return found


def _change(action: str, record_set: dict[str, Any]) -> Props:
    return {"ChangeBatch": {"Changes": [{"Action": action, "ResourceRecordSet": record_set}]}}


def _create(scope: Scope) -> Props:
    return _change("UPSERT" if scope.get("allowOverwrite") else "CREATE", _record_set(scope))


def _update(scope: Scope, _old: Props) -> None:
    scope.call("change_resource_record_sets", HostedZoneId=scope["zoneId"], **_change("UPSERT", _record_set(scope)))


def _find(scope: Scope) -> dict[str, Any] | None:
    found = scope.call(
        "list_resource_record_sets",
        HostedZoneId=scope["zoneId"],
        StartRecordName=scope["name"],
        StartRecordType=scope["type"],
    )
    for each in found["ResourceRecordSets"]:
        if _plain(each["Name"]) == _plain(scope["name"]) and each["Type"] == scope["type"]:
            record_set: dict[str, Any] = each
            return record_set
    return None


def _read(scope: Scope, _old: Props) -> Props | None:
    found = _find(scope)
    if found is None:
        return None
    alias = found.get("AliasTarget")
    target = (
        {}
        if alias is None
        else {
            "name": alias["DNSName"].rstrip("."),
            "zoneId": alias["HostedZoneId"],
            "evaluateTargetHealth": alias["EvaluateTargetHealth"],
        }
    )
    values = {
        "aliases": [target] if target else None,
        "records": [each["Value"] for each in found.get("ResourceRecords", ())],
        "ttl": found.get("TTL"),
        "fqdn": _plain(found["Name"]),
    }
    return {name: value for name, value in values.items() if value not in (None, [])}


def _delete(scope: Scope, _old: Props) -> None:
    found = _find(scope)
    if found is not None:
        scope.call("change_resource_record_sets", HostedZoneId=scope["zoneId"], **_change("DELETE", found))


RECORDS = (
    Record(
        "aws:route53/record:Record",
        service="route53",
        key={"HostedZoneId": "{zoneId}"},
        id="{zoneId}_{name}_{type}",
        create=Call("change_resource_record_sets", at="ChangeInfo", only=_VALUES, send=_create),
        reads=(Code((*_VALUES, "fqdn"), _read),),
        updates=(Code(_VALUES, _update),),
        deletes=(Code((), _delete),),
        flags=frozenset({"allowOverwrite"}),
        defaults=dict.fromkeys(("allowOverwrite",), False),
    ),
)
