"""The settings of a stack, read once and checked before the first resource.

Enters: the stack's configuration, `hedgerow:*` and `aws:region`. Leaves: `Settings`, or one `BrokenPromise` with one
line for each bad setting that names the setting, its value, what is allowed and the promise behind it.
Nothing else in the program reads configuration.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi.runtime

from infrastructure import promises
from infrastructure import setting_forms as forms
from infrastructure.papers import Papers, PapersError
from infrastructure.promises import BrokenPromise
from infrastructure.scope import CustomerData, DataClass, Deployment, Environment, Scope

NAMESPACE = "hedgerow"
TRANSFER_BASIS = ("scc-2021", "none")
"""scc-2021: the European Commission's standard contractual clauses, Implementing Decision (EU) 2021/914."""

_CURRENT_HARDWARE = "Vulnerability Management: only current hardware that AWS still maintains"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that differs between stacks. A setting `someSize` in the stack's file is the field `some_size` here."""

    environment: Environment = field(
        metadata=forms.one_of(Environment, "Software Development Lifecycle: environments are separate")
    )
    deployment: Deployment = field(
        metadata=forms.one_of(Deployment, "GDPR: two deployment kinds, with different duties")
    )
    owner: str = field(
        metadata=forms.text(
            r"[a-z][a-z0-9-]{1,62}", "a team's name in lower case", "Asset Management: resources have owners"
        )
    )
    region: str = field(metadata=forms.one_of((promises.HOME_REGION,), promises.US_WEST))
    recovery_region: str = field(
        default=promises.RECOVERY_REGION, metadata=forms.one_of((promises.RECOVERY_REGION,), promises.US_WEST)
    )
    zones: tuple[str, ...] = field(metadata=forms.zones())
    vpc_cidr: str = field(metadata=forms.network())
    customer_data_class: DataClass = field(
        default=DataClass.RESTRICTED,
        metadata=forms.one_of(
            (DataClass.CONFIDENTIAL, DataClass.RESTRICTED),
            "Data Classification: customer data is never merely public or internal",
        ),
    )
    holds_phi: bool = field(default=False, metadata=forms.flag("HIPAA: a stack says whether it may hold PHI"))
    transfer_basis: str = field(
        default="none",
        metadata=forms.one_of(TRANSFER_BASIS, "GDPR: transfers from the EU, EEA and UK have a legal basis"),
    )
    dpa_register: str = field(
        default="none",
        metadata=forms.text(
            r"[A-Za-z0-9][A-Za-z0-9./-]{0,62}", "an entry of the DPA register", "GDPR: stores name their DPA's entry"
        ),
    )
    database_instance_class: str = field(
        metadata=forms.text(
            r"db\.(t4g|r6g|r7g|r8g)\.(medium|\d*x?large)",
            "a class of the t4g, r6g, r7g or r8g families, such as db.r7g.large",
            _CURRENT_HARDWARE,
        )
    )
    database_instances: int = field(metadata=forms.number(promises.DATABASE_INSTANCES))
    cache_node_type: str = field(
        metadata=forms.text(
            r"cache\.(t4g|m7g|r6g|r7g)\.(small|medium|\d*x?large)",
            "a type of the t4g, m7g, r6g or r7g families, such as cache.r7g.large",
            _CURRENT_HARDWARE,
        )
    )
    cache_nodes: int = field(metadata=forms.number(promises.CACHE_NODES))
    broker_instance_type: str = field(
        metadata=forms.text(
            r"kafka\.(t3\.small|m7g\.\d*x?large)",
            "kafka.t3.small or a type of the m7g family, such as kafka.m7g.large",
            _CURRENT_HARDWARE,
        )
    )
    brokers: int = field(metadata=forms.number(promises.BROKERS))
    broker_volume_gib: int = field(metadata=forms.number(promises.VOLUME_GIB))
    clickhouse_image: str = field(
        default="amazon/al2023-ami-2023.*-kernel-6.12-arm64",
        metadata=forms.text(
            r"(amazon|self)/[a-z0-9*._-]{3,128}",
            "amazon/ or self/ and the name of images, with * for what varies, of which the newest is taken",
            "Vulnerability Management: nodes start from an image of a known maker that is kept current",
        ),
    )
    """With ClickHouse on it, where data is to be kept. Without, as by default, a node has all but ClickHouse."""
    clickhouse_instance_type: str = field(
        metadata=forms.text(
            r"(t4g|m7g|r7g|r8g)\.(small|medium|\d*x?large)",
            "a type of the t4g, m7g, r7g or r8g families, such as r7g.xlarge",
            _CURRENT_HARDWARE,
        )
    )
    clickhouse_shards: int = field(metadata=forms.number(promises.CLICKHOUSE_SHARDS))
    clickhouse_replicas: int = field(metadata=forms.number(promises.CLICKHOUSE_REPLICAS))
    clickhouse_volume_gib: int = field(metadata=forms.number(promises.VOLUME_GIB))
    node_instance_type: str = field(
        metadata=forms.text(
            r"[cmr](6g|7g|8g)\.(\d*x?large)",
            "a type of the 6g, 7g or 8g families, such as m7g.large",
            _CURRENT_HARDWARE,
        )
    )
    nodes: int = field(default=promises.NODES.low, metadata=forms.number(promises.NODES))
    domain: str = field(
        metadata=forms.text(
            r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
            "the product's host name in small letters, such as app.example.com",
            "Encryption: what customers reach has a certificate",
        )
    )
    zone_id: str = field(
        default="none",
        metadata=forms.text(
            r"none|Z[A-Z0-9]{1,31}",
            "the id of the account's Route 53 zone that holds the domain, or none",
            "Encryption: certificates are renewed without anybody's doing",
        ),
    )
    requests_per_address: int = field(default=2_000, metadata=forms.number(promises.REQUESTS_PER_ADDRESS))
    alarm_subscriber: str = field(
        metadata=forms.text(
            r"https://[a-z0-9][a-z0-9.-]*(/[A-Za-z0-9._~/-]*)?|[A-Za-z0-9._+-]+@[a-z0-9][a-z0-9.-]*\.[a-z]{2,}",
            "an https:// address or a role's e-mail address",
            "Incident Response: alarms reach a subscriber, over TLS",
        )
    )
    security_email: str = field(
        metadata=forms.text(
            r"[A-Za-z0-9._+-]+@[a-z0-9][a-z0-9.-]*\.[a-z]{2,}",
            "a role's e-mail address",
            "Incident Response: AWS knows whom to tell of a security issue",
        )
    )
    security_phone: str = field(
        metadata=forms.text(
            r"\+\d[\d ()-]{6,23}",
            "a telephone number with its country code, such as +1 206 555 0100",
            "Incident Response: AWS knows whom to tell of a security issue",
        )
    )
    backup_retention_days: int = field(default=promises.BACKUP_DAYS.low, metadata=forms.number(promises.BACKUP_DAYS))
    audit_retention_days: int = field(default=promises.AUDIT_DAYS.low, metadata=forms.number(promises.AUDIT_DAYS))
    recording_days: int = field(default=promises.RECORDING_DAYS.high, metadata=forms.number(promises.RECORDING_DAYS))
    export_days: int = field(default=7, metadata=forms.number(promises.EXPORT_DAYS))
    event_hours: int = field(default=168, metadata=forms.number(promises.EVENT_HOURS))
    noncurrent_days: int = field(default=7, metadata=forms.number(promises.NONCURRENT_DAYS))

    password_age_days: int = field(
        default=promises.PASSWORD_AGE_DAYS.high, metadata=forms.number(promises.PASSWORD_AGE_DAYS)
    )
    people_accounts: tuple[str, ...] = field(default=(), metadata=forms.accounts())
    """Where people sign in; without any, the stack's own account."""
    repository: str = field(
        default="none",
        metadata=forms.text(
            r"none|[A-Za-z0-9](-?[A-Za-z0-9]){0,38}/[A-Za-z0-9_.-]{1,100}",
            "a repository on GitHub as owner/name, or none",
            "Software Development Lifecycle: only a repository's pipeline deploys",
        ),
    )

    diagnostic_access: Papers | None = field(default=None, metadata=forms.papers())
    """Without any, nobody has diagnostic access."""

    def scope(self, account: str) -> Scope:
        """Where the current stack's resources live, in AWS account `account`, and how they are labelled."""
        return Scope(
            pulumi.get_stack(),
            account,
            self.region,
            self.recovery_region,
            self.owner,
            self.environment,
            self.deployment,
        )

    def customer_data(self, scope: Scope) -> CustomerData:
        """What is true of all customer data in the stack."""
        return CustomerData(scope, self.customer_data_class, self.transfer_basis, self.dpa_register, self.holds_phi)

    @property
    def nat_gateways(self) -> int:
        """One for each zone in production, so that a zone's loss stays in the zone; one in smaller environments."""
        return len(self.zones) if self.environment is Environment.PRODUCTION else 1


