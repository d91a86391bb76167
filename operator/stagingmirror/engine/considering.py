"""Whether an occasion that has come starts a refresh now: settled, its turn, nobody in the way, and
all of it asked live once more.
"""

from dataclasses import dataclass, field

from stagingmirror.actions.hands import Hands
from stagingmirror.engine.beginning import confirm, new_record
from stagingmirror.engine.case import Case
from stagingmirror.engine.left import Leftovers
from stagingmirror.engine.occasions import Memory, hindrance, next_occasion, skip, took
from stagingmirror.engine.others import Others
from stagingmirror.engine.patience import Patience
from stagingmirror.engine.records import Records
from stagingmirror.engine.starting import Decision, Occasion, Skip, Start, Wait, decide
from stagingmirror.engine.turns import Turns
from stagingmirror.errors import NotAllowed, Refused


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
