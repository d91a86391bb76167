"""The operator's image, made from the Dockerfile without a container engine.

The Dockerfile is everybody's: its base is a build argument, and what only this kind of machine
needs (its certificate authorities) is mounted from outside. The base is a minimal Debian with
Python, made once per machine by debootstrap; buildah keeps its layers in the rig's cache, and the
finished image lies there as a tar, named by a hash of everything that went into it.
"""

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rig.programs import RigError, alone, cache_home

ROOT = Path(__file__).parents[3]
INPUTS = ("Dockerfile", "pyproject.toml", "README.md", "LICENSE", "requirements", "operator")
SUITE = "bookworm"
BASE_PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
BASE = f"localhost/python-base:{SUITE}"
BUILT = "localhost/stagingmirror:dev"
HOST_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
LIMIT_SECONDS = 900
OLD_SECONDS = 3600.0


def operator_image() -> Path:
    """A tar (docker-archive) of the operator's image as the tree stands now; built if need be.

    Raises RigError where a program is missing or a build fails, with the end of what it printed.
    """
    folder = cache_home() / "operator-image"
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{_fingerprint()}.tar"
    with alone(folder):  # one store, one base: whoever comes second finds the image made
        if not archive.exists():
            _need("buildah", "debootstrap")
            with _told("building the operator's image"):
                _make_base(folder)
                _build(folder, archive)
            _forget_old(folder, archive)
    return archive


def _forget_old(folder: Path, made: Path) -> None:
    """Images of former trees; one that was just made may still be on its way into a registry."""
    for older in folder.glob("*.tar"):
        if older != made and time.time() - older.stat().st_mtime > OLD_SECONDS:
            older.unlink()


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in INPUTS:
        top = ROOT / name
        files = sorted(top.rglob("*")) if top.is_dir() else [top]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _make_base(folder: Path) -> None:
    if _buildah(folder, "images", "--quiet", BASE, check=False):
        return
    root = folder / "base"
    _remove(root)
    with _told("making a minimal Debian with Python (once)"):
        _run(["debootstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", SUITE, str(root)])
    for left_over in ("var/cache/apt/archives", "var/lib/apt/lists"):
        shutil.rmtree(root / left_over, ignore_errors=True)
    container = _buildah(folder, "from", "scratch")
    _buildah(folder, "add", "--quiet", container, str(root), "/")
    _buildah(folder, "config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", container)
    _buildah(folder, "commit", "--quiet", container, BASE)
    _buildah(folder, "rm", container)
    _remove(root)


def _remove(root: Path) -> None:
    """A debootstrap that was killed leaves the machine's /proc and /sys mounted in its folder."""
    for place in ("proc", "sys"):
        while (root / place).is_mount():
            _run(["umount", "--lazy", str(root / place)])
    shutil.rmtree(root, ignore_errors=True)


def _build(folder: Path, archive: Path) -> None:
    trust: list[str] = []
    if HOST_CERTIFICATES.exists():
        pip = folder / "pip.conf"
        pip.write_text("[global]\ncert = /etc/ssl/certs/host-ca.crt\n")
        trust = [f"--volume={HOST_CERTIFICATES}:/etc/ssl/certs/host-ca.crt:ro"]
        trust.append(f"--volume={pip}:/etc/pip.conf:ro")
    argument = f"--build-arg=PYTHON_IMAGE={BASE}"
    _buildah(folder, "build", "--isolation=chroot", argument, *trust, "-t", BUILT, str(ROOT))
    unfinished = archive.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    _buildah(folder, "push", BUILT, f"docker-archive:{unfinished}:stagingmirror:dev")
    unfinished.rename(archive)
    _buildah(folder, "image", "prune", "--force", check=False)


def _buildah(folder: Path, *arguments: str, check: bool = True) -> str:
    """Buildah with its storage in our own folder: the host's is not touched."""
    store = ["--storage-driver=vfs", f"--root={folder}/store", f"--runroot={folder}/run"]
    return _run(["buildah", *store, *arguments], check=check)


def _run(command: list[str], *, check: bool = True) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
    )
    if check and done.returncode != 0:
        end = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise RigError(f"{command[0]} failed ({done.returncode}):\n{end}")
    return done.stdout.strip()


def _need(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise RigError(f"the operator's image needs {' and '.join(missing)}: install them first")
    with _told(f"installing {' and '.join(missing)}"):
        _run(["apt-get", "update", "--quiet"])
        _run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing])


@contextmanager
def _told(what: str) -> Iterator[None]:
    started = time.monotonic()
    sys.stderr.write(f"{what} …\n")
    yield
    sys.stderr.write(f"{what}: {time.monotonic() - started:.0f} s\n")
