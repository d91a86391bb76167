"""Whether somebody restored the former value of what the last refresh applied.

Within a refresh such a field is written once more, then left (``executor``). After it, contention
is only reported: nothing is written between ticks. A value that is neither the applied nor the
former one is an ordinary deploy: drift, and no contention.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stagingmirror.actions.step import Reverted
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.facts import Difference, Unseen
from stagingmirror.drift.verdict import Drifted
from stagingmirror.engine.context import Judged
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.errors import NotAnswered, StagingMirrorError
from stagingmirror.reasons import Reason

# Reason and message.
Finding = tuple[str, str]

# What to do about a manager whose name begins so; about any other: the last.
ADVICE = (
    ("argocd", "see docs/argo-cd for how to leave a field to stagingmirror."),
    ("helm", "take the field out of the chart's values, or write production's value there."),
    ("kubectl", "take the field out of the applied manifest, or write production's value there."),
    ("", "let whoever writes there leave the field to stagingmirror."),
)
# Fields that a message names; further ones are counted.
MAX_FIELDS = 5


def restored_fields(found: Sequence[Reverted]) -> str:
    """Who restored what, as one sentence without its full stop."""
    shown = "; ".join(each.message for each in found[:MAX_FIELDS])
    rest = len(found) - MAX_FIELDS
    return f"{shown}; and {rest} more" if rest > 0 else shown


def advice(found: Sequence[Reverted]) -> str:
    """What to do about these managers, each advice once."""
    managers = [each.manager.lower() for each in found]
    wanted = (next(text for start, text in ADVICE if name.startswith(start)) for name in managers)
    return " ".join(dict.fromkeys(wanted))


@dataclass(slots=True)
class ContentionCheck:
    """What was last found out about one mirror: for which refresh, and for which drift of what it
    applied. ``retries``: it was not answered, and the next pass asks again.
    """

    refresh: str = ""
    retries: bool = False
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
        drifted = [
            (judged, judged.verdict)
            for judged in components
            if judged.track.name in record.applied and isinstance(judged.verdict, Drifted)
        ]
        drift = tuple((judged.track.name, verdict.differences) for judged, verdict in drifted)
        known.retries = False
        silent = frozenset(judged.track.name for judged, _ in drifted if _is_silent(judged))
        if (known.refresh, known.drift) != (record.id, drift):
            try:
                found = await self._check(record, frozenset(name for name, _ in drift), silent)
            except NotAnswered:
                # What was found after this refresh is reported till then.
                known.retries = True
                return known.found if known.refresh == record.id else None
            known.refresh, known.drift, known.found = record.id, drift, found
        return known.found

    async def _check(
        self, record: Record, drifted: frozenset[str], silent: frozenset[str]
    ) -> Finding | None:
        """Raises NotAnswered where nothing that answered was restored. What belongs to a component
        that is ``silent`` is not asked for: each pass of each mirror would wait for it.
        """
        unanswered: NotAnswered | None = None
        found: list[Reverted] = []
        for entry in record.entries:
            components = set(entry.step.components)
            if components & silent:
                unanswered = NotAnswered(Reason.NOT_SEEN, "its system does not answer just now.")
            elif components & drifted:
                try:
                    found += await self._restored(record, entry)
                except NotAnswered as error:
                    unanswered = error
        if found:
            return Reason.CONTENDED, f"{restored_fields(found)} after the refresh; {advice(found)}"
        if unanswered is not None:
            raise unanswered
        return None

    async def _restored(self, record: Record, entry: Entry) -> list[Reverted]:
        try:
            outcome = await entry.step.verify(record.task(entry), self.tools)
        except StagingMirrorError as error:
            if error.next.take in ("retry", "stop"):
                raise
            return []  # the verdict names what is wrong there
        return [outcome] if isinstance(outcome, Reverted) else []


def _is_silent(judged: Judged) -> bool:
    """Whether the newest request for what staging shows of it failed."""
    staging = judged.observations.staging
    return not isinstance(staging, Unseen) and staging.trouble is not None
