"""Buckets and logs: every bucket complete, and an audit trail that nobody can change for seven years."""

from typing import Any

import pulumi
import pytest

from infrastructure.key_statements import REPORT_ROLE
from infrastructure.logs import AuditTrail, AuditTrailArgs, LogGroups, access_log_bucket
from infrastructure.promises import BrokenPromise
from infrastructure.scope import Deployment, Environment, Scope
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations, build

BUCKETS = (
    "access-logs",
    "analytics-database-backups",
    "audit-archive",
    "backup-audit-reports",
    "config-archive",
    "evidence-answers",
    "evidence-archive",
    "exports",
    "load-balancer-logs",
    "session-recordings",
    "static-assets",
)
TRAIL_SCOPE = Scope("dev", ACCOUNT, "us-west-2", "us-west-1", "platform", Environment.STAGING, Deployment.CLOUD)


def _part(environment: Registrations, kind: str, bucket: str) -> Registered:
    name = environment.one("s3/bucket:Bucket", bucket).state["bucket"]
    found = [part for part in environment.of(f"s3/{kind[0].lower()}{kind[1:]}:{kind}") if part.inputs["bucket"] == name]
    assert len(found) == 1, f"{bucket} has {len(found)} {kind}"
    return found[0]


def _statements(environment: Registrations, bucket: str) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in _part(environment, "BucketPolicy", bucket).document()}


def test_there_are_exactly_the_buckets_tested_here(environment: Registrations) -> None:
    assert {bucket.name for bucket in environment.of("s3/bucket:Bucket")} == set(BUCKETS)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_every_bucket_is_versioned_closed_and_owned_by_the_account(environment: Registrations, bucket: str) -> None:
    assert _part(environment, "BucketVersioning", bucket).inputs["versioningConfiguration"] == {"status": "Enabled"}
    block = _part(environment, "BucketPublicAccessBlock", bucket).inputs
    flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert [block[flag] for flag in flags] == [True] * 4
    owner = _part(environment, "BucketOwnershipControls", bucket).inputs["rule"]
    assert owner == {"objectOwnership": "BucketOwnerEnforced"}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_every_bucket_refuses_plain_http_and_old_tls(environment: Registrations, bucket: str) -> None:
    arn = environment.one("s3/bucket:Bucket", bucket).state["arn"]
    statements = _statements(environment, bucket)
    for sid, condition in (
        ("DenyPlainHttp", {"Bool": {"aws:SecureTransport": "false"}}),
        ("DenyOldTls", {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    ):
        statement = statements[sid]
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
        assert statement["Resource"] == [arn, f"{arn}/*"]
        assert statement["Condition"] == condition


@pytest.mark.parametrize("bucket", BUCKETS)
def test_no_bucket_policy_allows_anybody_but_a_service_of_this_account(environment: Registrations, bucket: str) -> None:
    for statement in _statements(environment, bucket).values():
        if statement["Effect"] == "Allow":
            own = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{REPORT_ROLE}"}
            if statement["Principal"] != own:
                assert set(statement["Principal"]) == {"Service"}
                source = statement["Condition"].get("ArnLike", {}).get("aws:SourceArn", "")
                account = statement["Condition"].get("StringEquals", {}).get("aws:SourceAccount")
                assert (account or source.split(":")[4]) == ACCOUNT


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        ("analytics-database-backups", "backups-key"),
        ("audit-archive", "logs-key"),
        ("backup-audit-reports", "logs-key"),
        ("config-archive", "logs-key"),
        ("evidence-answers", "evidence-key"),
        ("evidence-archive", "evidence-key"),
        ("exports", "customer-data-key"),
        ("session-recordings", "customer-data-key"),
        ("static-assets", "assets-key"),
    ],
)
def test_objects_are_under_the_bucket_key_or_not_written(environment: Registrations, bucket: str, key: str) -> None:
    arn = environment.one("kms/key:Key", key).state["arn"]
    (rule,) = _part(environment, "BucketServerSideEncryptionConfiguration", bucket).inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": arn}
    assert rule["bucketKeyEnabled"] is True
    header = "s3:x-amz-server-side-encryption"
    denied = _statements(environment, bucket)
    for sid, operator, condition in (
        ("DenyOtherAlgorithms", "StringNotEquals", {header: "aws:kms"}),
        ("DenyOtherAlgorithms", "Null", {header: "false"}),
        ("DenyOtherKeys", "StringNotEquals", {f"{header}-aws-kms-key-id": arn}),
        ("DenyOtherKeys", "Null", {f"{header}-aws-kms-key-id": "false"}),
        ("DenyUnnamedKey", "Null", {header: "false", f"{header}-aws-kms-key-id": "true"}),
        ("DenyKeysOfTheCaller", "Null", {f"{header}-customer-algorithm": "false"}),
    ):
        assert denied[sid]["Effect"] == "Deny"
        assert denied[sid]["Condition"][operator] == condition


def test_access_logs_go_where_s3_can_deliver_them(environment: Registrations) -> None:
    (rule,) = _part(environment, "BucketServerSideEncryptionConfiguration", "access-logs").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    target = environment.one("s3/bucket:Bucket", "access-logs")
    assert target.inputs["objectLockEnabled"] is False
    for bucket in set(BUCKETS) - {"access-logs"}:
        logging = _part(environment, "BucketLogging", bucket).inputs
        assert logging["targetBucket"] == target.state["bucket"]
        assert logging["targetPrefix"] == f"{bucket}/"
    assert len(environment.of("s3/bucketLogging:BucketLogging")) == len(BUCKETS) - 1


@pytest.mark.parametrize("bucket", BUCKETS)
def test_every_bucket_ages_out_objects_versions_and_uploads(environment: Registrations, bucket: str) -> None:
    (rule,) = _part(environment, "BucketLifecycleConfiguration", bucket).inputs["rules"]
    assert rule["status"] == "Enabled"
    assert rule["filter"] == {"prefix": ""}
    assert rule["expiration"]["days"] > 0
    assert rule["noncurrentVersionExpiration"]["noncurrentDays"] > 0
    assert rule["abortIncompleteMultipartUpload"]["daysAfterInitiation"] <= 7


@pytest.mark.parametrize("name", ["exports", "session-recordings"])
def test_customer_objects_and_their_versions_leave_within_the_erasure_window(
    environment: Registrations, name: str
) -> None:
    (rule,) = _part(environment, "BucketLifecycleConfiguration", name).inputs["rules"]
    bucket = environment.one("s3/bucket:Bucket", name)
    assert rule["expiration"]["days"] == int(bucket.inputs["tags"]["retention-days"]) <= 30
    assert rule["noncurrentVersionExpiration"]["noncurrentDays"] < 30
    assert bucket.inputs["objectLockEnabled"] is False


@pytest.mark.parametrize("bucket", ["audit-archive", "backup-audit-reports"])
def test_an_archive_is_locked_as_long_as_it_is_kept(environment: Registrations, stack: str, bucket: str) -> None:
    (lifecycle,) = _part(environment, "BucketLifecycleConfiguration", bucket).inputs["rules"]
    lock = _part(environment, "BucketObjectLockConfiguration", bucket).inputs["rule"]["defaultRetention"]
    assert lock["days"] == lifecycle["expiration"]["days"] >= 2555
    assert lock["mode"] == ("GOVERNANCE" if stack == "sandbox" else "COMPLIANCE")
    assert environment.one("s3/bucket:Bucket", bucket).inputs["objectLockEnabled"] is True


