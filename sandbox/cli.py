"""`python -m sandbox COMMAND`: arguments go in, an exit code comes out; `pulumi` becomes the engine itself.

Everything is imported where it is needed: what `pulumi` costs on top of the engine, a person waits for each time.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.console import SandboxError, say

if TYPE_CHECKING:
    from sandbox import interrupted
    from sandbox.emulator.lifecycle import Emulator, State
    from sandbox.engine import Engine
    from sandbox.home import Home
    from sandbox.invocation import Invocation
    from sandbox.project import Project

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

EPILOG = """\
examples:
  python -m sandbox pulumi preview                      any Pulumi command, inside the sandbox
  python -m sandbox pulumi up --yes --stack self-hosted  another stack
  eval "$(python -m sandbox env)"                       then plain `pulumi up` works in this shell
  python -m sandbox env --shell fish | source           the same for fish
  python -m sandbox status                              what runs, and what the stacks hold

The first command builds the Pulumi engine from source where none is installed: once, about 3 minutes.
Nothing here reaches a real AWS account: credentials are replaced, and AWS is an emulator on 127.0.0.1.

environment:
  HEDGEROW_SANDBOX_HOME   where state, plugins and logs are kept (default: .sandbox in the checkout)
  HEDGEROW_CACHE          where the built engine is kept (default: ~/.cache/hedgerow)
  HEDGEROW_EMULATOR_PORT  the emulator's port (default: one of its own for each checkout, remembered)
"""

STATUS_HELP = """\
Exit code: 0 the engine is ready and the emulator is up; 1 the emulator ended unexpectedly (it crashed, was killed, or
the machine was restarted); 3 the emulator is not running, or there is no engine yet.
"""


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted; or `status`'s own."""
    try:
        if arguments[:1] == ["pulumi"]:  # argparse would take --help and --version for its own
            _require_packages()
            return pulumi(arguments[1:])
        options = _parser().parse_args(arguments)
        _require_packages()
        code: int = options.run(options)
    except SandboxError as error:
        say(f"error: {error}")
        return FAILED
    except OSError as error:  # such as a full disk, or a home that may not be written
        say(f"error: {error.strerror or error}: {error.filename}")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Runs Hedgerow's Pulumi program on this machine alone: a real engine, an emulated AWS.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, run: object, summary: str, details: str = "") -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=details,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=run)
        return command

    add("pulumi", lambda _options: pulumi([]), "run any Pulumi command inside the sandbox: pulumi ARGS…")
    shell = add("env", _env, "print the settings for a shell, to run plain `pulumi` in it")
    shell.add_argument(
        "--shell", choices=("bash", "zsh", "fish"), help="whose syntax to print (default: that of $SHELL)"
    )
    add("start", _start, "start the AWS emulator, empty")
    add("status", _status, "tell what runs and what the stacks hold", STATUS_HELP)
    add("stop", _stop, "stop the AWS emulator: what it holds is lost, the stacks' state is not")
    reset = add("reset", _reset, "stop the emulator and forget the state of every stack")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    add("build", _build, "make the Pulumi engine ready, and nothing else")
    return parser


def _require_packages() -> None:
    from importlib.util import find_spec

    missing = [
        name for name in ("pulumi", "pulumi_aws", "pulumi_policy", "moto", "flask", "yaml") if find_spec(name) is None
    ]
    if missing:
        raise SandboxError(
            f"{sys.executable} lacks {', '.join(missing)}: run `make setup`, then `.venv/bin/python -m sandbox`"
        )


def pulumi(arguments: list[str]) -> int:
    """Become the engine, with the stack and the emulator that `arguments` need made ready first."""
    from sandbox import home as homes
    from sandbox import interrupted
    from sandbox import project as projects
    from sandbox.emulator import lifecycle
    from sandbox.invocation import parse

    home, engine = _provision()
    asked = parse(arguments)
    project = projects.find((Path.cwd() / asked.folder).resolve()) if asked.needs_stack else None
    environment = homes.environment(home, lifecycle.endpoint_of(home.folder), os.environ)
    if asked.command == "policy":
        from sandbox import policy_config

        wanted = policy_config.request(arguments)
        if wanted is not None:
            sys.exit(policy_config.validate(wanted, asked.folder, engine.path, environment))
    stack = None
    if project is not None:
        with homes.changing(home):
            stack = _choose_stack(home, engine, environment, project, asked.stack)
    if asked.needs_aws:
        emulator, found = lifecycle.ensure(home.folder)
        environment["AWS_ENDPOINT_URL"] = emulator.endpoint
        if project is not None and stack is not None:
            _tell_lost(found, emulator, home, project, stack)
            if asked.command in interrupted.CHANGES:
                run = _runner(home, engine, environment, project, stack)
                interrupted.finish(home, project, stack, emulator.incarnation, run)
    if asked.needs_config and project is not None and stack is not None:
        arguments = _use_config_copy(asked, home, project, stack)
    sys.stdout.flush()
    os.execve(engine.path, ["pulumi", *arguments], environment)  # noqa: S606 - an argument list, and no shell wanted


