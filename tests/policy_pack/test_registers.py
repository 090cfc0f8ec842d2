"""Registers and waivers: what fits is read with its line, and what doesn't is refused with it, whatever it is."""

from __future__ import annotations

import datetime
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, cast

import grpc
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import proto

from policy_pack.examples import COLUMNS, kept
from policy_pack.pack import PACK
from policy_pack.register_columns import SCHEMA
from policy_pack.register_files import FOLDER, RegisterError, locate, parse, read
from policy_pack.rules.governance import HANDBOOK
from policy_pack.server import Analyzer
from policy_pack.tokens import STACK
from tests.policy_pack.engine import CONTEXT
from tests.policy_pack.protocol import UNKNOWN_TEXT, in_stack, resource, struct

ROOT = Path(__file__).parents[2]
OWN = ROOT / "registers"
FOUNDED = datetime.date(2026, 11, 24)
EMPTY = dict.fromkeys(SCHEMA, "[]")
POLICY = """\
- id: encryption
  owner: security
  since: 2026-01-01
  every: 365
  document: a page
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the repository's own registers."""
    return Path(shutil.copytree(OWN, tmp_path / "registers"))


def refused(name: str, text: str) -> str:
    with pytest.raises(RegisterError) as error:
        parse({**EMPTY, name: text}, Path("kept"))
    assert "\n" not in str(error.value)
    return str(error.value)


def configured(folder: Path, today: datetime.date) -> Analyzer:
    """Return the pack as the engine configures it for a stack whose registers are in a folder."""
    rule, setting = FOLDER
    level = proto.PolicyConfig(enforcementLevel=proto.MANDATORY, properties=struct({setting: str(folder)}))
    subject = Analyzer(PACK, today)
    subject.Configure(proto.ConfigureAnalyzerRequest(policyConfig={rule: level}), cast(Any, Refusing()))
    return subject


class Refusing:
    def abort(self, _code: grpc.StatusCode, details: str) -> NoReturn:
        raise AssertionError(details)


def judged(subject: Analyzer) -> list[str]:
    request = proto.AnalyzeStackRequest(resources=[in_stack(STACK, "stack")])
    return [f"{item.policyName}: {item.message}" for item in subject.AnalyzeStack(request, CONTEXT).diagnostics]


def test_own_registers_are_in_order_on_the_day_they_were_made(folder: Path) -> None:
    assert judged(configured(folder, FOUNDED)) == []


def test_own_registers_record_the_twenty_policies_and_no_waiver_past_its_use() -> None:
    found = read(OWN)
    assert sorted(row.id for row in found.rows["policies"]) == sorted(HANDBOOK)
    assert len(HANDBOOK) == 20
    assert all(row.since <= FOUNDED for rows in found.rows.values() for row in rows)


@pytest.mark.parametrize(
    ("day", "late"),
    [
        ("2027-02-22", set()),
        ("2027-02-23", {"access_reviewed", "exercises_held"}),
        ("2027-11-24", {"access_reviewed", "exercises_held"}),
        (
            "2027-11-25",
            {"access_reviewed", "exercises_held", "policies_reviewed", "vendors_reviewed", "agreements_reviewed"},
        ),
    ],
)
def test_own_registers_are_due_when_they_say(folder: Path, day: str, late: set[str]) -> None:
    found = judged(configured(folder, datetime.date.fromisoformat(day)))
    assert {line.split(":")[0] for line in found} == late


@pytest.mark.parametrize("stack", sorted(path.stem for path in (ROOT / "stacks").glob("Pulumi.*.yaml")))
def test_papers_that_a_stack_names_are_in_force(stack: str) -> None:
    config = yaml.safe_load((ROOT / "stacks" / f"{stack}.yaml").read_text(encoding="utf-8"))["config"]
    found = read(OWN)
    for key, register in (("hedgerow:transferBasis", "transfers"), ("hedgerow:dpaRegister", "agreements")):
        row = found.find(register, config[key]) if key in config else None
        assert (key not in config) or (row is not None and row.in_force(FOUNDED))


def test_finding_names_file_line_and_owner(folder: Path) -> None:
    (found,) = [
        line for line in judged(configured(folder, datetime.date(2027, 11, 25))) if line.startswith("policies_reviewed")
    ]
    first = found.splitlines()[0].removeprefix("policies_reviewed: ")
    path, line = re.match(r"(.*):(\d+): acceptable-use was due on 2027-11-24", first).groups()  # type: ignore[union-attr]
    assert Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1] == "- id: acceptable-use"
    assert "people operations" in first


