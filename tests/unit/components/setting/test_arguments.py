"""A flag of a container: as its pods were started with it, and as a refresh writes it."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.drift.command.words import MAX_WORDS, Words
from stagingmirror.drift.facts import SEAL, Absent, Seen, Unseen
from stagingmirror.drift.verdict import Drifted, InSync, Unknown
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.kubernetes.subjects import Variable
from support.kinds.builders import (
    PRODUCTION,
    World,
    container,
    environment,
    pod,
    sides,
    workload,
)
from support.kinds.snapshots import look, plan, verdict
from support.settings.arguments import GIVEN, TOKENIZER, both, serving

READABLE: dict[str, Any] = {"arguments": [TOKENIZER], "variables": ["REVISION", "EMBEDDING_URL"]}


def around(**offers: Any) -> Any:
    whole = {"readable": READABLE, "comparable": {}} | offers
    return sides(environment(**whole), environment("Staging", **whole))


def refusal(world: World, given: Any = GIVEN, about: Any = None) -> CannotRefresh:
    with pytest.raises(CannotRefresh) as refused:
        plan(world, given, about)
    return refused.value


@pytest.mark.parametrize(
    "staging",
    [(f"{TOKENIZER}=abc",), (TOKENIZER, "abc", "--x"), ("--x", "--tokenizer_revision", "abc")],
)
def test_one_value_in_another_form_or_order_is_equal(staging: tuple[str, ...]) -> None:
    assert isinstance(verdict(both((TOKENIZER, "abc"), staging), GIVEN), InSync)


def test_another_value_is_named_on_both_sides() -> None:
    found = verdict(both((TOKENIZER, "abc"), (TOKENIZER, "main")), GIVEN)

    assert isinstance(found, Drifted)
    (difference,) = found.differences
    assert (difference.fact, difference.production, difference.staging) == ("value", "abc", "main")


def test_a_flag_alone_is_true_and_given_as_false_differs() -> None:
    assert isinstance(verdict(both((TOKENIZER,), (f"{TOKENIZER}=true",)), GIVEN), InSync)
    assert isinstance(verdict(both((TOKENIZER,), (f"{TOKENIZER}=false",)), GIVEN), Drifted)


def test_a_flag_that_staging_is_not_given_is_absent_and_differs() -> None:
    world = both((TOKENIZER, "abc"), ("--tokenizer", "abc"))

    assert isinstance(look(world, GIVEN, "staging"), Absent)
    assert isinstance(verdict(world, GIVEN), Drifted)


def test_what_runs_counts_and_not_what_is_declared() -> None:
    running = container(words=Words(("vllm",), (TOKENIZER, "old")))
    declared = replace(serving(PRODUCTION, TOKENIZER, "new"), pods=(pod(running),))

    seen = look(World().add(declared), GIVEN)

    assert isinstance(seen, Seen)
    assert (seen.facts["value"].value, seen.facts["value"].declared) == ("old", False)


def test_without_pods_the_template_counts_as_declared() -> None:
    seen = look(World().add(replace(serving(PRODUCTION, TOKENIZER, "a"), pods=())), GIVEN)

    assert isinstance(seen, Seen)
    assert seen.facts["value"].declared


def test_pods_with_different_values_prove_nothing() -> None:
    pods = tuple(pod(container(words=Words((), ("m", TOKENIZER, text)))) for text in ("a", "b"))
    world = World().add(replace(serving(PRODUCTION, TOKENIZER, "a"), pods=pods))

    seen = look(world, GIVEN)

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "PodsDiffer"


def test_pods_of_which_only_some_have_the_flag_prove_nothing() -> None:
    pods = tuple(pod(container(words=Words((), args))) for args in (("m", TOKENIZER, "a"), ("m",)))
    world = World().add(replace(serving(PRODUCTION, TOKENIZER, "a"), pods=pods))

    seen = look(world, GIVEN)

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "PodsDiffer"


@pytest.mark.parametrize(
    ("args", "variables", "reason"),
    [
        ((TOKENIZER, "a", TOKENIZER, "a"), {}, "Ambiguous"),
        (("--", TOKENIZER, "a"), {}, "NotComparable"),
        (("sh", "-c", f"vllm {TOKENIZER} a"), {}, "ShellScript"),
        ((TOKENIZER, "$(KEY)"), {"KEY": Variable(None, "secretKeyRef")}, "FromSecret"),
        ((TOKENIZER, "$(KEY)"), {"KEY": Variable(None, "configMapKeyRef")}, "NotComparable"),
        ((TOKENIZER, "$(MISSING)"), {}, "NotComparable"),
        ((TOKENIZER, "$(SECRET)"), {"SECRET": "x"}, "NotOffered"),
        ((TOKENIZER, "a", "$(MORE)"), {"MORE": f"{TOKENIZER}=b"}, "NotComparable"),
        (("$(MORE)",), {}, "NotComparable"),
        (("--x", "$(MORE)"), {"MORE": f"{TOKENIZER}=b"}, "NotComparable"),
        (("--$(MORE)=b",), {"MORE": TOKENIZER[2:]}, "NotComparable"),
        (("--x$(MORE)=b",), {}, "NotComparable"),
        ((TOKENIZER, "x" * 200_000), {}, "TooLarge"),
        ((TOKENIZER, "$(A)" * 30_000), {"A": "x" * 100}, "TooLarge"),
    ],
)
def test_what_cannot_be_read_is_unknown_for_its_own_reason(
    args: tuple[str, ...], variables: dict[str, Any], reason: str
) -> None:
    world = World().add(serving(PRODUCTION, *args, **variables))

    seen = look(world, GIVEN, around=around())

    assert isinstance(seen, Unseen)
    assert seen.why.reason == reason


def test_more_words_than_are_read_are_unknown() -> None:
    many = replace(container(), words=None)
    world = World().add(workload("trainer", containers={"app": many}, pods=(pod(many),)))

    seen = look(world, GIVEN)

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "TooLarge"
    assert str(MAX_WORDS) in seen.why.message


def test_a_container_that_is_started_as_its_image_declares_is_unknown() -> None:
    plain = container()
    world = World().add(workload("trainer", containers={"app": plain}, pods=(pod(plain),)))

    seen = look(world, GIVEN)

    assert isinstance(seen, Unseen)
    assert seen.why.reason == "NotComparable"
    assert "as its image declares" in seen.why.message


@pytest.mark.parametrize(
    "args", [("serve", "$(MODEL)", TOKENIZER, "a"), ("--model", "$(NO)"), ("--model=$(NO)",)]
)
def test_a_variable_that_is_no_flag_hides_none(args: tuple[str, ...]) -> None:
    world = World().add(serving(PRODUCTION, *args, MODEL="org/model"))

    assert not isinstance(look(world, GIVEN), Unseen)


def test_a_value_is_expanded_as_its_program_gets_it() -> None:
    world = World().add(serving(PRODUCTION, f"{TOKENIZER}=$$a-$(REVISION)", REVISION="9f"))

    seen = look(world, GIVEN, around=around())

    assert isinstance(seen, Seen)
    assert seen.facts["value"].value == "$a-9f"
    assert seen.facts["value"].made_from == ("REVISION",)


def test_a_value_that_is_only_comparable_is_sealed_and_not_followed() -> None:
    about = around(readable={}, comparable={"arguments": ["--*"]})
    world = both((TOKENIZER, "abc"), (TOKENIZER, "main"))

    seen = look(world, GIVEN, around=about)

    assert isinstance(seen, Seen)
    assert seen.facts["value"].value.startswith(SEAL)
    assert isinstance(verdict(world, GIVEN, about), Drifted)
    assert refusal(world, about=about).reason == "NotReadable"


def test_a_flag_that_is_not_offered_is_not_read() -> None:
    found = verdict(both((TOKENIZER, "abc"), (TOKENIZER, "abc")), GIVEN, around(readable={}))

    assert isinstance(found, Unknown)
    assert found.why.reason == "NotOffered"
    assert f"argument {TOKENIZER} is listed neither in readable.arguments" in found.why.message
