"""Copies that crash, are altered or refused, between real registries."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from aiohttp import web

from rig.mlflow_server import MlflowServer as Rig
from rig.models import log_files
from stagingmirror.errors import ChangedUnderneath, NotAnswered, NotLeading, StepFailed
from stagingmirror.sources.mlflow.client.client import MlflowServer, OnCall
from support.mlflow.copies import FILES, copies, copy_version, hash_of, order_of, versions
from support.mlflow.registries import connected, in_front_of

pytestmark = pytest.mark.integration


class Crash(BaseException):
    """As a SIGKILL: nothing catches it."""


def crashing_at(number: int) -> OnCall:
    """Ends the caller after so many answered calls."""
    answered = 0

    def on_call(operation: str, result: str, seconds: float) -> None:
        nonlocal answered
        answered += 1
        if answered == number:
            raise Crash

    return on_call


async def test_a_crash_after_any_call_doubles_nothing(
    mlflow_production: Rig, mlflow_staging: Rig, production: MlflowServer, name: str
) -> None:
    files: dict[str, bytes | str] = {"a.bin": b"a" * 100, "b.bin": b"b"}
    crashes = 0
    for number in range(1, 60):
        one = f"{name}-{number}"
        made = log_files(mlflow_production, one, files, params={"p": 1}, dataset="d")
        order = order_of(made, hash_of(files))
        async with connected(mlflow_staging.url, on_call=crashing_at(number)) as crashing:
            try:
                await copy_version(production, crashing, order, clock=time.time)
            except Crash:
                crashes += 1
            else:
                break
        async with connected(mlflow_staging.url) as staging:
            version = await copy_version(production, staging, order, clock=time.time)
        assert version == "1", f"after call {number}"
        assert versions(mlflow_staging, one) == ["1"]
        assert copies(mlflow_staging, one) == (1, 1)
    assert crashes > 12


async def test_a_lost_answer_to_creating_the_version_doubles_nothing(
    mlflow_production: Rig, mlflow_staging: Rig, production: MlflowServer, name: str
) -> None:
    made = log_files(mlflow_production, name, FILES)
    async with (
        in_front_of(mlflow_staging.url, lose="model-versions/create") as losing,
        connected(losing) as staging,
    ):
        version = await copy_version(
            production, staging, order_of(made, hash_of(FILES)), clock=time.time
        )

    assert version == "1"
    assert versions(mlflow_staging, name) == ["1"]


async def test_other_bytes_in_production_than_were_judged_are_not_registered(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    staging: MlflowServer,
    name: str,
) -> None:
    made = log_files(mlflow_production, name, FILES)
    judged = order_of(made, hash_of({**FILES, "tokenizer.json": b"[]"}))

    with pytest.raises(ChangedUnderneath):
        await copy_version(production, staging, judged, clock=time.time)

    assert versions(mlflow_staging, name) == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [(507, "RegistryFull"), (500, "RegistryFailed"), (403, "RegistryForbidden")],
)
async def test_a_registry_that_takes_no_files_fails_the_step_and_registers_nothing(
    mlflow_production: Rig,
    mlflow_staging: Rig,
    production: MlflowServer,
    name: str,
    status: int,
    reason: str,
) -> None:
    made = log_files(mlflow_production, name, {"w.bin": b"w"})

    def refuse(request: web.Request) -> web.Response | None:
        return web.Response(status=status, text="secret") if request.method == "PUT" else None

    async with (
        in_front_of(mlflow_staging.url, refuse) as full,
        connected(full) as staging,
    ):
        order = order_of(made, hash_of({"w.bin": b"w"}))
        with pytest.raises(StepFailed) as failed:
            await copy_version(production, staging, order, clock=time.time)

    assert failed.value.reason == reason
    assert "secret" not in str(failed.value)
    assert versions(mlflow_staging, name) == []


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_registry_that_is_down_behind_a_proxy_is_asked_again(
    mlflow_staging: Rig, mlflow_production: Rig, production: MlflowServer, name: str, status: int
) -> None:
    made = log_files(mlflow_production, name, {"w.bin": b"w"})

    def down(request: web.Request) -> web.Response | None:
        return web.Response(status=status) if request.method == "PUT" else None

    async with in_front_of(mlflow_staging.url, down) as proxy, connected(proxy) as staging:
        order = order_of(made, hash_of({"w.bin": b"w"}))
        with pytest.raises(NotAnswered, match=str(status)):
            await copy_version(production, staging, order, clock=time.time)


async def test_nothing_is_written_after_the_lease_is_lost(
    mlflow_production: Rig, mlflow_staging: Rig, production: MlflowServer, name: str
) -> None:
    """For each write of a copy: the Lease is lost just before it."""
    files: dict[str, bytes | str] = {"a.bin": b"a", "b.bin": b"b"}
    lost = 0
    for number in range(1, 40):
        one = f"{name}-{number}"
        made = log_files(mlflow_production, one, files, params={"p": 1})
        asked, written = 0, 0

        def may_write(last: int = number) -> None:
            nonlocal asked
            asked += 1
            if asked >= last:
                raise NotLeading("NotLeading", "lost")

        def seen(request: web.Request) -> None:
            nonlocal written
            is_read = request.method == "GET" or request.path.endswith("/search")
            written += 0 if is_read else 1

        order = order_of(made, hash_of(files))
        async with in_front_of(mlflow_staging.url, seen) as proxy, connected(proxy) as staging:
            try:
                await copy_version(production, staging, order, clock=time.time, may_write=may_write)
            except NotLeading:
                lost += 1
                assert written == number - 1
            else:
                break
        assert versions(mlflow_staging, one) == []
    assert lost > 6


async def test_a_copy_that_another_process_finished_meanwhile_is_reused(
    mlflow_production: Rig, mlflow_staging: Rig, production: MlflowServer, name: str
) -> None:
    made = log_files(mlflow_production, name, {"w.bin": b"w"})
    order = order_of(made, hash_of({"w.bin": b"w"}))

    async def other() -> None:
        async with (
            connected(mlflow_production.url) as source,
            connected(mlflow_staging.url) as destination,
        ):
            await copy_version(source, destination, order, clock=time.time)

    def overtaken(request: web.Request) -> None:
        if request.path.endswith("runs/update"):
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(asyncio.run, other()).result()

    async with in_front_of(mlflow_staging.url, overtaken) as slow, connected(slow) as staging:
        version = await copy_version(production, staging, order, clock=time.time)

    assert version == "1"
    assert versions(mlflow_staging, name) == ["1"]


async def test_a_source_that_goes_away_in_the_middle_is_not_the_destinations_fault(
    mlflow_production: Rig, staging: MlflowServer, mlflow_staging: Rig, name: str
) -> None:
    made = log_files(mlflow_production, name, FILES)

    def vanish(request: web.Request) -> web.Response | None:
        return web.Response(status=502) if request.path.endswith("tokenizer.json") else None

    async with (
        in_front_of(mlflow_production.url, vanish) as failing,
        connected(failing) as production,
    ):
        with pytest.raises(NotAnswered) as failed:
            await copy_version(production, staging, order_of(made, hash_of(FILES)), clock=time.time)

    assert failed.value.reason == "Unavailable"
    assert versions(mlflow_staging, name) == []


async def test_a_destination_that_alters_bytes_is_found_out(
    mlflow_production: Rig, mlflow_staging: Rig, production: MlflowServer, name: str
) -> None:
    made = log_files(mlflow_production, name, {"w.bin": b"w"})

    def alter(request: web.Request) -> web.Response | None:
        is_file = request.method == "GET" and request.path.endswith("w.bin")
        return web.Response(body=b"x") if is_file else None

    async with (
        in_front_of(mlflow_staging.url, alter) as altering,
        connected(altering) as staging,
    ):
        with pytest.raises(StepFailed) as failed:
            await copy_version(
                production, staging, order_of(made, hash_of({"w.bin": b"w"})), clock=time.time
            )

    assert failed.value.reason == "CopyDiffers"
    assert versions(mlflow_staging, name) == []
