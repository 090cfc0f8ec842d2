"""Trails."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of

_ARN = "arn:aws:cloudtrail:us-west-2:123456789012:trail"
_MANAGEMENT = {"name": "Management", "fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]}
_OBJECTS = {
    "name": "Objects",
    "fieldSelectors": [
        {"field": "eventCategory", "equals": ["Data"]},
        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
        {"field": "resources.ARN", "startsWiths": ["arn:aws:s3:::recordings/"]},
    ],
}
_MANAGEMENT_SEEN = {"Name": "Management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
_OBJECTS_SEEN = {
    "Name": "Objects",
    "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::recordings/"]},
    ],
}


def _trail(account: Account, arn: str) -> dict[str, Any]:
    cloudtrail = account.client("cloudtrail")
    trail = cloudtrail.get_trail(Name=arn)["Trail"]
    selectors = cloudtrail.get_event_selectors(TrailName=arn)
    insights = cloudtrail.get_insight_selectors(TrailName=arn).get("InsightSelectors", [])
    return {
        "bucket": trail["S3BucketName"],
        "everywhere": trail["IsMultiRegionTrail"],
        "validated": trail["LogFileValidationEnabled"],
        "key": trail.get("KmsKeyId"),
        "groups": trail.get("CloudWatchLogsLogGroupArn"),
        "logging": cloudtrail.get_trail_status(Name=arn)["IsLogging"],
        "basic": [each["ReadWriteType"] for each in selectors.get("EventSelectors", [])],
        "advanced": selectors.get("AdvancedEventSelectors", []),
        "insights": {each["InsightType"] for each in insights},
        "tags": tags_of(cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"]),
    }


def _inputs(account: Account) -> dict[str, Any]:
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/case/trail")
    role = account.role("cloudtrail.amazonaws.com")
    return {
        "name": "case-trail",
        "s3BucketName": account.bucket(),
        "isMultiRegionTrail": True,
        "includeGlobalServiceEvents": True,
        "enableLogFileValidation": True,
        "kmsKeyId": account.key(),
        "cloudWatchLogsGroupArn": "arn:aws:logs:us-west-2:123456789012:log-group:/case/trail:*",
        "cloudWatchLogsRoleArn": f"arn:aws:iam::123456789012:role/{role}",
        "advancedEventSelectors": [_MANAGEMENT, _OBJECTS],
        "insightSelectors": [{"insightType": "ApiCallRateInsight"}, {"insightType": "ApiErrorRateInsight"}],
        "tags": {"class": "confidential", "owner": "data"},
    }


def _seen(inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "bucket": "case-bucket",
        "everywhere": True,
        "key": inputs["kmsKeyId"],
        "groups": inputs["cloudWatchLogsGroupArn"],
        "tags": inputs["tags"],
    }


CASES = (
    Case(
        "aws:cloudtrail/trail:Trail",
        inputs=_inputs,
        seen=_trail,
        created=lambda inputs: {
            **_seen(inputs),
            "validated": True,
            "logging": True,
            "basic": [],
            "advanced": [_MANAGEMENT_SEEN, _OBJECTS_SEEN],
            "insights": {"ApiCallRateInsight", "ApiErrorRateInsight"},
        },
        update={
            "enableLogFileValidation": None,
            "enableLogging": False,
            "advancedEventSelectors": None,
            "eventSelectors": [{"readWriteType": "WriteOnly", "includeManagementEvents": True}],
            "insightSelectors": None,
            "tags": {"class": "restricted"},
        },
        updated=lambda inputs: {
            **_seen(inputs),
            "validated": False,
            "logging": False,
            "basic": ["WriteOnly"],
            "advanced": [],
            "insights": set(),
        },
        drift=lambda account, arn: account.client("cloudtrail").start_logging(Name=arn),
        drifted={"enableLogging": True},
        outputs=("arn", "homeRegion", "name", "region", "s3BucketName", "tagsAll"),
        never=f"{_ARN}/never",
    ),
)
