"""The door: whatever Kopf brings is handed on, and what goes wrong there stays there."""

from typing import Any

import pytest

from stagingmirror.edge import Edge, _settings
from stagingmirror.sources.kubernetes.api.login import Login


def an_edge(deliver: Any) -> Edge:
    async def nobody() -> None:
        return None

    return Edge(Login("http://127.0.0.1:9", None, nobody, "default"), deliver, timeout=10)


async def test_an_event_is_handed_on_whole() -> None:
    taken: list[Any] = []
    edge = an_edge(lambda *event: taken.append(event))

    await edge._handler("mirrorholds")(event={"type": None, "object": {"a": 1}}, more="ignored")

    assert taken == [("mirrorholds", None, {"a": 1})]


@pytest.mark.parametrize("event", [{}, {"type": "ADDED"}, {"type": "ADDED", "object": {}}])
async def test_an_event_that_makes_no_sense_is_told_and_swallowed(event: Any) -> None:
    def refuse(plural: str, type_: str | None, body: Any) -> None:
        raise KeyError("metadata")

    await an_edge(refuse)._handler("mirrorholds")(event=event)


def test_kopf_is_told_to_write_nothing_and_to_wait_for_nothing_long() -> None:
    settings = _settings(10)

    assert not settings.posting.enabled
    assert settings.scanning.disabled
    assert not settings.watching.initial_streaming
    assert settings.process.ultimate_exiting_timeout is None
    assert settings.networking.request_timeout == 10
    assert settings.watching.inactivity_timeout <= 30
    backoffs = settings.networking.error_backoffs
    assert not isinstance(backoffs, int | float)
    assert sum(backoffs) < 30
    assert settings.queueing.worker_limit is None
