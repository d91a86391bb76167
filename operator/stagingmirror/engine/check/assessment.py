"""What a mirror is meant to be, what is known of both its sides now, and what that means."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.types.duration import seconds
from stagingmirror.component import Role, Sides
from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import Observations
from stagingmirror.drift.plan import make
from stagingmirror.engine.check import blockers
from stagingmirror.engine.check.check import Check
from stagingmirror.engine.check.intervals import periods, probe_after, refuse_too_often
from stagingmirror.engine.check.judge import (
    Scene,
    hold_of,
    judge_all,
    observe_all,
    proposals_for,
)
from stagingmirror.engine.check.state import LastCheck
from stagingmirror.engine.context import Context
from stagingmirror.engine.environments.resolve import revisions_of, sides_of
from stagingmirror.engine.observe.comparison_windows import ComparisonWindows
from stagingmirror.engine.observe.freshness import Freshness
from stagingmirror.engine.observe.rollouts import rollouts
from stagingmirror.engine.observe.subscriptions import Subscriptions
from stagingmirror.engine.observe.view import Inputs, RecordingView, Scope
from stagingmirror.engine.ownership.claims import Claims
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import MirrorKey, spec_of
from stagingmirror.engine.workqueue.queue import RequeueAfter
from stagingmirror.view import Subject

T = TypeVar("T")
_ROLES: tuple[Role, ...] = ("production", "staging")


@dataclass(frozen=True, slots=True)
class Assessment:
    """``new_view`` makes the view of one pass over a mirror with these sides. ``fresh_until`` is
    called with the time (POSIX s) at which the observations of a mirror stop being fresh.
    """

    cache: ResourceCache
    claims: Claims
    new_view: Callable[[Scope, Sides], RecordingView]
    subscriptions: Subscriptions
    freshness: Freshness
    windows: ComparisonWindows
    fresh_until: Callable[[MirrorKey, float], None]

    async def load_spec(self, check: Check) -> None:
        check.spec = spec_of(self.cache, check.mirror.body)

    async def resolve_environments(self, check: Check) -> None:
        check.sides = sides_of(self.cache, check.mirror.key, check.spec)
        check.environments = revisions_of(self.cache, check.sides)
        refuse_too_often(check.spec, check.sides)

    async def find_blockers(self, check: Check) -> None:
        scope = Scope(check.mirror.key.namespace, check.mirror.uid)
        check.view = self.new_view(scope, check.sides)
        check.blockers = blockers.find(
            check.mirror.key,
            check.spec,
            check.sides,
            claims=self.claims,
            view=check.view,
        )
        await self._between(check)

    async def observe(self, check: Check) -> None:
        check.scene = Scene(
            check.spec, check.sides, check.view, check.now, check.blockers.components
        )
        check.state.observe.initial_sync.observed_again()
        check.observations = await self._each(check, self._observed(check))

    async def limit_guesses(self, check: Check) -> None:
        names = (track.name for track in check.spec.track)
        components = dict(zip(names, check.observations, strict=True))
        limited = self.windows.limited(components, check.view.parts, check.now)
        check.observations = await self._each(check, limited)

    async def judge(self, check: Check) -> None:
        holds = [request.hold for request in check.holds]
        judged = judge_all(check.scene, check.observations, holds)
        check.components = await self._each(check, judged)

    async def plan(self, check: Check) -> None:
        proposals = await self._each(check, proposals_for(check.scene, check.components))
        check.context = Context(
            mirror=check.mirror,
            spec=check.spec,
            sides=check.sides,
            components=check.components,
            holds=tuple(request.hold for request in check.holds),
            proposals=proposals,
            plan=make(proposals, {}),
            parts={key: part.subjects for key, part in check.view.parts.items()},
            now=check.now,
        )

    async def subscribe(self, check: Check) -> None:
        self.subscriptions.put(check.mirror.key, self._periods(check))

    async def unsubscribe(self, check: Check) -> None:
        self.subscriptions.drop(check.mirror.key)

    async def await_initial_sync(self, check: Check) -> RequeueAfter | None:
        """A start or an edit writes no Unknown while first answers are on their way."""
        pause = check.state.observe.initial_sync.wait(
            check.observations,
            check.view.unanswered,
            mirrors=self.cache.count("stagingmirrors"),
            is_current=check.mirror.status.observed_generation == check.mirror.generation,
            now=check.now,
        )
        return None if pause is None else RequeueAfter(pause)

    async def keep_fresh(self, check: Check) -> None:
        oldest = min(each.oldest for each in check.observations)
        self.renew(check.mirror.key, check.spec, check.sides, oldest, check.now)

    def oldest_unchanged(self, key: MirrorKey, former: LastCheck, inputs: Inputs) -> float | None:
        """When the oldest answer that the mirror reads began (POSIX s); None: something of what it
        reads (``inputs``), or the mirror itself, is another than it was.
        """
        body = self.cache.get("stagingmirrors", key.name, key.namespace)
        if body is not former.body or body is None:
            return None
        view = self.new_view(Scope(key.namespace, body["metadata"]["uid"]), former.sides)
        return view.oldest_of(inputs)

    def renew(
        self, key: MirrorKey, spec: StagingMirrorSpec, sides: Sides, oldest: float, now: float
    ) -> None:
        """The oldest observation of the mirror began at ``oldest`` (POSIX s)."""
        self.fresh_until(key, oldest + seconds(spec.stale_after))
        self.freshness.keep(key, oldest, most=probe_after(spec, sides), now=now)

    def _observed(self, check: Check) -> Iterator[Observations]:
        """What runs is read with what was observed of it: a deploy has the provenance of both."""
        sides = check.sides
        environments: Mapping[Role, str] = {
            "production": sides.production.environment,
            "staging": sides.staging.environment,
        }
        for track, both in zip(check.spec.track, observe_all(check.scene), strict=True):
            keys = (DeployKey(track.name, role) for role in _ROLES)
            parts = check.view.parts
            read = {key: parts[key] for key in keys if key in parts}
            check.rollouts += rollouts(read, environments)
            yield both

    async def _each(self, check: Check, items: Iterable[T]) -> tuple[T, ...]:
        """All of them; others run between two, where it is time."""
        found = []
        for item in items:
            found.append(item)
            await self._between(check)
        return tuple(found)

    async def _between(self, check: Check) -> None:
        """What was read so far is subscribed to before others run: its change brings the mirror
        back.
        """
        if check.slices.over:
            self.subscriptions.add(check.mirror.key, self._periods(check))
            await check.slices.others()

    def _periods(self, check: Check) -> dict[Subject[Any], float]:
        holds = [request.hold for request in check.holds]
        held = frozenset(t.name for t in check.spec.track if hold_of(t, holds) is not None)
        return periods(check.spec, check.sides, check.view, held)
