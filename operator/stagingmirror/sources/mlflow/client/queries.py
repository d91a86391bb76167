"""The read requests to an MLflow server, one function per request."""

import re
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from stagingmirror.drift.places import folded
from stagingmirror.errors import NotAnswered, NotThere, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.client import wire_types
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.client.wire_types import (
    Experiment,
    Fields,
    LoggedModel,
    RegisteredModel,
    Run,
    Version,
)

_PAGES = 100
# They travel in the URL; servers take 8 KB of it.
_IDS_PER_CALL = 100
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Search(Generic[T]):
    """A kind of search: how it is requested, and how a page of ``most`` things is read."""

    method: Literal["GET", "POST"]
    path: str
    key: str
    read: Callable[[Fields], T]
    most: int = 1000


_MODELS = _Search(
    "GET",
    "mlflow/registered-models/search",
    "registered_models",
    wire_types.registered_model,
)
_VERSIONS = _Search("GET", "mlflow/model-versions/search", "model_versions", wire_types.version)
_RUNS = _Search("POST", "mlflow/runs/search", "runs", wire_types.run)
_LOGGED_MODELS = _Search(
    "POST", "mlflow/logged-models/search", "models", wire_types.logged_model, most=50
)


async def search_registered_models(
    server: MlflowServer, wanted: Collection[str]
) -> dict[str, RegisteredModel]:
    """All registered models with all their aliases, by name; stops once all ``wanted`` are there.

    A model that is missing here may exist: with basic-auth a search leaves out what we may not
    read.
    """
    found: dict[str, RegisteredModel] = {}
    async for page in _pages(server, _MODELS, {}):
        found |= {one.name: one for one in page}
        if wanted and found.keys() >= set(wanted):
            break
    return found


async def get_registered_model(server: MlflowServer, name: str) -> RegisteredModel:
    """Raises Refused(SpelledOtherwise) where the server holds it under another spelling."""
    answer = await server.call("GET", "mlflow/registered-models/get", query={"name": name})
    found = wire_types.registered_model(answer.one("registered_model"))
    _refuse_other("registered model", name, found.name)
    return found


async def refuse_misspelled(server: MlflowServer, model: RegisteredModel, alias: str) -> None:
    """Raises Refused(SpelledOtherwise) where the model has no alias of this spelling, and the
    server answers one of another spelling for it: a database may ignore case.
    """
    like = [each for each in model.aliases if folded(each) == folded(alias)]
    if alias in model.aliases or not like:
        return
    query = {"name": model.name, "alias": alias}
    try:
        await server.call("GET", "mlflow/registered-models/alias", query=query)
    except NotThere:
        return
    except Refused as error:
        if error.reason != Reason.BAD_REQUEST:  # an alias that is not there is an invalid one
            raise
        return
    _refuse_other(f"alias of registered model {model.name}", alias, min(like))


async def get_version(server: MlflowServer, name: str, version: str) -> Version:
    """Raises Refused(SpelledOtherwise) where the server holds the model under another spelling."""
    query = {"name": name, "version": version}
    answer = await server.call("GET", "mlflow/model-versions/get", query=query)
    found = wire_types.version(answer.one("model_version"))
    _refuse_other("registered model", name, found.name)
    return found


async def search_versions(
    server: MlflowServer, run_ids: Iterable[str]
) -> dict[tuple[str, str], Version]:
    """The versions that these runs made, in few calls. One that is missing here may exist."""
    found = await _with_ids(server, _VERSIONS, "run_id", run_ids, {})
    return {(one.name, one.version): one for one in found}


async def find_versions(server: MlflowServer, name: str, tag: str, value: str) -> list[Version]:
    """Versions of a registered model with this tag, newest first. The name is no part of the
    search: MLflow's filters cannot hold every name that a model may have.
    """
    found = await _all(server, _VERSIONS, {"filter": f"tags.`{tag}` = '{_checked(value)}'"})
    return sorted((one for one in found if one.name == name), key=lambda one: -int(one.version))


async def get_experiment_by_name(server: MlflowServer, name: str) -> Experiment:
    query = {"experiment_name": name}
    answer = await server.call("GET", "mlflow/experiments/get-by-name", query=query)
    return wire_types.experiment(answer.one("experiment"))


async def get_run(server: MlflowServer, run_id: str) -> Run:
    answer = await server.call("GET", "mlflow/runs/get", query={"run_id": run_id})
    return wire_types.run(answer.one("run"))


async def search_runs(
    server: MlflowServer, experiment_ids: Collection[str], run_ids: Iterable[str]
) -> dict[str, Run]:
    """These runs, in few calls. One that is missing here may exist."""
    query = {"experiment_ids": sorted(experiment_ids), "run_view_type": "ALL"}
    found = await _with_ids(server, _RUNS, "attributes.run_id", run_ids, query)
    return {one.run_id: one for one in found}


