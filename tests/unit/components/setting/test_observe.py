"""A named value on both sides: shown or sealed, running or only written down."""

from typing import Any

import pytest

from stagingmirror.component import Sides
from stagingmirror.drift.facts import Absent, Seen, Unseen
from stagingmirror.drift.places import Place
from stagingmirror.drift.verdict import Drifted, InSync
from stagingmirror.sources.kubernetes.subjects import ConfigMapKey, Variable, WorkloadField
from support.kinds.builders import (
    NOW,
    PRODUCTION,
    STAGING,
    World,
    config_map,
    container,
    environment,
    pod,
    sides,
    workload,
)
from support.kinds.snapshots import (
    HIDDEN,
    KIND,
    NEW,
    OLD,
    TRAINER,
    VARIABLE,
    entry,
    look,
    snapshots,
    trainer,
    verdict,
)


def test_a_readable_value_is_shown() -> None:
    seen = look(snapshots(), entry())

    assert isinstance(seen, Seen)
    assert seen.facts["value"].value == NEW


def test_a_value_that_is_not_readable_is_sealed_everywhere_and_still_compared() -> None:
    different, same = snapshots(), snapshots(NEW, NEW)

    seen = look(different, entry(), around=HIDDEN)

    assert NEW not in repr(seen)
    assert OLD not in repr(look(different, entry(), "staging", HIDDEN))
    assert isinstance(verdict(different, entry(), HIDDEN), Drifted)
    assert isinstance(verdict(same, entry(), HIDDEN), InSync)


@pytest.mark.parametrize("hidden", ["Production", "Staging"])
def test_a_value_readable_on_one_side_only_is_compared_sealed(hidden: str) -> None:
    half = sides(
        environment(readable={}) if hidden == "Production" else None,
        environment("Staging", readable={}) if hidden == "Staging" else None,
    )

    assert isinstance(verdict(snapshots(NEW, NEW), entry(), half), InSync)
    assert isinstance(verdict(snapshots(NEW, OLD), entry(), half), Drifted)


@pytest.mark.parametrize("around", [sides(), HIDDEN])
def test_staging_is_expected_to_show_its_own_form_of_the_value(around: Sides) -> None:
    given = entry({"value": "masked/{value}"})

    assert isinstance(verdict(snapshots(NEW, f"masked/{NEW}"), given, around), InSync)
    assert isinstance(verdict(snapshots(NEW, NEW), given, around), Drifted)


@pytest.mark.parametrize(
    ("world", "what"),
    [
        (World(), "ConfigMap ml-prod/training-data"),
        (World().add(config_map({})), "key snapshot of ConfigMap ml-prod/training-data"),
    ],
)
def test_a_missing_config_map_or_key_is_named(world: World, what: str) -> None:
    seen = look(world, entry())

    assert isinstance(seen, Absent)
    assert seen.what == what


def test_a_config_maps_value_is_only_declared_where_nobody_is_said_to_use_it() -> None:
    seen = look(snapshots(), entry())

    assert isinstance(seen, Seen)
    assert seen.facts["value"].declared


def test_a_value_runs_where_its_users_started_after_its_last_change() -> None:
    world = snapshots().add(trainer(PRODUCTION))

    seen = look(world, entry(used_by=[TRAINER]))

    assert isinstance(seen, Seen)
    assert not seen.facts["value"].declared


def test_pods_of_staging_that_started_before_the_change_are_never_in_sync() -> None:
    world = snapshots(NEW, NEW, changed=NOW - 50).add(trainer(PRODUCTION), trainer(STAGING))

    judged = verdict(world, entry(used_by=[TRAINER]))

    assert isinstance(judged, Drifted)
    assert [each.fact for each in judged.differences] == ["usedBy.Deployment/trainer"]


def test_pods_of_production_that_started_before_the_change_make_it_unknown() -> None:
    world = snapshots(NEW, NEW).add(
        trainer(PRODUCTION, started=NOW - 9999), trainer(STAGING, started=NOW)
    )

    seen = look(world, entry(used_by=[TRAINER]))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NotYetRunning"


def test_a_change_at_an_unknown_time_leaves_the_value_declared() -> None:
    world = World().add(config_map({"snapshot": NEW}), trainer(PRODUCTION))

    seen = look(world, entry(used_by=[TRAINER]))

    assert isinstance(seen, Seen)
    assert seen.facts["value"].declared


