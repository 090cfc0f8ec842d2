"""What the comment says, and that nothing a program chose can say more than text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipeline.markdown import LIMIT, MARKER, code, render
from pipeline.summary import Change, Outcome
from tests.pipeline.samples import finding, summary

HOSTILE = (
    "` @everyone <img src=x onerror=alert(1)> [a](https://evil.example) ``` \n\n"
    "# heading\n<!-- x --> www.evil.example #1"
)
RULES = "https://github.example/hedgerow/docs/rules.md"


def tokens(text: str) -> list[Token]:
    parser = MarkdownIt("commonmark", {"html": True})
    return [child for token in parser.parse(text) for child in [token, *(token.children or ())]]


def test_it_says_what_changes_what_blocks_and_how_to_mend_it() -> None:
    text = render([summary()], rules_url=RULES)
    assert text.startswith(MARKER)
    assert "- `prod`: ⛔ blocked by the policy pack" in text
    assert f"[`bucket_versioned`]({RULES}#bucket_versioned) (`fail`) on `aws:s3/bucket:Bucket` `exports`" in text
    assert "at `shop/stores.py:7`" in text
    assert "`versioning is not enabled`" in text
    assert "Fix: `give the bucket an aws.s3.BucketVersioning`" in text
    assert "**Changes**: 1 create" in text
    assert "create `aws:s3/bucket:Bucket` `exports`" in text


def test_a_stack_of_which_nothing_arrived_is_named_and_does_not_pass() -> None:
    text = render([summary(outcome=Outcome.PASSED, findings=())], missing=["us-west-prod"])
    assert "`us-west-prod`: ❓ no preview arrived" in text
    assert "`prod`: ✅" in text


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_a_stack_that_passed_is_said_to_be_fine(outcome: Outcome) -> None:
    assert ("✅" in render([summary(outcome=outcome)])) == (outcome is Outcome.PASSED)


def test_what_is_not_known_yet_is_counted_and_hides_no_change() -> None:
    unknown = tuple(finding(verdict="undetermined", blocking=False, name=f"b{number}") for number in range(30))
    text = render([summary(outcome=Outcome.PASSED, findings=unknown)], rules_url=RULES)
    assert f"- [`bucket_versioned`]({RULES}#bucket_versioned): 30 results" in text
    assert "judged again then (30)" in text
    assert text.index("**Changes**") < text.index("**Not known")


def test_what_is_undetermined_and_blocks_is_told_like_a_violation() -> None:
    text = render([summary(findings=(finding(verdict="undetermined"),))])
    assert "**Blocks** (1)" in text
    assert "`bucket_versioned` (`undetermined`) on `aws:s3/bucket:Bucket` `exports`" in text


def test_many_changes_are_counted_in_full_and_listed_in_part() -> None:
    changes = tuple(Change("create", "aws:s3/bucket:Bucket", f"b{number}") for number in range(70))
    text = render([summary(changes=changes)])
    assert "**Changes**: 70 create" in text
    assert "- and 20 more" in text


def test_problems_are_told() -> None:
    assert "- not judged: `the log was cut off`" in render([summary(problems=("the log was cut off",))])


@given(st.text(max_size=80) | st.sampled_from([HOSTILE, "`", "``", "` `", " ", "", "\\", "a`", "`a"]))
def test_whatever_a_text_holds_it_is_one_code_span(text: str) -> None:
    inline = MarkdownIt("commonmark").parse(f"- {code(text)}")
    children = next(token for token in inline if token.type == "inline").children or []
    assert [child.type for child in children] == ["code_inline"]
    assert "\n" not in code(text)


@given(st.text(max_size=60).map(lambda text: text + HOSTILE) | st.just(HOSTILE))
def test_a_hostile_program_adds_no_markup_mention_or_link(text: str) -> None:
    hostile = finding(rule=text, verdict=text, type=text, name=text, message=text, fix=text, path=text)
    page = render(
        [
            summary(
                stack=text,
                commit=text,
                verdicts={text: 1},
                changes=(Change(text, text, text),),
                findings=(hostile,),
                problems=(text,),
            )
        ],
        missing=[text],
        rules_url=RULES,
    )
    found = tokens(page)
    assert [token.content.strip() for token in found if token.type in ("html_block", "html_inline")] == [MARKER]
    assert not [token for token in found if token.type in ("link_open", "image", "fence", "code_block")]
    assert len([token for token in found if token.type == "heading_open"]) == 2
    told = "".join(token.content for token in found if token.type == "text")
    assert not re.search(r"@|evil|https?:|www\.|#1", told)


def test_characters_that_turn_the_direction_of_text_are_spelled_out() -> None:
    assert code("a\u202eb\x1b[31m") == "`a\\u202eb\\x1b[31m`"


def test_a_long_comment_keeps_what_blocks_and_counts_what_it_leaves_out() -> None:
    many = tuple(finding(name=f"bucket-{number}", message="é" * 500) for number in range(2_000))
    changes = tuple(Change("create", "aws:s3/bucket:Bucket", f"b{number}") for number in range(500))
    text = render([summary(findings=many, changes=changes)])
    assert len(text.encode()) <= LIMIT
    assert "**Blocks** (2,000)" in text
    assert "`bucket-0`" in text
    assert re.search(r"^[\d,]+ more entries are in the job's summary files\.$", text, re.MULTILINE)
    assert not [token for token in tokens(text) if token.type == "html_inline"]


def test_a_message_of_many_lines_is_cut_and_says_so() -> None:
    text = render([summary(findings=(finding(message="\n".join(f"line {number}" for number in range(30))),))])
    assert "`line 3`" in text
    assert "`line 4`" not in text
    assert "and 26 more of the kind" in text
