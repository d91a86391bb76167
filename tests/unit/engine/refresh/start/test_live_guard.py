"""What a refresh rests on is read live before each write: what an admin withdraws stops it."""

from typing import Any

import pytest

from stagingmirror.actions.copies.copy_model import CopyModel
from stagingmirror.api.spec.grants import Grant
from stagingmirror.engine.ownership.track_entries import granted
from stagingmirror.engine.refresh.start.live_guard import Live, fetch, must_stop
from stagingmirror.engine.refresh.start.new_record import rests_on
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.errors import NotAnswered
from stagingmirror.sources.kubernetes.write.writer import Writer
from support.kinds.builders import STAGING, environment, sides, track
from support.kinds.cases import context
from support.kinds.snapshots import LOADER, VARIABLE
from support.kubernetes.api_server import Answer, an_api_server
from support.resources import resources

KEY = MirrorKey(STAGING, "fraud")
SHARED = {"sharesRegistryWith": "production"}
TRACKS = {
    "key": track(setting={"production": {"configMap": {"name": "training-data", "key": "k"}}}),
    "variable": track(
        setting={"production": {"variable": VARIABLE}, "load": LOADER}, mode="Refresh"
    ),
    "model": track(
        modelAlias={
            "production": {
                "model": "fraud-detector",
                "alias": "champion",
                "loadedBy": [
                    {
                        "kind": "Deployment",
                        "name": "server",
                        "container": "app",
                        "variable": "MODEL_VERSION",
                    }
                ],
            },
            "dataSnapshotTag": "snapshot",
        }
    ),
    "image": track(
        pipelineImage={"production": {"kind": "Deployment", "name": "f", "container": "app"}}
    ),
}


def body(role: str, spec: dict[str, Any]) -> dict[str, Any]:
    given = environment(role).model_dump(mode="json", by_alias=True, exclude_unset=True)
    return resources.resource("MirrorEnvironment", role.lower(), {**given, **spec})


def stops(
    name: str, production: dict[str, Any] | None = None, staging: dict[str, Any] | None = None
) -> str | None:
    """Why a refresh of this entry stops where its environments are now so."""
    around = sides(environment(), environment("Staging", **SHARED))
    mirror = resources.mirror(refresh={"schedule": "@daily"})
    mirror["metadata"] |= {"uid": "uid-1"}
    live = Live(
        mirror,
        body("Production", production or {}),
        body("Staging", {**SHARED, **(staging or {})}),
        (),
        protected_by=None,
    )
    rests_on = tuple(sorted(granted(TRACKS[name], around), key=repr))
    why = must_stop(live, KEY, "uid-1", frozenset(), rests_on)
    assert why is None or why.reason == "EnvironmentRevoked"
    return None if why is None else why.message


READABLE = environment().readable.model_dump(mode="json", by_alias=True)


def without(which: str, *left: str) -> dict[str, Any]:
    return {"readable": {**READABLE, which: list(left)}}


@pytest.mark.parametrize("name", TRACKS)
def test_a_refresh_goes_on_where_everything_is_granted(name: str) -> None:
    assert stops(name) is None


@pytest.mark.parametrize("side", ["production", "staging"])
@pytest.mark.parametrize(
    ("name", "now", "said"),
    [
        ("key", without("configMaps"), "training-data in readable.configMaps any more"),
        ("variable", without("variables", "OTHER"), "EMBEDDING_URL in readable.variables any more"),
        ("model", without("models", "other-*"), "fraud-detector in readable.models any more"),
        ("model", without("tags"), "in readable.tags any more"),
        ("model", without("variables"), "MODEL_VERSION in readable.variables any more"),
        ("model", without("parameters", "max_*"), "* in readable.parameters any more"),
        (
            "model",
            {"mlflow": {"url": "http://elsewhere:5000"}},
            "the same registry of MLflow any more",
        ),
        ("model", {"mlflow": None}, "the same registry of MLflow any more"),
        ("model", {"namespaces": ["other"]}, "in namespaces any more"),
    ],
)
def test_a_refresh_stops_where_something_was_withdrawn(
    side: str, name: str, now: dict[str, Any], said: str
) -> None:
    message = stops(name, **{side: now})

    assert message is not None
    assert message.startswith(f"environment {side} does not ")
    assert said in message


