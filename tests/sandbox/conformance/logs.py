"""Log groups."""

from typing import Any

from tests.sandbox.conformance.case import Account, Case


def _group(account: Account, name: str) -> dict[str, Any] | None:
    logs = account.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    if not groups:
        return None
    [group] = groups
    return {
        "days": group.get("retentionInDays"),
        "key": group.get("kmsKeyId"),
        "tags": logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"],
    }


CASES = (
    Case(
        "aws:cloudwatch/logGroup:LogGroup",
        inputs=lambda account: {
            "name": "/case/flow",
            "kmsKeyId": account.key(),
            "retentionInDays": 365,
            "tags": {"owner": "data", "class": "internal"},
        },
        seen=_group,
        created=lambda inputs: {"days": 365, "key": inputs["kmsKeyId"], "tags": {"owner": "data", "class": "internal"}},
        update=lambda account: {"retentionInDays": None, "kmsKeyId": account.key(), "tags": {"owner": "web"}},
        updated=lambda inputs: {"days": None, "key": inputs["kmsKeyId"], "tags": {"owner": "web"}},
        drift=lambda account, name: account.client("logs").tag_log_group(logGroupName=name, tags={"owner": "by hand"}),
        drifted={"tags": {"owner": "by hand"}},
        outputs=("arn", "name", "region", "tagsAll"),
        never="/never",
    ),
)
