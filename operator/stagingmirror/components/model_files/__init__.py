"""``modelFiles``: a model that workloads load from an object store, without MLflow."""

from collections.abc import Mapping

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.track.model_files import FilesLoadedBy, ModelFiles
from stagingmirror.component import Entry, Offering, Role, Sides
from stagingmirror.components.model_files.loads import loaders_in
from stagingmirror.components.model_files.observe import CONTENT, URI, seen
from stagingmirror.components.model_files.refresh import refusal, steps
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.drift.places import Place
from stagingmirror.reading.places import both_listed, namespace_grants, same_workload, workload_of
from stagingmirror.reading.reading import Reading, observed
from stagingmirror.sources.kubernetes.subjects import WorkloadField
from stagingmirror.sources.kubernetes.write.field_patch import STORAGE_URI
from stagingmirror.view import View


class ModelFilesKind:
    name = "modelFiles"
    spec = ModelFiles
    headline: tuple[str, ...] = (CONTENT, URI)
    occasional: tuple[str, ...] = ("loadedBy.",)

    def observe(
        self, entry: Entry[ModelFiles], sides: Sides, role: Role, view: View, now: float
    ) -> Observation:
        side = sides.production if role == "production" else sides.staging
        return observed(lambda: seen(entry.spec, side, Reading(view, now)))

    def plan(
        self,
        entry: Entry[ModelFiles],
        sides: Sides,
        production: Seen,
        staging: Observation,
        view: View,
    ) -> tuple[ExecutableStep, ...]:
        return steps(entry, sides, production, staging, view)

    def problems(self, entry: Entry[ModelFiles], sides: Sides, view: View) -> Why | None:
        production, staging = (
            [workload_of(each, side) for each in loaders_in(entry.spec, side)]
            for side in (sides.production, sides.staging)
        )
        return both_listed(
            entry.name,
            sides,
            [place.namespace for place in production],
            [place.namespace for place in staging],
        ) or same_workload(entry.name, production, staging)

    def refusal(self, entry: Entry[ModelFiles], sides: Sides) -> Why | None:
        return refusal(entry, sides)

    def grants(self, entry: Entry[ModelFiles], sides: Sides) -> frozenset[Grant]:
        """The folders are named by the step: they are not known before."""
        found = frozenset[Grant]()
        for side in (sides.production, sides.staging):
            places = [workload_of(each, side) for each in loaders_in(entry.spec, side)]
            found |= namespace_grants(side, [place.namespace for place in places])
        return found

    def writes(self, entry: Entry[ModelFiles], sides: Sides) -> frozenset[Place]:
        if entry.spec.staging.store is None:
            return frozenset()
        return frozenset(
            WorkloadField(at.kind, at.namespace, at.name, _field(each))
            for each in loaders_in(entry.spec, sides.staging)
            for at in [workload_of(each, sides.staging)]
        )

    def production_places(self, entry: Entry[ModelFiles], sides: Sides) -> frozenset[Place]:
        """None: object stores of Production environments are protected as a whole."""
        return frozenset()

    def production_places_in(
        self, environment: str, offers: Offering, raw: Mapping[str, object]
    ) -> frozenset[Place]:
        return frozenset()


def _field(loader: FilesLoadedBy) -> str:
    if loader.variable is None:
        return STORAGE_URI
    return f"variable {loader.variable} of {loader.container}"