def test_nobody_but_the_trail_writes_the_archive_and_nobody_deletes(environment: Registrations) -> None:
    statements = _statements(environment, "audit-archive")
    (trail,) = environment.of("cloudtrail/trail:Trail")
    trail_arn = f"arn:aws:cloudtrail:us-west-2:{ACCOUNT}:trail/{trail.inputs['name']}"
    for sid in ("CloudTrailChecksOwnership", "CloudTrailWrites"):
        assert statements[sid]["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert statements[sid]["Condition"]["StringEquals"]["aws:SourceArn"] == trail_arn
    assert statements["CloudTrailWrites"]["Resource"].endswith(f"/AWSLogs/{ACCOUNT}/*")
    assert statements["NobodyElseWrites"]["Condition"] == {
        "StringNotEqualsIfExists": {"aws:PrincipalServiceName": "cloudtrail.amazonaws.com"}
    }
    assert {"s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"} <= set(statements["NobodyDeletes"]["Action"])
    assert "Condition" not in statements["NobodyDeletes"]


def test_the_trail_sees_all_regions_and_can_be_verified(environment: Registrations) -> None:
    (trail,) = environment.of("cloudtrail/trail:Trail")
    for flag in ("isMultiRegionTrail", "includeGlobalServiceEvents", "enableLogging", "enableLogFileValidation"):
        assert trail.inputs[flag] is True
    archive = environment.one("s3/bucket:Bucket", "audit-archive")
    assert trail.inputs["s3BucketName"] == archive.state["bucket"]
    group = environment.one("cloudwatch/logGroup:LogGroup", "audit-log-group")
    assert trail.inputs["cloudWatchLogsGroupArn"] == f"{group.state['arn']}:*"
    role = environment.one("iam/role:Role", "audit-delivery-role")
    assert trail.inputs["cloudWatchLogsRoleArn"] == role.state["arn"]


def test_the_trail_records_management_events_and_every_bucket_of_customer_data(environment: Registrations) -> None:
    (trail,) = environment.of("cloudtrail/trail:Trail")
    management, data = trail.inputs["advancedEventSelectors"]
    assert management["fieldSelectors"] == [{"field": "eventCategory", "equals": ["Management"]}]
    fields = {selector["field"]: selector for selector in data["fieldSelectors"]}
    assert set(fields) == {"eventCategory", "resources.type", "resources.ARN"}, "reads and writes alike"
    customer = [bucket for bucket in environment.of("s3/bucket:Bucket") if "gdpr-role" in bucket.inputs["tags"]]
    assert set(fields["resources.ARN"]["startsWiths"]) == {f"{bucket.state['arn']}/" for bucket in customer}


def test_log_groups_are_kept_for_over_a_year_and_hard_to_delete(environment: Registrations, stack: str) -> None:
    groups = environment.of("cloudwatch/logGroup:LogGroup")
    assert len(groups) == 12
    for group in groups:
        assert 365 <= group.inputs["retentionInDays"] <= 400
        assert group.inputs["deletionProtectionEnabled"] is (stack != "sandbox")


@pytest.mark.parametrize("days", [2554, 0, 3651])
def test_a_trail_kept_for_less_than_seven_years_is_refused(days: int) -> None:
    def program() -> None:
        groups = LogGroups(TRAIL_SCOPE, pulumi.Output.from_input("key"))
        AuditTrail("audit", AuditTrailArgs(TRAIL_SCOPE, groups, access_log_bucket(TRAIL_SCOPE), (), days))

    with pytest.raises(BrokenPromise, match=r"must be from 2555 to 3650 .*7 years"):
        build(program)


def _service_roles(environment: Registrations) -> list[Registered]:
    """The roles that neither people nor pipelines take, nor anything of the cluster's."""
    others = [role for role in environment.of("iam/role:Role") if "access-tier" not in role.inputs["tags"]]
    return [role for role in others if role.inputs["tags"]["service"] != "cluster"]


def test_roles_get_no_wildcard_and_trust_one_service(environment: Registrations) -> None:
    roles = _service_roles(environment)
    for role in roles:
        (trust,) = role.document("assumeRolePolicy")
        assert set(trust["Principal"]) == {"Service"}
        assert isinstance(trust["Principal"]["Service"], str)
    names = {role.state["name"] for role in roles if role.name != "analytics-database-node-role"}
    policies = [one for one in environment.of("iam/rolePolicy:RolePolicy") if one.inputs["role"] in names]
    assert policies
    for policy in policies:
        for statement in policy.document():
            assert "*" not in str(statement["Action"])
            assert statement["Resource"] != "*" or statement["Sid"] == "MakesValuesAndTracesAndRunsInTheVpc"


def test_services_that_say_for_whom_they_act_are_trusted_for_this_account_alone(environment: Registrations) -> None:
    silent = {"backup.amazonaws.com", "cloudtrail.amazonaws.com", "ec2.amazonaws.com", "lambda.amazonaws.com"}
    for role in _service_roles(environment):
        (trust,) = role.document("assumeRolePolicy")
        if trust["Principal"]["Service"] not in silent:
            assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
            assert f":{ACCOUNT}:" in trust["Condition"]["ArnLike"]["aws:SourceArn"]
