"""What every type of the installed pulumi_aws accepts and returns.

A resource or function token goes in; a `Resource` or `Function` comes out. No schema.json is shipped with the SDK, and
importing its service modules costs seconds and hundreds of megabytes, so the generated source is read as text: only the
module of the type asked for, and of its `_inputs.py` only the classes that a value really reaches.
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = "pulumi_aws"
PROVIDER = "pulumi:providers:aws"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value; `kind` is string, integer, number, boolean, asset, archive or any."""

    kind: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose elements are all of one type."""

    item: Type


@dataclass(frozen=True, slots=True)
class MapOf:
    """String keys to values of one type."""

    item: Type


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """A nested object: an argument class of a service package, read when a value reaches it."""

    package: str
    name: str

    @property
    def properties(self) -> dict[str, Property]:
        return _argument_class(_package_folder(self.package) / "_inputs.py", self.name, self.package)


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value of any of these types."""

    options: tuple[Type, ...]


Type = Scalar | ListOf | MapOf | ObjectOf | OneOf


@dataclass(frozen=True, slots=True)
class Property:
    """An input: its wire name is its key."""

    type: Type
    required: bool


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource type: inputs by wire name, the wire names of all outputs, which of those AWS fills in when they are
    left out (`computed`), and which are always secret.
    """

    token: str
    inputs: dict[str, Property]
    outputs: frozenset[str]
    computed: frozenset[str]
    secret_outputs: frozenset[str]


class UnknownTokenError(LookupError):
    """The installed SDK has no such resource type or function."""


class _Place(NamedTuple):
    package: str
    file: Path
    name: str


@cache
def version() -> str:
    """The version of the installed SDK, such as 7.51.1."""
    return importlib.metadata.version(PACKAGE)


@cache
def tokens() -> dict[str, _Place]:
    """Every resource token of the SDK, and the class and file that declare it."""
    registered = _between(_source(_package_folder("") / "__init__.py"), 'resource_modules="""', '"""')
    places = {}
    for module in json.loads(registered):
        package = module["fqn"].removeprefix(PACKAGE).removeprefix(".")
        file = _files(package)[_plain(module["mod"].rpartition("/")[2])]
        places.update({token: _Place(package, file, name) for token, name in module["classes"].items()})
    return places


@cache
def resource(token: str) -> Resource:
    """What the resource type accepts and returns.

    Raises `UnknownTokenError` for a type that the installed SDK does not have.
    """
    if token == PROVIDER:
        place = _Place("", _package_folder("") / "provider.py", "Provider")
    elif token in tokens():
        place = tokens()[token]
    else:
        raise UnknownTokenError(f"{token}: pulumi_aws {version()} has no such resource type")
    text = _source(place.file)
    arguments = _between(text, "__all__ = ['", "'")
    body = text[text.index(f"\nclass {place.name}(pulumi.") :]
    outputs = _wire_names(body)
    secrets = re.search(r"additional_secret_outputs=\[(.*?)\]", body)
    return Resource(
        token=token,
        inputs=_argument_class(place.file, arguments, place.package),
        outputs=frozenset(outputs.values()),
        computed=frozenset(
            outputs[name] for name in re.findall(r"def (\w+)\(self\) -> pulumi\.Output\[(?!Optional)", body)
        ),
        secret_outputs=frozenset(re.findall(r'"(\w+)"', secrets[1]) if secrets else ()),
    )


@cache
def documentation(token: str) -> dict[str, str]:
    """What the SDK says of each input of a resource type, by wire name."""
    place = tokens()[token]
    text = _source(place.file)
    block = _class_block(text, _between(text, "__all__ = ['", "'"))
    return {wire or name: documented for wire, name, documented in _DOCUMENTED.findall(block)}


@cache
def is_function(token: str) -> bool:
    """Whether the SDK invokes such a function."""
    match = re.fullmatch(r"aws:([\w-]+)/(\w+):(\w+)", token)
    if not match:
        return False
    package = "" if match[1] == "index" else _packages().get(_plain(match[1]))
    file = None if package is None else _files(package).get(_plain(match[2]))
    return file is not None and f"pulumi.runtime.invoke('{token}'" in _source(file)


@cache
def _packages() -> dict[str, str]:
    """The SDK's packages by plain name: the module lambda is the package lambda_."""
    return {_plain(folder.name): folder.name for folder in _package_folder("").iterdir() if folder.is_dir()}


