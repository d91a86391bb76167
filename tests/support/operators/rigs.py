"""Fixtures that give tests the real thing: an API server, MLflow servers, a whole cluster.

A pytest plugin (`-p support.operators.rigs`). Each is started when the first test asks for it, once
per process (so once per xdist worker), and ends with it. Two workers cannot share one: tests pause
and restart it, and an operator sees all namespaces. What few tests need is started once for the
whole run: these tests are one xdist group. What a machine cannot run is skipped with the reason.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import hypothesis
import pytest

from rig.catalogue import LEVELS
from rig.cluster import system
from rig.cluster.cluster import Cluster
from rig.control_plane import ControlPlane
from rig.endpoints.endpoint import Endpoint
from rig.endpoints.feast_server import FeastServer
from rig.endpoints.mlserver import MlServer
from rig.endpoints.scoring_server import ScoringServer
from rig.endpoints.vectors import VectorService
from rig.kube import Kube
from rig.mlflow_server import MlflowServer
from rig.programs import missing
from rig.python.environment import MLFLOW_2, MLSERVER
from rig.run import Run, until
from rig.stores.object_store import ObjectStore
from rig.stores.opensearch import OpenSearch
from rig.stores.opensearch_program import impediment, opensearch_is_made
from rig.stores.postgres import Postgres

_E = TypeVar("_E", bound=Endpoint)

# How long an example takes on a busy machine is nobody's property.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)  # before xdist writes the groups down
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of ``mlflow_auth`` are one group."""
    for item in items:
        if isinstance(item, pytest.Function) and "mlflow_auth" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("mlflow-auth"))


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """etcd, kube-apiserver and kube-controller-manager, RBAC on, no nodes."""
    with _telling(request, building=bool(missing(LEVELS["control-plane"]))):
        plane = ControlPlane()
    with plane:
        yield plane


@pytest.fixture
def kube(control_plane: ControlPlane) -> Kube:
    """The control plane's API as its administrator: what a test arranges and looks at."""
    return control_plane.kube


@pytest.fixture
def namespace(kube: Kube) -> Iterator[str]:
    """A fresh namespace that can run pods; deleted afterwards without waiting."""
    name = make_namespace(kube)
    yield name
    kube.delete("v1", "Namespace", name)


def make_namespace(kube: Kube, prefix: str = "test") -> str:
    """A namespace with a unique name, whose default ServiceAccount is there."""
    name = f"{prefix}-{secrets.token_hex(4)}"
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    until(
        lambda: kube.find("v1", "ServiceAccount", "default", name) is not None,
        within=60,
        what=f"namespace {name} has no default ServiceAccount",
        every=0.02,
    )
    return name


@pytest.fixture(scope="session")
def _mlflow_pair() -> Iterator[tuple[MlflowServer, MlflowServer]]:
    """Both sides' servers, started at the same time."""
    with (
        MlflowServer("production", wait=False) as production,
        MlflowServer("staging", wait=False) as staging,
    ):
        production.await_ready()
        staging.await_ready()
        yield production, staging


@pytest.fixture(scope="session")
def mlflow_production(_mlflow_pair: tuple[MlflowServer, MlflowServer]) -> MlflowServer:
    """Production's MLflow: shared by the tests of one process, so use model names of your own."""
    return _mlflow_pair[0]


@pytest.fixture(scope="session")
def mlflow_staging(_mlflow_pair: tuple[MlflowServer, MlflowServer]) -> MlflowServer:
    """Staging's MLflow, another server with other data."""
    return _mlflow_pair[1]


@pytest.fixture(scope="session")
def mlflow_auth() -> Iterator[MlflowServer]:
    """An MLflow that wants `username` and `password`, and permits nothing by default."""
    with MlflowServer("auth", password=secrets.token_urlsafe(16)) as server:
        yield server


