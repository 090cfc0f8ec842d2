"""Summaries to render and to post."""

from __future__ import annotations

from pipeline.summary import Change, Finding, Outcome, Summary


def finding(**changes: object) -> Finding:
    """A violation that blocks, changed as named."""
    values = {
        "rule": "bucket_versioned",
        "verdict": "fail",
        "severity": "high",
        "blocking": True,
        "type": "aws:s3/bucket:Bucket",
        "name": "exports",
        "message": "versioning is not enabled",
        "fix": "give the bucket an aws.s3.BucketVersioning",
        "path": "shop/stores.py",
        "line": 7,
    }
    return Finding(**(values | changes))  # type: ignore[arg-type]  # named by the tests


def summary(**changes: object) -> Summary:
    """A blocked stack with one change and one violation, changed as named."""
    values = {
        "stack": "prod",
        "commit": "c0ffee",
        "outcome": Outcome.BLOCKED,
        "verdicts": {"fail": 1, "pass": 12},
        "changes": (Change("create", "aws:s3/bucket:Bucket", "exports"),),
        "findings": (finding(),),
        "problems": (),
    }
    return Summary(**(values | changes))  # type: ignore[arg-type]  # named by the tests