def read_settings() -> Settings:
    """The settings of the current stack. Raises `BrokenPromise` with one line for each bad setting."""
    stack = pulumi.get_stack()
    values: dict[str, Any] = {}
    problems = [*_bad_stack_name(stack), *_unknown_settings()]
    for setting in dataclasses.fields(Settings):
        try:
            values[setting.name] = _value(setting)
        except BrokenPromise as problem:
            problems.append(str(problem))
    problems += _contradictions(values, stack)
    if not problems:
        return Settings(**values)
    count = f"{len(problems)} settings break" if len(problems) > 1 else "A setting breaks"
    raise BrokenPromise("\n".join([f"{count} a promise in stack {stack}:", *problems]))


def _value(setting: dataclasses.Field[Any]) -> Any:
    key = _key(setting.name)
    namespace, name = key.split(":")
    raw = pulumi.Config(namespace).get(name)
    allowed, promise = setting.metadata["allowed"], setting.metadata["promise"]
    if raw is None:
        if setting.default is not dataclasses.MISSING:
            return setting.default
        raise BrokenPromise(f"{key} is missing: {allowed} ({promise})")
    parse: Callable[[str], Any] = setting.metadata["parse"]
    try:
        return parse(raw)
    except PapersError as problem:
        raise BrokenPromise(f"{key}: {problem} ({promise})") from None
    except (ValueError, KeyError, TypeError):
        shown = "[secret]" if pulumi.runtime.is_config_secret(key) else raw
        raise BrokenPromise(f"{key} is {shown}: {allowed} ({promise})") from None


