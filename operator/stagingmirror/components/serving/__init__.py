"""``serving``: how a workload serves, from what runs. Only compared."""

from stagingmirror.api.spec.track.serving import Serving
from stagingmirror.component import Entry, OnlyCompared, Role, Sides
from stagingmirror.components.serving.names import place_of
from stagingmirror.components.serving.observe import REPLICAS, facts_of
from stagingmirror.drift.facts import Observation, Why
from stagingmirror.reading.places import both_listed, same_workload
from stagingmirror.reading.reading import Reading, observed
from stagingmirror.reasons import Reason
from stagingmirror.view import View


class ServingKind(OnlyCompared[Serving]):
    name = "serving"
    spec = Serving
    headline: tuple[str, ...] = (REPLICAS,)
    occasional: tuple[str, ...] = ("node.",)
    never_written = Why(
        Reason.NOT_SUPPORTED,
        "how a workload serves is compared, and nothing of it is ever written; set mode: Report.",
    )

    def observe(
        self, entry: Entry[Serving], sides: Sides, role: Role, view: View, now: float
    ) -> Observation:
        return observed(lambda: facts_of(entry.spec, sides, role, Reading(view, now)))

    def problems(self, entry: Entry[Serving], sides: Sides, view: View) -> Why | None:
        production, staging = (
            place_of(entry.spec, side) for side in (sides.production, sides.staging)
        )
        return both_listed(
            entry.name, sides, [production.namespace], [staging.namespace]
        ) or same_workload(entry.name, [production], [staging])
