"""What parity shows."""

from stagingmirror.api.status.model import ComponentStatus
from stagingmirror.cli.read.freshness import Freshness
from stagingmirror.cli.screens.parity import parity_json, parity_screen
from support.resources.screens import golden, plain
from support.resources.statuses import NOW, ago, component, seen

FRESH = Freshness("InSync", None)
COUNTS = {
    "counts.amount": "number: 0 of 300 differ, noise 0",
    "counts.country": "text: 12 of 300 differ, likely stale, noise 3, largest 0.37 (1e-05 allowed)",
    "counts.cut": "number: 12 of 300 differ, no…",
    "samples": "300",
    "probed": ago(90),
}


def a_component() -> ComponentStatus:
    message = "values.country differs"
    body = component("parity", "Drifted", message, kind="featureParity", staging=COUNTS)
    return seen(body).status.components[0]


def test_features_that_differ_come_first_and_a_line_that_was_cut_is_shown_as_it_is() -> None:
    assert plain(parity_screen([a_component()], FRESH, NOW)) == golden("""
        ✗ parity · drifted since 10:48:00 UTC · 300 samples, 1 min ago
          feature  type                           n    differ  noise  largest               likely
          country  text                           300  12      3      0.37 (1e-05 allowed)  stale
          cut      number: 12 of 300 differ, no…
          amount   number                         300  0       0
          values.country differs
        """)


def test_a_component_of_which_nothing_is_known_shows_why() -> None:
    body = component("parity", "Unknown", "it answers 503", kind="featureParity")

    shown = plain(parity_screen([seen(body).status.components[0]], FRESH, NOW))

    assert "? parity · unknown" in shown
    assert "it answers 503" in shown
    assert "samples" not in shown


def test_a_status_that_is_in_doubt_says_so_first() -> None:
    doubt = Freshness("Unknown", "the operator does not answer")

    first = plain(parity_screen([a_component()], doubt, NOW)).splitlines()[0]

    assert first == "? the operator does not answer; this is what was seen last:"


def test_json_has_the_counts_as_parts() -> None:
    found = parity_json(a_component())

    assert (found["samples"], found["probed"]) == ("300", COUNTS["probed"])
    assert found["features"][0]["feature"] in {"country", "cut"}
    by_name = {each["feature"]: each for each in found["features"]}
    assert by_name["country"] == {
        "feature": "country",
        "type": "text",
        "judged": "300",
        "differing": "12",
        "noise": "3",
        "largest": "0.37 (1e-05 allowed)",
        "cause": "stale",
    }
