"""The page and the picture of the environment are current, whole, and safe to put into another page."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from architecture.__main__ import pages
from architecture.graph import Card, cards
from architecture.picture import picture
from tests.infrastructure.conftest import built
from tests.infrastructure.mocks import Registered, Registrations

DOCS = Path(__file__).parents[2] / "docs"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", ["environment.md", "environment.svg"])
def test_what_is_committed_is_what_the_program_registers(name: str) -> None:
    """`make docs` writes it."""
    assert (DOCS / name).read_text(encoding="utf-8") == pages()[name]


def test_every_resource_is_in_one_card(environment: Registrations) -> None:
    drawn = [resource.urn for card in cards(environment) for resource in card.resources]
    assert sorted(drawn) == sorted(resource.urn for resource in environment.aws())


def test_the_picture_does_not_depend_on_the_order_of_registration(production: Registrations) -> None:
    shuffled = Registrations(production.resources[::-1], production.outputs)
    assert picture(cards(shuffled), "title") == picture(cards(production), "title")


def test_stores_are_drawn_in_the_isolated_subnets_and_copies_in_the_recovery_region(production: Registrations) -> None:
    places = {(card.name, card.place) for card in cards(production)}
    for store in ("product-database", "cache", "event-stream", "analytics-database"):
        assert {place for name, place in places if name == store} == {"isolated"}
    assert {
        ("load-balancer", "public"),
        ("cluster", "private"),
        ("backup", "recovery"),
        ("people", "account"),
    } <= places


def test_every_card_stays_within_the_picture_and_none_covers_another(environment: Registrations) -> None:
    svg = ElementTree.fromstring(picture(cards(environment), "title"))  # noqa: S314 - it is our own
    width, height = map(float, svg.attrib["viewBox"].split()[2:])
    corners = [
        tuple(float(each.attrib[name]) for name in ("x", "y", "width", "height"))
        for each in svg.iter(f"{SVG}rect")
        if each.attrib["class"] == "card"
    ]
    assert len(corners) == len(cards(environment))
    for number, (x, y, w, h) in enumerate(corners):
        assert x > 0
        assert y > 0
        assert x + w < width
        assert y + h < height
        assert not any(
            x < other_x + other_w and other_x < x + w and y < other_y + other_h and other_y < y + h
            for other_x, other_y, other_w, other_h in corners[number + 1 :]
        )


def test_the_picture_has_a_name_and_says_itself_in_words(production: Registrations) -> None:
    svg = ElementTree.fromstring(picture(cards(production), "title"))  # noqa: S314 - it is our own
    named = {each.attrib["id"]: each.text or "" for each in svg if "id" in each.attrib}
    label, text = (named[identity] for identity in svg.attrib["aria-labelledby"].split())
    assert label == "title"
    assert all(card.name in text for card in cards(production))


def test_names_are_escaped() -> None:
    resource = Registered(
        "urn", "id", "aws:iam/policy:Policy", "name", "", protect=False, inputs={}, state={"arn": "arn"}
    )
    hostile = Card("<script>&", "account", "account", (resource,))
    drawn = picture([*cards(built("sandbox")), hostile], "<b>&")
    assert "<script>&" not in drawn
    assert "&lt;script&gt;&amp;" in drawn
    assert "&lt;b&gt;&amp;" in drawn


def test_the_page_names_every_store_key_and_log_group(production: Registrations) -> None:
    page = pages()["environment.md"]
    rows = set(re.findall(r"^\| `([^`]+)`", page, re.MULTILINE))
    assert production.outputs["stores"].keys() <= rows
    assert {key.name for key in production.of("kms/key:Key")} <= rows
    assert {group.inputs["name"] for group in production.of("cloudwatch/logGroup:LogGroup")} <= rows
