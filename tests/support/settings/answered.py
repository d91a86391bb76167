"""A setting that endpoints of both sides answer, in a small world."""

from typing import Any

from stagingmirror.component import Sides
from stagingmirror.drift.facts import Why
from stagingmirror.sources.endpoint.subjects import Answered, AnswerSubject
from support.kinds.builders import STAGING, World, config_map, environment, sides
from support.kinds.snapshots import entry
from support.settings.specs import AT, ENDPOINT

POINTER: str = AT["pointer"]
THEIRS, OURS = AnswerSubject("production", "models"), AnswerSubject("staging", "models")
GIVEN = entry(place={"endpoint": AT}, used_by=None)
FOLLOWED = entry(
    {"configMap": {"name": "training-data", "key": "snapshot"}},
    place={"endpoint": AT},
    used_by=None,
)


def around(*, production: Any = None, staging: Any = None) -> Sides:
    """``production``, ``staging``: fields of their endpoints."""
    own = ENDPOINT | {"url": "http://server.ml-staging.svc:8000/v1/models"}
    return sides(
        environment(endpoints=[ENDPOINT | (production or {})]),
        environment("Staging", endpoints=[own | (staging or {})]),
    )


SIDES = around()


def answering(
    production: str | Why | None = "fraud@12", staging: str | Why | None = "fraud@12"
) -> World:
    return (
        World().put(THEIRS, Answered({POINTER: production})).put(OURS, Answered({POINTER: staging}))
    )


def _answers(value: str | Why | None) -> Any:
    return lambda world: world.put(OURS, Answered({POINTER: value}))


def _holds(data: dict[str, str]) -> Any:
    return lambda world: world.add(config_map(data, namespace=STAGING))


EXAMPLES: tuple[tuple[Any, ...], ...] = (
    (
        "setting, endpoints",
        GIVEN,
        answering,
        {},
        SIDES,
        {"another value": _answers("fraud@11"), "not in the answer": _answers(None)},
    ),
    (
        "setting, production's endpoint",
        FOLLOWED,
        lambda: answering().add(config_map({"snapshot": "fraud@12"}, namespace=STAGING)),
        {"another value": _holds({"snapshot": "fraud@11"}), "no key": _holds({})},
        SIDES,
    ),
)
