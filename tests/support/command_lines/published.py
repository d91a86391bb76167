"""Command lines that people publish, with what they mean. The names of models, buckets and
registries are replaced.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stagingmirror.drift.serving.command_line import CommandLine
from stagingmirror.drift.serving.flags import Server

GITHUB = "https://github.com"
GKE = f"{GITHUB}/GoogleCloudPlatform/kubernetes-engine-samples/blob/main/ai-ml"
TRITON = f"{GITHUB}/triton-inference-server/server/blob/main/deploy"
KSERVE = f"{GITHUB}/kserve/kserve/blob/master"
VLLM_MODULE = ("python3", "-m", "vllm.entrypoints.openai.api_server")


@dataclass(frozen=True, slots=True)
class Published:
    """``facts``: those that are given, the defaults of a version aside. ``not_read``: names of
    facts of files that nothing mounts.
    """

    source: str
    line: CommandLine
    server: Server | None
    facts: Mapping[str, str] = field(default_factory=dict)
    not_read: frozenset[str] = frozenset()


def line(
    image: str,
    *,
    command: tuple[str, ...] = (),
    args: tuple[str, ...] = (),
    variables: Mapping[str, str | None] | None = None,
    files: Mapping[str, str] | None = None,
) -> CommandLine:
    return CommandLine(image, command, args, variables or {}, files or {})
