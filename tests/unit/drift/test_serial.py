"""Steps as JSON: what was written is what is read, or it is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.serial import NotAStep, from_dict, plan_from_dict, plan_to_dict, to_dict
from stagingmirror.drift.steps import (
    CopyModel,
    Left,
    MoveAlias,
    PatchWorkload,
    Plan,
    Produced,
    Restart,
    RunLoader,
    SetAnnotation,
    SetConfigMapKey,
    SetImage,
    SetVariable,
    Step,
)
from stagingmirror.drift.wording import components_of, describe, phase, size

texts = st.text(max_size=8)
values = texts | st.builds(Produced, texts, texts)
writes = st.one_of(
    st.builds(SetVariable, texts, texts, values),
    st.builds(SetImage, texts, texts),
    st.builds(SetAnnotation, texts, texts),
    st.builds(Restart),
)
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(CopyModel, *[texts] * 8, st.integers(0), st.integers(0)),
    st.builds(RunLoader, *[texts] * 7, st.floats(0, 1e6), st.none() | texts),
    st.builds(SetConfigMapKey, *[texts] * 6),
    st.builds(MoveAlias, *[texts] * 5, values),
    st.builds(
        PatchWorkload,
        texts,
        st.lists(texts, max_size=3).map(tuple),
        st.sampled_from(["Deployment", "StatefulSet", "CronJob"]),
        texts,
        texts,
        st.lists(writes, max_size=3).map(tuple),
    ),
)


@given(steps)
def test_every_step_survives_json(step: Step) -> None:
    assert from_dict(json.loads(json.dumps(to_dict(step)))) == step


@given(st.lists(steps, max_size=3), st.lists(st.builds(Left, texts, texts), max_size=3))
def test_every_plan_survives_json(some: list[Step], left: list[Left]) -> None:
    plan = Plan(tuple(some), tuple(left))

    assert plan_from_dict(json.loads(json.dumps(plan_to_dict(plan)))) == plan


@given(steps)
def test_every_step_has_one_line_a_phase_and_components(step: Step) -> None:
    assert describe(step)
    assert phase(step) in ("prepare", "switch")
    assert isinstance(components_of(step), tuple)


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"step": "DropDatabase"},
        {"step": ["MoveAlias"]},
        {"step": "MoveAlias", "id": "a"},
        {**to_dict(MoveAlias("a", "b", "c", "d", "e", "f")), "version": 7},
        {**to_dict(MoveAlias("a", "b", "c", "d", "e", "f")), "version": {"producedBy": 1}},
        {**to_dict(PatchWorkload("a", ("b",), "Deployment", "c", "d", ())), "kind": "Secret"},
        {**to_dict(PatchWorkload("a", ("b",), "Deployment", "c", "d", ())), "writes": ["x"]},
        {
            **to_dict(PatchWorkload("a", ("b",), "Deployment", "c", "d", ())),
            "writes": [{"write": "Delete"}],
        },
    ],
)
def test_what_is_no_step_is_refused_and_never_guessed(damaged: dict[str, Any]) -> None:
    with pytest.raises(NotAStep):
        from_dict(damaged)


def test_steps_are_told_in_the_words_of_their_manifest() -> None:
    patch = PatchWorkload(
        "id",
        ("fraud-model",),
        "Deployment",
        "ml-staging",
        "fraud-server",
        (SetVariable("server", "MODEL_VERSION", Produced("copy")), Restart()),
    )
    copy = CopyModel(
        "id", "m", "production", "fraud", "12", "staging", "fraud", "sha256:1", 4, 90_000_000
    )

    assert describe(copy) == (
        "copy version 12 of fraud (4 files, 90 MB) from production to staging"
    )
    assert describe(patch) == (
        "Deployment fraud-server: MODEL_VERSION of server → the copy; restart"
    )
    assert describe(MoveAlias("id", "m", "staging", "fraud", "champion", "8")) == (
        "alias champion of fraud → version 8"
    )


def test_a_long_value_does_not_make_a_long_line() -> None:
    assert len(describe(SetConfigMapKey("id", "c", "ns", "name", "key", "x" * 100_000))) < 200


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (90_000_000, "90 MB"),
        (1_500_000_000, "1.5 GB"),
        (2e12, "2.0 TB"),
    ],
)
def test_sizes_are_rounded_as_people_say_them(count: float, told: str) -> None:
    assert size(int(count)) == told
