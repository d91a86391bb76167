"""An MLflow whose database ignores case, as one on MySQL or SQL Server does."""

import json
from typing import Any

from aiohttp import web

from stagingmirror.drift.places import folded


class FoldingMlflow:
    """One registered model with aliases and versions. ``folds``: whether names
    that differ in case are one to its database.
    """

    def __init__(self, name: str, aliases: dict[str, str], *, folds: bool = True) -> None:
        self.name = name
        self.aliases = aliases
        self.folds = folds

    async def answer(self, request: web.Request) -> web.Response:
        asked = {**request.query, **(await request.json() if request.can_read_body else {})}
        operation = request.path.removeprefix("/api/2.0/mlflow/")
        if operation == "registered-models/search":
            return _found(registered_models=[self._model()])
        if not self._is(self.name, asked.get("name", "")):
            return _missing()
        match request.method, operation:
            case "GET", "registered-models/get":
                return _found(registered_model=self._model())
            case _, "registered-models/alias":
                return self._alias(request.method, asked)
            case "GET", "model-versions/get":
                return _found(model_version=self._version(asked["version"]))
            case _:
                return _found()

    def _alias(self, method: str, asked: dict[str, str]) -> web.Response:
        held = [alias for alias in self.aliases if self._is(alias, asked["alias"])]
        if method == "POST":
            self.aliases[held[0] if held else asked["alias"]] = asked["version"]
            return _found()
        if not held:
            return _missing()
        if method == "DELETE":
            del self.aliases[held[0]]
            return _found()
        return _found(model_version=self._version(self.aliases[held[0]]))

    def _is(self, held: str, asked: str) -> bool:
        return folded(held) == folded(asked) if self.folds else held == asked

    def _model(self) -> dict[str, Any]:
        named = [{"alias": alias, "version": number} for alias, number in self.aliases.items()]
        return {"name": self.name, "creation_timestamp": 1, "aliases": named}

    def _version(self, number: str) -> dict[str, Any]:
        return {"name": self.name, "version": number, "source": "s3://x/y"}


def _found(**body: Any) -> web.Response:
    return web.Response(text=json.dumps(body))


def _missing() -> web.Response:
    body = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not found"}
    return web.json_response(body, status=404)
