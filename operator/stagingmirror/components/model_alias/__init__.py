"""``modelAlias``: a registered model's alias, and the version that the workloads really load."""

from collections.abc import Mapping

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.model_alias import ModelAlias
from stagingmirror.api.spec.parse import as_mapping
from stagingmirror.component import Entry, Role, Sides
from stagingmirror.components.model_alias.names import alias_in, loaders_in, workloads_in
from stagingmirror.components.model_alias.observe import VERSION, facts_of
from stagingmirror.components.model_alias.refresh import steps
from stagingmirror.components.model_alias.rules import registry_problem
from stagingmirror.components.model_alias.version_facts import CONTENT
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.drift.places import Place
from stagingmirror.reading.places import both_listed, same_workload, workload_of
from stagingmirror.reading.reading import Reading, observed
from stagingmirror.sources.kubernetes.subjects import WorkloadField
from stagingmirror.sources.mlflow.subjects import RegistryAlias
from stagingmirror.view import View


class ModelAliasKind:
    name = "modelAlias"
    spec = ModelAlias
    headline: tuple[str, ...] = (VERSION, CONTENT, "dataSnapshot", "runId", "signature")

    def observe(
        self, entry: Entry[ModelAlias], sides: Sides, role: Role, view: View, now: float
    ) -> Observation:
        side = sides.production if role == "production" else sides.staging
        return observed(lambda: facts_of(entry.spec, side, Reading(view, now)))

    def plan(
        self,
        entry: Entry[ModelAlias],
        sides: Sides,
        production: Seen,
        staging: Observation,
        view: View,
    ) -> tuple[ExecutableStep, ...]:
        return steps(entry.name, entry.spec, sides, production, staging, view)

    def problems(self, entry: Entry[ModelAlias], sides: Sides, view: View) -> Why | None:
        production, staging = (
            workloads_in(entry.spec, side) for side in (sides.production, sides.staging)
        )
        return (
            registry_problem(entry.name, entry.spec, sides, view)
            or both_listed(
                entry.name,
                sides,
                [place.namespace for place in production],
                [place.namespace for place in staging],
            )
            or same_workload(entry.name, production, staging)
        )

    def refusal(self, entry: Entry[ModelAlias], sides: Sides) -> Why | None:
        return None

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
        return frozenset({alias_in(entry.spec, sides.production)})

    def production_places_in(self, environment: str, raw: Mapping[str, object]) -> frozenset[Place]:
        production = as_mapping(raw.get("production"))
        model, alias = production.get("model"), production.get("alias")
        named = [RegistryAlias(environment, str(model), str(alias))] if model and alias else []
        return frozenset(named)
