"""What a value is in its place, and whether it is what runs."""

from dataclasses import dataclass

from stagingmirror.api.spec.track.setting_place import (
    AnnotationOf,
    ArgumentOf,
    ConfigMapKey,
    TableOf,
    ValueAt,
    VariableOf,
)
from stagingmirror.components.setting.place import ValuePlace
from stagingmirror.drift.command.flags import Form
from stagingmirror.drift.expansion import MAX_TEXT
from stagingmirror.drift.facts import Why
from stagingmirror.reading.arguments import argument_of
from stagingmirror.reading.reading import Reading
from stagingmirror.reading.running import called, started, variable_of
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.subjects import Answered
from stagingmirror.sources.kubernetes.subjects import (
    ConfigMapSubject,
    Variable,
    Workload,
    WorkloadSubject,
)

# Characters of a value that is compared.
MAX_VALUE = 512 * 1024

_ELSEWHERE = {
    "reference": "another variable, by $(NAME), that is not known here; write the value out.",
    "configMapKeyRef": "a ConfigMap's key; track that key with configMap, and the workload in "
    "usedBy.",
    "fieldRef": "the pod itself (fieldRef), so it is no property of staging or production.",
}


@dataclass(frozen=True, slots=True)
class Value:
    """``declared``: written down, but not proven to be what runs. ``stale``: the workloads that
    were started before it was last written, so that they may run a former value. (Kubernetes
    reports the latest possible time: that of the writer's newest write of any key.) ``made_from``:
    the variables whose values are in this one. ``written``: when a table's version was (POSIX s).
    ``form``: how an argument stands among the others.
    """

    text: str
    declared: bool
    stale: tuple[WorkloadSubject, ...] = ()
    made_from: frozenset[str] = frozenset()
    written: float | None = None
    form: Form | None = None


def value_in(reading: Reading, place: ValuePlace, users: tuple[WorkloadSubject, ...]) -> Value:
    """Raises Ended (Absent; Unseen where the value comes from a Secret or cannot be compared)."""
    match place.reference:
        case ConfigMapKey(name=name, key=key):
            return _of_config_map(reading, place, name, key, users)
        case VariableOf(template=kind, name=name, container=container, variable=variable):
            workload = reading.get(WorkloadSubject(place.cluster, kind, place.namespace, name))
            ran = variable_of(reading, workload, container, variable)
            return Value(
                _text_of(reading, ran.variable, place),
                ran.declared,
                made_from=ran.variable.made_from,
            )
        case AnnotationOf(kind=kind, name=name, key=key):
            text = reading.get(
                WorkloadSubject(place.cluster, kind, place.namespace, name)
            ).annotations.get(key)
            if text is None:
                raise reading.absent(str(place))
            return Value(text, declared=True)
        case ArgumentOf(template=kind, name=name, container=container, flag=flag):
            workload = reading.get(WorkloadSubject(place.cluster, kind, place.namespace, name))
            given = argument_of(reading, workload, container, flag)
            return Value(given.text, given.declared, made_from=given.made_from, form=given.form)
        case TableOf():
            assert place.table is not None, "it is a table"
            found = reading.get(place.table)
            return Value(str(found.version), declared=False, written=found.written)
        case ValueAt(pointer=pointer):
            assert place.answer is not None, "it is of an endpoint"
            return Value(
                _answered(reading, place, reading.get(place.answer), pointer), declared=False
            )


def _answered(reading: Reading, place: ValuePlace, answer: Answered, pointer: str) -> str:
    found = answer.values[pointer]
    if found is None:
        raise reading.absent(str(place))
    if isinstance(found, Why):
        raise reading.unseen(found.reason, f"{place} {found.message}")
    return found


def _of_config_map(
    reading: Reading, place: ValuePlace, name: str, key: str, users: tuple[WorkloadSubject, ...]
) -> Value:
    config_map = reading.get(ConfigMapSubject(place.cluster, place.namespace, name))
    text = config_map.data.get(key)
    if text is None and key in config_map.binary:
        raise reading.unseen(
            Reason.NOT_COMPARABLE,
            f"{place} is in binaryData, which is not read; keep what is to be compared in data.",
        )
    if text is None:
        raise reading.absent(str(place))
    if len(text) > MAX_VALUE:
        raise reading.unseen(
            Reason.TOO_LARGE,
            f"{place} has more than the {MAX_VALUE} characters that are compared; track a shorter "
            "one, e.g. a key that names the version of this one.",
        )
    changed = config_map.changed.get(key)
    strangers = [user for user in users if not _gets(reading, reading.get(user), name)]
    since = {
        user: started(
            reading,
            reading.get(user),
            earliest=changed,
            latest=changed,
            skew=0.0,
            by_api_server=True,
        )
        for user in users
    }
    return Value(
        text,
        declared=not since or bool(strangers) or any(when != "after" for when in since.values()),
        stale=tuple(user for user, when in since.items() if when == "before"),
    )


def _gets(reading: Reading, workload: Workload, config_map: str) -> bool:
    """Whether a workload's template refers to the ConfigMap: whoever deploys may have made one of
    another name by now, and left this one.
    """
    if workload.config_maps is None or config_map in workload.config_maps:
        return True
    reading.finding(
        f"{called(workload)} does not refer to ConfigMap {config_map}, so nothing shows that it "
        "reads it."
    )
    return False


def _text_of(reading: Reading, variable: Variable, place: ValuePlace) -> str:
    if variable.source == "value" and variable.value is not None:
        return variable.value
    if variable.source == "secretKeyRef":
        raise reading.unseen(
            Reason.FROM_SECRET,
            f"{place} comes from a Secret, and Secrets are never read; remove it from track.",
        )
    if variable.source == "tooLong":
        raise reading.unseen(
            Reason.TOO_LARGE,
            f"{place} is longer than any variable can be ({MAX_TEXT} characters); keep long values "
            "in a ConfigMap, and track its key.",
        )
    origin = _ELSEWHERE.get(variable.source, "somewhere that is not read.")
    raise reading.unseen(Reason.NOT_COMPARABLE, f"{place} comes from {origin}")
