"""A flag in the body of a workload: both lists are written whole, of the body that was judged."""

from typing import Any

import pytest

from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.errors import StepFailed
from stagingmirror.sources.kubernetes.write.field_patch import (
    Change,
    SetArgument,
    SetVariable,
    patch_for,
    path_of,
    read_field,
    target_of,
)
from stagingmirror.sources.kubernetes.write.json_patch import json_patch_for
from stagingmirror.sources.kubernetes.write.kserve_update import not_passed_on
from support.kubernetes.wire import patched

FLAG = "--tokenizer-revision"


def body(**app: Any) -> dict[str, Any]:
    containers = [{"name": "side"}, {"name": "app", "image": "x:1", **app}]
    return {
        "metadata": {"name": "web", "uid": "u", "resourceVersion": "7"},
        "spec": {"template": {"spec": {"containers": containers}}},
    }


def change(found: dict[str, Any], write: Any, kind: TemplateKind = "Deployment") -> Change:
    return Change(write, read_field(found, kind, write), target_of(write, write.value))


def app_patch(found: dict[str, Any], *writes: Any) -> Any:
    patch = patch_for(found, "Deployment", [change(found, each) for each in writes])
    assert patch["metadata"] == {"uid": "u", "resourceVersion": "7"}
    (only,) = patch["spec"]["template"]["spec"]["containers"]
    return only


def test_only_the_list_that_has_it_is_written_and_whole() -> None:
    found = body(command=["vllm", "serve"], args=["--x", "1", FLAG, "main"])

    assert app_patch(found, SetArgument("app", FLAG, "abc", None)) == {
        "name": "app",
        "args": ["--x", "1", FLAG, "abc"],
    }


def test_a_flag_in_the_command_is_written_there() -> None:
    found = body(command=["vllm", f"{FLAG}=main"], args=["--x"])

    assert app_patch(found, SetArgument("app", FLAG, "abc", None)) == {
        "name": "app",
        "command": ["vllm", f"{FLAG}=abc"],
    }


def test_two_flags_and_a_variable_of_a_container_are_one_patch() -> None:
    found = body(args=["--b=1", FLAG, "main"], env=[{"name": "V", "value": "1"}])

    assert app_patch(
        found,
        SetArgument("app", FLAG, "abc", None),
        SetArgument("app", "--b", "2", None),
        SetArgument("app", "--c", "3", "joined"),
        SetVariable("app", "V", "2"),
    ) == {
        "name": "app",
        "args": ["--b=2", FLAG, "abc", "--c=3"],
        "env": [{"name": "V", "value": "2"}],
    }


def test_arguments_that_were_added_to_none_are_none_again() -> None:
    before = body(command=["vllm"])
    write = SetArgument("app", FLAG, "abc", "joined")
    forth = change(before, write)
    after = body(command=["vllm"], args=[f"{FLAG}=abc"])

    assert app_patch(before, write) == {"name": "app", "args": [f"{FLAG}=abc"]}
    back = patch_for(after, "Deployment", [Change(write, forth.target, forth.former)])
    (app,) = back["spec"]["template"]["spec"]["containers"]
    assert app == {"name": "app", "args": None}


def test_what_is_changed_around_it_meanwhile_stays() -> None:
    write = SetArgument("app", FLAG, "abc", None)
    forth = change(body(args=[FLAG, "main"]), write)
    now = body(args=["--new=1", FLAG, "abc"])

    back = patch_for(now, "Deployment", [Change(write, forth.target, forth.former)])

    (app,) = back["spec"]["template"]["spec"]["containers"]
    assert app["args"] == ["--new=1", FLAG, "main"]


def test_a_custom_resource_is_tested_and_restored_exactly() -> None:
    before = body(command=["vllm"], args=["--b", FLAG, "main"], env=[{"name": "V", "value": "1"}])
    writes = [
        SetArgument("app", FLAG, "abc", None),
        SetArgument("app", "--b", "false", None),
        SetArgument("app", "--c", "3", "apart"),
        SetVariable("app", "V", "2"),
    ]
    forth = [change(before, each, "Rollout") for each in writes]

    after = patched(before, json_patch_for(before, "Rollout", forth))

    container = after["spec"]["template"]["spec"]["containers"][1]
    assert container["args"] == ["--b=false", FLAG, "abc", "--c", "3"]
    back = [Change(each.write, each.target, each.former) for each in forth]
    assert patched(after, json_patch_for(after, "Rollout", back)) == before


