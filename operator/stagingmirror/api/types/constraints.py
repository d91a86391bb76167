"""Texts of the API that must have a form, and rules between fields.

Each is declared once and enforced twice with the same message: by the API server (as CEL
in the CRD) and by ``parse`` (for objects that are older than the CRD).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from stagingmirror.api.types import duration, quantity, times

VALIDATIONS = "x-kubernetes-validations"
# Of a folder below another one, without a slash at either end and without "..".
FOLDER = r"^[A-Za-z0-9_][A-Za-z0-9_.=@+:-]*(/[A-Za-z0-9_][A-Za-z0-9_.=@+:-]*)*$"


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold between the fields of an object.

    The API server evaluates ``cel``, ``parse`` evaluates ``holds``; both get the object that
    declares the rule. ``message`` names the remedy.
    """

    cel: str
    message: str
    holds: Callable[[Any], bool]

    def as_validation(self) -> dict[str, str]:
        return {"rule": self.cel, "message": self.message}


@dataclass(frozen=True, slots=True)
class TextRule(Rule):
    """What must hold of a text."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        written = handler(schema)
        written.setdefault(VALIDATIONS, []).append(self.as_validation())
        return written

    def _checked(self, text: str) -> str:
        if not self.holds(text):
            raise PydanticCustomError("text", "{message}", {"message": self.message})
        return text


def shape(
    pattern: str, message: str, *, also: str = "", holds: Callable[[str], bool] = bool
) -> TextRule:
    """A text that matches a pattern (RE2, anchored), with a message that shows how to write it.

    Not the schema's ``pattern``: the API server would answer with nothing but the expression.
    ``also`` is a CEL condition that must hold too, evaluated only where the pattern matches;
    ``holds`` is the same for ``parse``.
    """
    cel = f"self.matches(r'{pattern}')" + (f" && {also}" if also else "")
    return TextRule(
        cel, message, lambda text: re.fullmatch(pattern, text) is not None and holds(text)
    )


def _bound(pattern: str, cel: str, message: str, holds: Callable[[str], bool]) -> TextRule:
    """What must hold beyond the shape; where the shape is wrong, only that is reported."""
    return TextRule(f"!self.matches(r'{pattern}') || {cel}", message, holds)


_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"

# A name of a component, a container, an environment or a resource of ours.
Label = Annotated[
    str,
    Field(min_length=1, max_length=63),
    shape(rf"^{_LABEL}$", "use lower-case letters, digits and '-', at most 63 of them"),
]

Namespace = Annotated[
    str,
    Field(min_length=1, max_length=63),
    shape(rf"^{_LABEL}$", "write the exact name of a namespace; patterns are not possible"),
]

# A name of any Kubernetes object.
ObjectName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    shape(rf"^{_LABEL}(\.{_LABEL})*$", "write the object's exact name (metadata.name)"),
]

# A key of a ConfigMap or of a Secret.
Key = Annotated[
    str,
    Field(min_length=1, max_length=253),
    shape(r"^[-._a-zA-Z0-9]+$", "a key has letters, digits, '-', '_' and '.' only"),
]

VariableName = Annotated[
    str,
    Field(min_length=1, max_length=253),
    shape(r"^[^=\s]+$", "write the name of an environment variable, without '=' and spaces"),
]

AnnotationKey = Annotated[
    str,
    Field(min_length=1, max_length=317),
    shape(
        r"^([a-z0-9.-]+/)?[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?$",
        "write an annotation's whole key, e.g. example.com/snapshot",
    ),
]

# Characters of a flag's name: those that are offered, and those that may be named.
MAX_FLAG = 128
# What a flag's name has after its dashes; a dot is one of an option within an option.
_FLAG_REST = "A-Za-z0-9_.-"

FlagName = Annotated[
    str,
    Field(min_length=2, max_length=MAX_FLAG),
    shape(
        rf"^--?[A-Za-z0-9][{_FLAG_REST}]*$",
        "write a flag with its dashes and without a value, e.g. --tokenizer-revision",
    ),
]

FlagPattern = Annotated[
    str,
    Field(min_length=1, max_length=MAX_FLAG),
    shape(
        rf"^(\*|script|--?[A-Za-z0-9*][*{_FLAG_REST}]*)$",
        "write a flag with its dashes and without a value, e.g. --tokenizer-revision, or one "
        "with *, or script",
    ),
]

Pointer = Annotated[
    str,
    Field(min_length=1, max_length=256),
    shape(
        r"^(/([^/~\x00-\x1f]|~[01])*)+$",
        "write a JSON pointer (RFC 6901) below the whole answer, e.g. /data/0/id; ~1 is a / in a "
        "key, ~0 a ~",
    ),
]

# A name of a registered model or of an alias.
ModelName = Annotated[
    str,
    Field(min_length=1, max_length=256),
    shape(r"^[^/:]+$", "MLflow's names of models and aliases contain neither '/' nor ':'"),
]

# Characters of a fact's name: ``parameters.`` and a parameter of MLflow (250), each of whose
# characters may be written as three.
MAX_FACT = 768

# A sentence of the user, e.g. a reason.
Line = Annotated[
    str,
    Field(min_length=1, max_length=512),
    TextRule(
        r"self.matches(r'[\pL\pN]')",
        'write words that somebody can read later, e.g. "smaller nodes in staging, MLP-212"',
        lambda text: any(each.isalnum() for each in text),
    ),
]

Duration = Annotated[
    str, Field(max_length=duration.MAX_LENGTH), shape(duration.PATTERN, duration.REMEDY)
]

Size = Annotated[
    str, Field(max_length=quantity.MAX_LENGTH), shape(quantity.PATTERN, quantity.REMEDY)
]


def at_least(length: str, message: str) -> TextRule:
    """Of a Duration that would do harm if it were shorter."""
    least = duration.seconds(length)
    return _bound(
        duration.PATTERN,
        f"duration(self) >= duration('{length}')",
        message,
        lambda text: duration.seconds(text) >= least,
    )


def at_most(length: str, message: str) -> TextRule:
    """Of a Duration that would do harm if it were longer."""
    most = duration.seconds(length)
    return _bound(
        duration.PATTERN,
        f"duration(self) <= duration('{length}')",
        message,
        lambda text: duration.seconds(text) <= most,
    )


def more_than_nothing(message: str) -> TextRule:
    """Of a Size."""
    return _bound(
        quantity.PATTERN,
        "self.matches('[1-9]')",
        message,
        lambda text: any(c in "123456789" for c in text),
    )


# Not `format: date-time`: CEL then sees a timestamp, and the message would not name the remedy.
Moment = Annotated[
    str,
    Field(max_length=40),
    shape(
        times.PATTERN,
        times.REMEDY,
        also=(
            "timestamp(self) >= timestamp('1970-01-01T00:00:00Z')"
            " && timestamp(self) <= timestamp('9999-12-31T23:59:59Z')"
        ),
        holds=lambda text: times.parse_time(text) is not None,
    ),
]


def unique(by: str | tuple[str, ...] | None = None, *, most: int, least: int = 0) -> Any:
    """A bounded list without doubles: a set, or a map by the named fields."""
    kind: dict[str, Any] = {"x-kubernetes-list-type": "set"}
    if by is not None:
        keys = [by] if isinstance(by, str) else list(by)
        kind = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys}
    return Field(min_length=least or None, max_length=most, json_schema_extra=kind)
