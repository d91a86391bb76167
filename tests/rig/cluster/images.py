"""Images made at run time: a static Go program in one layer, put into the rig's registry by crane.

No container engine is needed. The same source and constants give the same digest in every run;
other constants give another digest.
"""

import hashlib
import io
import json
import os
import platform
import subprocess
import tarfile
from pathlib import Path

from rig.cluster.enclosure import Enclosure
from rig.cluster.node import REGISTRY
from rig.programs import RigError, alone, cache_home, go, go_version, program

SOURCES = Path(__file__).parents[1] / "images"
CATALOGUE = ("pause", "features", "vectors", "model-server", "never-ready", "crashes", "loader")
_BUILD_LIMIT_SECONDS = 600
_NOBODY = "65532"


class Images:
    """Builds images into the registry of one cluster."""

    def __init__(self, enclosure: Enclosure, folder: Path) -> None:
        self._enclosure = enclosure
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def build(
        self, name: str, *, tag: str = "1", repository: str | None = None, **constants: str
    ) -> str:
        """Build one of CATALOGUE and push it; "127.0.0.1:5000/<repository>@sha256:…".

        `constants` set string variables of its main package (`logic` of features, `build` of
        model-server). The tag names it too. `repository` is the name of the image if unset.
        """
        built = binary(name, constants)
        repository = f"{REGISTRY}/{repository or name}"
        layer = self._folder / f"{built.name}.tar"
        _write_layer(layer, built)
        bare = self._crane(
            *("append", "--insecure", "--oci-empty-base", f"--new_layer={layer}"),
            f"--new_tag={repository}:building",
        )
        pushed = self._crane(
            *("mutate", "--insecure", bare, "--entrypoint=/app", f"--user={_NOBODY}"),
            *(f"--set-platform=linux/{_architecture()}", f"--tag={repository}:{tag}"),
        )
        layer.unlink()
        return f"{repository}@{pushed.rpartition('@')[2]}"

    def push(self, archive: Path, repository: str, *, tag: str) -> str:
        """Push an image that lies in a tar (docker-archive); its reference by digest."""
        target = f"{REGISTRY}/{repository}:{tag}"
        pushed = self._crane("push", "--insecure", str(archive), target)
        return f"{REGISTRY}/{repository}@{pushed.rpartition('@')[2]}"

    def tag(self, reference: str, tag: str) -> None:
        """Let a tag of the same repository name an image: how a mutable tag moves."""
        self._crane("tag", "--insecure", reference, tag)

    def copy(self, reference: str, repository: str, *, tag: str = "1") -> str:
        """Copy an image to another repository of this registry; its reference there, by digest."""
        target = f"{REGISTRY}/{repository}"
        self._crane("copy", "--insecure", reference, f"{target}:{tag}")
        return f"{target}@{self._crane('digest', '--insecure', f'{target}:{tag}')}"

    def _crane(self, *arguments: str) -> str:
        command = [str(program("crane")), *arguments]
        return self._enclosure.run(command).strip().rpartition("\n")[2]


def binary(name: str, constants: dict[str, str], *, system: str = "linux") -> Path:
    """The program of an image, from the cache if it was built with these constants before. To run
    it as a process, for this machine's `system`.
    """
    if name not in CATALOGUE:
        raise RigError(f"no image {name!r}; there are: {', '.join(CATALOGUE)}")
    digest = hashlib.sha256(json.dumps([constants, go_version(), system], sort_keys=True).encode())
    for file in sorted(p for p in SOURCES.rglob("*") if p.is_file()):
        digest.update(str(file.relative_to(SOURCES)).encode() + file.read_bytes())
    path = cache_home() / "images" / f"{name}-{digest.hexdigest()[:16]}"
    if path.exists():
        return path
    with alone(path.parent):
        unfinished = path.with_suffix(".building")
        flags = " ".join(["-s -w", *(f"-X 'main.{k}={v}'" for k, v in sorted(constants.items()))])
        done = subprocess.run(
            [
                *(go(), "build", "-trimpath", "-buildvcs=false", f"-ldflags={flags}"),
                *("-o", str(unfinished), f"./{name}"),
            ],
            cwd=SOURCES,
            env=os.environ | {"CGO_ENABLED": "0", "GOOS": system, "GOWORK": "off"},
            check=False,
            capture_output=True,
            text=True,
            timeout=_BUILD_LIMIT_SECONDS,
        )
        if done.returncode:
            raise RigError(f"building image {name} failed:\n{done.stderr}")
        unfinished.replace(path)
    return path


def _write_layer(layer: Path, binary: Path) -> None:
    content = binary.read_bytes()
    with tarfile.open(layer, "w") as tar:
        entry = tarfile.TarInfo("app")
        entry.size, entry.mode, entry.mtime = len(content), 0o755, 0
        tar.addfile(entry, io.BytesIO(content))


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
