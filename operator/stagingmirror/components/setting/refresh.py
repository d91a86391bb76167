"""What brings staging's value where production's is: load, write, restart."""

from collections.abc import Iterator

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.track.setting import Load, Setting
from stagingmirror.api.spec.track.setting_place import (
    AnnotationOf,
    ArgumentOf,
    ConfigMapKey,
    TableOf,
    ValueAt,
    VariableOf,
)
from stagingmirror.api.types.duration import seconds
from stagingmirror.component import Sides
from stagingmirror.components.setting.argument import added_form, refuse_unwritable
from stagingmirror.components.setting.observe import VALUE, formed_of, user_fact
from stagingmirror.components.setting.place import (
    ValuePlace,
    named_in,
    place_in,
    users_of,
)
from stagingmirror.components.setting.room import refuse_what_does_not_fit
from stagingmirror.components.setting.value import Value, value_in
from stagingmirror.drift.command.flags import Form
from stagingmirror.drift.expansion import stays
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.errors import CannotRefresh
from stagingmirror.reading.offers import not_readable
from stagingmirror.reading.patches import needed, patches, refuse_unseen
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.running import container_of, refuse_repeated
from stagingmirror.reading.texts import as_fact
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import (
    OWN,
    ConfigMap,
    ConfigMapSubject,
    WorkloadSubject,
    not_a_loader,
)
from stagingmirror.sources.kubernetes.write.field_patch import (
    FieldWrite,
    Restart,
    SetAnnotation,
    SetArgument,
    SetVariable,
)
from stagingmirror.view import View


def steps(
    component: str, entry: Setting, sides: Sides, production: Seen, staging: Observation, view: View
) -> tuple[ExecutableStep, ...]:
    """Nothing where staging is right already. Raises CannotRefresh."""
    refuse_unseen(staging)
    facts = staging.facts if isinstance(staging, Seen) else {}
    users = users_of(entry, sides.staging)
    fact = production.facts[VALUE]
    judged = fact.value if fact.expected is None else fact.expected
    if VALUE in facts and facts[VALUE].value == judged:
        late = [user for user in users if user_fact(user) in facts]
        return patches(component, [(user, Restart()) for user in late])

    place = place_in(entry, sides.staging)
    if (why := unloaded(entry) or not_readable(named_in(entry, sides))) is not None:
        raise CannotRefresh(why.reason, why.message)
    theirs = _value(view, production, place_in(entry, sides.production))
    own = _value(view, staging, place) if VALUE in facts else None
    wanted, former = formed_of(entry, theirs.text), None if own is None else own.text
    if as_fact(wanted) != judged:
        raise CannotRefresh(
            Reason.CHANGED_UNDERNEATH,
            "production's value changed after it was judged; the next check judges it anew.",
        )
    _refuse_what_would_be_expanded(entry, place, wanted)
    if isinstance(place.reference, ArgumentOf):
        refuse_unwritable(place, theirs, own, wanted)
    form = None if own is not None else added_form(theirs, wanted)
    reading = Reading(view, staging.began)
    _require(reading, entry, place, users, sides)
    refuse_what_does_not_fit(reading, entry, place, wanted)
    return (
        *_load(component, entry.load, place.namespace, wanted, former),
        *_stored(component, place, wanted),
        *patches(component, _fields(place, users, wanted, form)),
    )


def unloaded(entry: Setting) -> Why | None:
    """Why staging's is never refreshed: a table is written by a loader only, and what an endpoint
    answers by nobody.
    """
    if entry.staging_is_at_endpoint:
        return Why(
            Reason.NOT_COMPARABLE,
            "nothing writes what an endpoint of staging answers; give staging a configMap, or set "
            "mode: Report.",
        )
    if not entry.is_loaded_by_nobody:
        return None
    return Why(
        Reason.NOT_COMPARABLE,
        "only a loader writes a table of staging, and there is none; add load, give staging a "
        "configMap, or set mode: Report.",
    )


def _value(view: View, observed: Observation, place: ValuePlace) -> Value:
    """The value itself: the fact of a long one is its hash. Raises CannotRefresh."""
    return needed(lambda: value_in(Reading(view, observed.began), place, ()))


