"""What judging answers costs, and whether it is right: no false difference between equal servers,
none of the planted ones missed.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from rich.console import Console

from bench.figures import Figure
from rig.endpoints.logic import Logic, features
from stagingmirror.drift.parity.answers import Answers, Column, Floats, Kind, Numbers, Vectors
from stagingmirror.drift.parity.causes.evidence import LEAST_SAMPLES
from stagingmirror.drift.parity.judge import judge
from stagingmirror.drift.parity.result import Parity
from stagingmirror.drift.parity.rules import Rules, Tolerance
from support.parity.changes import NINE, Change
from support.parity.sides import answers

SAMPLES, WIDTH = 1_000, 768
GOAL_MS = 50.0
PROBES = 10_000
# Of each probe that is checked, and of the users that its samples are drawn from.
_OF_PROBE, _USERS = 50, 500
_PLANTED_PROBES = 100
_RULES = Rules(Tolerance(1e-5, 1e-4), (), max_mismatches=0, masked=False, magnitudes=True)
# What two servers that compute one thing in float32, summed in another order, are apart.
_NOISE = 2e-7
_NAMED = {
    Change.PATCHED_CONSTANT: "times",
    Change.PERMUTED_COLUMN: "at other samples",
    Change.FLOAT16: "rounded to float16",
    Change.DEFAULT_FOR_NULL: "a default in place of null",
    Change.SHIFTED_CLOCK: "a shifted clock",
    Change.OTHER_UNIT: "another unit",
}


def measure(console: Console) -> list[Figure]:
    random = np.random.default_rng(20_261_127)
    console.print(
        f"{PROBES} probes of two equal servers, {_PLANTED_PROBES} of each change", style="dim"
    )
    return [*_costs(random), *_noise(random), _false(random), *_planted(random)]


def _costs(random: np.random.Generator) -> list[Figure]:
    matrix = random.normal(size=(SAMPLES, WIDTH))
    matrix /= np.linalg.norm(matrix, axis=1)[:, None]
    figures = []
    for name, made in (("an embedding", _embedding), ("768 features", _columns)):
        for what, staging in (("equal", _noisy(matrix, random)), ("all differ", matrix * 1.01)):
            sides = [made(each) for each in (_noisy(matrix, random), staging, matrix)]
            cost = min(_milliseconds(sides) for _ in range(7))
            figures.append(
                Figure(f"1,000 samples of 768 floats as {name}, {what}", cost, "ms", goal=GOAL_MS)
            )
    return figures


def _milliseconds(sides: Sequence[Answers]) -> float:
    began = time.thread_time()
    judge(sides[0], sides[1], sides[2], _RULES)
    return 1000 * (time.thread_time() - began)


def _noise(random: np.random.Generator) -> list[Figure]:
    """What the largest element and the cosine show of noise, and of float16."""
    matrix = random.normal(size=(SAMPLES, WIDTH))
    matrix /= np.linalg.norm(matrix, axis=1)[:, None]
    half = matrix.astype(np.float16).astype(np.float64)
    return [
        Figure(
            f"embeddings of 768, {name}: largest difference of an element",
            float(np.abs(matrix - other).max()),
            "",
            detail={
                "1 - cosine": float(
                    np.max(1 - (matrix * other).sum(1) / np.linalg.norm(other, axis=1))
                )
            },
        )
        for name, other in (("float32 noise", _noisy(matrix, random)), ("float16", half))
    ]


def _false(random: np.random.Generator) -> Figure:
    """Each of the three answers has noise of its own."""
    users = [features(user, Logic(dimension=64)) for user in range(1, _USERS + 1)]
    numbers = np.array([[each[n] for n in ("amount", "balance", "distance")] for each in users])
    counts = np.array([each["visits"] for each in users], float)
    vectors = np.array([each["embedding"] for each in users])
    found = 0
    for _ in range(PROBES):
        rows = random.choice(_USERS, _OF_PROBE, replace=False)
        sides = [
            _joined(
                _columns(_noisy(numbers[rows], random)),
                _columns(counts[rows][:, None], "visits", whole=True),
                _embedding(_noisy(vectors[rows], random)),
            )
            for _ in range(3)
        ]
        found += _differs(judge(sides[0], sides[1], sides[2], _RULES))
    return Figure(
        f"false differences in {PROBES:,} probes of equal servers", float(found), "", goal=0.0
    )


def _planted(random: np.random.Generator) -> list[Figure]:
    missed, beside, unnamed = 0, 0, 0
    for change in NINE:
        for _ in range(_PLANTED_PROBES):
            users = sorted(random.choice(_USERS, _OF_PROBE, replace=False).tolist())
            ours, again = (_answers(users, Logic(), random) for _ in range(2))
            parity = judge(ours, _answers(users, _logic(change, random), random), again, _RULES)
            names = _names(parity)
            missed += not change.features <= names
            beside += bool(names - change.features)
            unnamed += not _is_named(change, parity)
    probes = len(NINE) * _PLANTED_PROBES
    return [
        Figure(f"planted differences missed, of {probes}", float(missed), "", goal=0.0),
        Figure(f"planted differences seen elsewhere too, of {probes}", float(beside), "", goal=0.0),
        Figure(f"wrong or missing causes, of {probes}", float(unnamed), "", goal=0.0),
    ]


def _logic(change: Change, random: np.random.Generator) -> Logic:
    """The constant is another one each time."""
    if change is not Change.PATCHED_CONSTANT:
        return change.logic
    return replace(change.logic, factor=1 + float(random.uniform(0.001, 0.2)))


def _answers(users: Sequence[int], by: Logic, random: np.random.Generator) -> Answers:
    # Another user's value is that of another sample.
    of = features if not by.permuted else _permuted(users)
    rows = [
        {name: _with_noise(value, random) for name, value in of(user, by).items()} for user in users
    ]
    return answers({name: [row[name] for row in rows] for name in rows[0]})


def _permuted(users: Sequence[int]) -> Callable[[int, Logic], dict[str, Any]]:
    owners = dict(zip(users, [*users[1:], users[0]], strict=True))

    def of(user: int, by: Logic) -> dict[str, Any]:
        own = replace(by, permuted=False)
        return features(user, own) | {"balance": features(owners[user], own)["balance"]}

    return of


def _with_noise(value: Any, random: np.random.Generator) -> Any:
    """Of what float32 computes: what a half was made of has none."""
    if isinstance(value, list):
        return [_with_noise(each, random) for each in value]
    if not isinstance(value, float) or float(np.float16(value)) == value:
        return value
    return float(np.float32(value * (1 + random.normal() * _NOISE)))


def _names(parity: Parity) -> set[str]:
    structure = {text.split(" ", 1)[0] for text in parity.structure}
    return structure | {each.name for each in parity.features if each.differs or each.noisy}


def _is_named(change: Change, parity: Parity) -> bool:
    """With fewer samples than a cause needs none is the right one."""
    differ = [each for each in parity.features if each.differs]
    match change:
        case Change.RENAMED_FEATURE:
            return "amount is missing; amount_eur has its values" in parity.structure
        case Change.OTHER_DIMENSION:
            return "embedding has dimension 6, not 8" in parity.structure
        case Change.STALE_DATA:  # nothing shows it where events have no time
            return all(each.cause is None for each in differ)
        case _:
            return all(
                each.cause is None
                if each.differing < LEAST_SAMPLES
                else _NAMED[change] in str(each.cause)
                for each in differ
            )


def _differs(parity: Parity) -> bool:
    return bool(parity.structure or parity.unsteady) or any(
        each.differs or each.differing or each.noise for each in parity.features
    )


def _noisy(matrix: Floats, random: np.random.Generator) -> Floats:
    noisy = matrix * (1 + random.normal(size=matrix.shape) * _NOISE)
    single: Floats = noisy.astype(np.float32).astype(np.float64)
    return single


def _embedding(matrix: Floats) -> Answers:
    samples, width = matrix.shape
    vectors = Vectors(matrix.ravel(), np.full(samples, width, np.int64), None, whole=False)
    kinds = np.full(samples, Kind.NUMBERS, np.uint8)
    none = np.zeros(samples, np.uint8)
    return Answers(
        samples,
        {"embedding": Column(none, kinds, vectors, ((width,),), none)},
        np.zeros(samples, np.bool_),
    )


def _columns(matrix: Floats, name: str = "f", *, whole: bool = False) -> Answers:
    samples, width = matrix.shape
    kinds, none = np.full(samples, Kind.NUMBER, np.uint8), np.zeros(samples, np.uint8)
    return Answers(
        samples,
        {
            f"{name}{at}": Column(none, kinds, Numbers(matrix[:, at].copy(), whole))
            for at in range(width)
        },
        np.zeros(samples, np.bool_),
    )


def _joined(*parts: Answers) -> Answers:
    columns = {name: each for part in parts for name, each in part.columns.items()}
    return Answers(parts[0].samples, columns, parts[0].failed)
