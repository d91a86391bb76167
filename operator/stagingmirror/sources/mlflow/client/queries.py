"""The read requests to an MLflow server, one function per request."""

import re
from collections.abc import AsyncIterator, Collection, Iterable, Mapping

from stagingmirror.errors import NotAllowed, NotAnswered, NotThere, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.client import wire_types
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.client.wire_types import (
    Fields,
    LoggedModel,
    RegisteredModel,
    Run,
    Version,
)

_PAGE = 1000
_LOGGED_PAGE = 50
_PAGES = 100
# They travel in the URL; servers take 8 KB of it.
_IDS_PER_CALL = 100
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def search_registered_models(
    server: MlflowServer, wanted: Collection[str]
) -> dict[str, RegisteredModel]:
    """All registered models with all their aliases, by name; stops once all ``wanted`` are there.

    A model that is missing here may exist: with basic-auth a search leaves out what we may not
    read.
    """
    found: dict[str, RegisteredModel] = {}
    path = "mlflow/registered-models/search"
    async for page in _pages(server, "GET", path, {"max_results": str(_PAGE)}):
        for fields in page.many("registered_models"):
            one = wire_types.registered_model(fields)
            found[one.name] = one
        if wanted and found.keys() >= set(wanted):
            break
    return found


async def get_registered_model(server: MlflowServer, name: str) -> RegisteredModel:
    answer = await server.call("GET", "mlflow/registered-models/get", query={"name": name})
    return wire_types.registered_model(Fields(answer, "answer").one("registered_model"))


async def get_version(server: MlflowServer, name: str, version: str) -> Version:
    answer = await server.call(
        "GET", "mlflow/model-versions/get", query={"name": name, "version": version}
    )
    return wire_types.version(Fields(answer, "answer").one("model_version"))


async def search_versions(
    server: MlflowServer, run_ids: Iterable[str]
) -> dict[tuple[str, str], Version]:
    """The versions that these runs made, in few calls. One that is missing here may exist."""
    found = {}
    for some in _batches(run_ids):
        query = {"filter": f"run_id IN ({some})", "max_results": str(_PAGE)}
        async for page in _pages(server, "GET", "mlflow/model-versions/search", query):
            for fields in page.many("model_versions"):
                one = wire_types.version(fields)
                found[one.name, one.version] = one
    return found


async def find_versions(server: MlflowServer, name: str, tag: str, value: str) -> list[Version]:
    """Versions of a registered model with this tag, newest first."""
    quoted = _quoted(value)
    query = {
        "filter": f"name = {_quoted(name)} AND tags.`{tag}` = {quoted}",
        "max_results": str(_PAGE),
    }
    found = []
    async for page in _pages(server, "GET", "mlflow/model-versions/search", query):
        found += [wire_types.version(fields) for fields in page.many("model_versions")]
    return sorted(found, key=lambda one: -int(one.version))


async def get_run(server: MlflowServer, run_id: str) -> Run:
    answer = await server.call("GET", "mlflow/runs/get", query={"run_id": run_id})
    return wire_types.run(Fields(answer, "answer").one("run"))


async def search_runs(
    server: MlflowServer, experiment_ids: Collection[str], run_ids: Iterable[str]
) -> dict[str, Run]:
    """These runs, in few calls. One that is missing here may exist."""
    found = {}
    for some in _batches(run_ids):
        body: dict[str, object] = {
            "experiment_ids": sorted(experiment_ids),
            "filter": f"attributes.run_id IN ({some})",
            "run_view_type": "ALL",
            "max_results": _PAGE,
        }
        async for page in _pages(server, "POST", "mlflow/runs/search", body):
            for fields in page.many("runs"):
                one = wire_types.run(fields)
                found[one.run_id] = one
    return found


