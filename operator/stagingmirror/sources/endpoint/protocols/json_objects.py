"""``JSON``: a service that answers one JSON value to one JSON value."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from stagingmirror.drift.parity.columns import Part
from stagingmirror.sources.endpoint.protocols.body import Json, parsed
from stagingmirror.sources.endpoint.protocols.flatten import flattened
from stagingmirror.sources.endpoint.protocols.lines import problem_of_json, value_of
from stagingmirror.sources.endpoint.protocols.protocol import ROWS, Protocol, Request


class JsonObjects(Protocol):
    """One request per line, whose bytes are those of the line. Features are the values of the
    answer, flattened. NaN and Infinity are no JSON: Garbage.
    """

    name = "JSON"

    def problem(self, line: str) -> str | None:
        return problem_of_json(line)

    def requests(self, lines: Sequence[str], rows: int = ROWS) -> tuple[Request, ...]:
        texts = [frozenset(_texts(value_of(line))) for line in lines]
        common = Counter(text for each in texts for text in each)
        return tuple(
            Request(
                line.strip().encode(),
                (number,),
                # What every line has, such as the names of features, is no id.
                frozenset(each for each in texts[number] if common[each] < len(lines)),
            )
            for number, line in enumerate(lines)
        )

    def read(self, request: Request, body: bytes) -> Part:
        cells = flattened(parsed(body, nan=False), request.words)
        return Part(request.samples, {name: [cell] for name, cell in cells.items()})


def _texts(value: Json) -> Iterator[str]:
    """Texts and integers of a sample, as keys of an object would have them."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str):
        yield value
    elif type(value) is int:
        yield json.dumps(value)
