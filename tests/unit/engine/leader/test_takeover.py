"""From standby to leader: nothing is checked while a predecessor's work is taken up."""

import asyncio
import math
from typing import Any

import pytest

from stagingmirror.cli.operator.wiring import Operator
from stagingmirror.engine.leader import takeover
from stagingmirror.engine.leader.installation import Installation, InstallationClaim
from stagingmirror.engine.sealing import sealer
from stagingmirror.metrics import Metrics
from stagingmirror.settings import Settings
from support.kubernetes.api_server import Answer, an_api_server, not_found, refused
from support.resources import resources

T = 1_000_000.0


async def test_passes_wait_while_a_predecessors_work_is_taken_up_and_then_find_every_mirror(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = resources.mirror()
    body["metadata"] |= {"uid": "uid", "resourceVersion": "1", "generation": 1}
    answers = False
    monkeypatch.setattr(takeover, "RETRY", 0.01)

    def respond(method: str, path: str, sent: Any) -> Answer:
        if method != "GET" or "/leases/" in path:
            return not_found("nothing")
        if not answers:
            return refused(503, "ServiceUnavailable")
        items = [body] if path.endswith("/stagingmirrors") else []
        return 200, {"kind": "List", "metadata": {"resourceVersion": "7"}, "items": items}

    async with an_api_server(respond) as client:
        operator = Operator(
            client,
            settings=Settings(),
            metrics=Metrics(clock=lambda: T, version="0"),
            seal=sealer(b"k" * 32),
            clock=lambda: T,
            claim=InstallationClaim(client, Installation("operator", "mirror")),
            lost=lambda: None,
        )
        leadership = operator.leadership
        operator.claim.held, operator.elector._leads_until = True, math.inf
        await asyncio.wait_for(leadership.decided(), 5)  # a standby observes
        operator.elector._acquired.set()
        leads = asyncio.create_task(operator.lead())
        await asyncio.sleep(0.05)
        passes = asyncio.create_task(leadership.decided())
        await asyncio.sleep(0.05)
        assert not passes.done()
        assert not leadership.leading()

        answers = True
        await asyncio.wait_for(passes, 5)
        assert leadership.leading()
        assert operator.queue.take_now() == ("ml-staging", "fraud")
        leads.cancel()
        await asyncio.wait([leads])
        await operator.close()
