"""The vocabulary in which a resource type says how it is made of AWS operations. Data only; `mechanics` gives it life.

Templates such as `"arn:{partition}:s3:::{bucket}"` are filled from the resource's properties by wire name, its `{id}`,
and `{region}`, `{account}` and `{partition}`.
"""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sandbox.aws_plugin.aws import Aws
from sandbox.aws_plugin.values import Props

if TYPE_CHECKING:
    from sandbox.aws_plugin.handlers.calls import Scope


@dataclass(frozen=True, eq=False)
class Call:
    """One AWS operation.

    operation: boto3's name of it.
    at: JMESPath (a template) to where the answer holds the thing.
    names: wire name -> AWS name, in addition to the record's. Sent: a dotted path. Read: JMESPath below `at`.
    given: AWS member -> value or template that the properties don't say.
    only: the wire properties that this call carries; without it, every one that the operation's model has.
    when, unless: wire name -> value: the call is made only if all have (or unless all have) these values.
    send: further members that only code can tell, from the scope.
    """

    operation: str
    _: KW_ONLY
    at: str = "@"
    names: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    when: Mapping[str, Any] = field(default_factory=dict)
    unless: Mapping[str, Any] = field(default_factory=dict)
    send: Callable[["Scope"], Props] | None = None


@dataclass(frozen=True, eq=False)
class Code:
    """A step that is odd enough to need a function, in place of a `Call`.

    only: the wire properties that it carries.
    run: takes the scope (the properties, `id`, `region` …, and `call(operation, **members)`) and the properties as they
        were; a read returns the properties it found, or None where the thing is not there.
    """

    only: tuple[str, ...]
    run: Callable[["Scope", Props], Props | None]


Step: TypeAlias = Call | Code


@dataclass(frozen=True, eq=False)
class Tagging:
    """How a service tags: the operations and what identifies the thing to them.

    remove: None where `add` replaces the whole set. read: None where the record's own reads return the tags.
    """

    add: str
    remove: str | None
    read: str | None
    key: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Record:
    """A resource type. Whatever botocore's models and the SDK already say is left out.

    service: botocore's name of the service.
    noun: what AWS puts before a name: with "DBCluster", `arn` is also looked for as DBClusterArn.
    key: AWS member -> template: what identifies the thing to every operation that has such a member (also in plural).
        Empty: an account has one such thing in a region.
    id: a template over the properties, those that `create` answers among them, or JMESPath below the `at` of `create`.
    create, reads, updates, deletes: the first read decides whether the thing is there. An update runs if a property
        that it carries has changed; after creation too, for what `create` neither takes nor is answered.
    after_create: steps made once, straight after `create`, whatever the properties say.
    gone: JMESPath on what the first read finds: true if the thing counts as deleted.
    names: wire name -> AWS name for all calls; of a nested property by dotted wire path (`rules.filter.and`).
    defaults: wire name or dotted path -> what AWS takes if it is not given, and what is sent when it is removed.
    initially: wire name -> what a new thing has, where that is not the default: the updates after create change it.
    flags: inputs that steer a call or the provider and are no property of the thing: never compared, never replaced.
    computed: wire name -> template of outputs that no operation returns.
    replace_on: input properties that need a replacement although an update seems to take them.
    tag_resource: the resource type in TagSpecifications (EC2).
    unique: finds the id (`at`) by what AWS keeps unique, from inputs that `replace_on` has, where no template says it.
    ready, deleted: botocore waiters after create and update, and after delete.
    """

    token: str
    _: KW_ONLY
    service: str
    key: Mapping[str, str]
    id: str
    create: Call
    reads: tuple[Step, ...]
    after_create: tuple[Step, ...] = ()
    updates: tuple[Step, ...] = ()
    deletes: tuple[Step, ...] = ()
    noun: str = ""
    gone: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    initially: Mapping[str, Any] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    computed: Mapping[str, str] = field(default_factory=dict)
    replace_on: frozenset[str] = frozenset()
    tagging: Tagging | None = None
    tag_resource: str | None = None
    unique: Call | None = None
    ready: str | None = None
    deleted: str | None = None


@dataclass(frozen=True)
class Created:
    """A new thing: its id and all its outputs, the inputs' properties included."""

    id: str
    state: Props


class PartlyCreated(Exception):  # noqa: N818 - what happened, not only that it failed
    """The thing exists, but a later step of its creation failed; nothing of it may be lost."""

    def __init__(self, id: str, state: Props, cause: Exception) -> None:  # noqa: A002 - the word of Pulumi's protocol
        super().__init__(f"created {id}, but then: {cause}")
        self.id, self.state, self.cause = id, state, cause


class NotEmulated(Exception):  # noqa: N818 - the sandbox's limit, not the caller's error
    """The sandbox does not know this type, function or property."""


@dataclass(frozen=True)
class Handler:
    """The life of one resource type.

    find: the id that a thing with such inputs has, if there is one; None if inputs don't tell.
    complete: by the id and the inputs that it was created with, what an interrupted creation left becomes what the
        inputs want; None if it left nothing.
    replace_on: the input properties that AWS has no update for.
    """

    create: Callable[[Props, Aws], Created]
    find: Callable[[Props, Aws], str | None]
    complete: Callable[[str, Props, Props, Aws], Props | None]
    read: Callable[[str, Props, Aws], Props | None]
    update: Callable[[str, Props, Props, Aws], Props]
    delete: Callable[[str, Props, Aws], None]
    replace_on: frozenset[str]
