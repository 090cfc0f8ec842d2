"""The door that customers come through: TLS alone, from the internet to the load balancer and on to the pods.

Enters: the public subnets, the cluster and the certificate. Leaves: `LoadBalancer` with its `arn` and the target group
of the pods; where the zone is the stack's to write, the host name leads to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, lb, route53, vpc

from infrastructure.buckets import PrivateBucket, PrivateBucketArgs
from infrastructure.certificates import NO_ZONE, Certificate
from infrastructure.cluster import PODS, Cluster, create_pod_role
from infrastructure.documents import Statement
from infrastructure.network import ANYWHERE, Network
from infrastructure.promises import SEARCHABLE_LOG_DAYS
from infrastructure.scope import DataClass, Scope

SERVICE = "load-balancer"
HTTP, HTTPS = 80, 443
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""TLS 1.3 and 1.2 with forward secrecy alone: "Security policies for your Application Load Balancer"."""

HSTS = "max-age=31536000; includeSubDomains"
CONTROLLER = ("kube-system", "aws-load-balancer-controller")
"""The service account that tells the load balancer of the pods."""


@dataclass(frozen=True)
class LoadBalancerArgs:
    """`zone_id` as in `CertificateArgs`: with one, `domain` leads to the load balancer."""

    scope: Scope
    network: Network
    cluster: Cluster
    certificate: Certificate
    access_logs: PrivateBucket
    domain: str
    zone_id: str


