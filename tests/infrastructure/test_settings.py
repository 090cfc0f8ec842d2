"""Settings: what a stack may be, and one clear line for whatever would break a promise."""

import json

import pulumi
import pulumi.runtime
import pytest

from infrastructure.scope import DataClass, Deployment, Environment
from infrastructure.settings import Settings, read_settings
from tests.infrastructure.conftest import stack_config
from tests.infrastructure.mocks import build

GOOD = {
    "aws:region": "us-west-2",
    "hedgerow:environment": "staging",
    "hedgerow:deployment": "cloud",
    "hedgerow:owner": "platform",
    "hedgerow:alarmSubscriber": "security@hedgerow.example",
    "hedgerow:securityEmail": "security@hedgerow.example",
    "hedgerow:securityPhone": "+1 206 555 0100",
    "hedgerow:zones": '["us-west-2a", "us-west-2b", "us-west-2c"]',
    "hedgerow:vpcCidr": "10.20.0.0/16",
    "hedgerow:databaseInstanceClass": "db.t4g.medium",
    "hedgerow:databaseInstances": "2",
    "hedgerow:nodeInstanceType": "m7g.large",
    "hedgerow:domain": "app.hedgerow.example",
    "hedgerow:cacheNodeType": "cache.t4g.small",
    "hedgerow:cacheNodes": "2",
    "hedgerow:brokerInstanceType": "kafka.t3.small",
    "hedgerow:brokers": "3",
    "hedgerow:brokerVolumeGib": "20",
    "hedgerow:clickhouseInstanceType": "t4g.small",
    "hedgerow:clickhouseShards": "1",
    "hedgerow:clickhouseReplicas": "2",
    "hedgerow:clickhouseVolumeGib": "20",
    "hedgerow:transferBasis": "scc-2021",
    "hedgerow:dpaRegister": "dpa/cloud-customers",
}
SELF_HOSTED = {"hedgerow:deployment": "self-hosted"}
PHI = SELF_HOSTED | {"hedgerow:holdsPhi": "true"}


def _read(changes: dict[str, str | None] | None = None, stack: str = "dev", secrets: tuple[str, ...] = ()) -> Settings:
    config = GOOD | (changes or {})
    pulumi.runtime.set_all_config({key: value for key, value in config.items() if value is not None}, list(secrets))
    found: list[Settings] = []
    build(lambda: found.append(read_settings()), stack)
    return found[0]


