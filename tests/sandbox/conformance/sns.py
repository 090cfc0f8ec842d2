"""Topics, topic policies and subscriptions."""

import json
from typing import Any

from tests.sandbox.conformance.case import Account, Case, tags_of

_ARN = "arn:aws:sns:us-west-2:123456789012"


def _topic(account: Account, arn: str) -> dict[str, Any]:
    sns = account.client("sns")
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    return {
        "key": attributes.get("KmsMasterKeyId"),
        "display": attributes["DisplayName"],
        "tags": tags_of(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]),
    }


def _document(service: str) -> str:
    statement = {
        "Sid": "Publishes",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sns:Publish",
        "Resource": f"{_ARN}:case-policy",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _with_topic(account: Account, name: str) -> str:
    return str(account.client("sns").create_topic(Name=name)["TopicArn"])


def _own_policy(account: Account, arn: str) -> Any:
    policy = json.loads(account.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
    return None if policy.get("Id") == "__default_policy_ID" else policy


def _subscription(account: Account, arn: str) -> dict[str, Any]:
    attributes = account.client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    return {name: attributes[name] for name in ("Endpoint", "Protocol", "TopicArn")}


CASES = (
    Case(
        "aws:sns/topic:Topic",
        inputs=lambda account: {
            "name": "case-topic",
            "displayName": "Alarms",
            "kmsMasterKeyId": account.key(),
            "tags": {"owner": "security", "class": "confidential"},
        },
        seen=_topic,
        created=lambda inputs: {"key": inputs["kmsMasterKeyId"], "display": "Alarms", "tags": inputs["tags"]},
        update=lambda account: {"displayName": None, "kmsMasterKeyId": account.key(), "tags": {"owner": "web"}},
        updated=lambda inputs: {"key": inputs["kmsMasterKeyId"], "display": "", "tags": {"owner": "web"}},
        drift=lambda account, arn: account.client("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
        ),
        drifted={"kmsMasterKeyId": "alias/aws/sns"},
        outputs=("arn", "name", "owner", "region", "tagsAll"),
        never=f"{_ARN}:never",
    ),
    Case(
        "aws:sns/topicPolicy:TopicPolicy",
        inputs=lambda account: {
            "arn": _with_topic(account, "case-policy"),
            "policy": _document("events.amazonaws.com"),
        },
        seen=_own_policy,
        created=json.loads(_document("events.amazonaws.com")),
        update={"policy": _document("cloudwatch.amazonaws.com")},
        updated=json.loads(_document("cloudwatch.amazonaws.com")),
        drift=lambda account, arn: account.client("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=_document("lambda.amazonaws.com")
        ),
        drifted={"policy": json.dumps(json.loads(_document("lambda.amazonaws.com")), separators=(",", ":"))},
        outputs=("arn", "owner", "policy"),
        never=f"{_ARN}:never",
    ),
    Case(
        "aws:sns/topicSubscription:TopicSubscription",
        inputs=lambda account: {
            "topic": _with_topic(account, "case-subscribed"),
            "protocol": "email",
            "endpoint": "security@hedgerow.example",
        },
        seen=_subscription,
        created={
            "Endpoint": "security@hedgerow.example",
            "Protocol": "email",
            "TopicArn": f"{_ARN}:case-subscribed",
        },
        outputs=("arn", "endpoint", "ownerId", "protocol", "topic"),
        never=f"{_ARN}:case-subscribed:3c2f4f7e-0000-0000-0000-000000000000",
    ),
)
