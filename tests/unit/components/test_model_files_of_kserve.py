"""A model that KServe fetches before its server is started: what the pods fetched counts."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.component import Sides
from stagingmirror.drift.facts import Absent, Seen, Unseen, Why
from stagingmirror.drift.verdict import Drifted, InSync
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.kubernetes.subjects import Container, Storage, Workload
from stagingmirror.sources.kubernetes.write.field_patch import SetStorageUri
from support.kinds.builders import (
    NOW,
    PRODUCTION,
    STAGING,
    World,
    entry_of,
    environment,
    pod,
    sides,
    workload,
)
from support.objectstore.ranker import (
    ELEVEN,
    KIND,
    OURS,
    SIDES,
    TWELVE,
    keep,
    look,
    store,
    uri,
    verdict,
)

FIELD = ("spec", "predictor", "model", "storageUri")


def entry(**staging: Any) -> Any:
    loaded = {"kind": "InferenceService", "name": "ranker"}
    return entry_of(
        modelFiles={"production": {"loadedBy": [loaded]}, "staging": {"store": "models"} | staging}
    )


def service(
    namespace: str,
    *declared: str,
    fetched: tuple[str, ...] | None = None,
    keyed: bool = False,
    pods: int = 1,
    given: tuple[str, ...] | None = None,
    started: float = NOW - 100,
) -> Workload:
    """Its pods fetched what it declares, unless ``fetched`` says otherwise."""
    container = Container("server", {})
    if fetched != ():
        container = Container("initializer", {}, fetches=fetched or declared)
    made = workload(
        "ranker",
        namespace,
        "InferenceService",
        containers={"any": container},
        pods=(pod(container, name="any", started=started),) * pods,
    )
    field = FIELD if len(declared) == 1 and not keyed else ()
    storage = Storage(declared, keyed, field, declared if given is None else given)
    return replace(made, storage=storage)


def rankers(staging: Any = TWELVE, ours: Workload | None = None, **fields: Any) -> World:
    """Production fetches folder 12, staging its own 3."""
    world = World().add(
        service(PRODUCTION, uri("production", "12")), ours or service(STAGING, uri("staging", "3"))
    )
    keep(world, "production", "12", TWELVE)
    return keep(world, "staging", "3", staging, **fields)


def production(*declared: str, **how: Any) -> World:
    world = World().add(service(PRODUCTION, *declared, **how))
    return keep(world, "production", "12", TWELVE)


def why(world: World, role: str = "production") -> Why:
    found = look(world, role, entry())
    assert isinstance(found, Unseen), found
    return found.why


def plan(world: World, around: Sides = SIDES) -> tuple[Any, ...]:
    theirs, mine = (look(world, role, entry(), around) for role in ("production", "staging"))
    assert isinstance(theirs, Seen), theirs
    return KIND.plan(entry(), around, theirs, mine, world)


def test_equal_bytes_are_in_sync_and_others_are_drift() -> None:
    assert isinstance(verdict(rankers(), entry()), InSync)
    assert isinstance(verdict(rankers(ELEVEN), entry()), Drifted)


def test_files_that_were_overwritten_in_place_prove_nothing_and_are_a_finding() -> None:
    staging = look(rankers(written=NOW - 50), "staging", entry())

    assert isinstance(staging, Seen)
    assert staging.facts["contentHash"].declared
    assert any("restart it" in each for each in staging.findings)


@pytest.mark.parametrize(("end", "said"), [("", True), ("/", False)])
def test_what_kserve_fetches_beside_the_folder_is_said_where_it_may_fetch_it(
    end: str, said: bool
) -> None:
    found = look(production(uri("production", "12") + end), "production", entry())

    assert isinstance(found, Seen)
    assert found.facts["uri"].value == uri("production", "12")
    assert any("end with a slash" in each for each in found.findings) == said


def test_a_path_in_a_place_that_only_kserve_knows_is_what_the_pods_fetched() -> None:
    found = look(production(fetched=(uri("production", "12"),), keyed=True), "production", entry())

    assert isinstance(found, Seen)
    assert found.facts["uri"].value == uri("production", "12")


def test_scaled_to_zero_what_its_pods_would_fetch_is_declared() -> None:
    found = look(production(uri("production", "12"), pods=0), "production", entry())

    assert isinstance(found, Seen)
    assert found.facts["contentHash"].declared


def test_without_a_storage_uri_there_is_nothing_to_compare() -> None:
    found = look(World().add(service(PRODUCTION, fetched=())), "production", entry())

    assert isinstance(found, Absent)
    assert "storageUri" in found.what


@pytest.mark.parametrize(
    ("declared", "how", "reason"),
    [
        (("s3://production/models/ranker/12",) * 2, {}, "NotComparable"),
        (("s3://production/models/ranker/12",), {"keyed": True}, "NotComparable"),
        (("s3://production/models/ranker/12",), {"fetched": ()}, "NotComparable"),
        (("pvc://hush/ranker",), {"fetched": ()}, "ArtifactsNotReadable"),
        (("hf://hush/ranker",), {}, "ArtifactsNotReadable"),
        (("s3://production/models/ranker/12#hush",), {}, "ArtifactsNotReadable"),
        (("s3://production/models/ranker/12?hush",), {}, "ArtifactsNotReadable"),
        (("s3://production/models/ranker/$(hush)",), {}, "ArtifactsNotReadable"),
        (("s3a://production/models/ranker/12",), {}, "ArtifactsNotReadable"),
        (("s3://production/hush",), {}, "NotOffered"),
        (("s3://production/models/ranker/12",), {"given": ("s3://hush",)}, "RollingOut"),
        ((), {"keyed": True, "pods": 0}, "NothingRuns"),
    ],
)
def test_what_is_not_known_is_no_answer_and_what_is_not_offered_is_not_shown(
    declared: tuple[str, ...], how: Any, reason: str
) -> None:
    found = why(production(*declared, **how))

    assert found.reason == reason
    assert "hush" not in found.message


def test_pods_that_fetched_different_folders_prove_nothing() -> None:
    one, other = (service(PRODUCTION, uri("production", each)) for each in ("12", "11"))
    both = replace(one, pods=(*one.pods, *other.pods))

    assert why(World().add(both)).reason == "PodsDiffer"


def test_a_refresh_copies_and_writes_the_storage_uri() -> None:
    copy, patch = plan(rankers(ELEVEN))

    assert patch.fields == (SetStorageUri(f"{copy.to_uri}/"),)
    assert (patch.kind, patch.namespace, patch.name) == ("InferenceService", STAGING, "ranker")
    assert {each.place for each in patch.writes()} == KIND.writes(entry(), SIDES)


def test_a_store_that_kserve_does_not_understand_is_not_written_into_it() -> None:
    azure = {
        "name": "models",
        "url": "az://stagingacc/models",
        "readable": [OURS],
    }
    around = sides(
        SIDES.production.spec,
        environment("Staging", objectStores=[azure, store("staging") | {"name": "own"}]),
    )

    with pytest.raises(CannotRefresh) as raised:
        plan(rankers(ELEVEN), around)

    assert raised.value.reason == "ArtifactsNotReadable"


def test_what_no_single_field_names_is_not_written() -> None:
    ours = service(STAGING, fetched=(uri("staging", "3"),), keyed=True)

    with pytest.raises(CannotRefresh) as raised:
        plan(rankers(ELEVEN, ours))

    assert "storage.path" in raised.value.message
