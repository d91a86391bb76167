"""``modelAlias``: a registered model's alias, and the version that the workloads really load."""

from collections.abc import Mapping

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.parse import as_mapping
from stagingmirror.api.spec.track.model_alias import ModelAlias
from stagingmirror.component import Entry, Offering, Role, Sides
from stagingmirror.components.model_alias.names import alias_in, loaders_in, workloads_in
from stagingmirror.components.model_alias.observe import VERSION, facts_of
from stagingmirror.components.model_alias.offers import Offered
from stagingmirror.components.model_alias.refresh import steps
from stagingmirror.components.model_alias.rules import registry_grants, registry_problem
from stagingmirror.components.model_alias.version_facts import CONTENT
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.drift.places import Place
from stagingmirror.reading.offers import not_offered, not_readable, of_track
from stagingmirror.reading.places import both_listed, namespace_grants, same_workload, workload_of
from stagingmirror.reading.reading import Reading, observed
from stagingmirror.sources.kubernetes.subjects import WorkloadField
from stagingmirror.sources.mlflow.subjects import RegistryAlias
from stagingmirror.view import View


class ModelAliasKind:
    name = "modelAlias"
    spec = ModelAlias
    headline: tuple[str, ...] = (VERSION, CONTENT, "dataSnapshot", "runId", "signature")
    occasional: tuple[str, ...] = (
        "loadedBy.",
        "aliasNames",
        "dataSnapshot",
        "signature",
        "requirements",
    )

    def observe(
        self, entry: Entry[ModelAlias], sides: Sides, role: Role, view: View, now: float
    ) -> Observation:
        offered = Offered(entry.spec, sides)
        return observed(lambda: facts_of(offered, role, Reading(view, now)))

    def plan(
        self,
        entry: Entry[ModelAlias],
        sides: Sides,
        production: Seen,
        staging: Observation,
        view: View,
    ) -> tuple[ExecutableStep, ...]:
        return steps(entry.name, Offered(entry.spec, sides), production, staging, view)

    def problems(self, entry: Entry[ModelAlias], sides: Sides, view: View) -> Why | None:
        production, staging = (
            workloads_in(entry.spec, side) for side in (sides.production, sides.staging)
        )
        return (
            registry_problem(entry.name, entry.spec, sides, view)
            or of_track(entry.name, not_offered(Offered(entry.spec, sides).named()))
            or both_listed(
                entry.name,
                sides,
                [place.namespace for place in production],
                [place.namespace for place in staging],
            )
            or same_workload(entry.name, production, staging)
        )

    def refusal(self, entry: Entry[ModelAlias], sides: Sides) -> Why | None:
        return not_readable(Offered(entry.spec, sides).named())

    def grants(self, entry: Entry[ModelAlias], sides: Sides) -> frozenset[Grant]:
        found = Offered(entry.spec, sides).grants() | registry_grants(sides)
        for side in (sides.production, sides.staging):
            places = workloads_in(entry.spec, side)
            found |= namespace_grants(side, [place.namespace for place in places])
        return found

    def writes(self, entry: Entry[ModelAlias], sides: Sides) -> frozenset[Place]:
        side = sides.staging
        variables = {
            WorkloadField(
                at.kind, at.namespace, at.name, f"variable {each.variable} of {each.container}"
            )
            for each in loaders_in(entry.spec, side)
            for at in [workload_of(each, side)]
            if not each.restart
        }
        return frozenset({alias_in(entry.spec, side), *variables})

    def production_places(self, entry: Entry[ModelAlias], sides: Sides) -> frozenset[Place]:
        alias = alias_in(entry.spec, sides.production)
        return frozenset({alias} if sides.production.spec.offers("models", alias.model) else ())

    def production_places_in(
        self, environment: str, offers: Offering, raw: Mapping[str, object]
    ) -> frozenset[Place]:
        production = as_mapping(raw.get("production"))
        model, alias = production.get("model"), production.get("alias")
        if not model or not alias or not offers("models", str(model)):
            return frozenset()
        return frozenset({RegistryAlias(environment, str(model), str(alias))})
