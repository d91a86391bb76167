"""What waits, in lanes that take turns: however much comes in one lane, each of the others goes on
with every second key, every third, and so on.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
Lane = Hashable
# Where what our own cluster announces waits.
OWN_LANE: Lane = ""
# Keys of any other lane that are in work at once: workers stay free for our own cluster's.
AT_ONCE = 2


class Lanes(Generic[K]):
    """Of one lane the lowest rank is taken first, of equal ones that which came first. In the lane
    ``patient`` a key is taken only once its rank (POSIX s) has come, or where nothing else waits.
    """

    def __init__(self, patient: Lane) -> None:
        self._patient = patient
        self._in_work: Counter[Lane] = Counter()
        # The lane whose turn it is first; those that are empty may still be there.
        self._lanes: dict[Lane, list[tuple[float, int, K]]] = {}
        self._sequence = 0

    def put(self, lane: Lane, rank: float, key: K) -> None:
        self._sequence += 1
        heapq.heappush(self._lanes.setdefault(lane, []), (rank, self._sequence, key))

    def take(self, now: float, wanted: Callable[[Lane, float, K], bool]) -> tuple[Lane, K] | None:
        """The next one with its lane, which it holds until ``leave``; None: nothing waits in a lane
        that has room. What is not ``wanted`` any more is forgotten.
        """
        last: Lane | None = None
        for lane in list(self._lanes):
            rank = self._first(lane, wanted)
            if rank is None or self._is_full(lane):
                continue
            if lane == self._patient and rank > now:
                last = lane
                continue
            return self._pop(lane)
        return None if last is None else self._pop(last)

    def leave(self, lane: Lane) -> None:
        """A key of this lane is not in work any more."""
        self._in_work[lane] -= 1
        if self._in_work[lane] <= 0:
            del self._in_work[lane]

    def _is_full(self, lane: Lane) -> bool:
        return lane != OWN_LANE and self._in_work[lane] >= AT_ONCE

    def _first(self, lane: Lane, wanted: Callable[[Lane, float, K], bool]) -> float | None:
        """The rank of the one that comes next in a lane; the lane is forgotten where there is
        none.
        """
        heap = self._lanes[lane]
        while heap and not wanted(lane, heap[0][0], heap[0][2]):
            heapq.heappop(heap)
        if heap:
            return heap[0][0]
        del self._lanes[lane]
        return None

    def _pop(self, lane: Lane) -> tuple[Lane, K]:
        """The others have their turns before this lane again."""
        heap = self._lanes.pop(lane)
        _, _, key = heapq.heappop(heap)
        self._lanes[lane] = heap
        self._in_work[lane] += 1
        return lane, key
