"""The fleet: the newest body wins, whatever the order, and the deleted stay deleted."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.engine.environments.resolve import read_environments
from stagingmirror.engine.resources.cache import Changed, Fleet, Named, Plural
from stagingmirror.engine.resources.mirror import MirrorKey, concerned, find

MIRRORS: Plural = "stagingmirrors"


def body(name: str = "fraud", version: int = 1, **more: Any) -> dict[str, Any]:
    metadata = {
        "name": name,
        "namespace": "ml-staging",
        "uid": f"uid-{name}",
        "resourceVersion": str(version),
        "generation": 1,
        "managedFields": [{"manager": "kubectl"}],
    } | more.pop("metadata", {})
    return {"metadata": metadata, "spec": {}, **more}


def mirror(name: str, production: str = "production", staging: str = "staging") -> dict[str, Any]:
    spec = {"production": {"environment": production}, "staging": {"environment": staging}}
    return body(name, spec=spec)


def environment(name: str, version: int = 1, **spec: Any) -> dict[str, Any]:
    made = body(name, version, spec={"role": "Production", **spec})
    del made["metadata"]["namespace"]
    return made


def test_an_older_body_changes_nothing() -> None:
    fleet = Fleet()
    fleet.put(MIRRORS, body(version=10))

    assert fleet.put(MIRRORS, body(version=9)) is None
    assert fleet.put(MIRRORS, body(version=10)) is None


def test_a_list_from_before_a_deletion_does_not_bring_the_deleted_back() -> None:
    fleet = Fleet()
    fleet.put(MIRRORS, body(version=3))
    fleet.remove(MIRRORS, body(version=8))

    fleet.replace(MIRRORS, [body(version=3)], version=5, began=0)

    assert fleet.count(MIRRORS) == 0


def test_what_a_list_lacks_is_gone_unless_it_came_after_the_list() -> None:
    fleet = Fleet()
    fleet.put(MIRRORS, body("vanished", 3))
    fleet.put(MIRRORS, body("new", 9))

    changes = fleet.replace(MIRRORS, [], version=5, began=0)

    assert [(change.key.name, change.after) for change in changes] == [("vanished", None)]
    assert fleet.get(MIRRORS, "new", "ml-staging") is not None


def test_one_that_is_made_again_under_the_same_name_is_taken_in() -> None:
    fleet = Fleet()
    fleet.put(MIRRORS, body(version=3))
    fleet.remove(MIRRORS, body(version=8))

    change = fleet.put(MIRRORS, body(version=9, metadata={"uid": "another"}))

    assert change is not None
    assert change.matters


def test_a_cluster_that_was_set_back_is_taken_as_it_is() -> None:
    fleet = Fleet()
    fleet.put(MIRRORS, body("changed", 30, spec={"now": True}))
    fleet.put(MIRRORS, body("made later", 40))
    fleet.remove(MIRRORS, body("deleted later", 50))
    former = [body("changed", 3, spec={"now": False}), body("deleted later", 4)]
    assert fleet.newest(MIRRORS) == 50

    changes = fleet.set_back(MIRRORS, former, version=20, began=0)

    assert {change.key.name for change in changes} == {"changed", "made later", "deleted later"}
    assert [each["metadata"]["name"] for each in fleet.all(MIRRORS)] == ["changed", "deleted later"]
    assert fleet.put(MIRRORS, body("changed", 21)) is not None
    assert fleet.newest(MIRRORS) == 21


def test_a_namespace_has_its_own_resources_in_the_order_of_their_names() -> None:
    fleet = Fleet()
    for name in "ba":
        fleet.put(MIRRORS, body(name))
        fleet.put(MIRRORS, body(name, metadata={"namespace": "other"}))
    fleet.remove(MIRRORS, body("b", 2))

    assert [each["metadata"]["name"] for each in fleet.all(MIRRORS, "ml-staging")] == ["a"]
    assert [each["metadata"]["name"] for each in fleet.all(MIRRORS, "other")] == ["a", "b"]
    assert fleet.all(MIRRORS, "empty") == ()


def test_managed_fields_are_not_kept() -> None:
    fleet = Fleet()
    fleet.put(MIRRORS, body())

    kept = fleet.get(MIRRORS, "fraud", "ml-staging")

    assert kept is not None
    assert "managedFields" not in kept["metadata"]


def test_only_the_version_of_a_body_is_no_change_that_matters() -> None:
    before, after = body(version=1), body(version=2)

    assert not Changed(Named(MIRRORS, "ml-staging", "fraud"), before, after).matters


def test_a_status_that_somebody_else_wrote_matters() -> None:
    before, after = body(status={"sync": "InSync"}), body(status={"sync": "a lie"})

    assert Changed(Named(MIRRORS, "ml-staging", "fraud"), before, after).matters


def test_a_mirror_on_its_way_out_is_not_found() -> None:
    fleet = Fleet()
    fleet.put(MIRRORS, body(metadata={"deletionTimestamp": "2026-11-23T00:00:00Z"}))

    assert find(fleet, MirrorKey("ml-staging", "fraud")) is None


def test_an_environment_concerns_exactly_the_mirrors_that_name_it() -> None:
    fleet = Fleet()
    fleet.put(MIRRORS, mirror("a"))
    fleet.put(MIRRORS, mirror("b", production="another"))
    before, after = environment("production"), environment("production", 2, mlflow={"url": "x"})
    key = Named("mirrorenvironments", "", "production")

    found = concerned(fleet, Changed(key, before, after))

    assert {key.name for key in found} == {"a"}


def test_an_environment_whose_namespaces_change_concerns_every_mirror() -> None:
    fleet = Fleet()
    fleet.put(MIRRORS, mirror("a"))
    fleet.put(MIRRORS, mirror("b", production="another"))
    key = Named("mirrorenvironments", "", "production")
    change = Changed(key, environment("production"), environment("production", 2, namespaces=["x"]))

    assert {key.name for key in concerned(fleet, change)} == {"a", "b"}


EVENTS = st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), min_size=1, max_size=12)


@given(EVENTS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_in_the_newest_state(
    events: list[tuple[str, bool]], random: Any
) -> None:
    told = [(name, deleted, version) for version, (name, deleted) in enumerate(events, start=1)]
    newest = {name: deleted for name, deleted, _ in told}
    fleet = Fleet()

    shuffled = list(told)
    random.shuffle(shuffled)
    for name, deleted, version in shuffled:
        if deleted:
            fleet.remove(MIRRORS, body(name, version))
        else:
            fleet.put(MIRRORS, body(name, version))

    there = {each["metadata"]["name"] for each in fleet.all(MIRRORS)}
    assert there == {name for name, deleted in newest.items() if not deleted}


def test_what_is_made_of_a_body_is_made_once_as_long_as_it_stays_the_same() -> None:
    fleet = Fleet()
    made: list[object] = []
    fleet.put("mirrorenvironments", environment("production"))

    for _ in range(3):
        known = fleet.get("mirrorenvironments", "production")
        assert known is not None
        fleet.made_of("mirrorenvironments", known, made.append)

    assert len(made) == 1


def test_an_environment_that_changed_is_read_anew() -> None:
    fleet = Fleet()
    whole = {"usableFrom": ["ml-staging"], "namespaces": ["ml-prod"]}
    fleet.put("mirrorenvironments", environment("production", 1, **whole))
    read_environments(fleet)
    changed = whole | {"namespaces": ["ml-other"]}
    fleet.put("mirrorenvironments", environment("production", 2, **changed))

    assert read_environments(fleet)["production"].namespaces == ("ml-other",)
