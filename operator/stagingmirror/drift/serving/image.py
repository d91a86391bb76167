"""What a public image runs, and which version is in it, as its reference says.

Sources of the entrypoints:
- vLLM: ``vllm serve``, formerly ``python3 -m vllm.entrypoints.openai.api_server``, which takes
  the same flags; https://github.com/vllm-project/vllm/blob/main/docker/Dockerfile
- TensorFlow Serving: a script that gives four flags before the container's own;
  https://github.com/tensorflow/serving/blob/master/tensorflow_serving/tools/docker/Dockerfile
- Triton: a script that runs its arguments; https://github.com/triton-inference-server/server/blob/main/build.py
- KServe: ``python3 -m huggingfaceserver``;
  https://github.com/kserve/kserve/blob/master/python/huggingface_server.Dockerfile
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Version: TypeAlias = tuple[int, int, int]

TENSORFLOW_SCRIPT: Final = "tf_serving_entrypoint.sh"
NVIDIA_SCRIPT: Final = "nvidia_entrypoint.sh"


@dataclass(frozen=True, slots=True)
class PublicImage:
    """``end``: the last parts of its repository, by which a copy in another registry is recognised
    too. ``variables``: those that the image sets, and its entrypoint reads.
    """

    repository: str
    end: str
    entrypoint: tuple[str, ...]
    variables: Mapping[str, str]


_IMAGES: Final = (
    PublicImage("vllm/vllm-openai", "vllm-openai", ("vllm", "serve"), {}),
    PublicImage(
        "tensorflow/serving",
        "tensorflow/serving",
        (TENSORFLOW_SCRIPT,),
        {"MODEL_NAME": "model", "MODEL_BASE_PATH": "/models"},
    ),
    PublicImage("nvcr.io/nvidia/tritonserver", "tritonserver", (NVIDIA_SCRIPT,), {}),
    PublicImage(
        "kserve/huggingfaceserver",
        "huggingfaceserver",
        ("python3", "-m", "huggingfaceserver"),
        {},
    ),
)
_DOCKER_HUB = re.compile(r"(?:(?:index\.)?docker\.io|registry-1\.docker\.io)/")
# A release; a tag of hardware may follow (``-gpu``). No pre-release.
_RELEASE = re.compile(r"v?(\d{1,5})\.(\d{1,5})\.(\d{1,5})(?:-(?:gpu|cpu))?", re.ASCII)
# Characters of a reference that is parsed.
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Image:
    """``public``: the image that it is, or a copy of it by its name. ``is_renamed``: it is in
    another place. ``version``: None unless the tag is a release and no digest overrules it.
    """

    public: PublicImage | None = None
    is_renamed: bool = False
    version: Version | None = None


def image_of(reference: str) -> Image:
    if len(reference) > _LONGEST:
        return Image()
    name, _, digest = reference.partition("@")
    repository, tag = _parted(name)
    repository = _DOCKER_HUB.sub("", repository, count=1)
    for public in _IMAGES:
        if repository == public.repository or f"/{repository}".endswith(f"/{public.end}"):
            version = None if digest else _version(tag)
            return Image(public, repository != public.repository, version)
    return Image()


def _parted(name: str) -> tuple[str, str]:
    """Repository and tag: a colon before the last slash belongs to the registry's port."""
    repository, colon, tag = name.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (name, "")


def _version(tag: str) -> Version | None:
    found = _RELEASE.fullmatch(tag)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
