"""Which cluster is which: by the UID that it answers, with the credentials that it is given now."""

from pathlib import Path
from typing import Any

import pytest

from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.clusters import remote_cluster
from stagingmirror.view import Observed
from support.clusters.remote_clusters import (
    CLUSTER,
    HERE,
    Remote,
    a_namespace,
    a_remote,
    is_seen,
    known_clusters,
    why,
)
from support.operators.waiting import holds


@pytest.fixture
def there(tmp_path: Path) -> Remote:
    return a_remote(tmp_path)


async def test_a_cluster_is_another_one_only_by_its_uid(tmp_path: Path, there: Remote) -> None:
    async with known_clusters(tmp_path, there) as known:
        is_elsewhere = known.clusters.is_elsewhere
        known.configure(production=None)
        assert is_elsewhere("production", CLUSTER) is None

        known.configure(production=there.kubeconfig())
        await holds(lambda: known.proofs == [("production", True)])

        assert is_elsewhere("production", CLUSTER) is True
        assert is_elsewhere("other", CLUSTER) is None
        another = {"kubeconfigSecretRef": {"name": "other", "key": "kubeconfig"}}
        assert is_elsewhere("production", another) is None


async def test_the_own_cluster_is_found_behind_any_address_and_is_not_read_by_it(
    tmp_path: Path, there: Remote
) -> None:
    there.uid = HERE
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig())

        await holds(lambda: known.proofs == [("production", False)])
        await holds(lambda: why(known).reason == Reason.OWN_CLUSTER)

        assert known.clusters.is_elsewhere("production", CLUSTER) is False
        assert "production" in why(known).message
        known.configure()
        assert known.proofs[1:] == [("production", None)]


@pytest.mark.parametrize(
    "identity",
    [
        {"kind": "Namespace", "metadata": {"name": "kube-system"}},
        a_namespace(""),
        a_namespace(None),
        a_namespace(7),
        a_namespace("uid", name="default"),
        {"kind": "Pod", "metadata": {"name": "kube-system", "uid": "uid"}},
        {"kind": "Namespace"},
    ],
)
async def test_what_is_no_uid_of_kube_system_proves_nothing(
    tmp_path: Path, there: Remote, identity: dict[str, Any]
) -> None:
    there.identity = identity
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig())

        await holds(lambda: why(known).reason == Reason.CLUSTER_NOT_ANSWERING)

        assert known.clusters.is_elsewhere("production", CLUSTER) is None


async def test_a_credential_that_was_not_proven_yet_proves_nothing(
    tmp_path: Path, there: Remote
) -> None:
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig())
        await holds(lambda: is_seen(known))

        known.configure(production=there.kubeconfig("two"))

        assert known.clusters.is_elsewhere("production", CLUSTER) is None
        there.accepted.add("two")
        announced = [("production", each) for each in (True, None, True)]
        await holds(lambda: known.proofs == announced)
        assert known.clusters.is_elsewhere("production", CLUSTER) is True


async def test_another_cluster_at_the_same_address_is_read_anew(
    tmp_path: Path, there: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_cluster, "PROVEN_EVERY", 0.1)
    async with known_clusters(tmp_path, there) as known:
        known.configure(production=there.kubeconfig())
        await holds(lambda: is_seen(known))

        there.uid = "uid-rebuilt"

        def is_rebuilt() -> bool:
            answer = known.clusters.answers("production")
            return isinstance(answer, Observed) and answer.value == "uid-rebuilt"

        await holds(is_rebuilt)
        await holds(lambda: is_seen(known))
