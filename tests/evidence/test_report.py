"""What the report says, of one stack and to the public."""

from __future__ import annotations

import dataclasses
import datetime
import html
import re
from pathlib import Path

from evidence.report.page import SCRIPT, STYLE
from evidence.results import Result, Verdict
from policy_pack.catalogue import requirements
from policy_pack.pack import PACK
from tests.evidence.reporting import (
    BUCKET,
    EARLIER,
    GROUP,
    PICTURE,
    REGISTERS,
    RESULTS,
    TYPES,
    WAIVER,
    pages,
    result,
    run,
)


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
