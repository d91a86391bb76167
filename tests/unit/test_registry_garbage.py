"""One registry that answers nonsense is that registry's trouble: the others are asked on."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.drift.facts import Unseen
from stagingmirror.registry.address import RegistryAddress
from stagingmirror.registry.source import RegistrySource
from stagingmirror.view import Look, Subject
from support.registries import QUICK, eventually, serving, watching

NAME, NUMBER = "fraud", "1"


def an_mlflow(**wrong: Any) -> Callable[[web.Request], Any]:
    """With one alias, on a version without files; ``wrong`` replaces fields of the model."""
    model = {
        "name": NAME,
        "creation_timestamp": 1,
        "aliases": [{"alias": "champion", "version": NUMBER}],
        **wrong,
    }
    version = {
        "name": NAME,
        "version": NUMBER,
        "source": "s3://x/y",
        **wrong,
    }
    answers: dict[str, object] = {
        "registered-models/search": {"registered_models": [model]},
        "registered-models/get": {"registered_model": model},
        "model-versions/get": {"model_version": version},
        "experiments/get": {"experiment": {"creation_time": 5}},
    }

    async def answer(request: web.Request) -> web.Response:
        found = [body for path, body in answers.items() if request.path.endswith(path)]
        # As a real server does, escapes for what UTF-8 cannot hold.
        return web.Response(text=json.dumps(found[0] if found else {}))

    return answer


@pytest.mark.parametrize(
    "wrong",
    [
        {"creation_timestamp": 10**400},
        {"creation_timestamp": 2**63},
        {"creation_timestamp": "9" * 400},
        {"source": "models:/\ud800"},
        {"tags": [{"key": "data", "value": "\udfff"}]},
    ],
    ids=["huge", "over int64", "huge text", "half a pair", "half a pair in a tag"],
)
async def test_nonsense_is_that_registrys_trouble_and_the_other_is_asked_on(
    wrong: dict[str, Any],
) -> None:
    async with (
        serving(an_mlflow(**wrong)) as bad,
        serving(an_mlflow()) as good,
        watching({"bad": RegistryAddress(bad), "good": RegistryAddress(good)}) as watched,
    ):
        for environment in ("bad", "good"):
            watched.want_alias(environment, NAME, "champion")
            watched.want_version(environment, NAME, NUMBER)
        told = await eventually(lambda: _trouble(watched.source, "bad"))
        since = time.time()
        await eventually(lambda: _began(watched.source, "good") > since)

    assert told == "Garbage"


async def test_a_round_that_fails_in_our_own_hands_is_trouble_and_the_next_one_mends_it() -> None:
    heard: list[Subject] = []

    def on_change(subject: Subject) -> None:
        heard.append(subject)
        if len(heard) == 1:
            raise RuntimeError("a reader's bug")

    source = RegistrySource(clock=time.time, on_change=on_change, settings=QUICK)
    async with serving(an_mlflow()) as url:
        source.configure("production", RegistryAddress(url))
        source.want(Subject("production", "ModelAlias", NAME, "champion"), 0.2)
        heard.clear()
        running = asyncio.create_task(source.run())
        try:
            await eventually(lambda: _began(source, "production") > 0 and len(heard) > 1)
        finally:
            running.cancel()
            ended = (await asyncio.gather(running, return_exceptions=True))[0]

    assert isinstance(ended, asyncio.CancelledError)


def _trouble(source: RegistrySource, environment: str) -> str | None:
    looks = (
        source.model_alias(environment, NAME, "champion"),
        source.model_version(environment, NAME, NUMBER),
    )
    for look in looks:
        why = look.why if isinstance(look, Unseen) else look.trouble
        if why is not None and why.reason != "NotAskedYet":
            return why.reason
    return None


def _began(source: RegistrySource, environment: str) -> float:
    look = source.model_alias(environment, NAME, "champion")
    return look.began if isinstance(look, Look) and look.trouble is None else 0.0
