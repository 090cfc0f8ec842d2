"""The evidence store: years of verdicts over many stacks, locked, signed, and queried with Athena.

Enters: the evidence key, the roles that write and read. Leaves: `EvidenceStore` with its `bucket`, `signing_key` and
`workgroup`. What the results look like is in `evidence_tables`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import athena, iam, kms

from infrastructure.access import attach
from infrastructure.archives import ArchiveArgs, archive
from infrastructure.buckets import PrivateBucket, PrivateBucketArgs
from infrastructure.documents import Statement, account_root, document
from infrastructure.evidence_tables import RESULTS, TablesArgs, create_tables
from infrastructure.guard import COLLECT, role_arn
from infrastructure.key_statements import administration
from infrastructure.keys import DELETION_WINDOW_DAYS, alias
from infrastructure.promises import AUDIT_DAYS
from infrastructure.scope import DataClass, Scope

SERVICE = "evidence"
AUDITOR = "auditor"
BUNDLES = "bundles"
"""The folder of the signed bundles."""

CHAIN = "chain"
"""The folder of their order: which bundle has which number."""

ANSWER_DAYS = 7
"""Athena's answers are copies of what the evidence says: they go when they have been read."""

SCANNED_BYTES = 10 * 1024**3
"""Proposed: what one query may read. A year of a stack's daily runs is some hundred megabytes."""


@dataclass(frozen=True)
class EvidenceStoreArgs:
    """`collector` is the role that writes and signs; `auditor` the role that reads and verifies."""

    scope: Scope
    key_arn: pulumi.Output[str]
    access_logs: PrivateBucket
    collector: iam.Role
    auditor: iam.Role
    retention_days: int

    def __post_init__(self) -> None:
        AUDIT_DAYS.require("evidence retention_days", self.retention_days)


