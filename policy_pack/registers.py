"""The registers: a folder of reviewed YAML files in, rows that rules can ask and waivers out.

A register holds facts that people record and no preview can see, each with an owner and a day on which it is due again.
A file that is missing, or doesn't fit in any way, is an error with its line, never an empty register.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from policy_pack.waivers import Waiver, problems

if TYPE_CHECKING:
    import yaml

FOLDER = ("policies_reviewed", "folder")
"""The rule, and its setting, that name the folder of the registers."""
WAIVERS = "waivers"
NOTICE_DAYS = 14
"""Days between a sub-processor's announcement and its use (handbook, vendor management; a rule's setting)."""
_YEARS = (2000, 2999)
_LARGEST_COUNT = 10**6
_LINE = r".*\S.*"


class RegisterError(ValueError):
    """A register can't be used. Its text is one line that begins with the file and the line."""


@dataclass(frozen=True)
class Field:
    """What a column of a register holds: text, one of some words, texts, a day or a count."""

    kind: str
    required: bool = True
    pattern: str = _LINE
    expected: str = "text on one line"

    def problem(self, value: Any) -> str | None:
        """Return what is expected instead of a value, if it doesn't fit."""
        fits: Callable[[Any], bool] = {
            "text": lambda v: isinstance(v, str) and re.fullmatch(self.pattern, v) is not None,
            "texts": lambda v: (
                isinstance(v, list) and all(isinstance(i, str) and re.fullmatch(self.pattern, i) for i in v)
            ),
            "day": lambda v: type(v) is datetime.date and _YEARS[0] <= v.year <= _YEARS[1],
            "count": lambda v: type(v) is int and 0 < v <= _LARGEST_COUNT,
        }[self.kind]
        return None if fits(value) else self.expected


def _text(pattern: str = _LINE, expected: str = "text on one line", *, required: bool = True) -> Field:
    return Field("text", required, pattern, expected)


def _texts(pattern: str, expected: str) -> Field:
    return Field("texts", pattern=pattern, expected=f"a list of {expected}")


def _day(*, required: bool = True) -> Field:
    return Field("day", required, expected="a day (YYYY-MM-DD)")


def _count(*, required: bool = True) -> Field:
    return Field("count", required, expected=f"a whole number from 1 to {_LARGEST_COUNT}")


def _word(*words: str) -> Field:
    return _text("|".join(map(re.escape, words)), " or ".join(words))


_ROW = {
    "id": _text(r"[a-z0-9][a-z0-9./-]*", "lower-case letters, digits and . / -"),
    "owner": _text(),
    "since": _day(),
    "ends": _day(required=False),
    "every": _count(),
    "reviewed": _day(required=False),
}
_SHA256 = _text(r"[0-9a-f]{64}", "the SHA-256 of the document, in hexadecimal", required=False)
SCHEMA: Mapping[str, Mapping[str, Field]] = {
    "policies": {**_ROW, "document": _text(), "sha256": _SHA256},
    "subprocessors": {
        **_ROW,
        "name": _text(),
        "purpose": _text(),
        "tier": _word("critical", "high", "low"),
        "accounts": _texts(r"[0-9]{12}", "account ids, 12 digits in quotes"),
        "hosts": _texts(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)+", "host names"),
        "announced": _day(),
        "agreement": _text(),
    },
    "agreements": {
        **_ROW,
        "kind": _word("dpa", "nda"),
        "parties": _text(),
        "document": _text(),
        "sha256": _SHA256,
    },
    "transfers": {
        **_ROW,
        "mechanism": _text(),
        "origins": _texts(r"\S.*", "places"),
        "destinations": _texts(r"[a-z]{2}(-[a-z]+)+-[0-9]", "regions"),
        "document": _text(),
        "sha256": _SHA256,
    },
    "access_reviews": {**_ROW, "scope": _text()},
    "exercises": {
        **_ROW,
        "kind": _word("restore", "disaster-recovery", "business-continuity", "incident-response", "risk-assessment"),
        "scope": _text(),
        "rpo_minutes": _count(required=False),
        "rto_minutes": _count(required=False),
    },
    WAIVERS: {
        **dict.fromkeys(("rule", "resource", "reason", "ticket", "requester", "approver"), _text()),
        "approved": _day(),
        "expires": _day(),
    },
}
"""What each file holds, a list of rows; a row's columns and what they may be."""


@dataclass(frozen=True)
class Row:
    """A row of a register, in force from `since` through `ends`, and due `every` so many days after it was reviewed.

    `where` is the file and line that it was read from; `more` holds the columns that its register has besides these.
    """

    id: str
    owner: str
    since: datetime.date
    every: int
    where: str
    more: Mapping[str, Any]
    ends: datetime.date | None = None
    reviewed: datetime.date | None = None

    @property
    def due(self) -> datetime.date:
        """The last day for its next review; what was never reviewed counts from the day it began."""
        return (self.reviewed or self.since) + datetime.timedelta(days=self.every)

    def in_force(self, today: datetime.date) -> bool:
        """Return whether the row holds on a day."""
        return self.since <= today and (self.ends is None or today <= self.ends)

    def has_ended(self, today: datetime.date) -> bool:
        """Return whether the row is kept as history only."""
        return self.ends is not None and self.ends < today