def test_a_variable_is_what_runs_in_the_pods() -> None:
    template = container(variables={"EMBEDDING_URL": "new"})
    running = pod(container(variables={"EMBEDDING_URL": "old"}))
    world = World().add(workload("trainer", containers={"app": template}, pods=(running,)))

    seen = look(world, entry(place={"variable": VARIABLE}))

    assert isinstance(seen, Seen)
    assert (seen.facts["value"].value, seen.facts["value"].declared) == ("old", False)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("secretKeyRef", "FromSecret"),
        ("reference", "NotComparable"),
        ("configMapKeyRef", "NotComparable"),
        ("fieldRef", "NotComparable"),
        ("other", "NotComparable"),
    ],
)
def test_a_variable_that_comes_from_elsewhere_is_unseen_and_told(source: Any, reason: str) -> None:
    world = World().add(trainer(PRODUCTION, EMBEDDING_URL=Variable(None, source)))

    seen = look(world, entry(place={"variable": VARIABLE}))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == reason


def test_a_key_in_binary_data_is_not_absent() -> None:
    world = World().add(config_map({}, binary={"snapshot"}))

    seen = look(world, entry())

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NotComparable"
    assert "binaryData" in seen.why.message


def test_an_annotation_is_written_down_and_not_proven_to_run() -> None:
    place = {"annotation": {**TRAINER, "key": "example.com/snapshot"}}
    world = World().add(workload("trainer", annotations={"example.com/snapshot": NEW}))

    seen = look(world, entry(place=place))

    assert isinstance(seen, Seen)
    assert (seen.facts["value"].value, seen.facts["value"].declared) == (NEW, True)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1970-01-01", "older than 48h"),
        ("2027-01-14T00:00:00Z", None),
        ("rev 9f31c2", "not a date"),
    ],
)
def test_an_old_date_of_productions_own_is_told_without_ticking(
    value: str, said: str | None
) -> None:
    given = entry(warnOlderThan="48h")

    now, later = (
        KIND.observe(given, sides(), "production", snapshots(value), NOW + wait)
        for wait in (0.0, 3600.0)
    )

    assert isinstance(now, Seen)
    assert isinstance(later, Seen)
    assert now.findings == later.findings
    assert (said is None) == (now.findings == ())
    assert said is None or said in now.findings[0]


def test_nothing_of_a_sealed_value_is_told_by_its_age() -> None:
    seen = look(snapshots("1970-01-01"), entry(warnOlderThan="48h"), around=HIDDEN)

    assert isinstance(seen, Seen)
    assert "not readable" in seen.findings[0]


@pytest.mark.parametrize(
    "given",
    [
        entry(),
        entry(place={"variable": VARIABLE}),
        entry(place={"annotation": {**TRAINER, "key": "example.com/snapshot"}}),
        entry(used_by=[TRAINER]),
    ],
)
def test_one_place_cannot_be_both_sides(given: Any) -> None:
    around = sides(staging=environment("Staging", namespaces=[PRODUCTION]))
    side = around.staging
    meeting = Sides(
        around.production, type(side)("staging", "staging", side.spec, PRODUCTION), "mirror"
    )

    why = KIND.problems(given, meeting, World())

    assert why is not None
    assert why.reason == "SameThing"


def test_every_namespace_that_an_entry_reads_must_be_listed() -> None:
    elsewhere = {**TRAINER, "namespace": "kube-system"}

    why = KIND.problems(entry(used_by=[elsewhere]), sides(), World())

    assert why is not None
    assert why.reason == "NamespaceNotListed"


def test_a_right_entry_has_no_problem() -> None:
    assert KIND.problems(entry(used_by=[TRAINER]), sides(), World()) is None


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (
            {"configMap": {"name": "training-data", "key": "snapshot"}},
            ConfigMapKey(STAGING, "training-data", "snapshot"),
        ),
        (
            {"variable": VARIABLE},
            WorkloadField("Deployment", STAGING, "trainer", "variable EMBEDDING_URL of app"),
        ),
        (
            {"annotation": {**TRAINER, "key": "example.com/snapshot"}},
            WorkloadField("Deployment", STAGING, "trainer", "annotation example.com/snapshot"),
        ),
    ],
)
def test_it_writes_one_field_of_staging(place: Any, written: Place) -> None:
    assert KIND.writes(entry(place=place), sides()) == {written}


@pytest.mark.parametrize(
    ("refers", "declared"),
    [(None, False), ({"training-data"}, False), ({"training-data-7f9c"}, True), (set(), True)],
)
def test_a_workload_that_does_not_refer_to_the_config_map_is_no_proof_that_it_runs(
    refers: set[str] | None, declared: bool
) -> None:
    world = snapshots().add(trainer(PRODUCTION))
    names = None if refers is None else frozenset(refers)
    world.change(("Deployment", PRODUCTION, "trainer"), config_maps=names)

    seen = look(world, entry(used_by=[TRAINER]))

    assert isinstance(seen, Seen)
    assert seen.facts["value"].declared is declared
    assert any("does not refer to ConfigMap training-data" in e for e in seen.findings) is declared
