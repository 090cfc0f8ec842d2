"""Nothing is lost or gained between the engine's Structs and Python values."""

from __future__ import annotations

from typing import Any

from google.protobuf import struct_pb2
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi import output as pulumi_output
from pulumi.runtime import rpc

from sandbox.aws_plugin.values import (
    UNKNOWN,
    Asset,
    Secret,
    decode,
    encode,
    has_secret,
    has_unknown,
    like,
    plain,
    redacted,
)

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x % 1 != 0)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text() | st.just(UNKNOWN),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3) | inner.map(Secret)
    ),
    max_leaves=10,
)
PROPS = st.dictionaries(st.text(max_size=5), VALUES, max_size=4)


@settings(max_examples=50)
@given(PROPS)
def test_what_is_encoded_is_decoded_as_it_was(props: dict[str, Any]) -> None:
    decoded = decode(struct_pb2.Struct.FromString(encode(props).SerializeToString()))
    assert decoded == props
    for name, value in props.items():  # a bool has not become a number, nor a whole number a float
        assert type(decoded[name]) is type(value)


def test_the_forms_are_those_of_the_sdk() -> None:
    """The Python SDK reads what is written here, and the other way round."""
    read = rpc.deserialize_properties(encode({"a": Secret("s"), "b": UNKNOWN, "c": [1]}), keep_unknowns=True)
    assert rpc.is_rpc_secret(read["a"])
    assert isinstance(read["b"], pulumi_output.Unknown)
    assert decode(struct_pb2.Struct(fields={"a": struct_pb2.Value(string_value=rpc.UNKNOWN)})) == {"a": UNKNOWN}
    secret = {rpc._special_sig_key: rpc._special_secret_sig, "value": 7}
    output = {rpc._special_sig_key: rpc._special_output_value_sig, "value": 7, "secret": True}
    unknown = {rpc._special_sig_key: rpc._special_output_value_sig}
    reference = {rpc._special_sig_key: rpc._special_resource_sig, "urn": "u", "id": "i"}
    wire = struct_pb2.Struct()
    wire.update({"secret": secret, "output": output, "unknown": unknown, "reference": reference})
    assert decode(wire) == {"secret": Secret(7), "output": Secret(7), "unknown": UNKNOWN, "reference": "i"}


def test_an_asset_passes_through() -> None:
    asset = {rpc._special_sig_key: rpc._special_asset_sig, "hash": "abc", "text": "content"}
    wire = struct_pb2.Struct()
    wire.update({"code": asset})
    props = decode(wire)
    assert isinstance(props["code"], Asset)
    assert encode(props) == wire
    assert plain(props) == {"code": asset}


@given(PROPS)
def test_plain_values_hold_no_secret_wrapper(props: dict[str, Any]) -> None:
    assert not has_secret(plain(props))
    assert has_unknown(plain(props)) == has_unknown(props)


def test_a_value_is_secret_where_its_model_is() -> None:
    model = {"a": Secret("x"), "b": {"c": Secret(1), "d": 2}, "e": [1, Secret(2)]}
    assert like({"a": "y", "b": {"c": 3, "d": 4}, "e": [5], "f": 6}, model) == {
        "a": Secret("y"),
        "b": {"c": Secret(3), "d": 4},
        "e": Secret([5]),
        "f": 6,
    }


def test_no_representation_shows_a_secret() -> None:
    assert "hunter2" not in repr({"a": Secret("hunter2"), "b": [Secret({"c": "hunter2"})]})


def test_a_message_is_freed_of_every_secret_value() -> None:
    props = {"a": Secret({"b": "hunter2", "c": ["hunter2-long", 4711], "d": True, "e": ""}), "f": "shown"}
    assert redacted("hunter2 hunter2-long 4711 True shown", props) == "[secret] [secret] [secret] True shown"
