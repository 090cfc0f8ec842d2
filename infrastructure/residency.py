"""GDPR: the exceptions from US-West, named one by one. Everything else is in us-west-2 or us-west-1.

Enters: nothing. Leaves: what the permissions boundary exempts, and the resource types that have no region. AWS runs the
global services once for all regions, and none of them holds customer data.
"""

from __future__ import annotations

CLOUDFRONT_REGION = "us-east-1"

GLOBAL_ACTIONS = (
    "account:*AlternateContact",
    "cloudfront:*",
    "iam:*",
    "route53:*",
    "s3:ListAllMyBuckets",
    "sts:*",
    "support:*",
)
"""What is asked of no region, or of us-east-1 for all of them."""

FOR_CLOUDFRONT = ("acm:*", "wafv2:*")
"""CloudFront takes certificates and web ACLs from us-east-1 alone: its developer guide, and WAF's API reference."""

GLOBAL_TYPES = (
    "aws:iam/accountPasswordPolicy:AccountPasswordPolicy",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws:iam/policy:Policy",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/serviceLinkedRole:ServiceLinkedRole",
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
)
"""The environment's resources that have no region: identities, and the one switch that S3 has for a whole account."""
