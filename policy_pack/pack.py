"""The rules of the pack, found by resource type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from policy_pack.reviewed_types import REVIEWED
from policy_pack.rules import (
    access,
    account_baseline,
    audit_archive,
    authentication,
    backup,
    backup_coverage,
    backup_proof,
    backup_settings,
    block_storage,
    bucket_encryption,
    certificates,
    change_protection,
    classification,
    containers,
    content_delivery,
    customer_keys,
    database_operations,
    database_transport,
    deletion,
    detection,
    diagnostic_access,
    edge,
    edge_logs,
    egress,
    encryption,
    erasure,
    escalation,
    exposure,
    hosts,
    identities,
    key_use,
    keys,
    kubernetes_storage,
    load_balancers,
    logging,
    monitoring,
    network,
    perimeter,
    privacy,
    private_links,
    private_networks,
    public_buckets,
    residency,
    resilience,
    resilience_services,
    resilience_zones,
    secrets,
    service_logs,
    sharing,
    store_backups,
    stored_secrets,
    trail,
    transport_policies,
    transport_settings,
    trust,
    unreviewed,
    vendors,
    vulnerability,
    vulnerability_images,
    vulnerability_platforms,
)
from policy_pack.vocabulary import ANY_AWS_TYPE, Rule

MODULES = (
    access,
    account_baseline,
    audit_archive,
    authentication,
    backup,
    backup_coverage,
    backup_proof,
    backup_settings,
    block_storage,
    bucket_encryption,
    certificates,
    change_protection,
    classification,
    containers,
    content_delivery,
    customer_keys,
    database_operations,
    database_transport,
    deletion,
    detection,
    diagnostic_access,
    edge,
    edge_logs,
    egress,
    erasure,
    encryption,
    escalation,
    exposure,
    hosts,
    identities,
    key_use,
    keys,
    kubernetes_storage,
    load_balancers,
    logging,
    monitoring,
    network,
    perimeter,
    privacy,
    private_links,
    private_networks,
    public_buckets,
    residency,
    resilience,
    resilience_services,
    resilience_zones,
    secrets,
    service_logs,
    sharing,
    store_backups,
    stored_secrets,
    trail,
    transport_policies,
    transport_settings,
    trust,
    vendors,
    vulnerability,
    vulnerability_images,
    vulnerability_platforms,
)


class Pack:
    """Rules, the types reviewed as needing none, and the rule that reports every other type."""

    def __init__(self, rules: Sequence[Rule], reviewed: Collection[str], fallback: Rule | None) -> None:
        self.rules = (*rules, fallback) if fallback else tuple(rules)
        self._fallback = fallback
        self._reviewed = frozenset(reviewed)
        self._by_type: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            for token in rule.on:
                self._by_type[token].append(rule)

    def knows(self, token: str) -> bool:
        """Return whether a type is ruled by a rule of its own, or reviewed as needing none."""
        return token in self._by_type or token in self._reviewed or token.startswith("pulumi:")

    def rules_on(self, token: str) -> tuple[Rule, ...]:
        """Return the rules that judge a type."""
        everywhere = self._by_type.get(ANY_AWS_TYPE, []) if token.startswith("aws:") else []
        fallback = [self._fallback] if self._fallback and not self.knows(token) else []
        return (*self._by_type.get(token, []), *everywhere, *fallback)


PACK = Pack(
    rules=[value for module in MODULES for value in vars(module).values() if isinstance(value, Rule)],
    reviewed=REVIEWED,
    fallback=unreviewed.resource_type_reviewed,
)
