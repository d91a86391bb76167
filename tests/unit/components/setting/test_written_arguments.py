"""An argument as a refresh writes it, and where it does not."""

from typing import Any

import pytest

from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.kubernetes.subjects import WorkloadField
from stagingmirror.sources.kubernetes.write.field_patch import Restart, SetArgument, SetVariable
from support.kinds.builders import PRODUCTION, STAGING, World, environment, sides, workload
from support.kinds.snapshots import KIND, TRAINER, VARIABLE, entry, plan
from support.settings.arguments import ARGUMENT, GIVEN, TOKENIZER, both, serving

READABLE: dict[str, Any] = {"arguments": [TOKENIZER], "variables": ["REVISION", "EMBEDDING_URL"]}


def around(**offers: Any) -> Any:
    whole = {"readable": READABLE, "comparable": {}} | offers
    return sides(environment(**whole), environment("Staging", **whole))


def refusal(world: World, given: Any = GIVEN, about: Any = None) -> CannotRefresh:
    with pytest.raises(CannotRefresh) as refused:
        plan(world, given, about)
    return refused.value


@pytest.mark.parametrize(
    ("production", "staging", "added"),
    [
        ((TOKENIZER, "abc"), (TOKENIZER, "main"), None),
        ((TOKENIZER, "abc"), (f"{TOKENIZER}=main",), None),
        ((TOKENIZER, "abc"), (), "apart"),
        ((f"{TOKENIZER}=abc",), (), "joined"),
    ],
)
def test_it_is_written_as_it_stands_or_else_as_production_is_given_it(
    production: tuple[str, ...], staging: tuple[str, ...], added: Any
) -> None:
    (step,) = plan(both(production, staging), GIVEN)

    assert isinstance(step, PatchWorkload)
    assert step.fields == (SetArgument("app", TOKENIZER, "abc", added),)
    assert step.describe() == f"Deployment trainer: argument {TOKENIZER} of app → abc"


def test_a_flag_alone_is_added_alone_unless_it_has_a_form() -> None:
    (alone,) = plan(both((TOKENIZER,), ()), GIVEN)
    (formed,) = plan(
        both((TOKENIZER,), ()), entry({"value": "x-{value}"}, place={"argument": ARGUMENT})
    )

    assert isinstance(alone, PatchWorkload)
    assert isinstance(formed, PatchWorkload)
    assert alone.fields == (SetArgument("app", TOKENIZER, "true", "alone"),)
    assert formed.fields == (SetArgument("app", TOKENIZER, "x-true", "joined"),)


def test_a_word_behind_a_flag_that_production_gives_alone_is_not_overwritten() -> None:
    refused = refusal(both((TOKENIZER,), (TOKENIZER, "org/model")))

    assert refused.reason == "NotComparable"
    assert "may be no value of it" in refused.message


def test_productions_variable_is_added_to_staging_as_one_word() -> None:
    world = both((), ("m",)).add(serving(PRODUCTION, EMBEDDING_URL="abc"))

    (step,) = plan(world, entry({"argument": ARGUMENT}, place={"variable": VARIABLE}))

    assert isinstance(step, PatchWorkload)
    assert step.fields == (SetArgument("app", TOKENIZER, "abc", "joined"),)


def test_an_argument_of_staging_that_is_made_from_a_variable_is_left() -> None:
    world = World().add(
        serving(PRODUCTION, TOKENIZER, "abc"),
        serving(STAGING, TOKENIZER, "$(REVISION)", REVISION="main"),
    )

    refused = refusal(world, about=around())

    assert refused.reason == "NotComparable"
    assert "made from variable REVISION, by $(NAME)" in refused.message


@pytest.mark.parametrize("text", ["$(HOST)", "pa$$word"])
def test_what_kubernetes_would_expand_is_not_written(text: str) -> None:
    world = World().add(
        serving(PRODUCTION, TOKENIZER, text.replace("$", "$$")), serving(STAGING, TOKENIZER, "x")
    )

    assert refusal(world).reason == "NotComparable"


def test_a_value_that_would_be_taken_for_a_flag_is_written_only_behind_its_own() -> None:
    production = (f"{TOKENIZER}=-x",)

    (step,) = plan(both(production, (f"{TOKENIZER}=main",)), GIVEN)
    refused = refusal(both(production, (TOKENIZER, "main")))

    assert isinstance(step, PatchWorkload)
    assert "would be taken for a flag" in refused.message


def test_a_value_longer_than_an_argument_can_be_is_left() -> None:
    given = entry({"value": "x" * 1000 + "{value}"}, place={"argument": ARGUMENT})

    refused = refusal(both((TOKENIZER, "y" * 131_000), (TOKENIZER, "z")), given)

    assert refused.reason == "TooLarge"


def test_an_argument_and_the_restart_of_its_own_workload_are_one_rollout() -> None:
    batch = {"kind": "Deployment", "name": "batch"}
    given = entry(place={"argument": ARGUMENT}, used_by=[TRAINER, batch])
    world = both((TOKENIZER, "abc"), (TOKENIZER, "main")).add(
        workload("batch", PRODUCTION), workload("batch", STAGING)
    )

    server, other = plan(world, given)

    assert isinstance(server, PatchWorkload)
    assert isinstance(other, PatchWorkload)
    assert server.fields == (SetArgument("app", TOKENIZER, "abc", None),)
    assert other.fields == (Restart(),)


def test_a_variable_and_an_argument_of_one_workload_are_one_patch() -> None:
    world = World().add(
        serving(PRODUCTION, TOKENIZER, "abc", EMBEDDING_URL="new"),
        serving(STAGING, TOKENIZER, "main", EMBEDDING_URL="old"),
    )
    (argument,) = plan(world, GIVEN)
    (variable,) = plan(world, entry(place={"variable": VARIABLE}))

    assert argument.merge_key() == variable.merge_key()
    joined = argument.joined(variable)
    assert isinstance(joined, PatchWorkload)
    assert joined.fields == (
        SetArgument("app", TOKENIZER, "abc", None),
        SetVariable("app", "EMBEDDING_URL", "new"),
    )


def test_spellings_of_one_flag_are_one_place() -> None:
    spelled = entry(place={"argument": {**ARGUMENT, "flag": "--tokenizer_revision"}})
    place = WorkloadField("Deployment", STAGING, "trainer", f"argument {TOKENIZER} of app")

    assert KIND.writes(GIVEN, sides()) == KIND.writes(spelled, sides()) == {place}


def test_an_argument_is_only_reported_unless_the_entry_says_otherwise() -> None:
    assert GIVEN.spec.default_mode == "Report"
