"""What the benchmark tells: ratios, targets met and missed, what is missing; and the page it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.__main__ import arguments
from bench.results import BEGIN, CHECKOV, END, IN_PROCESS, PACK, TRIVIAL, Results, tables, targets, write
from bench.toolbox import NAMES, pinned_version


def measured(**changed: float) -> Results:
    seconds = {"pack": 6.0, "trivial": 5.0, "in_process": 1.0, "checkov": 12.0, "judged": 0.4, **changed}
    results = Results("2 cores", {"Pulumi": "3.259.0"}, 3, (1000, 10_000))
    for size in results.sizes:
        share = size / 10_000
        for judge, key in ((PACK, "pack"), (TRIVIAL, "trivial"), (IN_PROCESS, "in_process"), (CHECKOV, "checkov")):
            results.scans[judge, size] = seconds[key] * share
        results.judged[size] = seconds["judged"] * share
        results.megabytes[size] = changed.get("megabytes", 300.0)
    results.previews = {"the engine": 0.2, "a stack": 6.0, "a stack with the policy pack": changed.get("preview", 6.9)}
    results.missing = {"trivy": "it could not be built"}
    return results


def test_every_target_that_is_reached_is_met() -> None:
    assert [target.what for target in targets(measured()) if not target.met] == []


@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        ({"pack": 7.6}, "at most 1.5 times"),
        ({"judged": 0.6}, "at least 20,000"),
        ({"megabytes": 500.0}, "under 500 MB"),
        ({"preview": 7.1}, "adds under 1 s"),
        ({"in_process": 13.0}, "in process: ahead of Checkov"),
        ({"checkov": 5.5}, "through the engine: ahead of Checkov"),
    ],
)
def test_a_target_that_is_missed_is_said_to_be(changed: dict[str, float], missed: str) -> None:
    found = [target.what for target in targets(measured(**changed)) if not target.met]
    assert found
    assert all(missed in what for what in found)


def test_growth_that_is_not_linear_is_told() -> None:
    results = measured()
    results.judged[1000] = results.judged[10_000] / 20
    assert ["linear growth" in target.what for target in targets(results) if not target.met] == [True]


def test_ratios_and_what_is_missing_stand_beside_the_seconds() -> None:
    told = tables(measured())
    assert "12.00 s (2.00)" in told
    assert "Not measured: trivy: it could not be built." in told


def test_the_page_is_written_between_its_marks_and_the_plot_is_the_same_every_time(tmp_path: Path) -> None:
    page, image = tmp_path / "benchmarks.md", tmp_path / "benchmarks.svg"
    page.write_text(f"# Kept above\n\n{BEGIN}\nold numbers\n{END}\n\nkept below\n")
    write(measured(), tmp_path)
    first = page.read_text(), image.read_bytes()
    write(measured(), tmp_path)
    assert (page.read_text(), image.read_bytes()) == first
    assert first[0].startswith("# Kept above")
    assert first[0].endswith("kept below\n")
    assert "old numbers" not in first[0]
    assert "12.00 s (2.00)" in first[0]


def test_a_page_without_its_marks_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "benchmarks.md").write_text("# Mine\n")
    with pytest.raises(ValueError, match="must hold"):
        write(measured(), tmp_path)
    assert (tmp_path / "benchmarks.md").read_text() == "# Mine\n"


def test_sizes_and_parts_are_chosen_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = arguments(["--sizes", "1000,100", "--without", "trivy", "--without", "engine"])
    assert chosen.sizes == (100, 1000)
    assert chosen.without == ["trivy", "engine"]
    for wrong in (["--sizes", "0"], ["--sizes", "many"], ["--rounds", "-1"], ["--without", "nothing"]):
        with pytest.raises(SystemExit):
            arguments(wrong)
    assert "--without" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_every_tool_is_pinned(name: str) -> None:
    assert pinned_version(name)[0].isdigit()
