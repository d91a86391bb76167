"""Registers model versions at an MLflow server, as a training pipeline does.

Every call names its server: nothing here reads or changes MLflow's global tracking address, so two
servers can be used from one test.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from rig.mlflow_server import MlflowServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient

EXPERIMENT = "rig"
# Writes the files of a folder to where a URI says.
Upload = Callable[[str, Path], None]


@dataclass(frozen=True, slots=True)
class LoggedVersion:
    """A version that is registered and ready; `model_id` is the logged model behind it."""

    name: str
    version: str
    run_id: str
    model_id: str | None
    source: str


def client_of(server: MlflowServer | str) -> "MlflowClient":
    """A client of this server and no other; credentials travel in its address."""
    from mlflow import MlflowClient

    url = _address(server)
    return MlflowClient(tracking_uri=url, registry_uri=url)


def purge(server: MlflowServer, run_id: str) -> None:
    """Delete a run for good, with its files, as `mlflow gc` does."""
    client_of(server).delete_run(run_id)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    subprocess.run(
        [
            *(sys.executable, "-c", "from mlflow.cli import cli; cli()", "gc"),
            *(f"--run-ids={run_id}", f"--tracking-uri={server.url}"),
            f"--backend-store-uri=sqlite:///{server.database}",
            f"--artifacts-destination={server.artifacts}",
        ],
        env=kept,
        check=True,
        capture_output=True,
    )


def log_model(
    server: MlflowServer | str,
    name: str,
    *,
    params: Mapping[str, object] | None = None,
    alias: str | None = None,
    data_snapshot: str | None = None,
    dataset: str | None = None,
    tags: Mapping[str, str] | None = None,
    seed: int = 0,
    upload: Upload | None = None,
) -> LoggedVersion:
    """Train a small logistic regression and register it, with signature and requirements.

    `params` are logged on the run (`C` also trains); another `seed` gives other bytes. `upload`
    writes the files where the server's own artifacts are in a bucket.
    `data_snapshot` becomes the version's tag `data_snapshot_date`; `dataset` the digest of a
    dataset input of the run. The first call imports scikit-learn (seconds), later ones take 0.5 s.
    """
    import mlflow
    import numpy as np
    from mlflow.models import infer_signature
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(64, 4))
    labels = (inputs @ np.array([1.0, -2.0, 0.5, 0.0]) > 0).astype(int)
    settings = dict(params or {"C": 1.0})
    trained = LogisticRegression(C=float(str(settings.get("C", 1.0)))).fit(inputs, labels)
    with _as_default(server), mlflow.start_run(experiment_id=_experiment(server)) as run:
        mlflow.log_params(settings)
        mlflow.log_metric("accuracy", float(trained.score(inputs, labels)))
        if dataset is not None:
            _log_dataset(client_of(server), run.info.run_id, dataset)
        how: dict[str, Any] = {
            "signature": infer_signature(inputs, trained.predict(inputs)),
            "pip_requirements": ["scikit-learn", "numpy"],
            "serialization_format": "cloudpickle",
        }
        if upload is not None:
            source, model_id = f"{run.info.artifact_uri}/model", None
            with tempfile.TemporaryDirectory() as folder:
                mlflow.sklearn.save_model(trained, f"{folder}/model", **how)
                upload(source, Path(folder, "model"))
        else:
            logged = mlflow.sklearn.log_model(trained, name="model", **how)
            source, model_id = logged.model_uri, logged.model_id
    return _register(
        server,
        name,
        source=source,
        run_id=run.info.run_id,
        model_id=model_id,
        alias=alias,
        tags=_tags(tags, data_snapshot),
    )


def log_files(
    server: MlflowServer | str,
    name: str,
    files: Mapping[str, bytes | str] | None = None,
    *,
    params: Mapping[str, object] | None = None,
    alias: str | None = None,
    data_snapshot: str | None = None,
    dataset: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> LoggedVersion:
    """Register a version whose content is these files (or one of random bytes), in 0.2 s."""
    client = client_of(server)
    run_id = client.create_run(_experiment(server)).info.run_id
    for key, value in (params or {}).items():
        client.log_param(run_id, key, value)
    if dataset is not None:
        _log_dataset(client, run_id, dataset)
    content = files if files is not None else {"weights.bin": secrets.token_bytes(256)}
    with tempfile.TemporaryDirectory() as folder:
        for relative, data in content.items():
            path = Path(folder, relative)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        client.log_artifacts(run_id, folder, "model")
    with _quietly():
        client.set_terminated(run_id)
    artifacts = client.get_run(run_id).info.artifact_uri
    return _register(
        server,
        name,
        source=f"{artifacts}/model",
        run_id=run_id,
        model_id=None,
        alias=alias,
        tags=_tags(tags, data_snapshot),
    )


def _register(
    server: MlflowServer | str,
    name: str,
    *,
    source: str,
    run_id: str,
    model_id: str | None,
    alias: str | None,
    tags: dict[str, str],
) -> LoggedVersion:
    from mlflow.exceptions import RestException

    client = client_of(server)
    try:
        client.create_registered_model(name)
    except RestException as refused:
        if refused.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made: Any = client.create_model_version(
        name, source, run_id=run_id, model_id=model_id, tags=tags
    )
    if alias:
        client.set_registered_model_alias(name, alias, made.version)
    return LoggedVersion(name, str(made.version), run_id, model_id, made.source)


def _tags(tags: Mapping[str, str] | None, data_snapshot: str | None) -> dict[str, str]:
    return dict(tags or {}) | ({"data_snapshot_date": data_snapshot} if data_snapshot else {})


def _log_dataset(client: "MlflowClient", run_id: str, digest: str) -> None:
    from mlflow.entities import Dataset, DatasetInput

    dataset = Dataset(
        name="training-data",
        digest=digest,
        source_type="local",
        source=json.dumps({"uri": f"s3://snapshots/{digest}"}),
    )
    client.log_inputs(run_id, [DatasetInput(dataset)])


def _experiment(server: MlflowServer | str) -> str:
    client = client_of(server)
    found = client.get_experiment_by_name(EXPERIMENT)
    return str(found.experiment_id if found else client.create_experiment(EXPERIMENT))


def _address(server: MlflowServer | str) -> str:
    if isinstance(server, str):
        return server
    if not server.password:
        return server.probe
    return server.probe.replace("://", f"://{server.username}:{server.password}@", 1)


@contextmanager
def _as_default(server: MlflowServer | str) -> "Iterator[None]":
    """MLflow's fluent functions know one server; put theirs back when done."""
    import mlflow

    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(_address(server))
    mlflow.set_registry_uri(_address(server))
    try:
        with _quietly():
            yield
    finally:
        mlflow.set_tracking_uri(before[0])
        mlflow.set_registry_uri(before[1])


@contextmanager
def _quietly() -> "Iterator[None]":
    """MLflow prints where to look and warns how models are kept: not what a test is about."""
    quiet = {"MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
    with warnings.catch_warnings(), patch.dict(os.environ, quiet):
        warnings.simplefilter("ignore")
        yield
