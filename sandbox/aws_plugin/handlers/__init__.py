"""The resource types and functions that the sandbox emulates.

How to add a type: add a `Record` to the `RECORDS` of its service's file, old or new, and a `Case` to the same file of
tests/sandbox/conformance; a type without a case fails the tests, and so does a name that nobody knows.
1. Say only what differs. `vpcId` finds VpcId and VpcIds, `rules` finds Rules, tags find every shape of tags, JSON finds
   text. What `create` takes and no update takes is replaced, as is what `key` and `id` are made of.
2. `key` names what identifies the thing (`{"Bucket": "{bucket}"}`, `{"VpcId": "{id}"}`); each operation takes of it
   what its model has. `id` is a template over inputs and outputs, or JMESPath to a member of what `create` answers.
3. `reads`: the first decides whether the thing is there, each `at` is JMESPath to it; further ones add properties.
   Names that differ go to `names`: the record's for all calls, a call's for one (a read may use any JMESPath).
4. `updates`: each runs when a property that it carries has changed; also after create, for what create does not take.
   `only` sets what a call carries, `when` and `unless` choose between a pair such as enable and disable.
   `after_create` clears away what AWS puts into a new thing, whatever the properties say.
5. `defaults`: what AWS takes if not told; sent when a property is removed, and not seen as drift inside an object.
   `initially`: what a new thing has where the default differs (a trail does not log until it is told to).
   `flags`: inputs that are no property of the thing. Every other input is refused as not emulated.
6. Odd? A `Code` step is a function in place of a `Call`; it is the last resort.
"""

import functools
import pkgutil
from collections.abc import Mapping
from importlib import import_module

from sandbox.aws_plugin.aws import Aws
from sandbox.aws_plugin.handlers import mechanics
from sandbox.aws_plugin.handlers.invokes import INVOKES
from sandbox.aws_plugin.handlers.records import Created, Handler, NotEmulated, PartlyCreated, Record
from sandbox.aws_plugin.values import Props

__all__ = ["RECORDS", "Created", "Handler", "NotEmulated", "PartlyCreated", "find", "invoke", "tokens"]

RECORDS: Mapping[str, Record] = {
    record.token: record
    for module in pkgutil.iter_modules(__path__, f"{__name__}.")
    for record in getattr(import_module(module.name), "RECORDS", ())
}
"""The records of every module here that has some, by token."""


@functools.cache
def find(token: str) -> Handler | None:
    """The handler of a resource type; None if it is not emulated."""
    return mechanics.handler(RECORDS[token]) if token in RECORDS else None


def tokens() -> frozenset[str]:
    """Every emulated resource type."""
    return frozenset(RECORDS)


def invoke(token: str, args: Props, aws: Aws) -> Props:
    """Answer a function.

    :raises NotEmulated: the sandbox does not know it.
    """
    if token not in INVOKES:
        raise NotEmulated(f"the sandbox does not emulate the function {token}")
    return INVOKES[token](args, aws)
