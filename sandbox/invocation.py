"""What a Pulumi command line needs before the engine sees it: arguments go in, an `Invocation` comes out.

Only what decides about the stack and the emulator is read; the engine judges the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Names and aliases as `pulumi COMMAND --help` of 3.259.0 lists them.
AWS_COMMANDS = {"up", "update", "preview", "pre", "refresh", "destroy", "down", "dn", "import", "watch", "do"}
STACK_COMMANDS = AWS_COMMANDS | {"stack", "config", "state", "cancel", "logs", "console"}
STACK_CREATION = {"init", "new", "create", "setup"}
CONFIG_COMMANDS = (AWS_COMMANDS - {"do"}) | {"logs"}
"""Commands that read a stack's configuration and take --config-file."""

GLOBAL_FLAGS = {
    "-C",
    "--cwd",
    "--color",
    "--memprofilerate",
    "--otel-traces",
    "--profiling",
    "--tracing",
    "-v",
    "--verbose",
}
FLAGS_WITH_VALUE = GLOBAL_FLAGS | {"-s", "--stack"}


@dataclass(frozen=True)
class Invocation:
    """`stack` is the stack that the command line names, `folder` where the engine will run (relative to here)."""

    arguments: tuple[str, ...]
    command: str | None
    stack: str | None
    folder: str
    needs_stack: bool
    needs_aws: bool
    needs_config: bool

    def with_config_file(self, file: str) -> list[str]:
        """The arguments with `--config-file` right after the command, before anything that might end the flags."""
        position = next(_words(self.arguments))[0] + 1
        return [*self.arguments[:position], f"--config-file={file}", *self.arguments[position:]]


def parse(arguments: Sequence[str]) -> Invocation:
    """Read the command, the stack and the folder; a request for help needs neither stack nor emulator."""
    words = [word for _position, word in _words(arguments)]
    command = words[0] if words else None
    action = words[1] if len(words) > 1 else None
    stack = _value(arguments, "-s", "--stack")
    if command == "stack" and action == "select" and len(words) > 2:
        stack = stack or words[2]
    helps = bool({"-h", "--help"} & set(arguments))
    creates = command == "stack" and action in STACK_CREATION
    return Invocation(
        tuple(arguments),
        command,
        stack,
        _value(arguments, "-C", "--cwd") or ".",
        needs_stack=command in STACK_COMMANDS and not helps and not creates,
        needs_aws=command in AWS_COMMANDS and not helps,
        needs_config=command in CONFIG_COMMANDS
        and not helps
        and _value(arguments, "--config-file", "--config-file") is None,
    )


def _words(arguments: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The arguments, with their positions, that are neither flags nor the values of global flags or of --stack."""
    skip = False
    for position, argument in enumerate(arguments):
        if skip:
            skip = False
        elif argument in FLAGS_WITH_VALUE:
            skip = True
        elif not argument.startswith("-"):
            yield position, argument


def _value(arguments: Sequence[str], short: str, long: str) -> str | None:
    """The last value of a flag, in any of the forms -s X, -sX, -s=X, --stack X, --stack=X."""
    value = None
    for position, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument in (short, long):
            value = arguments[position + 1] if position + 1 < len(arguments) else None
        elif argument.startswith(f"{long}="):
            value = argument.partition("=")[2]
        elif not argument.startswith("--") and argument.startswith(short):
            value = argument.removeprefix(short).removeprefix("=")
    return value
