"""Workgroups."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of


def _configuration(bucket: str, limit: int, key: str) -> dict[str, Any]:
    return {
        "enforceWorkgroupConfiguration": True,
        "publishCloudwatchMetricsEnabled": True,
        "bytesScannedCutoffPerQuery": limit,
        "resultConfiguration": {
            "outputLocation": f"s3://{bucket}/",
            "encryptionConfiguration": {"encryptionOption": "SSE_KMS", "kmsKeyArn": key},
        },
    }


def _workgroup(account: Account, name: str) -> dict[str, Any] | None:
    athena = account.client("athena")
    found = athena.get_work_group(WorkGroup=name).get("WorkGroup")
    if not found:
        return None
    configuration = found["Configuration"]
    arn = f"arn:aws:athena:{account.region}:123456789012:workgroup/{name}"
    return {
        "description": found["Description"],
        "state": found["State"],
        "limit": configuration["BytesScannedCutoffPerQuery"],
        "enforced": configuration["EnforceWorkGroupConfiguration"],
        "results": configuration["ResultConfiguration"]["OutputLocation"],
        "key": configuration["ResultConfiguration"]["EncryptionConfiguration"]["KmsKey"],
        "tags": tags_of(athena.list_tags_for_resource(ResourceARN=arn)["Tags"]),
    }


def _disable_by_hand(account: Account, name: str) -> None:
    account.client("athena").update_work_group(WorkGroup=name, State="DISABLED")


CASES = (
    Case(
        "aws:athena/workgroup:Workgroup",
        inputs=lambda _: {
            "name": "case-workgroup",
            "description": "first",
            "state": "ENABLED",
            "configuration": _configuration("case-answers", 10**9, "alias/case"),
            "forceDestroy": True,
            "tags": {"class": "internal", "owner": "data"},
        },
        seen=_workgroup,
        created={
            "description": "first",
            "state": "ENABLED",
            "limit": 10**9,
            "enforced": True,
            "results": "s3://case-answers/",
            "key": "alias/case",
            "tags": {"class": "internal", "owner": "data"},
        },
        update={
            "description": "second",
            "configuration": _configuration("case-others", 10**8, "alias/other"),
            "tags": {"class": "public"},
        },
        updated={
            "description": "second",
            "state": "ENABLED",
            "limit": 10**8,
            "enforced": True,
            "results": "s3://case-others/",
            "key": "alias/other",
            "tags": {"class": "public"},
        },
        drift=_disable_by_hand,
        drifted={"state": "DISABLED"},
        outputs=("arn", "configuration", "name", "region", "tagsAll"),
        never="case-never",
    ),
)
