"""The live check tells what is true of an account, asks and changes nothing, and takes no silence for a pass."""

import datetime
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.stub import Stubber

from evidence import live
from evidence.live import backups
from evidence.live.account import Account, NotAQuestionError
from evidence.live.checks import CHECKS, answer
from evidence.results import Origin, Result, Run, Verdict
from evidence.rules import name_of
from policy_pack.catalogue import requirements

REGIONS = ("us-west-2", "us-west-1")
NOW = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)


@pytest.fixture
def session(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """Credentials of an account in which nothing has been made."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    return boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGIONS[0])


def asked(session: boto3.Session) -> Run:
    return live.ask(session, REGIONS, stack="prod", commit="0123abc", now=NOW)


def verdicts(run: Run, check: str) -> dict[str, Verdict]:
    return {result.urn: result.verdict for result in run.results if result.rule == check}


def results_of(check: str, account: Account) -> list[Result]:
    (found,) = [each for each in CHECKS if each.id == check]
    return list(answer(found, account))


def test_every_check_bears_controls_of_the_catalogue() -> None:
    known = {control for requirement in requirements() for control in requirement.controls}
    assert {control for check in CHECKS for control in check.controls} <= known
    assert all(check.controls and check.look.__doc__ for check in CHECKS)
    assert len({check.id for check in CHECKS}) == len(CHECKS)


def test_a_new_account_keeps_next_to_nothing(session: boto3.Session) -> None:
    run = asked(session)
    assert run.origin is Origin.LIVE
    for check in (
        "root_user_has_hardware_mfa",
        "a_trail_logs_everywhere",
        "configuration_recorded",
        "threats_are_looked_for",
        "volumes_encrypted_by_default",
        "account_blocks_public_buckets",
        "password_policy_strong",
        "metadata_asks_for_a_token",
        "restores_were_tested",
    ):
        assert Verdict.PASS not in verdicts(run, check).values(), check
        assert verdicts(run, check), check


def test_the_same_account_answers_alike(session: boto3.Session) -> None:
    assert asked(session) == asked(session)


def test_a_stopped_trail_is_no_trail(session: boto3.Session) -> None:
    s3, trails = session.client("s3"), session.client("cloudtrail")
    s3.create_bucket(Bucket="trail", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    arn = trails.create_trail(Name="all", S3BucketName="trail", IsMultiRegionTrail=True)["TrailARN"]
    assert verdicts(asked(session), "a_trail_logs_everywhere") == {arn: Verdict.FAIL}
    trails.start_logging(Name=arn)
    assert verdicts(asked(session), "a_trail_logs_everywhere") == {arn: Verdict.PASS}


def test_a_key_of_awss_is_not_ours(session: boto3.Session) -> None:
    ours = session.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3 = session.client("s3")
    expected = {}
    for name, key in (("ours", ours), ("theirs", "alias/aws/s3"), ("none", None)):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
        s3.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
        )
        expected[f"arn:aws:s3:::{name}"] = Verdict.PASS if name == "ours" else Verdict.FAIL
    assert verdicts(asked(session), "buckets_encrypted_under_our_keys") == expected


def test_an_alarm_needs_somebody_who_confirmed(session: boto3.Session) -> None:
    topic = session.client("sns").create_topic(Name="alarms")["TopicArn"]
    session.client("cloudwatch").put_metric_alarm(
        AlarmName="root",
        AlarmActions=[topic],
        MetricName="root",
        Namespace="trail",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    assert set(verdicts(asked(session), "alarms_are_heard").values()) == {Verdict.FAIL}
    session.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="security@hedgerow.example")
    assert set(verdicts(asked(session), "alarms_are_heard").values()) == {Verdict.PASS}


def test_a_tagged_resource_elsewhere_is_named(session: boto3.Session) -> None:
    session.client("kms", region_name="eu-west-1").create_key(Tags=[{"TagKey": "a", "TagValue": "b"}])
    (found,) = [
        result
        for result in asked(session).results
        if result.rule == "nothing_outside_us_west" and result.verdict is Verdict.FAIL
    ]
    assert "eu-west-1" in found.urn
    assert "arn:aws:kms:eu-west-1" in found.message


def test_credentials_grow_old(session: boto3.Session) -> None:
    iam = session.client("iam")
    iam.create_user(UserName="ci")
    iam.create_access_key(UserName="ci")
    arn = iam.get_user(UserName="ci")["User"]["Arn"]
    made = datetime.datetime.now(tz=datetime.UTC)
    for days, verdict in ((0, Verdict.PASS), (91, Verdict.FAIL)):
        account = Account(session, REGIONS, made + datetime.timedelta(days=days, minutes=1))
        (found,) = results_of("access_keys_rotated", account)
        assert (found.urn, found.verdict) == (arn, verdict)


def test_a_region_s_settings_are_told_apart_by_their_region(session: boto3.Session) -> None:
    account = Account(session, REGIONS, NOW)
    names = [name_of(account.in_region("ec2", region)) for region in REGIONS]
    assert names == ["settings in us-west-2", "settings in us-west-1"]
    assert name_of("arn:aws:s3:::settings") == "settings", "a bucket of that name"


def test_nothing_but_questions_is_sent(session: boto3.Session) -> None:
    account = Account(session, REGIONS, NOW)
    with pytest.raises(NotAQuestionError, match="CreateKey"):
        account.ask("kms", "create_key")
    assert list(account.list("kms", "list_keys", "Keys")) == []


def refuse(code: str, status: int, times: int = 1_000) -> Any:
    """A handler that answers requests with an error, so many times."""
    left = [times]

    def answer_instead(request: Any, **_: Any) -> AWSResponse | None:
        if not left[0]:
            return None
        left[0] -= 1
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>".encode()

        class Raw:
            def stream(self, **_: Any) -> Iterator[bytes]:
                yield body

        return AWSResponse(request.url, status, {"content-type": "text/xml"}, Raw())

    return answer_instead


def test_what_may_not_be_asked_is_undetermined(session: boto3.Session) -> None:
    session.events.register("before-send.iam", refuse("AccessDenied", 403))
    run = asked(session)
    refused = [result for result in run.results if result.rule in {"root_user_locked_away", "password_policy_strong"}]
    assert {result.verdict for result in refused} == {Verdict.UNDETERMINED}
    assert "AccessDenied" in refused[0].message
    assert verdicts(run, "configuration_recorded")


def test_throttling_is_waited_out(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    session.events.register("before-send.iam", refuse("Throttling", 400, times=4))
    account = Account(session, REGIONS, NOW)
    assert "SummaryMap" in account.ask("iam", "get_account_summary")


def test_every_page_is_read(session: boto3.Session) -> None:
    iam = session.client("iam")
    for number in range(130):  # IAM answers with at most 100 a page
        iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument="{}")
    account = Account(session, REGIONS, NOW)
    assert len(list(account.list("iam", "list_roles", "Roles"))) == 130


STORE = "arn:aws:rds:us-west-2:123456789012:cluster:orders"


@pytest.mark.parametrize(
    ("hours", "status", "verdict"),
    [(3, "COMPLETED", Verdict.PASS), (30, "COMPLETED", Verdict.FAIL), (3, "PARTIAL", Verdict.FAIL)],
)
def test_a_backup_is_a_recovery_point_of_today(
    session: boto3.Session, hours: int, status: str, verdict: Verdict
) -> None:
    """The emulator runs no backup jobs: the answers are written by hand, and held against AWS's model of them."""
    account = Account(session, REGIONS, NOW)
    with Stubber(account._client("backup", "")) as backup:
        backup.add_response("list_protected_resources", {"Results": [{"ResourceArn": STORE}]})
        point = {"CreationDate": NOW - datetime.timedelta(hours=hours), "Status": status}
        backup.add_response("list_recovery_points_by_resource", {"RecoveryPoints": [point]}, {"ResourceArn": STORE})
        (found,) = results_of("backups_ran_within_the_day", account)
        backup.assert_no_pending_responses()
    assert (found.urn, found.verdict) == (STORE, verdict)


@pytest.mark.parametrize(("region", "verdict"), [("us-west-1", Verdict.PASS), ("us-west-2", Verdict.FAIL)])
def test_a_copy_counts_in_the_second_region_only(session: boto3.Session, region: str, verdict: Verdict) -> None:
    account = Account(session, REGIONS, NOW)
    with Stubber(account._client("backup", "")) as backup:
        vault = f"arn:aws:backup:{region}:123456789012:backup-vault:copies"
        job = {"ResourceArn": STORE, "State": "COMPLETED", "DestinationBackupVaultArn": vault}
        backup.add_response("list_copy_jobs", {"CopyJobs": [job]})
        backup.add_response("list_protected_resources", {"Results": [{"ResourceArn": STORE}]})
        (found,) = results_of("copies_arrive_in_the_second_region", account)
    assert found.verdict is verdict


@pytest.mark.parametrize(
    ("jobs", "verdict"),
    [
        ([], Verdict.FAIL),
        ([("COMPLETED", True)], Verdict.PASS),
        ([("COMPLETED", False)], Verdict.FAIL),
        ([("FAILED", True)], Verdict.FAIL),
        ([("FAILED", True), ("COMPLETED", True)], Verdict.PASS),
    ],
)
def test_a_restore_counts_if_a_plan_tested_it_and_it_worked(
    session: boto3.Session, jobs: list[tuple[str, bool]], verdict: Verdict
) -> None:
    account = Account(session, REGIONS, NOW)
    plan = "arn:aws:backup:us-west-2:123456789012:restore-testing-plan:quarterly"
    with Stubber(account._client("backup", "")) as backup:
        answers = [
            {"Status": status, "ResourceType": "RDS"} | ({"CreatedBy": {"RestoreTestingPlanArn": plan}} if test else {})
            for status, test in jobs
        ]
        since = {"ByCreatedAfter": NOW - backups.RESTORE_TEST}
        backup.add_response("list_restore_jobs", {"RestoreJobs": answers}, since)
        (found,) = results_of("restores_were_tested", account)
    assert found.verdict is verdict


def test_a_message_holds_nothing_that_changes_from_try_to_try() -> None:
    from evidence.live.checks import one_line

    error = json.loads(json.dumps("An error occurred (X): no (Request ID: 4e5f-aa)\n twice"))
    assert one_line(RuntimeError(error)) == "An error occurred (X): no twice"
