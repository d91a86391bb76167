"""``setting``: any named value, e.g. a data snapshot, a tokenizer's revision, an endpoint.

A value is in a ConfigMap's key, a container's variable or an annotation. It is shown only where an
admin made it readable; everything else is sealed (HMAC) and only compared.
"""

from collections.abc import Mapping

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.setting import Setting
from stagingmirror.component import Entry, Role, Sides
from stagingmirror.components.setting.observe import VALUE, facts_of
from stagingmirror.components.setting.place import (
    not_readable,
    place_in,
    same_place,
    users_of,
    write_of,
)
from stagingmirror.components.setting.refresh import steps
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.drift.places import Place
from stagingmirror.reading.places import both_listed, same_thing
from stagingmirror.reading.reading import Reading, observed
from stagingmirror.view import View


class SettingKind:
    name = "setting"
    spec = Setting
    headline: tuple[str, ...] = (VALUE,)

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
        namespaces = [
            [
                place_in(entry.spec, side).namespace,
                *(u.namespace for u in users_of(entry.spec, side)),
            ]
            for side in (sides.production, sides.staging)
        ]
        if (problem := both_listed(entry.name, sides, *namespaces)) is not None:
            return problem
        shared = same_place(entry.spec, sides)
        return same_thing(entry.name, shared) if shared else None

    def refusal(self, entry: Entry[Setting], sides: Sides) -> Why | None:
        return not_readable(entry.spec, sides)

    def writes(self, entry: Entry[Setting], sides: Sides) -> frozenset[Place]:
        return frozenset({write_of(place_in(entry.spec, sides.staging))})

    def production_places(self, entry: Entry[Setting], sides: Sides) -> frozenset[Place]:
        return frozenset()

    def production_places_in(self, environment: str, raw: Mapping[str, object]) -> frozenset[Place]:
        return frozenset()
