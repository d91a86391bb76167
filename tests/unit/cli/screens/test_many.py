"""Thirty differences of one component stay readable."""

from typing import Any

from stagingmirror.cli.screens.diff import diff_screen
from stagingmirror.cli.screens.status import MAX_LINES, status_screen
from support.resources.screens import believed, golden, plain
from support.resources.statuses import NOW, component, seen

FLAGS = [f"server.flags.f{n:02}" for n in range(18)]
LIMITS = [f"server.resources.limits.{name}" for name in ("cpu", "gpu", "memory")]
NODES = ["node.architecture", "node.instanceType"]
SCALING = [f"autoscaling.metric{n}" for n in range(7)]


def differing(fact: str, **more: str) -> dict[str, str]:
    return {"fact": fact, "production": "4", "staging": "2"} | more


def serving(*differences: dict[str, str], **more: Any) -> dict[str, Any]:
    return component(
        "serving",
        "Drifted",
        "23 facts differ: …",
        kind="modelFiles",
        differences=list(differences),
        **more,
    )


THIRTY = [
    *(differing(fact) for fact in [*FLAGS, *LIMITS, *NODES]),
    *(differing(fact, accepted="smaller nodes (until 2027-01-31 00:00 UTC)") for fact in SCALING),
]


def diff(one: dict[str, Any], *, whole: bool = False) -> str:
    mirror = seen(one)
    return plain(diff_screen(mirror, believed(mirror), NOW, whole=whole))


def test_diff_shows_the_first_of_each_group_what_counts_before_what_is_accepted() -> None:
    assert diff(serving(*THIRTY)) == golden("""
        ✗ serving · modelFiles · drifted since 10:48:00 UTC (3h 12m)
          fact                             production   staging
          node.architecture                4            2
          node.instanceType                4            2
          server.flags.f00                 4            2
          server.flags.f01                 4            2
          server.flags.*                                          16 more
          server.resources.limits.cpu      4            2
          server.resources.limits.gpu      4            2
          server.resources.limits.memory   4            2
          autoscaling.metric0              4            2         accepted: smaller nodes (until 2027-01-31 00:00 UTC)
          autoscaling.metric1              4            2         accepted, as above
          autoscaling.metric2              4            2         accepted, as above
          autoscaling.metric3              4            2         accepted, as above
          autoscaling.metric4              4            2         accepted, as above
          autoscaling.metric5              4            2         accepted, as above
          autoscaling.metric6              4            2         accepted, as above
          … and 16 more: kubectl stagingmirror diff fraud -n ml-staging --all
          23 facts differ: …
        """)  # noqa: E501 - a screen as it is


def test_with_all_diff_shows_every_difference() -> None:
    shown = diff(serving(*THIRTY), whole=True)

    assert all(each["fact"] in shown for each in THIRTY)
    assert "more" not in shown


def test_what_the_status_has_no_room_for_is_counted_and_not_promised() -> None:
    for whole in (False, True):
        shown = diff(serving(*THIRTY[:20], unlisted=12), whole=whole)

        assert "12 further facts differ; the status has no room for them." in shown
        assert ("--all" in shown) is not whole


def test_nothing_is_called_not_compared_that_may_be_a_difference_without_room() -> None:
    sides = {"production": {"other": "1"}, "staging": {"other": "2"}}

    assert "not compared" in diff(serving(THIRTY[0], **sides))
    assert "not compared" not in diff(serving(THIRTY[0], unlisted=1, **sides))


def test_many_details_of_one_fact_are_counted() -> None:
    details = [differing(f"contentHash/file{n:02}") for n in range(20)]

    shown = diff(serving(differing("contentHash"), *details))

    assert "file09" in shown
    assert "file10" not in shown
    assert "… and 10 more: " in shown


def test_an_acceptance_that_has_ended_stands_beside_its_fact() -> None:
    over = differing("value", acceptanceEnded="2026-11-21T00:00:00Z")

    assert "4            2         acceptance ended 2026-11-21T00:00:00Z" in diff(serving(over))


def test_what_is_held_comes_after_what_is_accepted() -> None:
    held = serving(*THIRTY[-1:], differing("a")) | {"verdict": "Held"}

    accepted, other = diff(held).splitlines()[2:4]

    assert "accepted: " in accepted
    assert other.split()[-1] == "held"


def test_status_shows_as_many_lines_of_a_component_as_are_read() -> None:
    many = component("serving", "Drifted", "; ".join(f"statement {n}" for n in range(9)))
    mirror = seen(many)

    shown = plain(status_screen(mirror, believed(mirror), NOW)).splitlines()

    lines = [each for each in shown if "statement" in each]
    assert len(lines) == MAX_LINES - 1
    assert "… and 4 more: kubectl stagingmirror status fraud -n ml-staging --all" in shown[7]
    assert "statement 8" in plain(status_screen(mirror, believed(mirror), NOW, whole=True))


def test_with_all_status_names_every_difference_and_what_it_means() -> None:
    mirror = seen(serving(*THIRTY, unlisted=3))

    shown = plain(status_screen(mirror, believed(mirror), NOW, whole=True))

    assert "differs: server.flags.f17" in shown
    assert "accepted: autoscaling.metric6" in shown
    assert "3 further facts differ; the status has no room for them." in shown
    assert shown.index("differs: server.resources") < shown.index("accepted: autoscaling")
