"""The rig's endpoints: real servers, both sides of each protocol."""

import base64
import json
import struct
import urllib.error
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest

from rig.endpoints.logic import USERS
from support.parity.changes import AN_HOUR, NINE, Change
from support.parity.feast_ground import FeastGround
from support.parity.ground import ParityGround, Side
from support.parity.grounds import GROUNDS
from support.parity.model_grounds import OpenInferenceGround, ScoringGround
from support.parity.plain_grounds import EmbeddingsGround, JsonGround

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("parity")]

Ground = ParityGround[Any]
# A server is started anew for these, or reads its model anew.
SLOW = {Change.OTHER_MODEL, Change.OTHER_INPUT}
PLANTED = [
    pytest.param(each, change, id=f"{each.protocol}-{change.name}")
    for each in GROUNDS
    for change in Change
    if change in each.changes - {Change.OTHER_INPUT}
]


@pytest.fixture
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """Of the class that a test is given; both sides are alike when it ends."""
    kind: type[Ground] = request.param
    made = kind(request.getfixturevalue(kind.fixture))
    yield made
    made.reset()


every_ground = pytest.mark.parametrize(
    "ground", GROUNDS, indirect=True, ids=[each.protocol for each in GROUNDS]
)


def answered(ground: Ground, side: Side, lines: Sequence[str]) -> dict[str, list[str]]:
    """The values of each feature, as JSON writes them."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        answer = ground.ask(side, line)
        assert answer.status == 200, answer
        for name, values in ground.read(answer.json()).items():
            found[name] += [json.dumps(each) for each in values]
    return found


def all_samples(ground: Ground) -> Sequence[str]:
    everybody = range(1, USERS + 1)
    return [json.dumps(ground.sample(everybody))] if ground.batches else ground.samples


def differing(ground: Ground) -> set[str]:
    """The features that differ for at least one sample."""
    lines = all_samples(ground)
    production, staging = (answered(ground, each, lines) for each in ("production", "staging"))
    return {
        name
        for name in production.keys() | staging.keys()
        if production.get(name) != staging.get(name)
    }


@every_ground
def test_two_servers_answer_every_sample_alike(ground: Ground) -> None:
    assert ground.url("production") != ground.url("staging")
    assert len(set(ground.samples)) >= 60

    for line in ground.samples[:3]:
        assert answered(ground, "production", [line]) == answered(ground, "staging", [line])
    assert differing(ground) == set()


@pytest.mark.parametrize(("ground", "change"), PLANTED, indirect=["ground"])
def test_what_is_planted_is_seen_on_the_wire_in_these_features_only(
    ground: Ground, change: Change
) -> None:
    ground.plant("staging", change)

    assert differing(ground) == ground.altered(change)


@every_ground
def test_a_difference_can_be_planted_in_production_too(ground: Ground) -> None:
    ground.plant("production", Change.FLOAT16)

    assert differing(ground) == ground.altered(Change.FLOAT16)


@every_ground
def test_what_was_planted_is_taken_back(ground: Ground) -> None:
    before = answered(ground, "staging", all_samples(ground))
    for change in ground.changes - SLOW:
        ground.plant("staging", change)

    ground.reset()

    assert answered(ground, "staging", all_samples(ground)) == before


@every_ground
def test_a_bad_sample_is_refused_with_the_status_that_is_written_down(ground: Ground) -> None:
    found = {line: ground.ask("staging", line).status for line in ground.bad_samples}

    assert found == ground.bad_samples


@pytest.mark.parametrize(
    ("ground", "status"),
    [(ScoringGround, 400), (OpenInferenceGround, 500)],
    indirect=["ground"],
    ids=["MLflowScoring", "OpenInference"],
)
def test_a_model_that_takes_one_more_column_refuses_every_sample(
    ground: Ground, status: int
) -> None:
    ground.plant("staging", Change.OTHER_INPUT)

    assert {ground.ask("staging", line).status for line in ground.samples[:3]} == {status}
    assert ground.ask("production", ground.samples[0]).status == 200


@pytest.mark.parametrize("ground", [FeastGround], indirect=True)
def test_the_clock_of_a_feature_store_shifts_its_events_and_stale_data_are_of_older_ones(
    ground: FeastGround,
) -> None:
    (line,) = all_samples(ground)
    now = ground.events(ground.ask("production", line).json())
    ground.plant("staging", Change.SHIFTED_CLOCK)
    shifted = ground.events(ground.ask("staging", line).json())
    ground.plant("staging", Change.STALE_DATA)
    stale = ground.events(ground.ask("staging", line).json())

    def apart(events: dict[str, list[str]]) -> set[float]:
        pairs = zip(events["income"], now["income"], strict=True)
        return {
            (datetime.fromisoformat(a) - datetime.fromisoformat(b)).total_seconds()
            for a, b in pairs
        }

    assert apart(shifted) == {AN_HOUR}
    assert apart(stale) == {-86400, -2 * 86400, -3 * 86400}
    assert set(stale["ratio"]) == set(now["ratio"]) == {"1970-01-01T00:00:00Z"}


@pytest.mark.parametrize("ground", [FeastGround], indirect=True)
def test_what_a_feature_store_does_not_know_is_null_and_not_found_but_present_on_demand(
    ground: FeastGround,
) -> None:
    body = ground.ask("production", json.dumps(ground.sample([8, 999]))).json()

    columns = dict(zip(body["metadata"]["feature_names"], body["results"], strict=True))
    assert columns["income"]["values"] == [None, None]
    assert columns["income"]["statuses"] == ["PRESENT", "NOT_FOUND"]
    assert columns["ratio"]["statuses"] == ["PRESENT", "PRESENT"]


@pytest.mark.parametrize("ground", [EmbeddingsGround], indirect=True)
def test_embeddings_are_floats_or_the_same_as_base64(ground: EmbeddingsGround) -> None:
    floats = ground.ask("production", json.dumps(ground.sample([1]))).json()
    asked = json.dumps({**ground.sample([1]), "encoding_format": "base64"})
    encoded = ground.ask("production", asked).json()["data"][0]["embedding"]

    unpacked = struct.unpack("<8f", base64.b64decode(encoded))
    assert [*unpacked] == pytest.approx(floats["data"][0]["embedding"], rel=1e-7)


@every_ground
def test_a_paused_server_answers_nothing_and_a_resumed_one_as_before(ground: Ground) -> None:
    line = ground.samples[0]
    before = answered(ground, "staging", [line])

    ground.servers["staging"].pause()
    try:
        with pytest.raises(TimeoutError):
            ground.ask("staging", line, within=0.3)
    finally:
        ground.servers["staging"].resume()

    assert answered(ground, "staging", [line]) == before


@pytest.mark.parametrize("ground", [JsonGround, FeastGround], indirect=True)
def test_a_server_that_is_started_again_answers_as_before_at_its_address(ground: Ground) -> None:
    line, server = ground.samples[0], ground.servers["staging"]
    before, url = answered(ground, "staging", [line]), ground.url("staging")

    server.stop(grace=3)
    try:
        with pytest.raises(urllib.error.URLError):
            ground.ask("staging", line)
    finally:
        server.start()

    assert (answered(ground, "staging", [line]), ground.url("staging")) == (before, url)


def test_the_nine_can_be_planted_in_plain_json_a_feature_store_and_models() -> None:
    for each in (JsonGround, FeastGround, OpenInferenceGround, ScoringGround):
        assert set(NINE) <= each.changes
