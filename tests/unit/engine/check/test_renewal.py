"""A mirror of which nothing has changed is not judged again, and any change ends that."""

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.api.types.times import parse_time
from stagingmirror.cli.operator.wiring import Operator
from stagingmirror.components.setting import SettingKind
from stagingmirror.drift.facts import Fact, Observation, Unseen, Why
from stagingmirror.engine.check.renewal import AT_LATEST
from stagingmirror.engine.leader.installation import Installation, InstallationClaim
from stagingmirror.engine.observe.check_requests import CHECK_AT
from stagingmirror.engine.resources.mirror import MirrorKey, key_of
from stagingmirror.engine.sealing import sealer
from stagingmirror.engine.workqueue.queue import Done, Result
from stagingmirror.metrics import Metrics
from stagingmirror.reading.reading import Reading, observed
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMapKey, ConfigMapSubject
from stagingmirror.view import Observed
from support.kubernetes.api_server import Answer, an_api_server, not_found
from support.resources import resources

T = 1_000_000.0
INTERVAL, STALE_AFTER = 30.0, 120.0
DOUBT = Why("TimedOut", "no answer")
PRODUCTION = ConfigMapSubject(OWN, "ml-prod", "data")
STAGING = ConfigMapSubject(OWN, "ml-staging", "data")
A_PLACE = ConfigMapKey("ml-staging", "data", "snapshot")


class World:
    """A leader with one mirror of one component; what it reads is in ``answers``. Of so many
    ``mirrors``, none gets a heartbeat within minutes.
    """

    operator: Operator

    def __init__(self) -> None:
        self.now = T
        self.judged = 0
        self.puts = 0
        self.body = resources.mirror(track=[resources.setting("data")])
        self.body["metadata"] |= {"uid": "uid", "resourceVersion": "1", "generation": 1}
        self.answers: dict[Any, Any] = {}
        self.is_production: bool | None = False
        self.skew = 0.0  # of the API server's clock; this test's time is its own
        self.mirrors = 5000
        self.seen()

    @property
    def key(self) -> MirrorKey:
        return key_of(self.body)

    def seen(self) -> None:
        """Both sides answered just now, as before."""
        self.answers = {each: Observed("same", self.now) for each in (PRODUCTION, STAGING)}

    def environment(self, name: str, role: str, **spec: Any) -> None:
        """It comes."""
        body = resources.environment(name, role, **spec)
        body["metadata"] |= {"uid": name, "resourceVersion": "1", "generation": 1}
        self.operator.reactions.event("mirrorenvironments", "ADDED", body)

    def respond(self, method: str, path: str, sent: Any) -> Answer:
        if method != "PUT":
            return not_found("nothing")
        self.puts += 1
        version = str(int(self.body["metadata"]["resourceVersion"]) + 1)
        metadata = {**self.body["metadata"], "resourceVersion": version}
        self.body = {**self.body, "metadata": metadata, "status": sent["status"]}
        return 200, self.body

    def observe(
        self, kind: Any, entry: Any, sides: Any, role: str, view: Any, now: float
    ) -> Observation:
        self.judged += role == "production"
        subject = PRODUCTION if role == "production" else STAGING
        view.is_production(A_PLACE)
        reading = Reading(view, now)
        return observed(lambda: reading.seen({"value": Fact(str(reading.get(subject)))}))

    async def falls_due(self) -> Result:
        self.operator.queue.add_later(self.key, self.now)
        return await self.turn()

    async def turn(self) -> Result:
        assert self.operator.queue.take_now() == self.key
        result = await self.operator.check(self.key)
        self.operator.queue.done(self.key)
        return result

    async def is_judged(self) -> bool:
        """Whether a pass, for no reason but the time, judges the mirror."""
        before = self.judged
        await self.falls_due()
        return self.judged > before


@asynccontextmanager
async def a_world() -> AsyncIterator[World]:
    """With a mirror whose status is written, and that was found as it is once more."""
    world = World()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SettingKind, "observe", lambda *given: world.observe(*given))
        async with an_api_server(world.respond) as client:
            operator = world.operator = Operator(
                client,
                settings=Settings(),
                metrics=Metrics(clock=lambda: world.now, version="0"),
                seal=sealer(b"k" * 32),
                clock=lambda: world.now,
                claim=InstallationClaim(client, Installation("operator", "mirror")),
                lost=lambda: None,
            )
            patched.setattr(operator.clusters, "get", lambda subject: world.answers[subject])
            patched.setattr(operator.claims, "is_production", lambda _: world.is_production)
            patched.setattr(client.clock, "skew", lambda _: world.skew)
            patched.setattr(operator.cache, "count", lambda _: world.mirrors)
            patched.setattr(operator.refresher.records, "_loaded", True)
            operator.elector._leads_until = math.inf
            operator.leadership._prepared = operator.claim.held = True
            world.environment("production", "Production", namespaces=["ml-prod"])
            world.environment("staging", "Staging", namespaces=["ml-staging"])
            operator.reactions.event("stagingmirrors", "ADDED", world.body)
            await world.turn()
            await world.falls_due()
            assert (world.puts, world.body["status"]["sync"]) == (1, "InSync")
            yield world
            await operator.close()


