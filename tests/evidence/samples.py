"""Runs to report on: one with every verdict, and whatever hypothesis can think of."""

import datetime

from hypothesis import strategies as st

from evidence.results import AcceptedViolation, Origin, Place, Result, Run, Verdict

NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
BUCKET = "urn:pulumi:prod::shop::aws:s3/bucket:Bucket::uploads"
KEY = "urn:pulumi:prod::shop::aws:kms/key:Key::data"
WAIVER = AcceptedViolation(
    rule="key_rotated",
    resource=KEY,
    reason="the key is imported and rotated by hand",
    ticket="SEC-7",
    requester="platform",
    approver="security",
    approved=datetime.date(2026, 11, 20),
    expires=datetime.date(2027, 1, 31),
)


def every_verdict(**changes: object) -> Run:
    """A run of stack "prod" with a result of each verdict, changed as named."""
    results = (
        Result("bucket_versioned", BUCKET, Verdict.PASS, controls=("SH:S3.14",), promise="backup", severity="high"),
        Result(
            "bucket_encrypted_with_customer_key",
            BUCKET,
            Verdict.FAIL,
            "sse_algorithm is AES256\nFix: use a key",
            ("SH:S3.17",),
            "encryption",
            "high",
            blocking=True,
            place=Place("shop/uploads.py", 12),
        ),
        Result("bucket_requires_tls", BUCKET, Verdict.UNDETERMINED, "not known", ("SH:S3.5",), "encryption", "medium"),
        Result("key_rotated", KEY, Verdict.WAIVED, "waived until 2027-01-31", ("SH:KMS.4",), "encryption", "medium"),
        Result("trail_validated", KEY, Verdict.NOT_APPLICABLE),
    )
    run = {
        "stack": "prod",
        "origin": Origin.PREVIEW,
        "time": NOON,
        "commit": "0123abc",
        "pack": "hedgerow",
        "pack_version": "0.1.0",
        "results": results,
        "resource_types": ((BUCKET, "aws:s3/bucket:Bucket"), (KEY, "aws:kms/key:Key")),
        "waivers": (WAIVER,),
    }
    return Run(**(run | changes))  # type: ignore[arg-type]  # named by the tests


# What comes out of JSON is text without lone surrogates.
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_results = st.builds(
    Result,
    rule=st.sampled_from(["bucket_versioned", "key_rotated", "a_rule_of_another_version"]) | _texts.filter(bool),
    urn=_texts.filter(bool),
    verdict=st.sampled_from(Verdict),
    message=_texts,
    controls=st.lists(st.sampled_from(["SH:S3.17", "CIS7:3.1.4", "PH:S3-DENYSSE"]), unique=True).map(tuple),
    promise=st.sampled_from(["", "encryption", "backup"]),
    severity=st.sampled_from(["", "low", "medium", "high", "critical"]),
    blocking=st.booleans(),
    place=st.none() | st.builds(Place, path=_texts.filter(bool), line=st.integers(1, 10_000)),
)
_waivers = st.builds(
    AcceptedViolation,
    rule=_texts.filter(bool),
    resource=_texts,
    reason=_texts,
    ticket=_texts,
    requester=_texts,
    approver=_texts,
    approved=st.dates(datetime.date(2026, 1, 1), datetime.date(2030, 1, 1)),
    expires=st.dates(datetime.date(2026, 1, 1), datetime.date(2030, 1, 1)),
)
runs = st.builds(
    Run,
    stack=_texts,
    origin=st.sampled_from(Origin),
    time=st.datetimes(datetime.datetime(2020, 1, 1), datetime.datetime(2040, 1, 1), timezones=st.just(datetime.UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    commit=_texts,
    pack=_texts,
    pack_version=_texts,
    results=st.lists(_results, max_size=5).map(tuple),
    resource_types=st.lists(st.tuples(_texts.filter(bool), _texts), max_size=3).map(tuple),
    waivers=st.lists(_waivers, max_size=2).map(tuple),
    problems=st.lists(_texts.filter(bool), max_size=2).map(tuple),
)
