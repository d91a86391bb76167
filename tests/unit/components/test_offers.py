"""What no admin offers is not read; what may only be compared is neither shown nor copied."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.copies.copy_model import CopyModel
from stagingmirror.component import Role
from stagingmirror.drift.facts import SEAL, Seen, Unseen
from stagingmirror.drift.verdict import Drifted, InSync
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.kubernetes.subjects import Variable
from support.kinds import fraud, snapshots
from support.kinds.builders import NOW, World, container, environment, pod, sides, version
from support.kinds.recording import recording
from support.resources.resources import EVERYTHING

NOTHING: dict[str, Any] = {"readable": {}, "comparable": {}}


def around(production: dict[str, Any], staging: dict[str, Any] | None = None) -> Any:
    other = production if staging is None else staging
    return sides(environment(**production), environment("Staging", **other))


def offering(which: str, *names: str, **more: Any) -> dict[str, Any]:
    """An environment that offers these names of one list, and everything of all others."""
    return {"readable": {**EVERYTHING, which: list(names)}, "comparable": {}, **more}


@pytest.mark.parametrize("closed", ["production", "staging"])
@pytest.mark.parametrize("role", ["production", "staging"])
def test_a_setting_that_one_side_does_not_offer_is_not_read(closed: str, role: Role) -> None:
    world = recording(snapshots.snapshots())
    sides_ = around(*(({}, NOTHING) if closed == "staging" else (NOTHING, {})))

    seen = snapshots.KIND.observe(snapshots.entry(), sides_, role, world, NOW)

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NotOffered"
    assert f'of environment "{closed}"' in seen.why.message
    assert world.subjects == set()


@pytest.mark.parametrize(
    ("which", "entry"),
    [
        ("models", {}),
        ("tags", {"dataSnapshotTag": "warehouse_password"}),
        ("variables", {}),
    ],
)
@pytest.mark.parametrize("closed", ["production", "staging"])
def test_a_model_of_which_one_side_does_not_offer_all_that_is_named_is_not_read(
    which: str, entry: dict[str, Any], closed: str
) -> None:
    world = recording(fraud.both(fraud.server("ml-prod", "12"), fraud.server("ml-staging", "7")))
    open_, shut = offering("models", "*"), offering(which, "another")
    sides_ = around(*((open_, shut) if closed == "staging" else (shut, open_)))
    given = fraud.entry(fraud.BY_VARIABLE, **entry)

    roles: tuple[Role, ...] = ("production", "staging")
    for role in roles:
        seen = fraud.KIND.observe(given, sides_, role, world, NOW)
        assert isinstance(seen, Unseen)
        assert seen.why.reason == "NotOffered"
    assert world.subjects == set()
    problem = fraud.KIND.problems(given, sides_, world)
    assert problem is not None
    assert problem.reason == "NotOffered"


def test_a_variable_of_a_workload_cannot_name_a_model_that_is_not_offered() -> None:
    world = fraud.both(
        fraud.server("ml-prod", "12"), fraud.server("ml-staging", "models:/payroll/1")
    ).register("staging", version("1", "payroll", parameters={"salary": "hunter2"}))
    sides_ = around(offering("models", "fraud-*"))

    seen = fraud.look(world, fraud.entry(fraud.BY_VARIABLE), "staging", sides_)

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NotReadable"
    assert "hunter2" not in repr(seen)


def facts(world: World, around: Any, **entry: Any) -> dict[str, str]:
    seen = fraud.look(world, fraud.entry(**entry), "production", around)
    assert isinstance(seen, Seen), seen
    return {name: fact.value for name, fact in seen.facts.items()}


SECRET = {"password": "hunter2", "max_depth": "12"}


def world_with(staging: dict[str, str] | None = None, **fields: Any) -> World:
    mine = fields | {"parameters": SECRET}
    theirs = fields | {"parameters": SECRET if staging is None else staging}
    return (
        World()
        .register("production", version("12", **mine))
        .register("staging", version("8", **theirs))
        .alias("production", "12")
        .alias("staging", "8")
    )


def test_parameters_that_are_not_offered_are_not_compared_and_counted() -> None:
    sides_ = around(offering("parameters", "max_*"))
    world = world_with({"max_depth": "12"})

    seen = fraud.look(world, fraud.entry(), "production", sides_)

    assert isinstance(seen, Seen)
    assert {name for name in seen.facts if name.startswith("parameters")} == {
        "parameters.max_depth"
    }
    assert any(each.startswith("1 parameter of the run not compared") for each in seen.findings)
    assert "hunter2" not in repr(seen)
    assert isinstance(fraud.verdict(world, fraud.entry(), sides_), InSync)


@pytest.mark.parametrize("comparable", ["production", "staging", "both"])
def test_a_parameter_that_one_side_offers_only_to_compare_is_sealed_on_both(
    comparable: str,
) -> None:
    shut = offering("parameters", "max_depth", comparable={"parameters": ["password"]})
    open_ = offering("parameters", "*")
    sides_ = around(
        shut if comparable in ("production", "both") else open_,
        shut if comparable in ("staging", "both") else open_,
    )

    found = facts(world_with(), sides_)

    assert found["parameters.password"].startswith(SEAL)
    assert found["parameters.max_depth"] == "12"
    assert isinstance(fraud.verdict(world_with(), fraud.entry(), sides_), InSync)
    other = world_with(SECRET | {"password": "other"})
    assert fraud.differing(other, fraud.entry(), sides_) == {"parameters.password"}
    assert "hunter2" not in repr(fraud.verdict(other, fraud.entry(), sides_))


def test_of_a_comparable_model_only_the_sealed_hash_is_known() -> None:
    sides_ = around(
        {"readable": {}, "comparable": {"models": ["fraud-detector"], "parameters": ["*"]}}
    )

    found = facts(world_with(files={"secret-name.bin": "x"}), sides_)

    assert found.keys() == {"contentHash", "contentRead"}
    assert found["contentHash"].startswith(SEAL)
    assert isinstance(fraud.verdict(world_with(), fraud.entry(), sides_), InSync)
    seen = fraud.look(world_with(), fraud.entry(), "production", sides_)
    assert isinstance(seen, Seen)
    assert "12" not in " ".join(seen.findings)
    refusal = fraud.KIND.refusal(fraud.entry(), sides_)
    assert refusal is not None
    assert refusal.reason == "NotReadable"
    differing = world_with()
    differing.register("staging", version("8", files={"a": "other"}))
    with pytest.raises(CannotRefresh) as refused:
        fraud.plan(differing, fraud.entry(), sides_)
    assert refused.value.reason == "NotReadable"


def test_aliases_of_one_model_give_no_more_guesses_at_its_parameters() -> None:
    world = world_with().alias("production", "12", name="latest")
    sides_ = around(offering("parameters", comparable={"parameters": ["password"]}))
    windows = set()

    for alias in ("champion", "latest"):
        given = fraud.entry(staging={"alias": "champion"})
        production = given.spec.production.model_copy(update={"alias": alias})
        spec = given.spec.model_copy(update={"production": production})
        view = recording(world)
        seen = fraud.KIND.observe(replace(given, spec=spec), sides_, "staging", view, NOW)
        assert isinstance(seen, Seen)
        windows |= {guess.window for guess in view.guesses}

    assert len(windows) == 1


def test_a_tag_that_is_only_comparable_is_sealed() -> None:
    sides_ = around(offering("tags", comparable={"tags": ["snapshot"]}))

    found = facts(world_with(tags={"snapshot": "2026-11-20"}), sides_, dataSnapshotTag="snapshot")

    assert found["dataSnapshot"].startswith(SEAL)


def test_a_copy_takes_only_what_both_sides_list() -> None:
    sides_ = around(offering("parameters", "max_*"), offering("parameters", "*_depth"))
    world = world_with({})
    world.register("staging", version("8", files={"a": "other"}))

    copy = fraud.plan(world, fraud.entry(), sides_)[0]

    assert isinstance(copy, CopyModel)
    assert copy.parameters == (("max_*",), ("*_depth",))


def test_a_model_with_a_parameter_that_may_not_be_copied_is_not_copied_half() -> None:
    sides_ = around(offering("parameters", "max_depth", comparable={"parameters": ["password"]}))
    world = world_with()
    world.register("staging", version("8", files={"a": "other"}, parameters=SECRET))

    with pytest.raises(CannotRefresh) as refused:
        fraud.plan(world, fraud.entry(), sides_)

    assert refused.value.reason == "NotReadable"
    assert "parameter password" in refused.value.message


def test_a_value_that_is_only_comparable_is_in_no_fact() -> None:
    sides_ = around({"readable": {}, "comparable": {"configMaps": ["training-*"]}})

    judged = snapshots.verdict(snapshots.snapshots("1234", "4321"), snapshots.entry(), sides_)

    assert isinstance(judged, Drifted)
    assert "1234" not in repr(judged)
    assert "4321" not in repr(judged)


MADE = Variable("postgres://svc:hunter2@db", "value", frozenset({"DB_PASSWORD"}))


def made_of(side: str) -> World:
    """On this side the variable is made from another one."""
    values = {each: MADE if each == side else "plain" for each in ("production", "staging")}
    return World().add(
        *(
            snapshots.trainer(space, EMBEDDING_URL=values[role])
            for role, space in (("production", "ml-prod"), ("staging", "ml-staging"))
        )
    )


@pytest.mark.parametrize("side", ["production", "staging"])
@pytest.mark.parametrize(
    ("offers", "reason"),
    [
        (offering("variables", "EMBEDDING_URL"), "NotOffered"),
        (
            offering("variables", "EMBEDDING_URL", comparable={"variables": ["DB_*"]}),
            "NotReadable",
        ),
        (offering("variables", comparable={"variables": ["EMBEDDING_URL"]}), "NotOffered"),
    ],
)
def test_a_value_is_not_shown_where_something_that_it_is_made_from_is_not_offered(
    side: Role, offers: dict[str, Any], reason: str
) -> None:
    given = snapshots.entry(place={"variable": snapshots.VARIABLE})

    seen = snapshots.look(made_of(side), given, side, around(offers))

    assert isinstance(seen, Unseen)
    assert seen.why.reason == reason
    assert "DB_PASSWORD" in seen.why.message
    assert "hunter2" not in repr(seen)


@pytest.mark.parametrize(
    ("offers", "shown"),
    [
        (offering("variables", "EMBEDDING_URL", "DB_PASSWORD"), True),
        (
            offering("variables", comparable={"variables": ["EMBEDDING_URL", "DB_PASSWORD"]}),
            False,
        ),
    ],
)
def test_a_value_counts_where_all_that_it_is_made_from_is_offered_alike(
    offers: dict[str, Any], shown: bool
) -> None:
    given = snapshots.entry(place={"variable": snapshots.VARIABLE})

    seen = snapshots.look(made_of("production"), given, "production", around(offers))

    assert isinstance(seen, Seen)
    assert ("hunter2" in seen.facts["value"].value) is shown
    assert seen.facts["value"].made_from == ("DB_PASSWORD",)


def test_a_version_in_a_variable_that_is_made_from_another_is_not_read() -> None:
    app = container(variables={"MODEL_VERSION": Variable("12", "value", frozenset({"SECRET"}))})
    world = fraud.registries().add(
        fraud.server("ml-prod", containers={"app": app}, pods=(pod(app),))
    )

    seen = fraud.look(
        world, fraud.entry(fraud.BY_VARIABLE), around=around(offering("variables", "MODEL_VERSION"))
    )

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NotOffered"
