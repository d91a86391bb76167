"""Values of any length: compared up to a bound, shown by their hash, written whole or left."""

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.components.setting.value import MAX_VALUE
from stagingmirror.drift.expansion import MAX_TEXT
from stagingmirror.drift.facts import Seen, Unseen
from stagingmirror.drift.verdict import Drifted, InSync
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.kubernetes.subjects import Variable
from support.kinds.builders import PRODUCTION, STAGING, World, config_map, sides, workload
from support.kinds.snapshots import (
    KIND,
    LOADER,
    TRAINER,
    VARIABLE,
    entry,
    loader,
    look,
    plan,
    snapshots,
    trainer,
    verdict,
)

LONG, OTHER = "a" * 300_000, "b" * 300_000
ANNOTATION = {"annotation": {**TRAINER, "key": "example.com/snapshot"}}


def test_a_long_value_is_compared_whole_and_shown_by_its_hash() -> None:
    seen = look(snapshots(LONG), entry())

    assert isinstance(seen, Seen)
    assert seen.facts["value"].value.endswith("(300000 characters)")
    assert isinstance(verdict(snapshots(LONG, LONG), entry()), InSync)
    assert isinstance(verdict(snapshots(LONG, LONG[:-1] + "b"), entry()), Drifted)


def test_the_hash_of_productions_long_value_in_staging_is_drift() -> None:
    seen = look(snapshots(LONG), entry())

    assert isinstance(seen, Seen)
    assert isinstance(verdict(snapshots(LONG, seen.facts["value"].value), entry()), Drifted)


def test_a_long_value_is_written_whole() -> None:
    (step,) = plan(snapshots(LONG, OTHER), entry({"value": "masked/{value}"}))

    assert isinstance(step, SetConfigMapKey)
    assert step.value == f"masked/{LONG}"


def test_the_value_is_loaded_and_rolled_back_whole() -> None:
    new, old = "a" * 5000, "b" * 5000

    load, _ = plan(snapshots(new, old).add(loader()), entry(load=LOADER))

    assert isinstance(load, RunLoader)
    assert (load.value, load.former) == (new, old)


def test_a_value_that_changed_after_it_was_judged_is_not_written() -> None:
    judged, now = snapshots("2026-11-22"), snapshots("2026-11-23")
    production = look(judged, entry())
    assert isinstance(production, Seen)

    with pytest.raises(CannotRefresh) as refused:
        KIND.plan(entry(), sides(), production, look(now, entry(), "staging"), now)

    assert refused.value.reason == "ChangedUnderneath"


@pytest.mark.parametrize("role", ["production", "staging"])
def test_a_value_beyond_the_bound_is_unknown_without_its_length(role: str) -> None:
    seen = look(snapshots("a" * (MAX_VALUE + 1), "a" * (MAX_VALUE + 1)), entry(), role)

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "TooLarge"
    assert f"has more than the {MAX_VALUE} characters that are compared" in seen.why.message


def test_a_variable_that_no_program_could_have_is_unknown() -> None:
    world = World().add(trainer(PRODUCTION, EMBEDDING_URL=Variable(None, "tooLong")))

    seen = look(world, entry(place={"variable": VARIABLE}))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "TooLarge"


@pytest.mark.parametrize(
    ("world", "given", "message"),
    [
        (
            snapshots("a" * 500_000).add(
                config_map({"snapshot": "", "other": "b" * 600_000}, namespace=STAGING)
            ),
            entry(),
            "ConfigMap training-data would have 1100000 bytes, and can have 1048576",
        ),
        (
            snapshots("ä" * MAX_TEXT).add(loader()),
            entry(load=LOADER),
            f"variable SNAPSHOT of the loader would have {2 * MAX_TEXT + 10} bytes",
        ),
        (
            snapshots("a" * MAX_TEXT).add(trainer(STAGING, EMBEDDING_URL="")),
            entry({"variable": VARIABLE}),
            f"would have {MAX_TEXT + 15} bytes, and can have {MAX_TEXT}",
        ),
        (
            snapshots("a" * 200_000).add(
                workload("trainer", STAGING, annotations={"more": "b" * 100_000})
            ),
            entry(ANNOTATION),
            "the annotations of Deployment ml-staging/trainer would have 300024 bytes",
        ),
    ],
    ids=["key", "loader", "variable", "annotation"],
)
def test_what_does_not_fit_is_left_with_both_sizes(
    world: World, given: object, message: str
) -> None:
    with pytest.raises(CannotRefresh) as refused:
        plan(world, given)

    assert refused.value.reason == "TooLarge"
    assert message in refused.value.message
