"""Route 53 Resolver: where the queries of a VPC are logged."""

from sandbox.aws_plugin.handlers.records import Call, Record, Tagging

RECORDS = (
    Record(
        "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig",
        service="route53resolver",
        key={"ResolverQueryLogConfigId": "{id}"},
        id="Id",
        create=Call("create_resolver_query_log_config", at="ResolverQueryLogConfig"),
        reads=(Call("get_resolver_query_log_config", at="ResolverQueryLogConfig"),),
        deletes=(Call("delete_resolver_query_log_config"),),
        tagging=Tagging("tag_resource", "untag_resource", "list_tags_for_resource", {"ResourceArn": "{arn}"}),
    ),
    Record(
        "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation",
        service="route53resolver",
        key={"ResolverQueryLogConfigAssociationId": "{id}"},
        id="Id",
        create=Call("associate_resolver_query_log_config", at="ResolverQueryLogConfigAssociation"),
        reads=(Call("get_resolver_query_log_config_association", at="ResolverQueryLogConfigAssociation"),),
        deletes=(
            Call(
                "disassociate_resolver_query_log_config",
                given={"ResolverQueryLogConfigId": "{resolverQueryLogConfigId}", "ResourceId": "{resourceId}"},
            ),
        ),
    ),
)
