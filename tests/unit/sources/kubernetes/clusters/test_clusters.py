"""Which cluster answers a subject, and what is known of it: proven, or not known."""

import asyncio
import time
from pathlib import Path

import pytest

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from stagingmirror.sources.kubernetes.clusters import remote_cluster
from stagingmirror.sources.kubernetes.clusters.clusters import Clusters
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMapSubject
from stagingmirror.sources.kubernetes.watch.source import KubernetesSource
from stagingmirror.view import Observed
from support.clusters.remote_clusters import (
    CLUSTER,
    SETTINGS,
    THERE,
    WEB,
    Remote,
    a_remote,
    is_seen,
    known_clusters,
    why,
)
from support.operators.waiting import holds

# Of the event loop: enough for what waits for nobody, and too few for any answer.
TURNS = 10
DATA = ConfigMapSubject("production", "ml", "data")


@pytest.fixture
def there(tmp_path: Path) -> Remote:
    return a_remote(tmp_path)


async def test_a_subject_is_answered_by_its_own_cluster_alone(
    tmp_path: Path, there: Remote
) -> None:
    async with known_clusters(tmp_path, there) as known:
        known.clusters.want(DATA, 5.0)
        known.configure(production=there.kubeconfig())
        await holds(lambda: is_seen(known) and isinstance(known.clusters.get(DATA), Observed))

        mine = known.clusters.get(WEB._replace(cluster=OWN))
        config_map = known.clusters.get(DATA)

    assert isinstance(mine, Unseen), "the own cluster lists no namespace"
    assert isinstance(config_map, Observed)
    assert config_map.value is not None
    assert config_map.value.data == {"snapshot": "1"}
    assert DATA in known.changes
    assert set(there.methods) == {"GET"}
    assert set(known.calls) == {"production"}


async def test_two_environments_of_one_cluster_are_proven_and_refused_each_by_its_own_account(
    tmp_path: Path, there: Remote
) -> None:
    there.accepted = {"one", "two"}
    other = WEB._replace(cluster="other")
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig(), other=there.kubeconfig("two"))
        await holds(lambda: is_seen(known))
        await holds(lambda: isinstance(known.clusters.get(other), Observed))
        assert known.clusters.is_elsewhere("production", CLUSTER) is True
        assert known.clusters.is_elsewhere("other", CLUSTER) is True

        there.accepted = {"one"}
        known.configure(production=None, other=Why(Reason.SECRET_MISSING, "it is gone"))

        await holds(lambda: isinstance(known.clusters.get(other), Unseen))
        assert is_seen(known)
        assert known.clusters.is_elsewhere("production", CLUSTER) is True
        assert known.clusters.is_elsewhere("other", CLUSTER) is None


async def test_a_slow_cluster_is_seen_and_keeps_no_other_waiting(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, there: Remote
) -> None:
    slow = a_remote(tmp_path_factory.mktemp("slow"))
    slow.delay = 0.4
    far = WEB._replace(cluster="far")
    async with known_clusters(tmp_path, there, slow) as known:
        known.configure(production=there.kubeconfig(), far=slow.kubeconfig())

        await holds(lambda: is_seen(known))
        assert isinstance(known.clusters.get(far), Unseen), "it cannot have answered yet"
        await holds(lambda: isinstance(known.clusters.get(far), Observed))


async def test_one_that_takes_longer_than_is_waited_for_does_not_answer(
    tmp_path: Path, there: Remote
) -> None:
    there.delay = SETTINGS.request_timeout + 0.5
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig())

        await holds(lambda: why(known).reason == Reason.CLUSTER_NOT_ANSWERING)

        assert "timed out" in why(known).message
        assert known.clusters.is_elsewhere("production", CLUSTER) is None


async def test_a_silent_cluster_keeps_no_proof_waiting(tmp_path: Path, there: Remote) -> None:
    async with known_clusters(tmp_path, there) as known:
        known.clusters.want(WEB, 5.0)
        known.configure(production=there.kubeconfig())
        await holds(lambda: is_seen(known))

        there.silent = True
        await holds(lambda: not is_seen(known))
        proof = asyncio.create_task(
            known.clusters.prove([WEB], since=time.time(), read_bytes=False)
        )
        for _ in range(TURNS):
            await asyncio.sleep(0)

        assert proof.done(), "it waits for an answer"
        await proof
        there.silent = False
        await holds(lambda: is_seen(known))


async def test_a_defect_met_with_one_cluster_is_not_another_ones(
    tmp_path: Path, there: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_cluster, "LONGEST", 0.1)
    whole, broken = KubernetesSource.run, WEB._replace(cluster="broken")

    async def run(source: KubernetesSource) -> None:
        if source.cluster == "broken":
            raise ZeroDivisionError
        await whole(source)

    monkeypatch.setattr(KubernetesSource, "run", run)
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig(), broken=there.kubeconfig())

        def is_told() -> bool:
            answer = known.clusters.get(broken)
            return isinstance(answer, Unseen) and answer.why.reason == Reason.INTERNAL_ERROR

        await holds(is_told)
        await holds(lambda: is_seen(known))


async def test_a_defect_met_while_connecting_is_told_and_tried_again(
    tmp_path: Path, there: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Clusters.reader
    with monkeypatch.context() as broken:
        broken.setattr(Clusters, "reader", lambda *_: 1 / 0)
        async with known_clusters(tmp_path, there) as known:
            known.configure(production=there.kubeconfig())

            await holds(lambda: why(known).reason == Reason.INTERNAL_ERROR)

            assert known.clusters.is_elsewhere("production", CLUSTER) is None
            broken.setattr(Clusters, "reader", whole)
            await holds(lambda: is_seen(known))


async def test_an_environment_that_comes_back_has_what_is_wanted_of_it(
    tmp_path: Path, there: Remote
) -> None:
    async with known_clusters(tmp_path, there) as known:
        known.clusters.want(DATA, 5.0)
        known.configure(production=there.kubeconfig())
        await holds(lambda: isinstance(known.clusters.get(DATA), Observed))

        known.configure()
        assert why(known).reason == Reason.NO_ENVIRONMENT
        known.configure(production=there.kubeconfig())

        await holds(lambda: isinstance(known.clusters.get(DATA), Observed))


async def test_only_readers_are_made_for_other_clusters(tmp_path: Path, there: Remote) -> None:
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig())
        await holds(lambda: is_seen(known))

        reader = known.clusters.reader_of("production", _spec())

        assert type(reader) is KubernetesReader
        answers = known.clusters.answers("production")
        assert isinstance(answers, Observed)
        assert answers.value == THERE


async def test_a_clock_that_is_wrong_there_counts_for_that_environment_alone(
    tmp_path: Path, there: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig())
        await holds(lambda: is_seen(known))
        reader = known.clusters.reader_of("production", _spec())
        assert isinstance(reader, KubernetesReader)
        monkeypatch.setattr(reader.clock, "skew", lambda _: 600.0)

        assert known.clusters.skew("production", time.time()) == 600.0
        assert known.clusters.skew("other", time.time()) < 600.0


def _spec() -> MirrorEnvironmentSpec:
    return MirrorEnvironmentSpec.model_validate({"role": "Production", "cluster": CLUSTER})
