"""A bundle holds what its report shows besides results: registers, waivers, the bundles before, a picture."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bench.event_logs import START, event_log, urn
from evidence import background, bundle
from evidence.accounts import newest_runs
from evidence.background import FILE, load
from evidence.console import EvidenceError
from evidence.history import history_sql
from evidence.results import Verdict
from evidence.signing import load_signer
from evidence.sources import Source, read_source
from evidence.store import open_store
from policy_pack.pack import PACK
from policy_pack.register_columns import SCHEMA
from policy_pack.server import WAIVED
from policy_pack.waivers import Waiver
from tests.evidence.stores import answer

Collect = Callable[..., str]
QUEUE = urn("dev", "aws:sqs/queue:Queue", "r5")
RULE = next(rule.id for rule in PACK.rules_on("aws:sqs/queue:Queue") if rule.controls and not rule.needs_graph)
WAIVER = {
    "rule": RULE,
    "resource": QUEUE,
    "reason": "the queue is replaced in spring",
    "ticket": "OPS-7",
    "requester": "platform",
    "approver": "security",
    "approved": datetime.date(2026, 9, 1),
    "expires": datetime.date(2026, 10, 1),
}
REVIEW = {"id": "quarterly", "owner": "security", "since": datetime.date(2026, 1, 1), "every": 90, "scope": "all roles"}


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A log in which one violation is waived, and the registers that say so."""
    folder = tmp_path / "program" / "registers"
    folder.mkdir(parents=True)
    other = {**WAIVER, "resource": QUEUE.replace("dev", "prod")}
    over = REVIEW | {"id": "over", "ends": datetime.date(2026, 2, 1)}
    rows = {"waivers": [WAIVER, other], "access_reviews": [REVIEW, over]}
    for name in SCHEMA:
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(rows.get(name, [])))
    config = tmp_path / "policy.dev.json"
    config.write_text(json.dumps({"policies_reviewed": {"enforcementLevel": "advisory", "folder": "registers"}}))
    message = f"{WAIVED}{Waiver(**WAIVER, where='')}:\nit is not as it must be\n"  # type: ignore[arg-type]
    (tmp_path / "log").write_bytes(b"".join(event_log("dev", 6, broken={(RULE, QUEUE)}, message=message)))
    return Source(
        tmp_path / "log", policy_config=f"{tmp_path}/policy.{{stack}}.json", program=str(tmp_path / "program")
    )


def made_of(source: Source, store: Path, key: Path, architecture: str = "") -> Path:
    signer = load_signer(str(key))
    return Path(
        bundle.collect([source], open_store(str(store)), signer, time=None, jobs=1, architecture=architecture)[0]
    )


def test_a_waived_finding_has_its_row_of_the_register_and_no_other_stacks(source: Source) -> None:
    run = read_source(source).run
    (waived,) = [result for result in run.results if result.verdict is Verdict.WAIVED]
    assert waived.message.startswith(
        "waived until 2026-10-01: the queue is replaced in spring "
        "(OPS-7, requested by platform, approved by security on 2026-09-01):"
    )
    assert [(waiver.rule, waiver.resource, waiver.approved) for waiver in run.waivers] == [
        (RULE, QUEUE, WAIVER["approved"])
    ]


def test_the_report_has_the_registers_in_force_the_waivers_and_the_picture(
    source: Source, tmp_path: Path, key: Path
) -> None:
    made = made_of(source, tmp_path / "store", key, architecture='<svg xmlns="http://www.w3.org/2000/svg"/>')
    (row,) = load(made).registers
    assert (row.name, row.row, row.last, row.due) == (
        "access reviews",
        "quarterly: all roles",
        None,
        datetime.date(2026, 4, 1),
    )
    page = (made / "documents" / "report.html").read_text()
    assert "quarterly: all roles" in page
    assert "OPS-7" in page
    assert "data:image/svg+xml;base64," in page
    plan = json.loads((made / "documents" / "oscal" / "plan-of-action-and-milestones.json").read_text())
    assert len(plan["plan-of-action-and-milestones"]["poam-items"]) == 1


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("[")])
def test_a_register_that_cannot_be_read_is_an_error(
    source: Source, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    read_source(source)
    path = tmp_path / "program" / "registers" / "waivers.yaml"
    spoil(path)
    with pytest.raises(EvidenceError, match=re.escape(str(path))):
        read_source(source)


def test_a_register_that_was_changed_is_read_anew(source: Source, tmp_path: Path) -> None:
    assert len(read_source(source).run.waivers) == 1
    (tmp_path / "program" / "registers" / "waivers.yaml").write_text("[]")
    assert read_source(source).run.waivers == ()


def test_the_trend_is_what_history_counts_each_judgement_once(
    collect_into: Collect, tmp_path: Path, logs: list[Path]
) -> None:
    store = tmp_path / "store"
    for minute in (1, 2):
        log = tmp_path / f"log{minute}"
        broken = {(RULE, QUEUE)} if minute == 1 else ()
        log.write_bytes(b"".join(event_log("dev", 6, start=START + 60 * minute, broken=broken)))
        collect_into(store, [log])
    collect_into(store, logs[1:])  # of another stack
    collect_into(store, [log])  # once more
    third = tmp_path / "log3"
    third.write_bytes(b"".join(event_log("dev", 6, start=START + 180)))
    made = Path(collect_into(store, [third]))
    names, rows = answer(store, history_sql("stack", "dev"))
    counted = [(row[names.index("passed")], row[names.index("failed")]) for row in rows]
    earlier = load(made).earlier
    assert [(bundle.verdicts[Verdict.PASS], bundle.verdicts.get(Verdict.FAIL, 0)) for bundle in earlier] == counted[:2]
    assert counted[0][1] == 1
    assert "in 3 bundles" in (made / "documents" / "report.html").read_text()


def test_a_bundle_whose_figures_are_spoilt_is_left_out_of_the_trend_and_told(
    collect_into: Collect, tmp_path: Path, logs: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    spoilt = Path(collect_into(tmp_path / "store"))
    (spoilt / FILE).write_text("{}")
    made = Path(collect_into(tmp_path / "store", logs[:1]))
    assert load(made).earlier == []
    assert f"bundle {spoilt.name} is left out of the trend" in capsys.readouterr().err


def test_the_live_check_is_put_beside_the_newest_run_of_each_origin(collect_into: Collect, tmp_path: Path) -> None:
    for minute, preview in enumerate((True, False, True)):
        log = tmp_path / f"log{minute}"
        log.write_bytes(b"".join(event_log("dev", 1, start=START + 60 * minute, preview=preview)))
        collect_into(tmp_path / "store", [log])
    with newest_runs(open_store(str(tmp_path / "store")), "dev") as found:
        read = {kept.read().run.origin.value: kept.read().run.time.timestamp() for kept in found}
    assert read == {"preview": START + 120, "update": START + 60}
    with newest_runs(open_store(str(tmp_path / "store")), "other") as found:
        assert found == []


def test_no_more_bundles_are_looked_at_than_the_trend_shows(
    collect_into: Collect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "TREND", 1)
    for minute in range(3):
        log = tmp_path / f"log{minute}"
        log.write_bytes(b"".join(event_log("dev", 1, start=START + 60 * minute)))
        made = collect_into(tmp_path / "store", [log])
    assert [bundle.time.timestamp() for bundle in load(Path(made)).earlier] == [START + 60]
