"""Whether an occasion that has come starts a refresh now: settled, its turn, nobody in the way, and
all of it asked live once more.

The last look before a refresh begins, and the record that it begins with.
"""

import secrets
from dataclasses import dataclass, field

from stagingmirror.actions.hands import Hands
from stagingmirror.api.spec.mirror import Refresh
from stagingmirror.api.spec.parse import parse_environment
from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.times import rfc3339
from stagingmirror.engine.context import Case
from stagingmirror.engine.refresh.execute.leftovers import Leftovers
from stagingmirror.engine.refresh.execute.patience import Patience
from stagingmirror.engine.refresh.execute.verification import applied_of
from stagingmirror.engine.refresh.record.record import Entry, Record
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
from stagingmirror.engine.refresh.start.concurrency import Turns
from stagingmirror.engine.refresh.start.conflicts import Others
from stagingmirror.engine.refresh.start.triggers import Memory, hindrance, next_occasion, skip, took
from stagingmirror.errors import NeedsHuman, NotAllowed, Refused
from stagingmirror.sources.kubernetes.write.writer import Writer


async def confirm(case: Case, writer: Writer) -> Decision:
    """What we watch may lag: asked live, it must be what was judged."""
    production, staging = case.sides.production, case.sides.staging
    now = await live_guard.ask(
        writer,
        case.key,
        production=production.environment,
        staging=staging.environment,
        now=case.now,
    )
    why = live_guard.must_stop(now, case.key, case.uid, frozenset())
    if why is not None:
        return Skip(why.reason, why.message)
    as_judged = (
        now.mirror is not None
        and int(now.mirror["metadata"].get("generation") or 0) == case.generation
        and _same_spec(now.production, production.spec)
        and _same_spec(now.staging, staging.spec)
        and live_guard.holding(now.holds, planned(case.plan)) is None
    )
    return Start() if as_judged else Wait("something has just changed; it is looked at anew", 0.5)


def new_record(case: Case, refresh: Refresh, occasion: Occasion) -> Record:
    """Everything that this refresh will go by, whatever becomes of the spec meanwhile."""
    wanted = planned(case.plan)
    applied = {
        judged.track.name: seen
        for judged in case.components
        if judged.track.name in wanted and (seen := applied_of(judged)) is not None
    }
    moment = rfc3339(case.now).lower().replace(":", "").replace("-", "")
    return Record(
        id=f"{moment}-{secrets.token_hex(3)}",
        uid=case.uid,
        namespace=case.key.namespace,
        name=case.key.name,
        environment=case.sides.staging.environment,
        production=case.sides.production.environment,
        generation=case.generation,
        trigger=occasion.trigger,
        token=occasion.token,
        tick=occasion.at if occasion.trigger == "Schedule" else None,
        writer="",
        started=case.now,
        timeout=seconds(refresh.timeout),
        rollout_timeout=seconds(refresh.rollout_timeout),
        entries=tuple(Entry(step) for step in case.plan.steps),
        applied=applied,
    )


def _same_spec(body: live_guard.Body | None, spec: object) -> bool:
    try:
        return body is not None and parse_environment(body) == spec
    except NeedsHuman:
        return False


@dataclass(frozen=True, slots=True)
class Considering:
    records: Records
    hands: Hands
    others: Others
    leftovers: Leftovers
    _turns: Turns = field(default_factory=Turns, init=False)
    _patience: Patience = field(default_factory=Patience, init=False)

    async def consider(self, case: Case, memory: Memory, still: float | None) -> Wait | None:
        """Start what is due, or say what it waits for. ``still``: as in ``decide``."""
        occasion = next_occasion(memory)
        if occasion is None:
            self.drop(case.uid)
            return None
        environment = case.sides.staging.environment
        self._turns.forget_absent(environment, now=case.now)
        queued = self._turns.is_asking(environment, case.uid)
        hindered = hindrance(memory, case, occasion, self.records.get(case.uid))
        decision = decide(case, occasion, still_since=still, queued=queued, hindrance=hindered)
        decision = self._unless_busy(case, decision)
        if isinstance(decision, Start):
            decision = await self._start(case, occasion)
        match decision:
            case Wait():
                return decision
            case Skip():
                if _is_nothing(decision):
                    await self.leftovers.found_in_sync(case, self.records.get(case.uid))
                skip(memory, occasion, decision, case.now)
            case Start():
                took(memory, occasion)
        self.drop(case.uid)
        return None

    def drop(self, uid: str) -> None:
        """Nothing is wanted of this mirror any more, or what was wanted has begun."""
        self._turns.leave(uid)
        self._patience.renew(uid)

    def _unless_busy(self, case: Case, decision: Decision) -> Decision:
        """What another's refresh is just writing may look like nothing to do."""
        if not (isinstance(decision, Start) or _is_nothing(decision)):
            return decision
        busy = self.others.in_the_way(case)
        if busy is None:
            return decision
        self._step_aside(case)
        return Wait(busy)

    async def _start(self, case: Case, occasion: Occasion) -> Decision:
        """Begin it; whatever goes wrong, the next one in the queue has its turn."""
        wait = self._turn(case)
        if wait is not None:
            return wait
        try:
            return await self._begin(case, occasion)
        except (NotAllowed, Refused) as error:
            self._step_aside(case)
            may_pass = isinstance(error, NotAllowed)
            if may_pass and self._patience.lasts(case.uid, self.hands.clock()):
                return Wait(error.message)
            return Skip(error.reason, error.message)
        except BaseException:
            # Also where the pass is cancelled: the next one has its turn.
            self._step_aside(case)
            raise

    async def _begin(self, case: Case, occasion: Occasion) -> Decision:
        decision = await confirm(case, self.hands.writer)
        if isinstance(decision, Start):
            assert case.spec.refresh is not None, "decide() skips a mirror that only watches"
            await self.records.begin(new_record(case, case.spec.refresh, occasion))
        return decision

    def _step_aside(self, case: Case) -> None:
        self._turns.step_aside(case.sides.staging.environment, case.uid, now=case.now)

    def _turn(self, case: Case) -> Wait | None:
        side = case.sides.staging
        most, running = side.spec.max_concurrent_refreshes, self.records.open_in(side.environment)
        free = most - running
        if self._turns.may_start(side.environment, case.uid, free=free, now=case.now):
            return None
        why = f"{running} of {most} refreshes run" if free <= 0 else "others asked before"
        return Wait(f"waits for its turn: {why} in {side.environment}")


def _is_nothing(decision: Decision) -> bool:
    return isinstance(decision, Skip) and decision.result == "NothingToDo"
