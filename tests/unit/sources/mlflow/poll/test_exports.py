"""What of the registries outlives a restart, by its subject."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.sources.mlflow.poll.exports import SEEN_EVERY, Exports
from stagingmirror.sources.mlflow.subjects import (
    AliasHistory,
    AliasSubject,
    Content,
    FileHash,
    RegistrySubject,
    Renamed,
    VersionSubject,
)
from stagingmirror.view import Observed
from support.kinds.builders import NOT_ANSWERED, World, version

ALIAS = AliasSubject("production", "fraud-detector", "champion")
VERSION = VersionSubject("production", "fraud-detector", "12")


def exported(exports: Exports, world: World) -> dict[str, Any]:
    """As JSON: it is kept in a ConfigMap."""
    found = exports.export([(ALIAS, world.get(ALIAS)), (VERSION, world.get(VERSION))])
    return {name: json.loads(json.dumps(entry)) for name, entry in found.items()}


def adopted(exports: Exports, entries: Any) -> dict[RegistrySubject, Content | AliasHistory]:
    return dict(exports.adopt(entries))


def test_when_an_alias_moved_and_what_was_read_is_found_again_by_the_next_process() -> None:
    world = World().register("production", version("12"))
    world.alias("production", "12", moved=90.0, unmoved=80.0)
    key = ("production", "fraud-detector", "champion")
    world.aliases[key] = replace(world.aliases[key], model_created=5.0, renamed=Renamed(6.0, 7.0))

    found = adopted(Exports(), exported(Exports(), world))

    renamed = Renamed(6.0, 7.0)
    assert found[ALIAS] == AliasHistory("12", world.began, 90.0, 80.0, 5.0, renamed)
    assert found[VERSION] == world.versions["production", "fraud-detector", "12"].content


@pytest.mark.parametrize(("later", "is_new"), [(60.0, False), (SEEN_EVERY + 1, True)])
def test_an_alias_that_stays_is_exported_anew_now_and_then_only(later: float, is_new: bool) -> None:
    world, exports = World().alias("production", "12"), Exports()
    before = exported(exports, world)

    world.began += later

    assert (exported(exports, world) != before) is is_new


def test_an_export_without_news_encodes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World().register("production", version("12")).alias("production", "12")
    answers = [(each, world.get(each)) for each in (ALIAS, VERSION)]
    exports = Exports()
    before = exports.export(answers)

    monkeypatch.setattr(json, "dumps", None)
    after = exports.export(answers)

    assert [id(each) for each in after.values()] == [id(each) for each in before.values()]


@pytest.mark.parametrize(("later", "is_new"), [(60.0, False), (SEEN_EVERY + 1, True)])
def test_what_was_adopted_is_not_exported_anew_where_nothing_is_new(
    later: float, is_new: bool
) -> None:
    world, exports = World().alias("production", "12"), Exports()
    before = exported(Exports(), world)
    adopted(exports, {name: entry for name, entry in before.items() if entry is not None})
    exports.export([])

    world.began += later

    assert (exported(exports, world) != before) is is_new


def test_what_is_not_known_now_is_named_so_that_what_was_kept_of_it_stays() -> None:
    world, exports = World().alias("production", "12"), Exports()
    before = exported(exports, world)
    world.nobody_answers = NOT_ANSWERED
    silent = exported(exports, world)
    world.nobody_answers = None

    assert set(silent) == set(before)
    assert set(silent.values()) == {None}
    assert exported(exports, world) == before


def test_what_was_damaged_is_not_adopted() -> None:
    world = World().alias("production", "12")
    name, entry = next(iter(exported(Exports(), world).items()))

    assert (
        adopted(Exports(), {name: {"sin": 1.0, **{k: v for k, v in entry.items() if k != "seen"}}})
        == {}
    )
    assert adopted(Exports(), {"[]": entry, "no JSON": entry, "7": entry}) == {}


@given(
    files=st.dictionaries(st.text(min_size=1), st.tuples(st.text(), st.integers(0, 10**15))),
    names=st.tuples(st.text(), st.text(), st.text()),
)
def test_a_hash_is_adopted_as_it_was_exported(
    files: dict[str, tuple[str, int]], names: tuple[str, str, str]
) -> None:
    subject = VersionSubject(*names)
    hashes = {path: FileHash(sha, size) for path, (sha, size) in files.items()}
    content = Content("sha256:tree", hashes, time.time(), "listing")
    answer = Observed(version(content=content), 1.0)

    entries = json.loads(json.dumps(Exports().export([(subject, answer)])))

    assert adopted(Exports(), entries) == {subject: content}


@pytest.mark.parametrize("entry", [{}, [], None, 3, {"files": 3}])
def test_what_is_no_kept_hash_is_ignored(entry: Any) -> None:
    assert adopted(Exports(), {json.dumps(VERSION): entry}) == {}
