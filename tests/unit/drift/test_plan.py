"""Plans: merged, in order, no component half done, no field written twice."""

from typing import Any

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.copies.copy_model import CopyModel
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.drift import plan as planning
from stagingmirror.drift.facts import Difference, Why
from stagingmirror.drift.plan import Proposal
from stagingmirror.drift.steps import Plan, Produced, Step
from stagingmirror.drift.verdict import Accepted, Drifted, Held, InSync, Unknown, Verdict
from stagingmirror.sources.kubernetes.write.field_patch import (
    FieldWrite,
    Restart,
    SetAnnotation,
    SetImage,
    SetVariable,
)
from support.kinds.observations import NOW

DRIFTED = Drifted((Difference("value", "2", "1"),))


def make(proposals: list[Proposal[Step]]) -> Plan[Step]:
    return planning.make(proposals, {})


def proposal(component: str, *steps: Step, verdict: Verdict = DRIFTED, **kw: Any) -> Proposal[Step]:
    return Proposal(component, **({"mode": "Refresh", "verdict": verdict, "steps": steps} | kw))


def copy(component: str, id_: str = "copy", **kw: Any) -> CopyModel:
    return CopyModel(
        id_,
        (component,),
        **{
            "from_environment": "production",
            "from_model": "fraud",
            "from_version": "12",
            "to_environment": "staging",
            "to_model": "fraud",
            "tree_hash": "sha256:1",
            "files": 4,
            "size": 90_000_000,
            "tags": (),
            "parameters": (),
            **kw,
        },
    )


def load(component: str, value: str = "2") -> RunLoader:
    return RunLoader(
        "load", (component,), "ml-staging", "load-data", "load", "SNAPSHOT", value, 3600.0, "1"
    )


def key(component: str, value: str = "2") -> SetConfigMapKey:
    return SetConfigMapKey("key", (component,), "ml-staging", "training-data", "snapshot", value)


def alias(component: str, version: str | Produced = "8") -> MoveAlias:
    return MoveAlias("alias", (component,), "staging", "fraud", "champion", version)


def patch(component: str, *writes: FieldWrite, name: str = "fraud-server") -> PatchWorkload:
    return PatchWorkload("patch", (component,), "Deployment", "ml-staging", name, writes)


def sorts(plan: Plan[Step]) -> list[str]:
    return [type(step).__name__ for step in plan.steps]


def test_preparing_comes_before_stores_and_stores_before_workloads() -> None:
    plan = make(
        [
            proposal("a", patch("a", Restart()), key("a"), load("a")),
            proposal("b", patch("b", Restart(), name="other"), alias("b"), copy("b")),
        ]
    )

    assert sorts(plan) == [
        "CopyModel",
        "RunLoader",
        "SetConfigMapKey",
        "MoveAlias",
        "PatchWorkload",
        "PatchWorkload",
    ]


def test_all_writes_to_one_workload_are_one_patch() -> None:
    plan = make(
        [
            proposal("a", patch("a", SetVariable("server", "MODEL_VERSION", "8"))),
            proposal("b", patch("b", SetImage("server", "features@sha256:1"))),
        ]
    )

    (step,) = plan.steps
    assert isinstance(step, PatchWorkload)
    assert step.components == ("a", "b")
    assert step.fields == (
        SetImage("server", "features@sha256:1"),
        SetVariable("server", "MODEL_VERSION", "8"),
    )


@pytest.mark.parametrize(
    "write",
    [SetVariable("server", "X", "1"), SetImage("server", "x"), SetAnnotation("x", "1")],
)
def test_a_restart_stays_beside_other_writes_for_the_way_back(write: FieldWrite) -> None:
    plan = make([proposal("a", patch("a", write)), proposal("b", patch("b", Restart()))])

    (step,) = plan.steps
    assert isinstance(step, PatchWorkload)
    assert set(step.fields) == {write, Restart()}
    assert step.components == ("a", "b")


def test_the_same_write_of_two_components_is_done_once() -> None:
    plan = make([proposal("a", key("a"), load("a")), proposal("b", key("b"), load("b"))])

    assert sorts(plan) == ["RunLoader", "SetConfigMapKey"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (key("a", "1"), key("b", "2")),
        (alias("a", "7"), alias("b", "8")),
        (load("a", "1"), load("b", "2")),
        (patch("a", SetImage("c", "1")), patch("b", SetImage("c", "2"))),
        (patch("a", SetVariable("c", "X", "1")), patch("b", SetVariable("c", "X", "2"))),
        (patch("a", SetAnnotation("x", "1")), patch("b", SetAnnotation("x", "2"))),
    ],
)
def test_of_two_components_that_want_different_things_in_one_place_neither_is_done(
    one: Step, other: Step
) -> None:
    plan = make([proposal("a", one), proposal("b", other), proposal("c", key("c", "3"))])

    left = {each.component: each.why for each in plan.left}
    assert {"a", "b"} <= left.keys()
    assert "in conflict with b, which writes something else to" in left["a"]
    assert "in conflict with a" in left["b"]


