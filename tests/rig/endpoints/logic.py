"""The feature logic that all endpoints of the rig share, and what a patch can change in it.

It runs in the servers' own environments, and so imports nothing but the standard library. A server
reads it from a file for each request: it then computes otherwise, and no image, tag, version or
file of a model has changed. `images/vectors/main.go` is the same in Go.
"""

import json
import math
import os
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

DIMENSION = 8
USERS = 64
MILES_PER_KM = 0.621371
_SECONDS_A_DAY = 86400
_SOME_MORNING = 1764230400  # 2025-11-27T08:00:00Z
Features = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Logic:
    """The default is what both sides compute.

    - ``factor``: of ``amount``, or of all elements of a text's embedding
    - ``miles``: the unit of ``distance``, else kilometres
    - ``permuted``: ``balance`` is that of the next user
    - ``swapped``: ``amount`` and ``balance`` stand in each other's place
    - ``reordered``: the elements of ``embedding`` stand in another order
    - ``half``: ``distance`` and ``embedding`` went through float16
    - ``default``: ``income`` is 0 where nothing is known of it
    - ``clock``: seconds that are added to ``last_login``, and to the events of a feature store
    - ``stale``: ``income`` and ``last_login`` are those of some days ago
    - ``renamed``: ``amount`` is called ``amount_eur``
    - ``dimension``: of ``embedding``
    - ``text``: ``visits`` is a text
    - ``model``: the version of the model, for what a model computes
    - ``returns``: what a model returns: ``records``; of MLflow's ``scores``, one number each,
      ``arrays``, of ``columns`` by name; of MLServer's a data ``frame``
    """

    factor: float = 1.0
    miles: bool = False
    permuted: bool = False
    swapped: bool = False
    reordered: bool = False
    half: bool = False
    default: bool = False
    clock: int = 0
    stale: bool = False
    renamed: bool = False
    dimension: int = DIMENSION
    text: bool = False
    model: str = "1"
    returns: str = "records"

    @classmethod
    def read(cls, path: Path) -> "Logic":
        return cls(**json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        """At once: a server reads the former or this."""
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(self)))
        os.replace(unfinished, path)


def features(user: int, by: Logic) -> Features:
    """What is known of a user, from 1 on. ``last_login`` is in seconds since 1970."""
    owner = user % USERS + 1 if by.permuted else user
    days = _days_of(user) if by.stale else 0
    amount = (10 + 3.7 * user + 0.03 * (user * user % 97)) * by.factor
    balance = 500 + 9.7 * (owner * 31 % 61)
    if by.swapped:
        amount, balance = balance, amount
    visits = user * 7 % 23
    distance = (2 + 0.77 * (user * 17 % 53)) * (MILES_PER_KM if by.miles else 1)
    return {
        "amount_eur" if by.renamed else "amount": amount,
        "balance": balance,
        "income": _income(user, days, default=by.default),
        "distance": _half(distance) if by.half else distance,
        "visits": str(visits) if by.text else visits,
        "country": ("DE", "FR", "IT", "ES")[user % 4],
        "last_login": _SOME_MORNING - 3600 * user - _SECONDS_A_DAY * days + by.clock,
        "embedding": _embedding(user, by),
    }


def event_of(user: int, by: Logic) -> int:
    """When what is known of a user was written, in seconds since 1970."""
    return _SOME_MORNING + user + by.clock - _SECONDS_A_DAY * (_days_of(user) if by.stale else 0)


def score(user: int, by: Logic) -> float:
    """What a model predicts: two versions have nothing in common that a formula would show."""
    known = features(user, Logic(factor=by.factor))
    bend: Callable[[float], float] = math.sin if by.model == "1" else math.cos
    return 1 / (1 + math.exp(-bend(known["amount"] / 20 + len(by.model))))


def _days_of(user: int) -> int:
    return 1 + user % 3


def _income(user: int, days: int, *, default: bool) -> float | None:
    if user % 8 == 0:
        return 0.0 if default else None
    return 1000 + 37.25 * (user * 13 % 29) + 11.5 * (days * (user % 5 + 1))


def _embedding(user: int, by: Logic) -> list[float]:
    made = [math.sin(user * (i + 1)) for i in range(by.dimension)]
    if by.half:
        made = [_half(each) for each in made]
    return [*made[3:], *made[:3]] if by.reordered else made


def _half(value: float) -> float:
    rounded: float = struct.unpack("e", struct.pack("e", value))[0]
    return rounded
