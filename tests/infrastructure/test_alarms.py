"""Incident response: what must not go unnoticed reaches an encrypted topic that somebody reads."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from infrastructure.cis import ALARMS
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations


def _topic(environment: Registrations) -> Registered:
    (topic,) = environment.of("sns/topic:Topic")
    return topic


def _policy(environment: Registrations) -> dict[str, dict[str, Any]]:
    (policy,) = environment.of("sns/topicPolicy:TopicPolicy")
    assert policy.inputs["arn"] == _topic(environment).state["arn"]
    return {statement["Sid"]: statement for statement in policy.document()}


def test_the_topic_has_a_subscriber_over_tls_or_mail(environment: Registrations, stack: str) -> None:
    (subscription,) = environment.of("sns/topicSubscription:TopicSubscription")
    assert subscription.inputs["topic"] == _topic(environment).state["arn"]
    assert subscription.inputs["protocol"] == "email"
    customer = stack == "self-hosted"
    assert subscription.inputs["endpoint"] == ("security@customer.example" if customer else "security@hedgerow.example")


def test_only_this_accounts_alarms_and_rules_publish(environment: Registrations) -> None:
    statements = _policy(environment)
    publishers = {
        statement["Principal"]["Service"]: statement
        for statement in statements.values()
        if statement["Effect"] == "Allow" and statement["Action"] == "sns:Publish"
    }
    assert set(publishers) == {"cloudwatch.amazonaws.com", "events.amazonaws.com"}
    for statement in publishers.values():
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    for kind, service in (("metricAlarm:MetricAlarm", "cloudwatch"), ("eventRule:EventRule", "events")):
        source = publishers[f"{service}.amazonaws.com"]["Condition"]["ArnLike"]["aws:SourceArn"]
        separator = {"cloudwatch": "alarm:", "events": "rule/"}[service]
        for publisher in environment.of(f"cloudwatch/{kind}"):
            arn = f"arn:aws:{service}:us-west-2:{ACCOUNT}:{separator}{publisher.inputs['name']}"
            assert fnmatchcase(arn, source), "its notifications would be refused"


def test_the_topic_is_of_the_account_and_published_to_over_tls_alone(environment: Registrations) -> None:
    statements = _policy(environment)
    topic = _topic(environment).state["arn"]
    assert {statement["Resource"] for statement in statements.values()} == {topic}
    assert statements["DenyPlainHttp"]["Effect"] == "Deny"
    assert statements["DenyPlainHttp"]["Principal"] == "*"
    assert statements["DenyPlainHttp"]["Action"] == "sns:Publish"
    assert statements["DenyPlainHttp"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statements["AccountAdministers"]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert "sns:Publish" not in statements["AccountAdministers"]["Action"]


def test_every_control_of_the_benchmark_but_security_hub_itself_has_a_row() -> None:
    """Section 4 of CIS AWS Foundations 5.0: 4.1 to 4.15 are alarms, 4.16 is Security Hub."""
    assert [alarm.control for alarm in ALARMS] == [f"4.{number}" for number in range(1, 16)]
    assert len({alarm.name for alarm in ALARMS}) == 15
    for alarm in ALARMS:
        assert len(alarm.pattern) <= 1024, "more is refused by PutMetricFilter"
        assert alarm.pattern.startswith("{")
        assert alarm.pattern.endswith("}")
        assert alarm.pattern.count("(") == alarm.pattern.count(")")


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm.name)
def test_each_alarm_watches_what_its_filter_counts_on_the_trail(alarm: Any, environment: Registrations) -> None:
    counted = environment.one("cloudwatch/logMetricFilter:LogMetricFilter", f"{alarm.name}-filter").inputs
    watched = environment.one("cloudwatch/metricAlarm:MetricAlarm", f"{alarm.name}-alarm").inputs
    trail = environment.one("cloudwatch/logGroup:LogGroup", "audit-log-group")
    assert (counted["logGroupName"], counted["pattern"]) == (trail.inputs["name"], alarm.pattern)
    metric = counted["metricTransformation"]
    assert (metric["namespace"], metric["name"]) == (watched["namespace"], watched["metricName"])
    assert metric["value"] == "1"
    assert (watched["comparisonOperator"], watched["threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    assert (watched["statistic"], watched["evaluationPeriods"], watched["period"]) == ("Sum", 1, 300)


def test_every_alarm_and_every_rule_reaches_the_topic(environment: Registrations) -> None:
    topic = _topic(environment).state["arn"]
    alarms = environment.of("cloudwatch/metricAlarm:MetricAlarm")
    assert len(alarms) >= len(ALARMS)
    for alarm in alarms:
        assert alarm.inputs["alarmActions"] == [topic]
        assert alarm.inputs.get("actionsEnabled", True) is True
    targets = {target.inputs["rule"]: target for target in environment.of("cloudwatch/eventTarget:EventTarget")}
    rules = {rule.inputs["name"] for rule in environment.of("cloudwatch/eventRule:EventRule")}
    assert targets.keys() == rules
    for target in targets.values():
        assert target.inputs["arn"] == topic
        assert "roleArn" not in target.inputs, "EventBridge publishes to an encrypted topic by its policy"


@pytest.mark.parametrize(
    ("job", "outcome"),
    [
        ("Backup", {"state": "FAILED"}),
        ("Backup", {"state": "EXPIRED"}),
        ("Backup", {"state": "ABORTED"}),
        ("Copy", {"state": "FAILED"}),
        ("Restore", {"status": "FAILED"}),
        ("Restore", {"status": "ABORTED"}),
    ],
)
def test_a_failed_backup_copy_or_restore_is_noticed(
    production: Registrations, job: str, outcome: dict[str, str]
) -> None:
    rule = production.one("cloudwatch/eventRule:EventRule", "backup-failures-rule")
    pattern = json.loads(rule.inputs["eventPattern"])
    assert pattern["source"] == ["aws.backup"]
    assert f"{job} Job State Change" in pattern["detail-type"]
    assert any(value in either.get(key, ()) for either in pattern["detail"]["$or"] for key, value in outcome.items())
    assert all("COMPLETED" not in states for either in pattern["detail"]["$or"] for states in either.values())
