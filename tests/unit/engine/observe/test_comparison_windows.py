"""A value that is only comparable cannot be found by trying."""

import json

from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import Fact, Observations, Seen, Unseen
from stagingmirror.engine.observe.comparison_windows import MOST, WINDOW, ComparisonWindows
from stagingmirror.engine.observe.view import RecordingView, Scope
from stagingmirror.engine.sealing import sealer
from support.kinds.builders import NOT_ANSWERED, NOW, World
from support.kinds.recording import sources_of

PLACE = "production: variable DB_URL of container app of Deployment ml-prod/server"


def view(component: str = "c", mirror: str = "uid", namespace: str = "ml-staging") -> RecordingView:
    scope = Scope(namespace, mirror, component)
    return RecordingView(
        sources_of(World()),
        sealer(b"k" * 32),
        scope,
        is_production=lambda place: False,
        clock_margin=30.0,
    )


def compared(
    windows: ComparisonWindows,
    value: str,
    now: float = NOW,
    *,
    form: str = "{value}",
    place: str = PLACE,
    **scope: str,
) -> bool:
    """Whether staging's value is compared with production's."""
    whole = view(**scope)
    part = whole.part(DeployKey(scope.get("component", "c"), "staging"))
    seal = part.seal(place, value, form=form)
    both = Observations(Seen({"value": Fact("x")}, now), Seen({"value": Fact(seal)}, now))
    (after,) = windows.limited({scope.get("component", "c"): both}, whole.parts, now)
    if isinstance(after.staging, Unseen):
        assert after.staging.why.reason == "TooManyChanges"
        assert value not in after.staging.why.message
    return isinstance(after.staging, Seen)


def new() -> ComparisonWindows:
    return ComparisonWindows(lambda: NOW)


def test_only_so_many_values_are_compared_and_those_stay_comparable() -> None:
    windows = new()

    tried = [compared(windows, f"{pin:04}") for pin in range(MOST + 5)]

    assert tried == [True] * MOST + [False] * 5
    assert compared(windows, "0003")
    assert not compared(windows, "0011")


def test_other_components_and_mirrors_of_the_namespace_give_no_more_tries() -> None:
    windows = new()
    tried = [
        compared(windows, f"{pin:04}", component=f"c{pin}", mirror=f"uid-{pin}")
        for pin in range(64)
    ]

    assert sum(tried) == MOST


def test_another_form_around_the_same_text_is_another_try() -> None:
    windows = new()

    tried = [compared(windows, "1234567890" * 3, form=f"{'1' * n}{{value}}") for n in range(20)]

    assert sum(tried) == MOST


def test_another_namespace_or_another_place_has_its_own_tries() -> None:
    windows = new()
    for pin in range(MOST):
        assert compared(windows, f"{pin:04}")

    assert not compared(windows, "new")
    assert compared(windows, "new", namespace="other")
    assert compared(windows, "new", place=f"{PLACE} 2")


def test_the_window_outlives_a_restart() -> None:
    windows, after = new(), new()
    for pin in range(MOST):
        compared(windows, f"{pin:04}")

    kept = json.loads(json.dumps(windows.export()))
    after.adopt(kept)

    assert not compared(after, "new")
    assert compared(after, "0001")
    assert after.export() == kept


def test_a_try_comes_back_when_the_oldest_is_a_window_old() -> None:
    windows = new()
    for pin in range(MOST):
        assert compared(windows, f"{pin:04}", NOW + pin)

    assert not compared(windows, "new", NOW + WINDOW - 1)
    assert compared(windows, "new", NOW + WINDOW)
    assert not compared(windows, "newer", NOW + WINDOW)


def test_a_value_that_stays_is_compared_for_ever() -> None:
    windows = new()

    assert all(compared(windows, "same", NOW + day * 3600 * 7) for day in range(100))


def test_a_clock_that_was_set_back_gives_no_tries_and_takes_none_for_ever() -> None:
    windows = new()
    for pin in range(MOST):
        assert compared(windows, f"{pin:04}", NOW + 10**9)

    assert not compared(windows, "new", NOW)
    assert compared(windows, "new", NOW + WINDOW)


def test_what_nobody_compares_any_more_is_forgotten() -> None:
    now = [NOW]
    windows = ComparisonWindows(lambda: now[0])
    compared(windows, "old")
    assert windows.export()

    now[0] += WINDOW + 1

    assert windows.export() == {}


def test_damaged_memory_is_ignored() -> None:
    windows = new()

    windows.adopt({"00": {"a": "x", "b": {"c": "d"}, "e": {"f": NOW}}})

    assert compared(windows, "new")


def test_a_side_that_is_not_seen_costs_no_try() -> None:
    windows, whole = new(), view()
    part = whole.part(DeployKey("c", "staging"))
    part.seal(PLACE, "1", form="{value}")
    unseen = Observations(Unseen(NOT_ANSWERED, NOW), Seen({"value": Fact("x")}, NOW))

    list(windows.limited({"c": unseen}, whole.parts, NOW))

    assert windows.export() == {}


def test_a_readable_value_is_compared_without_end() -> None:
    windows, whole = new(), view()
    seen = Observations(Seen({"value": Fact("x")}, NOW), Seen({"value": Fact("y")}, NOW))
    part = whole.part(DeployKey("c", "staging"))

    for number in range(50):
        part.hide(PLACE, f"https://host/{number}")
        assert list(windows.limited({"c": seen}, whole.parts, NOW)) == [seen]


def test_equal_values_have_equal_seals_only_within_one_component_and_place() -> None:
    sealed = {
        view(component, mirror).seal(place, "same", form="{value}")
        for component in "ab"
        for mirror in "ab"
        for place in "ab"
    }

    assert len(sealed) == 8
    assert view().seal("a", "same", form="{value}") == view().seal("a", "same", form="x{value}")
    assert len({sealer(key * 32)(("a",), "same") for key in (b"k", b"l")}) == 2