@pytest.mark.parametrize(
    ("name", "text", "line", "problem"),
    [
        ("policies", "", 1, "not a list"),
        ("policies", "# nothing\n", 1, "not a list"),
        ("policies", "encryption: yes\n", 1, "not a list"),
        ("policies", "- encryption\n", 1, "not a mapping"),
        ("policies", POLICY + "  colour: red\n", 6, "no column 'colour'"),
        ("policies", POLICY + "  owner: nobody\n", 6, "owner is given twice"),
        ("policies", POLICY + POLICY, 6, "two rows encryption"),
        ("policies", POLICY.replace("security", '""'), 2, "owner is not text"),
        ("policies", POLICY.replace("security", "[security]"), 2, "owner is not text"),
        ("policies", POLICY.replace("security", '"two\\nlines"'), 2, "owner is not text on one line"),
        ("policies", POLICY.replace("2026-01-01", "2026-02-30"), 3, "2026-02-30"),
        ("policies", POLICY.replace("2026-01-01", "2026-01-01T10:00:00Z"), 3, "since is not a day"),
        ("policies", POLICY.replace("2026-01-01", "soon"), 3, "since is not a day"),
        ("policies", POLICY.replace("365", "0"), 4, "every is not a whole number"),
        ("policies", POLICY.replace("365", "yes"), 4, "every is not a whole number"),
        ("policies", POLICY.replace("365", "1.5"), 4, "every is not a whole number"),
        ("policies", POLICY.replace("  every: 365\n", ""), 1, "every is missing"),
        ("policies", POLICY + "  ends: 2025-12-31\n", 1, "ends before it begins"),
        ("policies", POLICY + "  sha256: abc\n", 6, "sha256 is not the SHA-256"),
        ("policies", POLICY + "   indented: wrongly\n", 6, "not YAML"),
        ("policies", POLICY + "- id: [\n", 7, "not YAML"),
        ("policies", POLICY + "- &a [*a]\n", 6, "not a mapping"),
        ("policies", POLICY + "  ? [a]\n  : b\n", 6, "no column ''"),
        ("policies", POLICY + "- !!python/object/apply:os.system [ls]\n", 6, "not a mapping"),
        ("policies", POLICY.replace("a page", "!!python/name:os.system"), 5, "not YAML"),
        ("policies", POLICY + "---\n[]\n", 6, "not YAML"),
        ("policies", POLICY + "\x07", 6, "not YAML"),
        ("policies", "- " + "[" * 3000, 1, "nested too deeply"),
        ("subprocessors", "- {id: a, accounts: [123456789012]}\n", 1, "accounts is not a list of account ids"),
    ],
)
def test_what_does_not_fit_is_refused_with_file_and_line(name: str, text: str, line: int, problem: str) -> None:
    told = refused(name, text)
    assert told.startswith(f"kept/{name}.yaml:{line}: ")
    assert problem in told


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_no_text_crashes_the_reader(text: str) -> None:
    try:
        told = str(parse({**EMPTY, "policies": text}, Path("kept")).rows["policies"])
    except RegisterError as error:
        told = str(error)
    assert told.startswith("kept/policies.yaml:") or told == "()"


def _absent(path: Path) -> None:
    path.unlink()


def _binary(path: Path) -> None:
    path.write_bytes(b"# a\n\xff\n")


def _cut(path: Path) -> None:
    path.write_text("- id: x\n  owner: [", encoding="utf-8")


@pytest.mark.parametrize("name", SCHEMA)
@pytest.mark.parametrize(("damage", "told"), [(_absent, ""), (_binary, ":2"), (_cut, ":2")])
def test_a_damaged_register_stops_every_run(folder: Path, name: str, damage: Callable[[Path], None], told: str) -> None:
    damage(folder / f"{name}.yaml")
    for _run in range(2):
        with pytest.raises(AssertionError, match=re.escape(f"{folder / name}.yaml{told}: ")):
            configured(folder, FOUNDED)


def test_a_folder_that_is_not_there_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="No such file"):
        configured(tmp_path / "none", FOUNDED)
    with pytest.raises(AssertionError, match="null byte"):
        configured(tmp_path / "\0", FOUNDED)


def test_a_waiver_of_a_rule_that_is_not_there_is_refused_with_its_line(folder: Path) -> None:
    waivers = yaml.safe_dump([COLUMNS["waivers"] | {"rule": "kms_key_rotates_monthly"} | _DAYS])
    (folder / "waivers.yaml").write_text("# one\n" + waivers, encoding="utf-8")
    with pytest.raises(AssertionError, match=r"waivers\.yaml:2: there is no rule 'kms_key_rotates_monthly'"):
        configured(folder, FOUNDED)


