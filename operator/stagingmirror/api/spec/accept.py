"""Differences that somebody understands: of one mirror, or of every mirror in an environment."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import MAX_FACT, Label, Line, Moment, Rule

FactPattern = Annotated[str, Field(min_length=1, max_length=MAX_FACT)]


class Accept(Model):
    """A difference that is understood. If values are given, only those are accepted."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!self.fact.contains('*') || (!has(self.production) && !has(self.staging))",
            message=(
                "production and staging are values of one fact; name it without *, or remove them"
            ),
            holds=lambda accept: (
                "*" not in accept.fact or (accept.production is None and accept.staging is None)
            ),
        ),
    )

    component: Label
    """Name of a component in track."""
    fact: FactPattern
    """The fact that may differ, as the command diff shows it, e.g. parameters.max_depth; * stands
    for any characters, e.g. data.*.
    """
    reason: Line
    """Why this is right, for whoever reads it later."""
    production: Annotated[str, Field(max_length=1024)] | None = None
    """Production's value that is accepted; not with * in fact, and of no use for a fact that is
    only comparable. Omitted: any.
    """
    staging: Annotated[str, Field(max_length=1024)] | None = None
    """Staging's value that is accepted, as production. Omitted: any."""
    until: Moment | None = None
    """When the acceptance ends, RFC 3339, e.g. "2027-01-31T00:00:00Z". Omitted: never."""


def _any_kind(schema: dict[str, Any]) -> None:
    """The kinds are imported late: specs of kinds name parts of environments."""
    from stagingmirror.api.spec.kinds import KINDS

    schema["enum"] = list(KINDS)


class AcceptOfKind(Model):
    """A difference that is understood in every mirror of a staging environment."""

    kind: Annotated[str, Field(json_schema_extra=_any_kind)]
    """The kind of the components that it is for, as track names it. One that this operator does not
    know is for none.
    """
    fact: FactPattern
    """The fact that may differ, as the command diff shows it; * stands for any characters, e.g.
    parameters.*.
    """
    reason: Line
    """Why this is right, for whoever reads it in the status of a mirror."""
    until: Moment | None = None
    """When the acceptance ends, RFC 3339, e.g. "2027-01-31T00:00:00Z". Omitted: never."""
