"""Files of customers and static assets: how long each is kept, and who reads what everybody sees."""

import dataclasses

import pytest

from infrastructure.customer_files import EXPORTS, RECORDINGS, CustomerFilesArgs, Kind
from infrastructure.promises import BrokenPromise
from tests.infrastructure.mocks import ACCOUNT, Registrations


def test_an_edge_of_the_account_reads_assets_and_nobody_else(environment: Registrations) -> None:
    bucket = environment.one("s3/bucket:Bucket", "static-assets").state["bucket"]
    (policy,) = [each for each in environment.of("s3/bucketPolicy:BucketPolicy") if each.inputs["bucket"] == bucket]
    (reads,) = [each for each in policy.document() if each["Effect"] == "Allow"]
    assert (reads["Principal"], reads["Action"]) == ({"Service": "cloudfront.amazonaws.com"}, "s3:GetObject")
    conditions = {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/*"},
    }
    assert reads["Condition"] == conditions
    (decrypts,) = [
        each
        for each in environment.one("kms/key:Key", "assets-key").document()
        if each["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    ]
    assert (decrypts["Action"], decrypts["Condition"]) == ("kms:Decrypt", conditions)


def test_assets_are_public_data_in_a_private_bucket_under_a_key_of_their_own(environment: Registrations) -> None:
    tags = environment.one("s3/bucket:Bucket", "static-assets").inputs["tags"]
    assert tags["data-class"] == "public"
    assert "gdpr-role" not in tags
    assert environment.one("kms/key:Key", "assets-key").inputs["tags"]["data-class"] == "public"


def test_the_key_of_customer_data_serves_no_edge(environment: Registrations) -> None:
    assert "cloudfront" not in environment.one("kms/key:Key", "customer-data-key").inputs["policy"]


@pytest.mark.parametrize("kind", [RECORDINGS, EXPORTS])
@pytest.mark.parametrize(("name", "days"), [("kept_days", 31), ("kept_days", 0), ("noncurrent_days", 30)])
def test_files_of_customers_kept_past_the_erasure_window_are_refused(kind: Kind, name: str, days: int) -> None:
    names = [field.name for field in dataclasses.fields(CustomerFilesArgs)]
    good = dict.fromkeys(names) | {"kind": kind, "kept_days": 7, "noncurrent_days": 7}
    with pytest.raises(BrokenPromise, match=kind.setting if name == "kept_days" else name) as refused:
        CustomerFilesArgs(**good | {name: days})  # type: ignore[arg-type] # only the kind and the numbers are looked at
    assert "Data Deletion" in str(refused.value)
