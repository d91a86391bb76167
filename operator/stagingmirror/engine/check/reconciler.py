"""The check of one mirror, as a list of steps.

A step waits for nothing but its own writes; what is not known yet is Unknown, or brings the mirror
back when it comes. So every pass starts from what is true now, and any of them may be lost.
"""

from dataclasses import dataclass, replace

import structlog

from stagingmirror.drift.facts import Why
from stagingmirror.engine.check.assessment import Assessment
from stagingmirror.engine.check.blockers import waiting
from stagingmirror.engine.check.check import Check, Step
from stagingmirror.engine.check.conclusion import Conclusion
from stagingmirror.engine.check.renewal import Renewal
from stagingmirror.engine.check.state import MirrorState, MirrorStates
from stagingmirror.engine.holds.active import in_force, requests
from stagingmirror.engine.ownership.claim_updates import ClaimUpdates
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import Mirror, MirrorKey, find
from stagingmirror.engine.workqueue.queue import Done, Result
from stagingmirror.errors import NeedsHuman, StagingMirrorError
from stagingmirror.runtime import Runtime

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MirrorReconciler:
    """Shared by the workers of one event loop; no two of them check the same mirror at once."""

    cache: ResourceCache
    states: MirrorStates
    runtime: Runtime
    claim_updates: ClaimUpdates
    assessment: Assessment
    conclusion: Conclusion
    renewal: Renewal

    def steps(self) -> tuple[Step, ...]:
        """From ``only_leader`` on a standby does nothing."""
        return (
            self.assessment.load_spec,
            self.assessment.resolve_environments,
            self.assessment.find_blockers,
            self.assessment.observe,
            self.read_clock,
            self.assessment.limit_guesses,
            self.assessment.judge,
            self.assessment.plan,
            self.assessment.subscribe,
            self.conclusion.only_leader,
            self.assessment.await_initial_sync,
            self.assessment.keep_fresh,
            self.conclusion.refresh,
            self.conclusion.acknowledge_holds,
            self.conclusion.write_status,
            self.renewal.remember,
            self.conclusion.requeue,
        )

    def steps_when_stalled(self) -> tuple[Step, ...]:
        """There is nothing to observe before a human acts. Written at once, tokens included."""
        return (
            self.assessment.unsubscribe,
            self.conclusion.only_leader,
            self.conclusion.roll_back,
            self.conclusion.acknowledge_holds,
            self.conclusion.write_blind_status,
            self.conclusion.requeue_blind,
        )

    def steps_while_waiting(self) -> tuple[Step, ...]:
        """What is missing may come at any moment: nothing is reported as wrong yet."""
        return (
            self.assessment.unsubscribe,
            self.conclusion.only_leader,
            self.conclusion.echo_first_token,
            self.conclusion.write_blind_status,
            self.conclusion.requeue_blind,
        )

    async def __call__(self, key: MirrorKey) -> Result:
        """One pass. Raises the errors of the client where what was found could not be written: the
        mirror must then be checked again. A pass that fails by a defect is over as well, once its
        Unknown is written: no other mirror waits for it.
        """
        await self.claim_updates.done()
        turn = self.conclusion.acknowledged.turn()
        state = self.states.get(key)
        done = None if state is None else self.renewal.renewed(key, state, turn)
        if done is not None:
            return done
        mirror = find(self.cache, key)
        if state is not None and (mirror is None or state.uid != mirror.uid):
            self._forget(key)
            state = None
        if mirror is None:
            return Done(None)
        if state is None:
            state = self.states[key] = MirrorState(mirror.uid, self.runtime.clock())
        try:
            return await self._check(mirror, state, turn)
        except StagingMirrorError:
            raise
        except Exception:  # a defect is one mirror's Unknown, not the fleet's
            log.exception("check failed", mirror="/".join(key))
            return await self.conclusion.give_up(mirror, state, turn)

    async def _check(self, mirror: Mirror, state: MirrorState, turn: int) -> Result:
        now = self.runtime.clock()
        holds = in_force(requests(self.cache, mirror.key), mirror.key, now)
        check = Check(mirror, state, began=now, now=now, holds=holds, turn=turn)
        try:
            return await _run(self.steps(), check)
        except NeedsHuman as error:
            check.waiting = waiting(mirror, state.first_seen, error, now)
            if check.waiting is not None:
                return await _run(self.steps_while_waiting(), check)
            check.stalled = Why(error.reason, error.message)
            return await _run(self.steps_when_stalled(), check)

    async def read_clock(self, check: Check) -> None:
        """Observations may have begun since the pass did: nothing is judged before it was seen."""
        check.now = self.runtime.clock()
        check.scene = replace(check.scene, now=check.now)

    def _forget(self, key: MirrorKey) -> None:
        """The mirror is gone, or another one has its name; no pass over it is under way."""
        self.assessment.subscriptions.drop(key)
        self.conclusion.forget(key, self.states.pop(key).uid)


async def _run(steps: tuple[Step, ...], check: Check) -> Result:
    for step in steps:
        result = await step(check)
        if result is not None:
            return result
    raise AssertionError("the last step ends the pass")