def test_who_wants_the_same_as_one_of_two_in_conflict_is_left_as_well() -> None:
    plan = make(
        [
            proposal("a", key("a", "1"), load("a", "1")),
            proposal("b", key("b", "1")),
            proposal("c", key("c", "2")),
        ]
    )

    left = {each.component: each.why for each in plan.left}
    assert plan.steps == ()
    assert [name for name, why in left.items() if "in conflict with c," in why] == ["a", "b"]
    assert "in conflict with a," in left["c"]


def test_a_component_that_wants_two_things_of_one_place_is_told_so() -> None:
    (left,) = make([proposal("a", patch("a", SetImage("c", "1"), SetImage("c", "2")))]).left

    assert left.why.startswith("writes two different things to Deployment fraud-server image of c")


def test_a_component_in_conflict_is_left_whole() -> None:
    plan = make([proposal("a", copy("a"), alias("a", "7")), proposal("b", alias("b", "8"))])

    assert plan.steps == ()


def test_the_same_names_in_different_places_are_no_conflict() -> None:
    one = patch("a", SetVariable("server", "X", "1"), name="one")
    other = patch("b", SetVariable("server", "X", "2"), name="other")

    assert len(make([proposal("a", one), proposal("b", other)]).steps) == 2


def test_what_a_step_produces_is_found_under_its_new_name() -> None:
    uri = SetVariable("server", "MODEL_URI", Produced("my-copy", "models:/fraud/{value}"))
    steps = (alias("a", Produced("my-copy")), patch("a", uri), copy("a", "my-copy"))

    plan = make([proposal("a", *steps)])

    made, moved, patched = plan.steps
    assert isinstance(moved, MoveAlias)
    assert isinstance(patched, PatchWorkload)
    assert moved.version == Produced(made.id)
    assert patched.fields == (
        SetVariable("server", "MODEL_URI", Produced(made.id, "models:/fraud/{value}")),
    )


def test_ids_are_the_same_whoever_proposes_and_unique() -> None:
    once = make([proposal("a", copy("a", "x"), alias("a", Produced("x")), load("a"), key("a"))])
    again = make([proposal("z", copy("z", "y"), alias("z", Produced("y")), load("z"), key("z"))])

    assert [step.id for step in once.steps] == [step.id for step in again.steps]
    assert len({step.id for step in once.steps}) == 4


def test_another_content_has_another_id() -> None:
    (one,) = make([proposal("a", key("a", "1"))]).steps
    (other,) = make([proposal("a", key("a", "2"))]).steps

    assert one.id != other.id


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"mode": "Report"}, "only reported (mode Report)"),
        ({"steps": Why("NotReadable", "variable X is not listed in readable.")}, "variable X is"),
        ({"steps": ()}, "differs in nothing that a refresh could write"),
        (
            {"verdict": Unknown(Why("X", "MLflow timed out."), "staging")},
            "not known in staging: MLflow",
        ),
        (
            {"verdict": Unknown(Why("X", "MLflow timed out."), "staging"), "mode": "Report"},
            "only reported (mode Report)",
        ),
        ({"verdict": Accepted((), ("smaller nodes",))}, "accepted: smaller nodes"),
        (
            {"verdict": Drifted(DRIFTED.differences, accepted=(Difference("runId", "a", "b"),))},
            "would write what is accepted too (runId)",
        ),
        (
            {"verdict": Held("vision-ci", "candidate 14", until=NOW)},
            "held by vision-ci: candidate 14, until 2027-01-15 08:00 UTC",
        ),
    ],
)
def test_what_is_left_alone_says_why(given: dict[str, Any], why: str) -> None:
    plan = make(
        [proposal("a", key("a"), **given) if "steps" not in given else proposal("a", **given)]
    )

    assert plan.steps == ()
    (left,) = plan.left
    assert left.component == "a"
    assert why in left.why


def test_what_is_in_sync_is_not_spoken_of() -> None:
    assert make([proposal("a", key("a"), verdict=InSync(1))]) == Plan((), ())
    assert make([proposal("a", verdict=InSync(1), mode="Report")]) == Plan((), ())


def test_left_components_keep_the_order_of_the_mirror() -> None:
    plan = make([proposal(name, mode="Report") for name in ("z", "a", "m")])

    assert [each.component for each in plan.left] == ["z", "a", "m"]


def test_what_names_a_component_that_is_left_is_left_with_it() -> None:
    unknown = Unknown(Why("TooLarge", "too large"), "production")
    plan = make(
        [
            proposal("model", verdict=unknown),
            proposal("index", key("index"), companions=("model",)),
            proposal("parity", alias("parity"), companions=("index",)),
            proposal("other", load("other")),
        ]
    )

    assert [step.components for step in plan.steps] == [("other",)]
    assert {each.component: each.why for each in plan.left} == {
        "model": "not known in production: too large",
        "index": "left with model, which it names in with",
        "parity": "left with index, which it names in with",
    }


def test_a_companion_that_needs_nothing_holds_nobody_back() -> None:
    accepted = Accepted((), ("smaller nodes",))
    plan = make(
        [
            proposal("same", verdict=InSync(1)),
            proposal("fine", verdict=accepted),
            proposal("index", key("index"), companions=("same", "fine")),
        ]
    )

    assert [step.components for step in plan.steps] == [("index",)]
