"""The evidence store: nobody changes it, one role signs and writes, the auditor can ask and verify."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from evidence.results import Result, Run
from infrastructure.evidence import EvidenceStoreArgs
from infrastructure.evidence_tables import PARTITIONS, RESULT_COLUMNS
from infrastructure.promises import BrokenPromise
from tests.infrastructure.mocks import ACCOUNT, Registered, Registrations

COLLECT, AUDITOR = "collect", "auditor"


def _role(stack: str, purpose: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/hedgerow-{stack}/hedgerow-{stack}-{purpose}"


def _table(environment: Registrations) -> Registered:
    return environment.one("glue/catalogTable:CatalogTable", "evidence-results")


def _statements(environment: Registrations, suffix: str, name: str) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in environment.one(suffix, name).document()}


def test_evidence_is_locked_as_long_as_it_is_kept(environment: Registrations, stack: str) -> None:
    lock = environment.one("s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "evidence-archive-lock")
    lifecycle = environment.one(
        "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "evidence-archive-lifecycle"
    )
    retention, (rule,) = lock.inputs["rule"]["defaultRetention"], lifecycle.inputs["rules"]
    assert retention == {"mode": "GOVERNANCE" if stack == "sandbox" else "COMPLIANCE", "days": 2555}
    assert rule["expiration"]["days"] == 2555


def test_only_the_collector_writes_evidence_and_nobody_deletes_it(environment: Registrations, stack: str) -> None:
    statements = _statements(environment, "s3/bucketPolicy:BucketPolicy", "evidence-archive-policy")
    assert statements["NobodyElseWrites"]["Effect"] == "Deny"
    assert statements["NobodyElseWrites"]["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": _role(stack, COLLECT)}}
    assert "s3:DeleteObjectVersion" in statements["NobodyDeletes"]["Action"]
    assert "Condition" not in statements["NobodyDeletes"]


def test_the_signing_key_is_asymmetric_and_the_collector_alone_signs(environment: Registrations, stack: str) -> None:
    key = environment.one("kms/key:Key", "evidence-signing-key")
    assert (key.inputs["keyUsage"], key.inputs["customerMasterKeySpec"]) == ("SIGN_VERIFY", "ECC_NIST_P256")
    who: dict[str, set[str]] = {}
    for statement in key.document():
        for action in statement["Action"]:
            allowed = statement.get("Condition", {}).get("ArnEquals", {}).get("aws:PrincipalArn", ["administrators"])
            who.setdefault(action, set()).update(allowed)
    assert who["kms:Sign"] == {_role(stack, COLLECT)}
    assert who["kms:GetPublicKey"] == {_role(stack, COLLECT), _role(stack, AUDITOR)}


def test_the_pipeline_knows_the_bucket_by_stack_and_account(environment: Registrations, stack: str) -> None:
    bucket = environment.one("s3/bucket:Bucket", "evidence-archive")
    assert bucket.inputs["bucket"] == f"hedgerow-{stack}-evidence-{ACCOUNT}"
    workflow = (Path(__file__).parents[2] / ".github/workflows/evidence.yml").read_text()
    assert 's3://hedgerow-$STACK-evidence-$ACCOUNT"' in workflow


def test_the_collector_adds_to_the_chain_and_to_the_rows(environment: Registrations) -> None:
    statements = _statements(environment, "iam/policy:Policy", "collect-evidence")
    written = {resource.partition("/")[2] for resource in statements["WritesEvidence"]["Resource"]}
    assert (written, statements["WritesEvidence"]["Action"]) == (
        {"bundles/*", "chain/*", "results/*"},
        ["s3:PutObject"],
    )
    assert statements["ContinuesChain"]["Action"] == ["s3:GetObject"]


def test_a_link_of_the_chain_is_written_once_whoever_writes(environment: Registrations) -> None:
    once = _statements(environment, "s3/bucketPolicy:BucketPolicy", "evidence-archive-policy")[
        "NobodyGivesANumberTwice"
    ]
    assert (once["Effect"], once["Principal"], once["Action"]) == ("Deny", "*", "s3:PutObject")
    assert once["Resource"].endswith("/chain/*")
    assert once["Condition"] == {"Null": {"s3:if-none-match": "true"}}


def test_the_auditor_asks_and_verifies_and_can_neither_sign_nor_write_evidence(environment: Registrations) -> None:
    statements = _statements(environment, "iam/policy:Policy", "auditor-evidence").values()
    granted = {action for statement in statements for action in statement["Action"]}
    assert {"athena:StartQueryExecution", "glue:GetTable", "kms:GetPublicKey", "s3:GetObject"} <= granted
    assert not {"kms:Sign", "s3:DeleteObject"} & granted
    (writing,) = [statement for statement in statements if "s3:PutObject" in statement["Action"]]
    answers = environment.one("s3/bucket:Bucket", "evidence-answers").state["arn"]
    assert writing["Resource"] == f"{answers}/*"
    for statement in statements:
        assert "*" not in str(statement["Action"])
        assert statement["Resource"] != "*"


def test_a_workgroup_decides_where_answers_go_and_how_much_is_read(environment: Registrations) -> None:
    (workgroup,) = environment.of("athena/workgroup:Workgroup")
    configuration = workgroup.inputs["configuration"]
    answers = environment.one("s3/bucket:Bucket", "evidence-answers").state["bucket"]
    key = environment.one("kms/key:Key", "evidence-key").state["arn"]
    assert configuration["enforceWorkgroupConfiguration"] is True
    assert configuration["publishCloudwatchMetricsEnabled"] is True
    assert 10 * 1024**2 <= configuration["bytesScannedCutoffPerQuery"] <= 100 * 1024**3
    assert configuration["resultConfiguration"] == {
        "outputLocation": f"s3://{answers}/",
        "expectedBucketOwner": ACCOUNT,
        "encryptionConfiguration": {"encryptionOption": "SSE_KMS", "kmsKeyArn": key},
    }


def test_answers_are_gone_within_days(environment: Registrations) -> None:
    lifecycle = environment.one(
        "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "evidence-answers-lifecycle"
    )
    (rule,) = lifecycle.inputs["rules"]
    assert rule["expiration"]["days"] <= 7


def test_the_table_holds_every_fact_of_a_result_and_its_run(environment: Registrations) -> None:
    """What evidence/ writes and what Athena reads must not drift apart."""
    result = {field.name for field in dataclasses.fields(Result)} - {"place"} | {"path", "line"}
    run = {field.name for field in dataclasses.fields(Run)} - {"results", "resource_types", "waivers", "problems"}
    columns = {column["name"]: column["type"] for column in _table(environment).inputs["storageDescriptor"]["columns"]}
    assert set(columns) == (result | run) - {"stack"}
    assert columns == RESULT_COLUMNS
    assert (columns["controls"], columns["blocking"], columns["time"]) == ("array<string>", "boolean", "timestamp")


def test_partitions_are_projected_from_the_path_and_are_no_columns(environment: Registrations) -> None:
    table = _table(environment).inputs
    bucket = environment.one("s3/bucket:Bucket", "evidence-archive").state["bucket"]
    keys = [key["name"] for key in table["partitionKeys"]]
    assert keys == list(PARTITIONS) == ["stack", "day"]
    assert not set(keys) & set(RESULT_COLUMNS), "Glue refuses a column that is a partition too"
    parameters = table["parameters"]
    assert parameters["projection.enabled"] == "true"
    template = parameters["storage.location.template"]
    assert template == f"s3://{bucket}/results/stack=${{stack}}/day=${{day}}/"
    assert {re.sub(r"projection\.(\w+)\.type", r"\1", key) for key in parameters if key.endswith(".type")} == set(keys)
    assert table["storageDescriptor"]["location"] == f"s3://{bucket}/results/"


def test_the_catalogue_is_encrypted_before_anything_is_in_it(environment: Registrations) -> None:
    (settings,) = environment.of("glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings")
    key = environment.one("kms/key:Key", "evidence-key").state["arn"]
    at_rest = settings.inputs["dataCatalogEncryptionSettings"]["encryptionAtRest"]
    assert at_rest == {"catalogEncryptionMode": "SSE-KMS", "sseAwsKmsKeyId": key}
    order = [resource.name for resource in environment.aws()]
    assert order.index(settings.name) < order.index("evidence-database") < order.index("evidence-results")


@pytest.mark.parametrize("days", [2554, 3651])
def test_evidence_kept_for_less_than_seven_years_is_refused(days: int) -> None:
    names = [field.name for field in dataclasses.fields(EvidenceStoreArgs)]
    with pytest.raises(BrokenPromise, match=r"evidence retention_days is \d+: must be from 2555"):
        EvidenceStoreArgs(**dict.fromkeys(names) | {"retention_days": days})  # type: ignore[arg-type]
