"""Incident response: what must not go unnoticed reaches an encrypted topic that somebody reads."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from infrastructure.cis import ALARMS
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations

TOPICS = {"us-west-2": "alarms", "us-west-1": "recovery-alarms"}
SOURCES = {
    "cloudwatch.amazonaws.com": "cloudwatch:{region}:{account}:alarm:{name}",
    "events.amazonaws.com": "events:{region}:{account}:rule/{name}",
    "backup.amazonaws.com": "backup:{region}:{account}:backup-vault:{name}",
    "events.rds.amazonaws.com": "rds:{region}:{account}:es:{name}",
}
PUBLISHERS = {
    "cloudwatch.amazonaws.com": ("cloudwatch/metricAlarm:MetricAlarm", "name"),
    "events.amazonaws.com": ("cloudwatch/eventRule:EventRule", "name"),
    "backup.amazonaws.com": ("backup/vaultNotifications:VaultNotifications", "backupVaultName"),
    "events.rds.amazonaws.com": ("rds/eventSubscription:EventSubscription", "name"),
}
each_region = pytest.mark.parametrize("region", TOPICS)


def _topic(environment: Registrations, region: str = "us-west-2") -> Registered:
    topic = environment.one("sns/topic:Topic", f"{TOPICS[region]}-topic")
    assert topic.state["region"] == region
    return topic


def _policy(environment: Registrations, region: str) -> dict[str, dict[str, Any]]:
    policy = environment.one("sns/topicPolicy:TopicPolicy", f"{TOPICS[region]}-policy")
    assert policy.inputs["arn"] == _topic(environment, region).state["arn"]
    return {statement["Sid"]: statement for statement in policy.document()}


@each_region
def test_each_topic_has_a_subscriber_over_tls_or_mail(environment: Registrations, stack: str, region: str) -> None:
    subscription = environment.one("sns/topicSubscription:TopicSubscription", f"{TOPICS[region]}-subscription")
    assert subscription.inputs["topic"] == _topic(environment, region).state["arn"]
    assert subscription.state["region"] == region
    assert subscription.inputs["protocol"] == "email"
    customer = stack == "self-hosted"
    assert subscription.inputs["endpoint"] == ("security@customer.example" if customer else "security@hedgerow.example")


@each_region
def test_only_this_accounts_alarms_rules_vaults_and_databases_publish(environment: Registrations, region: str) -> None:
    publishers = {
        statement["Principal"]["Service"]: statement["Condition"]
        for statement in _policy(environment, region).values()
        if statement["Effect"] == "Allow" and statement["Action"] == "sns:Publish"
    }
    assert set(publishers) == set(SOURCES)
    for service, condition in publishers.items():
        assert condition["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
        source = condition["ArnLike"]["aws:SourceArn"]
        suffix, name = PUBLISHERS[service]
        for publisher in environment.of(suffix):
            if publisher.state["region"] == region:
                arn = SOURCES[service].format(region=region, account=ACCOUNT, name=publisher.inputs[name])
                assert fnmatchcase(f"arn:aws:{arn}", source), "its notifications would be refused"


@each_region
def test_each_topic_is_of_the_account_and_published_to_over_tls_alone(environment: Registrations, region: str) -> None:
    statements = _policy(environment, region)
    topic = _topic(environment, region).state["arn"]
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


@each_region
def test_every_alarm_and_every_rule_reaches_the_topic_of_its_region(environment: Registrations, region: str) -> None:
    topic = _topic(environment, region).state["arn"]
    alarms = [a for a in environment.of("cloudwatch/metricAlarm:MetricAlarm") if a.state["region"] == region]
    assert len(alarms) >= (len(ALARMS) if region == "us-west-2" else 0)
    for alarm in alarms:
        assert alarm.inputs["alarmActions"] == [topic]
        assert alarm.inputs.get("actionsEnabled", True) is True
    targets = {
        target.inputs["rule"]: target
        for target in environment.of("cloudwatch/eventTarget:EventTarget")
        if target.state["region"] == region
    }
    rules = {
        rule.inputs["name"]
        for rule in environment.of("cloudwatch/eventRule:EventRule")
        if rule.state["region"] == region
    }
    assert targets.keys() == rules != set()
    for target in targets.values():
        assert target.inputs["arn"] == topic
        assert "roleArn" not in target.inputs, "EventBridge publishes to an encrypted topic by its policy"


def test_the_use_of_the_emergency_role_is_noticed_wherever_it_is_assumed(environment: Registrations) -> None:
    role = environment.one("iam/role:Role", "break-glass")
    counted = environment.one("cloudwatch/logMetricFilter:LogMetricFilter", "break-glass-assumed-filter").inputs
    watched = environment.one("cloudwatch/metricAlarm:MetricAlarm", "break-glass-assumed-alarm").inputs
    trail = environment.one("cloudwatch/logGroup:LogGroup", "audit-log-group")
    assert counted["logGroupName"] == trail.inputs["name"], "the trail is of all regions"
    path, name = role.inputs["path"], role.inputs["name"]
    assert f'($.requestParameters.roleArn = "arn:aws:iam::{ACCOUNT}:role{path}{name}")' in counted["pattern"]
    assert '($.eventName = "AssumeRole*")' in counted["pattern"], "with SAML and web identities too"
    assert "errorCode" not in counted["pattern"], "an attempt counts"
    metric = counted["metricTransformation"]
    assert (metric["namespace"], metric["name"]) == (watched["namespace"], watched["metricName"])
    assert (watched["statistic"], watched["threshold"], watched["evaluationPeriods"]) == ("Sum", 1, 1)


def test_what_happens_to_databases_is_told(environment: Registrations) -> None:
    """Security Hub's RDS.19 to 21; the event rule reaches the encrypted topic whatever the subscriptions do."""
    told = {
        item.inputs["sourceType"]: {*item.inputs["eventCategories"]}
        for item in environment.of("rds/eventSubscription:EventSubscription")
        if item.inputs["snsTopic"] == _topic(environment).state["arn"] and item.inputs.get("enabled", True)
    }
    assert told["db-cluster"] >= {"maintenance", "failure"}
    assert told["db-instance"] >= {"maintenance", "configuration change", "failure"}
    assert told["db-parameter-group"] >= {"configuration change"}
    rule = environment.one("cloudwatch/eventRule:EventRule", "database-events-rule")
    pattern = json.loads(rule.inputs["eventPattern"])
    assert pattern["source"] == ["aws.rds"]
    assert {*pattern["detail"]["EventCategories"]} >= set().union(*told.values())


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
@pytest.mark.parametrize("region", ["", "recovery-"])
def test_a_failed_backup_copy_or_restore_is_noticed(
    production: Registrations, job: str, outcome: dict[str, str], region: str
) -> None:
    rule = production.one("cloudwatch/eventRule:EventRule", f"{region}backup-failures-rule")
    pattern = json.loads(rule.inputs["eventPattern"])
    assert pattern["source"] == ["aws.backup"]
    assert f"{job} Job State Change" in pattern["detail-type"]
    assert any(value in either.get(key, ()) for either in pattern["detail"]["$or"] for key, value in outcome.items())
    assert all("COMPLETED" not in states for either in pattern["detail"]["$or"] for states in either.values())
