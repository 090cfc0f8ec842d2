"""The report in a real browser: filters, links, keys, paper, and accessibility."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from evidence.report import write
from tests.browser import MISSING, find
from tests.evidence.reporting import EARLIER, PICTURE, REGISTERS, run

PAGES = ("report.html", "report-public.html")
A4_WIDTH = 687
"""CSS pixels between the margins of a sheet: 210 mm less 14 on either side."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = find()
    assert path, MISSING
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path)
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("report")
    write(lambda: iter([run()]), made, registers=REGISTERS, earlier=EARLIER, architecture=PICTURE)
    return made


@pytest.fixture
def page(browser: Browser, folder: Path) -> Iterator[Page]:
    """The private page, which may ask for nothing but itself and log nothing."""
    opened = browser.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto((folder / "report.html").as_uri())
    yield opened
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert complaints == []
    opened.close()


def shown(page: Page, section: str) -> list[str]:
    """The ids of the items of a section that can be seen."""
    return page.locator(f"#{section} .item:visible .ids").all_inner_texts()


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"#filters select[name={name}]").select_option(value)


def status(page: Page) -> str:
    """What the live region says, once typing has settled."""
    page.wait_for_timeout(300)
    return page.locator("#filter-status").inner_text()


def test_a_verdict_filters_controls_rules_and_resources_alike(page: Page) -> None:
    choose(page, "verdict", "fail")
    assert re.fullmatch(r"Filtered: showing \d+ of \d+ controls, 2 of \d+ rules, 1 of 5 resources", status(page))
    assert shown(page, "resources") == ["reporting"]
    assert set(shown(page, "rules")) == {"ingress_not_open_to_world", "ingress_described"}
    badges = page.locator("#controls .item:visible > summary .badge").all_inner_texts()
    assert set(badges) == {"fail"}


@pytest.mark.parametrize(
    ("name", "value", "rule", "other"),
    [
        ("severity", "low", "ingress_described", "ingress_not_open_to_world"),
        ("promise", "backup", "vault_tells_of_failures", "ingress_described"),
        ("framework", "A1.2", "backup_vault_locked", "ingress_described"),
        ("framework", "CIS7", "ingress_not_open_to_world", "ingress_described"),
    ],
)
def test_a_filter_keeps_what_it_names_and_hides_the_rest(
    page: Page, name: str, value: str, rule: str, other: str
) -> None:
    assert {rule, other} <= set(shown(page, "rules"))
    choose(page, name, value)
    status(page)
    assert rule in shown(page, "rules")
    assert other not in shown(page, "rules")


def test_filters_narrow_each_other_and_are_cleared_together(page: Page) -> None:
    whole = status(page)
    choose(page, "verdict", "pass")
    choose(page, "promise", "backup")
    page.get_by_label("Search").fill("LOCK vault")
    status(page)
    assert shown(page, "rules") == ["backup_vault_locked"]
    page.get_by_role("button", name="Clear").click()
    assert status(page) == whole


def test_a_search_without_a_match_says_so_instead_of_showing_an_empty_page(page: Page) -> None:
    page.get_by_label("Search").fill("no such thing anywhere")
    assert "0 of 5 resources" in status(page)
    for text in ("No control matches.", "No rule matches.", "No resource matches."):
        expect(page.get_by_text(text)).to_be_visible()


def test_a_search_finds_the_text_of_a_message(page: Page) -> None:
    page.get_by_label("Search").fill("port 5432")
    status(page)
    assert shown(page, "rules") == ["ingress_not_open_to_world"]
    assert shown(page, "resources") == ["reporting"]


def test_a_control_leads_to_its_rule_and_resource_and_back(page: Page) -> None:
    control = page.locator("#controls .item", has_text="SH:EC2.13").first
    control.locator("> summary").click()
    control.get_by_role("link", name="ingress_not_open_to_world").click()
    rule = page.locator("#rule-ingress_not_open_to_world")
    expect(rule).to_have_attribute("open", "")
    expect(rule.locator("> summary")).to_be_focused()
    covered = page.locator("#filters").evaluate("form => form.getBoundingClientRect().bottom")
    assert rule.evaluate("one => one.getBoundingClientRect().top") >= covered
    rule.get_by_role("link", name="reporting").click()
    resource = page.locator(".resource:target")
    expect(resource.locator(".urn")).to_be_visible()
    resource.get_by_role("link", name="ingress_not_open_to_world").click()
    rule.get_by_role("link", name="SH:EC2.13").click()
    expect(page.locator(".item:target")).to_contain_text("SH:EC2.13")
    expect(page.locator(".item:target .body").first).to_be_visible()


def test_a_link_to_what_is_filtered_away_clears_the_filter_and_says_so(page: Page) -> None:
    choose(page, "verdict", "waived")
    status(page)
    page.locator("#attention").get_by_role("link", name="ingress_described").click()
    expect(page.locator("#rule-ingress_described")).to_be_visible()
    expect(page.locator("#rule-ingress_described .body")).to_be_visible()
    assert "cleared" in status(page)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere_and_no_id_is_used_twice(browser: Browser, folder: Path, name: str) -> None:
    page = browser.new_page()
    page.goto((folder / name).as_uri())
    ids = page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    links = page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))")
    page.close()
    assert len(ids) == len(set(ids))
    assert len(links) > 100
    assert {link for link in links if link.removeprefix("#") not in ids} == set()


