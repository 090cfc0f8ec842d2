"""The generated pages are current, and lead from a control to its rules and back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policy_pack import catalogue, documentation
from policy_pack.catalogue import Status
from policy_pack.pack import PACK
from policy_pack.vocabulary import ANY_AWS_TYPE, Rule

DOCS = Path(documentation.__file__).parents[1] / "docs"
ANSWERS = documentation.account(PACK)
PAGES = documentation.pages(PACK, ANSWERS)
LINK = re.compile(r"\]\(([\w./]*)#([\w-]+)\)")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_is_current(name: str) -> None:
    """`make docs` writes it."""
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_link_leads_somewhere(name: str) -> None:
    anchors = {
        page: {documentation.anchor(heading) for heading in re.findall(r"^#+ (.*)", text, re.MULTILINE)}
        | set(re.findall(r'<a id="([^"]+)">', text))
        for page, text in PAGES.items()
    }
    broken = [(page, at) for page, at in LINK.findall(PAGES[name]) if at not in anchors[page or name]]
    assert broken == []
    assert [path for path in re.findall(r"\]\((\.\./[^)]+)\)", PAGES[name]) if not (DOCS / path).exists()] == []


@pytest.mark.parametrize("rule", PACK.rules, ids=lambda rule: rule.id)
def test_rule_is_described_whole(rule: Rule) -> None:
    section = PAGES["rules.md"].split(f"\n### {rule.id}\n")[1].split("\n### ")[0]
    told = [
        rule.why,
        rule.fix,
        rule.severity.name.lower(),
        *(
            "Bad:" if example.verdict == "fail" else "Good:"
            for example in rule.examples
            if example.verdict != "undetermined"
        ),
        f"**Waive** with a row for `{rule.id}` in `registers/waivers.yaml`",
        *(str(remedy.__doc__) for remedy in rule.remedies),
        *rule.settings,
        *(f"def {e.program.__name__}(" for e in rule.examples),
    ]
    assert [item for item in told if item not in section] == []
    assert [judged for judged in rule.on if judged != ANY_AWS_TYPE and f"`{judged}`" not in section] == []
    assert [control for control in rule.controls if f"[{control}]" not in section] == []
    assert "```python\n@" not in section, "the decorator says what the heading says"


def test_every_requirement_is_told_with_what_decides_it() -> None:
    lines = PAGES["controls.md"].splitlines()
    told = [line for line in lines if "<br>on `" in line]
    assert len(told) == len(ANSWERS)
    for found, line in zip(sorted(ANSWERS, key=_place), told, strict=True):
        assert all(control in line for control in found.requirement.controls)
        assert all(f"(rules.md#{rule.id})" in line for rule in found.rules)
        assert all(item.reason in line for item in found.elsewhere.values())


def _place(found: catalogue.Answer) -> int:
    """Return where the promise of a requirement comes first; sorting by it keeps the order inside."""
    return [item.requirement.promise for item in ANSWERS].index(found.requirement.promise)


def test_both_pages_are_written_and_what_is_in_them_is_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert documentation.main(tmp_path) == 0
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == PAGES
    elsewhere = sum(found.status is Status.ELSEWHERE for found in ANSWERS)
    told = f"{len(ANSWERS)} requirements {len(ANSWERS) - elsewhere} ruled, {elsewhere} decided elsewhere"
    assert told in capsys.readouterr().out


def test_what_does_not_fit_is_told_and_fails(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "problems", lambda _rules: ["a rule cites nothing"])
    assert documentation.main(tmp_path) == 1
    assert capsys.readouterr().err == "docs: a rule cites nothing\n"
