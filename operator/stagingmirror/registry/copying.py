"""The calls that write a copy into a registry, one function per call."""

from collections.abc import Mapping
from contextlib import suppress

from stagingmirror.errors import Conflicted, NotThere
from stagingmirror.registry import asking, origin
from stagingmirror.registry.records import (
    Experiment,
    Fields,
    LoggedModel,
    Run,
    Version,
    experiment,
    logged_model,
    run,
    version,
)
from stagingmirror.registry.server import MlflowServer

EXPERIMENT = "stagingmirror-copies"
_PER_BATCH = 100
"""MLflow takes this many parameters or tags in one call."""

Tags = Mapping[str, str]


async def ensure_experiment(server: MlflowServer) -> str:
    """The id of the experiment that holds all copies."""
    try:
        found = await _experiment(server)
    except NotThere:
        # Another may be as fast; who made it does not matter.
        with suppress(Conflicted):
            await server.call("POST", "mlflow/experiments/create", body={"name": EXPERIMENT})
        found = await _experiment(server)
    if not found.active:
        body = {"experiment_id": found.experiment_id}
        await server.call("POST", "mlflow/experiments/restore", body=body)
    return found.experiment_id


async def _experiment(server: MlflowServer) -> Experiment:
    answer = await server.call(
        "GET", "mlflow/experiments/get-by-name", query={"experiment_name": EXPERIMENT}
    )
    return experiment(Fields(answer, "answer").one("experiment"))


async def create_run(
    server: MlflowServer, experiment_id: str, name: str, tags: Tags, *, now: float
) -> Run:
    body: dict[str, object] = {
        "experiment_id": experiment_id,
        "run_name": name,
        "start_time": int(now * 1000),
        "tags": pairs(tags),
    }
    answer = await server.call("POST", "mlflow/runs/create", body=body)
    return run(Fields(answer, "answer").one("run"))


async def fill_run(
    server: MlflowServer, run_id: str, origin_run: Run | None, parameters: Tags
) -> None:
    """The origin's parameters, tags and dataset inputs. Idempotent."""
    tags = origin.foreign(origin_run.tags) if origin_run else {}
    for kind, values in (("params", pairs(parameters)), ("tags", pairs(tags))):
        for start in range(0, len(values), _PER_BATCH):
            body: dict[str, object] = {"run_id": run_id, kind: values[start : start + _PER_BATCH]}
            await server.call("POST", "mlflow/runs/log-batch", body=body)
    if origin_run and origin_run.inputs:
        inputs: dict[str, object] = {"run_id": run_id, "datasets": list(origin_run.inputs)}
        await server.call("POST", "mlflow/runs/log-inputs", body=inputs)


async def finish_run(server: MlflowServer, run_id: str, *, now: float) -> None:
    body: dict[str, object] = {
        "run_id": run_id,
        "status": "FINISHED",
        "end_time": int(now * 1000),
    }
    await server.call("POST", "mlflow/runs/update", body=body)


async def ensure_logged_model(
    server: MlflowServer, experiment_id: str, run_id: str, name: str
) -> LoggedModel:
    """The logged model of a copy's run; made if there is none yet."""
    found = await asking.find_logged_models(server, experiment_id, run_id)
    if found:
        return found[0]
    body: dict[str, object] = {
        "experiment_id": experiment_id,
        "name": name,
        "source_run_id": run_id,
    }
    answer = await server.call("POST", "mlflow/logged-models", body=body)
    return logged_model(Fields(answer, "answer").one("model"))


async def finalize(server: MlflowServer, model_id: str) -> None:
    body = {"model_id": model_id, "status": "LOGGED_MODEL_READY"}
    await server.call("PATCH", f"mlflow/logged-models/{model_id}", body=body)


async def ensure_registered_model(server: MlflowServer, name: str) -> None:
    try:
        await asking.get_registered_model(server, name)
    except NotThere:
        with suppress(Conflicted):
            await server.call("POST", "mlflow/registered-models/create", body={"name": name})


async def create_version(
    server: MlflowServer, name: str, logged: LoggedModel, run_id: str, tags: Tags
) -> Version:
    body: dict[str, object] = {
        "name": name,
        "source": f"models:/{logged.model_id}",
        "run_id": run_id,
        "model_id": logged.model_id,
        "tags": pairs(tags),
    }
    answer = await server.call("POST", "mlflow/model-versions/create", body=body)
    return version(Fields(answer, "answer").one("model_version"))


async def set_version_tags(server: MlflowServer, made: Version, tags: Tags) -> None:
    """Only those that say something else there."""
    for key, value in tags.items():
        if made.tags.get(key) != value:
            body = {"name": made.name, "version": made.version, "key": key, "value": value}
            await server.call("POST", "mlflow/model-versions/set-tag", body=body)


def pairs(values: Tags) -> list[object]:
    return [{"key": key, "value": value} for key, value in values.items()]
