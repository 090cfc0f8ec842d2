"""Diagnostic access: no role without papers, and one that ends, looks, and is heard of."""

import datetime
import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from infrastructure.alarms import AlarmTopic, AlarmTopicArgs
from infrastructure.diagnostic import diagnostic_access
from infrastructure.guard import SERVICES
from infrastructure.papers import Papers, PapersError, read_papers
from infrastructure.scope import Deployment, Environment, Scope
from tests.infrastructure.mocks import ACCOUNT, Registrations, build

NOW = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)
SCOPE = Scope(
    "self-hosted", ACCOUNT, "us-west-2", "us-west-1", "customer", Environment.PRODUCTION, Deployment.SELF_HOSTED
)
GOOD = {
    "ticket": "SUP-1",
    "dpa": "dpa/acme",
    "nda": "nda/acme",
    "scc": "scc/acme",
    "accessor": f"arn:aws:iam::{ACCOUNT}:user/ada",
    "country": "US",
    "externalId": "ticket-SUP-1",
    "source": "198.51.100.7/32",
    "begins": "2026-03-01T08:00:00Z",
    "ends": "2026-03-05T08:00:00Z",
}
WINDOW = {
    "DateGreaterThan": {"aws:CurrentTime": GOOD["begins"]},
    "DateLessThan": {"aws:CurrentTime": GOOD["ends"]},
}


@pytest.fixture(scope="module")
def access() -> Registrations:
    def program() -> None:
        topic = AlarmTopic("alarms", AlarmTopicArgs(SCOPE, pulumi.Output.from_input("key"), "a@b.example"))
        diagnostic_access(SCOPE, read_papers(GOOD, NOW), topic, "trail")

    return build(program, "self-hosted")


def _statements(access: Registrations) -> Iterator[dict[str, Any]]:
    yield from access.one("iam/rolePolicy:RolePolicy", "diagnostic-policy").document()


def test_no_stack_has_a_diagnostic_role_unless_its_settings_give_papers(environment: Registrations) -> None:
    assert not [
        role for role in environment.of("iam/role:Role") if role.inputs["tags"].get("access-tier") == "diagnostic"
    ]


def test_one_person_enters_with_mfa_and_external_id_from_one_place_while_the_window_is_open(
    access: Registrations,
) -> None:
    role = access.one("iam/role:Role", "diagnostic")
    (trust,) = role.document("assumeRolePolicy")
    assert trust["Principal"] == {"AWS": GOOD["accessor"]}
    assert trust["Condition"] == {
        **WINDOW,
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "IpAddress": {"aws:SourceIp": GOOD["source"]},
        "StringEquals": {"sts:ExternalId": GOOD["externalId"]},
    }
    assert role.inputs["maxSessionDuration"] == 3600


def test_a_session_that_was_opened_in_time_ends_with_the_window(access: Registrations) -> None:
    for statement in _statements(access):
        assert statement["Effect"] == "Deny" or statement["Condition"] == WINDOW


def test_it_looks_at_what_there_is_and_everything_else_is_denied(access: Registrations) -> None:
    allowed, denied = _statements(access)
    for action in allowed["Action"]:
        service, verb = action.split(":")
        assert verb.startswith(("Describe", "Get", "List")), action
        assert service in SERVICES, "the boundary would take it away"
        assert service not in {"kms", "logs", "s3", "secretsmanager", "ssm"}, "it would tell what is in a store"
    assert denied == {
        "Sid": "TakesNothingAway",
        "Effect": "Deny",
        "NotAction": allowed["Action"],
        "Resource": "*",
    }


def test_the_role_carries_its_papers(access: Registrations) -> None:
    tags = access.one("iam/role:Role", "diagnostic").inputs["tags"]
    assert tags["access-tier"] == "diagnostic"
    expected = {
        "dpa-ref": "dpa",
        "nda-ref": "nda",
        "scc-ref": "scc",
        "ticket": "ticket",
        "expires": "ends",
        "accessor-country": "country",
    }
    assert {tag: tags[tag] for tag in expected} == {tag: GOOD[paper] for tag, paper in expected.items()}


def test_every_use_raises_an_alarm(access: Registrations) -> None:
    counted = access.one("cloudwatch/logMetricFilter:LogMetricFilter", "diagnostic-use-filter").inputs
    arn = f"arn:aws:iam::{ACCOUNT}:role/hedgerow-self-hosted/hedgerow-self-hosted-diagnostic"
    assert counted["pattern"].count(f'="{arn}"') == 2
    assert "$.requestParameters.roleArn" in counted["pattern"]
    assert "$.userIdentity.sessionContext.sessionIssuer.arn" in counted["pattern"]
    alarm = access.one("cloudwatch/metricAlarm:MetricAlarm", "diagnostic-use-alarm").inputs
    metric = counted["metricTransformation"]
    assert (alarm["metricName"], alarm["namespace"]) == (metric["name"], metric["namespace"])
    (topic,) = access.of("sns/topic:Topic")
    assert alarm["alarmActions"] == [topic.state["arn"]]


def test_good_papers_are_read() -> None:
    assert read_papers(GOOD, NOW) == Papers(
        **{"external_id" if key == "externalId" else key: value for key, value in GOOD.items()}
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"dpa": None}, "dpa is missing"),
        ({"nda": "none"}, "nda must be given"),
        ({"ticket": "none"}, "ticket must be given"),
        ({"scc": "none"}, "scc must be given for an accessor in the US"),
        ({"color": "red"}, "color is none of its members"),
        ({"accessor": f"arn:aws:iam::{ACCOUNT}:root"}, "accessor must be the ARN of one user or role"),
        ({"accessor": f"arn:aws:iam::{ACCOUNT}:user/*"}, "accessor must be the ARN of one user or role"),
        ({"country": "Germany"}, "country must be"),
        ({"externalId": "1"}, "externalId must be"),
        ({"source": "0.0.0.0/0"}, "source must be an IPv4 network of /24 or smaller"),
        ({"source": "999.1.1.1/32"}, "source must be an IPv4 network of /24 or smaller"),
        ({"ends": "tomorrow"}, "ends must be a time in UTC"),
        ({"ends": "2026-02-30T08:00:00Z"}, "must be times that there are"),
        ({"ends": "2026-03-08T08:00:01Z"}, "ends must be after begins, by 7 days at most"),
        ({"ends": "2026-03-01T08:00:00Z"}, "ends must be after begins"),
        ({"ends": "2026-03-02T12:00:00Z"}, "ends is over"),
    ],
)
def test_papers_that_are_not_in_order_are_refused(change: dict[str, str | None], problem: str) -> None:
    given = {key: value for key, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(PapersError, match=problem):
        read_papers(given, NOW)


def test_outside_the_us_no_clauses_are_needed() -> None:
    assert read_papers(GOOD | {"country": "DE", "scc": "none"}, NOW).scc == "none"


@pytest.mark.parametrize("given", ["x", [], {"ticket": 1}, None])
def test_what_is_no_object_of_texts_is_refused(given: object) -> None:
    with pytest.raises(PapersError, match="an object of texts"):
        read_papers(json.loads(json.dumps(given)), NOW)
