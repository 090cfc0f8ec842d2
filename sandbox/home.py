"""The sandbox's home: all it keeps for one checkout, and the environment that makes Pulumi and AWS clients stay in it.

.sandbox/                 or $HEDGEROW_SANDBOX_HOME; 0700
  pulumi/                 a PULUMI_HOME of its own, with the AWS plugin and the Python language host under plugins/;
                          `logs` is a file, so that the engine keeps no log of what it sends to its plugins
  bin/pulumi              `python -m sandbox pulumi`, for shells set up with `sandbox env`
  state/                  the stacks' state (a file backend)
  config/                 copies of stack configuration, with the salt that goes with the passphrase
  passphrase              encrypts secrets in that state; random, 0600
  created/                what killed engines had created and may not know of
  emulator.json, .log     where the AWS emulator is, and what it said
"""

from __future__ import annotations

import importlib.metadata
import os
import secrets
import shlex
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from sandbox.engine import Engine, cache_dir
from sandbox.files import PRIVATE_PROGRAM, link, locked, private_dir, write
from sandbox.launcher import CHECKOUT, is_launcher, launcher

REGION = "us-west-2"

FORGOTTEN = (
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_API",
    "PULUMI_CLOUD_SECRET_OVERRIDE",
    "PULUMI_CONFIG",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_CREDENTIALS_PATH",
    "PULUMI_DEFAULT_ORGANIZATION",
    "PULUMI_LOG_OTLP_ENDPOINT",
    "PULUMI_OTEL_EXPORTER_OTLP_ENDPOINT",
)
"""Variables that would reach a real account or send something away."""
FORGOTTEN_PREFIXES = ("AWS_", "PULUMI_DIY_BACKEND_", "PULUMI_SELF_MANAGED_STATE_")
"""Nor may a setting of the person's real backend change how the sandbox's state is kept: it is read here."""


class Home:
    """The folders and files of one sandbox home; none is made before `prepare`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pulumi = folder / "pulumi"
        self.bin = folder / "bin"
        self.state = folder / "state"
        self.config = folder / "config"
        self.created = folder / "created"
        self.passphrase = folder / "passphrase"


def current() -> Home:
    """The home that $HEDGEROW_SANDBOX_HOME names, else the checkout's own."""
    chosen = os.environ.get("HEDGEROW_SANDBOX_HOME")
    return Home(Path(chosen).expanduser().absolute() if chosen else CHECKOUT / ".sandbox")


def changing(home: Home) -> AbstractContextManager[None]:
    """Hold this while something is made in `home`, so that two first commands at once do not both make it."""
    return locked(private_dir(home.folder) / "lock", "another command is setting up the sandbox: waiting for it")


def prepare(home: Home, engine: Engine) -> None:
    """Make what is missing in `home`, and renew what no longer fits the engine, the Python or the SDK in use."""
    for folder in (home.folder, home.pulumi, home.pulumi / "plugins", home.bin, home.state):
        private_dir(folder)
    places = {"HEDGEROW_SANDBOX_HOME": str(home.folder), "HEDGEROW_CACHE": str(cache_dir())}
    write(home.bin / "pulumi", launcher("sandbox", ["pulumi"], places), PRIVATE_PROGRAM)
    if not home.passphrase.exists():
        write(home.passphrase, secrets.token_urlsafe(32))
    _no_log(home)
    _language_host(home, engine)
    _aws_plugin(home)


def _no_log(home: Home) -> None:
    """Keep the engine from its automatic log, for which it has no switch: it goes on without where it has no folder.

    The log has every property of every resource, and of `policy analyze` secrets too, unencrypted (ADR 0018).
    """
    logs = home.pulumi / "logs"
    if logs.is_dir():
        shutil.rmtree(logs)
    write(logs, "The engine's automatic log would hold secrets: docs/adr/0018-no-engine-log.md\n")


