"""What the report says, and what it must never say: standings, escaping, sameness, size, and the public's page."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import html
import os
import re
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.report import RegisterEntry, summary
from evidence.report.criteria import CRITERIA
from evidence.report.page import SCRIPT, STYLE
from evidence.report.standing import Control, Standing, controls, finder, types_judged
from evidence.report.summary import Summary
from evidence.results import AcceptedViolation, Origin, Place, Result, Run, Verdict
from evidence.runs import DISABLED
from policy_pack.catalogue import requirements
from policy_pack.documentation import account
from policy_pack.pack import PACK
from tests.evidence import samples
from tests.evidence.reporting import (
    BUCKET,
    EARLIER,
    GROUP,
    PICTURE,
    REGISTERS,
    RESULTS,
    ROOT,
    TYPES,
    WAIVER,
    pages,
    result,
    run,
)

ANSWERS = account(PACK)
ROOT_FOLDER = Path(__file__).parents[2]


def stand(*runs: Run) -> dict[str, Control]:
    """Where the controls stand after some runs, by each of their ids."""
    counted = Summary(finder(ANSWERS))
    for one in runs:
        counted.add(one)
    found: dict[str, Control] = {}
    for control in controls(ANSWERS, counted):
        for name in control.answer.requirement.controls:
            found.setdefault(name, control)
    return found


def counts(*runs: Run) -> Counter[Standing]:
    return Counter(control.standing for control in stand(*runs).values())


class TestStanding:
    def test_a_control_stands_as_its_gravest_verdict(self) -> None:
        found = stand(run())
        assert found["SH:EC2.13"].standing is Standing.FAIL
        assert found["SH:S3.9"].standing is Standing.UNDETERMINED
        assert found["PH:VAULT-NOTIFY"].standing is Standing.WAIVED
        assert found["SH:S3.17"].standing is Standing.PASS

    def test_a_pass_hides_no_failure_on_another_resource(self) -> None:
        second = BUCKET.replace("recordings", "exports")
        results = (*RESULTS, result("bucket_versioned", BUCKET, Verdict.FAIL))
        types = {**TYPES, second: TYPES[BUCKET]}
        found = stand(run(results=results, resource_types=tuple(types.items())))
        assert found["SH:S3.14"].standing is Standing.FAIL

    def test_nothing_passes_without_a_verdict(self) -> None:
        assert counts(run(results=()))[Standing.PASS] == 0
        assert counts()[Standing.PASS] == 0
        assert counts(run(results=(), resource_types=()))[Standing.PASS] == 0

    def test_silence_on_a_type_that_is_there_is_no_result(self) -> None:
        without = tuple(one for one in RESULTS if one.rule != "bucket_versioned")
        assert stand(run(results=without))["SH:S3.14"].standing is Standing.NO_RESULT

    def test_silence_on_a_type_that_is_not_there_is_not_applicable(self) -> None:
        assert stand(run())["SH:RDS.3"].standing is Standing.NOT_APPLICABLE

    def test_an_incomplete_run_lets_no_control_pass(self) -> None:
        found = counts(run(), run(stack="other", problems=("the log ends early",)))
        assert found[Standing.PASS] == found[Standing.IN_PART] == found[Standing.NOT_APPLICABLE] == 0
        assert found[Standing.FAIL] == counts(run())[Standing.FAIL]

    def test_a_rule_that_is_switched_off_lets_no_control_pass(self) -> None:
        off = result("bucket_encrypted_with_customer_key", BUCKET, Verdict.NOT_APPLICABLE, DISABLED)
        assert stand(run())["SH:S3.17"].standing is Standing.PASS
        assert stand(run(), run(stack="other", results=(off,)))["SH:S3.17"].standing is Standing.IN_PART
        assert stand(run(results=(off,)))["SH:S3.17"].standing is Standing.NO_RESULT

    def test_the_live_check_alone_says_nothing_of_the_packs_rules(self) -> None:
        asked = Result("root_user_locked_away", "arn:aws:iam::1:root", Verdict.PASS, controls=("SH:IAM.4",))
        found = stand(run(origin=Origin.LIVE, results=(asked,), resource_types=()))
        assert found["SH:RDS.3"].standing is Standing.NO_RESULT
        assert found["SH:IAM.4"].standing is Standing.IN_PART

    def test_the_live_check_is_no_pack_of_others(self, tmp_path: Path) -> None:
        asked = Result("root_user_locked_away", "arn:aws:iam::1:root", Verdict.PASS, controls=("SH:IAM.4",))
        private, _ = pages(tmp_path, [run(), run(origin=Origin.LIVE, results=(asked,), resource_types=(("a", "s3"),))])
        assert "Rules of another policy pack" not in private
        assert "another version of the policy pack" not in private
        assert 'class="mono">s3</th>' not in private
        assert 'class="mono">s3</span> (' not in private

    def test_what_no_preview_decides_says_what_does_until_something_did(self) -> None:
        assert stand(run())["SH:S3.20"].standing is Standing.ELSEWHERE
        asked = Result("mfa_delete", "arn:aws:s3:::recordings", Verdict.PASS, controls=("SH:S3.20",))
        live = run(origin=Origin.LIVE, results=(asked,))
        assert stand(run(), live)["SH:S3.20"].standing is Standing.PASS

    def test_a_pass_of_the_whole_stack_is_none_for_types_that_it_lacks(self) -> None:
        """The engine says of a rule over many resources that it passed, not on what."""
        rule = next(
            rule
            for answer in ANSWERS
            for rule in answer.rules
            if rule.needs_graph
            and answer.requirement.controls[0] == "SH:S3.17"
            and types_judged(rule, answer.requirement)
        )
        passed = result(rule.id, ROOT, Verdict.PASS)
        only_root = run(results=(passed,), resource_types=((ROOT, TYPES[ROOT]),))
        assert stand(only_root)["SH:S3.17"].standing is Standing.NOT_APPLICABLE

    def test_a_violation_that_fits_no_control_is_still_told_of_those_it_names(self) -> None:
        odd = dataclasses.replace(
            result("bucket_versioned", BUCKET, Verdict.FAIL), urn="urn:x", rule="bucket_versioned"
        )
        assert stand(run(results=(odd,)))["SH:S3.14"].standing is Standing.FAIL

    def test_every_criterion_of_the_catalogue_has_a_name(self) -> None:
        assert {criterion for row in requirements() for criterion in row.criteria} == set(CRITERIA)


class TestPage:
    def test_every_control_rule_and_resource_is_on_it(self, tmp_path: Path) -> None:
        private, public = pages(tmp_path, [run()])
        for wanted in requirements():
            assert " ".join(wanted.controls) in private
            assert " ".join(wanted.controls) in public
        for rule in PACK.rules:
            assert f'id="rule-{rule.id}"' in private
        for urn in TYPES:
            assert html.escape(urn) in private

    def test_it_tells_what_was_judged(self, tmp_path: Path) -> None:
        private, _ = pages(tmp_path, [run()])
        for text in ("Stack shop", "preview; 5 resources", "17 May 2026, 09:30:00 UTC", "hedgerow 0.1.0", "8c94237e51"):
            assert text in private

    def test_messages_places_waivers_and_registers_are_on_it(self, tmp_path: Path) -> None:
        private, _ = pages(tmp_path, [run()], registers=REGISTERS)
        texts = ["0.0.0.0/0 on port 5432", "app/net.py:12", "OPS-118", "platform lead", "1 June 2026", "in 15 days"]
        texts += ["past due by 46 days", "in 237 days", "not shown to be kept"]
        assert [text for text in texts if text not in private] == []

    def test_a_violation_that_blocks_is_told_from_one_that_warns(self, tmp_path: Path) -> None:
        blocking = result("ingress_not_open_to_world", GROUP, Verdict.FAIL, blocking=True)
        undecided = result("bucket_versioned", BUCKET, Verdict.UNDETERMINED, blocking=True)
        private, _ = pages(tmp_path, [run(results=(blocking, undecided))])
        assert private.count(">blocks<") == 2
        assert ">blocks<" not in pages(tmp_path, [run()])[0]

    def test_a_waiver_past_its_day_is_called_expired(self, tmp_path: Path) -> None:
        holds = dataclasses.replace(WAIVER, expires=datetime.date(2026, 5, 17))
        over = dataclasses.replace(WAIVER, expires=datetime.date(2026, 5, 16))
        assert "expired</strong>" not in pages(tmp_path, [run(waivers=(holds,))])[0]
        private, public = pages(tmp_path, [run(waivers=(holds, over))])
        assert private.count("expired</strong>") == 1
        assert "1 of them is past it" in public

    def test_the_trend_tells_earlier_bundles_in_their_order_and_this_one_last(self, tmp_path: Path) -> None:
        for text in pages(tmp_path, [run()], earlier=EARLIER):
            table = text[text.index('id="trend-table"') :]
            days = re.findall(r'<th scope="row">(\d+ \w+ \d+)</th>', table[: table.index("</table>")])
            assert days == ["17 February 2026", "17 March 2026", "17 April 2026", "17 May 2026"]
            assert table[: table.index("</table>")].count("INCOMPLETE") == 1

    def test_types_that_nobody_reviewed_and_rules_of_another_pack_are_gaps(self, tmp_path: Path) -> None:
        odd = Result("rule_of_tomorrow", BUCKET, Verdict.PASS)
        thing = ("urn:pulumi:shop::analytics::aws:new/thing:Thing::one", "aws:new/thing:Thing")
        component = ("urn:pulumi:shop::analytics::shop:net:Network::net", "shop:net:Network")
        seen = (*TYPES.items(), thing, component)
        private, _ = pages(tmp_path, [run(results=(odd,), resource_types=seen)])
        gaps = private[private.index('id="gaps"') : private.index('id="trend"')]
        unreviewed = gaps.partition("Nobody has reviewed")[2].partition("</p>")[0]
        assert "aws:new/thing:Thing" in unreviewed
        assert "shop:net:Network" not in unreviewed
        assert "shop:net:Network" in gaps
        assert "rule_of_tomorrow" in gaps.replace("<wbr>", "")

    def test_no_run_at_all_is_incomplete(self, tmp_path: Path) -> None:
        for text in pages(tmp_path, []):
            assert "<strong>INCOMPLETE.</strong> Nothing was judged." in text

    def test_it_is_one_file_that_can_fetch_nothing(self, tmp_path: Path) -> None:
        for text in pages(tmp_path, [run()], architecture=PICTURE):
            assert "default-src 'none'" in html.unescape(text)
            assert not re.search(r"(src|href)=\"(?!#|data:)", text)
            assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/)", STYLE + SCRIPT)

    def test_it_is_told_how_many_runs_were_read(self, tmp_path: Path) -> None:
        read: list[int] = []
        pages(tmp_path, [run(), run(stack="other")], on_run=read.append)
        assert read == [1, 2]


class Tags(HTMLParser):
    """Collects the elements and attribute names of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes.update(name for name, _ in attrs)


