"""Whether a value fits where a refresh would write it: what the API server or Linux would refuse is
left before anything is written.
"""

from collections.abc import Iterator
from typing import NamedTuple

from stagingmirror.actions.config_map import MOST_BYTES
from stagingmirror.actions.step import text_bytes
from stagingmirror.api.spec.track.setting import Setting
from stagingmirror.api.spec.track.setting_place import (
    AnnotationOf,
    ArgumentOf,
    ConfigMapKey,
    TableOf,
    ValueAt,
    VariableOf,
)
from stagingmirror.components.setting.place import ValuePlace
from stagingmirror.drift.expansion import MAX_TEXT
from stagingmirror.errors import CannotRefresh
from stagingmirror.reading.reading import Reading
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMapSubject, WorkloadSubject

# Bytes. Keys and values of all annotations of an object together (TotalAnnotationSizeLimitB).
ANNOTATIONS = 256 * 1024
# ``NAME=value`` of one variable, or ``--flag=value``, with the byte that ends it (Linux:
# MAX_ARG_STRLEN).
VARIABLE = MAX_TEXT


class _Room(NamedTuple):
    """What would be how large where the value is written, and what it may be."""

    what: str
    bytes: int
    most: int


def refuse_what_does_not_fit(
    reading: Reading, entry: Setting, place: ValuePlace, wanted: str
) -> None:
    """Raises CannotRefresh (TooLarge)."""
    for room in (*_loaded(entry, wanted), *_stored(reading, place, wanted)):
        if room.bytes > room.most:
            raise CannotRefresh(
                Reason.TOO_LARGE,
                f"{room.what} would have {room.bytes} bytes, and can have {room.most}; make the "
                "value shorter.",
            )


def _loaded(entry: Setting, wanted: str) -> Iterator[_Room]:
    if entry.load is not None:
        yield _variable(
            f"variable {entry.load.variable} of the loader", entry.load.variable, wanted
        )


def _stored(reading: Reading, place: ValuePlace, wanted: str) -> Iterator[_Room]:
    match place.reference:
        case ConfigMapKey(name=name, key=key):
            data = reading.get(ConfigMapSubject(OWN, place.namespace, name)).data
            total = sum(text_bytes(text) for other, text in data.items() if other != key)
            yield _Room(f"ConfigMap {name}", total + text_bytes(wanted), MOST_BYTES)
        case VariableOf(variable=variable):
            yield _variable(str(place), variable, wanted)
        case ArgumentOf(flag=flag):
            yield _variable(str(place), flag, wanted)
        case AnnotationOf(kind=kind, name=name, key=key):
            workload = reading.get(WorkloadSubject(OWN, kind, place.namespace, name))
            annotations = {**workload.annotations, key: wanted}
            total = sum(text_bytes(key) + text_bytes(text) for key, text in annotations.items())
            yield _Room(f"the annotations of {place.workload}", total, ANNOTATIONS)
        case TableOf() | ValueAt():
            return


def _variable(what: str, name: str, text: str) -> _Room:
    return _Room(what, text_bytes(name) + text_bytes(text) + 2, VARIABLE)
