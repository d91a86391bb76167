"""Files that a server reads: keys of mounted ConfigMaps, where both environments show these."""

from typing import Any

import pytest

from stagingmirror.component import Sides
from stagingmirror.drift.verdict import InSync
from support.kinds.builders import PRODUCTION, STAGING, World, config_map, environment, sides
from support.serving.worlds import (
    container,
    differing,
    entry,
    facts,
    findings,
    server,
    serving,
    verdict,
)

VLLM = "vllm/vllm-openai:v0.11.0"
PATH = "/etc/vllm/config.yaml"
FACT = "server.vllm.max-num-seqs"


def around(*config_maps: str) -> Sides:
    readable = {"configMaps": list(config_maps)}
    roles = ("Production", "Staging")
    return sides(*(environment(role, readable=readable) for role in roles))


OFFERED = around("vllm")


def mounted(**volume: Any) -> dict[str, Any]:
    """The volume of a ConfigMap ``vllm``, at the folder of ``PATH``."""
    return {"name": "config", "configMap": {"name": "vllm", **volume}}


def of_files(
    production: str,
    staging: str | None,
    *,
    volume: Any = None,
    mount: Any = None,
    key: str = "config.yaml",
) -> World:
    """Both sides' vLLM reads ``PATH``; the texts are those of its ConfigMap. None: it has none."""
    mount = mount or {"name": "config", "mountPath": "/etc/vllm"}
    args = ["--model=a", f"--config={PATH}"]
    one = container(image=VLLM, args=args, volumeMounts=[mount])
    made = (server(n, one, volumes=[volume or mounted()]) for n in (PRODUCTION, STAGING))
    texts = {PRODUCTION: production, STAGING: staging}
    return serving(*made).add(
        *(
            config_map({key: text}, name="vllm", namespace=namespace)
            for namespace, text in texts.items()
            if text is not None
        )
    )


def test_flags_of_a_file_are_compared() -> None:
    world = of_files("max-num-seqs: 256", "max-num-seqs: 128")

    assert differing(world, around=OFFERED) == {FACT: ("256", "128")}
    assert isinstance(
        verdict(of_files("max-num-seqs: 256", "max_num_seqs: 256"), around=OFFERED), InSync
    )


def test_they_are_declared_since_a_program_reads_its_files_when_it_starts() -> None:
    world = of_files("max-num-seqs: 256", "max-num-seqs: 256")
    found = facts(world, around=OFFERED)

    assert found[FACT].declared
    assert not found["server.vllm.model"].declared
    assert "read them when it started" in findings(world, around=OFFERED)


@pytest.mark.parametrize("offered", [around(), around("other")])
def test_what_is_not_offered_is_not_read(offered: Sides) -> None:
    world = of_files("max-num-seqs: 256", "max-num-seqs: 128")

    assert FACT not in facts(world, around=offered)
    assert differing(world, around=offered) == {}
    assert f"configuration file {PATH} is not read" in findings(world, around=offered)


def test_a_config_map_that_only_one_side_offers_is_not_read() -> None:
    one = sides(environment("Production", readable={"configMaps": ["vllm"]}))

    assert FACT not in facts(of_files("max-num-seqs: 1", "max-num-seqs: 2"), around=one)


@pytest.mark.parametrize(
    ("volume", "mount", "key"),
    [
        (mounted(items=[{"key": "a", "path": "config.yaml"}]), None, "a"),
        (None, {"name": "config", "mountPath": PATH, "subPath": "config.yaml"}, "config.yaml"),
        (
            {"name": "config", "projected": {"sources": [{"configMap": {"name": "vllm"}}]}},
            {"name": "config", "mountPath": "/etc/vllm/"},
            "config.yaml",
        ),
    ],
)
def test_each_way_to_mount_a_key_is_known(volume: Any, mount: Any, key: str) -> None:
    world = of_files("max-num-seqs: 2", "max-num-seqs: 1", volume=volume, mount=mount, key=key)

    assert differing(world, around=OFFERED) == {FACT: ("2", "1")}


@pytest.mark.parametrize(
    ("volume", "mount"),
    [
        (mounted(items=[{"key": "config.yaml", "path": "other.yaml"}]), None),
        (None, {"name": "config", "mountPath": PATH, "subPathExpr": "$(FILE)"}),
        (None, {"name": "config", "mountPath": PATH, "subPath": "other.yaml"}),
        ({"name": "config", "emptyDir": {}}, None),
    ],
)
def test_a_file_that_is_elsewhere_is_not_read(volume: Any, mount: Any) -> None:
    world = of_files("max-num-seqs: 2", "max-num-seqs: 1", volume=volume, mount=mount)

    assert differing(world, around=OFFERED) == {}
    assert "is not read" in findings(world, around=OFFERED)


def test_what_the_command_line_gives_counts_before_a_file() -> None:
    world = of_files("max-num-seqs: 2\nmodel: other", "max-num-seqs: 2\nmodel: another")

    found = facts(world, around=OFFERED)["server.vllm.model"]

    assert (found.value, found.declared) == ("a", False)
    assert isinstance(verdict(world, entry(), OFFERED), InSync)


def test_a_config_map_that_is_not_there_proves_nothing_of_its_flags() -> None:
    world = of_files("max-num-seqs: 2", None)

    assert differing(world, around=OFFERED) == {}
    assert f"configuration file {PATH} is not read" in findings(world, "staging", around=OFFERED)
