"""A tokenizer that differs: followed by the operator, verified, rolled back, killed on its way."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.drift.verdict import Drifted
from support.kubernetes.kubelet import Kubelet
from support.operators.operator import World
from support.sandbox.refreshing import REFRESH, ask, ended
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox
from support.settings.served import TOKENIZER, args_of, server, tokenizer

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("refresh-arguments")]

LARGE = tuple(f"--text-{number}={'x' * 1000}" for number in range(500))


def live(where: World | Sandbox) -> dict[str, Any]:
    return where.kube.get("apps/v1", "Deployment", "server", where.staging)


def managers(body: dict[str, Any]) -> set[str]:
    return {entry["manager"] for entry in body["metadata"]["managedFields"]}


def serve(where: World | Sandbox, production: tuple[str, ...], staging: tuple[str, ...]) -> None:
    for space, args in ((where.production, production), (where.staging, staging)):
        where.kube.apply(server(space, *args), manager="owner")


@pytest.fixture(scope="module")
def module_world(control_plane: ControlPlane) -> Iterator[World]:
    with World(control_plane) as world:
        for role, space in (("production", world.production), ("staging", world.staging)):
            readable = {"arguments": [TOKENIZER]}
            world.environment(role, space, readable=readable)
        with Kubelet(world.kube, (world.production, world.staging)), world.operator() as operator:
            operator.until_leading()
            yield world


@pytest.fixture
def running(module_world: World) -> Iterator[World]:
    yield module_world
    module_world.kube.delete(API_VERSION, "StagingMirror", "fraud", module_world.staging)


def test_the_tokenizer_of_production_is_followed_and_verified(running: World) -> None:
    serve(running, ("--max-model-len=4096", TOKENIZER, "9f31c2"), (f"{TOKENIZER}=main", "--x"))
    running.mirror(track=[tokenizer()], refresh=REFRESH)
    (drifted,) = running.until_sync("Drifted")["components"]
    assert drifted["differences"] == [{"fact": "value", "production": "9f31c2", "staging": "main"}]

    ask(running, "follow")

    done = ended(running, "follow")
    assert done["result"] == "Succeeded", done
    assert args_of(live(running)) == [f"{TOKENIZER}=9f31c2", "--x"]
    running.until_sync("InSync")
    pods = running.kube.list("v1", "Pod", running.staging)
    assert [pod["spec"]["containers"][0]["args"] for pod in pods] == [
        [f"{TOKENIZER}=9f31c2", "--x"]
    ]


def test_pods_that_do_not_come_up_with_it_have_it_rolled_back(running: World) -> None:
    serve(running, (TOKENIZER, "9f31c2"), ("--x", TOKENIZER, "9f31c2"))
    running.mirror(track=[tokenizer(staging={"value": "crashes-{value}"})], refresh=REFRESH)
    running.until_sync("Drifted")
    before = live(running)

    ask(running, "fail")

    done = ended(running, "fail")
    assert (done["result"], done["reason"]) == ("RolledBack", "CrashLoopBackOff"), done
    after = live(running)
    assert after["spec"] == before["spec"]
    assert "stagingmirror" not in managers(after)


def test_a_flag_that_staging_is_not_given_is_added_as_production_has_it(running: World) -> None:
    serve(running, (TOKENIZER, "0ac1"), ("--x",))
    running.mirror(track=[tokenizer()], refresh=REFRESH)
    running.until_sync("Drifted")

    ask(running, "add")

    assert ended(running, "add")["result"] == "Succeeded"
    assert args_of(live(running)) == ["--x", TOKENIZER, "0ac1"]
    running.until_sync("InSync")


def test_a_shells_script_is_left_and_said(running: World) -> None:
    serve(running, (TOKENIZER, "0ac1"), ("bash", "-c", f"vllm serve m {TOKENIZER} main"))
    running.mirror(track=[tokenizer()], refresh=REFRESH)

    status = running.until(
        lambda status: status.get("components", [{}])[0].get("reason") == "ShellScript",
        what="the script is not said",
    )

    (component,) = status["components"]
    assert "write the program and its arguments as words of their own" in component["message"]


@pytest.fixture
async def sandbox(control_plane: ControlPlane) -> AsyncIterator[Sandbox]:
    async with a_sandbox(control_plane) as sandbox:
        with Kubelet(sandbox.kube, (sandbox.production, sandbox.staging)):
            yield sandbox


async def test_dying_after_every_write_ends_as_if_nothing_had_happened(sandbox: Sandbox) -> None:
    serve(sandbox, (TOKENIZER, "abc"), (*LARGE, f"{TOKENIZER}=main"))
    sandbox.mirror([tokenizer()])
    await sandbox.until(lambda _: isinstance(sandbox.judged[0].verdict, Drifted))

    done = await sandbox.run_dying("now", within=120)

    assert done["result"] == "Succeeded", done
    assert args_of(live(sandbox)) == [*LARGE, f"{TOKENIZER}=abc"]
    assert len(sandbox.deaths) > 5, sandbox.deaths


async def test_dying_after_every_write_of_the_way_back_leaves_the_very_arguments(
    sandbox: Sandbox,
) -> None:
    serve(sandbox, (TOKENIZER, "abc"), (*LARGE, "--x"))
    sandbox.mirror([tokenizer(staging={"value": "crashes-{value}"})])
    await sandbox.until(lambda _: isinstance(sandbox.judged[0].verdict, Drifted))
    before = live(sandbox)

    done = await sandbox.run_dying("now", within=120)

    assert (done["result"], done["reason"]) == ("RolledBack", "CrashLoopBackOff"), done
    assert live(sandbox)["spec"] == before["spec"]
    assert "stagingmirror" not in managers(live(sandbox))
    assert len(sandbox.deaths) > 5, sandbox.deaths
