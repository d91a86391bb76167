"""The rig's MLflow servers, and the versions that it registers there."""

import urllib.error
import urllib.request
from typing import Any

import pytest

from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files, log_model

pytestmark = pytest.mark.integration


def test_the_two_sides_are_two_registries(
    mlflow_production: MlflowServer, mlflow_staging: MlflowServer
) -> None:
    log_files(mlflow_production, "only-in-production")

    assert _names(mlflow_production) >= {"only-in-production"}
    assert "only-in-production" not in _names(mlflow_staging)


def test_a_logged_model_has_what_provenance_needs(mlflow_production: MlflowServer) -> None:
    logged = log_model(
        mlflow_production,
        "provenance",
        params={"C": 0.5, "depth": 3},
        alias="champion",
        data_snapshot="2026-11-20",
        dataset="0af3",
    )

    client: Any = client_of(mlflow_production)
    version = client.get_model_version_by_alias("provenance", "champion")
    run = client.get_run(version.run_id)
    assert version.version == logged.version
    assert version.tags == {"data_snapshot_date": "2026-11-20"}
    assert run.data.params == {"C": "0.5", "depth": "3"}
    assert run.inputs.dataset_inputs[0].dataset.digest == "0af3"
    assert list(mlflow_production.artifacts.rglob(f"{logged.model_id}/artifacts/MLmodel"))


def test_logged_files_are_the_content_of_a_version(mlflow_staging: MlflowServer) -> None:
    logged = log_files(mlflow_staging, "files", {"a.txt": "one", "deep/b.bin": b"\0\1"})

    folder = next(mlflow_staging.artifacts.rglob(f"{logged.run_id}/artifacts/model"))
    assert (folder / "a.txt").read_text() == "one"
    assert (folder / "deep" / "b.bin").read_bytes() == b"\0\1"


def test_a_server_that_was_stopped_has_its_data_again(mlflow_staging: MlflowServer) -> None:
    log_files(mlflow_staging, "kept")
    before = _names(mlflow_staging)
    mlflow_staging.stop()
    try:
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(f"{mlflow_staging.url}/health", timeout=2)
    finally:
        mlflow_staging.start()

    assert "kept" in before
    assert _names(mlflow_staging) == before


def test_a_server_with_authentication_refuses_strangers(mlflow_auth: MlflowServer) -> None:
    log_files(mlflow_auth, "secret")
    address = f"{mlflow_auth.url}/api/2.0/mlflow/registered-models/search"

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address, timeout=10)
    refused.value.close()

    assert refused.value.code == 401
    assert "secret" in _names(mlflow_auth)


def test_a_server_answers_under_the_name_of_its_service(mlflow_staging: MlflowServer) -> None:
    request = urllib.request.Request(
        f"{mlflow_staging.url}/api/2.0/mlflow/registered-models/search",
        headers={"Host": "mlflow.ml-prod.svc:5000"},
    )

    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def _names(server: MlflowServer) -> set[str]:
    client: Any = client_of(server)
    return {found.name for found in client.search_registered_models(max_results=1000)}
