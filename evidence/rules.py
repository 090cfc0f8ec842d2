"""What the policy pack says of its rules, and the live check of its own, for those who read results.

Results may come from another version of the pack, so a rule may be unknown here: it is then described by its id alone.
"""

from __future__ import annotations

from pathlib import Path

import yaml

import policy_pack
from evidence.live import CHECKS
from evidence.live.account import SETTINGS
from policy_pack.pack import PACK
from policy_pack.vocabulary import Rule

RULES: dict[str, Rule] = {rule.id: rule for rule in PACK.rules}
"""The rules of this checkout's pack by id."""

LIVE: dict[str, str] = {check.id: " ".join((check.look.__doc__ or "").split()) for check in CHECKS}
"""Why each rule of the live check is there, by id."""

PACK_FOLDER = Path(policy_pack.__file__).parent


def pack_version() -> str:
    """Return the version of this checkout's pack."""
    return str(yaml.safe_load((PACK_FOLDER / "PulumiPolicy.yaml").read_text())["version"])


def title(rule: str) -> str:
    """Return a rule's id as words: `bucket_versioned` is "Bucket versioned"."""
    return rule.replace("_", " ").capitalize()


def why(rule: str) -> str:
    """Return why the rule is there, in a sentence or more."""
    if rule in RULES:
        return RULES[rule].why
    return LIVE.get(rule, "This rule belongs to another version of the policy pack.")


def fix(rule: str) -> str:
    """Return what mends a violation; empty for a rule that isn't known."""
    return RULES[rule].fix if rule in RULES else ""


def name_of(urn: str) -> str:
    """Return a resource's name: in its program, or what of its ARN is its own; settings are named by their region."""
    if urn.startswith("arn:"):
        *place, own = urn.split(":", 5)
        region = "".join(place[3:4])
        return f"{own} in {region}" if own == SETTINGS and region else own
    return urn.rpartition("::")[2]
