"""Real servers of each protocol on both sides: what is planted is found, and nothing else."""

from collections.abc import Iterator
from typing import Any

import pytest

from stagingmirror.drift.parity.answers import Answers
from stagingmirror.drift.parity.judge import judge
from stagingmirror.drift.parity.result import Parity
from stagingmirror.sources.endpoint.protocols import PROTOCOLS
from stagingmirror.sources.endpoint.protocols.protocol import gathered
from support.parity.changes import Change
from support.parity.feast_ground import FeastGround
from support.parity.ground import ParityGround, Side
from support.parity.grounds import GROUNDS
from support.parity.sides import rules

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("parity")]

Ground = ParityGround[Any]
PLANTED = [
    pytest.param(each, change, id=f"{each.protocol}-{change.name}")
    for each in GROUNDS
    for change in Change
    if change in each.changes - {Change.OTHER_INPUT}
]
CAUSES = {
    Change.PATCHED_CONSTANT: "times 1.1",
    Change.PERMUTED_COLUMN: "at other samples",
    Change.FLOAT16: "rounded to float16",
    Change.DEFAULT_FOR_NULL: "a default in place of",
    Change.SHIFTED_CLOCK: "3600 s later",
    Change.OTHER_UNIT: "miles and km",
    Change.SWAPPED_COLUMNS: "swapped with",
    Change.REORDERED_EMBEDDING: "in another order",
}
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


def answered(ground: Ground, side: Side) -> Answers:
    protocol = PROTOCOLS[ground.protocol]
    lines = ground.samples
    assert [protocol.problem(line) for line in lines] == [None] * len(lines)
    parts = []
    for request in protocol.requests(lines):
        answer = ground.ask(side, request.body.decode())
        assert answer.status == 200, answer
        parts.append(protocol.read(request, answer.body))
    return gathered(len(lines), parts)


def probed(ground: Ground) -> Parity:
    before = answered(ground, "production")
    staging = answered(ground, "staging")
    return judge(before, staging, answered(ground, "production"), rules())


def differing(parity: Parity) -> set[str]:
    """Features that differ, by structure or values."""
    structure = {text.split(" ", 1)[0] for text in parity.structure}
    values = {each.name for each in parity.features if each.differs}
    return {name.removeprefix("features.") for name in structure | values}


@every_ground
def test_two_servers_that_are_alike_differ_in_nothing(ground: Ground) -> None:
    parity = probed(ground)

    assert differing(parity) == set()
    assert parity.unsteady == ()
    assert (parity.samples, parity.failed) == (len(ground.samples), 0)
    assert all(each.noise == 0 and each.judged == parity.samples for each in parity.features)


@pytest.mark.parametrize(("ground", "change"), PLANTED, indirect=["ground"])
def test_what_is_planted_is_found_in_these_features_only(ground: Ground, change: Change) -> None:
    ground.plant("staging", change)

    parity = probed(ground)

    assert differing(parity) == ground.altered(change)


@pytest.mark.parametrize(
    ("ground", "change"),
    [each for each in PLANTED if each.values[1] in CAUSES],
    indirect=["ground"],
)
def test_the_cause_is_named_where_the_numbers_show_it(ground: Ground, change: Change) -> None:
    ground.plant("staging", change)

    parity = probed(ground)

    # A prediction, and what is computed of two features, have no cause that numbers show.
    own = {name.split(".")[-1] for name in ground.altered(change)} & change.features
    causes = {
        each.name.split(".")[-1]: each.cause
        for each in parity.features
        if each.differs and each.name.split(".")[-1] in own
    }
    assert set(causes) == own
    assert all(CAUSES[change] in str(cause) for cause in causes.values()), causes


@pytest.mark.parametrize(
    ("ground", "change"),
    [each for each in PLANTED if each.values[1] is Change.OTHER_MODEL],
    indirect=["ground"],
)
def test_another_model_is_found_and_no_cause_is_claimed(ground: Ground, change: Change) -> None:
    ground.plant("staging", change)

    (found,) = (each for each in probed(ground).features if each.differs)

    assert found.cause is None


@pytest.mark.parametrize("ground", [FeastGround], indirect=True)
def test_stale_data_is_data_and_a_patched_constant_logic(ground: Ground) -> None:
    ground.plant("staging", Change.STALE_DATA)
    stale = {(each.name, each.group) for each in probed(ground).features if each.differs}
    ground.plant("staging", Change.PATCHED_CONSTANT)
    patched = {(each.name, each.group) for each in probed(ground).features if each.differs}

    # Feast gives no time of what it computes on demand.
    assert stale == {("income", "data"), ("last_login", "data"), ("ratio", "values")}
    assert patched == {("amount", "logic")}
