"""``setting``: any named value, e.g. a data snapshot, a tokenizer's revision, an endpoint.

A value is in a ConfigMap's key, a container's variable or an annotation. It is shown only where an
admin made it readable; everything else is sealed (HMAC) and only compared.
"""

from stagingmirror.api.spec.mirror import ComponentKind, Setting, Track
from stagingmirror.component import Role, Sides
from stagingmirror.components.setting.place import (
    place_in,
    readable_in,
    same_place,
    users_of,
    why_not_readable,
    write_of,
)
from stagingmirror.components.setting.refresh import steps
from stagingmirror.components.setting.told import told
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.drift.places import Place, RegistryAlias
from stagingmirror.drift.steps import Step
from stagingmirror.reading.places import both_listed, same_thing
from stagingmirror.reading.reading import Reading, observed
from stagingmirror.view import View


class SettingKind:
    name: ComponentKind = "setting"

    def observe(
        self, track: Track, sides: Sides, role: Role, view: View, now: float
    ) -> Observation:
        return observed(lambda: told(_entry(track), sides, role, Reading(view, now), now))

    def plan(
        self, track: Track, sides: Sides, production: Seen, staging: Observation, view: View
    ) -> tuple[Step, ...]:
        return steps(track.name, _entry(track), sides, production, staging, view)

    def problems(self, track: Track, sides: Sides, *, same_registry: bool | None) -> Why | None:
        entry = _entry(track)
        namespaces = [
            [place_in(entry, side).namespace, *(user.namespace for user in users_of(entry, side))]
            for side in (sides.production, sides.staging)
        ]
        if (problem := both_listed(track, sides, *namespaces)) is not None:
            return problem
        shared = same_place(entry, sides)
        return same_thing(track, shared) if shared else None

    def refusal(self, track: Track, sides: Sides) -> Why | None:
        """What is not readable is compared by its HMAC, and there is nothing to write."""
        for side in (sides.production, sides.staging):
            place = place_in(_entry(track), side)
            if not readable_in(place, side):
                return Why("NotReadable", why_not_readable(place, side))
        return None

    def writes(self, track: Track, sides: Sides) -> frozenset[Place]:
        return frozenset({write_of(place_in(_entry(track), sides.staging))})

    def names(self, track: Track, sides: Sides) -> frozenset[RegistryAlias]:
        return frozenset()


def _entry(track: Track) -> Setting:
    assert track.setting is not None, "the catalogue is asked by the entry's kind"
    return track.setting
