"""OpenSearch as a program: put together once from Maven artifacts, kept in the cache.

Its folder is named by everything that can change it: the files of `tools/opensearch` (versions, and
the SHA-256 of each jar in `SHA256SUMS`) and the Java release. Where artifacts come from is the
configuration of `mvn`.
"""

import hashlib
import os
import shutil
import subprocess
import time
from functools import cache
from pathlib import Path

from rig.programs import TOOLS, RigError, alone, cache_home, report

_SOURCE = TOOLS / "opensearch"
_LIMIT_SECONDS = 1800
_REMEDY = "OpenSearch needs Java 17 or newer (a JDK) and Maven, e.g. Debian's openjdk-17-jdk, maven"


def opensearch_home() -> Path:
    """Its folder, made first if the cache does not have it."""
    home = _folder()
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with alone(home.with_suffix(".lock")):
            if not home.exists():
                _make(home)
    return home


def opensearch_is_made() -> bool:
    return impediment() is None and _folder().exists()


def impediment() -> str | None:
    """Why this machine cannot run it; None: it can."""
    lacking = [each for each in ("java", "javac", "mvn") if shutil.which(each) is None]
    return f"there is no {' and no '.join(lacking)}: {_REMEDY}" if lacking else None


@cache
def _folder() -> Path:
    digest = hashlib.sha256()
    for file in sorted(_SOURCE.iterdir()):
        digest.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
    digest.update(_run("javac", "--version", within=60).encode())
    return cache_home() / f"opensearch-{digest.hexdigest()[:16]}"


def _make(home: Path) -> None:
    unfinished = home.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    report("putting OpenSearch together (about 50 s, once) …")
    began = time.monotonic()
    _run("mvn", "-q", "-B", "-f", str(_SOURCE / "pom.xml"), f"-Dhome={unfinished}", "package")
    shutil.rmtree(unfinished / "unpacked")
    _verify(unfinished)
    for plugin in (unfinished / "plugins").iterdir():
        _adapt(plugin, unfinished / "lib")
    _run(
        *("javac", "-cp", f"{unfinished}/lib/*", "-d", str(unfinished / "classes")),
        str(_SOURCE / "Server.java"),
    )
    shutil.copy(_SOURCE / "log4j2.properties", unfinished)
    unfinished.rename(home)
    report(f"  done in {time.monotonic() - began:.0f} s")


def sums(home: Path) -> str:
    """As `sha256sum` writes them."""
    return "".join(
        f"{hashlib.sha256(jar.read_bytes()).hexdigest()}  {jar.relative_to(home)}\n"
        for jar in sorted(home.rglob("*.jar"))
    )


def _verify(home: Path) -> None:
    expected, found = (_SOURCE / "SHA256SUMS").read_text(), sums(home)
    if differing := sorted({*found.splitlines()} ^ {*expected.splitlines()}):
        raise RigError(
            "Maven's artifacts of OpenSearch are not those of tests/rig/tools/opensearch/SHA256SUMS"
            f": {', '.join(differing[:4])}"
        )


def _adapt(plugin: Path, lib: Path) -> None:
    """A class may be on the class path or in a plugin. Painless is on the class path, where a
    plugin cannot name what it extends.
    """
    for jar in plugin.glob("*.jar"):
        if (lib / jar.name).exists():
            jar.unlink()
    descriptor = plugin / "plugin-descriptor.properties"
    descriptor.write_text(
        "".join(
            line if not line.startswith("extended.plugins=") else "extended.plugins=\n"
            for line in descriptor.read_text().splitlines(keepends=True)
        )
    )


def _run(*command: str, within: float = _LIMIT_SECONDS) -> str:
    if why_not := impediment():
        raise RigError(why_not)
    done = subprocess.run(
        command,
        env=os.environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=within,
    )
    if done.returncode:
        raise RigError(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout
