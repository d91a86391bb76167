"""Flags of servers on both sides: what is compared, what is shown, and what is never."""

from typing import Any

import pytest

from stagingmirror.drift.verdict import InSync
from support.kinds.builders import PRODUCTION, STAGING, World, environment, sides
from support.serving.worlds import (
    SIDES,
    VLLM,
    container,
    differing,
    facts,
    findings,
    look,
    server,
    serving,
    verdict,
)


def vllm(*args: str, image: str = VLLM, **fields: Any) -> dict[str, Any]:
    return container(image=image, args=["--model=m", *args], **fields)


def running(production: dict[str, Any], staging: dict[str, Any]) -> World:
    return serving(server(PRODUCTION, production), server(STAGING, staging))


def test_a_flag_that_differs_is_named_by_its_server_and_the_container() -> None:
    world = running(vllm("--max-num-seqs=256"), vllm("--max-num-seqs", "128"))

    assert differing(world) == {"server.vllm.max-num-seqs": ("256", "128")}


def test_another_order_and_spelling_is_no_difference() -> None:
    one = vllm("--max-model-len=4096", "--dtype", "half", "--enforce-eager")
    other = vllm("--enforce-eager", "--dtype=half", "--max-model-len", "4096")

    assert isinstance(verdict(running(one, other)), InSync)


def test_a_constant_default_that_is_given_is_no_difference_where_versions_are_known() -> None:
    assert isinstance(verdict(running(vllm("--gpu-memory-utilization=0.9"), vllm())), InSync)


def test_a_default_of_a_known_version_is_no_difference_to_one_that_is_not_known() -> None:
    unknown = vllm(image="vllm/vllm-openai:latest")

    assert isinstance(verdict(running(vllm(), unknown)), InSync)
    assert differing(running(vllm(), unknown | {"args": ["--model=m", "--swap-space=8"]})) == {
        "server.vllm.swap-space": ("4", "8")
    }


def test_another_server_is_one_difference_and_its_flags_are_not_compared() -> None:
    triton = container(
        image="nvcr.io/nvidia/tritonserver:24.08-py3",
        command=["tritonserver", "--model-repository=/models"],
    )

    assert differing(running(vllm("--max-model-len=4096"), triton)) == {
        "server.server": ("vllm", "triton")
    }


@pytest.mark.parametrize(
    "other",
    [
        container(command=["sh", "-c", "for x in 1; do serve; done"]),
        container(command=["/entrypoint.sh"]),
        container(),
    ],
)
def test_flags_that_one_side_does_not_show_are_no_difference(other: dict[str, Any]) -> None:
    bare = sides(
        environment(comparable={}, readable={}), environment("Staging", comparable={}, readable={})
    )
    world = running(vllm("--max-model-len=4096"), other)

    assert differing(world, around=bare) == {}
    assert "server: it" in findings(world, "staging", around=bare) + "server: its"


def test_an_argument_that_nobody_offers_is_left_out_and_counted() -> None:
    world = running(vllm("--api-key=planted-1", "--secret-sauce=planted-2"), vllm())

    assert differing(world) == {}
    assert "2 other arguments are neither shown nor compared" in findings(world)
    assert "planted" not in repr(look(world))


def test_an_argument_that_is_readable_is_shown_and_one_that_is_comparable_is_sealed() -> None:
    world = running(
        vllm("--shown=1", "--compared=planted-1"), vllm("--shown=2", "--compared=planted-2")
    )

    found = differing(world)
    assert found["server.arguments.--shown"] == ("1", "2")
    production, staging = found["server.arguments.--compared"]
    assert production.startswith("hmac-sha256:")
    assert production != staging
    assert "planted" not in repr([look(world, role) for role in ("production", "staging")])


def test_one_environment_that_does_not_offer_an_argument_is_enough_to_leave_it_out() -> None:
    staging = environment("Staging", readable={}, comparable={})
    world = running(vllm("--shown=1"), vllm("--shown=2"))

    assert differing(world, around=sides(SIDES.production.spec, staging)) == {}


def test_a_script_is_compared_as_one_sealed_text_and_never_shown() -> None:
    one, other = (
        container(command=["sh", "-c", f"for x in 1; do planted-{n}; done"]) for n in (1, 2)
    )

    production, staging = differing(running(one, other))["server.script"]
    assert production.startswith("hmac-sha256:")
    assert production != staging
    assert isinstance(verdict(running(one, one)), InSync)
    assert "planted" not in repr(look(running(one, other)))


def test_a_variable_that_is_not_offered_gives_no_flag_a_value() -> None:
    env = [{"name": "LENGTH", "value": "4096"}]
    world = running(vllm("--max-model-len=$(LENGTH)", env=env), vllm("--max-model-len=1", env=env))

    assert differing(world) == {}
    assert "4096" not in repr(look(world))


def test_a_variable_that_both_environments_offer_is_read_as_its_flag() -> None:
    workers = [
        container(
            command=["gunicorn", "app:app"], env=[{"name": "WEB_CONCURRENCY", "value": count}]
        )
        for count in ("4", "2")
    ]

    assert differing(running(*workers)) == {"server.gunicorn.workers": ("4", "2")}


def test_the_flags_of_containers_of_other_names_are_productions() -> None:
    world = running(vllm("--max-model-len=1"), vllm("--max-model-len=2"))

    assert "server.vllm.max-model-len" in facts(world)
