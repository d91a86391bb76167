"""``modelAlias``: a registered model's alias, and the version that the workloads really load."""

from stagingmirror.api.spec.mirror import ComponentKind, ModelAlias, Track
from stagingmirror.component import Role, Sides
from stagingmirror.components.model_alias.names import alias_in, loaders_in, workloads_in
from stagingmirror.components.model_alias.refresh import steps
from stagingmirror.components.model_alias.rules import registry_problem
from stagingmirror.components.model_alias.told import told
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.drift.places import Place, RegistryAlias, WorkloadField
from stagingmirror.drift.steps import Step
from stagingmirror.reading.places import both_listed, place_of, same_workload
from stagingmirror.reading.reading import Reading, observed
from stagingmirror.view import View


class ModelAliasKind:
    name: ComponentKind = "modelAlias"

    def observe(
        self, track: Track, sides: Sides, role: Role, view: View, now: float
    ) -> Observation:
        side = sides.production if role == "production" else sides.staging
        return observed(lambda: told(_entry(track), side, Reading(view, now)))

    def plan(
        self, track: Track, sides: Sides, production: Seen, staging: Observation, view: View
    ) -> tuple[Step, ...]:
        return steps(track.name, _entry(track), sides, production, staging, view)

    def problems(self, track: Track, sides: Sides, *, same_registry: bool | None) -> Why | None:
        entry = _entry(track)
        production, staging = (
            workloads_in(entry, side) for side in (sides.production, sides.staging)
        )
        return (
            registry_problem(track.name, entry, sides, same_registry=same_registry)
            or both_listed(
                track,
                sides,
                [place.namespace for place in production],
                [place.namespace for place in staging],
            )
            or same_workload(track, production, staging)
        )

    def refusal(self, track: Track, sides: Sides) -> Why | None:
        return None

    def writes(self, track: Track, sides: Sides) -> frozenset[Place]:
        entry, side = _entry(track), sides.staging
        variables = {
            WorkloadField(*place_of(each, side), f"variable {each.variable} of {each.container}")
            for each in loaders_in(entry, side)
            if not each.restart
        }
        return frozenset({alias_in(entry, side), *variables})

    def names(self, track: Track, sides: Sides) -> frozenset[RegistryAlias]:
        return frozenset({alias_in(_entry(track), sides.production)})


def _entry(track: Track) -> ModelAlias:
    assert track.model_alias is not None, "the catalogue is asked by the entry's kind"
    return track.model_alias
