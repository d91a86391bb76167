"""One patch per workload; what is only compared is left with what to do."""

import pytest

from stagingmirror.api.types.workload import WorkloadKind
from stagingmirror.errors import CannotRefresh
from stagingmirror.reading.patches import patches
from stagingmirror.sources.kubernetes.subjects import OWN, WorkloadSubject
from stagingmirror.sources.kubernetes.write.field_patch import Restart, SetImage


@pytest.mark.parametrize("kind", ["Deployment", "Rollout", "InferenceService"])
def test_all_fields_of_a_workload_are_one_patch(kind: WorkloadKind) -> None:
    web = WorkloadSubject(OWN, kind, "ml", "web")

    (step,) = patches("image", [(web, Restart()), (web, SetImage("app", "x:2"))])

    assert (step.kind, step.fields) == (kind, (SetImage("app", "x:2"), Restart()))


def test_a_daemon_set_is_never_written() -> None:
    agent = WorkloadSubject(OWN, "DaemonSet", "ml", "agent")

    with pytest.raises(CannotRefresh, match="mode: Report") as refused:
        patches("image", [(agent, SetImage("app", "x:2"))])

    assert refused.value.reason == "ReadOnlyKind"