def _language_host(home: Home, engine: Engine) -> None:
    """The engine looks beside itself first, then (ambient plugins being off) among PULUMI_HOME's plugins."""
    name = "pulumi-language-python"
    folder = home.pulumi / "plugins" / f"language-python-v{engine.version}"
    for old in folder.parent.glob("language-python-v*"):
        if old != folder and old.is_dir():
            shutil.rmtree(old)
    beside = engine.path.resolve().with_name(name)
    if engine.installed and os.access(beside, os.X_OK):
        shutil.rmtree(folder, ignore_errors=True)
    elif engine.installed and (on_path := shutil.which(name)) is not None:
        link(folder / name, Path(on_path))
    else:
        write(folder / name, launcher("sandbox.language_host"), PRIVATE_PROGRAM)


def _aws_plugin(home: Home) -> None:
    """The official plugin of the SDK's version where the machine has it, else the sandbox's own."""
    plugin = Path(f"resource-aws-v{importlib.metadata.version('pulumi_aws')}") / "pulumi-resource-aws"
    ours = home.pulumi / "plugins" / plugin
    for base in (os.environ.get("PULUMI_HOME"), "~/.pulumi"):
        official = Path(base or "~/.pulumi").expanduser() / "plugins" / plugin
        # In a shell set up with `sandbox env`, PULUMI_HOME is a sandbox's own.
        if os.access(official, os.X_OK) and official != ours and not is_launcher(official):
            link(ours, official)  # the engine skips a plugin folder that is itself a link
            return
    write(ours, launcher("sandbox.aws_plugin"), PRIVATE_PROGRAM)


def settings(home: Home, endpoint: str, base: Mapping[str, str]) -> dict[str, str]:
    """The variables that keep Pulumi and every AWS client inside the sandbox, where `base` is what there was."""
    own = [host for host in base.get("NO_PROXY", base.get("no_proxy", "")).split(",") if host]
    direct = ",".join(dict.fromkeys([*own, "127.0.0.1", "localhost"]))
    return {
        "PULUMI_HOME": str(home.pulumi),
        "PULUMI_BACKEND_URL": home.state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(home.passphrase),
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",  # so that Pulumi.<stack>.yaml needs no encryption salt
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_NEO": "false",
        "PULUMI_SUPPRESS_NEO_LINK": "true",
        "PULUMI_CREDENTIAL_STORE": "plaintext",  # there is nothing to store: do not ask the desktop's keyring
        "NO_PROXY": direct,  # the engine, its plugins and the emulator talk on loopback
        "no_proxy": direct,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def forgotten(environment: Mapping[str, str]) -> list[str]:
    """The variables of `environment` that must not reach the engine."""
    return sorted(name for name in environment if name in FORGOTTEN or name.startswith(FORGOTTEN_PREFIXES))


def environment(home: Home, endpoint: str, base: Mapping[str, str]) -> dict[str, str]:
    """`base` with the sandbox's settings instead of everything real."""
    drop = forgotten(base)
    kept = {name: value for name, value in base.items() if name not in drop}
    folders = [folder for folder in base.get("PATH", os.defpath).split(os.pathsep) if folder != str(home.bin)]
    places = {
        "PATH": os.pathsep.join([str(home.bin), *folders]),
        # The engine knows a project by its folder as $PWD spells it, and this program by the real one: let them agree.
        "PWD": str(Path.cwd()),
    }
    return kept | settings(home, endpoint, base) | places


def exports(home: Home, endpoint: str, base: Mapping[str, str], shell: str) -> str:
    """The same as commands for `shell`: "bash", "zsh" or "fish"."""
    wanted = settings(home, endpoint, base)
    drop = [name for name in forgotten(base) if name not in wanted]
    quoted_bin = _fish_quote(str(home.bin)) if shell == "fish" else shlex.quote(str(home.bin))
    if shell == "fish":
        lines = [f"set -e {name}" for name in drop] + [
            f"set -gx {name} {_fish_quote(value)}" for name, value in wanted.items()
        ]
        lines += [f"contains -- {quoted_bin} $PATH; or set -gx PATH {quoted_bin} $PATH"]
    else:
        lines = [f"unset {name}" for name in drop] + [
            f"export {name}={shlex.quote(value)}" for name, value in wanted.items()
        ]
        lines += [f'case ":$PATH:" in *:{quoted_bin}:*) ;; *) export PATH={quoted_bin}:"$PATH" ;; esac']
    return "\n".join(lines)


def _fish_quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
