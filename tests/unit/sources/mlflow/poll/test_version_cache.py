"""What is kept of a version between two polls, and what ends it."""

import time

from aiohttp import web

from stagingmirror.drift.facts import Why
from stagingmirror.settings import Settings
from stagingmirror.sources.mlflow.content.version_details import KnownVersion
from stagingmirror.sources.mlflow.poll.version_cache import VersionCache
from support.mlflow.registries import connected, serving

KEY = ("fraud", "1")
RUN = {
    "info": {"run_id": "r", "experiment_id": "1", "artifact_uri": "mlflow-artifacts:/1/r"},
    "data": {"params": [{"key": "depth", "value": "3"}]},
}
VERSION = {"name": "fraud", "version": "1", "source": "runs:/r/model", "run_id": "r"}


class Purged:
    """An MLflow with one version, whose run can be deleted for good."""

    def __init__(self) -> None:
        self.has_run = True
        self.followed = 0

    async def answer(self, request: web.Request) -> web.Response:
        if request.path.endswith("model-versions/get-download-uri"):
            self.followed += 1
            return web.json_response({"artifact_uri": VERSION["source"]})
        if request.path.endswith("model-versions/get"):
            return web.json_response({"model_version": VERSION})
        if request.path.endswith("runs/get") and self.has_run:
            return web.json_response({"run": RUN})
        return web.json_response({"error_code": "RESOURCE_DOES_NOT_EXIST"}, status=404)


async def test_a_run_that_is_deleted_for_good_takes_the_files_with_it_at_once() -> None:
    mlflow = Purged()
    async with serving(mlflow.answer) as url, connected(url, settings=Settings()) as server:
        cache = VersionCache(server, store_interval=300.0)
        before = await _read(cache)
        kept = await _read(cache)
        mlflow.has_run = False
        after = await _read(cache)
        later = await _read(cache)

    assert before.run is not None
    assert (before.detail.root, kept.detail.root) == ("1/r/model", "1/r/model")
    for one in (after, later):
        assert isinstance(one.detail.root, Why)
        assert one.detail.root.reason == "FilesGone"
    assert mlflow.followed == 2


async def _read(cache: VersionCache) -> KnownVersion:
    answers = await cache.read([KEY], began=time.time(), since={})
    found = answers[KEY]
    assert isinstance(found, KnownVersion), found
    return found
