"""Answers put together from those to single requests, one after the other: nothing of an answer
is kept beside its values.
"""

import math
from collections.abc import Sequence
from sys import getsizeof

import numpy as np

from stagingmirror.drift.parity.answers import Answers, Floats, State
from stagingmirror.drift.parity.columns import Cell, Part, column, size_of


class Gathering:
    """Of one side, to so many samples. A sample is in at most one part; in none, it is failed."""

    def __init__(self, samples: int) -> None:
        self._samples = samples
        self._failed = np.ones(samples, np.bool_)
        self._cells: dict[str, list[Cell]] = {}
        self._stamps: dict[str, Floats] = {}
        self._declared: dict[str, dict[str, None]] = {}
        # Of the part that has most of them.
        self._order: list[str] = []
        self.size = 0
        """Bytes of what is kept, about."""

    @property
    def features(self) -> int:
        """How many names there are."""
        return len(self._cells)

    def add(self, part: Part) -> None:
        rows = list(part.rows)
        self._failed[rows] = False
        for name, given in part.cells.items():
            _put(self._of(name), rows, given)
            self.size += sum(map(size_of, given))
        for name, times in part.timestamps.items():
            stamps = self._stamps.get(name)
            if stamps is None:
                stamps = self._stamps[name] = np.full(self._samples, math.nan)
                self.size += stamps.nbytes
            stamps[rows] = times
        for name, each in part.declared.items():
            self._declared.setdefault(name, {})[each] = None
        if len(part.cells) > len(self._order):
            self._order = list(part.cells)

    def answers(self) -> Answers:
        """To all samples. Names are in the order of the part that has most of them, names of others
        follow. What was gathered is gone.
        """
        names = dict.fromkeys([*self._order, *self._cells])
        columns = {
            name: column(
                self._cells.pop(name),
                timestamps=self._stamps.pop(name, None),
                declared=" or ".join(self._declared.get(name, ())) or None,
            )
            for name in names
        }
        return Answers(self._samples, columns, self._failed)

    def _of(self, name: str) -> list[Cell]:
        cells = self._cells.get(name)
        if cells is None:
            cells = self._cells[name] = [State.ABSENT] * self._samples
            self.size += getsizeof(name) + getsizeof(cells)
        return cells


def _put(into: list[Cell], rows: Sequence[int], given: Sequence[Cell]) -> None:
    for row, each in zip(rows, given, strict=True):
        into[row] = each
