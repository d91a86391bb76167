"""Places compare by all their names, and are named in messages without where they are."""

import pytest

from stagingmirror.drift.places import Place
from stagingmirror.sources.kubernetes.subjects import ConfigMapKey, Loader, WorkloadField
from stagingmirror.sources.mlflow.subjects import RegistryAlias


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (
            WorkloadField("Deployment", "ml-staging", "server", "image of app"),
            "Deployment server image of app",
        ),
        (
            ConfigMapKey("ml-staging", "training-data", "snapshot"),
            "ConfigMap training-data snapshot",
        ),
        (RegistryAlias("staging", "fraud-detector", "live"), "alias fraud-detector live"),
        (Loader("ml-staging", "load"), "CronJob load as loader"),
    ],
)
def test_a_place_is_named_without_its_namespace(place: Place, text: str) -> None:
    assert str(place) == text


@pytest.mark.parametrize("spelled", ["LIVE", "live  ", "Live\t"])
def test_folded_places_ignore_case_and_trailing_blanks(spelled: str) -> None:
    place, other = (RegistryAlias("staging", "fraud", alias) for alias in ("live", spelled))

    assert place != other
    assert place.folded() == other.folded()


@pytest.mark.parametrize(
    "spelled", ["MODELE", "mode\u0300le", "\uff4d\uff4f\uff44\uff45\uff4c\uff45", "mod\u00adele "]
)
def test_folded_places_ignore_accents_width_and_what_is_invisible(spelled: str) -> None:
    place, other = (RegistryAlias("staging", model, "x") for model in ("mod\u00e8le", spelled))

    assert place.folded() == other.folded()


@pytest.mark.parametrize(
    ("one", "other"),
    [("\u30ac\u30f3", "\u304b\u3093"), ("\u05e9\u05c1", "\u05e9"), ("\u0628\u064e", "\u0628")],
)
def test_folded_places_ignore_kana_and_the_marks_of_other_alphabets(one: str, other: str) -> None:
    places = {RegistryAlias("staging", each, "x").folded() for each in (one, other)}

    assert len(places) == 1


def test_folded_places_ignore_how_a_letter_is_composed() -> None:
    composed, decomposed = (
        RegistryAlias("staging", "mod\u00e8le", "x"),
        RegistryAlias("staging", "mode\u0300le", "x"),
    )

    assert composed != decomposed
    assert composed.folded() == decomposed.folded()


def test_folding_keeps_what_is_different() -> None:
    place = ConfigMapKey("ml-staging", "training-data", "snapshot")

    assert place.folded() != ConfigMapKey("ml-staging", "training-data", "snap").folded()
    assert place.folded() == place.folded().folded()
    models = ("fraud", "fraud-2", "fr aud", "\u6a21\u578b", "\u0915\u093f", "\u0915")
    assert len({RegistryAlias("staging", model, "x").folded() for model in models}) == 6
