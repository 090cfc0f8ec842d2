"""What weakens our own environment is noticed, or listed with the reason why not.

The suite weakens one resource of each kind; `make mutation` weakens all.
"""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.mutation import survivors
from tests.mutation.environment import Stack, Survivor, Weakening, survives, weakenings

# Built once, in one process, and for a busy machine a long time.
pytestmark = [pytest.mark.xdist_group("mutation"), pytest.mark.timeout(900)]
Kinds = dict[Survivor, list[tuple[Weakening, tuple[Stack, ...]]]]


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    found: Kinds = defaultdict(list)
    for weakening, moments in weakenings():
        found[weakening.kind].append((weakening, moments))
    return found


def test_no_weakening_survives_that_is_not_listed(kinds: Kinds) -> None:
    rows = survivors.read()
    unlisted = [kind for kind in kinds if not any(row.covers(kind) for row in rows)]
    assert len(unlisted) > 300
    assert [kind for kind in unlisted if survives(*kinds[kind][0])] == []


def test_no_survivor_is_listed_that_is_noticed(kinds: Kinds) -> None:
    """A row whose weakenings are all noticed, or are there no more, would hide the next that survives."""
    stale = [
        row
        for row in survivors.read()
        if not any(survives(*one) for kind, all_of_it in kinds.items() if row.covers(kind) for one in all_of_it)
    ]
    assert stale == []


def test_an_account_left_open_is_noticed_and_named(kinds: Kinds) -> None:
    """The proof itself can fail: what is known to be noticed is, and what changes nothing is not."""
    block = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    weakening, moments = kinds[Survivor(block, "blockPublicPolicy", "flipped")][0]
    assert not survives(weakening, moments)
    assert not any(moment.notices(weakening.urn, weakening.path, True) for moment in moments)  # noqa: FBT003