@dataclass(frozen=True)
class Registers:
    """Every register of a folder. `kept` is false where the configuration names no folder: nothing is known then."""

    rows: Mapping[str, tuple[Row, ...]]
    waivers: tuple[Waiver, ...] = ()
    kept: bool = True

    def find(self, register: str, key: str) -> Row | None:
        """Return the row of a register with an id."""
        return next((row for row in self.rows.get(register, ()) if row.id == key), None)

    def usable_vendors(self, today: datetime.date, notice_days: int = NOTICE_DAYS) -> Iterator[Row]:
        """Yield the sub-processors in force, announced long enough ago, with a DPA in force."""
        for row in self.rows.get("subprocessors", ()):
            agreement = self.find("agreements", row.more["agreement"])
            announced = row.more["announced"] + datetime.timedelta(days=notice_days) <= today
            signed = agreement is not None and agreement.more["kind"] == "dpa" and agreement.in_force(today)
            if row.in_force(today) and announced and signed:
                yield row

    def waiver_for(self, rule: str, urn: str, today: datetime.date) -> Waiver | None:
        """Return the waiver for a violation: of several the one that lasts longest, one in force before any other."""
        found = [waiver for waiver in self.waivers if waiver.covers(rule, urn)]
        return max(found, key=lambda waiver: (waiver.in_force(today), waiver.expires), default=None)


NO_REGISTERS = Registers({}, kept=False)


def locate(named: str, program: Path = Path()) -> Path:
    """Return the folder that a configuration names: in the program's, or the nearest above, as Pulumi finds a project.

    Where there is none, it is where it should be: reading it fails, and says so.
    """
    here = program.absolute()
    found = next((above for above in (here, *here.parents) if (above / named).is_dir()), here)
    return program / named if found == here else found / named


def read(folder: Path) -> Registers:
    """Read a folder of registers.

    Raises:
        RegisterError: a file is missing or doesn't fit.
    """
    texts = {}
    for name in SCHEMA:
        path = folder / f"{name}.yaml"
        try:
            texts[name] = path.read_text(encoding="utf-8")
        except OSError as error:
            raise RegisterError(f"{path}: {error.strerror or error}") from None
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise RegisterError(f"{path}:{line}: it is not UTF-8") from None
        except ValueError as error:  # such as a path with a null byte
            raise RegisterError(f"{str(path)!r}: {error}") from None
    return parse(texts, folder)


def parse(texts: Mapping[str, str], folder: Path) -> Registers:
    """Parse the text of every register.

    Raises:
        RegisterError: a text doesn't fit. Nothing is taken from any of them then.
    """
    rows: dict[str, tuple[Row, ...]] = {}
    waivers: tuple[Waiver, ...] = ()
    for name, columns in SCHEMA.items():
        path = folder / f"{name}.yaml"
        found = list(_entries(texts[name], path, columns))
        if name == WAIVERS:
            waivers = tuple(_waiver(values, where) for values, where in found)
        else:
            rows[name] = tuple(_rows(found))
    return Registers(rows, waivers)


def _rows(entries: Iterable[tuple[dict[str, Any], str]]) -> Iterator[Row]:
    seen: set[str] = set()
    for values, where in entries:
        if values["id"] in seen:
            raise RegisterError(f"{where}: there are two rows {values['id']}")
        seen.add(values["id"])
        common = {key: values.pop(key) for key in _ROW if key in values}
        row = Row(**common, where=where, more=values)
        if row.ends is not None and row.ends < row.since:
            raise RegisterError(f"{where}: {row.id} ends before it begins")
        yield row


def _waiver(values: dict[str, Any], where: str) -> Waiver:
    waiver = Waiver(**values, where=where)
    for problem in problems(waiver):
        raise RegisterError(f"{where}: {problem}")
    return waiver


def _entries(text: str, path: Path, columns: Mapping[str, Field]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the values of every entry of a file, and where it begins."""
    import yaml  # a pack without registers does without it

    loader = yaml.SafeLoader("")
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if not isinstance(root, yaml.SequenceNode):
            _refuse(path, root, "it is not a list of rows (an empty one is written [])")
        for node in root.value:
            yield _entry(loader, node, path, columns), f"{path}:{node.start_mark.line + 1}"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f":{mark.line + 1}" if mark else ""
        raise RegisterError(f"{path}{at}: it is not YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise RegisterError(f"{path}:{line}: it is not YAML: {error.reason}") from None
    except RecursionError:
        raise RegisterError(f"{path}:1: it is nested too deeply") from None
    finally:
        loader.dispose()  # the parser holds itself in a circle


def _entry(loader: yaml.SafeLoader, node: yaml.Node, path: Path, columns: Mapping[str, Field]) -> dict[str, Any]:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        _refuse(path, node, "the row is not a mapping of columns to values")
    values: dict[str, Any] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if name not in columns:
            known = ", ".join(columns)
            _refuse(path, key, f"there is no column {name!r}; there are {known}")
        if name in values:
            _refuse(path, key, f"{name} is given twice")
        values[name] = _value(loader, value, path)
        expected = columns[name].problem(values[name])
        if expected:
            _refuse(path, value, f"{name} is not {expected}")
    for name, column in columns.items():
        if column.required and name not in values:
            _refuse(path, node, f"{name} is missing")
    return values


def _value(loader: yaml.SafeLoader, node: yaml.Node, path: Path) -> Any:
    import yaml

    if isinstance(node, yaml.SequenceNode):
        return [_scalar(loader, item, path) for item in node.value]
    return _scalar(loader, node, path)


def _scalar(loader: yaml.SafeLoader, node: yaml.Node, path: Path) -> Any:
    import yaml

    if not isinstance(node, yaml.ScalarNode):
        _refuse(path, node, "a value is text, a number, a day or a list of texts")
    try:
        return loader.construct_object(node)
    except ValueError as error:  # such as 2026-02-30
        _refuse(path, node, f"{node.value!r}: {error}")


def _refuse(path: Path, node: yaml.Node | None, problem: str) -> NoReturn:
    line = node.start_mark.line + 1 if node is not None else 1
    raise RegisterError(f"{path}:{line}: {' '.join(problem.split())}")