def test_the_page_can_be_walked_with_the_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the report")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.get_by_label("Search").focus()
    page.keyboard.type("ingress_described")
    status(page)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#controls .item > summary')"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#controls .item[open]")).to_have_count(1)


def test_all_that_is_shown_opens_and_closes_with_one_button(page: Page) -> None:
    choose(page, "verdict", "waived")
    status(page)
    page.get_by_role("button", name="Open all shown").click()
    expect(page.locator("#rules .item[open]")).to_have_count(1)
    page.get_by_role("button", name="Close all shown").click()
    expect(page.locator(".item[open]")).to_have_count(0)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing(browser: Browser, tmp_path: Path, name: str, scheme: str, width: int) -> None:
    runs = [run(problems=("the log ends in the middle of an event",)), run(stack="other", results=())]
    write(lambda: iter(runs), tmp_path, registers=REGISTERS, earlier=EARLIER, architecture=PICTURE)
    page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
    page.goto((tmp_path / name).as_uri())
    # One policy stands for all of them: axe takes minutes for a thousand items of the same kinds, hidden ones included.
    choose(page, "promise", "data-protection")
    status(page)
    page.evaluate("document.querySelectorAll('.item[hidden]').forEach(one => one.remove())")
    page.evaluate("document.querySelectorAll('details.attend, .members').forEach(one => { one.open = true })")
    found = Axe().run(page).response
    page.close()
    assert [(violation["id"], violation["nodes"][0]["html"]) for violation in found["violations"]] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_screen_never_scrolls_the_page_sideways(browser: Browser, folder: Path, name: str) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 700})
    page.goto((folder / name).as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_how_many_controls_fail_and_pass_is_in_sight_for_every_policy(
    browser: Browser, folder: Path, name: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto((folder / name).as_uri())
    for table in ("by-policy-table", "by-criterion-table"):
        region = page.locator(f".scroll[aria-labelledby={table}]")
        assert region.evaluate("one => one.scrollWidth <= one.clientWidth"), table
        heads = region.locator("thead th:visible").all_inner_texts()
        assert {"fail", "pass"} <= set(heads)
        assert "waived" not in heads or width > 390, "a narrow screen shows the two ends"
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_on_paper(browser: Browser, tmp_path: Path, name: str) -> None:
    runs = [run(), run(stack="a-stack-with-a-name-of-some-length", waivers=(), commit="0" * 40 + "-dirty")]
    write(lambda: iter(runs), tmp_path, registers=REGISTERS, earlier=EARLIER, architecture=PICTURE)
    page = browser.new_page(viewport={"width": A4_WIDTH, "height": 1000})
    page.emulate_media(media="print")
    page.goto((tmp_path / name).as_uri())
    wide = "all => all.filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML)"
    assert page.locator("table, p, dl, ul, figure").evaluate_all(wide) == []
    page.close()


def test_paper_shows_what_is_folded_on_screen_and_no_controls(page: Page, tmp_path: Path) -> None:
    page.emulate_media(media="print")
    message = page.locator("#rule-ingress_not_open_to_world .message")
    expect(message).to_be_visible()
    expect(page.get_by_label("Search")).to_be_hidden()
    expect(page.get_by_role("navigation")).to_be_hidden()
    printed = tmp_path / "report.pdf"
    page.pdf(path=printed, prefer_css_page_size=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes()))
    assert 10 < pages < 80


def test_paper_says_that_it_was_filtered(page: Page) -> None:
    page.emulate_media(media="print")
    expect(page.locator("#filter-status")).to_be_hidden()
    page.emulate_media(media="screen")
    choose(page, "verdict", "pass")
    status(page)
    page.emulate_media(media="print")
    expect(page.locator("#filter-status")).to_contain_text("Filtered: showing")
    expect(page.locator("#filter-status")).to_be_visible()


def test_the_report_is_whole_without_a_script(browser: Browser, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "report.html").as_uri() + "#rule-ingress_described")
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("#rule-ingress_described .message")).to_be_visible()
    page.locator("#rule-bucket_versioned > summary").click()
    expect(page.locator("#rule-bucket_versioned .body")).to_be_visible()
    context.close()


def test_incomplete_evidence_says_so_first_and_loudly(browser: Browser, tmp_path: Path) -> None:
    write(lambda: iter([run(problems=("it ends before its summary",))]), tmp_path)
    for name in PAGES:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto((tmp_path / name).as_uri())
        expect(page.locator("header .incomplete")).to_be_in_viewport(ratio=1)
        expect(page.locator("header .incomplete")).to_contain_text("INCOMPLETE")
        assert "INCOMPLETE" in page.title()
        expect(page.locator("#controls .item .badge.k-pass")).to_have_count(0)
        page.close()


def test_markup_in_the_evidence_stays_text(browser: Browser, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=document.title='taken'><script>document.title='taken'</script>"
    changed = run(stack=hostile, commit=hostile, problems=(hostile,))
    write(lambda: iter([changed]), tmp_path, architecture=f"<svg onload=\"document.title='taken'\">{hostile}</svg>")
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    page.wait_for_timeout(200)
    assert page.title().startswith("Evidence: <img src=x")
    assert page.locator("main img[src=x]").count() == 0
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Stack {hostile}")
    page.close()
