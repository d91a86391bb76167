"""A pass at the upper limits holds the loop for one piece of work at a time, and misses nothing
that changes while others run.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stagingmirror.api.status import status as status_module
from stagingmirror.api.status.component import component_status
from stagingmirror.cli.operator.wiring import Operator
from stagingmirror.components.setting import SettingKind
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Fact, Seen
from stagingmirror.engine.check import judge as judge_module
from stagingmirror.engine.leader.installation import Installation, InstallationClaim
from stagingmirror.engine.resources.cache import Body
from stagingmirror.engine.resources.mirror import MirrorKey, key_of
from stagingmirror.engine.sealing import sealer
from stagingmirror.engine.workqueue import slices
from stagingmirror.metrics import Metrics
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMapSubject
from support.kubernetes.api_server import Answer, an_api_server, not_found
from support.resources import resources

T = 1_000_000.0
ENTRIES = 64


class Turns:
    """Counts the turns of the loop, and in which of them each piece of work was done."""

    def __init__(self) -> None:
        self.now = 0
        self.done: dict[str, Counter[int]] = {}
        self._loop = asyncio.get_running_loop()
        self._next()

    def _next(self) -> None:
        self.now += 1
        self._loop.call_soon(self._next)

    def counting(self, what: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            self.done.setdefault(what, Counter())[self.now] += 1
            return work(*args, **named)

        return counted


def a_body() -> dict[str, Any]:
    track = [resources.setting(f"data-{number}") for number in range(ENTRIES)]
    body = resources.mirror(track=track, refresh={"schedule": "0 6 * * 1-5"})
    body["metadata"] |= {"uid": "uid", "resourceVersion": "1", "generation": 1}
    return body


def an_environment(name: str, role: str, namespace: str) -> dict[str, Any]:
    body = resources.environment(name, role, namespaces=[namespace])
    body["metadata"] |= {"uid": name, "resourceVersion": "1", "generation": 1}
    return body


async def a_pass(run: Callable[[Operator, MirrorKey], Awaitable[None]]) -> list[dict[str, Any]]:
    """A leader with one mirror of many entries; returns the statuses that were written."""
    body, written = a_body(), list[dict[str, Any]]()

    def respond(method: str, path: str, sent: Any) -> Answer:
        if method != "PUT":
            return not_found("nothing")
        written.append(sent["status"])
        return 200, {**body, "metadata": {**body["metadata"], "resourceVersion": "2"}, **sent}

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
        operator.elector._leads_until = math.inf
        operator.leadership._prepared = operator.claim.held = True
        for environment in (
            an_environment("production", "Production", "ml-prod"),
            an_environment("staging", "Staging", "ml-staging"),
        ):
            operator.reactions.event("mirrorenvironments", "ADDED", environment)
        operator.reactions.event("stagingmirrors", "ADDED", body)
        await operator.queue.take()
        await run(operator, key_of(body))
        await operator.close()
    return written


@pytest.fixture(autouse=True)
def each_piece_is_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE", -1.0)


def observed(kind: Any, entry: Any, sides: Any, role: str, view: Any, now: float) -> Seen:
    view.get(ConfigMapSubject(OWN, f"ml-{role}", entry.name))
    return Seen({"value": Fact(role)}, T)


async def test_two_components_are_never_worked_on_without_a_turn_of_others_in_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns = Turns()
    for what, owner, name, work in (
        ("observe", SettingKind, "observe", observed),
        ("plan", SettingKind, "plan", lambda *_: ()),
        ("judge", judge_module, "judge", judge),
        ("report", status_module, "component_status", component_status),
    ):
        monkeypatch.setattr(owner, name, turns.counting(what, work))

    async def run(operator: Operator, key: MirrorKey) -> None:
        await operator.check(key)

    (status,) = await a_pass(run)

    assert {what: max(done.values()) for what, done in turns.done.items()} == {
        "observe": 2,  # both sides of one component
        "judge": 1,
        "plan": 1,
        "report": 1,
    }
    assert {sum(done.values()) for done in turns.done.values()} == {2 * ENTRIES, ENTRIES}
    assert (status["sync"], len(status["components"])) == ("Drifted", ENTRIES)


async def test_what_changes_after_it_was_read_brings_the_mirror_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though no pass before this one has subscribed to it."""
    monkeypatch.setattr(SettingKind, "observe", observed)
    monkeypatch.setattr(SettingKind, "plan", lambda *_: ())

    async def run(operator: Operator, key: MirrorKey) -> None:
        subject = ConfigMapSubject(OWN, "ml-production", "data-0")

        async def change() -> None:
            while not operator.subscriptions.readers(subject):  # noqa: ASYNC110 - turns are counted
                await asyncio.sleep(0)
            last = ConfigMapSubject(OWN, "ml-production", "data-63")
            assert last not in operator.subscriptions.reads(key), "the pass is not over"
            operator.wake_ups.subject_changed(subject)

        changed = asyncio.create_task(change())
        await operator.check(key)
        await changed
        operator.queue.done(key)
        assert await asyncio.wait_for(operator.queue.take(), 1) == key

    await a_pass(run)


async def test_a_pass_begins_with_the_claims_that_a_change_of_an_environment_has_put_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SettingKind, "observe", observed)
    monkeypatch.setattr(SettingKind, "plan", lambda *_: ())

    async def run(operator: Operator, key: MirrorKey) -> None:
        derived: list[MirrorKey] = []

        def update(body: Body) -> frozenset[MirrorKey]:
            derived.append(key_of(body))
            return frozenset()

        monkeypatch.setattr(operator.claims, "update", update)
        changed = an_environment("staging", "Staging", "ml-staging")
        changed["metadata"] |= {"resourceVersion": "2", "generation": 2}

        operator.reactions.event("mirrorenvironments", "MODIFIED", changed)
        assert derived == []
        await operator.check(key)

        assert derived == [key]

    await a_pass(run)
