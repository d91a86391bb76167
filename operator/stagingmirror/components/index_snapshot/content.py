"""Documents of two indexes that each side builds itself, and how old what was read of them is."""

from decimal import Decimal

from stagingmirror.api.spec.track.index_snapshot import IndexSnapshot
from stagingmirror.api.types.times import rfc3339
from stagingmirror.component import Role, Sides
from stagingmirror.components.index_snapshot.names import pair_of
from stagingmirror.drift.facts import Fact, Why
from stagingmirror.reading.reading import Reading
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.subjects import ComparedIndexes, SampleComparison, ServedIndex

DOCUMENTS = "documents"
SAMPLE = "contentSample"
CONTENT_READ = "contentRead"
_HOUR = 3600
_AS_SAMPLED = "as sampled"
_NO_SAMPLE = Why(
    Reason.NOT_COMPARABLE,
    "these stores show files of an index and no documents, or are of two types, so that nothing "
    "shows whether both sides hold the same documents; use compare: Snapshot.",
)


def content_facts(
    entry: IndexSnapshot, sides: Sides, role: Role, served: ServedIndex, reading: Reading
) -> dict[str, Fact]:
    """Raises Ended where documents were not read, or too few of them stayed as they were."""
    compared = reading.get(pair_of(entry, sides))
    if max(compared.counts) == 0:
        raise reading.unseen(
            Reason.NOTHING_TO_MIRROR,
            "production's index holds no documents, so nothing can be like it.",
        )
    assert served.facts is not None, "it has one target"
    version = compared.versions[0 if role == "production" else 1]
    is_written = version is not None and version != served.facts.content_version
    if version is None or is_written:
        note_age(reading, role, compared.read, is_written=is_written)
    facts = _counts(entry, compared)[role]
    if compared.sample is not None:
        facts |= _sampled(compared.sample, role, reading)
    else:
        facts[SAMPLE] = Fact("not to be read", doubt=_NO_SAMPLE)
    return {**facts, CONTENT_READ: Fact(rfc3339(compared.read), compared=False)}


def note_age(reading: Reading, role: Role, read: float, *, is_written: bool = False) -> None:
    """In whole hours, so that a status is written once an hour. Without ``is_written``: of a store
    that does not show its writes.
    """
    hours = int((reading.now - read) // _HOUR)
    since = ", and the index was written since" if is_written else ""
    if hours > 0 or is_written:
        age = f"{hours} h ago" if hours > 0 else "less than 1 h ago"
        reading.finding(f"{role}'s documents were read {age}{since}.")


def _counts(entry: IndexSnapshot, compared: ComparedIndexes) -> dict[Role, dict[str, Fact]]:
    """Production may have been written between two counts: staging's counts as equal where it lies
    between them, too.
    """
    tolerance, staging = Decimal(entry.count_tolerance or "0"), compared.staging_count
    fewest, most = min(compared.counts), max(compared.counts)
    is_equal = fewest - tolerance * fewest <= staging <= most + tolerance * most
    count, theirs = str(compared.counts[1]), str(staging)
    expected = theirs if is_equal and theirs != count else None
    return {
        "production": {DOCUMENTS: Fact(count, expected=expected)},
        "staging": {DOCUMENTS: Fact(theirs)},
    }


def _sampled(sample: SampleComparison, role: Role, reading: Reading) -> dict[str, Fact]:
    """Too few that stayed as they were prove nothing, and a difference counts."""
    read = sample.judged + sample.changed
    if not sample.differing and 2 * sample.judged <= read:
        raise reading.unseen(
            Reason.BUSY,
            f"{sample.changed} of {read} documents of production changed while they were read, so "
            "that they could not be compared; they are read again.",
        )
    if role == "production":
        return {SAMPLE: Fact(_AS_SAMPLED)}
    if sample.missing:
        reading.finding(f"{sample.missing} of {sample.judged} documents are not in staging at all.")
    differ = f"{sample.differing} of {sample.judged} differ"
    return {SAMPLE: Fact(differ if sample.differing else _AS_SAMPLED)}