class LoadBalancer(pulumi.ComponentResource):
    """An application load balancer in the public subnets, the only thing in there that takes connections."""

    arn: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    target_group_arn: pulumi.Output[str]
    """What the cluster's pods are bound to."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("hedgerow:load_balancer:LoadBalancer", name, {}, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._tags = args.scope.tags(SERVICE, DataClass.PUBLIC)
        balancer = self._create_balancer(self._create_security_group(), self._create_logs())
        self.arn, self.dns_name = balancer.arn, balancer.dns_name
        target = self._create_target_group()
        self.target_group_arn = target.arn
        self._create_listeners(balancer, target)
        create_pod_role(
            f"{name}-controller", args.cluster, args.scope, CONTROLLER, _registers_targets(args.scope, target)
        )
        if args.zone_id != NO_ZONE:
            route53.Record(
                f"{name}-name",
                zone_id=args.zone_id,
                name=args.domain,
                type="A",
                aliases=[{"name": balancer.dns_name, "zone_id": balancer.zone_id, "evaluate_target_health": True}],
                opts=self._child,
            )
        self.register_outputs({"arn": self.arn})

    def _create_security_group(self) -> ec2.SecurityGroup:
        """In from anywhere to be served or redirected, out to the pods' port of the cluster and nowhere else."""
        name, args = self.pulumi_resource_name, self._args
        group = ec2.SecurityGroup(
            name,
            description="The load balancer that customers reach",
            vpc_id=args.network.vpc.id,
            tags=self._tags | {"Name": name},
            opts=self._child,
        )
        inside = pulumi.ResourceOptions(parent=group)
        for purpose, port, why in (
            ("https", HTTPS, "TLS from customers"),
            ("http", HTTP, "Plain HTTP from customers, which is redirected to TLS"),
        ):
            vpc.SecurityGroupIngressRule(
                f"{name}-{purpose}",
                description=why,
                security_group_id=group.id,
                cidr_ipv4=ANYWHERE,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                tags=self._tags,
                opts=inside,
            )
        vpc.SecurityGroupEgressRule(
            f"{name}-to-pods",
            description="TLS to the pods",
            security_group_id=group.id,
            referenced_security_group_id=args.cluster.security_group,
            ip_protocol="tcp",
            from_port=PODS,
            to_port=PODS,
            tags=self._tags,
            opts=inside,
        )
        vpc.SecurityGroupIngressRule(
            f"{name}-into-pods",
            description="TLS from the load balancer",
            security_group_id=args.cluster.security_group,
            referenced_security_group_id=group.id,
            ip_protocol="tcp",
            from_port=PODS,
            to_port=PODS,
            tags=self._tags,
            opts=inside,
        )
        return group

    def _create_logs(self) -> PrivateBucket:
        """AES256, because Elastic Load Balancing delivers to no bucket that is encrypted otherwise.

        Source: "Enable access logs for your Application Load Balancer" in its user guide.
        """
        scope = self._args.scope

        def deliveries(arn: pulumi.Output[str]) -> list[Statement]:
            return [
                {
                    "Sid": "LoadBalancersDeliverLogs",
                    "Effect": "Allow",
                    "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                    "Action": "s3:PutObject",
                    "Resource": pulumi.Output.concat(arn, f"/AWSLogs/{scope.account}/*"),
                    "Condition": {
                        "ArnLike": {"aws:SourceArn": scope.arn("elasticloadbalancing", "loadbalancer/app/*")}
                    },
                }
            ]

        return PrivateBucket(
            f"{self.pulumi_resource_name}-logs",
            PrivateBucketArgs(
                scope=scope,
                tags=scope.tags(SERVICE, DataClass.CONFIDENTIAL),
                key_arn=None,
                access_logs=self._args.access_logs,
                expire_after_days=SEARCHABLE_LOG_DAYS,
                noncurrent_days=1,
                statements=deliveries,
            ),
            opts=self._child,
        )

    def _create_balancer(self, group: ec2.SecurityGroup, logs: PrivateBucket) -> lb.LoadBalancer:
        kept = not self._args.scope.disposable
        return lb.LoadBalancer(
            self.pulumi_resource_name,
            load_balancer_type="application",
            internal=False,
            subnets=[subnet.id for subnet in self._args.network.subnets["public"]],
            security_groups=[group.id],
            access_logs={"bucket": logs.name, "enabled": True},
            connection_logs={"bucket": logs.name, "enabled": True},
            drop_invalid_header_fields=True,
            desync_mitigation_mode="strictest",
            enable_deletion_protection=kept,
            tags=self._tags | {"exposure": "public"},
            opts=pulumi.ResourceOptions(parent=self, protect=kept, depends_on=[logs]),
        )

    def _create_target_group(self) -> lb.TargetGroup:
        return lb.TargetGroup(
            f"{self.pulumi_resource_name}-pods",
            vpc_id=self._args.network.vpc.id,
            target_type="ip",
            protocol="HTTPS",
            port=PODS,
            health_check={"protocol": "HTTPS", "path": "/_health", "matcher": "200"},
            tags=self._tags,
            opts=self._child,
        )

    def _create_listeners(self, balancer: lb.LoadBalancer, target: lb.TargetGroup) -> None:
        name = self.pulumi_resource_name
        lb.Listener(
            f"{name}-https",
            load_balancer_arn=balancer.arn,
            port=HTTPS,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=self._args.certificate.arn,
            default_actions=[{"type": "forward", "target_group_arn": target.arn}],
            routing_http_response_strict_transport_security_header_value=HSTS,
            tags=self._tags,
            opts=self._child,
        )
        lb.Listener(
            f"{name}-http",
            load_balancer_arn=balancer.arn,
            port=HTTP,
            protocol="HTTP",
            default_actions=[
                {
                    "type": "redirect",
                    "redirect": {"protocol": "HTTPS", "port": str(HTTPS), "status_code": "HTTP_301"},
                }
            ],
            tags=self._tags,
            opts=self._child,
        )


def _registers_targets(scope: Scope, target: lb.TargetGroup) -> list[Statement]:
    """What the AWS Load Balancer Controller needs to bind pods to a target group that it did not make."""
    return [
        {
            "Sid": "BindsPods",
            "Effect": "Allow",
            "Action": ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
            "Resource": pulumi.Output.concat(scope.arn("elasticloadbalancing", "targetgroup/"), target.name, "/*"),
        },
        {
            "Sid": "Looks",
            "Effect": "Allow",
            "Action": [
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            "Resource": "*",
        },
    ]
