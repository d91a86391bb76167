"""The facts of an index: which snapshot it is, how it is searched, and what is in it.

Of production's newest snapshot staging must serve a copy. That a restore said so proves nothing:
a refresh counts and samples what it restored and leaves that in the index, as its mark, and what is
there now is compared with it.
"""

from collections.abc import Mapping
from hashlib import sha256

from stagingmirror.api.spec.track.index_snapshot import IndexSnapshot
from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.times import rfc3339
from stagingmirror.component import Role, Sides
from stagingmirror.components.index_snapshot.content import (
    CONTENT_READ,
    DOCUMENTS,
    SAMPLE,
    content_facts,
    note_age,
)
from stagingmirror.components.index_snapshot.names import alias_in, served_in, store_in, subject_of
from stagingmirror.components.index_snapshot.users import late_users
from stagingmirror.drift.facts import Fact, Seen, Unseen
from stagingmirror.drift.wording import counted
from stagingmirror.reading.reading import Reading
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.subjects import (
    IndexContent,
    IndexFacts,
    Mark,
    ServedIndex,
    Snapshot,
)

SNAPSHOT = "snapshot"
INDEX = "index"
_AS_RESTORED = "as restored"
# Seconds by which a snapshot that was taken after its index was made may seem older: OpenSearch
# stamps snapshots by a clock that it sets every 200 ms (``thread_pool.estimated_time_interval``).
_COARSE = 0.5
# Fields of vectors with facts of their own.
MOST_VECTORS = 64


def facts_of(entry: IndexSnapshot, sides: Sides, role: Role, reading: Reading) -> Seen:
    """Raises Ended where nothing is known, or proven not to be there."""
    side = sides.production if role == "production" else sides.staging
    served = served_in(entry, side, reading)
    assert served.facts is not None, "it has one target"
    facts = definition_of(served.facts)
    if entry.compare == "Content":
        facts |= content_facts(entry, sides, role, served, reading)
    elif role == "production":
        facts |= _newest(entry, sides, served, reading)
    else:
        facts |= _restored(entry, sides, served, reading)
    if role == "staging":
        facts |= late_users(entry, sides.staging, served.facts.mark, reading)
    return reading.seen(facts)


def definition_of(index: IndexFacts) -> dict[str, Fact]:
    """How it is searched, and what is only shown."""
    found: dict[str, str] = {}
    for vector in index.vectors[:MOST_VECTORS]:
        parts: Mapping[str, str | int | None] = {
            "dimensions": vector.dimensions,
            "metric": vector.metric,
            "index": vector.index,
            **{f"parameters.{name}": value for name, value in vector.parameters.items()},
        }
        found |= {
            f"vectors.{vector.name}.{part}": str(value)
            for part, value in parts.items()
            if value is not None
        }
    if len(index.vectors) > MOST_VECTORS:
        rest = repr(index.vectors[MOST_VECTORS:]).encode(errors="surrogatepass")
        found["vectors.others"] = f"sha256:{sha256(rest).hexdigest()}"
    settings = {**index.settings, **index.server_settings}
    found |= {f"settings.{name}": value for name, value in settings.items()}
    found |= index.manifest
    shown = {INDEX: index.target, "server": index.server}
    if index.built is not None:
        shown["built"] = rfc3339(index.built)
    return {
        **{name: Fact(value) for name, value in sorted(found.items())},
        **{name: Fact(value, compared=False) for name, value in shown.items()},
    }


def newest_of(snapshots: tuple[Snapshot, ...], built: float | None) -> Snapshot | None:
    """The newest that is complete, and of the index that was built then, by the same clock: one
    that is older is of a former index of that name.
    """
    whole = (each for each in snapshots if each.complete)
    return next((each for each in whole if built is None or each.taken >= built - _COARSE), None)


def _newest(
    entry: IndexSnapshot, sides: Sides, served: ServedIndex, reading: Reading
) -> dict[str, Fact]:
    """Of production: what staging must serve."""
    newest = snapshot_to_follow(entry, sides, served, reading)
    mark = _mark_of_staging(entry, sides, reading)
    wanted = _allowed(entry, newest, served.snapshots, mark)
    return {
        SNAPSHOT: Fact(newest.label, expected=None if wanted == newest.label else wanted),
        "snapshotTaken": Fact(rfc3339(newest.taken), compared=False),
        DOCUMENTS: Fact(_AS_RESTORED),
        SAMPLE: Fact(_AS_RESTORED),
    }


