"""What every kind must do, whatever it looks at. A new kind is tested here unasked, once
``support.kinds.kinds`` has a world for it.
"""

from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.api.spec.kinds import KINDS
from stagingmirror.component import Role
from stagingmirror.components import CATALOGUE
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Absent, Observation, Observations, Seen, Unseen, Why
from stagingmirror.drift.plan import Proposal, make
from stagingmirror.drift.steps import Step
from stagingmirror.drift.verdict import Drifted, InSync, Unknown, Verdict
from support.kinds.builders import NOW, ROLLING_OUT, STAGING, World
from support.kinds.kinds import EXAMPLES, Change, Example
from support.kinds.things import things_of
from support.sandbox.rehearsal import Rehearsal

ROLES: tuple[Role, ...] = ("production", "staging")
LATER = NOW + 60


def observations(example: Example, world: World, now: float = NOW) -> Observations:
    production, staging = (observe(example, world, role, now) for role in ROLES)
    return Observations(production, staging)


def observe(example: Example, world: World, role: Role, now: float = NOW) -> Observation:
    return example.kind.observe(example.entry, example.sides, role, world, now)


def verdict(example: Example, world: World, now: float = NOW) -> Verdict:
    return judge("component", observations(example, world, now), now=now, stale_after=120)


def plan(example: Example, world: World) -> tuple[Step, ...]:
    seen = observations(example, world)
    assert isinstance(seen.production, Seen)
    steps = example.kind.plan(example.entry, example.sides, seen.production, seen.staging, world)
    proposal = Proposal("component", "Refresh", verdict(example, world), steps)
    return make([proposal], {}).steps


CHANGED = [
    pytest.param(example, name, id=f"{example.name}: {name}")
    for example in EXAMPLES
    for name in example.changes
]

DIFFERENT = [
    pytest.param(change, example, id=f"{example.name}: {name}")
    for example in EXAMPLES
    for name, change in {**example.changes, **example.reported}.items()
]

every = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
on_both_sides = pytest.mark.parametrize("role", ROLES)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_kind_of_the_catalogue_has_a_world_in_which_it_is_tested(name: str) -> None:
    assert name in {example.kind.name for example in EXAMPLES}, (
        f"nothing tests the kind {name}: add an Example of it to EXAMPLES in support/kinds/kinds.py"
    )


def test_the_catalogue_has_a_kind_for_each_spec_and_no_other() -> None:
    assert {name: kind.spec for name, kind in CATALOGUE.items()} == KINDS
    assert all(kind.name == name for name, kind in CATALOGUE.items())


@every
@on_both_sides
@pytest.mark.parametrize("reason", ["NotAnswered", "Forbidden", "Unauthorized"])
def test_nobody_answering_is_unseen_for_that_reason(
    example: Example, role: Role, reason: str
) -> None:
    world = example.equal()
    world.nobody_answers = Why(reason, "no answer.")

    look = observe(example, world, role)

    assert isinstance(look, Unseen)
    assert look.why.reason == reason


@every
@on_both_sides
def test_an_empty_world_is_absent_and_names_what_is_missing(example: Example, role: Role) -> None:
    look = observe(example, World(), role)

    assert isinstance(look, Absent)
    assert look.what


@every
def test_what_production_does_not_have_is_never_equal(example: Example) -> None:
    judged = verdict(example, World())

    assert isinstance(judged, Unknown)
    assert judged.why.reason == "NothingToMirror"


@every
def test_an_equal_world_is_in_sync_and_a_refresh_has_nothing_to_do(example: Example) -> None:
    world = example.equal()

    judged = verdict(example, world)

    assert isinstance(judged, InSync), judged
    assert judged.compared >= 1
    assert plan(example, world) == ()


@every
@on_both_sides
def test_the_headline_names_facts_that_are_there(example: Example, role: Role) -> None:
    look = observe(example, example.equal(), role)

    assert isinstance(look, Seen)
    assert example.kind.headline[0] in look.facts


@every
def test_an_equal_world_that_was_seen_too_long_ago_is_unknown(example: Example) -> None:
    world = example.equal()
    world.began = NOW - 121

    assert isinstance(verdict(example, world), Unknown)


@every
@on_both_sides
def test_one_thing_that_does_not_answer_is_never_taken_for_absent(
    example: Example, role: Role
) -> None:
    whole = example.equal()
    for thing in {*(thing.name for thing in things_of(whole)), "ModelVersion"}:
        world = example.equal()
        world.silent.add(thing)

        assert not isinstance(observe(example, world, role), Absent)


