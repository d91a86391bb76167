"""What real servers answer is read and judged: equal ones as equal, each difference by name."""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from rig.endpoints.logic import USERS, Logic
from stagingmirror.drift.parity.answers import Answers, State
from stagingmirror.drift.parity.judge import judge
from stagingmirror.drift.parity.result import Parity
from stagingmirror.drift.parity.rules import Comparison, FeatureRule, Rules, Tolerance
from stagingmirror.sources.endpoint.protocols import PROTOCOLS
from stagingmirror.sources.endpoint.protocols.protocol import ROWS, gathered
from support.parity.changes import NINE, Change
from support.parity.feast_ground import FeastGround
from support.parity.ground import ParityGround, Side
from support.parity.grounds import GROUNDS
from support.parity.model_grounds import OpenInferenceGround, ScoringGround

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("parity")]

Ground = ParityGround[Any]
# Of groups of features, "logic/amount".
Causes = Mapping[str, str | None]
NO_CAUSE = None
# A number is a time where a rule says so; an hour is little of the seconds since 1970.
TIMES = (FeatureRule("*last_login", Comparison.TIMESTAMP, within=60.0),)
RULES = Rules(Tolerance(1e-5, 1e-4), TIMES, max_mismatches=0, masked=False, magnitudes=True)
COUNTS = dataclasses.replace(RULES, magnitudes=False)
# Where answers nest the features.
BELOW = {"JSON": "features."}

TIMES_1_1 = "times 1.1"
ROUNDED = "rounded to float16"
DEFAULT = "a default in place of null"
AN_HOUR_LATER = "3600 s later: a shifted clock, or another time zone?"
MILES = "times 0.6214: another unit, as between miles and km?"
OTHER_ROWS = "the same values, at other samples"
OTHER_ORDER = "the same elements in another order"
# Where no time of an event is given.
VALUES: dict[Change, Causes] = {
    Change.PATCHED_CONSTANT: {"values/amount": TIMES_1_1},
    Change.PERMUTED_COLUMN: {"values/balance": OTHER_ROWS},
    Change.FLOAT16: {"values/distance": ROUNDED, "values/embedding": ROUNDED},
    Change.DEFAULT_FOR_NULL: {"values/income": DEFAULT},
    Change.SHIFTED_CLOCK: {"values/last_login": AN_HOUR_LATER},
    Change.OTHER_UNIT: {"values/distance": MILES},
    Change.STALE_DATA: {"values/income": NO_CAUSE, "values/last_login": NO_CAUSE},
    Change.RENAMED_FEATURE: {},
    Change.OTHER_DIMENSION: {"values/embedding": NO_CAUSE},
    Change.SWAPPED_COLUMNS: {
        "values/amount": "swapped with balance",
        "values/balance": "swapped with amount",
    },
    Change.REORDERED_EMBEDDING: {"values/embedding": OTHER_ORDER},
    Change.OTHER_TYPE: {},
    Change.OTHER_MODEL: {"values/score": NO_CAUSE},
}
# A model's score follows one of its features.
SCORED = {**VALUES, Change.PATCHED_CONSTANT: {"values/amount": TIMES_1_1, "values/score": NO_CAUSE}}
EVENTS = "events older than production's"
OF_RATIO: dict[Change, dict[str, str | None]] = {
    Change.PERMUTED_COLUMN: {"values/ratio": NO_CAUSE},
    Change.DEFAULT_FOR_NULL: {"values/ratio": "a default in place of null"},
    Change.SWAPPED_COLUMNS: {"values/ratio": NO_CAUSE},
}
FEAST: dict[Change, Causes] = {
    **{
        change: {name.replace("values/", "logic/"): cause for name, cause in causes.items()}
        | OF_RATIO.get(change, {})
        for change, causes in VALUES.items()
    },
    Change.SHIFTED_CLOCK: {"data/last_login": "events 3600 s later: a shifted clock?"},
    # What is computed on demand has no event of its own: nothing proves it a change of logic.
    Change.STALE_DATA: {"data/income": EVENTS, "data/last_login": EVENTS, "values/ratio": NO_CAUSE},
    Change.ON_DEMAND: {"values/ratio": TIMES_1_1},
}
EMBEDDINGS: dict[Change, Causes] = {
    Change.PATCHED_CONSTANT: {"values/embedding": TIMES_1_1},
    Change.FLOAT16: {"values/embedding": ROUNDED},
    Change.OTHER_DIMENSION: {"values/embedding": NO_CAUSE},
    Change.REORDERED_EMBEDDING: {"values/embedding": OTHER_ORDER},
    Change.OTHER_MODEL: {"values/embedding": NO_CAUSE},
}
# Beside numbers, MLflow's data frames write NaN for what is not known.
SCORING = {**SCORED, Change.DEFAULT_FOR_NULL: {"values/income": "a default in place of NaN"}}
EXPECTED = {
    "JSON": VALUES,
    "OpenAIEmbeddings": EMBEDDINGS,
    "OpenInference": SCORED,
    "MLflowScoring": SCORING,
    "Feast": FEAST,
}
STRUCTURE: dict[Change, set[str]] = {
    Change.RENAMED_FEATURE: {"amount is missing; amount_eur has its values", "amount_eur is extra"},
    Change.OTHER_DIMENSION: {"embedding has dimension 6, not 8"},
    Change.OTHER_TYPE: {"visits is text, not number"},
}
DECLARED = {("OpenInference", Change.OTHER_TYPE): {"visits is declared as BYTES, not INT64"}}
PLANTED = [
    pytest.param(each, change, id=f"{each.protocol}-{change.name}")
    for each in GROUNDS
    for change in Change
    if change in each.changes - {Change.OTHER_INPUT}
]
SIDES: tuple[Side, Side] = ("production", "staging")
# Samples that are like the others, and that the server refuses.
SPOILING = [
    pytest.param(each, next(iter(each.bad_samples)), id=each.protocol)
    for each in (FeastGround, ScoringGround, OpenInferenceGround)
]
every_ground = pytest.mark.parametrize(
    "ground", GROUNDS, indirect=True, ids=[each.protocol for each in GROUNDS]
)


@pytest.fixture
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """Of the class that a test is given; both sides are alike when it ends."""
    kind: type[Ground] = request.param
    made = kind(request.getfixturevalue(kind.fixture))
    yield made
    made.reset()


def answers(ground: Ground, side: Side, lines: Sequence[str], rows: int = ROWS) -> Answers:
    """As a probe asks for them."""
    protocol = PROTOCOLS[ground.protocol]
    assert {protocol.problem(each) for each in lines} == {None}
    parts = []
    for each in protocol.requests(lines, rows):
        answer = ground.ask(side, each.body.decode())
        if answer.status == 200:
            parts.append(protocol.read(each, answer.body))
    return gathered(len(lines), parts)


def judged(ground: Ground, rules: Rules = RULES) -> Parity:
    """Production, staging, production."""
    lines = ground.samples
    before = answers(ground, "production", lines)
    staging = answers(ground, "staging", lines)
    return judge(before, staging, answers(ground, "production", lines), rules)


def found_in(ground: Ground, parity: Parity) -> dict[str, str | None]:
    """Group and feature of what differs, with its cause."""
    below = BELOW.get(ground.protocol, "")
    return {
        f"{each.group}/{each.name}".replace(below, ""): each.cause and each.cause.replace(below, "")
        for each in parity.features
        if each.differs
    }


@every_ground
def test_equal_servers_have_no_difference_in_any_feature_of_any_sample(ground: Ground) -> None:
    parity = judged(ground)

    assert (parity.samples, parity.failed) == (USERS, 0)
    assert (parity.structure, parity.unsteady) == ((), ())
    assert found_in(ground, parity) == {}
    assert all(each.noise == 0 and not each.differing for each in parity.features)
    assert {each.judged for each in parity.features} == {USERS}


@pytest.mark.parametrize(("ground", "change"), PLANTED, indirect=["ground"])
def test_each_difference_is_found_with_its_cause_and_nothing_else_is(
    ground: Ground, change: Change
) -> None:
    ground.plant("staging", change)

    parity = judged(ground)

    below = BELOW.get(ground.protocol, "")
    assert found_in(ground, parity) == EXPECTED[ground.protocol][change]
    structure = STRUCTURE.get(change, set()) | DECLARED.get((ground.protocol, change), set())
    assert {each.replace(below, "") for each in parity.structure} == structure
    assert parity.failed == 0