def tags(text: str) -> Tags:
    read = Tags()
    read.feed(text)
    return read


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onclick='alert(1)",
    "</style></script><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "]]><!-- ",
    "\u202e\u0000\ufffe",
    "javascript:alert(1)",
    "\ud800 half a character",
]


def filled(text: Callable[[int], str]) -> dict[str, Any]:
    """A run, registers and a picture in which every free text is made by `text`, each by a number of its own."""
    urn = f"urn:pulumi:{text(0)}::{text(1)}::aws:s3/bucket:Bucket::{text(2)}"
    given = [
        dataclasses.replace(one, urn=urn, message=text(3), place=Place(text(4), 7), verdict=verdict)
        for verdict in Verdict
        for one in RESULTS[:3]
    ]
    strange = Result(text(5), urn, Verdict.FAIL, text(6), (text(7),), text(8), text(9))
    days = (datetime.date(2026, 4, 1), datetime.date(2026, 6, 1))
    waiver = AcceptedViolation(text(10), text(11), text(12), text(13), text(14), text(15), *days)
    one = run(
        stack=text(0),
        commit=text(16),
        pack=text(17),
        pack_version=text(18),
        results=(*given, strange),
        resource_types=((urn, "aws:s3/bucket:Bucket"), (text(19), text(20))),
        waivers=(waiver,),
        problems=(text(21),),
    )
    registers = [RegisterEntry(text(22), text(23), text(24), None, datetime.date(2026, 4, 1))]
    return {"runs": [one], "registers": registers, "architecture": f"<svg>{text(25)}</svg>"}


