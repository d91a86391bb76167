"""What an entry names on a side, and what both admins offer of it."""

from stagingmirror.api.spec.environment.endpoint import Endpoint, OfferedSamples, endpoint_named
from stagingmirror.api.spec.track.feature_parity import FeatureParity, FeatureRule
from stagingmirror.api.types.duration import seconds
from stagingmirror.component import Side, Sides
from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.subjects import (
    Comparison,
    EndpointSamples,
    ParitySubject,
    Rules,
    Tolerance,
)
from stagingmirror.sources.endpoint.subjects import FeatureRule as Compared
from stagingmirror.sources.mlflow.subjects import AliasSubject


def endpoint_in(entry: FeatureParity, side: Side) -> Endpoint | None:
    return endpoint_named(entry.probed(side.role).endpoint, side.spec.endpoints)


def sample_name(entry: FeatureParity, side: Side) -> str:
    """The samples of this side's own; empty: staging is sent production's."""
    if side.role == "production":
        return entry.samples.offered or ""
    return entry.probed("staging").samples or ""


def samples_of(entry: FeatureParity, side: Side) -> OfferedSamples | None:
    """None: this side is sent the other one's, or its environment does not offer them."""
    endpoint = endpoint_in(entry, side)
    return None if endpoint is None else endpoint.offered(sample_name(entry, side))


def not_offered(entry: FeatureParity, sides: Sides) -> Why | None:
    """Why nothing may be sent; None: both environments have the endpoint, and its samples."""
    for side in (sides.production, sides.staging):
        called, endpoint = entry.probed(side.role).endpoint, endpoint_in(entry, side)
        if endpoint is None:
            return Why(
                Reason.NO_ENDPOINT,
                f'environment "{side.environment}" has no endpoints entry {called}; ask its owner '
                "to add it, or correct the name.",
            )
        name = sample_name(entry, side)
        if name and endpoint.offered(name) is None:
            return Why(
                Reason.NOT_OFFERED,
                f"samples {name} are not listed in samples of endpoints entry {called} of "
                f'environment "{side.environment}", so they are not sent; ask its owner to list '
                "them, or correct the name.",
            )
    production, staging = (endpoint_in(entry, side) for side in (sides.production, sides.staging))
    assert production is not None
    assert staging is not None
    if (why := _example_not_offered(entry, sides, production)) is not None:
        return why
    if production.protocol != staging.protocol:
        return Why(
            Reason.NOT_COMPARABLE,
            f"production's endpoint {production.name} has protocol {production.protocol}, and "
            f"staging's {staging.name} {staging.protocol}; answers of two protocols are not "
            "compared.",
        )
    return None


def _example_not_offered(entry: FeatureParity, sides: Sides, endpoint: Endpoint) -> Why | None:
    if entry.samples.input_example_of is None:
        return None
    tracked = entry.example_of
    assert tracked is not None, "a rule of the spec"
    if endpoint.protocol != "MLflowScoring":
        return Why(
            Reason.NOT_COMPARABLE,
            f"inputExampleOf is for protocol MLflowScoring, and endpoint {endpoint.name} has "
            f"{endpoint.protocol}; offer samples, and name them in samples.offered.",
        )
    if not sides.production.spec.offers("input_examples", tracked.production.model):
        return Why(
            Reason.NOT_OFFERED,
            f"registered model {tracked.production.model} is not listed in readable.inputExamples "
            f'of environment "{sides.production.environment}", so its input example is not sent; '
            "ask its owner to list it, or name samples that are offered.",
        )
    return None


def example_alias(entry: FeatureParity, sides: Sides) -> AliasSubject | None:
    """Production's alias of the model whose input example is sent; None: samples are offered."""
    tracked = entry.example_of
    if tracked is None:
        return None
    production = tracked.production
    return AliasSubject(sides.production.environment, production.model, production.alias)


def subject_of(
    entry: FeatureParity, sides: Sides, example: tuple[str, str] | None = None
) -> ParitySubject:
    """``example``: the model and the version whose input example is sent."""
    production, staging = (
        EndpointSamples(
            side.environment, entry.probed(side.role).endpoint, sample_name(entry, side)
        )
        for side in (sides.production, sides.staging)
    )
    production = production._replace(example=example)
    return ParitySubject(production, staging, rules_of(entry, sides), seconds(entry.every))


def rules_of(entry: FeatureParity, sides: Sides) -> Rules:
    endpoint = endpoint_in(entry, sides.production)
    return Rules(
        tolerance=Tolerance(float(entry.tolerance.absolute), float(entry.tolerance.relative)),
        features=tuple(_compared(each) for each in entry.features),
        max_mismatches=entry.max_mismatches,
        masked=bool(sample_name(entry, sides.staging)),
        magnitudes=endpoint is not None and endpoint.report == "Magnitudes",
    )


def _compared(rule: FeatureRule) -> Compared:
    return Compared(
        rule.name,
        comparison=None if rule.as_ is None else Comparison(rule.as_),
        absolute=_number(rule.absolute),
        relative=_number(rule.relative),
        cosine=_number(rule.cosine),
        within=None if rule.within is None else seconds(rule.within),
        ignore=rule.ignore,
    )


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