@every_ground
def test_a_difference_in_production_is_found_as_well(ground: Ground) -> None:
    ground.plant("production", Change.PATCHED_CONSTANT)

    causes = found_in(ground, judged(ground))

    assert "times 0.9091" in causes.values()


@every_ground
def test_with_counts_alone_neither_a_cause_nor_a_magnitude_is_in_the_result(
    ground: Ground,
) -> None:
    ground.plant("staging", Change.PATCHED_CONSTANT)

    parity = judged(ground, COUNTS)

    assert any(each.differs for each in parity.features)
    assert {(each.largest, each.allowed, each.cause) for each in parity.features} == {
        (None, None, None)
    }


@pytest.mark.parametrize(
    "ground",
    [each for each in GROUNDS if Change.OTHER_INPUT in each.changes],
    indirect=True,
    ids=lambda each: each.protocol,
)
def test_a_model_that_refuses_every_sample_is_not_judged(ground: Ground) -> None:
    ground.plant("staging", Change.OTHER_INPUT)

    parity = judged(ground)

    assert (parity.samples, parity.failed) == (0, USERS)
    assert not any(each.differs or each.judged for each in parity.features)
    assert parity.structure == ()


@pytest.mark.parametrize("ground", [FeastGround], indirect=True)
def test_entities_that_no_side_knows_are_equal_and_not_found(ground: FeastGround) -> None:
    lines = [*ground.samples, *(json.dumps(ground.sample([each])) for each in (901, 902))]
    before, staging = (answers(ground, side, lines) for side in SIDES)

    parity = judge(before, staging, before, RULES)

    assert found_in(ground, parity) == {}
    assert [*before.columns["amount"].states[-3:]] == [State.VALUE, State.ABSENT, State.ABSENT]
    assert before.columns["income"].states[7] == State.NULL


@pytest.mark.parametrize("key", ["user_id", "user"])
@pytest.mark.parametrize("ground", [FeastGround], indirect=True)
def test_ids_are_no_feature_by_whatever_name_they_are_asked_for(
    ground: FeastGround, key: str
) -> None:
    """Feast names the join key, also where the request names the entity."""
    lines = [json.dumps({**ground.sample([1]), "entities": {key: [each]}}) for each in (1, 2, 3)]

    assert answers(ground, "production", lines).columns.keys() == {
        *("amount", "balance", "income", "distance", "visits", "country", "last_login"),
        *("embedding", "ratio"),
    }


@pytest.mark.parametrize(("ground", "line"), SPOILING, indirect=["ground"])
def test_a_bad_sample_fails_those_that_are_sent_with_it_and_alone_only_itself(
    ground: Ground, line: str
) -> None:
    lines = [*ground.samples[:4], line]

    together = answers(ground, "production", lines).failed
    alone = answers(ground, "production", lines, rows=1).failed

    assert [*together] == [True] * 5
    assert [*alone] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("ground", "returns", "expected"),
    [
        (ScoringGround, "scores", {"values/predictions": NO_CAUSE}),
        (ScoringGround, "arrays", {"values/predictions": NO_CAUSE}),
        (ScoringGround, "columns", SCORED[Change.PATCHED_CONSTANT]),
        (OpenInferenceGround, "frame", SCORED[Change.PATCHED_CONSTANT]),
    ],
    indirect=["ground"],
    ids=["scores", "arrays", "columns", "frame"],
)
def test_whatever_a_model_returns_is_compared(
    ground: Ground, returns: str, expected: Causes
) -> None:
    for each in ground.servers.values():
        each.follow(Logic(returns=returns))
    equal = judged(ground)
    ground.servers["staging"].follow(Logic(returns=returns, factor=1.1))
    differing = judged(ground)

    assert (equal.samples, equal.structure, found_in(ground, equal)) == (USERS, (), {})
    assert found_in(ground, differing) == expected


def test_all_protocols_have_real_servers_and_the_nine_differences_are_expected_of_four() -> None:
    assert {each.protocol for each in GROUNDS} == set(PROTOCOLS) == set(EXPECTED)
    for name in ("JSON", "OpenInference", "MLflowScoring", "Feast"):
        assert set(NINE) <= set(EXPECTED[name])
