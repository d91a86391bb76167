"""One registry that answers nonsense is that registry's trouble: the others are asked on."""

import asyncio
import time
from typing import Any

import pytest

from stagingmirror.drift.facts import Unseen
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.poll.source import MlflowSource
from stagingmirror.sources.mlflow.subjects import AliasSubject, VersionSubject
from stagingmirror.view import Observed, Subject
from support.mlflow.fake_mlflow import NAME, NUMBER, an_mlflow
from support.mlflow.registries import QUICK, eventually, serving, watching


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
    heard: list[Subject[Any]] = []

    def on_change(subject: Subject[Any]) -> None:
        heard.append(subject)
        if len(heard) == 1:
            raise RuntimeError("a reader's bug")

    source = MlflowSource(clock=time.time, on_change=on_change, settings=QUICK)
    async with serving(an_mlflow()) as url:
        source.registries.set("production", RegistryAddress(url))
        source.want(AliasSubject("production", NAME, "champion"), 0.2)
        heard.clear()
        running = asyncio.create_task(source.run())
        try:
            await eventually(lambda: _began(source, "production") > 0 and len(heard) > 1)
        finally:
            running.cancel()
            ended = (await asyncio.gather(running, return_exceptions=True))[0]

    assert isinstance(ended, asyncio.CancelledError)


def _trouble(source: MlflowSource, environment: str) -> str | None:
    observations = (
        source.get(AliasSubject(environment, NAME, "champion")),
        source.get(VersionSubject(environment, NAME, NUMBER)),
    )
    for look in observations:
        why = look.why if isinstance(look, Unseen) else look.trouble
        if why is not None and why.reason != "NotPolledYet":
            return why.reason
    return None


def _began(source: MlflowSource, environment: str) -> float:
    look = source.get(AliasSubject(environment, NAME, "champion"))
    return look.began if isinstance(look, Observed) and look.trouble is None else 0.0
