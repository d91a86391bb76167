"""Where the value of a setting can be."""

from typing import Annotated, ClassVar

from pydantic import Field

from stagingmirror.api.spec.references import WorkloadReference
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import (
    FOLDER,
    AnnotationKey,
    FlagName,
    Key,
    Label,
    Namespace,
    ObjectName,
    Pointer,
    Rule,
    VariableName,
    shape,
)


class ConfigMapKey(Model):
    name: ObjectName
    """Name of the ConfigMap."""
    key: Key
    """Its key."""
    namespace: Namespace | None = None
    """In production only: another namespace that the environment lists."""


class VariableOf(WorkloadReference):
    container: Label
    """The container."""
    variable: VariableName
    """The container's environment variable."""


class AnnotationOf(WorkloadReference):
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.part)",
            message="an annotation is one of the whole InferenceService; remove part",
            holds=lambda annotation: annotation.part is None,
        ),
    )

    key: AnnotationKey
    """The annotation's key."""


class ArgumentOf(WorkloadReference):
    container: Label
    """The container."""
    flag: FlagName
    """The flag with its dashes, e.g. --tokenizer-revision, in the container's command or args:
    "--flag value", "--flag=value", or "--flag" alone, which is the value true. The words of a shell
    script (sh -c) are not read.
    """


class TableOf(Model):
    """A Delta table in an object store that the side's environment lists."""

    store: Label
    """Name of the entry in objectStores. It must list the table's folder in readable."""
    path: Annotated[
        str,
        Field(min_length=1, max_length=512),
        shape(
            FOLDER,
            "write the table's folder below url of the store, e.g. features/customers",
        ),
    ]
    """The table's folder below url of the store: the one that holds _delta_log."""


class ValueAt(Model):
    """A value in the answer of an endpoint that the side's environment lists."""

    endpoint: Label
    """Name of the entry in endpoints. It must list the pointer in pointers."""
    pointer: Pointer
    """JSON pointer (RFC 6901) into the answer to a GET of the endpoint's url, e.g. /data/0/id: a
    text, a number or true or false.
    """