def _refuse_what_would_be_expanded(entry: Setting, place: ValuePlace, wanted: str) -> None:
    written = isinstance(place.reference, VariableOf | ArgumentOf) or entry.load is not None
    if written and not stays(wanted):
        raise CannotRefresh(
            Reason.NOT_COMPARABLE,
            "the value contains $$ or $(…), which Kubernetes would expand in a variable or an "
            "argument of staging; use a value without it.",
        )


def _require(
    reading: Reading,
    entry: Setting,
    place: ValuePlace,
    users: tuple[WorkloadSubject, ...],
    sides: Sides,
) -> None:
    """Everything that a refresh uses but does not make. Raises CannotRefresh."""
    match place.reference:
        case ConfigMapKey(name=name):
            _refuse_immutable(
                needed(lambda: reading.get(ConfigMapSubject(OWN, place.namespace, name)))
            )
        case VariableOf(template=kind, name=name, container=container, variable=variable):
            workload = needed(
                lambda: reading.get(WorkloadSubject(OWN, kind, place.namespace, name))
            )
            needed(lambda: container_of(reading, workload, container))
            refuse_repeated(workload, container, variable)
        case ArgumentOf(template=kind, name=name, container=container):
            workload = needed(
                lambda: reading.get(WorkloadSubject(OWN, kind, place.namespace, name))
            )
            needed(lambda: container_of(reading, workload, container))
        case AnnotationOf(kind=kind, name=name):
            needed(lambda: reading.get(WorkloadSubject(OWN, kind, place.namespace, name)))
        case TableOf() | ValueAt():
            pass  # its loader makes it, or nobody
    needed(lambda: [reading.get(user) for user in users])
    if (load := entry.load) is not None:
        loader = needed(
            lambda: reading.get(
                WorkloadSubject(OWN, "CronJob", sides.staging.namespace, load.cron_job)
            )
        )
        needed(lambda: container_of(reading, loader, load.container))
        if (why := not_a_loader(load.cron_job, load.variable, loader.loads)) is not None:
            raise CannotRefresh(why.reason, why.message)


def _refuse_immutable(config_map: ConfigMap) -> None:
    """Whoever generates it makes another one for another value."""
    if config_map.immutable:
        raise CannotRefresh(
            Reason.IMMUTABLE,
            f"ConfigMap {config_map.namespace}/{config_map.name} is immutable, so its value cannot "
            "be written; generate it without immutable: true and without a hash in its name, track "
            "what the workload gets from it, or set mode: Report.",
        )


def _load(
    component: str, load: Load | None, namespace: str, wanted: str, former: str | None
) -> Iterator[ExecutableStep]:
    if load is not None:
        yield RunLoader(
            id=f"load-{component}",
            components=(component,),
            namespace=namespace,
            cron_job=load.cron_job,
            container=load.container,
            variable=load.variable,
            value=wanted,
            timeout=seconds(load.timeout),
            former=former,
        )


def _stored(component: str, place: ValuePlace, wanted: str) -> Iterator[ExecutableStep]:
    if isinstance(place.reference, ConfigMapKey):
        yield SetConfigMapKey(
            id=f"configmap-{component}",
            components=(component,),
            namespace=place.namespace,
            name=place.reference.name,
            key=place.reference.key,
            value=wanted,
        )


def _fields(
    place: ValuePlace, users: tuple[WorkloadSubject, ...], wanted: str, form: Form | None
) -> Iterator[tuple[WorkloadSubject, FieldWrite]]:
    """What is written into workloads. A CronJob reads the value with its next Job: nothing to
    restart.
    """
    carrier = place.workload
    match place.reference:
        case VariableOf(container=container, variable=variable) if carrier is not None:
            yield carrier, SetVariable(container, variable, wanted)
            users = tuple(user for user in users if user != carrier)
        case ArgumentOf(container=container, flag=flag) if carrier is not None:
            yield carrier, SetArgument(container, flag, wanted, form)
            users = tuple(user for user in users if user != carrier)
        case AnnotationOf(key=key) if carrier is not None:
            yield carrier, SetAnnotation(key, wanted)
        case _:
            pass
    for user in users:
        if user.kind != "CronJob":
            yield user, Restart()
