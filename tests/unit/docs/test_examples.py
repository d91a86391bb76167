"""The examples that the README and the demo apply."""

from pathlib import Path
from typing import Any

import pytest
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


def test_the_mirror_with_parity_is_that_mirror_and_one_entry_whose_endpoints_are_offered() -> None:
    (mirror,), (more,) = documents("mirror.yaml"), documents("feature-parity.yaml")
    *first, last = more["spec"].pop("track")

    assert first == mirror["spec"].pop("track")
    assert more == mirror
    (parity,) = parse_mirror(mirror | {"spec": mirror["spec"] | {"track": [last]}}).track
    assert parity.kind == "featureParity"
    assert problem(parity, sides(), proving(False)) is None


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


def with_stores() -> tuple[dict[str, Any], Sides]:
    """The values of both files, as Helm puts them together."""
    (values,), (more,) = documents("values.yaml"), documents("values-stores.yaml")
    specs = {}
    for name, spec in values["environments"].items():
        given = {"comparable": {}, **spec, **more["environments"][name]}
        specs[name] = parse_environment(resources.environment(name, **given))
    both = Sides(
        Side("production", "production", specs["production"], "ml-prod"),
        Side("staging", "staging", specs["staging"], "ml-staging"),
        mirror="ranker",
    )
    return more, both


@pytest.mark.parametrize("name", ["model-files.yaml", "index-snapshot.yaml"])
def test_a_refresh_can_follow_mirrors_of_stores_with_the_values_for_these(name: str) -> None:
    (mirror,), (_, both) = documents(name), with_stores()

    for entry in parse_mirror(mirror).track:
        assert problem(entry, both, proving(False)) is None
        assert refusal(entry, both) is None


def test_the_masking_job_is_the_one_that_the_values_name() -> None:
    more, both = with_stores()
    namespace, account, job = documents("masking-job.yaml")
    (store,) = both.staging.spec.index_stores
    assert store.masking_job is not None
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]

    assert (namespace["metadata"]["name"],) == tuple(more["maskingNamespaces"])
    assert store.masking_job.namespace == namespace["metadata"]["name"]
    assert store.masking_job.cron_job == job["metadata"]["name"]
    assert [each["name"] for each in pod["containers"]] == [store.masking_job.container]
    assert pod["serviceAccountName"] == account["metadata"]["name"]
    assert job["spec"]["suspend"]


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
