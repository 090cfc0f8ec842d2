"""GuardDuty: detectors and their features."""

from typing import Any

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props


def _configuration(feature: Props) -> list[Any]:
    return [{"Name": each["name"], "Status": each["status"]} for each in feature.get("additionalConfigurations") or []]


def _feature(scope: Scope) -> Props:
    """The one feature that the type is about, of the list that the operation takes."""
    about = {"Name": scope["name"], "Status": scope["status"], "AdditionalConfiguration": _configuration(scope)}
    return {"Features": [about]}


def _find_feature(scope: Scope, _old: Props) -> Props | None:
    """GetDetector says "bad request" of a detector that isn't there."""
    if scope["detectorId"] not in scope.call("list_detectors")["DetectorIds"]:
        return None
    for feature in scope.call("get_detector", DetectorId=scope["detectorId"]).get("Features", []):
        if feature["Name"] == scope["name"]:
            more = feature.get("AdditionalConfiguration") or []
            parts = [{"name": each["Name"], "status": each["Status"]} for each in more]
            return {"status": feature["Status"], **({"additionalConfigurations": parts} if parts else {})}
    return None


RECORDS = (
    Record(
        "aws:guardduty/detector:Detector",
        service="guardduty",
        key={"DetectorId": "{id}"},
        id="DetectorId",
        create=Call("create_detector"),
        reads=(
            Call("list_detectors", at="DetectorIds[?@ == '{id}'] | [0]"),
            Call("get_detector", only=("enable", "findingPublishingFrequency"), names={"enable": "Status"}),
        ),
        updates=(Call("update_detector"),),
        deletes=(Call("delete_detector"),),
        defaults={"enable": True, "findingPublishingFrequency": "SIX_HOURS"},
        computed={"arn": "arn:{partition}:guardduty:{region}:{account}:detector/{id}", "accountId": "{account}"},
        tagging=Tagging("tag_resource", "untag_resource", "list_tags_for_resource", {"ResourceArn": "{arn}"}),
    ),
    Record(
        "aws:guardduty/detectorFeature:DetectorFeature",
        service="guardduty",
        key={"DetectorId": "{detectorId}"},
        id="{detectorId}/{name}",
        create=(send := Call("update_detector", only=("status", "additionalConfigurations"), send=_feature)),
        reads=(Code(("status", "additionalConfigurations"), _find_feature),),
        updates=(send,),
        # As in the official provider: "Deleting this resource does not disable the detector feature".
        deletes=(),
        defaults={"additionalConfigurations": []},
    ),
)
