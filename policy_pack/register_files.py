"""The files of the registers: a folder of reviewed YAML goes in, rows and waivers come out.

A file that is missing, or doesn't fit in any way, is an error with its line, never an empty register.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from policy_pack.register_columns import ROW, SCHEMA, WAIVERS, Field
from policy_pack.registers import Registers, Row
from policy_pack.waivers import Waiver, problems

if TYPE_CHECKING:
    import yaml

FOLDER = ("policies_reviewed", "folder")
"""The rule, and its setting, that name the folder of the registers."""


class RegisterError(ValueError):
    """A register can't be used. Its text is one line that begins with the file and the line."""


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
        common = {key: values.pop(key) for key in ROW if key in values}
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