class EvidenceStore(pulumi.ComponentResource):
    """What was judged, when, and with which verdict: nobody changes it, and the auditor can ask it anything."""

    def __init__(self, name: str, args: EvidenceStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:evidence:EvidenceStore", name, {}, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._tags = args.scope.tags(SERVICE, DataClass.CONFIDENTIAL)
        self.bucket = self._create_bucket(f"{name}-archive")
        self.answers = self._create_answers(f"{name}-answers")
        self.signing_key = self._create_signing_key(name)
        self.workgroup = self._create_workgroup(f"{name}-workgroup")
        self._database = args.scope.prefix.replace("-", "_") + "_evidence"
        create_tables(name, TablesArgs(self._database, self.bucket.name, args.key_arn, self._tags), self)
        self._let_collect(args.collector)
        self._let_audit(args.auditor)
        self.register_outputs({"bucket": self.bucket.name})

    def _create_bucket(self, name: str) -> PrivateBucket:
        args = self._args

        def writers(arn: pulumi.Output[str]) -> list[Statement]:
            return [
                {
                    "Sid": "NobodyElseWrites",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:PutObject",
                    "Resource": pulumi.Output.concat(arn, "/*"),
                    "Condition": {"ArnNotEquals": {"aws:PrincipalArn": role_arn(args.scope, COLLECT)}},
                },
                {  # "Enforce conditional writes on Amazon S3 buckets" in the S3 user guide
                    "Sid": "NobodyGivesANumberTwice",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:PutObject",
                    "Resource": pulumi.Output.concat(arn, f"/{CHAIN}/*"),
                    "Condition": {"Null": {"s3:if-none-match": "true"}},
                },
            ]

        return archive(
            name,
            ArchiveArgs(
                scope=args.scope,
                tags=self._tags,
                key_arn=args.key_arn,
                access_logs=args.access_logs,
                retention_days=args.retention_days,
                writers=writers,
                bucket_name=f"{args.scope.prefix}-{SERVICE}-{args.scope.account}",  # the pipeline knows it beforehand
            ),
            self._child,
        )

    def _create_answers(self, name: str) -> PrivateBucket:
        args = self._args
        return PrivateBucket(
            name,
            PrivateBucketArgs(
                scope=args.scope,
                tags=self._tags,
                key_arn=args.key_arn,
                access_logs=args.access_logs,
                expire_after_days=ANSWER_DAYS,
                noncurrent_days=1,
            ),
            opts=self._child,
        )

    def _create_signing_key(self, name: str) -> kms.Key:
        """Asymmetric, so that whoever has the public key can verify without asking AWS. KMS rotates no such key."""
        scope = self._args.scope
        key = kms.Key(
            f"{name}-signing-key",
            description=f"Signs evidence ({scope.stack})",
            key_usage="SIGN_VERIFY",
            customer_master_key_spec="ECC_NIST_P256",
            policy=document(
                administration(scope),
                _lets(scope, "CollectorSigns", ["kms:Sign"], COLLECT),
                _lets(scope, "CollectorAndAuditorVerify", ["kms:GetPublicKey", "kms:Verify"], COLLECT, AUDITOR),
            ),
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, protect=not scope.disposable),
        )
        kms.Alias(
            f"{name}-signing-key-alias",
            name=alias(scope, "evidence-signing"),
            target_key_id=key.key_id,
            opts=self._child,
        )
        return key

    def _create_workgroup(self, name: str) -> athena.Workgroup:
        """What the client asks for is not heard: where answers go and how they are encrypted is the workgroup's."""
        args = self._args
        return athena.Workgroup(
            name,
            name=f"{args.scope.prefix}-evidence",
            description="Questions to the evidence",
            state="ENABLED",
            force_destroy=args.scope.disposable,
            configuration={
                "enforce_workgroup_configuration": True,
                "publish_cloudwatch_metrics_enabled": True,
                "bytes_scanned_cutoff_per_query": SCANNED_BYTES,
                "engine_version": {"selected_engine_version": "Athena engine version 3"},
                "result_configuration": {
                    "output_location": pulumi.Output.concat("s3://", self.answers.name, "/"),
                    "expected_bucket_owner": args.scope.account,
                    "encryption_configuration": {"encryption_option": "SSE_KMS", "kms_key_arn": args.key_arn},
                },
            },
            tags=self._tags,
            opts=self._child,
        )

    def _let_collect(self, role: iam.Role) -> None:
        attach(
            self._args.scope,
            COLLECT,
            SERVICE,
            role,
            (
                _allow("FindsEvidence", ["s3:GetBucketObjectLockConfiguration", "s3:ListBucket"], self.bucket.arn),
                _allow("ContinuesChain", ["s3:GetObject"], [self._objects(BUNDLES), self._objects(CHAIN)]),
                _allow("WritesEvidence", ["s3:PutObject"], [*map(self._objects, (BUNDLES, CHAIN, RESULTS))]),
                self._uses_key(["kms:GenerateDataKey", "kms:Decrypt"], "s3"),
                _allow("SignsEvidence", ["kms:GetPublicKey", "kms:Sign", "kms:Verify"], self.signing_key.arn),
            ),
        )

    def _let_audit(self, role: iam.Role) -> None:
        """Source: "Allow access to Athena", "AWS managed policy: AmazonAthenaFullAccess" in the Athena user guide."""
        scope, buckets = self._args.scope, (self.bucket.arn, self.answers.arn)
        catalogue = ("catalog", f"database/{self._database}", f"table/{self._database}/*")
        attach(
            scope,
            AUDITOR,
            SERVICE,
            role,
            (
                _allow(
                    "AsksEvidence",
                    [
                        "athena:GetQueryExecution",
                        "athena:GetQueryResults",
                        "athena:GetWorkGroup",
                        "athena:StartQueryExecution",
                        "athena:StopQueryExecution",
                    ],
                    scope.arn("athena", f"workgroup/{scope.prefix}-evidence"),
                ),
                _allow(
                    "ReadsCatalogue",
                    ["glue:GetDatabase", "glue:GetDatabases", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"],
                    [scope.arn("glue", part) for part in catalogue],
                ),
                _allow("FindsEvidence", ["s3:GetBucketLocation", "s3:ListBucket"], list(buckets)),
                _allow("ReadsEvidence", ["s3:GetObject"], [pulumi.Output.concat(arn, "/*") for arn in buckets]),
                _allow(
                    "WritesAnswers",
                    ["s3:AbortMultipartUpload", "s3:PutObject"],
                    pulumi.Output.concat(self.answers.arn, "/*"),
                ),
                self._uses_key(["kms:Decrypt", "kms:GenerateDataKey"], "s3", "glue"),
                _allow("VerifiesEvidence", ["kms:GetPublicKey", "kms:Verify"], self.signing_key.arn),
            ),
        )

    def _objects(self, folder: str) -> pulumi.Output[str]:
        return pulumi.Output.concat(self.bucket.arn, f"/{folder}/*")

    def _uses_key(self, actions: list[str], *services: str) -> Statement:
        through = [f"{service}.{self._args.scope.region}.amazonaws.com" for service in services]
        statement = _allow("UsesKeyThroughServices", actions, self._args.key_arn)
        return {**statement, "Condition": {"StringEquals": {"kms:ViaService": through}}}


def _allow(sid: str, actions: list[str], resource: object) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def _lets(scope: Scope, sid: str, actions: list[str], *purposes: str) -> Statement:
    """A key policy's statement for roles by name: one that names a role as principal needs it to be there first."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": account_root(scope.account),
        "Action": actions,
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:PrincipalArn": [role_arn(scope, purpose) for purpose in purposes]}},
    }
