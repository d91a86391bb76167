"""The calls that write a copy into a registry, one function per call."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from stagingmirror.errors import Conflicted, NotSupported, NotThere
from stagingmirror.sources.mlflow.client import provenance_tags, queries
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.client.wire_types import (
    Experiment,
    Fields,
    Run,
    Version,
    logged_model,
    run,
    version,
)

EXPERIMENT = "stagingmirror-copies"
# MLflow takes this many parameters or tags in one call.
_PER_BATCH = 100

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Destination:
    """The registry that is written. ``may_write`` is called before each write, and raises where it
    may not be any more.
    """

    server: MlflowServer
    may_write: Callable[[], None]

    async def write(
        self, method: str, path: str, body: Mapping[str, object], *, thing: str = ""
    ) -> Fields:
        self.may_write()
        return await self.server.call(method, path, thing=thing, body=body)


async def ensure_experiment(to: Destination) -> Experiment:
    """The experiment that holds all copies."""
    try:
        found = await queries.get_experiment_by_name(to.server, EXPERIMENT)
    except NotThere:
        # Another may be as fast; who made it does not matter.
        with suppress(Conflicted):
            await to.write("POST", "mlflow/experiments/create", {"name": EXPERIMENT})
        found = await queries.get_experiment_by_name(to.server, EXPERIMENT)
    if not found.active:
        await to.write("POST", "mlflow/experiments/restore", {"experiment_id": found.experiment_id})
    return found


async def create_run(
    to: Destination, experiment_id: str, name: str, tags: Tags, *, now: float
) -> Run:
    answer = await to.write(
        "POST",
        "mlflow/runs/create",
        {
            "experiment_id": experiment_id,
            "run_name": name,
            "start_time": int(now * 1000),
            "tags": pairs(tags),
        },
    )
    return run(answer.one("run"))


async def fill_run(
    to: Destination, run_id: str, *, parameters: Tags, tags: Tags, inputs: Sequence[object]
) -> None:
    """The origin's parameters, tags and dataset inputs. Idempotent."""
    for kind, values in (("params", pairs(parameters)), ("tags", pairs(tags))):
        for start in range(0, len(values), _PER_BATCH):
            some = values[start : start + _PER_BATCH]
            await to.write("POST", "mlflow/runs/log-batch", {"run_id": run_id, kind: some})
    if inputs:
        await to.write(
            "POST",
            "mlflow/runs/log-inputs",
            {"run_id": run_id, "datasets": list(inputs)},
        )


async def finish_run(to: Destination, run_id: str, *, now: float) -> None:
    await to.write(
        "POST",
        "mlflow/runs/update",
        {"run_id": run_id, "status": "FINISHED", "end_time": int(now * 1000)},
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """What holds the bytes of a copy: a logged model, or the artifacts of the copy's run where the
    server has no logged models (MLflow before 3.0).
    """

    artifact_uri: str
    source: str
    model_id: str | None = None


async def ensure_holder(to: Destination, of: Run, name: str) -> Holder:
    """The run's logged model, made if there is none yet; or the run."""
    try:
        found = await queries.find_logged_models(to.server, of.experiment_id, of.run_id)
    except NotSupported:
        uri = f"{of.artifact_uri}/model"
        return Holder(uri, uri)
    if not found:
        body = {"experiment_id": of.experiment_id, "name": name, "source_run_id": of.run_id}
        answer = await to.write("POST", "mlflow/logged-models", body)
        found = [logged_model(answer.one("model"))]
    model_id = found[0].model_id
    return Holder(found[0].artifact_uri, f"models:/{model_id}", model_id)


async def finalize(to: Destination, holder: Holder) -> None:
    if holder.model_id is not None:
        body = {"model_id": holder.model_id, "status": "LOGGED_MODEL_READY"}
        await to.write("PATCH", "mlflow/logged-models", body, thing=holder.model_id)


async def ensure_registered_model(to: Destination, name: str) -> None:
    try:
        await queries.get_registered_model(to.server, name)
    except NotThere:
        with suppress(Conflicted):
            await to.write("POST", "mlflow/registered-models/create", {"name": name})


async def create_version(
    to: Destination, name: str, holder: Holder, run_id: str, tags: Tags
) -> Version:
    answer = await to.write(
        "POST",
        "mlflow/model-versions/create",
        {
            "name": name,
            "source": holder.source,
            "run_id": run_id,
            **({"model_id": holder.model_id} if holder.model_id is not None else {}),
            "tags": pairs(tags),
        },
    )
    return version(answer.one("model_version"))


async def set_version_tags(to: Destination, made: Version, tags: Tags) -> None:
    """Only those that differ there; those that the origin does not have (any more)
    go.
    """
    named: dict[str, object] = {"name": made.name, "version": made.version}
    for key, value in tags.items():
        if made.tags.get(key) != value:
            await to.write(
                "POST", "mlflow/model-versions/set-tag", {**named, "key": key, "value": value}
            )
    for key in provenance_tags.foreign(made.tags).keys() - tags.keys():
        await to.write("DELETE", "mlflow/model-versions/delete-tag", {**named, "key": key})


async def drop_run_tags(to: Destination, run_id: str, kept: Tags) -> None:
    """The foreign tags of a copy's run that the origin's run does not have (any more), or that may
    not be copied (any more).
    """
    made = await queries.get_run(to.server, run_id)
    for key in provenance_tags.foreign(made.tags).keys() - kept.keys():
        await to.write("POST", "mlflow/runs/delete-tag", {"run_id": run_id, "key": key})


def pairs(values: Tags) -> list[object]:
    return [{"key": key, "value": value} for key, value in values.items()]