async def find_runs(server: MlflowServer, experiment_id: str, tag: str, value: str) -> list[Run]:
    """Runs of an experiment with this tag, oldest first."""
    body: dict[str, object] = {
        "experiment_ids": [experiment_id],
        "filter": f"tags.`{tag}` = {_quoted(value)}",
        "order_by": ["attributes.start_time ASC"],
        "max_results": _PAGE,
    }
    found = []
    async for page in _pages(server, "POST", "mlflow/runs/search", body):
        found += [wire_types.run(fields) for fields in page.many("runs")]
    return found


async def get_logged_model(server: MlflowServer, model_id: str) -> LoggedModel:
    answer = await server.call("GET", "mlflow/logged-models", thing=_checked(model_id))
    return wire_types.logged_model(Fields(answer, "answer").one("model"))


async def search_logged_models(
    server: MlflowServer, experiment_ids: Collection[str], ids: Iterable[str]
) -> dict[str, LoggedModel]:
    """These logged models, in few calls. One that is missing here may exist."""
    found = {}
    for some in _batches(ids):
        body: dict[str, object] = {
            "experiment_ids": sorted(experiment_ids),
            "filter": f"model_id IN ({some})",
            "max_results": _LOGGED_PAGE,
        }
        async for page in _pages(server, "POST", "mlflow/logged-models/search", body):
            for fields in page.many("models"):
                one = wire_types.logged_model(fields)
                found[one.model_id] = one
    return found


async def find_logged_models(
    server: MlflowServer, experiment_id: str, run_id: str
) -> list[LoggedModel]:
    body: dict[str, object] = {
        "experiment_ids": [experiment_id],
        "filter": f"source_run_id = {_quoted(run_id)}",
        "max_results": _LOGGED_PAGE,
    }
    answer = await server.call("POST", "mlflow/logged-models/search", body=body)
    return [wire_types.logged_model(one) for one in Fields(answer, "answer").many("models")]


async def download_uri(server: MlflowServer, name: str, version: str) -> str:
    """Where the version's files are, with chains of ``models:/…`` followed by the server."""
    answer = await server.call(
        "GET", "mlflow/model-versions/get-download-uri", query={"name": name, "version": version}
    )
    return Fields(answer, "answer").optional("artifact_uri") or ""


async def founded(server: MlflowServer) -> int | None:
    """When the default experiment was created (ms): once per database. None: we may not see it."""
    try:
        answer = await server.call("GET", "mlflow/experiments/get", query={"experiment_id": "0"})
    except (NotAllowed, NotThere, Refused):
        return None
    return Fields(answer, "answer").one("experiment").number("creation_time") or None


async def _pages(
    server: MlflowServer, method: str, path: str, query: Mapping[str, object]
) -> AsyncIterator[Fields]:
    """Every page of a search. A server that pages without end is no answer."""
    token: str | None = None
    for _ in range(_PAGES):
        request = {**query, "page_token": token} if token else dict(query)
        answer = Fields(
            await server.call(method, path, body=request)
            if method == "POST"
            else await server.call(method, path, query={k: str(v) for k, v in request.items()}),
            "answer",
        )
        yield answer
        following = answer.optional("next_page_token")
        if following is None:
            return
        if following == token:
            break
        token = following
    raise NotAnswered(Reason.ENDLESS_PAGING, f"MLflow at {server.host} pages a search without end")


def _batches(ids: Iterable[str]) -> Iterable[str]:
    known = sorted({one for one in ids if _ID.fullmatch(one)})
    for start in range(0, len(known), _IDS_PER_CALL):
        yield ",".join(f"'{one}'" for one in known[start : start + _IDS_PER_CALL])


def _checked(identifier: str) -> str:
    """It becomes part of a path, and comes from an answer."""
    if not _ID.fullmatch(identifier):
        raise NotAnswered(
            Reason.GARBAGE, "MLflow's answer names a logged model with an impossible id"
        )
    return identifier


def _quoted(text: str) -> str:
    if "'" in text:
        raise Refused(
            Reason.BAD_NAME, "names with a quotation mark cannot be searched for in MLflow"
        )
    return f"'{text}'"
