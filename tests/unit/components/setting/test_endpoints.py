"""A value that an endpoint answers: compared, followed from production, and never written."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.component import Sides
from stagingmirror.drift.facts import Absent, Seen, Unseen, Why
from stagingmirror.drift.verdict import Drifted, InSync, Unknown
from stagingmirror.errors import CannotRefresh
from support.kinds.builders import STAGING, World, config_map
from support.kinds.snapshots import KIND, look, plan, verdict
from support.settings.answered import FOLLOWED, GIVEN, SIDES, answering, around


def test_equal_answers_are_in_sync_and_others_are_named() -> None:
    assert isinstance(verdict(answering(), GIVEN, SIDES), InSync)

    found = verdict(answering("fraud@12", "fraud@11"), GIVEN, SIDES)

    assert isinstance(found, Drifted)
    (difference,) = found.differences
    assert (difference.production, difference.staging) == ("fraud@12", "fraud@11")


def test_what_an_endpoint_answers_is_what_runs() -> None:
    seen = look(answering(), GIVEN, around=SIDES)

    assert isinstance(seen, Seen)
    assert not seen.facts["value"].declared


def test_what_is_not_in_the_answer_is_absent() -> None:
    assert isinstance(look(answering(None), GIVEN, around=SIDES), Absent)
    assert isinstance(verdict(answering(staging=None), GIVEN, SIDES), Drifted)


def test_what_is_no_single_value_is_unknown_and_says_where() -> None:
    seen = look(answering(Why("NotComparable", "is a list; name …")), GIVEN, around=SIDES)

    assert isinstance(seen, Unseen)
    assert seen.why.message.startswith("/data/0/id in the answer of endpoint models is a list")


@pytest.mark.parametrize("closed", ["production", "staging"])
def test_a_pointer_that_one_side_does_not_list_is_not_read(closed: str) -> None:
    shut: Any = {closed: {"pointers": ["/data/0/object"]}}

    found = verdict(answering(), GIVEN, around(**shut))

    assert isinstance(found, Unknown)
    assert found.why.reason == "NotOffered"
    assert "pointer /data/0/id is not listed in pointers of endpoints entry models" in (
        found.why.message
    )


def test_an_endpoint_that_is_not_listed_is_said() -> None:
    found = verdict(answering(), GIVEN, around(staging={"name": "other"}))

    assert isinstance(found, Unknown)
    assert found.why.reason == "NoEndpoint"


@pytest.mark.parametrize(
    "url",
    [
        "http://server.ml-prod.svc:8000/v1/models",
        "http://Server.ml-prod.svc:8000/v1/models/",
    ],
)
def test_one_address_is_not_compared_with_itself(url: str) -> None:
    about = around(staging={"url": url})

    assert _problem(about) == "SameThing"


def test_two_addresses_and_two_values_of_one_are_two_things() -> None:
    other = around(staging={"url": "http://server.ml-prod.svc:8000/v2/models"})

    assert _problem(SIDES) is None
    assert _problem(other) is None


def _problem(about: Sides) -> str | None:
    why = KIND.problems(GIVEN, about, World())
    return None if why is None else why.reason


def test_what_production_answers_is_followed_in_a_config_map() -> None:
    world = answering().add(config_map({"snapshot": "fraud@11"}, namespace=STAGING))

    (step,) = plan(world, FOLLOWED, SIDES)

    assert isinstance(step, SetConfigMapKey)
    assert step.value == "fraud@12"


def test_what_staging_answers_is_never_written() -> None:
    assert GIVEN.spec.default_mode == "Report"
    assert KIND.writes(GIVEN, SIDES) == frozenset()
    with pytest.raises(CannotRefresh, match="nothing writes what an endpoint"):
        plan(answering("fraud@12", "fraud@11"), GIVEN, SIDES)
    refusal = KIND.refusal(GIVEN, SIDES)
    assert refusal is not None


def test_a_refresh_that_follows_an_answer_rests_on_its_pointer() -> None:
    (grant,) = (each for each in KIND.grants(FOLLOWED, SIDES) if each.field == "pointers")

    assert grant.value == "models/data/0/id"
    assert grant.is_given_by(SIDES.production.spec)
    shut = around(production={"pointers": ["/object"]})
    assert not grant.is_given_by(shut.production.spec)
    assert "models/data/0/id in pointers" in grant.missing_in("production")


def test_a_namespace_is_not_needed_to_read_an_endpoint() -> None:
    spec = SIDES.production.spec.model_copy(update={"namespaces": ("other",)})
    about = Sides(replace(SIDES.production, spec=spec), SIDES.staging, mirror="mirror")

    assert KIND.problems(GIVEN, about, World()) is None
