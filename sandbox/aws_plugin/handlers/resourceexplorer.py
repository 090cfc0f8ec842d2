"""Resource Explorer: a region's index of what is in the account."""

from sandbox.aws_plugin.handlers.records import Call, Record, Tagging

RECORDS = (
    Record(
        "aws:resourceexplorer/index:Index",
        service="resource-explorer-2",
        key={"Arn": "{id}"},
        id="Arn",
        create=Call("create_index"),
        reads=(Call("get_index"),),
        updates=(Call("update_index_type"),),
        deletes=(Call("delete_index"),),
        initially={"type": "LOCAL"},
        tagging=Tagging("tag_resource", "untag_resource", "list_tags_for_resource", {"resourceArn": "{arn}"}),
    ),
)
