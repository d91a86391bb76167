"""What diff shows."""

from stagingmirror.cli.screens.diff import diff_screen
from support.resources.screens import believed, golden, plain
from support.resources.statuses import DRIFTED_MODEL, NOW, ago, component, seen

MASKED = DRIFTED_MODEL["differences"][2] | {"accepted": "masked"}


def test_diff_shows_each_fact_with_its_details_and_what_does_not_count() -> None:
    differences = [*DRIFTED_MODEL["differences"][:2], MASKED]
    mirror = seen(DRIFTED_MODEL | {"differences": differences}, component("b"))

    assert plain(diff_screen(mirror, believed(mirror), NOW)) == golden("""
        ✗ fraud-model · modelAlias · drifted since 10:48:00 UTC (3h 12m)
          fact            production        staging
          contentHash     sha256:9f0c2b71   sha256:41d7aa03
            model.skops   sha256:c41d0000   (none)
          dataSnapshot    2026-11-20        2026-11-13        accepted: masked
          version         12                11                not compared
          production runs version 12, staging runs version 11
          contentHash and dataSnapshot differ
        """)


def test_diff_says_in_which_cluster_production_is() -> None:
    differing = {"fact": "value", "production": "12", "staging": "7"}
    data = component("data", "Drifted", "value differs", differences=[differing])
    mirror = seen(data, productionCluster="prod-eu")

    first, title, *_ = plain(diff_screen(mirror, believed(mirror), NOW)).splitlines()

    assert first == "Production is in another cluster, that of environment prod-eu."
    assert title.startswith("✗ data")


def test_diff_names_what_staging_should_have_where_that_is_another_value() -> None:
    masked = {
        "fact": "value",
        "production": "2026-11-22",
        "staging": "masked/2026-11-20",
        "expected": "masked/2026-11-22",
    }
    mirror = seen(component("data", "Drifted", "value differs", differences=[masked]))

    assert "staging should have masked/2026-11-22" in plain(
        diff_screen(mirror, believed(mirror), NOW)
    )


def test_diff_never_shows_two_values_that_differ_as_the_same() -> None:
    url = "https://embeddings.example/v1/models/all-minilm/revisions"
    differing = {"fact": "value", "production": f"{url}/12", "staging": f"{url}/7"}
    mirror = seen(component("endpoint", "Drifted", "value differs", differences=[differing]))

    row = plain(diff_screen(mirror, believed(mirror), NOW)).splitlines()[2].split()

    assert row == ["value", "…visions/12", "…visions/7"]


def test_diff_of_nothing_says_so_and_of_a_named_component_shows_it() -> None:
    mirror = seen(component("a"))

    assert plain(diff_screen(mirror, believed(mirror), NOW)) == "✓ fraud: nothing differs"
    assert "✓ a · pipelineImage · in sync" in plain(
        diff_screen(mirror, believed(mirror), NOW, ["a"])
    )


def test_diff_of_an_old_status_begins_with_the_doubt() -> None:
    mirror = seen(component("a"), validUntil=ago(61))

    told = plain(diff_screen(mirror, believed(mirror), NOW))

    assert told.startswith("? its status was valid until 1 min ago")
    assert "nothing differs" not in told


def test_diff_shows_what_a_reader_does_not_see() -> None:
    differing = {"fact": "value", "production": "2026-11-21", "staging": "2026-11-21\n"}
    mirror = seen(component("data", "Drifted", "value differs", differences=[differing]))

    row = plain(diff_screen(mirror, believed(mirror), NOW)).splitlines()[2].split()

    assert row == ["value", '"2026-11-21"', r'"2026-11-21\n"']


def test_two_values_that_are_not_shown_are_said_to_differ() -> None:
    sealed = {"fact": "value", "production": "(sealed)", "staging": "(sealed)"}
    mirror = seen(component("url", "Drifted", "value differs", differences=[sealed]))

    assert "(sealed)     (sealed)   they differ; not shown (only comparable)" in plain(
        diff_screen(mirror, believed(mirror), NOW)
    )


def test_a_side_that_does_not_have_a_fact_is_told_from_one_that_has_these_words() -> None:
    odd = {"fact": "value", "staging": "(none)"}
    mirror = seen(component("data", "Drifted", "value differs", differences=[odd]))

    row = plain(diff_screen(mirror, believed(mirror), NOW)).splitlines()[2].split()

    assert row == ["value", "(none)", '"(none)"']
