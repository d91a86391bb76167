"""What came of samples on both sides of a small world, and what its kind says of it."""

from dataclasses import replace
from typing import Any

from stagingmirror.component import Sides
from stagingmirror.components.feature_parity import FeatureParityKind
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Observation, Observations
from stagingmirror.drift.parity.rules import Comparison
from stagingmirror.drift.verdict import Verdict
from stagingmirror.sources.endpoint.subjects import (
    EndpointSamples,
    FeatureParity,
    Parity,
    ParitySubject,
    ProbedParity,
    Refusals,
    Rules,
    Tolerance,
)
from support.kinds.builders import NOW, World, entry_of, environment, sides
from support.parity.specs import endpoint

KIND = FeatureParityKind()
RULES = Rules(Tolerance(1e-5, 1e-4), (), 0, masked=False, magnitudes=False)
SUBJECT = ParitySubject(
    EndpointSamples("production", "features", "parity-samples"),
    EndpointSamples("staging", "features", ""),
    RULES,
    900.0,
)
AMOUNT = FeatureParity(
    name="amount",
    group="values",
    type="number",
    comparison=Comparison.NUMBER,
    inferred=True,
    judged=300,
    differing=0,
    noise=0,
    noisy=False,
    differs=False,
    valued=300,
)
EQUAL = Parity(
    samples=300,
    failed=0,
    structure=(),
    unsteady=(),
    shown=(),
    structure_differs=0,
    features=(AMOUNT,),
    left_out=(),
    ignored=(),
    ignored_features=0,
)


def around(report: str | None = None, **staging: Any) -> Sides:
    return sides(
        environment(endpoints=[endpoint(report=report)]),
        environment("Staging", endpoints=[endpoint(sideEffectFree=None, samples=None, **staging)]),
    )


SIDES = around()


def entry(**more: Any) -> Any:
    given = {"production": {"endpoint": "features"}, "samples": {"offered": "parity-samples"}}
    return entry_of(featureParity=given | more)


def probed(parity: Parity = EQUAL, **more: Any) -> ProbedParity:
    given: dict[str, Any] = {
        "refusals": Refusals(0, 0),
        "distinct": 300,
        "latency": (0.010, 0.011),
        "began": NOW - 100,
        "took": 60.0,
    }
    return ProbedParity(parity, **(given | more))


def answering(parity: Parity = EQUAL, **more: Any) -> World:
    return World().put(SUBJECT, probed(parity, **more))


def differing(**more: Any) -> Parity:
    """12 of 300 samples differ in ``amount``."""
    found: Any = {"differing": 12, "differs": True} | more
    return replace(EQUAL, features=(replace(AMOUNT, **found),))


def answers(parity: Parity = EQUAL, **more: Any) -> Any:
    """A change of a world."""
    return lambda world: world.put(SUBJECT, probed(parity, **more))


def look(
    world: World, role: Any = "staging", given: Any = None, sides: Sides = SIDES
) -> Observation:
    return KIND.observe(given or entry(), sides, role, world, NOW)


def verdict(world: World, given: Any = None, sides: Sides = SIDES) -> Verdict:
    both = (look(world, role, given, sides) for role in ("production", "staging"))
    return judge("component", Observations(*both), now=NOW, stale_after=60)


EXAMPLES: tuple[tuple[Any, ...], ...] = (
    (
        "featureParity",
        entry(),
        answering,
        {},
        SIDES,
        {
            "values of a feature": answers(differing()),
            "its logic": answers(differing(group="logic")),
            "its data": answers(differing(group="data")),
            "a feature less": answers(
                replace(EQUAL, structure=("amount is missing",), structure_differs=1)
            ),
            "a sample that staging refuses": answers(refusals=Refusals(0, 1)),
        },
    ),
    (
        "featureParity, latency",
        entry(latency={}),
        answering,
        {},
        SIDES,
        {"slower": answers(latency=(0.010, 0.040))},
    ),
)
