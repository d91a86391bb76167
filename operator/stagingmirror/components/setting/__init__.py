"""``setting``: any named value, e.g. a data snapshot, a tokenizer's revision, an endpoint.

A value is in a ConfigMap's key, a container's variable or argument, an annotation or the answer of
an endpoint, or is the version of a Delta table. It is shown only where both admins made it
readable; where one made it only comparable it is sealed (HMAC) and compared;
anything else is not read.
"""

from collections.abc import Mapping

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.track.setting import Setting
from stagingmirror.component import Entry, Offering, Role, Sides
from stagingmirror.components.setting.observe import VALUE, facts_of
from stagingmirror.components.setting.place import (
    named_in,
    namespaces_of,
    no_server,
    place_in,
    same_place,
    write_of,
)
from stagingmirror.components.setting.refresh import steps, unloaded
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.drift.places import Place
from stagingmirror.reading.offers import not_offered, not_readable, of_track, readable_grants
from stagingmirror.reading.places import both_listed, namespace_grants, same_thing
from stagingmirror.reading.reading import Reading, observed
from stagingmirror.view import View


class SettingKind:
    name = "setting"
    spec = Setting
    headline: tuple[str, ...] = (VALUE,)
    occasional: tuple[str, ...] = ("usedBy.",)

    def observe(
        self, entry: Entry[Setting], sides: Sides, role: Role, view: View, now: float
    ) -> Observation:
        return observed(lambda: facts_of(entry.spec, sides, role, Reading(view, now), now))

    def plan(
        self,
        entry: Entry[Setting],
        sides: Sides,
        production: Seen,
        staging: Observation,
        view: View,
    ) -> tuple[ExecutableStep, ...]:
        return steps(entry.name, entry.spec, sides, production, staging, view)

    def problems(self, entry: Entry[Setting], sides: Sides, view: View) -> Why | None:
        production, staging = (
            namespaces_of(entry.spec, side) for side in (sides.production, sides.staging)
        )
        if (problem := both_listed(entry.name, sides, production, staging)) is not None:
            return problem
        if (why := of_track(entry.name, no_server(entry.spec, sides))) is not None:
            return why
        if (shared := same_place(entry.spec, sides)) is not None:
            return same_thing(entry.name, shared)
        return of_track(entry.name, not_offered(named_in(entry.spec, sides)))

    def refusal(self, entry: Entry[Setting], sides: Sides) -> Why | None:
        return unloaded(entry.spec) or not_readable(named_in(entry.spec, sides))

    def grants(self, entry: Entry[Setting], sides: Sides) -> frozenset[Grant]:
        found = readable_grants(named_in(entry.spec, sides))
        for side in (sides.production, sides.staging):
            found |= namespace_grants(side, namespaces_of(entry.spec, side))
        return found

    def writes(self, entry: Entry[Setting], sides: Sides) -> frozenset[Place]:
        written = write_of(place_in(entry.spec, sides.staging))
        return frozenset() if written is None else frozenset({written})

    def production_places(self, entry: Entry[Setting], sides: Sides) -> frozenset[Place]:
        return frozenset()

    def production_places_in(
        self, environment: str, offers: Offering, raw: Mapping[str, object]
    ) -> frozenset[Place]:
        return frozenset()
