"""Arguments of one workload, changed and rolled back exactly, on the real API server."""

import time
from collections.abc import AsyncIterator

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.actions.step import Reverted, Task
from stagingmirror.actions.tools import Tools
from stagingmirror.errors import ChangedUnderneath, StepFailed
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.write.field_patch import FieldWrite, SetArgument, SetVariable
from stagingmirror.sources.kubernetes.write.writer import Writer
from support.kinds.tools import tools_with
from support.settings.served import TOKENIZER, Object, args_of, server

pytestmark = pytest.mark.integration

REVISION = SetArgument("app", TOKENIZER, "abc", None)


@pytest.fixture
async def tools(control_plane: ControlPlane) -> AsyncIterator[Tools]:
    kubeconfig = str(control_plane.kubeconfig)
    async with await KubernetesClient.connect(kubeconfig=kubeconfig, timeout=10) as client:
        writer = Writer(
            client,
            productions=frozenset,
            unproven=frozenset,
            is_elsewhere=lambda *_: None,
            leading=lambda: True,
        )
        yield tools_with(writer, time.time)


def patching(namespace: str, *writes: FieldWrite) -> PatchWorkload:
    return PatchWorkload("p", ("c",), "Deployment", namespace, "server", writes or (REVISION,))


async def surveyed(step: PatchWorkload, tools: Tools) -> Task:
    return Task("r1", await step.survey("r1", tools), {}, {}, time.time())


def live(kube: Kube, namespace: str) -> Object:
    return kube.get("apps/v1", "Deployment", "server", namespace)


def serve(kube: Kube, namespace: str, *args: str) -> Object:
    kube.apply(server(namespace, *args, variables={"V": "1"}), manager="owner")
    return live(kube, namespace)


async def test_arguments_and_a_variable_are_one_patch_and_are_restored_exactly(
    kube: Kube, namespace: str, tools: Tools
) -> None:
    before = serve(kube, namespace, "--x", "1", TOKENIZER, "main", "--enforce-eager")
    step = patching(
        namespace,
        REVISION,
        SetArgument("app", "--enforce-eager", "false", None),
        SetArgument("app", "--seed", "7", "joined"),
        SetVariable("app", "V", "2"),
    )
    task = await surveyed(step, tools)
    await step.rehearse(task, tools)

    await step.take(task, tools)
    await step.take(task, tools)

    changed = live(kube, namespace)
    assert changed["metadata"]["generation"] == before["metadata"]["generation"] + 1
    assert args_of(changed) == ["--x", "1", TOKENIZER, "abc", "--enforce-eager=false", "--seed=7"]
    await step.roll_back(task, tools)
    assert live(kube, namespace)["spec"] == before["spec"]


async def test_arguments_that_were_none_are_none_again(
    kube: Kube, namespace: str, tools: Tools
) -> None:
    before = serve(kube, namespace)
    step = patching(namespace, SetArgument("app", TOKENIZER, "abc", "apart"))
    task = await surveyed(step, tools)

    await step.take(task, tools)

    assert args_of(live(kube, namespace)) == [TOKENIZER, "abc"]
    await step.roll_back(task, tools)
    assert live(kube, namespace)["spec"] == before["spec"]


async def test_as_many_arguments_as_are_read_stay_around_it(
    kube: Kube, namespace: str, tools: Tools
) -> None:
    around = [f"--text-{number}={'x' * 1000}" for number in range(800)]
    before = serve(kube, namespace, *around, f"{TOKENIZER}=main")
    step = patching(namespace)
    task = await surveyed(step, tools)

    await step.take(task, tools)

    assert args_of(live(kube, namespace)) == [*around, f"{TOKENIZER}=abc"]
    await step.roll_back(task, tools)
    assert live(kube, namespace)["spec"] == before["spec"]


async def test_another_argument_that_somebody_changes_meanwhile_stays(
    kube: Kube, namespace: str, tools: Tools
) -> None:
    serve(kube, namespace, "--x=1", f"{TOKENIZER}=main")
    step = patching(namespace)
    task = await surveyed(step, tools)
    serve(kube, namespace, "--x=2", f"{TOKENIZER}=main")

    await step.take(task, tools)
    assert args_of(live(kube, namespace)) == ["--x=2", f"{TOKENIZER}=abc"]
    await step.roll_back(task, tools)

    assert args_of(live(kube, namespace)) == ["--x=2", f"{TOKENIZER}=main"]


async def test_a_value_that_somebody_else_changed_is_never_overwritten(
    kube: Kube, namespace: str, tools: Tools
) -> None:
    serve(kube, namespace, f"{TOKENIZER}=main")
    step = patching(namespace)
    task = await surveyed(step, tools)
    serve(kube, namespace, f"{TOKENIZER}=other")

    with pytest.raises(ChangedUnderneath, match=f"owner changed the argument {TOKENIZER} of app"):
        await step.take(task, tools)


async def test_its_owners_next_apply_reverts_it_and_is_named(
    kube: Kube, namespace: str, tools: Tools
) -> None:
    serve(kube, namespace, f"{TOKENIZER}=main")
    step = patching(namespace)
    task = await surveyed(step, tools)
    assert step.owners(task.before) == [
        f"Deployment server: argument {TOKENIZER} of app was managed by owner"
    ]
    done = await step.take(task, tools)
    kube.apply(server(namespace, f"{TOKENIZER}=main"), manager="owner")

    reverted = await step.verify(Task("r1", task.before, done.after or {}, {}, time.time()), tools)

    assert isinstance(reverted, Reverted)
    assert reverted.manager == "owner"


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ((TOKENIZER, "a", f"{TOKENIZER}=b"), "Ambiguous"),
        (("--", TOKENIZER, "a"), "NotComparable"),
        (("--x",), "NotComparable"),
    ],
)
async def test_what_cannot_be_written_is_refused_before_anything_is(
    kube: Kube, namespace: str, tools: Tools, args: tuple[str, ...], reason: str
) -> None:
    before = serve(kube, namespace, *args)
    step = patching(namespace)

    with pytest.raises(StepFailed) as refused:
        await step.rehearse(await surveyed(step, tools), tools)

    assert refused.value.reason == reason
    assert live(kube, namespace)["metadata"]["generation"] == before["metadata"]["generation"]