class TestEscaping:
    @pytest.mark.parametrize("hostile", HOSTILE)
    def test_no_text_becomes_markup(self, tmp_path: Path, hostile: str) -> None:
        plain = [tags(text) for text in pages(tmp_path, **filled(lambda n: f"plain {n}"))]
        struck = [tags(text) for text in pages(tmp_path, **filled(lambda n: f"{n}{hostile}"))]
        for before, after in zip(plain, struck, strict=True):
            assert after.elements == before.elements
            assert after.attributes == before.attributes

    def test_style_and_script_cannot_end_early(self) -> None:
        assert "</" not in STYLE + SCRIPT


class TestSameness:
    def test_the_same_input_gives_the_same_bytes_in_any_process(self, tmp_path: Path) -> None:
        program = (
            "import sys; from pathlib import Path; from tests.evidence.reporting import *;"
            "pages(Path(sys.argv[1]), [run(), run(stack='other')],"
            "      registers=REGISTERS, earlier=EARLIER, architecture=PICTURE)"
        )
        found = set()
        for seed in ("1", "2"):
            environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": f"UTC+{seed}"}
            command = [sys.executable, "-c", program, str(tmp_path)]
            subprocess.run(command, cwd=ROOT_FOLDER, env=environment, check=True)
            files = sorted(tmp_path.glob("*.html"))
            found.add(tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in files))
        assert len(found) == 1


