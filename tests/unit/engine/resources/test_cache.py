"""The fleet: the newest body wins, whatever the order, and the deleted stay deleted."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.engine.environments.resolve import read_environments
from stagingmirror.engine.resources.cache import Changed, Named, Plural, ResourceCache
from stagingmirror.engine.resources.lookups import BY_ENVIRONMENT, environments_of
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
    cache = ResourceCache()
    cache.put(MIRRORS, body(version=10))

    assert cache.put(MIRRORS, body(version=9)) is None
    assert cache.put(MIRRORS, body(version=10)) is None


def test_a_list_from_before_a_deletion_does_not_bring_the_deleted_back() -> None:
    cache = ResourceCache()
    cache.put(MIRRORS, body(version=3))
    cache.remove(MIRRORS, body(version=8))

    cache.replace(MIRRORS, [body(version=3)], version=5, began=0)

    assert cache.count(MIRRORS) == 0


def test_what_a_list_lacks_is_gone_unless_it_came_after_the_list() -> None:
    cache = ResourceCache()
    cache.put(MIRRORS, body("vanished", 3))
    cache.put(MIRRORS, body("new", 9))

    changes = cache.replace(MIRRORS, [], version=5, began=0)

    assert [(change.key.name, change.after) for change in changes] == [("vanished", None)]
    assert cache.get(MIRRORS, "new", "ml-staging") is not None


def test_one_that_is_made_again_under_the_same_name_is_taken_in() -> None:
    cache = ResourceCache()
    cache.put(MIRRORS, body(version=3))
    cache.remove(MIRRORS, body(version=8))

    change = cache.put(MIRRORS, body(version=9, metadata={"uid": "another"}))

    assert change is not None
    assert change.matters


def test_a_cluster_that_was_set_back_is_taken_as_it_is() -> None:
    cache = ResourceCache()
    cache.put(MIRRORS, body("changed", 30, spec={"now": True}))
    cache.put(MIRRORS, body("made later", 40))
    cache.remove(MIRRORS, body("deleted later", 50))
    former = [body("changed", 3, spec={"now": False}), body("deleted later", 4)]
    assert cache.newest(MIRRORS) == 50

    changes = cache.set_back(MIRRORS, former, version=20, began=0)

    assert {change.key.name for change in changes} == {"changed", "made later", "deleted later"}
    assert [each["metadata"]["name"] for each in cache.all(MIRRORS)] == ["changed", "deleted later"]
    assert cache.put(MIRRORS, body("changed", 21)) is not None
    assert cache.newest(MIRRORS) == 21


def test_a_namespace_has_its_own_resources_in_the_order_of_their_names() -> None:
    cache = ResourceCache()
    for name in "ba":
        cache.put(MIRRORS, body(name))
        cache.put(MIRRORS, body(name, metadata={"namespace": "other"}))
    cache.remove(MIRRORS, body("b", 2))

    assert [each["metadata"]["name"] for each in cache.all(MIRRORS, "ml-staging")] == ["a"]
    assert [each["metadata"]["name"] for each in cache.all(MIRRORS, "other")] == ["a", "b"]
    assert cache.all(MIRRORS, "empty") == ()


def test_managed_fields_are_not_kept() -> None:
    cache = ResourceCache()
    cache.put(MIRRORS, body())

    kept = cache.get(MIRRORS, "fraud", "ml-staging")

    assert kept is not None
    assert "managedFields" not in kept["metadata"]


def test_only_the_version_of_a_body_is_no_change_that_matters() -> None:
    before, after = body(version=1), body(version=2)

    assert not Changed(Named(MIRRORS, "ml-staging", "fraud"), before, after).matters


def test_a_status_that_somebody_else_wrote_matters() -> None:
    before, after = body(status={"sync": "InSync"}), body(status={"sync": "a lie"})

    assert Changed(Named(MIRRORS, "ml-staging", "fraud"), before, after).matters


def test_a_mirror_on_its_way_out_is_not_found() -> None:
    cache = ResourceCache()
    cache.put(MIRRORS, body(metadata={"deletionTimestamp": "2026-11-23T00:00:00Z"}))

    assert find(cache, MirrorKey("ml-staging", "fraud")) is None


def test_an_environment_concerns_exactly_the_mirrors_that_name_it() -> None:
    cache = ResourceCache()
    cache.put(MIRRORS, mirror("a"))
    cache.put(MIRRORS, mirror("b", production="another"))
    before, after = environment("production"), environment("production", 2, mlflow={"url": "x"})
    key = Named("mirrorenvironments", "", "production")

    found = concerned(cache, Changed(key, before, after))

    assert {key.name for key in found} == {"a"}


@pytest.mark.parametrize("spec", [{"namespaces": ["x"]}, {"cluster": {}}, {"role": "Staging"}])
def test_an_environment_that_protects_other_namespaces_concerns_every_mirror(
    spec: dict[str, Any],
) -> None:
    cache = ResourceCache()
    cache.put(MIRRORS, mirror("a"))
    cache.put(MIRRORS, mirror("b", production="another"))
    key = Named("mirrorenvironments", "", "production")
    change = Changed(key, environment("production"), environment("production", 2, **spec))

    assert {key.name for key in concerned(cache, change)} == {"a", "b"}


EVENTS = st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), min_size=1, max_size=12)


@given(EVENTS, st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_in_the_newest_state(
    events: list[tuple[str, bool]], random: Any
) -> None:
    told = [(name, deleted, version) for version, (name, deleted) in enumerate(events, start=1)]
    newest = {name: deleted for name, deleted, _ in told}
    cache = ResourceCache()

    shuffled = list(told)
    random.shuffle(shuffled)
    for name, deleted, version in shuffled:
        if deleted:
            cache.remove(MIRRORS, body(name, version))
        else:
            cache.put(MIRRORS, body(name, version))

    there = {each["metadata"]["name"] for each in cache.all(MIRRORS)}
    assert there == {name for name, deleted in newest.items() if not deleted}


def test_what_is_made_of_a_body_is_made_once_as_long_as_it_stays_the_same() -> None:
    cache = ResourceCache()
    made: list[object] = []
    cache.put("mirrorenvironments", environment("production"))

    for _ in range(3):
        known = cache.get("mirrorenvironments", "production")
        assert known is not None
        cache.made_of("mirrorenvironments", known, made.append)

    assert len(made) == 1


def test_what_is_made_of_a_body_survives_its_status_but_not_its_spec() -> None:
    cache = ResourceCache()
    made: list[Any] = []
    first, other = environment("production"), environment("production", 3, namespaces=["ml-prod"])
    status = {**environment("production", 2), "status": {"conditions": []}}

    for body in (first, status, other):
        cache.put("mirrorenvironments", body)
        known = cache.get("mirrorenvironments", "production")
        assert known is not None
        cache.made_of("mirrorenvironments", known, made.append)

    assert [each["spec"] for each in made] == [first["spec"], other["spec"]]


def test_an_environment_that_changed_is_read_anew() -> None:
    cache = ResourceCache()
    whole = {"usableFrom": ["ml-staging"], "namespaces": ["ml-prod"]}
    cache.put("mirrorenvironments", environment("production", 1, **whole))
    read_environments(cache)
    changed = whole | {"namespaces": ["ml-other"]}
    cache.put("mirrorenvironments", environment("production", 2, **changed))

    assert read_environments(cache)["production"].namespaces == ("ml-other",)


PLANS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["put", "remove", "list"]),
        st.sampled_from(["production", "other", None]),
    ),
    max_size=20,
)


@given(PLANS)
def test_what_is_looked_up_is_what_going_through_all_would_find(
    plan: list[tuple[str, str, str | None]],
) -> None:
    cache = ResourceCache()
    for version, (name, act, environment_) in enumerate(plan, 1):
        spec = {"production": {"environment": environment_}} if environment_ else {}
        made = body(name, version, spec=spec)
        if act == "put":
            cache.put(MIRRORS, made)
        elif act == "remove":
            cache.remove(MIRRORS, made)
        else:
            cache.replace(MIRRORS, [made], version=version, began=0)

    everything = cache.all(MIRRORS)
    for name in ("production", "other"):
        wanted = tuple(each for each in everything if name in environments_of(each))
        assert cache.where(BY_ENVIRONMENT, name) == wanted
    present = {each["metadata"]["uid"] for each in everything}
    assert {uid for uid in ("uid-a", "uid-b", "uid-c") if cache.has_mirror(uid)} == present


def test_a_mirror_on_its_way_out_is_not_there() -> None:
    cache = ResourceCache()
    cache.put(MIRRORS, body(metadata={"deletionTimestamp": "2026-11-23T00:00:00Z"}))

    assert not cache.has_mirror("uid-fraud")


def test_a_hold_concerns_the_mirrors_that_it_names_or_named() -> None:
    cache = ResourceCache()
    for name in "abc":
        cache.put(MIRRORS, mirror(name))
    before, after = (body("ci", spec={"mirrors": [name]}) for name in "ab")
    key = Named("mirrorholds", "ml-staging", "ci")

    assert {each.name for each in concerned(cache, Changed(key, before, after))} == {"a", "b"}
    assert {each.name for each in concerned(cache, Changed(key, None, body("ci")))} == {*"abc"}


@given(st.dictionaries(st.sampled_from("ab"), st.integers()), st.booleans())
def test_a_mirror_is_kept_whole_in_little_room(status: dict[str, int], has_status: bool) -> None:
    cache, token = ResourceCache(), {"stagingmirror.dev/check-at": "1"}
    made = body(metadata={"annotations": token | {"kubectl": "…" * 1000}}, spec={"track": []})
    made |= {"status": status} if has_status else {}
    cache.put(MIRRORS, made)

    kept = cache.get(MIRRORS, "fraud", "ml-staging")

    assert kept is not None
    assert kept["spec"] == made["spec"]
    assert kept["status"] == made.get("status")
    assert kept["metadata"]["annotations"] == token
    assert kept["metadata"]["uid"] == "uid-fraud"
