"""What the plan has where staging masks what it restores, and what that rests on."""

from dataclasses import replace

import pytest

from stagingmirror.actions.copies.index_copy import IndexCopy
from stagingmirror.actions.copies.mask_index import MaskIndex
from stagingmirror.actions.copies.restore_index import RestoreIndex
from stagingmirror.actions.switch_index import SwitchIndex
from stagingmirror.drift.steps import Produced
from stagingmirror.drift.verdict import Drifted, InSync
from support.index.products import (
    JOB,
    MASKED_SIDES,
    SIDES,
    around,
    entry,
    index,
    indexes,
    mark,
    plan,
    serve,
    verdict,
)


@pytest.mark.parametrize("copies", ["AfterJob", "Allowed"])
def test_what_is_restored_is_masked_before_the_alias_leads_to_it(copies: str) -> None:
    world = serve(indexes(), "staging", index("products-6", mark=mark(20)))

    restore, mask, switch = plan(world, entry(), around({"copies": copies}, maskingJob=JOB))

    assert isinstance(restore, RestoreIndex)
    assert isinstance(mask, MaskIndex)
    assert isinstance(switch, SwitchIndex)
    assert switch.index == Produced(mask.id)
    assert (restore.phase, mask.phase) == ("prepare", "prepare")
    assert restore.order < mask.order < switch.order
    assert restore.final_name("r1") == mask.final_name("r1")


def test_what_was_copied_before_production_asked_for_masking_is_drift_and_copied_anew() -> None:
    world = serve(indexes(), "staging", index("products-7", mark=mark()))
    assert isinstance(verdict(world), InSync)

    found = verdict(world, around=MASKED_SIDES)
    assert isinstance(found, Drifted)
    assert [each.staging for each in found.differences] == ["nightly-22, not masked"]
    assert isinstance(plan(world, entry(), MASKED_SIDES)[1], MaskIndex)

    serve(world, "staging", index("products-7", mark=mark(masked=True)))
    assert isinstance(verdict(world, around=MASKED_SIDES), InSync)


def test_each_alias_of_one_index_has_a_copy_of_its_own_to_be_masked() -> None:
    world = serve(indexes(), "staging", index("products-6", mark=mark(20)))
    restore, mask, _ = plan(world, entry(), MASKED_SIDES)
    assert isinstance(restore, IndexCopy)
    assert isinstance(mask, MaskIndex)

    others = [replace(each, to_alias="products-next") for each in (restore, mask)]

    assert restore.mark({"index": "search.products-7-abcdef12"}) == "products-7-abcdef12"
    assert {each.final_name("r1") for each in others} == {others[0].final_name("r1")}
    assert others[0].final_name("r1") != restore.final_name("r1")


@pytest.mark.parametrize(
    "changed",
    [{"cronJob": "other"}, {"namespace": "other"}, {"variable": "OTHER"}, {"container": "other"}],
)
def test_a_refresh_rests_on_the_job_that_it_was_planned_with(changed: dict[str, str]) -> None:
    _, mask, _ = plan(
        serve(indexes(), "staging", index("products-6", mark=mark(20))), entry(), MASKED_SIDES
    )
    assert isinstance(mask, MaskIndex)
    (grant,) = (each for each in mask.grants() if each.side == "staging")
    staging = MASKED_SIDES.staging.spec
    other = around({"copies": "AfterJob"}, maskingJob=JOB | changed).staging.spec
    patient = around({"copies": "AfterJob"}, maskingJob=JOB | {"timeout": "9h"}).staging.spec

    assert grant.is_given_by(staging)
    assert grant.is_given_by(patient)
    assert not grant.is_given_by(other)


def test_copies_that_are_only_masked_rest_on_another_grant_than_others() -> None:
    _, mask, _ = plan(
        serve(indexes(), "staging", index("products-6", mark=mark(20))), entry(), MASKED_SIDES
    )
    restore, _ = plan(serve(indexes(), "staging", index("products-6", mark=mark(20))), entry())
    after_job, allowed = MASKED_SIDES.production.spec, SIDES.production.spec

    for step, spec, given in (
        (mask, after_job, True),
        (mask, allowed, True),
        (restore, after_job, False),
        (restore, allowed, True),
    ):
        assert isinstance(step, IndexCopy)
        grants = [each for each in step.grants() if each.side == "production"]
        assert [each.is_given_by(spec) for each in grants] == [given]