class TestAnyRuns:
    @settings(max_examples=15)
    @given(st.lists(samples.runs, max_size=3))
    def test_any_runs_can_be_told_of_and_an_incomplete_one_is_never_clean(self, given_runs: list[Run]) -> None:
        complete = bool(given_runs) and not any(one.problems for one in given_runs)
        with TemporaryDirectory() as folder:
            for text in pages(Path(folder), given_runs):
                assert tags(text).elements["script"] == 1
                assert ("INCOMPLETE.</strong>" in text) is not complete
                if not complete:
                    assert (
                        'data-verdict="pass"'
                        not in text[text.index('id="controls"') : text.index("</section>", text.index('id="controls"'))]
                    )

    @settings(max_examples=15)
    @given(st.text(max_size=20), st.text(max_size=20))
    def test_what_is_private_has_no_bearing_on_the_public_page(self, one: str, other: str) -> None:
        """Two worlds that differ in every name, path, person and text alone look the same from outside."""
        with TemporaryDirectory() as folder:
            seen = [
                pages(Path(folder), **filled(lambda number, text=text, mark=mark: f"{mark}{number}:{text}"))  # type: ignore[misc]
                for mark, text in (("this world's ", one), ("that world's ", other))
            ]
        assert seen[0][1] == seen[1][1]
        assert seen[0][0] != seen[1][0]
        assert "this world" not in seen[0][1]


