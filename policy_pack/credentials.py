"""What a credential looks like: a name and a text in, whether the text is a secret out."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

from policy_pack.values import UNKNOWN, Unknown

# What credentials look like wherever they are: an AWS access key, a private key, tokens of GitHub, GitLab, Slack and
# Stripe, a URL with a password inside, an AWS secret that is named as one.
LOOKS_SECRET = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{22,}"
    r"|\bglpat-[A-Za-z0-9_-]{20,}"
    r"|\bxox[abposr]-[A-Za-z0-9-]{10,}"
    r"|\b[sr]k_live_[A-Za-z0-9]{16,}"
    r"|\b[a-z][a-z0-9+.-]*://[^\s/:@$]+:[^\s/:@$]{3,}@"
)
# `password=...` in a script; what begins with $ or < is a variable or a place to fill in.
ASSIGNS_SECRET = re.compile(
    r"(?i)(?:passw(?:or)?d|secret(?:_?(?:access_?)?key)?|api_?key|auth_?token|access_?token)[\"']?"
    r"[ \t]*[:=][ \t]*[\"']?(?![\s\"'$<{(]|arn:|ssm:)[^\s\"']{6,}"
)
SECRET_NAME = re.compile(
    r"(?i)passw(?:or)?d|passphrase|secret|token|credential|private_?key|api_?key|access_?key|auth_?key|encryption_?key"
)
# The names of these hold where a secret is, or how it is dealt with, and not the secret.
TELLS_WHERE = re.compile(
    r"(?i)(?:_|-|^)?(?:arn|id|name|path|file|dir|url|uri|endpoint|region|length|count|limit|ttl|expiry|expiration|"
    r"timeout|seconds|minutes|days|enabled|required|type|version|policy|algorithm|prefix|issuer|rotation)$"
)
IS_A_REFERENCE = re.compile(r"arn:aws[a-z-]*:(?:secretsmanager|ssm|kms):|\{\{resolve:|ssm:|secretsmanager:|alias/")


def holds_secret(name: Any, value: Any) -> bool:
    """Return whether a named value is a secret, by its name or by its looks.

    Raises:
        Unknown: the one or the other is not known before the deployment.
    """
    if value is not UNKNOWN and LOOKS_SECRET.search(str(value)):
        return True
    if value is UNKNOWN or name is UNKNOWN:
        raise Unknown("the name of a variable" if name is UNKNOWN else f"what {name} holds")
    text = str(value)
    named = SECRET_NAME.search(name) and not TELLS_WHERE.search(name)
    return bool(named and text and text.lower() not in {"true", "false"} and not IS_A_REFERENCE.match(text))


def text_holds_secret(text: str) -> bool:
    """Return whether a script or settings file, in plain text or base64, has a secret written in it."""
    return any(LOOKS_SECRET.search(form) or ASSIGNS_SECRET.search(form) for form in _forms(text))


def _forms(text: str) -> Iterable[str]:
    try:
        return text, base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return (text,)