_DAYS = {"approved": datetime.date(2026, 11, 1), "expires": datetime.date(2026, 12, 1)}
KEY = "urn:pulumi:test::project::aws:kms/key:Key::"


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"resource": "*"}, "no URN"),
        ({"resource": "legacy"}, "no URN"),
        ({"resource": "urn:pulumi:test::project"}, "no URN"),
        ({"resource": KEY}, "no URN"),
        ({"resource": KEY + "*"}, "over-broad"),
        ({"resource": KEY + "**"}, "over-broad"),
        ({"resource": KEY + "a*"}, "over-broad"),
        ({"resource": "urn:pulumi:test::project::*::legacy"}, "over-broad"),
        ({"resource": "urn:pulumi:test::*::aws:kms/key:Key::legacy"}, "over-broad"),
        ({"resource": "urn:pulumi:*::project::aws:kms/key:Key::legacy"}, "over-broad"),
        ({"resource": "urn:pulumi:test::project::aws:kms/*:Key::legacy"}, "over-broad"),
        ({"approver": "platform"}, "approver is the requester"),
        ({"approver": " Plat form"}, "approver is the requester"),
        ({"expires": "2026-02-14"}, "expires before it is approved"),
        ({"expires": "2026-05-17"}, "more than 90 days"),
        ({"rule": "waivers_in_force"}, "waivers_in_force can't be waived"),
        ({"reason": ""}, "reason is not text"),
        ({"ticket": " "}, "ticket is not text"),
    ],
)
def test_a_waiver_too_wide_too_long_or_approved_by_nobody_else_is_refused(
    changed: dict[str, str], problem: str
) -> None:
    with pytest.raises(RegisterError, match=rf"^registers/waivers\.yaml:\d+: .*{problem}"):
        kept(waivers=[changed])


@pytest.mark.parametrize(
    "changed",
    [{"expires": "2026-05-16"}, {"resource": KEY + "lega*"}, {"resource": KEY + "db"}],
)
def test_a_waiver_within_its_bounds_is_read(changed: dict[str, str]) -> None:
    (found,) = kept(waivers=[changed]).waivers
    assert changed.items() <= {key: str(value) for key, value in vars(found).items()}.items()


@pytest.mark.parametrize("column", ["rule", "resource", "reason", "ticket", "requester", "approver"])
def test_a_waiver_lacks_nothing(column: str) -> None:
    row = {key: value for key, value in COLUMNS["waivers"].items() if key != column} | _DAYS
    assert f"{column} is missing" in refused("waivers", yaml.safe_dump([row]))


def test_a_waiver_of_the_file_is_what_the_engine_is_told(folder: Path) -> None:
    row = COLUMNS["waivers"] | _DAYS | {"resource": KEY + "legacy"}
    (folder / "waivers.yaml").write_text(yaml.safe_dump([row]), encoding="utf-8")
    subject = configured(folder, FOUNDED)
    answer = subject.Analyze(resource("aws:kms/key:Key", "legacy", enableKeyRotation=False), CONTEXT)
    (found,) = [item for item in answer.diagnostics if item.policyName == "kms_key_rotates_yearly"]
    assert found.enforcementLevel == proto.ADVISORY
    assert found.message.splitlines()[0] == (
        "waived until 2026-12-01: the key is replaced this month "
        "(SEC-1, requested by platform, approved by security on 2026-11-01):"
    )


def test_without_registers_nothing_that_needs_them_passes() -> None:
    found = judged(Analyzer(PACK, FOUNDED))
    told = {line.split(":")[0] for line in found if ": undetermined: not known" in line}
    assert told == {
        "access_reviewed",
        "agreements_reviewed",
        "exercises_held",
        "policies_reviewed",
        "vendors_reviewed",
    }


def test_one_paper_that_is_not_known_hides_no_other_that_is_not_in_force() -> None:
    subject = Analyzer(PACK, FOUNDED, read(OWN))
    tags = {"data-class": "restricted", "transfer-basis": UNKNOWN_TEXT, "dpa-register": "dpa/none"}
    answer = subject.Analyze(resource("aws:s3/bucket:Bucket", tags=tags), CONTEXT)
    (found,) = [item for item in answer.diagnostics if item.policyName == "store_papers_in_force"]
    assert found.message.startswith("tag dpa-register names dpa/none")
    assert found.enforcementLevel == proto.MANDATORY


def test_a_program_below_the_folder_finds_it(tmp_path: Path) -> None:
    (tmp_path / "registers").mkdir()
    program = tmp_path / "bootstrap"
    program.mkdir()
    assert locate("registers", program) == tmp_path / "registers"
    (program / "registers").mkdir()
    assert locate("registers", program) == program / "registers"
    assert locate("nowhere", program) == program / "nowhere"
