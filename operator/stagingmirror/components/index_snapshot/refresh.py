"""What lets staging serve production's newest snapshot: restore it under a new name, lead the alias
to it, restart what opens the index when it starts.
"""

from stagingmirror.actions.copies.index_copy import IndexCopy
from stagingmirror.actions.copies.mask_index import MaskIndex
from stagingmirror.actions.copies.restore_index import RestoreIndex
from stagingmirror.actions.step import ExecutableStep
from stagingmirror.actions.switch_index import SwitchIndex
from stagingmirror.api.spec.environment.index_store import may_be_copied
from stagingmirror.api.spec.track.index_snapshot import IndexSnapshot
from stagingmirror.component import Entry, Sides
from stagingmirror.components.index_snapshot.content import DOCUMENTS, SAMPLE
from stagingmirror.components.index_snapshot.names import alias_in, served_in, store_in
from stagingmirror.components.index_snapshot.observe import SNAPSHOT, snapshot_to_follow
from stagingmirror.components.index_snapshot.users import late_in, users_in
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.drift.steps import Produced
from stagingmirror.errors import CannotRefresh
from stagingmirror.reading.patches import needed, patches, refuse_unseen
from stagingmirror.reading.reading import Reading
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.subjects import definition_digest
from stagingmirror.sources.kubernetes.subjects import WorkloadSubject
from stagingmirror.sources.kubernetes.write.field_patch import Restart
from stagingmirror.view import View

_LEAST_FREE = "20%"


def refusal(entry: Entry[IndexSnapshot], sides: Sides) -> Why | None:
    """Why no refresh ever follows this entry."""
    if entry.spec.compare == "Content":
        return Why(
            Reason.NOT_COMPARABLE,
            "staging builds its own index (compare: Content), so nothing is restored; set mode: "
            "Report.",
        )
    store = store_in(entry.spec, sides.staging)
    if store is not None and store.type == "Qdrant":
        return Why(Reason.NOT_SUPPORTED, "indexes of Qdrant are only compared; set mode: Report.")
    source = store_in(entry.spec, sides.production)
    masked = store is not None and store.masking_job is not None
    if source is not None and not may_be_copied(source.name, (source,), masked=masked):
        if source.copies == "AfterJob":
            return Why(
                Reason.NO_MASKING_JOB,
                f'environment "{sides.production.environment}" lets indexes of {source.name} be '
                "copied only where staging masks them (copies: AfterJob), and environment "
                f'"{sides.staging.environment}" has no maskingJob in its indexStores entry; ask '
                "its owner, or set mode: Report.",
            )
        enough = "AfterJob" if masked else "Allowed"
        return Why(
            Reason.COPIES_NOT_ALLOWED,
            f"indexStores entry {source.name} of environment "
            f'"{sides.production.environment}" does not set copies: {enough}, so its indexes are '
            "compared, and not copied; ask its owner, or set mode: Report.",
        )
    return None


def steps(
    entry: Entry[IndexSnapshot], sides: Sides, production: Seen, staging: Observation, view: View
) -> tuple[ExecutableStep, ...]:
    """Nothing where staging is right already. Raises CannotRefresh."""
    refuse_unseen(staging)
    facts = staging.facts if isinstance(staging, Seen) else {}
    users = users_in(entry.spec, sides.staging)
    if isinstance(staging, Seen):
        _refuse_other_server_settings(entry, sides, production, staging, view)
    if isinstance(staging, Seen) and _is_equal(production, staging):
        return patches(entry.name, [(user, Restart()) for user in late_in(users, facts)])
    if (why := refusal(entry, sides)) is not None:
        raise CannotRefresh(why.reason, why.message)
    if isinstance(staging, Seen):
        _refuse_what_no_restore_mends(entry, sides, production, staging, view)
    copies = _copies(entry, sides, Reading(view, production.began))
    reading = Reading(view, staging.began)
    needed(lambda: [reading.get(user) for user in users])
    return (
        *copies,
        _switch(entry, sides, copies[-1].id),
        *patches(entry.name, [(user, Restart()) for user in _restarted(users)]),
    )