@pytest.mark.parametrize(
    ("name", "production", "said"),
    [
        ("image", {"namespaces": []}, "does not list namespace ml-prod in namespaces any more"),
        ("key", {"usableFrom": ["ml-*"]}, "cannot be read"),
        ("key", {"role": "Staging"}, "has role Staging now"),
    ],
)
def test_a_refresh_stops_where_its_environment_is_another(
    name: str, production: dict[str, Any], said: str
) -> None:
    assert said in str(stops(name, production))


def test_a_refresh_of_one_registry_stops_where_it_is_not_declared_any_more() -> None:
    assert "sharesRegistryWith: production" in str(
        stops("model", staging={"sharesRegistryWith": None})
    )


@pytest.mark.parametrize(("role", "side"), [("Production", "production"), ("Staging", "staging")])
def test_a_refresh_stops_where_another_workspace_of_its_registry_is_named(
    role: str, side: str
) -> None:
    mlflow = environment(role).mlflow
    assert mlflow is not None
    other = {"mlflow": {"url": mlflow.url, "workspace": "team-b"}}

    assert "the same registry of MLflow any more" in str(stops("model", **{side: other}))
    assert stops("model", **{side: {"mlflow": {"url": f"{mlflow.url}/"}}}) is None


def test_a_refresh_rests_on_the_model_that_production_loads_whatever_its_entry_names() -> None:
    copy = CopyModel("c", ("features",), "p", "fraud-v2", "1", "s", "fraud", "t", 1, 1, (), ())

    found = rests_on(context(steps=(copy,)))

    assert Grant("production", "models", "fraud-v2") in found
    assert Grant("staging", "models", "fraud") in found


def test_a_refresh_stops_where_production_is_another_cluster_now() -> None:
    cluster = {"kubeconfigSecretRef": {"name": "production", "key": "kubeconfig"}}
    here, there = Grant("production", "cluster", ""), Grant("production", "cluster", "production/k")

    assert here in rests_on(context())
    assert here.is_given_by(environment())
    assert not here.is_given_by(environment(cluster=cluster))
    assert not there.is_given_by(environment(cluster=cluster))
    assert "does not name the same cluster any more" in there.missing_in("production")


async def fetched(*, is_elsewhere: bool | None) -> Live:
    """Where production's environment lists staging's namespace, in another cluster or not."""
    cluster = {"kubeconfigSecretRef": {"name": "production", "key": "kubeconfig"}}
    bodies = [body("Production", {"namespaces": [STAGING], "cluster": cluster})]

    def respond(method: str, path: str, _: Any) -> Answer:
        if path.endswith("/fraud"):
            return 200, resources.mirror()
        items = bodies if path.endswith("environments") else []
        return 200, {"kind": "List", "metadata": {}, "items": items}

    async with an_api_server(respond) as client:
        writer = Writer(
            client,
            productions=frozenset,
            unproven=frozenset,
            is_elsewhere=lambda name, given: is_elsewhere if given == cluster else None,
            leading=lambda: True,
        )
        return await fetch(
            writer,
            KEY,
            production="production",
            staging="staging",
            components=frozenset(),
            now=0.0,
        )


async def test_where_productions_namespaces_are_is_read_live() -> None:
    assert (await fetched(is_elsewhere=True)).protected_by is None
    assert (await fetched(is_elsewhere=False)).protected_by == "production"
    with pytest.raises(NotAnswered, match="not proven to be another one"):
        await fetched(is_elsewhere=None)


def test_what_others_need_may_be_withdrawn() -> None:
    assert stops("key", without("variables")) is None
    assert stops("variable", without("models")) is None
