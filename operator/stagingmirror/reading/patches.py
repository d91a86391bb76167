"""From what must be written to the steps of one component, shared by the plans of all kinds."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.api.types.workload import READ_ONLY
from stagingmirror.drift.facts import Observation, Unseen
from stagingmirror.errors import CannotRefresh
from stagingmirror.reading.reading import Ended
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import WorkloadSubject
from stagingmirror.sources.kubernetes.write.field_patch import FieldWrite, in_order

T = TypeVar("T")


def patches(
    component: str, writes: Iterable[tuple[WorkloadSubject, FieldWrite]]
) -> tuple[PatchWorkload, ...]:
    """One patch per workload. Raises CannotRefresh where one is of a kind that is only compared."""
    fields: dict[WorkloadSubject, list[FieldWrite]] = {}
    for place, write in writes:
        if place.kind in READ_ONLY:
            raise CannotRefresh(
                Reason.READ_ONLY_KIND,
                f"{place} is only compared, as every {place.kind} is; change it by hand, or set "
                "mode: Report.",
            )
        fields.setdefault(place, []).append(write)
    return tuple(
        PatchWorkload(
            id=f"patch-{component}-{place.kind.lower()}-{place.name}",
            components=(component,),
            kind=place.kind,
            namespace=place.namespace,
            name=place.name,
            fields=in_order(each),
        )
        for place, each in fields.items()
    )


def refuse_unseen(staging: Observation) -> None:
    """Ignorance never triggers an act. Raises CannotRefresh where staging was not seen."""
    if isinstance(staging, Unseen):
        raise CannotRefresh(
            staging.why.reason, f"staging was not seen, so it is left alone: {staging.why.message}"
        )


def needed(read: Callable[[], T]) -> T:
    """Something that a refresh needs and does not make. Raises CannotRefresh where it is not there,
    or cannot be seen.
    """
    try:
        return read()
    except Ended as ended:
        if isinstance(ended.observation, Unseen):
            raise CannotRefresh(ended.why.reason, ended.why.message) from None
        raise CannotRefresh(
            Reason.NOT_THERE,
            f"{ended.observation.what} is not there, and a refresh does not make it; create it.",
        ) from None
