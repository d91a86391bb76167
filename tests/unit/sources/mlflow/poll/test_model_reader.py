"""Many models that are new at once are requested at once."""

import json
import time
from collections import Counter

from aiohttp import web

from stagingmirror.sources.mlflow.poll.model_reader import ModelReader
from support.mlflow.registries import connected, serving

NAMES = [f"model-{number}" for number in range(20)]
ALIASES = [(name, "champion") for name in NAMES]


class Registry:
    """An MLflow in which one alias moves after the first search, and which hides one model from
    searches.
    """

    def __init__(self, *, moves: str, hidden: str) -> None:
        self.calls: Counter[str] = Counter()
        self._moves, self._hidden = moves, hidden

    async def answer(self, request: web.Request) -> web.Response:
        operation = request.path.rpartition("mlflow/")[2]
        self.calls[operation] += 1
        body: object = {"registered_models": [self._model(n) for n in NAMES if n != self._hidden]}
        if operation == "registered-models/get":
            body = {"registered_model": self._model(request.query["name"])}
        return web.Response(text=json.dumps(body))

    def _model(self, name: str) -> dict[str, object]:
        moved = name == self._moves and self.calls["registered-models/search"] > 1
        aliases = [{"alias": "champion", "version": "2" if moved else "1"}]
        return {"name": name, "creation_timestamp": 1, "aliases": aliases}


async def test_an_alias_that_moved_meanwhile_is_found_among_many_by_one_search() -> None:
    registry = Registry(moves="model-3", hidden="model-7")
    async with serving(registry.answer) as url, connected(url) as server:
        reader = ModelReader(server, time.time)
        first = await reader.read(ALIASES, wanted=NAMES)
        settled = await reader.once_more(first, [(name, "1") for name in NAMES], ALIASES)

    assert first.keys() - settled.keys() == {"model-3"}
    # Of those that are hidden from a search each is requested directly, both times.
    assert registry.calls == {"registered-models/search": 2, "registered-models/get": 2}


async def test_one_new_model_costs_no_search() -> None:
    registry = Registry(moves="", hidden="")
    async with serving(registry.answer) as url, connected(url) as server:
        reader = ModelReader(server, time.time)
        first = await reader.read(ALIASES, wanted=NAMES)
        settled = await reader.once_more(first, [("model-3", "1")], ALIASES)

    assert settled == first
    assert registry.calls == {"registered-models/search": 1, "registered-models/get": 1}
