"""``featureParity``: whether both sides make the same vectors of the same input."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PrivateAttr

from stagingmirror.api.spec.kind_spec import KindSpec, Mode
from stagingmirror.api.spec.track.model_alias import ModelAlias
from stagingmirror.api.types.base import Model
from stagingmirror.api.types.constraints import (
    Duration,
    Label,
    Line,
    Rule,
    at_least,
    at_most,
    shape,
    unique,
)

As = Literal["Number", "Embedding", "Exact", "Timestamp"]

_Decimal = Annotated[
    str,
    Field(max_length=16),
    shape(
        r"^[0-9]{1,6}(\.[0-9]{1,9})?([eE][-+]?[0-9]{1,2})?$",
        "write a number as text, e.g. 0.001 or 1e-5",
    ),
]
_FeatureName = Annotated[str, Field(min_length=1, max_length=253)]


class EndpointOf(Model):
    """An endpoint that an environment lists."""

    endpoint: Label
    """Name of the entry in endpoints of the side's environment."""
    samples: Label | None = None
    """Staging only, where its ids are other ones than production's: the samples that staging's
    endpoint lists, paired with production's line by line.
    """


class Samples(Model):
    """What is sent."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.offered) != has(self.inputExampleOf)",
            message="give exactly one of offered and inputExampleOf",
            holds=lambda samples: (samples.offered is None) != (samples.input_example_of is None),
        ),
    )

    offered: Label | None = None
    """Name of an entry in samples of production's endpoint."""
    input_example_of: Label | None = None
    """Name of a modelAlias in track: the input example that was logged with the version that
    production's alias names, row by row. For protocol MLflowScoring; production's environment must
    list the model in readable.inputExamples, and minSamples must not be more than its rows.
    """


class Tolerance(Model):
    """Two numbers a and b are equal where |a-b| <= absolute + relative * max(|a|, |b|)."""

    absolute: _Decimal = "1e-5"
    """The largest difference, whatever the numbers are."""
    relative: _Decimal = "1e-4"
    """The largest difference as a share of the larger number."""


class FeatureRule(Model):
    """How the features of a name are compared."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel=(
                "!has(self.ignore) || !(has(self.__as__) || has(self.absolute)"
                " || has(self.relative) || has(self.cosine) || has(self.within))"
            ),
            message="a feature with ignore is not compared; remove the other fields, or ignore",
            holds=lambda rule: rule.ignore is None or rule.model_fields_set <= {"name", "ignore"},
        ),
        Rule(
            cel="!has(self.cosine) || (has(self.__as__) && self.__as__ == 'Embedding')",
            message="cosine is for as: Embedding only; remove it, or add as: Embedding",
            holds=lambda rule: rule.cosine is None or rule.as_ == "Embedding",
        ),
        Rule(
            cel="!has(self.within) || (has(self.__as__) && self.__as__ == 'Timestamp')",
            message="within is for as: Timestamp only; remove it, or add as: Timestamp",
            holds=lambda rule: rule.within is None or rule.as_ == "Timestamp",
        ),
        Rule(
            cel="!has(self.relative) || !has(self.__as__) || self.__as__ == 'Number'",
            message="relative is for as: Number only; remove it, or as",
            holds=lambda rule: rule.relative is None or rule.as_ in (None, "Number"),
        ),
        Rule(
            cel=(
                "!has(self.absolute) || !has(self.__as__) || self.__as__ in ['Number', 'Embedding']"
            ),
            message="absolute is for as: Number and as: Embedding only; remove it, or as",
            holds=lambda rule: rule.absolute is None or rule.as_ in (None, "Number", "Embedding"),
        ),
    )

    name: _FeatureName
    """Name of a feature as production's answers have it; * stands for any characters."""
    as_: Annotated[As | None, Field(alias="as")] = None
    """Number; Embedding: dimension, largest difference, cosine and norm; Exact: equal as they are,
    also lists; Timestamp. Omitted: by what production answers.
    """
    absolute: _Decimal | None = None
    """Number, Embedding: the largest difference of a number. Omitted: that of tolerance.
    """
    relative: _Decimal | None = None
    """Number: the largest difference as a share of the larger number. Omitted: that of tolerance.
    """
    cosine: _Decimal | None = None
    """Embedding: one minus the cosine of both vectors. Default: 1e-5."""
    within: Duration | None = None
    """Timestamp: how far two may be apart. Omitted: 0s."""
    ignore: Line | None = None
    """Why this feature is not compared."""


