"""Giving the Lease back; what a real API server does is tested on one."""

import asyncio
import time
from typing import Any

import pytest

from stagingmirror.engine.leader.elector import Elector
from stagingmirror.settings import Settings
from support.kubernetes.api_server import Answer, an_api_server, not_found, refused
from support.operators.waiting import holds


class OneLease:
    """An API server that has one Lease, as soon as somebody makes it."""

    def __init__(self) -> None:
        self.body: dict[str, Any] = {}

    @property
    def holder(self) -> str:
        return str(self.body["spec"]["holderIdentity"]) if self.body else ""

    def respond(self, method: str, path: str, body: Any) -> Answer:
        if method != "GET":
            if method == "PUT" and body["metadata"]["resourceVersion"] != self.version:
                return refused(409, "Conflict")
            self.body = body | {"kind": "Lease"}
            self.touch()
        return (200, self.body) if self.body else not_found("stagingmirror")

    @property
    def version(self) -> str:
        return str(self.body["metadata"].get("resourceVersion", "0"))

    def touch(self, **spec: str) -> None:
        """Somebody wrote it: the answer to a renewal was lost, say."""
        version = str(int(self.version) + 1)
        self.body = {
            **self.body,
            "metadata": {**self.body["metadata"], "resourceVersion": version},
            "spec": {**self.body["spec"], **spec},
        }


@pytest.mark.parametrize(
    ("written", "left"), [({}, ""), ({"holderIdentity": "another"}, "another")]
)
async def test_a_lease_that_is_still_ours_is_given_back_whatever_its_version(
    written: dict[str, str], left: str
) -> None:
    lease = OneLease()
    async with an_api_server(lease.respond) as client:
        elector = Elector(
            client,
            namespace="ml",
            identity="replica",
            settings=Settings(lease_retry=60.0),
            lost=lambda: None,
        )
        task = asyncio.create_task(elector.run())
        await holds(lambda: elector.leading)
        assert lease.holder == elector.holder

        lease.touch(**written)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        assert lease.holder == left


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the system has no such clock")
def test_the_time_that_a_machine_sleeps_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = [0.0]
    boottime = time.clock_gettime
    monkeypatch.setattr(
        "stagingmirror.engine.leader.elector.time.clock_gettime",
        lambda which: boottime(which) + slept[0],
    )
    elector = Elector(
        None,  # type: ignore[arg-type]  # nobody is asked
        namespace="ml",
        identity="replica",
        settings=Settings(),
        lost=lambda: None,
    )
    elector._leads_until = elector._monotonic() + 5
    assert elector.leading

    slept[0] = 60.0

    assert not elector.leading
