"""No input silences a rule: it gets a verdict, the same one each time, or a report of the crash that blocks.

Every type of the installed SDK and every rule is visited on each run; hypothesis only draws what they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pulumi.runtime import proto

from policy_pack.pack import PACK
from policy_pack.server import Analyzer
from sandbox.aws_plugin import schema
from tests.policy_pack.engine import CONTEXT, TODAY
from tests.policy_pack.protocol import UNKNOWN_TEXT, in_stack, resource, secret, struct

GROUPS = 4
DEPTH = 3
_EACH_RUN = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
_TYPES = sorted(schema.tokens())
# What must not be printed in any spelling: capitals, quotes and line ends are what a message may change.
HIDDEN = "S3cretVALUE\"'\n77"
_CORE = "s3cretvalue"

DOCUMENTS = st.sampled_from(
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"*"',
        "{}",
        '{"Statement": null}',
        '{"Statement": "everything"}',
        '{"Statement": [[], 1, null, "*"]}',
        '{"Statement": {"Effect": "Allow", "Action": 1, "Resource": {}, "Principal": ["*"]}}',
        '{"Statement": [{"Effect": ["Allow"], "Action": [null, 1], "NotAction": {}, "Principal": {"AWS": [1, null]}}]}',
        '{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*", "Condition": []}]}',
        '{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": "aws:x"}}]}',
        '{"Statement": [{"Effect": "Allow", "Action": "*", "Condition": {"IpAddress": {"aws:SourceIp": "all"}}}]}',
        '{"Statement": [{"Effect": "Allow", "Action": "*", "Condition": {"Bool": {"aws:SecureTransport": [[]]}}}]}',
    ]
)
TEXTS = st.one_of(
    DOCUMENTS,
    st.sampled_from(["*", "-1", "0.0.0.0/0", "::/0", "arn:", "arn:aws:s3", "rate(", "Enabled", "TLSv1", "x" * 100_000]),
    st.text(st.characters(codec="utf-8"), max_size=8),
)
MARKED = st.sampled_from([UNKNOWN_TEXT, None, secret(HIDDEN), secret(UNKNOWN_TEXT), secret(None), {}, []])
NUMBERS = st.sampled_from([0, 1, -1, 0.5, 443, 2**53, float("nan"), float("inf")])
ANYTHING = st.one_of(
    MARKED,
    TEXTS,
    NUMBERS,
    st.booleans(),
    st.lists(MARKED | TEXTS, max_size=2),
    st.dictionaries(TEXTS, MARKED, max_size=1),
)
"""What no provider would let through, and what only stands for a value."""


def shaped(kind: schema.Type, depth: int = DEPTH) -> st.SearchStrategy[Any]:
    """Return values of the SDK's type, some of them not known yet, null or secret."""
    match kind:
        case schema.Scalar("boolean"):
            plain: st.SearchStrategy[Any] = st.booleans()
        case schema.Scalar("integer" | "number"):
            plain = st.sampled_from([0, 1, -1, 22, 443, 65535, 2**53])
        case schema.ListOf(item):
            plain = st.lists(shaped(item, depth - 1), max_size=2) if depth else st.just([])
        case schema.MapOf(item):
            plain = st.dictionaries(TEXTS, shaped(item, depth - 1), max_size=2) if depth else st.just({})
        case schema.ObjectOf():
            inside = kind.properties if depth else {}
            plain = st.fixed_dictionaries({}, optional={key: shaped(of.type, depth - 1) for key, of in inside.items()})
        case schema.OneOf(options):
            plain = st.one_of([shaped(option, depth) for option in options])
        case _:
            plain = TEXTS | st.just(HIDDEN).map(secret)
    return st.one_of(plain, st.just(UNKNOWN_TEXT), *((st.none(), plain.map(secret)) if depth == DEPTH else ()))


@pytest.mark.parametrize("group", range(GROUPS))
def test_schema_shaped_values_of_every_type_get_a_verdict(group: int) -> None:
    def check(token: str, values: dict[str, Any]) -> None:
        assert crashes(sound(token, values)) == []

    for token in _TYPES[group::GROUPS]:
        kinds = {name: shaped(item.type) for name, item in schema.resource(token).inputs.items()}
        throw(kinds, partial(check, token))


@pytest.mark.parametrize("group", range(GROUPS))
def test_values_of_any_shape_in_every_type_get_a_verdict_or_a_report_that_blocks(group: int) -> None:
    for token in _TYPES[group::GROUPS]:
        throw(dict.fromkeys(schema.resource(token).inputs, ANYTHING), partial(sound, token))


def throw(kinds: Mapping[str, st.SearchStrategy[Any]], check: Callable[[dict[str, Any]], object]) -> None:
    """Draw properties, any of which may be left out, and let `check` see them."""

    @_EACH_RUN
    @given(st.fixed_dictionaries({}, optional=kinds))
    def thrown(values: dict[str, Any]) -> None:
        check(values)

    thrown()


def sound(token: str, values: dict[str, Any]) -> list[proto.AnalyzeDiagnostic]:
    """Return what the pack says of a resource alone and in a stack, having seen that it says so twice and safely."""
    answers = [judged(token, values) for _ in range(2)]
    assert answers[0] == answers[1]
    for item in answers[0]:
        assert _CORE not in item.message.casefold()
        assert item.urn
    for item in crashes(answers[0]):
        assert item.enforcementLevel == proto.MANDATORY
        assert f"undetermined: the rule crashed on {item.urn}" in item.message
    return answers[0]


def judged(token: str, values: dict[str, Any]) -> list[proto.AnalyzeDiagnostic]:
    analyzer = Analyzer(PACK, TODAY)
    request, declared = resource(token), in_stack(token)
    request.properties.CopyFrom(struct(values))
    declared.properties.CopyFrom(request.properties)
    stack = proto.AnalyzeStackRequest(resources=[declared])
    return [*analyzer.Analyze(request, CONTEXT).diagnostics, *analyzer.AnalyzeStack(stack, CONTEXT).diagnostics]


def crashes(found: list[proto.AnalyzeDiagnostic]) -> list[proto.AnalyzeDiagnostic]:
    return [item for item in found if "the rule crashed on" in item.message]
