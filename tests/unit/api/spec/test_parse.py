"""The door. Each constraint is tested in integration/test_api_constraints, at both doors."""

import pytest

from stagingmirror.api.spec.parse import parse_environment, parse_hold, parse_mirror
from stagingmirror.errors import NeedsHuman
from support.resources.resources import Object, environment, hold, mirror, model_alias, setting


def refusal(thing: Object) -> str:
    with pytest.raises(NeedsHuman) as stalled:
        parse_mirror(thing)
    assert stalled.value.reason == "InvalidSpec"
    return stalled.value.message


def test_entries_are_named_by_their_name_and_fields_as_users_write_them() -> None:
    broken = mirror(track=[setting(), model_alias()])
    del broken["spec"]["track"][1]["modelAlias"]["production"]["alias"]

    told = refusal(broken)

    assert told == "spec.track[fraud-model].modelAlias.production.alias: is required; add it."


def test_a_rule_between_fields_names_the_object_that_breaks_it() -> None:
    broken = mirror(track=[model_alias(loaded_by={"kind": "Deployment", "name": "s"})])

    told = refusal(broken)

    assert told == (
        "spec.track[fraud-model].modelAlias.production.loadedBy[s]: "
        "loadedBy needs container and variable, or restart: true alone."
    )


def test_a_value_in_the_wrong_place_is_not_repeated() -> None:
    secret = "http://user:hunter2@mlflow"

    with pytest.raises(NeedsHuman) as by_rule:
        parse_environment(environment(mlflow={"url": secret}))
    with pytest.raises(NeedsHuman) as by_type:
        parse_environment(environment(mlflow=secret))

    assert "hunter2" not in str(by_rule.value)
    assert "hunter2" not in str(by_type.value)


def test_a_kind_of_a_newer_crd_is_parsed_and_has_no_kind() -> None:
    spec = parse_mirror(mirror(track=[{"name": "x", "laterKind": {"store": "v"}}, setting()]))

    assert [track.kind for track in spec.track] == [None, "setting"]


def test_fields_of_a_newer_crd_are_ignored() -> None:
    spec = parse_mirror(mirror(tolerance={"absolute": "1e-5"}))

    assert spec.check_interval == "30s"


def test_an_object_without_spec_is_told_what_is_missing() -> None:
    assert refusal({"metadata": {"name": "x"}}) == "spec.production: is required; add it."


def test_every_setting_but_a_variable_is_refreshed_unless_said_otherwise() -> None:
    variable = {"kind": "Deployment", "name": "s", "container": "c", "variable": "V"}
    by_variable = {"name": "v", "setting": {"production": {"variable": variable}}}
    spec = parse_mirror(
        mirror(track=[setting(), by_variable, by_variable | {"name": "w", "mode": "Refresh"}])
    )

    assert [track.effective_mode for track in spec.track] == ["Refresh", "Report", "Refresh"]


def test_what_is_omitted_in_an_environment_permits_nothing() -> None:
    bare = environment()
    bare["spec"] = {"role": "Staging"}

    spec = parse_environment(bare)

    assert (spec.usable_from, spec.namespaces) == ((), ())
    assert spec.readable.variables == ()
    assert spec.max_concurrent_refreshes == 4


def test_a_hold_that_names_nothing_holds_everything() -> None:
    spec = parse_hold(hold())

    assert (spec.mirrors, spec.components) == ((), ())
