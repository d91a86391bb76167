"""``featureParity``: whether both sides make the same vectors of the same input."""

from stagingmirror.api.spec.track.feature_parity import FeatureParity
from stagingmirror.component import Entry, OnlyCompared, Role, Sides
from stagingmirror.components.feature_parity.names import endpoint_in, not_offered, samples_of
from stagingmirror.components.feature_parity.observe import GROUPS, STRUCTURE, facts_of
from stagingmirror.drift.facts import Observation, Why
from stagingmirror.reading.offers import of_track
from stagingmirror.reading.places import not_listed
from stagingmirror.reading.reading import Reading, observed
from stagingmirror.reasons import Reason
from stagingmirror.view import View


class FeatureParityKind(OnlyCompared[FeatureParity]):
    name = "featureParity"
    spec = FeatureParity
    headline: tuple[str, ...] = (STRUCTURE,)
    occasional: tuple[str, ...] = GROUPS
    never_written = Why(
        Reason.NOT_SUPPORTED,
        "answers of endpoints are compared, and nothing of them can be refreshed; "
        "set mode: Report.",
    )

    def observe(
        self, entry: Entry[FeatureParity], sides: Sides, role: Role, view: View, now: float
    ) -> Observation:
        return observed(lambda: facts_of(entry.spec, sides, role, Reading(view, now)))

    def problems(self, entry: Entry[FeatureParity], sides: Sides, view: View) -> Why | None:
        if (why := of_track(entry.name, not_offered(entry.spec, sides))) is not None:
            return why
        for side in (sides.production, sides.staging):
            offered = samples_of(entry.spec, side)
            namespaces = [] if offered is None else [offered.config_map.namespace]
            endpoint = endpoint_in(entry.spec, side)
            if endpoint is not None and endpoint.served_by is not None:
                namespaces.append(endpoint.served_by.namespace)
            if (why := not_listed(entry.name, side, namespaces)) is not None:
                return why
        return None