class Latency(Model):
    """The 95th percentile of staging's time per request, as a multiple of production's."""

    max_ratio: _Decimal = "1.5"
    """The largest multiple."""
    at_least: Duration = "20ms"
    """A shorter difference than this is none."""


class FeatureParity(KindSpec):
    """Whether the same input makes the same features, embeddings or predictions on both sides.
    Only compared; never refreshed.
    """

    guards: ClassVar[tuple[str, ...]] = ("structure", "logic.")
    # Without times of events a difference may be one of the logic, or of the data.
    undivided: ClassVar[Mapping[str, str]] = {"values.": "logic."}

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.production.samples)",
            message="production has its samples in samples.offered; remove production.samples",
            holds=lambda entry: entry.production.samples is None,
        ),
        Rule(
            cel=(
                "!has(self.samples.inputExampleOf) || !has(self.staging)"
                " || !has(self.staging.samples)"
            ),
            message=(
                "the rows of samples.inputExampleOf are sent to both sides, so staging.samples has"
                " no effect; remove staging.samples, or give samples.offered in place of"
                " inputExampleOf"
            ),
            holds=lambda entry: (
                entry.samples.input_example_of is None
                or entry.staging is None
                or entry.staging.samples is None
            ),
        ),
    )

    production: EndpointOf
    """Production's endpoint. It is sent each sample twice, before staging and after it: where it
    differs from itself, staging is not measured by it.
    """
    staging: EndpointOf | None = None
    """Staging's. Omitted: the endpoint of the same name, and the same samples."""
    samples: Samples
    """What is sent to both."""
    every: Annotated[
        Duration,
        at_least("1m", "every must be at least 1m, else endpoints are worn out"),
        at_most("24h", "every must be at most 24h, else a verdict rests on what was long ago"),
    ] = "15m"
    """How often samples are sent; besides that after each refresh, and on request. Not below
    minInterval of the endpoints; at most 24h.
    """
    tolerance: Tolerance = Tolerance()
    """How far two numbers may be apart."""
    features: Annotated[tuple[FeatureRule, ...], unique("name", most=64)] = ()
    """How single features are compared; the first entry that has a feature's name counts."""
    min_samples: Annotated[int, Field(ge=1, le=1000)] = 50
    """How many distinct samples must have been compared for a verdict."""
    max_mismatches: Annotated[int, Field(ge=0, le=1000)] = 0
    """How many samples may differ in a feature."""
    latency: Latency | None = None
    """How much slower staging may be, under the small load of these requests. Omitted: it is shown
    and not compared.
    """
    of: Annotated[tuple[Label, ...], unique(most=16)] = ()
    """Components of this mirror that the features are made of: while one of them is held, this is
    held too; while one is being refreshed, this is Unknown; and only a refresh of one of them is
    followed by a comparison, which may roll it back. Empty: any component is meant, but for holds.
    """

    def probed(self, role: str) -> EndpointOf:
        """What one side has."""
        return self.staging if role == "staging" and self.staging is not None else self.production

    _example_of: ModelAlias | None = PrivateAttr(default=None)

    @property
    def example_of(self) -> ModelAlias | None:
        """The modelAlias that ``samples.inputExampleOf`` names."""
        return self._example_of

    def within(self, track: Mapping[str, KindSpec]) -> "FeatureParity":
        found = track.get(self.samples.input_example_of or "")
        if not isinstance(found, ModelAlias):
            return self
        known = self.model_copy()
        known._example_of = found
        return known

    @property
    def made_of(self) -> tuple[str, ...]:
        return self.of

    @property
    def default_mode(self) -> Mode:
        return "Report"
