"""The version of a Delta table, by the names in its log: pure.

Names are those of the Delta transaction log protocol (github.com/delta-io/delta, PROTOCOL.md):
commits ``<20 digits>.json``, without a gap; checkpoints of one file or of several parts, before
which commits may have been removed; ``_last_checkpoint``, a hint; ``_staged_commits``, of a
catalog. Data files and the contents of commits are not read.
"""

import json
import re
from collections.abc import Mapping

from stagingmirror.errors import NotSupported, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.objectstore.subjects import TableVersion

LOG = "_delta_log"
HINT = "_last_checkpoint"
# Bytes of the hint that are read.
LARGEST_HINT = 64 * 1024
_COMMIT = re.compile(r"(\d{20})\.json")
# Of one file, of several parts, or with an id of its own.
_CHECKPOINT = re.compile(
    r"(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10})\.parquet|\.parquet|\.[0-9a-f-]{36}\.(?:json|parquet))"
)
_STAGED = re.compile(r"_staged_commits/(\d{20})\.[^/]+\.json")


def name_of(version: int) -> str:
    """With which all names of a version begin."""
    return f"{version:020d}"


def hinted(data: bytes) -> int | None:
    """The version of a checkpoint; None: the hint is none, and nothing rests on it."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    version = found.get("version") if isinstance(found, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        return None
    return version if 0 <= version < 10**18 else None


def version_in(names: Mapping[str, float], table: str) -> TableVersion | None:
    """``names``: below the log, each with when it was written. None: there is no table.

    Raises Refused where commits are missing, NotSupported where a catalog has newer ones.
    """
    commits = {
        int(found[1]): at for name, at in names.items() if (found := _COMMIT.fullmatch(name))
    }
    checkpoints = whole_checkpoints(names)
    if not commits and not checkpoints:
        return None
    base = max(checkpoints, default=-1)
    after = sorted(each for each in commits if each > base)
    for wanted, each in enumerate(after, base + 1):
        if each != wanted:
            raise Refused(
                Reason.GARBAGE,
                f"the log of table {table} has no commit {wanted}, and later ones: no reader can "
                "read it; restore that commit, or the table.",
            )
    newest = after[-1] if after else base
    staged = [int(found[1]) for name in names if (found := _STAGED.fullmatch(name))]
    if any(each > newest for each in staged):
        raise NotSupported(
            Reason.NOT_SUPPORTED,
            f"a catalog commits for table {table}: it has staged commits after version {newest}, "
            "and only that catalog knows which of them count.",
        )
    return TableVersion(newest, commits.get(newest, checkpoints.get(newest, 0.0)))


def whole_checkpoints(names: Mapping[str, float]) -> dict[int, float]:
    """The checkpoints of which all parts are there, each with when it was."""
    parts: dict[tuple[int, int], dict[int, float]] = {}
    for name, at in names.items():
        if found := _CHECKPOINT.fullmatch(name):
            version, part, of = int(found[1]), int(found[2] or 1), int(found[3] or 1)
            parts.setdefault((version, of), {})[part] = at
    return {version: max(at.values()) for (version, of), at in parts.items() if len(at) == of}