def _problems(changes: dict[str, str | None], stack: str = "dev", secrets: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(pulumi.RunError) as error:
        _read(changes, stack, secrets)
    heading, *lines = str(error.value).splitlines()
    assert heading.endswith(f"a promise in stack {stack}:")
    return lines


def test_settings_are_typed_and_default_to_the_promise() -> None:
    settings = _read()
    assert settings.environment is Environment.STAGING
    assert settings.deployment is Deployment.CLOUD
    assert settings.zones == ("us-west-2a", "us-west-2b", "us-west-2c")
    assert settings.database_instances == 2
    assert settings.customer_data_class is DataClass.RESTRICTED
    assert settings.holds_phi is False
    assert settings.recovery_region == "us-west-1"
    assert (settings.password_age_days, settings.people_accounts, settings.repository) == (90, (), "none")
    assert (settings.backup_retention_days, settings.audit_retention_days) == (35, 2555)


@pytest.mark.parametrize(
    ("setting", "value", "promise"),
    [
        ("aws:region", "us-east-1", "GDPR: data stays in US-West"),
        ("aws:region", "us-west-1", "GDPR: data stays in US-West"),
        ("aws:region", None, "GDPR: data stays in US-West"),
        ("hedgerow:recoveryRegion", "eu-central-1", "GDPR: data stays in US-West"),
        ("hedgerow:recoveryRegion", "us-west-2", "GDPR: data stays in US-West"),
        ("hedgerow:environment", "prod", "Software Development Lifecycle"),
        ("hedgerow:environment", None, "Software Development Lifecycle"),
        ("hedgerow:deployment", "on-premises", "GDPR: two deployment kinds"),
        ("hedgerow:owner", "", "Asset Management"),
        ("hedgerow:owner", None, "Asset Management"),
        ("hedgerow:zones", "us-west-2a", "Business Continuity"),
        ("hedgerow:zones", '"us-west-2a"', "Business Continuity"),
        ("hedgerow:zones", "3", "Business Continuity"),
        ("hedgerow:zones", '["us-west-2a", "us-west-2b"]', "Business Continuity"),
        ("hedgerow:zones", '["us-west-2a", "us-west-2a", "us-west-2b"]', "Business Continuity"),
        ("hedgerow:zones", '["us-west-2a", "us-west-2b", "us-west-1a"]', "Business Continuity"),
        ("hedgerow:zones", '["us-west-2a", "us-west-2b", 3]', "Business Continuity"),
        ("hedgerow:zones", '["us-west-2a", "us-west-2b", ["us-west-2c"]]', "Business Continuity"),
        ("hedgerow:vpcCidr", "10.20.0.0", "Data Protection: three zones"),
        ("hedgerow:vpcCidr", "10.20.0.1/16", "Data Protection: three zones"),
        ("hedgerow:vpcCidr", "10.20.0.0/21", "Data Protection: three zones"),
        ("hedgerow:vpcCidr", "10.0.0.0/15", "Data Protection: three zones"),
        ("hedgerow:vpcCidr", "8.8.0.0/16", "Data Protection: three zones"),
        ("hedgerow:vpcCidr", "fd00::/16", "Data Protection: three zones"),
        ("hedgerow:vpcCidr", "a network", "Data Protection: three zones"),
        ("hedgerow:customerDataClass", "secret", "Data Classification"),
        ("hedgerow:customerDataClass", "internal", "Data Classification"),
        ("hedgerow:holdsPhi", "maybe", "HIPAA"),
        ("hedgerow:transferBasis", "privacy-shield", "GDPR: transfers"),
        ("hedgerow:dpaRegister", "", "GDPR: stores name"),
        ("hedgerow:databaseInstanceClass", "db.m1.small", "Vulnerability Management"),
        ("hedgerow:alarmSubscriber", None, "Incident Response"),
        ("hedgerow:alarmSubscriber", "http://alarms.hedgerow.example/in", "Incident Response"),
        ("hedgerow:alarmSubscriber", "security", "Incident Response"),
        ("hedgerow:databaseInstances", "1", "Business Continuity"),
        ("hedgerow:databaseInstances", "17", "Business Continuity"),
        ("hedgerow:databaseInstances", "two", "Business Continuity"),
        ("hedgerow:nodeInstanceType", "t2.micro", "Vulnerability Management"),
        ("hedgerow:nodes", "2", "Business Continuity: the cluster's nodes"),
        ("hedgerow:domain", None, "Encryption: what customers reach"),
        ("hedgerow:domain", "https://app.hedgerow.example", "Encryption: what customers reach"),
        ("hedgerow:domain", "*.hedgerow.example", "Encryption: what customers reach"),
        ("hedgerow:zoneId", "hedgerow.example", "Encryption: certificates are renewed"),
        ("hedgerow:requestsPerAddress", "99", "Data Protection: an address"),
        ("hedgerow:cacheNodeType", "cache.m3.large", "Vulnerability Management"),
        ("hedgerow:cacheNodes", "1", "Business Continuity"),
        ("hedgerow:cacheNodes", "7", "Business Continuity"),
        ("hedgerow:brokerInstanceType", "kafka.m5.large", "Vulnerability Management"),
        ("hedgerow:brokers", "2", "Business Continuity"),
        ("hedgerow:brokers", "4", "Business Continuity"),
        ("hedgerow:brokerVolumeGib", "19", "Business Continuity"),
        ("hedgerow:clickhouseInstanceType", "r5.large", "Vulnerability Management"),
        ("hedgerow:clickhouseShards", "0", "Business Continuity"),
        ("hedgerow:clickhouseReplicas", "1", "Business Continuity"),
        ("hedgerow:clickhouseVolumeGib", "16385", "Business Continuity"),
        ("hedgerow:clickhouseImage", "somebody/clickhouse-*", "Vulnerability Management"),
        ("hedgerow:eventHours", "71", "three days"),
        ("hedgerow:eventHours", "721", "Data Deletion"),
        ("hedgerow:exportDays", "31", "Data Deletion"),
        ("hedgerow:backupRetentionDays", "34", "Backup: kept 35 days"),
        ("hedgerow:backupRetentionDays", "36", "erasure arithmetic"),
        ("hedgerow:auditRetentionDays", "2554", "Backup: audit trails are kept 7 years"),
        ("hedgerow:auditRetentionDays", "1e9", "Backup: audit trails are kept 7 years"),
        ("hedgerow:recordingDays", "31", "Data Deletion"),
        ("hedgerow:noncurrentDays", "0", "Data Deletion"),
        ("hedgerow:noncurrentDays", "30", "Data Deletion"),
        ("hedgerow:passwordAgeDays", "0", "Password: expiry"),
        ("hedgerow:passwordAgeDays", "91", "Password: expiry"),
        ("hedgerow:peopleAccounts", "111122223333", "System Access Control: people"),
        ("hedgerow:peopleAccounts", "[111122223333]", "System Access Control: people"),
        ("hedgerow:peopleAccounts", '["11112222333"]', "System Access Control: people"),
        ("hedgerow:peopleAccounts", '["*"]', "System Access Control: people"),
        ("hedgerow:peopleAccounts", '["111122223333", "111122223333"]', "System Access Control: people"),
        ("hedgerow:peopleAccounts", "everybody", "System Access Control: people"),
        ("hedgerow:securityEmail", None, "Incident Response: AWS knows whom to tell"),
        ("hedgerow:securityEmail", "https://hedgerow.example", "Incident Response: AWS knows whom to tell"),
        ("hedgerow:securityPhone", "206 555 0100", "Incident Response: AWS knows whom to tell"),
        ("hedgerow:securityPhone", "+1", "Incident Response: AWS knows whom to tell"),
        ("hedgerow:repository", "hedgerow", "Software Development Lifecycle: only"),
        ("hedgerow:repository", "", "Software Development Lifecycle: only"),
        ("hedgerow:repository", "*/hedgerow", "Software Development Lifecycle: only"),
        ("hedgerow:repository", "owner/*", "Software Development Lifecycle: only"),
        ("hedgerow:repository", "owner/name:ref", "Software Development Lifecycle: only"),
        ("hedgerow:repository", "https://github.com/owner/name", "Software Development Lifecycle: only"),
    ],
)
def test_a_bad_value_gets_one_line_that_names_setting_value_and_promise(
    setting: str, value: str | None, promise: str
) -> None:
    (line,) = _problems({setting: value})
    said = "missing" if value is None else value
    assert line.startswith(f"{setting} is {said}: must be ")
    assert promise in line
    assert "Traceback" not in line


@pytest.mark.parametrize(
    ("changes", "setting", "promise"),
    [
        (
            {"hedgerow:holdsPhi": "true"},
            "hedgerow:holdsPhi is true",
            "HIPAA: only self-hosted deployments may hold PHI",
        ),
        (PHI | {"hedgerow:customerDataClass": "confidential"}, "hedgerow:customerDataClass is confidential", "PHI"),
        ({"hedgerow:transferBasis": None}, "hedgerow:transferBasis is none", "carry a transfer basis"),
        ({"hedgerow:dpaRegister": None}, "hedgerow:dpaRegister is none", "DPA register"),
        ({"hedgerow:environment": "sandbox"}, "hedgerow:environment is sandbox", "only a sandbox gives up deletion"),
    ],
)
def test_settings_that_contradict_each_other_get_one_line(
    changes: dict[str, str | None], setting: str, promise: str
) -> None:
    (line,) = _problems(changes)
    assert line.startswith(f"{setting}: must be ")
    assert promise in line


@pytest.mark.parametrize(
    ("setting", "hint"),
    [
        ("hedgerow:vpcCIDR", "; did you mean hedgerow:vpcCidr?"),
        ("hedgerow:auditRetentionDay", "; did you mean hedgerow:auditRetentionDays?"),
        ("hedgerow:encrypted", ""),
    ],
)
def test_a_misspelt_setting_is_an_error_not_a_default(setting: str, hint: str) -> None:
    (line,) = _problems({setting: "1"})
    assert line.startswith(f"{setting} is not a setting{hint} (")


@pytest.mark.parametrize("stack", ["x", "Prod", "us_west", "us.west", "1st", "west-", "us--west", "a" * 31])
def test_a_stack_whose_name_no_database_can_have_is_refused(stack: str) -> None:
    (line,) = _problems({}, stack)
    assert line.startswith(f"The stack's name is {stack}: must be ")


def test_settings_of_other_programs_are_left_alone() -> None:
    assert _read({"aws:skipMetadataApiCheck": "true", "other:vpcCIDR": "1"})


def test_a_misspelt_setting_in_the_engines_environment_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"hedgerow:zone": "[]"}))
    (line,) = _problems({})
    assert line.startswith("hedgerow:zone is not a setting; did you mean hedgerow:zones?")