async def find_runs(server: MlflowServer, experiment_id: str, tag: str, value: str) -> list[Run]:
    """Runs of an experiment with this tag, oldest first."""
    query = {
        "experiment_ids": [experiment_id],
        "filter": f"tags.`{tag}` = '{_checked(value)}'",
        "order_by": ["attributes.start_time ASC"],
    }
    return await _all(server, _RUNS, query)


async def get_logged_model(server: MlflowServer, model_id: str) -> LoggedModel:
    answer = await server.call("GET", "mlflow/logged-models", thing=_checked(model_id))
    return wire_types.logged_model(answer.one("model"))


async def search_logged_models(
    server: MlflowServer, experiment_ids: Collection[str], ids: Iterable[str]
) -> dict[str, LoggedModel]:
    """These logged models, in few calls. One that is missing here may exist."""
    query = {"experiment_ids": sorted(experiment_ids)}
    found = await _with_ids(server, _LOGGED_MODELS, "model_id", ids, query)
    return {one.model_id: one for one in found}


async def find_logged_models(
    server: MlflowServer, experiment_id: str, run_id: str
) -> list[LoggedModel]:
    query = {
        "experiment_ids": [experiment_id],
        "filter": f"source_run_id = '{_checked(run_id)}'",
        "max_results": _LOGGED_MODELS.most,
    }
    answer = await server.call("POST", _LOGGED_MODELS.path, body=query)
    return [wire_types.logged_model(one) for one in answer.many(_LOGGED_MODELS.key)]


async def download_uri(server: MlflowServer, name: str, version: str) -> str:
    """Where the version's files are, with chains of ``models:/…`` followed by the server."""
    query = {"name": name, "version": version}
    answer = await server.call("GET", "mlflow/model-versions/get-download-uri", query=query)
    return answer.optional("artifact_uri") or ""


async def unless_gone(request: Awaitable[T]) -> T | None:
    """What was requested; None: the server confirmed that it is not there."""
    try:
        return await request
    except NotThere:
        return None


async def _with_ids(
    server: MlflowServer,
    search: _Search[T],
    field: str,
    ids: Iterable[str],
    query: Mapping[str, object],
) -> list[T]:
    """Nothing where the server refuses such a search, nor of what is too large for an answer."""
    known = sorted({one for one in ids if _ID.fullmatch(one)})
    found: list[T] = []
    try:
        for start in range(0, len(known), _IDS_PER_CALL):
            found += await _some(server, search, field, known[start : start + _IDS_PER_CALL], query)
    except Refused:
        return []
    return found


async def _some(
    server: MlflowServer,
    search: _Search[T],
    field: str,
    ids: Sequence[str],
    query: Mapping[str, object],
) -> list[T]:
    """In halves where the answer is too large: one large thing is no trouble of the others."""
    named = ",".join(f"'{one}'" for one in ids)
    try:
        return await _all(server, search, {**query, "filter": f"{field} IN ({named})"})
    except NotAnswered as error:
        if error.reason != Reason.OVERSIZED_ANSWER:
            raise
    half = len(ids) // 2
    parts = (ids[:half], ids[half:]) if half else ()
    return [one for part in parts for one in await _some(server, search, field, part, query)]


async def _all(server: MlflowServer, search: _Search[T], query: Mapping[str, object]) -> list[T]:
    return [one async for page in _pages(server, search, query) for one in page]


async def _pages(
    server: MlflowServer, search: _Search[T], query: Mapping[str, object]
) -> AsyncIterator[list[T]]:
    """Every page of a search. A server that pages without end is no answer."""
    request = {**query, "max_results": search.most}
    for _ in range(_PAGES):
        answer = await (
            server.call("POST", search.path, body=request)
            if search.method == "POST"
            else server.call("GET", search.path, query={k: str(v) for k, v in request.items()})
        )
        yield [search.read(one) for one in answer.many(search.key)]
        following = answer.optional("next_page_token")
        if following is None:
            return
        if following == request.get("page_token"):
            break
        request["page_token"] = following
    raise NotAnswered(Reason.ENDLESS_PAGING, f"MLflow at {server.host} pages a search without end")


def _refuse_other(what: str, requested: str, answered: str) -> None:
    """Names that differ are two to us, and what is protected is protected by its name."""
    if requested != answered:
        raise Refused(
            Reason.SPELLED_OTHERWISE,
            f"MLflow has no {what} that is spelled {requested!a}, and answers for it with "
            f"{answered!a}: to its database both are one; write the name as it has it",
        )


def _checked(identifier: str) -> str:
    """It becomes part of a path or a filter, and may come from an answer."""
    if not _ID.fullmatch(identifier):
        raise NotAnswered(Reason.GARBAGE, "MLflow's answer names something with an impossible id")
    return identifier
