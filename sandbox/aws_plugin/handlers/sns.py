"""Topics, their policies and their subscriptions."""

import json

from sandbox.aws_plugin.handlers.calls import Scope
from sandbox.aws_plugin.handlers.records import Call, Code, Record, Tagging
from sandbox.aws_plugin.values import Props

_TOPIC = {"TopicArn": "{id}"}
_ATTRIBUTES = {
    "deliveryPolicy": "DeliveryPolicy",
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
}
_DEFAULT_POLICY_ID = "__default_policy_ID"


def _default_policy(scope: Scope) -> Props:
    """A topic always has a policy. Without one of its own, the account does as its IAM policies say."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes", "SNS:SetTopicAttributes"],
        "Resource": scope["arn"],
        "Condition": {"StringEquals": {"AWS:SourceOwner": scope["account"]}},
    }
    policy = {"Version": "2008-10-17", "Id": _DEFAULT_POLICY_ID, "Statement": [statement]}
    return {"AttributeName": "Policy", "AttributeValue": json.dumps(policy)}


RECORDS = (
    Record(
        "aws:sns/topic:Topic",
        service="sns",
        key=_TOPIC,
        id="TopicArn",
        create=Call("create_topic"),
        reads=(
            Call("get_topic_attributes", at="Attributes", names={**_ATTRIBUTES, "owner": "Owner"}),
            Code(("name",), lambda scope, _old: {"name": scope["id"].rpartition(":")[2]}),
        ),
        updates=tuple(
            Call(
                "set_topic_attributes",
                only=(name,),
                names={name: "AttributeValue"},
                given={"AttributeName": attribute},
            )
            for name, attribute in _ATTRIBUTES.items()
        ),
        deletes=(Call("delete_topic"),),
        defaults=dict.fromkeys(_ATTRIBUTES, ""),
        computed={"arn": "{id}"},
        tagging=Tagging("tag_resource", "untag_resource", "list_tags_for_resource", {"ResourceArn": "{id}"}),
    ),
    Record(
        "aws:sns/topicPolicy:TopicPolicy",
        service="sns",
        key={"TopicArn": "{arn}"},
        id="{arn}",
        create=(
            policy := Call(
                "set_topic_attributes", names={"policy": "AttributeValue"}, given={"AttributeName": "Policy"}
            )
        ),
        reads=(Call("get_topic_attributes", at="Attributes", names={"policy": "Policy", "owner": "Owner"}),),
        updates=(policy,),
        gone=f"contains(Policy, '{_DEFAULT_POLICY_ID}')",
        deletes=(Call("set_topic_attributes", send=_default_policy),),
    ),
    Record(
        "aws:sns/topicSubscription:TopicSubscription",
        service="sns",
        key={"SubscriptionArn": "{id}"},
        id="SubscriptionArn",
        create=Call("subscribe", names={"topic": "TopicArn"}, given={"ReturnSubscriptionArn": True}),
        reads=(
            Call(
                "get_subscription_attributes",
                at="Attributes",
                names={
                    "endpoint": "Endpoint",
                    "ownerId": "Owner",
                    "pendingConfirmation": "PendingConfirmation",
                    "protocol": "Protocol",
                    "topic": "TopicArn",
                },
            ),
        ),
        deletes=(Call("unsubscribe"),),
        flags=frozenset({"confirmationTimeoutInMinutes", "endpointAutoConfirms"}),
        computed={"arn": "{id}"},
    ),
)
