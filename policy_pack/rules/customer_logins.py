"""Logins of people whom the product knows: user pools with passwords that hold, and a second factor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_pack.examples import declare
from policy_pack.vocabulary import Finding, NotApplicable, Resource, Severity, rule, setting

POOL = "aws:cognito/userPool:UserPool"
CLASSES = ("requireLowercase", "requireUppercase", "requireNumbers", "requireSymbols")


@rule(
    on=(POOL,),
    severity=Severity.MEDIUM,
    promise="password",
    fix="set what the message names in passwordPolicy",
)
def login_password_strong(
    pool: Resource,
    *,
    shortest: int = setting(8, "characters of a customer's password at least", minimum=8),
) -> Iterator[Finding]:
    """Whoever guesses a customer's password reads what the customer reads."""
    if not pool.has("passwordPolicy"):
        return  # Cognito API Reference, PasswordPolicyType: eight characters of all classes where there is none
    length = pool.get("passwordPolicy", "minimumLength", default=8)
    if length < shortest:
        yield f"passwordPolicy.minimumLength is {length}, less than {shortest}"
    for name in CLASSES:
        if pool.get("passwordPolicy", name) is not True:
            yield f"passwordPolicy.{name} is not true"


@rule(
    on=(POOL,),
    severity=Severity.MEDIUM,
    promise="system-access-control",
    fix="set mfaConfiguration to ON, or to OPTIONAL where customers decide",
)
def login_has_second_factor(pool: Resource) -> Iterator[Finding]:
    """A password that leaked elsewhere must not be enough."""
    factors = pool.get("signInPolicy", "allowedFirstAuthFactors", default=("PASSWORD",))
    if "PASSWORD" not in factors:
        raise NotApplicable("nobody signs in by a password")
    mode = pool.get("mfaConfiguration", default="OFF")
    if mode == "OFF":
        yield "mfaConfiguration is OFF"


STRONG: dict[str, Any] = {"minimumLength": 12, **dict.fromkeys(CLASSES, True)}


@login_password_strong.passes
@login_has_second_factor.passes
def strong_and_a_second_factor() -> None:
    declare(POOL, passwordPolicy=STRONG, mfaConfiguration="ON")
    declare(POOL, mfaConfiguration="OPTIONAL")


@login_password_strong.fails
def of_letters_alone() -> None:
    declare(POOL, passwordPolicy={**STRONG, "requireNumbers": False})


@login_password_strong.fails
def short() -> None:
    declare(POOL, passwordPolicy={**STRONG, "minimumLength": 6})


@login_has_second_factor.fails
def a_password_alone() -> None:
    declare(POOL, passwordPolicy=STRONG)


@login_has_second_factor.passes
def no_password_at_all() -> None:
    declare(POOL, signInPolicy={"allowedFirstAuthFactors": ["WEB_AUTHN"]})
    declare(POOL, mfaConfiguration="ON")
