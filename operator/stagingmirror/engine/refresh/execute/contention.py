"""Whether somebody restored the former value of what the last refresh applied.

Within a refresh such a field is written once more, then left (``executor``). After it, contention
is only reported: nothing is written between ticks. A value that is neither the applied nor the
former one is an ordinary deploy: drift, and no contention.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from stagingmirror.actions.step import Reverted
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.facts import Difference
from stagingmirror.drift.verdict import Drifted
from stagingmirror.engine.context import Judged
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.errors import NotAnswered, StagingMirrorError
from stagingmirror.reasons import Reason

# Reason and message.
Finding = tuple[str, str]

ADVICE = "see docs/argo-cd for how to leave a field to stagingmirror."


@dataclass(slots=True)
class ContentionCheck:
    """What was last found out about one mirror: for which refresh, and for which drift of what it
    applied.
    """

    refresh: str = ""
    drift: tuple[tuple[str, tuple[Difference, ...]], ...] = ()
    found: Finding | None = None


@dataclass(frozen=True, slots=True)
class Contention:
    """Reads live once per new drift of what was applied, not once per pass."""

    tools: Tools

    async def find(
        self, record: Record, components: Iterable[Judged], known: ContentionCheck
    ) -> Finding | None:
        """Reason and message where the former value of a field that this closed refresh applied was
        restored.
        """
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
                found = await self._check(record, frozenset(name for name, _ in drift))
            except NotAnswered:
                # The next pass retries; what was found after this refresh is reported till then.
                return known.found if known.refresh == record.id else None
            known.refresh, known.drift, known.found = record.id, drift, found
        return known.found

    async def _check(self, record: Record, drifted: frozenset[str]) -> Finding | None:
        """Raises NotAnswered where nothing that answered was restored."""
        silent: NotAnswered | None = None
        for entry in record.entries:
            if not drifted & set(entry.step.components):
                continue
            try:
                outcome = await entry.step.verify(record.task(entry), self.tools)
            except NotAnswered as error:
                silent = error
                continue
            except StagingMirrorError as error:
                if error.next.take in ("retry", "stop"):
                    raise
                continue  # the verdict names what is wrong there
            if isinstance(outcome, Reverted):
                return Reason.CONTENDED, f"{outcome.message} after the refresh; {ADVICE}"
        if silent is not None:
            raise silent
        return None