@pytest.fixture(scope="session")
def mlflow_2() -> Iterator[MlflowServer]:
    """The last MLflow before 3.0; its tests are the xdist group ``mlflow-releases``."""
    with MlflowServer("two", release=MLFLOW_2) as server:
        yield server


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """A real S3 server: shared by the tests of one process, so use folders of your own."""
    with ObjectStore() as store:
        yield store


@pytest.fixture(scope="session")
def opensearch_pair(request: pytest.FixtureRequest) -> Iterator[tuple[OpenSearch, OpenSearch]]:
    """Both sides' servers, started at the same time; they share the folder of repositories."""
    if why_not := impediment():
        pytest.skip(why_not)
    with Run("opensearch") as run:
        shared = run.folder / "repositories"
        with _telling(request, building=not opensearch_is_made()):
            pair = [
                OpenSearch(side, run=run, repositories=shared, wait=False)
                for side in ("production", "staging")
            ]
        for each in pair:
            each.await_ready()
        yield pair[0], pair[1]


@pytest.fixture(scope="session")
def opensearch_production(opensearch_pair: tuple[OpenSearch, OpenSearch]) -> OpenSearch:
    """Production's OpenSearch: its tests are `xdist_group("index")`, with indexes of their own."""
    return opensearch_pair[0]


@pytest.fixture(scope="session")
def opensearch_staging(opensearch_pair: tuple[OpenSearch, OpenSearch]) -> OpenSearch:
    """Staging's OpenSearch, another server with other data."""
    return opensearch_pair[1]


@pytest.fixture(scope="session")
def postgres_pair() -> Iterator[tuple[Postgres, Postgres]]:
    """Production's of an older release than staging's; use databases and roles of your own."""
    with (
        Postgres("production", version="16") as production,
        Postgres("staging", version="18") as staging,
    ):
        yield production, staging


@pytest.fixture(scope="session")
def features_pair() -> Iterator[tuple[VectorService, VectorService]]:
    """Both sides' endpoints of plain JSON and of embeddings. The tests of this and of the three
    below are `xdist_group("parity")`; they use `support.parity`, and reset what they planted.
    """
    yield from _both(VectorService)


@pytest.fixture(scope="session")
def scoring_pair() -> Iterator[tuple[ScoringServer, ScoringServer]]:
    """Both sides' MLflow scoring servers."""
    yield from _both(ScoringServer)


@pytest.fixture(scope="session")
def mlserver_pair() -> Iterator[tuple[MlServer, MlServer]]:
    """Both sides' MLServers."""
    if why_not := MLSERVER.impediment():
        pytest.skip(why_not)
    yield from _both(MlServer)


@pytest.fixture(scope="session")
def feast_pair() -> Iterator[tuple[FeastServer, FeastServer]]:
    """Both sides' Feast servers."""
    yield from _both(FeastServer)


def _both(server: type[_E]) -> Iterator[tuple[_E, _E]]:
    """Production's and staging's, started at the same time."""
    with server("production") as production, server("staging") as staging:
        production.await_ready()
        staging.await_ready()
        yield production, staging


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A whole cluster with one node; its tests are marked `e2e` and `xdist_group("cluster")`."""
    why_not = system.impediment()
    if why_not:
        pytest.skip(why_not)
    with _telling(request, building=bool(missing(LEVELS["cluster"]))):
        made = Cluster()
    with made:
        yield made


@pytest.fixture
def cluster_namespace(cluster: Cluster) -> Iterator[str]:
    """A fresh namespace of the cluster; deleted afterwards without waiting."""
    name = make_namespace(cluster.kube)
    yield name
    cluster.kube.delete("v1", "Namespace", name)


@contextmanager
def _telling(request: pytest.FixtureRequest, *, building: bool) -> Iterator[None]:
    """Let progress through while something is built: minutes of silence look like a hang."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    if not building or capture is None:
        yield
        return
    with capture.global_and_fixture_disabled():
        yield