@cache
def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"{PACKAGE} is not installed beside the sandbox")
    return Path(spec.submodule_search_locations[0]).joinpath(*package.split("."))


@cache
def _files(package: str) -> dict[str, Path]:
    """The package's modules by plain name; the SDK's rule for snake case has too many exceptions to repeat."""
    return {_plain(file.stem): file for file in _package_folder(package).glob("*.py")}


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


@cache
def _source(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _between(text: str, start: str, end: str) -> str:
    begin = text.index(start) + len(start)
    return text[begin : text.index(end, begin)]


def _class_block(text: str, name: str) -> str:
    start = text.index(f"\nclass {name}:")
    end = re.compile(r"^(?:@|class |if |def )", re.MULTILINE).search(text, start + 2)
    return text[start : end.start() if end else len(text)]


def _wire_names(block: str) -> dict[str, str]:
    """Python name → wire name of every getter in the source of a class."""
    return {name: wire or name for wire, name in _GETTER.findall(block)}


_GETTER = re.compile(r'@pulumi\.getter(?:\(name="(\w+)"\))?\n(?:    @[^\n]*\n)*    def (\w+)\(self\)')
_DOCUMENTED = re.compile(_GETTER.pattern + r'[^\n]*:\n        """(.*?)"""', re.DOTALL)


@cache
def _argument_class(file: Path, name: str, package: str) -> dict[str, Property]:
    block = _class_block(_source(file), name)
    names = _wire_names(block)
    signature = _between(block, "def __init__(__self__", "):\n")
    parameters = re.findall(r"^\s+(\w+): (.+?)( = None)?,?$", signature, re.MULTILINE)
    return {names[python]: Property(_type(hint, package), not optional) for python, hint, optional in parameters}


@cache
def _type(hint: str, package: str) -> Type:
    return _from_node(ast.parse(hint, mode="eval").body, package)


_SCALARS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "Any": "any"}
_ASSETS = {"Asset": "asset", "Archive": "archive"}


def _from_node(node: ast.expr, package: str) -> Type:  # noqa: PLR0911 - a case a form
    match node:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="_builtins"), attr=name):
            return Scalar(_SCALARS[name])
        case ast.Attribute(value=ast.Name(id="pulumi"), attr=name):
            return Scalar(_ASSETS[name])
        case ast.Constant(value=str(name)):
            return _named(name, package)
        case ast.Subscript(value=ast.Name(id="Optional") | ast.Attribute(attr="Input"), slice=inner):
            return _from_node(inner, package)
        case ast.Subscript(value=ast.Name(id="Sequence"), slice=inner):
            return ListOf(_from_node(inner, package))
        case ast.Subscript(value=ast.Name(id="Mapping"), slice=ast.Tuple(elts=[_, inner])):
            return MapOf(_from_node(inner, package))
        case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=members)):
            return _union([member for member in members if not _is_dictionary_form(member)], package)
    raise ValueError(f"a type of {PACKAGE} that the sandbox does not understand: {ast.unparse(node)}")


def _is_dictionary_form(node: ast.expr) -> bool:
    """A TypedDict that repeats an argument class."""
    return isinstance(node, ast.Constant) and str(node.value).endswith("ArgsDict")


def _union(members: list[ast.expr], package: str) -> Type:
    options = tuple(_from_node(member, package) for member in members)
    return options[0] if len(set(options)) == 1 else OneOf(options)


def _named(name: str, package: str) -> Type:
    prefix, _, name = name.rpartition(".")
    if prefix:
        package = prefix.removeprefix("_")
    if name.endswith("Args"):
        return ObjectOf(package, name)
    # An enum lists the values that the SDK's authors knew of; AWS accepts more, and so does the official provider.
    return Scalar("string")
