"""``serving``: how a workload serves, from what runs. Only compared."""

from collections.abc import Mapping

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.track.serving import Serving
from stagingmirror.component import Entry, Offering, Role, Sides
from stagingmirror.components.serving.names import place_of
from stagingmirror.components.serving.observe import REPLICAS, facts_of
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.drift.places import Place
from stagingmirror.reading.places import both_listed, same_workload
from stagingmirror.reading.reading import Reading, observed
from stagingmirror.reasons import Reason
from stagingmirror.view import View

_NEVER_WRITTEN = Why(
    Reason.NOT_SUPPORTED,
    "how a workload serves is compared, and nothing of it is ever written; set mode: Report.",
)


class ServingKind:
    name = "serving"
    spec = Serving
    headline: tuple[str, ...] = (REPLICAS,)
    occasional: tuple[str, ...] = ("node.",)

    def observe(
        self, entry: Entry[Serving], sides: Sides, role: Role, view: View, now: float
    ) -> Observation:
        return observed(lambda: facts_of(entry.spec, sides, role, Reading(view, now)))

    def plan(
        self,
        entry: Entry[Serving],
        sides: Sides,
        production: Seen,
        staging: Observation,
        view: View,
    ) -> tuple[ExecutableStep, ...]:
        return ()

    def problems(self, entry: Entry[Serving], sides: Sides, view: View) -> Why | None:
        production, staging = (
            place_of(entry.spec, side) for side in (sides.production, sides.staging)
        )
        return both_listed(
            entry.name, sides, [production.namespace], [staging.namespace]
        ) or same_workload(entry.name, [production], [staging])

    def refusal(self, entry: Entry[Serving], sides: Sides) -> Why | None:
        return _NEVER_WRITTEN

    def grants(self, entry: Entry[Serving], sides: Sides) -> frozenset[Grant]:
        return frozenset()

    def writes(self, entry: Entry[Serving], sides: Sides) -> frozenset[Place]:
        return frozenset()

    def production_places(self, entry: Entry[Serving], sides: Sides) -> frozenset[Place]:
        return frozenset()

    def production_places_in(
        self, environment: str, offers: Offering, raw: Mapping[str, object]
    ) -> frozenset[Place]:
        return frozenset()
