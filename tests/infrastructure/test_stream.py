"""The event stream: TLS and IAM, three replicas, closed topics, and a past that ends in time."""

import dataclasses

import pytest

from infrastructure.promises import BrokenPromise
from infrastructure.stream import EventStreamArgs, server_properties
from tests.infrastructure.mocks import Registered, Registrations


def _cluster(environment: Registrations) -> Registered:
    (cluster,) = environment.of("msk/cluster:Cluster")
    return cluster


def test_it_is_encrypted_on_disk_between_brokers_and_to_clients(environment: Registrations) -> None:
    encryption = _cluster(environment).inputs["encryptionInfo"]
    key = environment.one("kms/key:Key", "customer-data-key").state["arn"]
    assert encryption["encryptionAtRestKmsKeyArn"] == key
    assert encryption["encryptionInTransit"] == {"clientBroker": "TLS", "inCluster": True}


def test_clients_sign_in_through_iam_and_in_no_other_way(environment: Registrations) -> None:
    assert _cluster(environment).inputs["clientAuthentication"] == {"sasl": {"iam": True}}


def test_brokers_are_in_every_zone_and_out_of_reach(environment: Registrations) -> None:
    cluster = _cluster(environment).inputs
    nodes = cluster["brokerNodeGroupInfo"]
    isolated = {
        f"{subnet.name}-id"
        for subnet in environment.of("ec2/subnet:Subnet")
        if subnet.inputs["tags"]["tier"] == "isolated"
    }
    assert set(nodes["clientSubnets"]) == isolated
    assert cluster["numberOfBrokerNodes"] % len(isolated) == 0
    assert nodes["connectivityInfo"]["publicAccess"]["type"] == "DISABLED"
    assert nodes["securityGroups"] == ["event-stream-id"]
    (ingress,) = [
        rule.inputs
        for rule in environment.of("vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if rule.inputs["securityGroupId"] == "event-stream-id"
    ]
    assert ingress["referencedSecurityGroupId"] == environment.outputs["clients"]["event-stream"]
    assert ingress["fromPort"] == ingress["toPort"] == 9098, "the port of IAM"


def test_an_acknowledged_event_survives_a_zone_and_a_topic_is_closed_until_opened(environment: Registrations) -> None:
    (configuration,) = environment.of("msk/configuration:Configuration")
    lines = configuration.inputs["serverProperties"].splitlines()
    settings = dict(line.split("=") for line in lines)
    assert int(settings["default.replication.factor"]) == 3
    assert int(settings["min.insync.replicas"]) == 2
    for name in ("unclean.leader.election.enable", "allow.everyone.if.no.acl.found", "auto.create.topics.enable"):
        assert settings[name] == "false"
    assert _cluster(environment).inputs["configurationInfo"]["arn"] == configuration.state["arn"]
    assert _cluster(environment).inputs["kafkaVersion"] in configuration.inputs["kafkaVersions"]


def test_events_leave_within_the_erasure_window_and_can_be_read_again_for_three_days(
    environment: Registrations,
) -> None:
    (configuration,) = environment.of("msk/configuration:Configuration")
    hours = _cluster(environment).inputs["tags"]["retention-days"]
    assert "log.retention.hours=168\n" in configuration.inputs["serverProperties"]
    assert int(hours) * 24 == 168
    assert "log.retention.hours=72\n" in server_properties(72)


def test_brokers_are_watched_and_logged(environment: Registrations) -> None:
    cluster = _cluster(environment).inputs
    group = environment.one("cloudwatch/logGroup:LogGroup", "event-stream-log-group")
    assert cluster["enhancedMonitoring"] == "PER_TOPIC_PER_BROKER"
    assert cluster["loggingInfo"]["brokerLogs"]["cloudwatchLogs"] == {
        "enabled": True,
        "logGroup": group.inputs["name"],
    }


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ({"brokers": 2}, "Business Continuity"),
        ({"brokers": 4}, "in steps of 3"),
        ({"volume_gib": 1}, "Business Continuity"),
        ({"retention_hours": 71}, "three days"),
        ({"retention_hours": 721}, "Data Deletion"),
    ],
)
def test_a_stream_that_would_break_a_promise_is_refused(change: dict[str, int], promise: str) -> None:
    names = [field.name for field in dataclasses.fields(EventStreamArgs)]
    good = dict.fromkeys(names) | {"brokers": 3, "volume_gib": 20, "retention_hours": 168}
    with pytest.raises(BrokenPromise, match=promise):
        EventStreamArgs(**good | change)  # type: ignore[arg-type] # only the numbers are looked at
