"""The examples that the README and the demo apply."""

from pathlib import Path
from typing import Any

import yaml

from stagingmirror.api.spec.parse import parse_environment, parse_hold, parse_mirror
from stagingmirror.cli.read.reader_account import KEY, secret_name
from stagingmirror.component import Side, Sides
from stagingmirror.drift.places import Place
from stagingmirror.engine.ownership.track_entries import all_production, problem, refusal, written
from stagingmirror.sources.kubernetes.subjects import ConfigMapKey, WorkloadField
from stagingmirror.sources.mlflow.subjects import RegistryAlias
from support.kinds.builders import proving
from support.resources import resources

EXAMPLES = Path(__file__).parents[3] / "examples"


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((EXAMPLES / name).read_text()))


def sides() -> Sides:
    (values,) = documents("values.yaml")
    specs = {
        name: parse_environment(resources.environment(name, **{"comparable": {}, **spec}))
        for name, spec in values["environments"].items()
    }
    return Sides(
        Side("production", "production", specs["production"], "ml-prod"),
        Side("staging", "staging", specs["staging"], "ml-staging"),
        mirror="mirror",
    )


def test_the_mirror_has_no_problem_between_the_environments() -> None:
    (mirror,) = documents("mirror.yaml")

    found = [problem(each, sides(), proving(False)) for each in parse_mirror(mirror).track]

    assert found == [None, None, None]


def test_a_refresh_can_follow_every_entry_of_the_mirror() -> None:
    (mirror,) = documents("mirror.yaml")

    assert [refusal(each, sides()) for each in parse_mirror(mirror).track] == [None, None, None]


def test_the_mirror_writes_nothing_that_it_names_as_productions() -> None:
    spec = parse_mirror(documents("mirror.yaml")[0])

    writes = {write for track in spec.track for write in written(track, sides())}
    named = all_production(spec, sides())

    aliases = {write for write in writes if isinstance(write, RegistryAlias)}
    assert {each.environment for each in aliases} == {"staging"}
    assert {namespace_of(each) for each in writes - aliases} == {"ml-staging"}
    assert {name.environment for name in named if isinstance(name, RegistryAlias)} == {"production"}


def namespace_of(place: Place) -> str:
    assert isinstance(place, WorkloadField | ConfigMapKey)
    return place.namespace


def test_the_hold_names_the_mirror_and_one_of_its_components() -> None:
    (mirror,), (hold,) = documents("mirror.yaml"), documents("hold.yaml")

    spec = parse_hold(hold)

    assert spec.mirrors == (mirror["metadata"]["name"],)
    assert set(spec.components) <= {track.name for track in parse_mirror(mirror).track}


def test_another_cluster_adds_to_the_values_and_lists_no_namespace_of_productions_here() -> None:
    (values,), (more,) = documents("values.yaml"), documents("another-cluster.yaml")
    production = values["environments"]["production"] | more["environments"]["production"]

    spec = parse_environment(
        resources.environment("production", **{"comparable": {}, **production})
    )

    assert spec.kubeconfig == f"{secret_name('production')}/{KEY}"
    assert more["productionNamespaces"] == []
    assert more["environments"].keys() == {"production"}


def test_the_mirror_of_files_has_no_problem_where_both_environments_offer_their_folders() -> None:
    (mirror,), (values,) = documents("model-files.yaml"), documents("values.yaml")
    store = {"name": "models", "url": "s3://models", "readable": ["*"]}
    specs = {
        name: parse_environment(
            resources.environment(
                name,
                **{"comparable": {}, **spec, "readable": {"variables": ["MODEL_URI"]}},
                objectStores=[store],
            )
        )
        for name, spec in values["environments"].items()
    }
    both = Sides(
        Side("production", "production", specs["production"], "ml-prod"),
        Side("staging", "staging", specs["staging"], "ml-staging"),
        mirror["metadata"]["name"],
    )

    for entry in parse_mirror(mirror).track:
        assert problem(entry, both, proving(False)) is None
        assert refusal(entry, both) is None
