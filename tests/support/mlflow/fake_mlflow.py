"""As much of an MLflow as a round asks for, with whatever is wrong with it."""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

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
    }

    async def answer(request: web.Request) -> web.Response:
        found = [body for path, body in answers.items() if request.path.endswith(path)]
        # As a real server does, escapes for what UTF-8 cannot hold.
        return web.Response(text=json.dumps(found[0] if found else {}))

    return answer
