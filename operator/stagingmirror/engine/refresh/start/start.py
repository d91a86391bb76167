"""Whether an occasion that has come starts a refresh now: production is quiet, a slot is free, no
other refresh is in the way, and a live read confirms all of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stagingmirror.actions.tools import Tools
from stagingmirror.api.spec.parse import parse_environment
from stagingmirror.engine.context import Context
from stagingmirror.engine.observe.check_requests import REFRESH_AT, token_of
from stagingmirror.engine.refresh.execute.leftovers import Leftovers
from stagingmirror.engine.refresh.execute.state import Patience
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.engine.refresh.start import live_guard
from stagingmirror.engine.refresh.start.admission import (
    Decision,
    Occasion,
    Skip,
    Start,
    Wait,
    decide,
    planned,
)
from stagingmirror.engine.refresh.start.concurrency import Slots, has_slot
from stagingmirror.engine.refresh.start.conflicts import Conflicts
from stagingmirror.engine.refresh.start.new_record import failed_before, new_record, rests_on
from stagingmirror.engine.refresh.start.triggers import (
    Memory,
    missed_deadline_reason,
    next_occasion,
    skip,
    took,
)
from stagingmirror.errors import NeedsHuman, NotAllowed, Refused
from stagingmirror.sources.kubernetes.write.writer import Writer


async def confirm(context: Context, occasion: Occasion, writer: Writer) -> Decision:
    """Watches may lag: what a live read returns must be what was judged, and whoever requested the
    refresh must not have withdrawn the token since.
    """
    production, staging = context.sides.production, context.sides.staging
    now = await live_guard.fetch(
        writer,
        context.mirror.key,
        production=production.environment,
        staging=staging.environment,
        components=planned(context.plan),
        now=context.now,
    )
    grants = rests_on(context)
    why = live_guard.must_stop(now, context.mirror.key, context.mirror.uid, frozenset(), grants)
    if why is not None:
        return Skip(why.reason, why.message)
    as_judged = (
        now.mirror is not None
        and int(now.mirror["metadata"].get("generation") or 0) == context.mirror.generation
        and _same_spec(now.production, production.spec)
        and _same_spec(now.staging, staging.spec)
        and live_guard.holding(now.holds, planned(context.plan)) is None
        and occasion.token in (None, _token_in(now.mirror))
    )
    return Start() if as_judged else Wait("something has just changed; it is checked again", 0.5)


def _token_in(mirror: live_guard.Body) -> str | None:
    return token_of(mirror["metadata"].get("annotations") or {}, REFRESH_AT)


def _same_spec(body: live_guard.Body | None, spec: object) -> bool:
    try:
        return body is not None and parse_environment(body) == spec
    except NeedsHuman:
        return False


@dataclass(frozen=True, slots=True)
class Starter:
    records: Records
    tools: Tools
    others: Conflicts
    leftovers: Leftovers
    _slots: Slots = field(default_factory=Slots, init=False)

    async def consider(
        self, context: Context, memory: Memory, quiet: Mapping[str, float], patience: Patience
    ) -> Wait | None:
        """Start what is due, or return what it waits for. ``quiet``: see ``decide``."""
        occasion = next_occasion(memory)
        if occasion is None:
            self._is_over(context, patience)
            return None
        last = self.records.get(context.mirror.uid)
        context = context.leaving(await failed_before(context, occasion, last, self.tools))
        decision = self._decide(context, occasion, memory, quiet)
        context = context.leaving(decision.without if isinstance(decision, Start) else {})
        decision = self._unless_busy(context, decision)
        if isinstance(decision, Start):
            decision = await self._start(context, occasion, patience)
        match decision:
            case Wait():
                return decision
            case Skip():
                if _is_nothing(decision):
                    await self.leftovers.found_in_sync(context, last)
                skip(memory, occasion, decision, context.now)
            case Start():
                took(memory, occasion)
        self._is_over(context, patience)
        return None

    def _decide(
        self, context: Context, occasion: Occasion, memory: Memory, quiet: Mapping[str, float]
    ) -> Decision:
        environment, uid = context.sides.staging.environment, context.mirror.uid
        self._slots.forget_absent(environment, now=context.now)
        last = self.records.get(uid)
        return decide(
            context,
            occasion,
            quiet=quiet,
            queued=self._slots.is_waiting(environment, uid),
            waited=memory.waited,
            missed_deadline_reason=missed_deadline_reason(memory, context, occasion, last),
        )

    def leave(self, uid: str) -> None:
        """This mirror waits for a slot no more."""
        self._slots.leave(uid)

    def _is_over(self, context: Context, patience: Patience) -> None:
        """Nothing is wanted of this mirror any more, or what was wanted has begun."""
        self.leave(context.mirror.uid)
        patience.renew()

    def _unless_busy(self, context: Context, decision: Decision) -> Decision:
        """What another mirror's refresh is just writing may look like nothing to do."""
        if not (isinstance(decision, Start) or _is_nothing(decision)):
            return decision
        busy = self.others.in_the_way(context)
        if busy is None:
            return decision
        self._yield_slot(context)
        return Wait(busy)

    async def _start(self, context: Context, occasion: Occasion, patience: Patience) -> Decision:
        """Begin it; where that fails, it yields its slot."""
        wait = self._wait_for_slot(context)
        if wait is not None:
            return wait
        try:
            return await self._begin(context, occasion)
        except (NotAllowed, Refused) as error:
            self._yield_slot(context)
            if isinstance(error, NotAllowed) and patience.lasts(self.tools.clock()):
                return Wait(error.message)
            return Skip(error.reason, error.message)
        except BaseException:  # also where the pass is cancelled: the next one has its turn
            self._yield_slot(context)
            raise

    async def _begin(self, context: Context, occasion: Occasion) -> Decision:
        decision = await confirm(context, occasion, self.tools.writer)
        if isinstance(decision, Start):
            assert context.spec.refresh is not None, "decide() skips a mirror that only watches"
            last = self.records.get(context.mirror.uid)
            await self.records.begin(new_record(context, context.spec.refresh, occasion, last))
            where = context.sides.staging.environment
            self._slots.began(where, context.mirror.key.namespace, context.now)
        return decision

    def _yield_slot(self, context: Context) -> None:
        where, mirror = context.sides.staging.environment, context.mirror
        self._slots.yield_slot(where, mirror.uid, mirror.key.namespace, now=context.now)

    def _wait_for_slot(self, context: Context) -> Wait | None:
        side, mirror = context.sides.staging, context.mirror
        most, opened = side.spec.max_concurrent_refreshes, self.records.open_in(side.environment)
        running = sum(has_slot(each, context.now) for each in opened)
        free = most - running
        if self._slots.may_start(
            side.environment,
            mirror.uid,
            mirror.key.namespace,
            free=free,
            held=(each.namespace for each in opened),
            now=context.now,
        ):
            return None
        why = f"{running} of {most} refreshes run" if free <= 0 else "it is the turn of others"
        return Wait(f"waits for a slot: {why} in {side.environment}")


def _is_nothing(decision: Decision) -> bool:
    return isinstance(decision, Skip) and decision.result == "NothingToDo"