def snapshot_to_follow(
    entry: IndexSnapshot, sides: Sides, served: ServedIndex, reading: Reading
) -> Snapshot:
    """Raises Ended (NoSnapshot, and what else keeps snapshots from being listed)."""
    if isinstance(served.snapshots, Unseen):
        why = served.snapshots.why
        raise reading.unseen(why.reason, f"snapshots of {_called(entry, sides)}: {why.message}")
    newest = newest_of(served.snapshots, served.facts.built if served.facts else None)
    if newest is None:
        unfinished = counted(len(served.snapshots), "snapshot")
        raise reading.unseen(
            Reason.NO_SNAPSHOT,
            f"no complete snapshot holds the index of {_called(entry, sides)} ({unfinished} that "
            "are not complete); take one, or use compare: Content.",
        )
    if entry.max_lag is not None and reading.now - newest.taken > seconds(entry.max_lag):
        reading.finding(f"production's newest snapshot is older than {entry.max_lag}.")
    return newest


def _called(entry: IndexSnapshot, sides: Sides) -> str:
    return f"production's {alias_in(entry, sides.production)}"


def _mark_of_staging(entry: IndexSnapshot, sides: Sides, reading: Reading) -> Mark | None:
    """None where staging has none, or was not seen: its own observation says why."""
    answer = reading.view.get(subject_of(entry, sides.staging))
    if isinstance(answer, Unseen) or answer.value is None or answer.value.facts is None:
        return None
    return answer.value.facts.mark


def _allowed(
    entry: IndexSnapshot,
    newest: Snapshot,
    snapshots: tuple[Snapshot, ...] | Unseen,
    mark: Mark | None,
) -> str:
    """The snapshot that staging must serve: the newest, or the one that it has where that is one of
    production's and no older than it may be.
    """
    if entry.max_behind is None or mark is None or isinstance(snapshots, Unseen):
        return newest.label
    allowed = {
        each.label
        for each in snapshots
        if each.complete and newest.taken - each.taken <= seconds(entry.max_behind)
    }
    return mark.snapshot if mark.snapshot in allowed else newest.label


def _restored(
    entry: IndexSnapshot, sides: Sides, served: ServedIndex, reading: Reading
) -> dict[str, Fact]:
    """Of staging: what its mark says, and what is in it now."""
    assert served.facts is not None
    mark = served.facts.mark
    if mark is None:
        reading.finding(
            f"no refresh made index {served.facts.target} of staging, so which snapshot it is of "
            "is not known."
        )
        return {}
    _note_behind(entry, sides, mark, reading)
    content = _content(served, reading)
    if served.facts.content_version is None:
        note_age(reading, "staging", content.read)
    return {
        SNAPSHOT: Fact(_of_what(entry, sides, mark, reading)),
        "snapshotTaken": Fact(rfc3339(mark.taken), compared=False),
        DOCUMENTS: Fact(
            _AS_RESTORED
            if content.documents == mark.documents
            else f"{content.documents}, restored {mark.documents}"
        ),
        SAMPLE: Fact(_AS_RESTORED if content.sample == mark.sample else "changed since"),
        "documentCount": Fact(str(content.documents), compared=False),
        CONTENT_READ: Fact(rfc3339(content.read), compared=False),
    }


def _of_what(entry: IndexSnapshot, sides: Sides, mark: Mark, reading: Reading) -> str:
    """One snapshot may hold many indexes, and two environments may call theirs the same: what was
    not restored from the index that production serves is another. So is what was copied before
    production required masking.
    """
    if mark.environment != sides.production.environment:
        return f"{mark.snapshot} of {mark.index} in environment {mark.environment}"
    answer = reading.view.get(subject_of(entry, sides.production))
    served = None if isinstance(answer, Unseen) else answer.value
    if served is not None and served.targets != (mark.index,):
        return f"{mark.snapshot} of {mark.index}"
    source = store_in(entry, sides.production)
    is_bare = source is not None and source.copies == "AfterJob" and not mark.masked
    return f"{mark.snapshot}, not masked" if is_bare else mark.snapshot


def _note_behind(entry: IndexSnapshot, sides: Sides, mark: Mark, reading: Reading) -> None:
    answer = reading.view.get(subject_of(entry, sides.production))
    if isinstance(answer, Unseen) or answer.value is None:
        return
    snapshots = answer.value.snapshots
    if isinstance(snapshots, Unseen):
        return
    newer = [each for each in snapshots if each.complete and each.taken > mark.taken]
    if newer and all(each.label != mark.snapshot for each in newer):
        reading.finding(
            f"staging is {counted(len(newer), 'snapshot')} behind ({rfc3339(mark.taken)}, "
            f"production {rfc3339(newer[0].taken)})."
        )


def _content(served: ServedIndex, reading: Reading) -> IndexContent:
    if isinstance(served.content, Unseen):
        raise reading.unseen(served.content.why.reason, served.content.why.message)
    return served.content
