"""Searches for many things at once."""

from aiohttp import web

from stagingmirror.sources.mlflow.client import queries
from support.mlflow.answers import SETTINGS
from support.mlflow.registries import connected, serving


async def test_a_run_that_is_too_large_for_an_answer_is_no_trouble_of_the_others() -> None:
    sizes = {f"r{n}": 30_000 if n == 5 else 10 for n in range(9)}

    async def search(request: web.Request) -> web.Response:
        named = [each for each in sizes if f"'{each}'" in (await request.json())["filter"]]
        runs = [
            {
                "info": {"run_id": each, "experiment_id": "0"},
                "data": {"params": [{"key": "p", "value": "x" * sizes[each]}]},
            }
            for each in named
        ]
        return web.json_response({"runs": runs})

    async with serving(search) as url, connected(url, settings=SETTINGS) as server:
        found = await queries.search_runs(server, ["0"], sizes)

    assert set(found) == set(sizes) - {"r5"}