class TestPublic:
    def test_nothing_that_the_private_data_holds_is_on_it(self, tmp_path: Path) -> None:
        account_id, arn = "123456789012", "arn:aws:s3:::analytics-recordings"
        told = [dataclasses.replace(one, message=f"{one.message} {arn} {account_id}") for one in RESULTS]
        one = run(results=tuple(told), problems=(f"no events of {account_id}",), pack_version="10.20.30.40")
        private, public = pages(tmp_path, [one], registers=REGISTERS, architecture=PICTURE)
        secrets = [account_id, "arn:aws", "urn:pulumi", "10.20.30.40", one.stack, one.commit, "app/net.py"]
        secrets += [urn.rpartition("::")[2] for urn in (GROUP, BUCKET)] + [entry.row for entry in REGISTERS]
        secrets += [WAIVER.reason, WAIVER.ticket, WAIVER.requester, WAIVER.approver, *(row.owner for row in REGISTERS)]
        secrets += [message.partition("\n")[0] for result in RESULTS if (message := result.message)]
        secrets += [rule.id for rule in PACK.rules]
        words = re.compile("|".join(rf"\b{re.escape(secret)}\b" for secret in secrets))
        assert words.search(private)
        assert words.findall(public.partition("<main")[2].partition("<script>")[0]) == []
        assert words.findall(public.partition("<header")[2].partition("</header>")[0]) == []

    def test_its_counts_are_those_of_the_private_page(self, tmp_path: Path) -> None:
        private, public = pages(tmp_path, [run()])
        figures = [
            re.findall(r'class="figure">(\d+)</span> <span class="badge k-([\w-]+)"', text)
            for text in (private, public)
        ]
        assert figures[0] == figures[1]
        assert sum(int(count) for count, _ in figures[0]) == len(requirements())


class TestFleet:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, limit in {"LISTED_IN_FULL": 60, "LISTED_OF_A_RULE": 3, "LISTED_RESOURCES": 4}.items():
            monkeypatch.setattr(summary, name, limit)

    def fleet(self, size: int, worst: int) -> Iterator[Run]:
        for number in range(size):
            types = {urn.replace("shop", f"shop-{number}"): kind for urn, kind in TYPES.items()}
            judged = tuple(dataclasses.replace(one, urn=one.urn.replace("shop", f"shop-{number}")) for one in RESULTS)
            more = [dataclasses.replace(judged[3], rule=f"broken_{n}") for n in range(5 if number == worst else 0)]
            yield run(stack=f"shop-{number}", results=(*judged, *more), resource_types=tuple(types.items()))

    def test_all_is_counted_and_the_worst_is_listed(self, tmp_path: Path) -> None:
        private, _ = pages(tmp_path, list(self.fleet(40, worst=37)))
        assert "40 runs of 40 stacks" in private
        assert "and 37 more, in the bundle" in private
        assert len(re.findall(r'id="resource-\d+"', private)) == 4
        first = private[private.index('id="resource-1"') :]
        assert "shop-37" in first[: first.index("</details>")]

    def test_memory_does_not_grow_with_the_fleet(self) -> None:
        counted = Summary(finder(ANSWERS))
        sizes = []
        tracemalloc.start()
        for number, one in enumerate(self.fleet(400, worst=1)):
            counted.add(one)
            if number in {199, 399}:
                sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert sizes[1] - sizes[0] < 200 * 4_000
        assert counted.verdicts[Verdict.PASS] == 400 * 3

    def test_a_violation_is_counted_in_every_stack_that_has_it(self) -> None:
        counted = Summary(finder(ANSWERS))
        for one in self.fleet(40, worst=37):
            counted.add(one)
        assert counted.rules["ingress_described"].failing_runs == 40
        assert counted.rules["vault_tells_of_failures"].verdicts[Verdict.WAIVED] == 40
        assert not counted.in_full
