"""Whether somebody set back what the last refresh applied.

Within a refresh a field that is set back is applied once more, then left (``running``). After it,
contention is only told: nothing is written between ticks. A value that is neither what was applied
nor what was there before is an ordinary deploy: drift, and no contention.

Whose fields a refresh has taken, in words. Pure.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stagingmirror.actions.action import Reverted
from stagingmirror.actions.catalogue import action_for
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.facts import Difference
from stagingmirror.drift.steps import PatchWorkload, Restart, SetConfigMapKey
from stagingmirror.drift.verdict import Drifted
from stagingmirror.drift.wording import components_of
from stagingmirror.engine.context import Judged
from stagingmirror.engine.refresh.execute.executor import task_of
from stagingmirror.engine.refresh.execute.preflight import FINAL
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.write.field_managers import FIELD_MANAGER
from stagingmirror.sources.kubernetes.write.field_patch import named


def former_owners(entry: Entry) -> Iterator[str]:
    """One sentence per field that another manager wrote before us."""
    before, step = entry.before or {}, entry.step
    match step:
        case PatchWorkload():
            for write, owner in zip(step.writes, before.get("owners") or (), strict=False):
                if _is_foreign(owner) and not isinstance(write, Restart):
                    yield f"{step.kind} {step.name}: {named(write)} was managed by {owner}"
        case SetConfigMapKey():
            if _is_foreign(before.get("owner")):
                yield f"ConfigMap {step.name}: {step.key} was managed by {before.get('owner')}"
        case _:
            return


def _is_foreign(owner: object) -> bool:
    return bool(owner) and owner != FIELD_MANAGER


Told = tuple[str, str]

ADVICE = "see docs/argo-cd for how to leave a field to stagingmirror."


@dataclass(slots=True)
class ContentionCheck:
    """What was last found out about one mirror: for which refresh, and for which drift of what it
    applied.
    """

    refresh: str = ""
    drift: tuple[tuple[str, tuple[Difference, ...]], ...] = ()
    found: Told | None = None


@dataclass(frozen=True, slots=True)
class Contention:
    """Requests the API server once per new drift of what was applied, not once per pass."""

    tools: Tools

    async def look(
        self, record: Record, components: Iterable[Judged], known: ContentionCheck
    ) -> Told | None:
        """Reason and message where a field that this closed refresh applied was set back."""
        if record.why is not None and record.why[0] == Reason.CONTENDED:
            return record.why
        if record.result != "Succeeded":
            return None
        drift = tuple(
            (judged.track.name, judged.verdict.differences)
            for judged in components
            if judged.track.name in record.applied and isinstance(judged.verdict, Drifted)
        )
        if (known.refresh, known.drift) != (record.id, drift):
            try:
                found = await self._ask(record, frozenset(name for name, _ in drift))
            except NotAnswered:
                # The next pass retries; what was found after this refresh is reported till then.
                return known.found if known.refresh == record.id else None
            known.refresh, known.drift, known.found = record.id, drift, found
        return known.found

    async def _ask(self, record: Record, drifted: frozenset[str]) -> Told | None:
        """Raises NotAnswered where nothing was set back as far as anything answered."""
        silent: NotAnswered | None = None
        for entry in record.entries:
            if not drifted & set(components_of(entry.step)):
                continue
            try:
                outcome = await action_for(entry.step).verify(task_of(record, entry), self.tools)
            except NotAnswered as error:
                silent = error
                continue
            except FINAL:
                continue  # the verdict tells what is wrong there
            if isinstance(outcome, Reverted):
                return Reason.CONTENDED, f"{outcome.message} after the refresh; {ADVICE}"
        if silent is not None:
            raise silent
        return None