def test_all_bad_settings_are_reported_together() -> None:
    lines = _problems(
        {"hedgerow:vpcCidr": "x", "aws:region": "eu-west-1", "hedgerow:databaseInstances": "0", "hedgerow:x": "1"}
    )
    assert [line.split(" is ")[0] for line in lines] == [
        "hedgerow:x",
        "aws:region",
        "hedgerow:vpcCidr",
        "hedgerow:databaseInstances",
    ]


def test_the_value_of_a_secret_setting_is_not_shown() -> None:
    (line,) = _problems({"hedgerow:owner": "N0T-A-TEAM"}, secrets=("hedgerow:owner",))
    assert line.startswith("hedgerow:owner is [secret]: ")
    assert "N0T" not in line


@pytest.mark.parametrize("data_class", [DataClass.CONFIDENTIAL, DataClass.RESTRICTED])
def test_a_class_that_is_set_reaches_the_stores_tags(data_class: DataClass) -> None:
    settings = _read({"hedgerow:customerDataClass": data_class.value})
    assert settings.customer_data_class is data_class
    assert settings.customer_data(settings.scope("1")).tags("x")["data-class"] == data_class.value


def test_contradictions_are_reported_beside_bad_values() -> None:
    lines = _problems({"hedgerow:vpcCidr": "x", "hedgerow:holdsPhi": "true"})
    assert [line.split(" is ")[0] for line in lines] == ["hedgerow:vpcCidr", "hedgerow:holdsPhi"]


