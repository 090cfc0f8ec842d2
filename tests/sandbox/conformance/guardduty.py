"""GuardDuty's detectors and their features."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case

_ADDONS = [{"name": "EKS_ADDON_MANAGEMENT", "status": "ENABLED"}]


def _detector(account: Account, detector: str) -> dict[str, Any]:
    guardduty = account.client("guardduty")
    found = guardduty.get_detector(DetectorId=detector)
    arn = f"arn:aws:guardduty:us-west-2:123456789012:detector/{detector}"
    return {
        "status": found["Status"],
        "often": found["FindingPublishingFrequency"],
        "tags": guardduty.list_tags_for_resource(ResourceArn=arn)["Tags"],
    }


def _detecting(account: Account) -> dict[str, Any]:
    guardduty = account.client("guardduty")
    detector = guardduty.create_detector(Enable=True)["DetectorId"]
    guardduty.update_detector(DetectorId=detector, Features=[{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}])
    return {
        "detectorId": detector,
        "name": "RUNTIME_MONITORING",
        "status": "ENABLED",
        "additionalConfigurations": _ADDONS,
    }


def _features(account: Account, thing_id: str) -> dict[str, Any]:
    found = account.client("guardduty").get_detector(DetectorId=thing_id.partition("/")[0])["Features"]
    return {feature["Name"]: feature["Status"] for feature in found}


CASES = (
    Case(
        "aws:guardduty/detector:Detector",
        inputs=lambda _account: {
            "enable": True,
            "findingPublishingFrequency": "FIFTEEN_MINUTES",
            "tags": {"owner": "security", "class": "confidential"},
        },
        seen=_detector,
        created={
            "status": "ENABLED",
            "often": "FIFTEEN_MINUTES",
            "tags": {"owner": "security", "class": "confidential"},
        },
        update={"enable": False, "findingPublishingFrequency": None, "tags": {"owner": "web"}},
        updated={"status": "DISABLED", "often": "SIX_HOURS", "tags": {"owner": "web"}},
        drift=lambda account, detector: account.client("guardduty").update_detector(DetectorId=detector, Enable=True),
        drifted={"enable": True},
        outputs=("accountId", "arn", "enable", "region", "tagsAll"),
        never="0123456789abcdef0123456789abcdef",
    ),
    Case(
        "aws:guardduty/detectorFeature:DetectorFeature",
        inputs=_detecting,
        seen=_features,
        created={"S3_DATA_EVENTS": "ENABLED", "RUNTIME_MONITORING": "ENABLED"},
        update={"status": "DISABLED"},
        updated={"S3_DATA_EVENTS": "ENABLED", "RUNTIME_MONITORING": "DISABLED"},
        drift=lambda account, thing_id: account.client("guardduty").update_detector(
            DetectorId=thing_id.partition("/")[0],
            Features=[
                {
                    "Name": "RUNTIME_MONITORING",
                    "Status": "ENABLED",
                    "AdditionalConfiguration": [{"Name": "EKS_ADDON_MANAGEMENT", "Status": "ENABLED"}],
                }
            ],
        ),
        drifted={"status": "ENABLED"},
        outputs=("detectorId", "name", "status"),
        left={"S3_DATA_EVENTS": "ENABLED", "RUNTIME_MONITORING": "ENABLED"},
        never="0123456789abcdef0123456789abcdef/RUNTIME_MONITORING",
    ),
)
