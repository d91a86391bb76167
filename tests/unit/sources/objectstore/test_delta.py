"""Which version a Delta table has, by the names in its log."""

import pytest

from stagingmirror.errors import NotSupported, Refused
from stagingmirror.sources.objectstore.subjects import TableVersion
from stagingmirror.sources.objectstore.tables.delta import hinted, name_of, version_in

ID = "3a0d65cd-4056-49b8-937b-95f9e3ee90e5"


def commits(*versions: int) -> dict[str, float]:
    return {f"{name_of(each)}.json": 1000.0 + each for each in versions}


def checkpoint(version: int, rest: str = ".parquet") -> dict[str, float]:
    return {f"{name_of(version)}.checkpoint{rest}": 5000.0 + version}


@pytest.mark.parametrize(
    ("names", "version", "written"),
    [
        (commits(0), 0, 1000.0),
        (commits(*range(12)), 11, 1011.0),
        (commits(*range(9, 12)) | checkpoint(10), 11, 1011.0),
        (commits(11, 12) | checkpoint(10), 12, 1012.0),
        (checkpoint(10), 10, 5010.0),
        (commits(10) | checkpoint(10), 10, 1010.0),
        (commits(11) | checkpoint(10, f".{ID}.parquet"), 11, 1011.0),
        (commits(11) | checkpoint(10, f".{ID}.json"), 11, 1011.0),
        (
            commits(11)
            | checkpoint(10, ".0000000001.0000000002.parquet")
            | checkpoint(10, ".0000000002.0000000002.parquet"),
            11,
            1011.0,
        ),
        # Of an older checkpoint nothing is wanted any more, gaps before it are none.
        (commits(0, 1, 5, 6) | checkpoint(4) | checkpoint(2), 6, 1006.0),
        # What else may be there says nothing of the version.
        (
            commits(0, 1)
            | {
                f"{name_of(9)}.crc": 1.0,
                f"{name_of(0)}.{name_of(9)}.compacted.json": 1.0,
                "_last_checkpoint": 1.0,
                f"_sidecars/{ID}.parquet": 1.0,
                f".{name_of(9)}.json.tmp": 1.0,
                f"_staged_commits/{name_of(1)}.{ID}.json": 1.0,
            },
            1,
            1001.0,
        ),
    ],
)
def test_the_newest_version_is_that_of_the_last_commit(
    names: dict[str, float], version: int, written: float
) -> None:
    assert version_in(names, "t") == TableVersion(version, written)


@pytest.mark.parametrize("names", [{}, {"_last_checkpoint": 1.0}, {f"{name_of(3)}.crc": 1.0}])
def test_without_commit_and_checkpoint_there_is_no_table(names: dict[str, float]) -> None:
    assert version_in(names, "t") is None


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (commits(0, 1, 3), 2),
        (commits(1, 2), 0),
        (commits(12, 13) | checkpoint(10), 11),
        # Half a checkpoint is none.
        (commits(10, 11) | checkpoint(10, ".0000000001.0000000002.parquet"), 0),
    ],
)
def test_a_commit_that_is_missing_is_named(names: dict[str, float], missing: int) -> None:
    with pytest.raises(Refused) as refused:
        version_in(names, "t")

    assert f"no commit {missing}, and later ones" in refused.value.message


def test_commits_that_only_a_catalog_knows_prove_nothing() -> None:
    with pytest.raises(NotSupported):
        version_in(commits(0, 1) | {f"_staged_commits/{name_of(2)}.{ID}.json": 1.0}, "t")


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (b'{"version": 10, "size": 3}', 10),
        (b'{"version": true}', None),
        (b'{"version": -1}', None),
        (b'{"version": 1e400}', None),
        (b'{"version": 100000000000000000000000000}', None),
        (b"[10]", None),
        (b"<html>", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
    ],
)
def test_a_hint_that_is_none_is_left(data: bytes, version: int | None) -> None:
    assert hinted(data) == version
