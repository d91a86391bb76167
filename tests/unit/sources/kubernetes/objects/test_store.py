"""The cache, and whether it says what a LIST says."""

from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.sources.kubernetes.objects.entries import Made
from stagingmirror.sources.kubernetes.objects.store import Store
from stagingmirror.sources.kubernetes.watch.consistency_check import Listed, behind, vanished


def made(
    uid: str, version: str = "1", owner: str = "o", template: str = "t", namespace: str = "ml"
) -> Made:
    return Made(uid, namespace, f"name-{uid}", version, owner, template)


def test_a_newer_version_with_the_same_content_is_kept_but_no_news() -> None:
    store = Store[Made]()

    assert store.put(made("a", "1"))
    assert not store.put(made("a", "2"))
    kept = store.get("ml", "a")
    assert kept is not None
    assert kept.resource_version == "2"


def test_an_older_version_never_replaces_a_newer_one() -> None:
    store = Store[Made]()
    store.put(made("a", "10", template="new"))

    assert not store.put(made("a", "9", template="old"))
    assert store.owned("ml", "o")[0].template == "new"


def test_a_name_that_was_given_anew_stays_when_the_former_one_is_deleted_late() -> None:
    store = Store[Made]()
    former = Made("a", "ml", "web", "1", "", "")
    store.put(former)
    store.put(Made("b", "ml", "web", "2", "", ""))

    store.drop("ml", "a")

    named = store.named("ml", "web")
    assert named is not None
    assert named.uid == "b"


def test_what_changes_its_owner_leaves_the_former_one() -> None:
    store = Store[Made]()
    store.put(made("a", "1", owner="one"))
    store.put(made("a", "2", owner="two"))

    assert store.owned("ml", "one") == ()
    assert [entry.uid for entry in store.owned("ml", "two")] == ["a"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9), st.sampled_from("xy"))))
def test_indexes_agree_with_what_is_stored(writes: list[tuple[str, int, str]]) -> None:
    store = Store[Made]()
    for uid, version, owner in writes:
        if version == 9:
            store.drop("ml", uid)
        else:
            store.put(made(uid, str(version), owner=owner))

    everything = {entry.uid for entry in store.within(None)}
    owned = [entry.uid for owner in "xy" for entry in store.owned("ml", owner)]

    assert sorted(owned) == sorted(everything)
    assert len(store) == len(everything)
    assert store.namespaces() == (frozenset({"ml"}) if everything else frozenset())


def row(uid: str, version: str) -> Listed:
    return Listed("ml", uid, f"name-{uid}", version)


def test_a_cache_that_has_or_is_ahead_of_every_row_is_not_behind() -> None:
    store = Store[Made]()
    store.put(made("a", "5"))
    store.put(made("b", "9"))

    assert behind([row("a", "5"), row("b", "7")], store, set()) == []


def test_an_older_and_a_missing_object_are_behind() -> None:
    store = Store[Made]()
    store.put(made("a", "9"))

    assert behind([row("a", "10"), row("b", "2")], store, set()) == [row("a", "10"), row("b", "2")]


def test_an_object_whose_deletion_was_told_meanwhile_is_not_behind() -> None:
    assert behind([row("a", "10")], Store[Made](), {"a"}) == []


def test_only_what_is_older_than_the_list_can_have_vanished() -> None:
    store = Store[Made]()
    for entry in (made("there", "3"), made("gone", "4"), made("made-later", "11")):
        store.put(entry)

    assert [entry.uid for entry in vanished(store.within(None), {"there"}, "10")] == ["gone"]


def test_a_list_of_one_namespace_says_nothing_of_another() -> None:
    store = Store[Made]()
    store.put(made("elsewhere", "1", namespace="other"))

    assert vanished(store.within("ml"), set(), "10") == []
