"""``indexSnapshot``: the index that search is served from."""

from collections.abc import Mapping

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.grants import Grant
from stagingmirror.api.spec.parse import as_mapping
from stagingmirror.api.spec.track.index_snapshot import IndexSnapshot
from stagingmirror.component import Entry, Offering, Role, Sides
from stagingmirror.components.index_snapshot.names import alias_in, grants_of, not_offered
from stagingmirror.components.index_snapshot.observe import INDEX, SNAPSHOT, facts_of
from stagingmirror.components.index_snapshot.refresh import refusal, steps
from stagingmirror.components.index_snapshot.users import users_in
from stagingmirror.drift.facts import Observation, Seen, Why
from stagingmirror.drift.places import Place
from stagingmirror.reading.offers import of_track
from stagingmirror.reading.places import namespace_grants, not_listed, same_thing
from stagingmirror.reading.reading import Reading, observed
from stagingmirror.sources.index.subjects import IndexAlias
from stagingmirror.view import View


class IndexSnapshotKind:
    name = "indexSnapshot"
    spec = IndexSnapshot
    headline: tuple[str, ...] = (SNAPSHOT, INDEX)
    occasional: tuple[str, ...] = ("usedBy.", "vectors.", "settings.")

    def observe(
        self, entry: Entry[IndexSnapshot], sides: Sides, role: Role, view: View, now: float
    ) -> Observation:
        return observed(lambda: facts_of(entry.spec, sides, role, Reading(view, now)))

    def plan(
        self,
        entry: Entry[IndexSnapshot],
        sides: Sides,
        production: Seen,
        staging: Observation,
        view: View,
    ) -> tuple[ExecutableStep, ...]:
        return steps(entry, sides, production, staging, view)

    def problems(self, entry: Entry[IndexSnapshot], sides: Sides, view: View) -> Why | None:
        if (why := of_track(entry.name, not_offered(entry.spec, sides))) is not None:
            return why
        production, staging = (
            alias_in(entry.spec, side) for side in (sides.production, sides.staging)
        )
        if production.alias == staging.alias and view.same_place(production, staging):
            return same_thing(entry.name, str(production))
        users = users_in(entry.spec, sides.staging)
        return not_listed(entry.name, sides.staging, [user.namespace for user in users])

    def refusal(self, entry: Entry[IndexSnapshot], sides: Sides) -> Why | None:
        return refusal(entry, sides)

    def grants(self, entry: Entry[IndexSnapshot], sides: Sides) -> frozenset[Grant]:
        users = users_in(entry.spec, sides.staging)
        return grants_of(entry.spec, sides) | namespace_grants(
            sides.staging, [user.namespace for user in users]
        )

    def writes(self, entry: Entry[IndexSnapshot], sides: Sides) -> frozenset[Place]:
        if entry.spec.compare == "Content":
            return frozenset()
        return frozenset({alias_in(entry.spec, sides.staging)})

    def production_places(self, entry: Entry[IndexSnapshot], sides: Sides) -> frozenset[Place]:
        alias = alias_in(entry.spec, sides.production)
        is_offered = sides.production.spec.offers("index_aliases", f"{alias.store}/{alias.alias}")
        return frozenset({alias} if is_offered else ())

    def production_places_in(
        self, environment: str, offers: Offering, raw: Mapping[str, object]
    ) -> frozenset[Place]:
        production = as_mapping(raw.get("production"))
        store, alias = production.get("store"), production.get("alias")
        if not store or not alias or not offers("index_aliases", f"{store}/{alias}"):
            return frozenset()
        return frozenset({IndexAlias(environment, str(store), str(alias))})