def test_a_model_of_kserve_gets_arguments_beside_those_of_its_runtime() -> None:
    service = {
        "metadata": {"name": "web", "uid": "u", "resourceVersion": "7"},
        "spec": {"predictor": {"model": {"modelFormat": {"name": "huggingface"}}}},
    }
    write = SetArgument("kserve-container", FLAG, "abc", "joined")
    forth = change(service, write, "InferenceService")

    after = patched(service, json_patch_for(service, "InferenceService", [forth]))

    assert after["spec"]["predictor"]["model"]["args"] == [f"{FLAG}=abc"]


@pytest.mark.parametrize(
    ("below", "awaited"),
    [
        (["--runtime", FLAG, "abc"], None),
        (["--runtime", f"{FLAG}=abc"], None),
        (["--runtime", FLAG, "main"], f"argument {FLAG} of kserve-container"),
        (["--runtime"], f"argument {FLAG} of kserve-container"),
    ],
)
def test_an_inference_service_has_arrived_where_its_deployment_has_the_value(
    below: list[str], awaited: str | None
) -> None:
    service: dict[str, Any] = {
        "metadata": {"name": "web"},
        "spec": {"predictor": {"model": {"args": [f"{FLAG}=abc"]}}},
    }
    write = SetArgument("kserve-container", FLAG, "abc", None)
    deployment = body(args=below)
    deployment["spec"]["template"]["spec"]["containers"][1]["name"] = "kserve-container"
    forth = Change(write, {"value": "main"}, target_of(write, "abc"))

    assert not_passed_on(service, "InferenceService", deployment, [forth]) == awaited


@pytest.mark.parametrize(
    ("app", "added", "reason", "said"),
    [
        ({"args": ["m"]}, None, "NotComparable", "have it from elsewhere"),
        ({}, "joined", "NotComparable", "neither command nor args"),
        ({"args": [FLAG, "a", FLAG, "b"]}, None, "Ambiguous", "2 times"),
        ({"command": ["sh", "-c"], "args": ["vllm"]}, "joined", "ShellScript", "container app"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(
    app: dict[str, Any], added: Any, reason: str, said: str
) -> None:
    with pytest.raises(StepFailed) as refused:
        app_patch(body(**app), SetArgument("app", FLAG, "abc", added))

    assert refused.value.reason == reason
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("app", "field"),
    [
        ({"command": ["vllm"], "args": [FLAG, "a"]}, "f:args"),
        ({"command": ["vllm", f"{FLAG}=a"]}, "f:command"),
        ({"command": ["vllm", FLAG], "args": ["a"]}, "f:args"),
        ({"command": ["vllm"]}, "f:args"),
    ],
)
def test_its_owner_is_that_of_the_whole_list(app: dict[str, Any], field: str) -> None:
    path = path_of(body(**app), "Deployment", SetArgument("app", FLAG, "b", None))

    assert path == (
        *("f:spec", "f:template", "f:spec", "f:containers"),
        'k:{"name":"app"}',
        field,
    )


def test_a_flag_that_was_to_be_added_alone_takes_no_word_behind_one_that_came_meanwhile() -> None:
    write = SetArgument("app", FLAG, "true", "alone")
    joined, apart = body(args=[f"{FLAG}=false", "m"]), body(args=[FLAG, "m"])

    assert app_patch(joined, write)["args"] == [f"{FLAG}=true", "m"]
    with pytest.raises(StepFailed, match="may be no value of it"):
        app_patch(apart, write)


def test_a_flag_alone_is_alone_again() -> None:
    write = SetArgument("app", FLAG, "false", None)
    forth = change(body(args=[FLAG, "--x"]), write)
    now = body(args=[f"{FLAG}=false", "--x"])

    back = patch_for(now, "Deployment", [Change(write, forth.target, forth.former)])

    (app,) = back["spec"]["template"]["spec"]["containers"]
    assert app["args"] == [FLAG, "--x"]