@pytest.mark.parametrize("stack", ["sandbox", "sandbox-ci"])
def test_only_a_sandbox_stack_is_disposable(stack: str) -> None:
    assert _read({"hedgerow:environment": "sandbox"}, stack).scope("1").disposable is True
    assert _read({}, stack).scope("1").disposable is False


def test_phi_is_allowed_in_a_self_hosted_deployment_and_tagged() -> None:
    settings = _read(PHI | {"hedgerow:transferBasis": None, "hedgerow:dpaRegister": None})
    tags = settings.customer_data(settings.scope("1")).tags("x")
    assert tags["phi"] == "true"
    assert tags["gdpr-role"] == "controller-and-processor"


def test_cloud_stores_carry_their_transfer_basis_and_register_entry() -> None:
    settings = _read()
    tags = settings.customer_data(settings.scope("1")).tags("x")
    assert (tags["gdpr-role"], tags["transfer-basis"], tags["dpa-register"]) == (
        "processor",
        "scc-2021",
        "dpa/cloud-customers",
    )
    assert "phi" not in tags


def test_every_stack_file_is_good(stack: str) -> None:
    pulumi.runtime.set_all_config(stack_config(stack))
    found: list[Settings] = []
    build(lambda: found.append(read_settings()), stack)
    assert found[0].holds_phi is (stack == "self-hosted")
    assert (found[0].environment is Environment.SANDBOX) is (stack == "sandbox")


LONG_PAST = {
    "ticket": "SUP-1",
    "dpa": "dpa/acme",
    "nda": "nda/acme",
    "scc": "scc/acme",
    "accessor": "arn:aws:iam::123456789012:user/ada",
    "country": "US",
    "externalId": "ticket-SUP-1",
    "source": "198.51.100.7/32",
    "begins": "2020-03-01T08:00:00Z",
    "ends": "2020-03-05T08:00:00Z",
}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (json.dumps(LONG_PAST), "ends is over: take the setting out"),
        (json.dumps(LONG_PAST | {"ends": "2020-04-05T08:00:00Z"}), "by 7 days at most"),
        ('{"ticket": "SUP-1"}', "accessor is missing"),
        ("yes", "must be an object with ticket, dpa, nda, scc"),
    ],
)
def test_diagnostic_access_without_papers_in_order_is_one_line(given: str, problem: str) -> None:
    (line,) = _problems({**SELF_HOSTED, "hedgerow:diagnosticAccess": given})
    assert line.startswith("hedgerow:diagnosticAccess")
    assert problem in line
    assert "7 days at most)" in line


def test_by_default_nobody_has_diagnostic_access() -> None:
    assert _read({**SELF_HOSTED}).diagnostic_access is None
