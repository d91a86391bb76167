"""What only a human can mend, found before anything is done.

A spec that cannot be read, or an environment that must not be used, leaves nothing to observe: the
step that reads it raises NeedsHuman. The blockers that are found here stop refreshes, not
observation: the status goes on showing the verdict beside the condition Stalled. Each names the
field and the remedy.

A mirror and its environments are often applied together, and come in any order: what is missing at
first is waited for before a human is called.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.types.times import parse_time
from stagingmirror.component import Sides
from stagingmirror.drift.facts import Why
from stagingmirror.drift.places import Place
from stagingmirror.drift.schedule import check_schedule
from stagingmirror.engine.ownership.claims import Claims
from stagingmirror.engine.ownership.track_entries import all_written, problem, refusal, written
from stagingmirror.engine.resources.mirror import Mirror, MirrorKey
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.view import View

# Seconds from the creation of a mirror, for which it waits for its environments.
GRACE = 10.0


@dataclass(frozen=True, slots=True)
class Blockers:
    """``components``: entries that cannot be judged as they are, by name; they are Unknown.
    ``whole``: why nothing of this mirror is refreshed, or None. ``refused``: why one entry never
    is, though it is compared like all others.
    """

    components: Mapping[str, Why]
    whole: Why | None
    refused: Why | None = None

    @property
    def first(self) -> Why | None:
        """Reason and message of the condition Stalled."""
        return self.whole or next(iter(self.components.values()), self.refused)


def find(
    key: MirrorKey,
    spec: StagingMirrorSpec,
    sides: Sides,
    *,
    claims: Claims,
    view: View,
) -> Blockers:
    """Every blocker of one mirror."""
    whole = check_schedule(spec.refresh.schedule, spec.refresh.time_zone) if spec.refresh else None
    if whole is None and all_written(spec, sides):
        whole = (
            _protected(claims, sides)
            or _written_twice(spec, sides)
            or _overlap(key, spec, sides, claims)
        )
    problems = ((track.name, problem(track, sides, view)) for track in spec.track)
    components = {name: why for name, why in problems if why is not None}
    return Blockers(components, whole, _refused(spec, sides))


def waiting(mirror: Mirror, first_seen: float, error: NeedsHuman, now: float) -> Why | None:
    """Why this mirror only waits, though it would be stalled by ``error``; None: it is stalled.

    ``first_seen``: when this process had its first pass over it (POSIX s). Both count: the clock of
    the API server may be ahead, and a restart makes no mirror new.
    """
    if error.reason != Reason.ENVIRONMENT_MISSING:
        return None
    created = parse_time(mirror.created)
    if created is None or now - created >= GRACE or now - first_seen >= GRACE:
        return None
    return Why(
        Reason.WAITING,
        f"an environment is waited for, {GRACE:.0f} s from the mirror's creation: {error.message}",
    )


def _refused(spec: StagingMirrorSpec, sides: Sides) -> Why | None:
    if spec.refresh is None:
        return None
    for track in spec.track:
        why = refusal(track, sides)
        if why is not None:
            remedy = " List it there, or set mode: Report."
            advice = remedy if why.reason == Reason.NOT_READABLE else ""  # others have theirs
            return Why(why.reason, f"track[{track.name}]: {why.message}{advice}")
    return None


def _protected(claims: Claims, sides: Sides) -> Why | None:
    """Nothing is written to a namespace of any Production environment."""
    namespace = sides.staging.namespace
    owner = claims.production_namespaces().get(namespace)
    if owner is None:
        return None
    return Why(
        Reason.PRODUCTION_IS_READ_ONLY,
        f'spec.refresh: namespace {namespace} is listed by Production environment "{owner}", so '
        "nothing is written there; take it out of that environment if it is staging's, or remove "
        "spec.refresh.",
    )


def _written_twice(spec: StagingMirrorSpec, sides: Sides) -> Why | None:
    """Two entries of this mirror that write one field: what one of them holds or has in sync, the
    other would overwrite.
    """
    writers: dict[Place, str] = {}
    for track in spec.track:
        for place in sorted(written(track, sides), key=str):
            first = writers.setdefault(place, track.name)
            if first != track.name:
                return Why(
                    Reason.OVERLAP,
                    f"track[{track.name}] writes {place}, which track[{first}] writes too; remove "
                    "it from one, or set mode: Report.",
                )
    return None


def _overlap(key: MirrorKey, spec: StagingMirrorSpec, sides: Sides, claims: Claims) -> Why | None:
    """The older of two mirrors that write one field goes on; this is the newer one."""
    for track in spec.track:
        shared = claims.overlap(key, written(track, sides))
        if shared is not None:
            place, older = shared
            return Why(
                Reason.OVERLAP,
                f"track[{track.name}] writes {place}, which the older StagingMirror "
                f"{older.namespace}/{older.name} writes too; remove it from one, or set mode: "
                "Report.",
            )
    return None