def _key(field_name: str) -> str:
    if field_name == "region":
        return "aws:region"
    head, *tail = field_name.split("_")
    return f"{NAMESPACE}:{head}{''.join(word.capitalize() for word in tail)}"


def _bad_stack_name(stack: str) -> Iterator[str]:
    if not re.fullmatch(r"[a-z]([a-z0-9]|-(?!-)){0,28}[a-z0-9]", stack):
        yield (
            f"The stack's name is {stack}: must be 2 to 30 small letters, digits and single hyphens, from a letter on "
            "(Asset Management: resources are named after their stack, and RDS takes no other names)"
        )


def _unknown_settings() -> Iterator[str]:
    own = f"{NAMESPACE}:"
    known = [_key(setting.name).removeprefix(own) for setting in dataclasses.fields(Settings)]
    lower = {name.lower(): name for name in known}
    given = pulumi.runtime.get_config_env() | pulumi.runtime.config.CONFIG.get()
    for key in sorted(given):
        name = key.removeprefix(own)
        if key.startswith(own) and name not in known:
            close = difflib.get_close_matches(name.lower(), lower, n=1)
            hint = f"; did you mean {own}{lower[close[0]]}?" if close else ""
            yield f"{key} is not a setting{hint} (Software Development Lifecycle: what is set has effect)"


def _contradictions(values: dict[str, Any], stack: str) -> Iterator[str]:
    """What single settings can't show, as far as they are good."""
    environment, deployment = values.get("environment"), values.get("deployment")
    if environment is Environment.SANDBOX and not re.fullmatch(r"sandbox(-.*)?", stack):
        yield (
            f"{NAMESPACE}:environment is sandbox: must be staging or production unless the stack's name is sandbox or "
            "starts with sandbox- (Business Continuity: only a sandbox gives up deletion protection)"
        )
    if values.get("diagnostic_access") and deployment is Deployment.CLOUD:
        yield (
            f"{NAMESPACE}:diagnosticAccess is given: must be left out where {NAMESPACE}:deployment is cloud "
            "(Self-hosted diagnostic access: in the cloud, people have roles of their own)"
        )
    if values.get("holds_phi") and deployment is Deployment.CLOUD:
        yield (
            f"{NAMESPACE}:holdsPhi is true: must be false where {NAMESPACE}:deployment is cloud "
            "(HIPAA: only self-hosted deployments may hold PHI)"
        )
    if values.get("holds_phi") and values.get("customer_data_class") is DataClass.CONFIDENTIAL:
        yield (
            f"{NAMESPACE}:customerDataClass is confidential: must be restricted where {NAMESPACE}:holdsPhi is true "
            "(Data Classification: PHI has the highest class)"
        )
    for name in ("transfer_basis", "dpa_register"):
        if deployment is Deployment.CLOUD and values.get(name) == "none":
            yield (
                f"{_key(name)} is none: must be given where {NAMESPACE}:deployment is cloud "
                "(GDPR: stores of EU, EEA or UK data in US-West carry a transfer basis and a DPA register entry)"
            )
