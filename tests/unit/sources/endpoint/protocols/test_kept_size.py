"""What is kept of an answer is in proportion to its bytes, however it is made."""

import gc
import json
import tracemalloc
from typing import Any

import pytest

from stagingmirror.drift.parity.gathering import Gathering
from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.protocols import PROTOCOLS
from stagingmirror.sources.endpoint.protocols.body import MOST_VALUES
from stagingmirror.sources.endpoint.protocols.flatten import LONGEST_NAME
from stagingmirror.sources.endpoint.protocols.protocol import MOST_FEATURES, gather

ANSWERS, SIZE = 4, 16 * 1024
# Bytes that are kept for each byte of all answers, for each feature, and for nothing at all.
RATIO, FEATURE, NOTHING = 5.0, 400, 16 * 1024


def times(text: str) -> str:
    """So often, one after the other, that it has about ``SIZE`` bytes."""
    return ",".join([text] * (SIZE // (len(text.encode()) + 1)))


REPEATED = {
    "empty lists": "[]",
    "lists of empty lists": "[[],[]]",
    "empty objects": "[{}]",
    "small objects": '[{"a":1}]',
    "nested objects": '[{"a":{"b":{"c":{}}}}]',
    "nulls": "null",
    "truth values": "true",
    "digits": "1",
    "pairs of digits": "[1,2]",
    "digits and nulls": "1,null",
    "short numbers": "0.5",
    "numbers that are longer when written out": "9e15,[]",
    "short texts": '"ab"',
    "empty texts": '""',
    "short texts that are not ASCII": '"ł"',
}
SHAPES = {name: f"[{times(each)}]" for name, each in REPEATED.items()} | {
    "a long text with one emoji": f'"{"a" * SIZE}😀"',
    "many features": json.dumps({f"f{at}": 0.5 for at in range(MOST_FEATURES)}),
}


def kept(protocol: str, line: str, body: bytes, feature: int = FEATURE) -> float:
    """Bytes that are kept for each byte of so many answers to one line each, beside what features
    take.
    """
    of = PROTOCOLS[protocol]
    requests = of.requests([line] * ANSWERS, 1)
    gc.collect()
    tracemalloc.start()
    try:
        found = Gathering(ANSWERS)
        for request in requests:
            gather(found, of.read(request, body))
        gc.collect()
        size = tracemalloc.get_traced_memory()[0]
        assert found.features
        assert size <= 1.25 * found.size + NOTHING, "probes are bounded by what this says"
        return (size - NOTHING - feature * found.features) / (ANSWERS * len(body))
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_kept_of_an_answer_is_in_proportion_to_its_bytes(shape: str) -> None:
    assert kept("JSON", "1", SHAPES[shape].encode()) <= RATIO


def test_names_below_a_long_key_are_kept_once_for_all_answers() -> None:
    body = json.dumps({"k" * 900: {f"f{at}": None for at in range(300)}}).encode()

    assert kept("JSON", "1", body, FEATURE + LONGEST_NAME) <= RATIO


PREDICTIONS: dict[str, Any] = {
    "records": [{"a": [[]] * 5_000}],
    "lists": [[[]] * 5_000],
}


@pytest.mark.parametrize("made", PREDICTIONS)
def test_so_it_is_of_predictions(made: str) -> None:
    body = json.dumps({"predictions": PREDICTIONS[made]}, separators=(",", ":")).encode()

    assert kept("MLflowScoring", '{"inputs": [1]}', body) <= RATIO


@pytest.mark.parametrize("value", ["[]", "{}", "1", '{"a":1}', '""'])
def test_an_answer_of_more_values_than_are_read_is_an_error_before_they_are_objects(
    value: str,
) -> None:
    body = f"[{','.join([value] * (MOST_VALUES + 1))}]".encode()
    (request,) = PROTOCOLS["JSON"].requests(["1"])
    tracemalloc.start()
    try:
        with pytest.raises(NotAnswered) as refused:
            PROTOCOLS["JSON"].read(request, body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert refused.value.reason == Reason.OVERSIZED_ANSWER
    assert peak < len(body)
