"""Lines that differ only in their rows, as few requests."""

import json
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from stagingmirror.sources.endpoint.protocols.body import Json
from stagingmirror.sources.endpoint.protocols.lines import value_of, written
from stagingmirror.sources.endpoint.protocols.protocol import MAX_REQUEST_BYTES, Request

Row = TypeVar("Row")


def batched(
    lines: Sequence[str],
    split: Callable[[Json], tuple[Json, Row | None]],
    whole: Callable[[Json, list[Row]], Json],
    rows: int,
) -> tuple[Request, ...]:
    """``split`` takes the row out of a line's value; None: the line is a request of its own.
    Lines whose rest is the same are sent together, at most ``rows`` and ``MAX_REQUEST_BYTES`` of
    them, as ``whole`` makes them of the rest and the rows.
    """
    groups: dict[Hashable, list[tuple[int, Json, Row]]] = {}
    found: list[Request] = []
    for number, line in enumerate(lines):
        rest, row = split(value_of(line))
        if row is None:
            found.append(Request(written(rest), (number,)))
        else:
            groups.setdefault(json.dumps(rest, sort_keys=True), []).append((number, rest, row))
    for group in groups.values():
        for some in _bounded(group, [len(lines[number]) for number, _, _ in group], rows):
            body = written(whole(some[0][1], [row for _, _, row in some]))
            found.append(Request(body, tuple(number for number, _, _ in some)))
    return tuple(sorted(found, key=lambda each: each.samples))


def _bounded(
    group: list[tuple[int, Json, Row]], sizes: Sequence[int], rows: int
) -> list[list[tuple[int, Json, Row]]]:
    batches: list[list[tuple[int, Json, Row]]] = []
    size = 0
    for each, length in zip(group, sizes, strict=True):
        size += length
        if not batches or len(batches[-1]) >= rows or size > MAX_REQUEST_BYTES:
            batches.append([])
            size = length
        batches[-1].append(each)
    return batches
