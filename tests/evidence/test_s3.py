"""A store in S3: what it holds, that it is locked, and what in it is no bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from evidence.history import history_sql
from tests.evidence.stores import URL, Collect, Run, answer, keys


def test_s3_keeps_bundles_verifies_and_answers(run: Run, bucket: Any, collect_into: Collect, key: Path) -> None:
    first, second = collect_into(URL), collect_into(URL)
    assert (first.rpartition("/")[0], second.rpartition("/")[0]) == (f"{URL}/bundles", f"{URL}/bundles")
    code, printed, told = run("verify", URL, "--key", key.with_suffix(".pub.pem"))
    assert (code, printed.count("verified"), told) == (0, 2, "")
    assert run("verify", second, "--key", key.with_suffix(".pub.pem"))[0] == 0
    assert [row[0] for row in answer(URL, history_sql("stack"))[1]] == ["dev", "prod"]
    rows = [path for path in keys(bucket) if path.startswith("of/stacks/results/")]
    assert len(rows) == 4, "Athena's table has a file for each run of each bundle"
    assert all(
        path.startswith(("of/stacks/results/stack=dev/day=", "of/stacks/results/stack=prod/day=")) for path in rows
    )


def test_what_is_stored_is_locked(bucket: Any, collect_into: Collect) -> None:
    collect_into(URL)
    for version in bucket.list_object_versions(Bucket="evidence")["Versions"]:
        one = {"Bucket": "evidence", "Key": version["Key"], "VersionId": version["VersionId"]}
        assert bucket.head_object(**one)["ObjectLockMode"] == "COMPLIANCE"
        with pytest.raises(ClientError, match="AccessDenied"):
            bucket.delete_object(**one)


def test_a_bucket_without_object_lock_is_told(
    bucket: Any, collect_into: Collect, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.create_bucket(Bucket="open", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    collect_into("s3://open")
    assert "open has no Object Lock" in capsys.readouterr().err
    collect_into(URL)
    assert "Object Lock" not in capsys.readouterr().err


def test_a_link_of_the_chain_that_names_anything_else_is_one_line(
    bucket: Any, collect_into: Collect, key: Path, run: Run
) -> None:
    collect_into(URL)
    for said in ("../../000002-20261124T115732Z-5e55bdc6", "000003-20261124T115732Z-5e55bdc6", ""):
        bucket.put_object(Bucket="evidence", Key="of/stacks/chain/000002", Body=said.encode())
        code, _, told = run("history", URL)
        assert (code, told) == (1, "error: s3://evidence/of/stacks/chain/000002 is no link of a chain\n")
    bucket.put_object(Bucket="evidence", Key="of/stacks/chain/000002", Body=b"000002-20261124T115732Z-5e55bdc6")
    told = run("verify", URL, "--key", key.with_suffix(".pub.pem"))[2]
    assert told == f"error: {URL} holds no bundle 000002-20261124T115732Z-5e55bdc6\n"


def test_what_was_flipped_in_s3_is_found(bucket: Any, collect_into: Collect, key: Path, run: Run) -> None:
    collect_into(URL)
    name = next(name for name in keys(bucket) if name.endswith(".csv"))
    data = bytearray(bucket.get_object(Bucket="evidence", Key=name)["Body"].read())
    data[0] ^= 1
    bucket.put_object(Bucket="evidence", Key=name, Body=bytes(data))
    assert run("verify", URL, "--key", key.with_suffix(".pub.pem"))[0] == 1


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_is_one_line(run: Run) -> None:
    code, _, told = run("history", "s3://nowhere")
    assert (code, told.count("\n")) == (1, 1)
    assert "s3://nowhere" in told
