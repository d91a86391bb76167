"""A setting that is the version of a Delta table."""

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.component import Sides
from stagingmirror.drift.facts import Seen
from stagingmirror.drift.verdict import Drifted, InSync, Unknown
from stagingmirror.errors import CannotRefresh
from support.kinds.builders import STAGING, config_map
from support.kinds.snapshots import KIND, LOADER, entry, loader, look, plan, verdict
from support.objectstore.tables import TABLE, around, stores, tables

KEPT = {"configMap": {"name": "training-data", "key": "snapshot"}}


def test_a_table_of_the_same_version_is_in_sync() -> None:
    assert isinstance(verdict(tables(42, 42), entry(place=TABLE), around()), InSync)


def test_another_version_is_drift_and_its_time_is_shown() -> None:
    found = verdict(tables(), entry(place=TABLE), around())

    assert isinstance(found, Drifted)
    (difference,) = found.differences
    assert (difference.fact, difference.production, difference.staging) == ("value", "42", "41")
    seen = look(tables(), entry(place=TABLE), "staging", around())
    assert isinstance(seen, Seen)
    assert not seen.facts["written"].compared


def test_a_table_that_staging_does_not_have_is_drift_and_one_of_production_is_unknown() -> None:
    given = entry(place=TABLE)

    assert isinstance(verdict(tables(staging=None), given, around()), Drifted)
    found = verdict(tables(production=None), given, around())
    assert isinstance(found, Unknown)
    assert found.why.reason == "NothingToMirror"


def test_a_refresh_runs_the_loader_with_the_version_and_writes_nothing_itself() -> None:
    (load,) = plan(tables().add(loader()), entry(place=TABLE, load=LOADER), around())

    assert isinstance(load, RunLoader)
    assert (load.namespace, load.value, load.former) == (STAGING, "42", "41")


def test_a_version_that_staging_keeps_in_a_config_map_is_written_after_the_loader() -> None:
    world = tables().add(loader(), config_map({"snapshot": "v41"}, namespace=STAGING))
    given = entry({**KEPT, "value": "v{value}"}, place=TABLE, load=LOADER)

    load, write = plan(world, given, around())

    assert isinstance(load, RunLoader)
    assert isinstance(write, SetConfigMapKey)
    assert (load.value, write.value) == ("v42", "v42")


def test_a_table_that_nothing_loads_is_only_reported() -> None:
    given = entry(place=TABLE)

    assert given.spec.default_mode == "Report"
    assert entry(place=TABLE, load=LOADER).spec.default_mode == "Refresh"
    assert entry(KEPT, place=TABLE).spec.default_mode == "Refresh"
    with pytest.raises(CannotRefresh) as refused:
        plan(tables(), given, around())
    assert "add load" in refused.value.message
    assert KIND.refusal(given, around()) is not None


@pytest.mark.parametrize(
    ("around", "reason"),
    [
        (around(stores("ml-prod", readable=[])), "NotOffered"),
        (around(staging=stores("ml-staging", readable=["other/*"])), "NotOffered"),
        (around(staging=[]), "NoStore"),
        (around(staging=stores("ml-prod")), "SameThing"),
    ],
)
def test_what_both_environments_do_not_list_is_not_read(around: Sides, reason: str) -> None:
    given = entry(place=TABLE)
    why = KIND.problems(given, around, tables())

    assert why is not None
    assert why.reason == reason
    if reason != "SameThing":
        found = verdict(tables(), given, around)
        assert isinstance(found, Unknown)
        assert found.why.reason == reason


def test_a_bucket_of_that_name_at_another_endpoint_is_another_table() -> None:
    other = around(staging=stores("ml-prod", endpoint="http://minio.example:9000"))

    assert KIND.problems(entry(place=TABLE), other, tables()) is None


def test_an_old_version_has_a_finding() -> None:
    given = entry(place=TABLE, warnOlderThan="30m")
    seen = look(tables(), given, around=around())

    assert isinstance(seen, Seen)
    assert seen.findings == ("production's own value is older than 30m.",)


def test_a_refresh_needs_that_the_folders_are_still_listed() -> None:
    grants = KIND.grants(entry(place=TABLE, load=LOADER), around())

    assert {(each.side, each.value) for each in grants if each.field == "object_stores"} == {
        ("production", "s3://ml-prod/lake/customers"),
        ("staging", "s3://ml-staging/lake/customers"),
    }
    assert KIND.writes(entry(place=TABLE, load=LOADER), around()) == frozenset()
