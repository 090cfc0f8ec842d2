"""EventBridge rules and targets."""

import json
from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of

_TOPIC = "arn:aws:sns:us-west-2:123456789012:alarms"
_PATTERN = json.dumps({"source": ["aws.backup"], "detail": {"state": ["FAILED"]}})


def _rule(account: Account, name: str) -> dict[str, Any]:
    events = account.client("events")
    rule = events.describe_rule(Name=name)
    return {
        "pattern": json.loads(rule["EventPattern"]),
        "state": rule["State"],
        "description": rule.get("Description"),
        "tags": tags_of(events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]),
    }


def _ruled(account: Account) -> dict[str, Any]:
    account.client("events").put_rule(Name="failures", EventPattern=_PATTERN)
    return {"rule": "failures", "targetId": "topic", "arn": _TOPIC}


def _target(account: Account, thing_id: str) -> dict[str, Any] | None:
    rule, target = thing_id.split("/")
    targets = account.client("events").list_targets_by_rule(Rule=rule)["Targets"]
    return next((each for each in targets if each["Id"] == target), None)


CASES = (
    Case(
        "aws:cloudwatch/eventRule:EventRule",
        inputs=lambda _account: {
            "name": "failures",
            "description": "Backups that failed",
            "eventPattern": _PATTERN,
            "tags": {"owner": "security"},
        },
        seen=_rule,
        created={
            "pattern": json.loads(_PATTERN),
            "state": "ENABLED",
            "description": "Backups that failed",
            "tags": {"owner": "security"},
        },
        update={"eventPattern": '{"source": ["aws.config"]}', "state": "DISABLED", "tags": {"owner": "web"}},
        updated={
            "pattern": {"source": ["aws.config"]},
            "state": "DISABLED",
            "description": "Backups that failed",
            "tags": {"owner": "web"},
        },
        drift=lambda account, name: account.client("events").enable_rule(Name=name),
        drifted={"state": "ENABLED"},
        outputs=("arn", "name", "region", "tagsAll"),
        never="never",
    ),
    Case(
        "aws:cloudwatch/eventTarget:EventTarget",
        inputs=_ruled,
        seen=_target,
        created={"Id": "topic", "Arn": _TOPIC},
        update={"arn": f"{_TOPIC}-new", "input": '{"a": 1}'},
        updated={"Id": "topic", "Arn": f"{_TOPIC}-new", "Input": '{"a": 1}'},
        drift=lambda account, _id: account.client("events").put_targets(
            Rule="failures", Targets=[{"Id": "topic", "Arn": f"{_TOPIC}-by-hand", "Input": '{"a": 1}'}]
        ),
        drifted={"arn": f"{_TOPIC}-by-hand"},
        outputs=("arn", "rule", "targetId"),
        never="failures/never",
    ),
)
