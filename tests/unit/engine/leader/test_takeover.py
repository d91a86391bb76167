"""From start or standby to leader: nothing is checked before it is known who leads."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest

from stagingmirror.cli.operator.wiring import Operator
from stagingmirror.engine.leader import takeover
from stagingmirror.engine.leader.installation import Installation, InstallationClaim
from stagingmirror.engine.leader.lease import fresh
from stagingmirror.engine.leader.takeover import LEASE
from stagingmirror.engine.resources.cache import PLURALS
from stagingmirror.engine.sealing import sealer
from stagingmirror.engine.watch import resync
from stagingmirror.metrics import Metrics
from stagingmirror.settings import Settings
from support.kubernetes.api_server import Answer, an_api_server, not_found, refused
from support.resources import resources

T = 1_000_000.0


class Cluster:
    """An API server with one mirror; it may not answer, and another may hold the Lease."""

    def __init__(self, holder: str = "") -> None:
        self.mirror = resources.mirror()
        self.mirror["metadata"] |= {"uid": "uid", "resourceVersion": "1", "generation": 1}
        self.lists: list[str] = []
        self.answers = True
        self.lease = fresh("operator", LEASE, holder, 8.0, T) if holder else None

    def respond(self, method: str, path: str, sent: Any) -> Answer:
        if "/leases" in path:
            return self._lease(method, sent)
        if method != "GET":
            return not_found("nothing")
        if not self.answers:
            return refused(503, "ServiceUnavailable")
        self.lists.append(path.rpartition("/")[2])
        items = [self.mirror] if path.endswith("/stagingmirrors") else []
        return 200, {"kind": "List", "metadata": {"resourceVersion": "7"}, "items": items}

    def _lease(self, method: str, sent: Any) -> Answer:
        if method != "GET":
            sent["metadata"] |= {"resourceVersion": "2"}
            self.lease = sent
        elif self.lease is None:
            return not_found(LEASE)
        else:
            self.lease["metadata"].setdefault("resourceVersion", "1")
        return 200, self.lease


@asynccontextmanager
async def an_operator(cluster: Cluster) -> AsyncIterator[Operator]:
    turns = count(T)
    async with an_api_server(cluster.respond) as client:
        operator = Operator(
            client,
            settings=Settings(),
            metrics=Metrics(clock=lambda: T, version="0"),
            seal=sealer(b"k" * 32),
            clock=lambda: next(turns),
            claim=InstallationClaim(client, Installation("operator", "mirror")),
            lost=lambda: None,
        )
        operator.claim.held = True
        yield operator
        await operator.close()


@asynccontextmanager
async def running(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each) for each in works]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_who_leads_at_once_lists_everything_once_and_checks_nothing_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resync, "RETRY", 0.01)
    cluster = Cluster()
    cluster.answers = False
    async with an_operator(cluster) as operator:
        leadership = operator.leadership
        async with running(operator.elector.run(), operator.resync.run(), operator.lead()):
            passes = asyncio.create_task(leadership.decided())
            await operator.elector.acquired()
            await asyncio.sleep(0.05)
            assert not passes.done()
            assert not leadership.leading()

            cluster.answers = True
            await asyncio.wait_for(passes, 5)
            assert leadership.leading()
            assert operator.queue.take_now() == ("ml-staging", "fraud")
    assert [cluster.lists.count(plural) for plural in PLURALS] == [1] * len(PLURALS)


async def test_a_standby_checks_until_it_takes_over_and_then_lists_everything_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(takeover, "RETRY", 0.01)
    cluster = Cluster(holder="another")
    async with an_operator(cluster) as operator:
        works = operator.elector.run(), operator.resync.run(), operator.lead()
        async with running(*works):
            await asyncio.wait_for(operator.leadership.decided(), 5)
            await operator.resync.until_listed()
            assert not operator.leadership.leading()

            operator.queue.take_now()
            cluster.answers, cluster.lease = False, None  # as if it had been given back
            await asyncio.wait_for(operator.elector.acquired(), 10)
            await asyncio.sleep(0.05)
            passes = asyncio.create_task(operator.leadership.decided())
            await asyncio.sleep(0.05)
            assert not passes.done()

            cluster.answers = True
            await asyncio.wait_for(passes, 10)
            assert operator.leadership.leading()
            assert cluster.lists.count("stagingmirrors") == 2