def _provision() -> tuple[Home, Engine]:
    """The home made ready for the engine, which is built if there is none."""
    from sandbox import engine as engines
    from sandbox import home as homes

    home = homes.current()
    cache = engines.cache_dir()
    engine = engines.find(cache)
    if engine is None:
        from sandbox.engine.build import build

        engine = build(cache)
    with homes.changing(home):
        homes.prepare(home, engine)
    return home, engine


def _choose_stack(
    home: Home, engine: Engine, environment: dict[str, str], project: Project, asked: str | None
) -> str | None:
    """The stack that the engine will use, created if it is only configured yet; None if it has to ask."""
    from sandbox import project as projects

    stack = asked or os.environ.get("PULUMI_STACK") or projects.selected_stack(home.pulumi, home.state, project)
    if stack is None and projects.DEFAULT_STACK in projects.known_stacks(home.state, project):
        projects.ensure_stack(engine.path, environment, home.state, project, projects.DEFAULT_STACK)
        projects.select_stack(engine.path, environment, project, projects.DEFAULT_STACK)
        return projects.DEFAULT_STACK
    if stack is None:
        return None
    name = stack.rpartition("/")[2]
    projects.ensure_stack(engine.path, environment, home.state, project, name)
    return name


def _use_config_copy(asked: Invocation, home: Home, project: Project, stack: str) -> list[str]:
    """The arguments such that the engine leaves the committed Pulumi.<stack>.yaml as it is."""
    from sandbox import project as projects
    from sandbox.files import write

    salted = projects.config_with_salt(home.state, project, stack)
    if salted is None:
        return list(asked.arguments)
    copy = home.config / project.name / f"Pulumi.{stack}.yaml"
    write(copy, salted)
    return asked.with_config_file(str(copy))


def _runner(home: Home, engine: Engine, environment: dict[str, str], project: Project, stack: str) -> interrupted.Run:
    """What runs the engine on the stack and waits for its end."""
    import subprocess

    from sandbox.invocation import parse

    def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
        asked = parse(arguments)
        given = _use_config_copy(asked, home, project, stack) if asked.needs_config else arguments
        return subprocess.run(
            [engine.path, *given, "--non-interactive", "--color", "never"],
            cwd=project.file.parent,
            env=environment | {"PWD": str(project.file.parent)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def _tell_lost(found: State, emulator: Emulator, home: Home, project: Project, stack: str) -> None:
    """Say it if resources of the stack were made in an emulator that is no more."""
    from sandbox import project as projects
    from sandbox.emulator.lifecycle import State

    file = projects.stack_file(home.state, project, stack)
    lost = projects.lost_count(file, emulator.incarnation, fresh=found is not State.UP)
    if lost:
        ended = {State.UP: "has ended", State.DOWN: "was stopped", State.GONE: "ended unexpectedly"}[found]
        say(
            f"note: {lost} resources of stack {stack} were in an AWS emulator that {ended}, and not in the one that "
            "runs now: `python -m sandbox pulumi refresh` drops them from the state, `python -m sandbox reset` forgets "
            "every stack"
        )


def _env(options: argparse.Namespace) -> int:
    from sandbox import home as homes
    from sandbox.emulator import lifecycle

    home, _engine = _provision()
    emulator, _found = lifecycle.ensure(home.folder)
    shell = options.shell or ("fish" if Path(os.environ.get("SHELL", "")).name == "fish" else "bash")
    print(homes.exports(home, emulator.endpoint, os.environ, shell))
    return OK


def _start(_options: argparse.Namespace) -> int:
    from sandbox import home as homes
    from sandbox.emulator import lifecycle

    home = homes.current()
    emulator, found = lifecycle.ensure(home.folder)
    runs = "already runs" if found is lifecycle.State.UP else "runs"
    log = lifecycle.log_path(home.folder)
    say(f"the AWS emulator {runs} at {emulator.endpoint} (process {emulator.pid}, log: {log})")
    return OK


def _stop(_options: argparse.Namespace) -> int:
    from sandbox import home as homes
    from sandbox.emulator import lifecycle

    say("the AWS emulator is stopped" if lifecycle.stop(homes.current().folder) else "the AWS emulator was not running")
    return OK


def _status(_options: argparse.Namespace) -> int:
    from sandbox.status import report

    lines, code = report()
    print("\n".join(lines))
    return code


def _reset(options: argparse.Namespace) -> int:
    from sandbox import home as homes
    from sandbox.status import forget, summary

    home = homes.current()
    if not options.yes:
        if not sys.stdin.isatty():
            say("error: reset forgets the state of every stack: say --yes to do it without being asked")
            return USAGE
        sys.stderr.write(f"This stops the AWS emulator and forgets {summary(home)}. Go on? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            say("nothing was changed")
            return FAILED
    forget(home)
    say("the emulator is stopped and the state of every stack is forgotten; the passphrase and the port are kept")
    return OK


def _build(_options: argparse.Namespace) -> int:
    _home, engine = _provision()
    say(f"Pulumi {engine.version} is ready: {engine.path}")
    return OK