@every
@on_both_sides
def test_pods_that_roll_out_are_no_answer(example: Example, role: Role) -> None:
    world = example.equal()
    before = observe(example, world, role)
    for key, workload in list(world.workloads.items()):
        world.workloads[key] = replace(workload, unsettled=ROLLING_OUT)

    look = observe(example, world, role)

    reads_pods = look != before
    assert not reads_pods or isinstance(look, Unseen)
    assert not isinstance(look, Unseen) or look.why.reason == "RollingOut"


@every
@on_both_sides
def test_doubt_about_an_answer_goes_with_it(example: Example, role: Role) -> None:
    world = example.equal()
    world.trouble = Why("NotAnswered", "timed out.")

    look = observe(example, world, role)

    assert isinstance(look, Seen)
    assert look.trouble == world.trouble
    assert look.began == world.began


@every
@on_both_sides
def test_what_is_told_does_not_tick(example: Example, role: Role) -> None:
    world = example.equal()

    assert observe(example, world, role, NOW) == observe(example, world, role, NOW + 60)


@pytest.mark.parametrize(("change", "example"), DIFFERENT)
def test_a_difference_is_drift(change: Change, example: Example) -> None:
    world = example.equal()
    change(world)

    judged = verdict(example, world)

    assert isinstance(judged, Drifted), judged
    assert judged.differences


@pytest.mark.parametrize(("example", "change"), CHANGED)
def test_a_refresh_mends_the_difference_and_a_second_one_has_nothing_to_do(
    example: Example, change: str
) -> None:
    world = example.equal()
    example.changes[change](world)

    Rehearsal(world, NOW).take(plan(example, world))
    world.began = LATER

    assert isinstance(verdict(example, world, LATER), InSync), verdict(example, world, LATER)
    assert plan(example, world) == ()


@pytest.mark.parametrize(("example", "change"), CHANGED)
def test_a_refresh_writes_only_into_staging(example: Example, change: str) -> None:
    world = example.equal()
    example.changes[change](world)

    steps = plan(example, world)

    assert steps
    for step in steps:
        ends = {name for name in asdict(step) if name.endswith("environment")}
        for end in ends - {"from_environment"}:
            assert getattr(step, end) == "staging"
        for write in step.writes():
            where = asdict(write.place)
            assert where.get("environment", "staging") == "staging"
            assert where.get("namespace", STAGING) == STAGING
            assert {"environment", "namespace"} & where.keys()


@pytest.mark.parametrize(("example", "change"), CHANGED)
def test_what_a_refresh_writes_is_what_its_entry_claims(example: Example, change: str) -> None:
    world = example.equal()
    example.changes[change](world)

    writing = (each for each in plan(example, world) if not isinstance(each, RunLoader))

    written = {write.place for step in writing for write in step.writes()}
    assert written <= example.kind.writes(example.entry, example.sides)


@every
@on_both_sides
@settings(max_examples=50)
@given(data=st.data())
def test_any_world_is_an_observation_and_nothing_is_absent_that_was_not_taken_away(
    example: Example, role: Role, data: st.DataObject
) -> None:
    world = example.equal()
    things = things_of(world)
    numbers = st.sampled_from(range(len(things)))
    taken = [things[n] for n in data.draw(st.lists(numbers, unique=True, max_size=len(things)))]
    for thing in taken:
        thing.store.pop(thing.key)
    world.silent |= data.draw(st.sets(st.sampled_from([thing.name for thing in things])))

    look = observe(example, world, role)

    if isinstance(look, Absent):
        assert any(thing.name in look.what for thing in taken)


@every
@on_both_sides
@settings(max_examples=50)
@given(text=st.text(max_size=40))
def test_any_text_in_a_workload_or_a_value_is_an_observation(
    example: Example, role: Role, text: str
) -> None:
    world = example.equal()
    for key, workload in list(world.workloads.items()):
        containers = {
            name: replace(
                each,
                image=text,
                variables={n: replace(v, value=text) for n, v in each.variables.items()},
            )
            for name, each in workload.containers.items()
        }
        pods = tuple(
            replace(pod, containers=containers, image_ids=dict.fromkeys(containers, text))
            for pod in workload.pods
        )
        annotations = dict.fromkeys(workload.annotations, text)
        world.workloads[key] = replace(
            workload, containers=containers, pods=pods, annotations=annotations
        )
    for place, found in list(world.config_maps.items()):
        world.config_maps[place] = replace(found, data=dict.fromkeys(found.data, text))

    assert isinstance(observe(example, world, role), Seen | Absent | Unseen)
