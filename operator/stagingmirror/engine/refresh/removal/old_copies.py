"""Old copies that refreshes of this mirror made, removed once it has succeeded.

Only what a record remembers to have made, only where ``keep`` is given, and never what anything
names: neither a workload or pod of a listed namespace nor a refresh that may restore it. What
cannot be proven now is asked again later, and stays until then. Removing runs beside the passes; no
refresh of the mirror begins meanwhile.
"""

from dataclasses import dataclass, replace
from functools import partial

import structlog

from stagingmirror.actions.removable import Removable
from stagingmirror.actions.tools import Progressing, Tools
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.engine.context import Context
from stagingmirror.engine.environments.resolve import listed_here
from stagingmirror.engine.refresh.execute.state import RemovalCheck
from stagingmirror.engine.refresh.record.copies import Copy, old_ones
from stagingmirror.engine.refresh.record.record import Record, encoded
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.engine.refresh.removal.named import named_by
from stagingmirror.engine.refresh.start import live_guard
from stagingmirror.errors import CannotRefresh, StagingMirrorError
from stagingmirror.reasons import Reason

# What the next refresh waits for, and seconds until the next pass looks.
REMOVING, AGAIN = "an old copy is being removed", 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Removal:
    records: Records
    tools: Tools

    async def tend(self, record: Record, context: Context, last: RemovalCheck) -> str | None:
        """Go on with removing what is old; waits for nothing. What was done, for people, and is in
        the closed record; None: nothing. Raises what keeping that raises.
        """
        old = last.running or next(iter(_old(record, context)), None)
        if old is None or (last.running is None and self.tools.clock() < last.at):
            return None
        try:
            found = self.tools.pool.poll(_key(record.uid), partial(self._remove, context, old))
        except StagingMirrorError as error:
            last.later(self.tools.clock())
            log.info("an old copy stays for now", copy=old.name, why=error.message)
            return None
        except Exception:  # a defect met here is no reason for a mirror without a verdict
            last.later(self.tools.clock())
            log.exception("an old copy stays for now", copy=old.name)
            return None
        if not isinstance(found, str) or found == "going on":
            last.running = old
            return None
        last.soon()
        message = _message(old.name.partition(" ")[2], found)
        await self.records.keep(record.without_copy(old, message))
        return message

    def abandon(self, uid: str) -> None:
        """The mirror is gone."""
        self.tools.pool.abandon(_key(uid))

    async def _remove(self, context: Context, copy: Copy, progress: Progressing) -> str:
        """Raises CannotRefresh (StillNamed) or what a system answers."""
        await self._refuse_unless_wanted(context, copy)
        writer = self.tools.writer
        environments = await writer.select(f"/apis/{API_VERSION}/mirrorenvironments")
        namespaces = listed_here(environments, writer.is_elsewhere)
        by = self._refresh_that_names(copy, context.mirror.uid)
        by = by or await named_by(writer, sorted(namespaces), copy.mark)
        if by is not None:
            raise CannotRefresh(Reason.STILL_NAMED, f"{by} names it")
        step = copy.step
        assert isinstance(step, Removable), "else it is not remembered"
        return await step.remove(copy.before, copy.after, self.tools)

    async def _refuse_unless_wanted(self, context: Context, copy: Copy) -> None:
        """Watches may lag: whether what was judged is what is there."""
        components = frozenset(copy.step.components)
        key, uid = context.mirror.key, context.mirror.uid
        now = await live_guard.fetch(
            self.tools.writer,
            key,
            production=context.sides.production.environment,
            staging=context.sides.staging.environment,
            components=components,
            now=context.now,
        )
        step = copy.step
        assert isinstance(step, Removable), "else it is not remembered"
        why = live_guard.must_stop(now, key, uid, components, step.rests_on())
        if why is not None:
            raise CannotRefresh(why.reason, why.message)
        generation = now.mirror and now.mirror["metadata"].get("generation")
        if int(generation or 0) != context.mirror.generation:
            raise CannotRefresh(Reason.CHANGED_UNDERNEATH, "the mirror was just changed")

    def _refresh_that_names(self, copy: Copy, uid: str) -> str | None:
        """A rollback may restore it. Raises CannotRefresh where a record cannot be read."""
        if self.records.all_unreadable():
            raise CannotRefresh(Reason.STILL_NAMED, "the record of a refresh cannot be read")
        for record in self.records.all():
            counts = record.uid != uid and (record.is_open or record.left)
            if counts and copy.mark in encoded(replace(record, copies=())):
                return f"the refresh of {record.namespace}/{record.name}"
        return None


def _old(record: Record, context: Context) -> tuple[Copy, ...]:
    """What components need no more that give ``keep``, may be refreshed now, and are held by
    nobody.
    """
    if record.result != "Succeeded" or any(not hold.components for hold in context.holds):
        return ()
    held, keep = {name for hold in context.holds for name in hold.components}, dict[str, int]()
    for track in context.spec.track:
        kept = None if track.entry is None else track.entry.keeps(context.sides.staging.spec)
        if kept is not None and track.effective_mode == "Refresh" and track.name not in held:
            keep[track.name] = kept
    return old_ones(record.all_copies, keep, [track.name for track in context.spec.track])


def _message(what: str, found: str) -> str:
    if found == "removed":
        return f"removed the old copy {what}"
    return f"left the old copy {what}, where somebody else has written since"


def _key(uid: str) -> tuple[str, str]:
    return uid, "remove"
