"""The status as a whole: its size, its schema, and what holds of any status."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import Report
from stagingmirror.drift.facts import Fact
from stagingmirror.drift.steps import Left, Plan
from support.kinds import observations as given_looks
from support.kinds.judged import deployed, of_condition, status
from support.kinds.observations import (
    accepted,
    component,
    drifted,
    equal,
    held,
    report,
    seen,
    unknown,
)


def huge() -> Report:
    """The largest mirror there can be, every text of it too long."""
    facts = {f"parameters.{n:04}": Fact("p" * 600) for n in range(300)}
    other = {name: Fact("s" * 600) for name in facts}
    components = [
        component(f"component-{n:02}-{'x' * 40}", seen(facts, findings=("f" * 5000,)), seen(other))
        for n in range(64)
    ]
    names = [each.name for each in components]
    steps = [
        SetConfigMapKey(f"s{n}", (names[n % 64],), "ns", "c", str(n), "v" * 9000)
        for n in range(900)
    ]
    return report(
        *components,
        plan=Plan(tuple(steps), tuple(Left(name, "w" * 5000) for name in names)),
        deploys=tuple(deployed(name, "d" * 5000) for name in names),
        finished={"id": "r1", "result": "RolledBack", "message": "m" * 50_000},
        refresh={"id": "r2", "phase": "Verify", "steps": [{"text": "t" * 50_000}]},
        stalled=("Overlap", "o" * 50_000),
    )


def test_the_largest_status_is_far_below_what_can_be_written_and_says_what_was_cut() -> None:
    made = status(huge())

    assert len(json.dumps(made)) < 200_000
    assert "facts are not shown" in made["components"][0]["message"] or (
        "not listed" in made["components"][0]["message"]
    )
    assert MirrorStatus.model_validate(made).sync == "Drifted"


def test_a_large_status_is_not_written_again_and_again() -> None:
    of = huge()
    later = replace(of, progress=replace(of.progress, finished=None))

    once = status(later, status(of))

    assert status(later, once) == once


def test_everything_that_is_written_is_in_the_schema() -> None:
    made = status(report(drifted(), equal(), held(), accepted(), unknown(), waiting="settling"), {})

    known = {field.alias or name for name, field in MirrorStatus.model_fields.items()}
    assert made.keys() <= known
    read = MirrorStatus.model_validate(made).model_dump(
        mode="json", by_alias=True, exclude_none=True
    )
    for written, back in zip(made["components"], read["components"], strict=True):
        assert written.items() <= back.items()


components = st.builds(
    lambda name, both: component(name, both.production, both.staging),
    st.sampled_from(["same", "another"]),
    given_looks.observations,
)
reports = st.builds(
    lambda found, writing, generation: report(*found, writing=writing, generation=generation),
    st.lists(components, max_size=3, unique_by=lambda each: each.name),
    st.booleans(),
    st.integers(1, 2),
)


@given(reports)
def test_a_status_made_again_from_itself_is_the_same(of: Report) -> None:
    once = status(of)

    assert status(of, json.loads(json.dumps(once))) == once


@given(reports, reports)
def test_nothing_is_in_sync_that_is_not_wholly_and_freshly_seen(before: Report, of: Report) -> None:
    made = status(of, status(before))

    if made["sync"] == "InSync" or of_condition(made, "InSync") == "True":
        assert of_condition(made, "Ready") == "True"
        assert {each["verdict"] for each in made["components"]} <= {"InSync", "Accepted"}
        assert not of.progress.writing
    assert ("inSyncSince" in made) == (made["sync"] == "InSync")
