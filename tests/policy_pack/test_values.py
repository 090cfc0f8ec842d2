"""Values: what isn't known is never an answer, and what is known beside it stays one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy import deserialize, proxy

from policy_pack.values import UNKNOWN, Items, Malformed, Props, Unknown, decode, decode_some, leaves, raw
from policy_pack.vocabulary import Finding, each
from tests.policy_pack.protocol import UNKNOWN_TEXT, secret, struct

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def props(values: dict[str, Any]) -> Props:
    return Props(decode(struct(values), set()))


@given(st.dictionaries(st.text(), PLAIN))
def test_values_come_back_as_they_were_sent(values: dict[str, Any]) -> None:
    assert decode(struct(values), set()) == values


@pytest.mark.parametrize(
    "sentinel", sorted(value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_"))
)
def test_reading_an_unknown_of_any_kind_raises_and_names_the_property(sentinel: str) -> None:
    with pytest.raises(Unknown, match=r"^a\.b$"):
        props({"a": {"b": sentinel}}).get("a", "b")


def test_reading_through_an_unknown_object_names_the_object() -> None:
    with pytest.raises(Unknown, match=r"^a$"):
        props({"a": UNKNOWN_TEXT}).get("a", "b", "c")


def test_known_values_stay_readable_beside_unknown_ones() -> None:
    values = props({"kms": UNKNOWN_TEXT, "encrypted": False, "tags": {"owner": UNKNOWN_TEXT, "class": "public"}})
    assert values.get("encrypted") is False
    assert values.get("tags", "class") == "public"


def test_absent_and_null_are_the_default() -> None:
    assert props({"a": None}).get("a", default=1) == 1
    assert props({}).get("a", "b", default=2) == 2


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", False), ([], False), ({}, False), (0, True), (False, True), (0.5, True), ("a", True), ([0], True)],
)
def test_has_means_more_than_empty(value: Any, expected: bool) -> None:  # noqa: FBT001 - a case's expectation
    assert props({"a": value}).has("a") is expected


def test_a_list_gives_its_known_elements_before_it_raises() -> None:
    cidrs = props({"cidrs": [UNKNOWN_TEXT, "0.0.0.0/0", "10.0.0.0/8"]}).get("cidrs")
    iterator = iter(cidrs)
    assert [next(iterator), next(iterator)] == ["0.0.0.0/0", "10.0.0.0/8"]
    with pytest.raises(Unknown, match=r"^cidrs\[0\]$"):
        next(iterator)
    assert "0.0.0.0/0" in cidrs


def test_a_list_that_may_hold_a_text_does_not_say_it_lacks_it() -> None:
    with pytest.raises(Unknown):
        assert "audit" in props({"logs": [UNKNOWN_TEXT, "error"]}).get("logs")


def test_each_judges_every_item_whatever_is_unknown_of_another() -> None:
    def check(item: Props) -> Any:
        if item.get("port") == 22:
            yield f"{item.where('port')} is 22"

    items = props({"rules": [{"port": UNKNOWN_TEXT}, {"port": 22}, UNKNOWN_TEXT, {"port": 443}]}).get("rules")
    findings: list[Finding] = list(each(items, check))
    assert [str(finding) for finding in findings] == ["rules[0].port", "rules[1].port is 22", "rules[2]"]
    assert [isinstance(finding, Unknown) for finding in findings] == [True, False, True]


def test_a_secret_is_read_as_its_value_and_remembered() -> None:
    secrets: set[str] = set()
    values = Props(decode(struct({"password": secret({"text": "hunter2", "number": 42, "open": True})}), secrets))
    assert values.get("password", "text") == "hunter2"
    assert secrets == {"hunter2", "42"}


def test_every_text_inside_a_secret_is_a_secret_however_deep() -> None:
    secrets: set[str] = set()
    inside = {"list": ["one", {"nested": secret(["two", UNKNOWN_TEXT])}, 3, 0, None, "", []], "plain": "four"}
    decoded = decode(struct({"outer": [{"of": secret(inside)}], "open": "five"}), secrets)
    assert secrets == {"one", "two", "3", "four"}
    assert decoded["outer"][0]["of"]["list"][:2] == ["one", {"nested": ["two", UNKNOWN]}]


def test_some_properties_are_decoded_as_all_are() -> None:
    sent = struct({"a": [1, {"b": UNKNOWN_TEXT}], "c": "text", "d": None, "e": 2})
    everything = decode(sent, set())
    assert decode_some(sent, "a", "c", "d", "none") == {key: everything[key] for key in "acd"}


def test_what_a_secret_document_holds_is_secret_too() -> None:
    secrets: set[str] = set()
    decode(struct({"policy": secret('{"Statement": [{"Sid": "ForAcme"}]}')}), secrets)
    assert "ForAcme" in secrets


def test_an_unknown_secret_is_unknown() -> None:
    with pytest.raises(Unknown):
        props({"password": secret(UNKNOWN_TEXT)}).get("password")


def test_a_kind_of_value_never_heard_of_is_unknown() -> None:
    strange = {deserialize.SPECIAL_SIG_KEY: "5cf8f73096256a8f31e491e813e4eb8e", "urn": "urn:pulumi:a::b::c::d"}
    with pytest.raises(Unknown):
        props({"reference": strange}).get("reference")


def test_a_file_is_an_object() -> None:
    asset = {deserialize.SPECIAL_SIG_KEY: deserialize.SPECIAL_ASSET_SIG, "path": "index.html"}
    assert props({"source": asset}).get("source", "path") == "index.html"


def test_a_path_through_something_else_than_an_object_is_a_mistake() -> None:
    with pytest.raises(Malformed, match="rules"):
        props({"rules": [1]}).get("rules", "port")


@given(PLAIN)
def test_leaves_are_everything_but_the_containers(value: Any) -> None:
    assert not any(isinstance(leaf, (list, dict)) for leaf in leaves(value))


@pytest.mark.parametrize("value", [7, "text", True, ["x"]])
def test_what_should_be_an_object_and_is_none_is_a_mistake(value: Any) -> None:
    with pytest.raises(Malformed, match=r"^rules\[0\] is not an object$"):
        Props(value, ("rules", 0)).get("port")


def test_items_are_a_sequence() -> None:
    items = Items([1, 2], "ports")
    assert isinstance(items, Sequence)
    assert list(reversed(items)) == [2, 1]


def test_where_names_the_way_down() -> None:
    inner = props({"rules": [{"lifecycle": {"deleteAfter": 7}}]}).get("rules")[0]
    assert isinstance(inner, Props)
    assert inner.where("lifecycle", "deleteAfter") == "rules[0].lifecycle.deleteAfter"


def test_an_unknown_element_raises_by_index_too() -> None:
    items = Items([UNKNOWN, 1], "ports")
    with pytest.raises(Unknown):
        items[0]
    assert items[1] == 1
    assert raw(items[1:]) == [1]
    assert len(items) == 2


def test_an_empty_struct_is_an_empty_object() -> None:
    assert decode(Struct(), set()) == {}
