"""What never arrives is refused, and what Kubernetes leaves undone comes with its command."""

from typing import Any

import pytest

from stagingmirror.errors import StepFailed
from stagingmirror.sources.kubernetes.write.rollout_read import read_rollout
from stagingmirror.sources.kubernetes.write.rollout_status import pending, refuse_unmovable
from support.kinds.tools import Bench
from support.kubernetes.workloads import stateful_set

PATH = "/apis/apps/v1/namespaces/ml/statefulsets/index"


class Index(Bench):
    """StatefulSet ``index`` at revision ``new``, with one pod that is still of ``old``."""

    def __init__(self, **spec: Any) -> None:
        Bench.__init__(self)
        body = self.wire.put(PATH, stateful_set("index", "ml", "x:1"))
        body["metadata"]["generation"] = 2
        body["spec"] |= spec
        body["status"] = {"observedGeneration": 2, "updateRevision": "new", "replicas": 1}

    def pod(self, *, ready: bool) -> None:
        labels = {"app": "index", "controller-revision-hash": "old"}
        status = {"conditions": [{"type": "Ready", "status": str(ready)}]}
        self.wire.put(
            "/api/v1/namespaces/ml/pods/index-0", {"metadata": {"labels": labels}, "status": status}
        )

    async def pending(self) -> str | None:
        writer = self.tools.writer
        return pending(await read_rollout(writer, "StatefulSet", "ml", "index"), 2)


async def test_a_pod_that_is_not_replaced_comes_with_the_command_that_deletes_it() -> None:
    index = Index()
    index.pod(ready=False)

    assert (await index.pending() or "").endswith("`kubectl -n ml delete pod index-0`")


@pytest.mark.parametrize(
    ("ready", "policy"), [(True, "OrderedReady"), (False, "Parallel")], ids=["ready", "parallel"]
)
async def test_a_pod_that_kubernetes_replaces_by_itself_is_nobodys_work(
    ready: bool, policy: str
) -> None:
    index = Index(podManagementPolicy=policy)
    index.pod(ready=ready)

    assert "kubectl" not in (await index.pending() or "")


@pytest.mark.parametrize(("partition", "refused"), [(None, False), (0, False), (1, True)])
async def test_a_stateful_set_that_keeps_pods_back_is_refused(
    partition: int | None, refused: bool
) -> None:
    index = Index(
        updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}
    )
    rollout = await read_rollout(index.tools.writer, "StatefulSet", "ml", "index")
    why = None

    try:
        refuse_unmovable(rollout)
    except StepFailed as error:
        why = error

    assert (why is not None) is refused
    assert why is None or (why.reason == "Partitioned" and "partition to 0" in why.message)
