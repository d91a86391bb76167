"""A setting as facts: in clear where both admins allow it, else sealed."""

from datetime import UTC, datetime

from stagingmirror.api.spec.track.setting import PLACEHOLDER, Setting
from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.times import rfc3339
from stagingmirror.component import Role, Sides
from stagingmirror.components.setting.place import named_in, no_server, place_in, users_of
from stagingmirror.components.setting.value import Value, value_in
from stagingmirror.drift.facts import Fact, Seen, Unseen
from stagingmirror.reading.offers import consent, refuse_not_offered, refuse_parts
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.texts import as_fact
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import OWN, WorkloadSubject, not_a_loader

VALUE = "value"
WRITTEN = "written"


def facts_of(entry: Setting, sides: Sides, role: Role, reading: Reading, now: float) -> Seen:
    """Raises Ended where nothing is known, or proven not to be there."""
    if (why := no_server(entry, sides)) is not None:
        raise reading.unseen(why.reason, why.message)
    refuse_not_offered(reading, named_in(entry, sides))
    if role == "production":
        return reading.seen(_production(entry, sides, reading, now))
    return reading.seen(_staging(entry, sides, reading))


def user_fact(user: WorkloadSubject) -> str:
    """The name of the fact that a workload of staging runs a former value."""
    return f"usedBy.{user.kind}/{user.name}"


def formed_of(entry: Setting, text: str) -> str:
    """What staging must have where production has ``text``."""
    return entry.staging.value.replace(PLACEHOLDER, text, 1)


def _production(entry: Setting, sides: Sides, reading: Reading, now: float) -> dict[str, Fact]:
    place, users = place_in(entry, sides.production), users_of(entry, sides.production)
    value = value_in(reading, place, users)
    _refuse_parts(entry, sides, role="production", value=value, reading=reading)
    if value.stale:
        # What production runs may then be a value that cannot be read any more: neither equal to
        # staging's nor different from it.
        raise reading.unseen(
            Reason.NOT_YET_RUNNING,
            f"production's {value.stale[0]} was started before {place} was last written, so it may "
            "run a former value that cannot be seen; restart it, or wait for its next rollout.",
        )
    clear = _is_clear(entry, sides)
    _add_age(entry, value, now, reading, clear=clear)
    shown = _shown(entry, sides, reading, value.text)
    expected = _shown(entry, sides, reading, formed_of(entry, value.text))
    return {
        VALUE: Fact(
            shown,
            expected=None if expected == shown else expected,
            declared=value.declared,
            made_from=tuple(sorted(value.made_from)),
        ),
        **_written(value),
    }


def _staging(entry: Setting, sides: Sides, reading: Reading) -> dict[str, Fact]:
    place, users = place_in(entry, sides.staging), users_of(entry, sides.staging)
    value = value_in(reading, place, users)
    _refuse_parts(entry, sides, role="staging", value=value, reading=reading)
    _add_loader(entry, sides, reading)
    shown = _shown(entry, sides, reading, value.text)
    facts = {VALUE: Fact(shown, declared=value.declared), **_written(value)}
    for user in value.stale:
        facts[user_fact(user)] = Fact("started before it was last written")
    return facts


def _written(value: Value) -> dict[str, Fact]:
    if value.written is None:
        return {}
    return {WRITTEN: Fact(rfc3339(value.written), compared=False)}


def _refuse_parts(
    entry: Setting, sides: Sides, *, role: Role, value: Value, reading: Reading
) -> None:
    """A value may be shown, or compared, only if everything that it was made from may. Raises
    Ended.
    """
    side = sides.production if role == "production" else sides.staging
    refuse_parts(
        reading, str(place_in(entry, side)), side, value.made_from, shown=_is_clear(entry, sides)
    )


def _is_clear(entry: Setting, sides: Sides) -> bool:
    """Both texts are compared in clear, or both sealed; a clear one beside a sealed one would
    always differ.
    """
    return consent(named_in(entry, sides)) == "readable"


def _shown(entry: Setting, sides: Sides, reading: Reading, text: str) -> str:
    if _is_clear(entry, sides):
        return as_fact(text)
    production = sides.production
    place = f"{production.environment}: {place_in(entry, production)}"
    return reading.view.seal(place, text, form=entry.staging.value)


def _add_loader(entry: Setting, sides: Sides, reading: Reading) -> None:
    if entry.load is None:
        return
    namespace, name = sides.staging.namespace, entry.load.cron_job
    loader = reading.view.get(WorkloadSubject(OWN, "CronJob", namespace, name))
    if isinstance(loader, Unseen):
        return
    if loader.value is None:
        reading.finding(f"CronJob {namespace}/{name} is not there: a refresh cannot load.")
    elif (why := not_a_loader(name, entry.load.variable, loader.value.loads)) is not None:
        reading.finding(why.message)


def _add_age(entry: Setting, value: Value, now: float, reading: Reading, *, clear: bool) -> None:
    """A finding where the value is old, without its age: a text that ticks would change the status
    all the time.
    """
    if entry.warn_older_than is None:
        return
    if not clear:
        reading.finding("warnOlderThan has no effect: production's value is not readable.")
        return
    date = _date(value.text) if value.written is None else value.written
    if date is None:
        reading.finding("warnOlderThan has no effect: production's value is not a date.")
    elif now - date > seconds(entry.warn_older_than):
        reading.finding(f"production's own value is older than {entry.warn_older_than}.")


def _date(text: str) -> float | None:
    """POSIX seconds of an ISO 8601 date or time, in UTC where it names no zone."""
    try:
        date = datetime.fromisoformat(text.strip())
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
