"""One component never takes another down, and what is not known is never judged."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.spec.parse import parse_environment
from stagingmirror.component import Side, Sides
from stagingmirror.drift.facts import Hold, Seen, Unseen, Why
from stagingmirror.drift.plan import make
from stagingmirror.drift.steps import Plan
from stagingmirror.drift.verdict import Accepted, Drifted, Held, InSync, Unknown
from stagingmirror.engine.check import judge
from stagingmirror.engine.check.judge import Scene, hold_of, judge_all, observe_all, proposals_for
from stagingmirror.engine.context import Judged
from stagingmirror.engine.observe.view import RecordingView, Scope
from stagingmirror.engine.ownership.track_entries import known
from stagingmirror.sources.kubernetes.subjects import (
    OWN,
    ConfigMap,
    ConfigMapSubject,
    WorkloadSubject,
)
from stagingmirror.view import Observed
from support.clock import NOW
from support.kinds.recording import sources_of
from support.parity.specs import tracking
from support.resources import resources

MORE = [f"data-{number}" for number in range(5)]


class Cluster:
    """Answers with one ConfigMap per namespace."""

    subjects = frozenset({WorkloadSubject, ConfigMapSubject})
    places: frozenset[type] = frozenset()

    def __init__(self, production: str, staging: str) -> None:
        self.values = {"ml-prod": production, "ml-staging": staging}

    def get(self, subject: Any) -> Any:
        if isinstance(subject, WorkloadSubject):
            return Unseen(Why("NotAnswered", "nobody answers"), NOW)
        data = {"snapshot": self.values[subject.namespace]}
        return Observed(ConfigMap(subject.namespace, subject.name, "1", data, {}), NOW)


def scene(
    *track: dict[str, Any],
    production: str = "same",
    staging: str = "same",
    problems: dict[str, Why] | None = None,
    accept: tuple[dict[str, str], ...] = (),
    readable: tuple[str, ...] = ("training-data", *MORE),
    shared: tuple[dict[str, str], ...] = (),
) -> Scene:
    body = resources.mirror(track=list(track), accept=list(accept))
    sides = []
    for role, name in (("production", "Production"), ("staging", "Staging")):
        namespace = "ml-prod" if role == "production" else "ml-staging"
        offered = {"configMaps": list(readable)}
        more = {"accept": list(shared)} if role == "staging" else {}
        environment = resources.environment(
            role, name, namespaces=[namespace], readable=offered, **more
        )
        sides.append(Side(role, role, parse_environment(environment), namespace))  # type: ignore[arg-type]
    cluster = Cluster(production, staging)
    return Scene(
        StagingMirrorSpec.model_validate(body["spec"]),
        Sides(sides[0], sides[1], "fraud"),
        RecordingView(
            sources_of(cluster),
            lambda scope, value: f"hmac-sha256:{value[::-1]}",
            Scope("ml-staging", "uid"),
            is_production=lambda place: False,
            clock_margin=30.0,
        ),
        NOW,
        problems or {},
    )


def plan_of(scene: Scene) -> Plan[ExecutableStep]:
    return make(tuple(proposals_for(scene, check(scene))), {})


def check(scene: Scene, holds: list[Hold] | None = None) -> tuple[Judged, ...]:
    return tuple(judge_all(scene, observe_all(scene), holds or []))


class Broken:
    """A kind with a bug."""

    occasional = ()

    def observe(self, *_: Any) -> Any:
        raise ZeroDivisionError

    def plan(self, *_: Any) -> Any:
        raise ZeroDivisionError


@pytest.fixture
def _pipeline_images_are_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(track: Any) -> Any:
        return (Broken(), None) if track.kind == "pipelineImage" else known(track)

    monkeypatch.setattr(judge, "known", broken)


@pytest.mark.usefixtures("_pipeline_images_are_broken")
def test_a_bug_in_one_kind_makes_its_component_unknown_and_no_other() -> None:
    broken, sound = check(scene(resources.pipeline_image(), resources.setting()), [])

    assert isinstance(broken.verdict, Unknown)
    assert broken.verdict.why.reason == "InternalError"
    assert isinstance(sound.verdict, InSync)


def test_a_kind_that_is_not_known_here_is_unknown() -> None:
    (judged,) = check(scene({"name": "index", "laterKind": {"store": "vectors"}}), [])

    assert isinstance(judged.verdict, Unknown)
    assert judged.verdict.why.reason == "UnknownKind"


def test_an_entry_that_means_nothing_is_unknown_and_is_looked_at_all_the_same() -> None:
    why = Why("SameThing", "production and staging are the same")
    stage = scene(resources.setting(), problems={"training-data": why})

    (judged,) = check(stage, [])

    assert judged.verdict == Unknown(why, side="production")
    assert len(stage.view.everything()) == 2


def test_what_is_read_is_remembered_by_component_and_side() -> None:
    stage = scene(resources.setting())

    check(stage, [])

    assert stage.view.everything() == {
        ConfigMapSubject(OWN, "ml-prod", "training-data"),
        ConfigMapSubject(OWN, "ml-staging", "training-data"),
    }
    assert {(key.component, key.side) for key in stage.view.parts} == {
        ("training-data", "production"),
        ("training-data", "staging"),
    }


def test_of_two_holds_on_a_component_the_one_that_ends_last_is_told() -> None:
    named = frozenset({"training-data"})
    holds = [Hold("short", "a", NOW + 5, named), Hold("long", "b", NOW + 9, named)]

    (judged,) = check(scene(resources.setting()), holds)

    assert isinstance(judged.verdict, Held)
    assert judged.verdict.hold == "long"


def test_a_hold_of_the_whole_mirror_leaves_verdicts_as_they_are() -> None:
    (judged,) = check(scene(resources.setting()), [Hold("run", "a test", NOW + 5)])

    assert isinstance(judged.verdict, InSync)


def test_a_hold_of_the_whole_mirror_holds_what_sends_samples_and_nothing_else() -> None:
    track = StagingMirrorSpec.model_validate(tracking(of=["training-data"])["spec"]).track
    whole = Hold("run", "a test", NOW + 5)
    of_data = Hold("data", "a load", NOW + 9, frozenset({"training-data"}))

    found = [hold_of(each, [whole]) for each in track]
    both = [hold_of(each, [whole, of_data]) for each in track]

    assert [hold and hold.name for hold in found] == [None, "run"]
    assert [hold and hold.name for hold in both] == ["data", "data"]


def test_only_what_drifted_and_may_be_refreshed_is_planned() -> None:
    stage = scene(resources.setting(), staging="other")
    components = check(stage, [])

    plan = make(tuple(proposals_for(stage, components)), {})

    assert isinstance(components[0].verdict, Drifted)
    assert isinstance(components[0].observations.production, Seen)
    assert len(plan.steps) == 1


def test_what_a_refresh_could_not_keep_to_roll_back_is_left_with_its_size() -> None:
    fits, large = 400 * 1024, 480 * 1024

    (step,) = plan_of(scene(resources.setting(), production="a" * fits, staging="b" * fits)).steps
    (left,) = plan_of(scene(resources.setting(), production="a" * large, staging="b" * large)).left

    assert step.components == ("training-data",)
    assert "would have to keep 984" in left.why
    assert "can keep 980992; make the value shorter" in left.why


def test_of_components_that_do_not_fit_together_the_later_ones_are_left_to_the_next_refresh() -> (
    None
):
    tracked = [
        resources.setting(name, production={"configMap": {"name": name, "key": "snapshot"}})
        for name in MORE
    ]

    plan = plan_of(scene(*tracked, production="a" * 150_000, staging="b" * 150_000))

    assert [each.component for each in plan.left] == MORE[3:]
    assert all("the next one does it" in each.why for each in plan.left)
    assert len(plan.steps) == 3


def test_an_acceptance_of_a_fact_that_does_not_exist_is_reported() -> None:
    accept = {"component": "training-data", "fact": "valeu", "reason": "r"}

    (judged,) = check(scene(resources.setting(), production="1", staging="2", accept=(accept,)))

    assert isinstance(judged.verdict, Drifted)
    assert isinstance(judged.observations.production, Seen)
    assert judged.observations.production.findings[-1] == (
        "production and staging have no fact valeu, so its accept has no effect; compared are: "
        "value."
    )


@pytest.mark.parametrize("named", [{"production": "1"}, {"staging": "2"}, {}])
def test_an_acceptance_names_no_value_that_is_only_comparable(named: dict[str, str]) -> None:
    accept = {"component": "training-data", "fact": "value", "reason": "r", **named}
    looked = scene(
        resources.setting(), production="1", staging="2", accept=(accept,), readable=("other",)
    )

    (judged,) = check(looked)

    assert isinstance(judged.verdict, Drifted if named else Accepted)
    assert isinstance(judged.observations.production, Seen)
    said = " ".join(judged.observations.production.findings)
    assert ("only comparable, so it accepts nothing" in said) is bool(named)


def test_nothing_is_said_of_an_acceptance_while_a_side_is_too_old_to_count() -> None:
    accept = {"component": "training-data", "fact": "valeu", "reason": "r"}
    stage = scene(resources.setting(), accept=(accept,))
    stage = replace(stage, now=NOW + 600)

    observed = [
        each._replace(production=replace(each.production, began=NOW)) for each in observe_all(stage)
    ]
    (judged,) = judge_all(stage, observed, [])

    assert isinstance(judged.verdict, Unknown)
    assert isinstance(judged.observations.production, Seen)
    assert judged.observations.production.findings == ()


def test_an_environment_accepts_for_the_components_of_one_kind() -> None:
    shared = {"kind": "setting", "fact": "val*", "reason": "half the data"}
    elsewhere = {"kind": "modelFiles", "fact": "*", "reason": "of another kind"}

    (judged,) = check(scene(resources.setting(), staging="other", shared=(shared, elsewhere)))
    (other,) = check(scene(resources.setting(), staging="other", shared=(elsewhere,)))

    assert isinstance(judged.verdict, Accepted)
    assert judged.verdict.reasons == ("environment staging: half the data",)
    assert isinstance(other.verdict, Drifted)


def test_a_mirrors_own_acceptance_goes_before_that_of_its_environment() -> None:
    shared = {"kind": "setting", "fact": "*", "reason": "half the data"}
    own = {"component": "training-data", "fact": "value", "reason": "ours", "staging": "other"}

    (judged,) = check(scene(resources.setting(), staging="other", accept=(own,), shared=(shared,)))
    (changed,) = check(scene(resources.setting(), staging="third", accept=(own,), shared=(shared,)))

    assert isinstance(judged.verdict, Accepted)
    assert judged.verdict.reasons == ("ours",)
    assert isinstance(changed.verdict, Drifted)


def test_an_environments_acceptance_that_fits_no_fact_of_a_mirror_is_not_reported_there() -> None:
    shared = {"kind": "setting", "fact": "valeu", "reason": "r"}

    (judged,) = check(scene(resources.setting(), staging="other", shared=(shared,)))

    assert isinstance(judged.verdict, Drifted)
    assert isinstance(judged.observations.production, Seen)
    assert judged.observations.production.findings == ()