def _refuse_other_server_settings(
    entry: Entry[IndexSnapshot], sides: Sides, production: Seen, staging: Seen, view: View
) -> None:
    """Raises CannotRefresh: whatever is restored would be found to differ."""
    theirs = served_in(entry.spec, sides.production, Reading(view, production.began)).facts
    ours = served_in(entry.spec, sides.staging, Reading(view, staging.began)).facts
    assert theirs is not None, "it has one target"
    assert ours is not None, "it has one target"
    one, other = theirs.server_settings, ours.server_settings
    differing = sorted(n for n in one.keys() | other.keys() if one.get(n) != other.get(n))
    if differing:
        raise CannotRefresh(
            Reason.SERVER_SETTINGS,
            f"staging's database or its roles do not have production's {', '.join(differing[:5])}, "
            "and no restore changes that; ALTER DATABASE … SET (or ALTER ROLE … SET) in staging, "
            "or RESET what production does not have.",
        )


def _refuse_what_no_restore_mends(
    entry: Entry[IndexSnapshot], sides: Sides, production: Seen, staging: Seen, view: View
) -> None:
    """Raises CannotRefresh where staging serves the newest snapshot as it was restored."""
    served = needed(lambda: served_in(entry.spec, sides.staging, Reading(view, staging.began)))
    assert served.facts is not None, "it has one target"
    mark = served.facts.mark
    if mark is None or mark.definition != definition_digest(served.facts):
        return
    newest, differing = production.facts[SNAPSHOT].value, _differing(production, staging)
    if mark.snapshot == newest and not {SNAPSHOT, DOCUMENTS, SAMPLE} & {*differing}:
        raise CannotRefresh(
            Reason.NOT_IN_SNAPSHOT,
            f"staging serves {newest} as it was restored, and production differs from it in "
            f"{', '.join(differing[:5])}; take a snapshot of production.",
        )


def _is_equal(production: Seen, staging: Seen) -> bool:
    return not _differing(production, staging)


def _differing(production: Seen, staging: Seen) -> list[str]:
    return [
        name
        for name, fact in production.facts.items()
        if fact.compared
        and (
            name not in staging.facts or staging.facts[name].value != (fact.expected or fact.value)
        )
    ]


def _restarted(users: tuple[WorkloadSubject, ...]) -> tuple[WorkloadSubject, ...]:
    """The next Job of a CronJob opens it: nothing to restart."""
    return tuple(user for user in users if user.kind != "CronJob")


def _copies(entry: Entry[IndexSnapshot], sides: Sides, reading: Reading) -> list[IndexCopy]:
    """The last one makes what is served."""
    served = needed(lambda: served_in(entry.spec, sides.production, reading))
    snapshot = needed(lambda: snapshot_to_follow(entry.spec, sides, served, reading))
    assert served.facts is not None, "it has one target"
    store = store_in(entry.spec, sides.staging)
    job = None if store is None else store.masking_job
    least_free = None if store is None else store.min_free_space
    source, target = alias_in(entry.spec, sides.production), alias_in(entry.spec, sides.staging)
    restore = RestoreIndex(
        id=f"restore-{entry.name}",
        components=(entry.name,),
        from_environment=source.environment,
        from_store=source.store,
        from_alias=source.alias,
        index=served.facts.target,
        snapshot=snapshot.label,
        taken=snapshot.taken,
        to_environment=target.environment,
        to_store=target.store,
        to_alias=target.alias,
        masked=job is not None,
        size=snapshot.size,
        least_free=int((least_free or _LEAST_FREE).rstrip("%")),
    )
    return [restore] if job is None else [restore, MaskIndex.of(restore, f"mask-{entry.name}", job)]


def _switch(entry: Entry[IndexSnapshot], sides: Sides, copy: str) -> SwitchIndex:
    place = alias_in(entry.spec, sides.staging)
    return SwitchIndex(
        id=f"alias-{entry.name}",
        components=(entry.name,),
        environment=place.environment,
        store=place.store,
        alias=place.alias,
        index=Produced(copy),
    )
