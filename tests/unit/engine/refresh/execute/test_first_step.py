"""A step that fails before it has written anything, as the first one or as a later one."""

from dataclasses import replace
from typing import Any

from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.sources.kubernetes.write.field_patch import SetVariable
from support.kubernetes.workloads import deployment
from support.sandbox.forward import SERVER, Refresh, key, patch

OTHER = "/apis/apps/v1/namespaces/ml/deployments/other"


def of_other(component: str) -> PatchWorkload:
    return replace(patch(component, SetVariable("app", "A", "2")), name="other")


def loses_its_container(refresh: Refresh, path: str) -> None:
    """Somebody renames the container once its step is about to be taken."""

    def admit(body: dict[str, Any]) -> None:
        if '"state": "Started"' in str(body.get("data")):
            pod = refresh.wire.objects[path]["spec"]["template"]["spec"]
            pod["containers"][0]["name"] = "renamed"

    refresh.wire.admit = admit


async def test_a_first_step_that_fails_before_it_writes_leaves_its_component() -> None:
    refresh = Refresh({"a": (patch("a", SetVariable("app", "A", "2")),), "b": (of_other("b"),)})
    refresh.wire.put(OTHER, deployment("other", "ml", "x:1", variables={"A": "1"}))
    loses_its_container(refresh, SERVER)

    record = await refresh.forward()

    assert record.phase == "Verify"
    assert [left.component for left in record.left_out] == ["a"]
    assert "has no container app" in record.left_out[0].why
    assert refresh.writes == [f"PATCH {OTHER}"]


async def test_a_later_step_that_fails_before_it_writes_rolls_everything_back() -> None:
    refresh = Refresh({"a": (key("a"),), "b": (of_other("b"),)})
    refresh.wire.put(OTHER, deployment("other", "ml", "x:1", variables={"A": "1"}))
    loses_its_container(refresh, OTHER)

    record = await refresh.forward()

    assert record.phase == "RollBack"
    assert record.why is not None
    assert record.why[0] == "ContainerGone"