async def test_a_mirror_that_is_as_it_was_is_not_judged_again_and_gets_no_older() -> None:
    async with a_world() as world:
        for _ in range(AT_LATEST - 1):
            world.now += INTERVAL / 3
            world.seen()
            result = await world.falls_due()

        assert world.judged == 2, "the first time, and as it was found unchanged"
        assert result == Done(world.now + INTERVAL)
        assert world.operator.queue._deadlines[world.key] == world.now + STALE_AFTER
        assert world.puts == 1


def change(subject: ConfigMapSubject, **fields: Any) -> Callable[[World], None]:
    def changed(world: World) -> None:
        world.answers[subject] = replace(world.answers[subject], **fields)

    return changed


def unseen(world: World) -> None:
    world.answers[STAGING] = Unseen(DOUBT, world.now)


def production_now(world: World) -> None:
    world.is_production = True


def clocks_apart(world: World) -> None:
    world.skew = 600.0


def token(world: World) -> None:
    metadata = world.body["metadata"]
    version = str(int(metadata["resourceVersion"]) + 1)
    annotations = {CHECK_AT: "now"}
    world.body["metadata"] = {**metadata, "resourceVersion": version, "annotations": annotations}
    world.operator.cache.put("stagingmirrors", world.body)


def added(world: World) -> None:
    world.operator.queue.add(world.key)


@pytest.mark.parametrize(
    "event",
    [
        change(PRODUCTION, value="new"),
        change(STAGING, value=None),
        change(STAGING, trouble=DOUBT),
        unseen,
        production_now,
        clocks_apart,
        token,
        added,
    ],
    ids=["production", "absent", "trouble", "unseen", "place", "clock", "token", "added"],
)
async def test_whatever_is_another_now_is_judged(event: Callable[[World], None]) -> None:
    async with a_world() as world:
        world.now += INTERVAL
        world.seen()
        assert not await world.is_judged()
        event(world)

        assert await world.is_judged()


async def test_what_a_cluster_proves_to_be_is_judged_by_mirrors_that_do_not_name_it() -> None:
    reference = {"kubeconfigSecretRef": {"name": "far", "key": "kubeconfig"}}
    async with a_world() as world:
        world.environment("far", "Production", namespaces=["ml-staging"], cluster=reference)
        await world.turn()
        assert not await world.is_judged()
        remote = world.operator.clusters._remotes["far"]

        remote._is_own = True
        remote._announce_proof()

        assert await world.is_judged()
        assert world.operator.claims.production_namespaces()["ml-staging"] == "far"


async def test_what_is_in_doubt_or_not_seen_is_judged_each_time() -> None:
    async with a_world() as world:
        unseen(world)
        for _ in range(3):
            assert await world.is_judged()


async def test_answers_that_got_too_old_are_judged() -> None:
    async with a_world() as world:
        world.now += STALE_AFTER + 1

        assert await world.is_judged()
        assert world.body["status"]["sync"] == "Unknown"


async def test_a_clock_that_was_set_back_is_no_age() -> None:
    async with a_world() as world:
        world.now -= 10

        assert await world.is_judged()


async def test_every_so_often_a_mirror_is_judged_though_nothing_is_new() -> None:
    async with a_world() as world:
        turns = []
        for _ in range(AT_LATEST):
            world.now += INTERVAL / 3
            world.seen()
            turns.append(await world.is_judged())
        assert not any(turns)

        world.now = T + AT_LATEST * INTERVAL
        world.seen()
        assert await world.is_judged()


async def test_a_verdict_that_stands_is_promised_on_in_time() -> None:
    async with a_world() as world:
        world.mirrors = 1
        for _ in range(8):
            world.now += INTERVAL
            world.seen()
            await world.falls_due()
            until = parse_time(world.body["status"]["validUntil"])
            assert until is not None
            assert until > world.now + STALE_AFTER - 1
        assert world.judged == 2 + 8


async def test_a_pass_over_a_mirror_that_stands_lets_holds_become_effective() -> None:
    async with a_world() as world:
        came = world.operator.acknowledged.turn()

        assert not await world.is_judged()
        assert world.operator.acknowledged.passed_at(world.key) > came


async def test_what_is_judged_again_and_is_the_same_is_not_kept_a_second_time() -> None:
    """Of thousands of mirrors it would all be examined by the garbage collector."""
    async with a_world() as world:
        state = world.operator.states[world.key]
        former = state.inputs
        world.now += AT_LATEST * INTERVAL
        world.seen()

        assert await world.is_judged()
        assert state.inputs is former

        assert former is not None
        change(STAGING, value="new")(world)
        added(world)
        await world.turn()
        await world.falls_due()
        assert state.inputs is not None
        assert state.inputs.answers[STAGING].value == "new"  # type: ignore[union-attr]
        assert state.inputs.answers[PRODUCTION] is former.answers[PRODUCTION]
