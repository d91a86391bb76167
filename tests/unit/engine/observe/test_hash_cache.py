"""What sources export, as it is kept in the operator's own namespace."""

import asyncio
import itertools
import math
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from stagingmirror.engine.observe import hash_cache
from stagingmirror.engine.observe.hash_cache import HashCache
from stagingmirror.engine.observe.kept_parts import MAX_BYTES, MAX_PARTS, Reader
from stagingmirror.engine.workqueue import slices
from stagingmirror.errors import Conflicted, NotAnswered, NotThere
from stagingmirror.sources.kubernetes.api.reader import BODY_LIMIT

ENTRY = {"seen": 1.0, "text": "ü"}


class Namespace:
    """The ConfigMaps of a namespace, on the wire."""

    def __init__(self) -> None:
        self.bodies: dict[str, dict[str, Any]] = {}
        self.writes = 0
        # Writes that are left until the process ends.
        self.left = math.inf

    async def request(self, method: str, path: str, **more: Any) -> object:
        assert re.fullmatch("PATCH|DELETE", method)
        if self.writes >= self.left:
            raise NotAnswered("TimedOut", "it has ended")
        self.writes += 1
        body = more.get("body") or {}
        if method == "PATCH":
            metadata = body["metadata"] | {"resourceVersion": str(self.writes)}
            self.bodies[path] = body | {"metadata": metadata}
        elif path not in self.bodies:
            raise NotThere("NotThere", "there is no such ConfigMap")
        elif self._is_another(path, body):
            raise Conflicted("Conflict", "the ConfigMap has changed")
        else:
            del self.bodies[path]
        return {}

    def _is_another(self, path: str, deletion: Mapping[str, Any]) -> bool:
        wanted = deletion.get("preconditions")
        metadata = self.bodies[path]["metadata"]
        return wanted is not None and wanted["resourceVersion"] != metadata["resourceVersion"]

    async def pages(self, path: str, **more: Any) -> AsyncIterator[dict[str, Any]]:
        shape = more["shape"]
        yield {"items": [shape(body) for body in self.bodies.values()]}


class Exporting:
    """A source."""

    name = "registry"

    def __init__(self, **entries: Mapping[str, Any] | None) -> None:
        self.entries = entries
        self.adopted: dict[str, Any] = {}

    def export(self) -> Mapping[str, Mapping[str, Any] | None]:
        return self.entries

    def adopt(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        self.adopted |= entries


def keeper(namespace: Namespace, source: Exporting, *, leads: bool = True) -> HashCache:
    return HashCache(cast("Any", namespace), (source,), namespace="operator", leading=lambda: leads)


async def keep_until(namespace: Namespace, writes: int, **entries: Mapping[str, Any]) -> HashCache:
    """A process that ends after so many of its writes."""
    cache = keeper(namespace, Exporting(**entries))
    await cache.load()
    namespace.left = namespace.writes + writes
    with pytest.raises(NotAnswered):
        await cache.keep()
    namespace.left = math.inf
    return cache


async def adopted(namespace: Namespace) -> Mapping[str, Any] | None:
    source = Exporting()
    cache = keeper(namespace, source)
    await cache.load()
    await cache.adopt()
    return source.adopted


async def test_what_was_exported_is_adopted_by_the_next_process() -> None:
    namespace = Namespace()
    await keeper(namespace, Exporting(one=ENTRY, two=None)).keep()

    assert await adopted(namespace) == {"one": ENTRY}


async def test_an_entry_is_written_when_it_is_new_and_not_again() -> None:
    namespace, source = Namespace(), Exporting(one=ENTRY)
    cache = keeper(namespace, source)
    for _ in range(3):
        await cache.keep()
    assert namespace.writes == 1

    source.entries = {"one": {**ENTRY, "seen": 2.0}}
    await cache.keep()
    assert namespace.writes == 2


async def test_what_is_in_no_export_for_an_hour_is_removed_and_what_is_not_known_now_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hash_cache, "UNUSED", 2)
    namespace, source = Namespace(), Exporting(one=ENTRY, two=ENTRY)
    cache = keeper(namespace, source)
    await cache.keep()

    source.entries = {"two": None}
    for _ in range(2):
        await cache.keep()
    assert await adopted(namespace) == {"one": ENTRY, "two": ENTRY}
    await cache.keep()

    assert await adopted(namespace) == {"two": ENTRY}


LARGE = {"text": "x" * (2 * MAX_BYTES)}


async def test_what_is_too_large_for_one_config_map_is_kept_in_several() -> None:
    namespace, source = Namespace(), Exporting(one=LARGE, two=ENTRY)
    cache = keeper(namespace, source)
    for _ in range(2):
        await cache.keep()

    assert (namespace.writes, len(namespace.bodies)) == (4, 4)
    assert max(len(str(body)) for body in namespace.bodies.values()) < 1024 * 1024
    assert await adopted(namespace) == {"one": LARGE, "two": ENTRY}


async def test_parts_count_only_together() -> None:
    namespace = Namespace()
    await keeper(namespace, Exporting(one=LARGE)).keep()
    for path, body in list(namespace.bodies.items()):
        del namespace.bodies[path]
        assert await adopted(namespace) == {}
        namespace.bodies[path] = {**body, "data": {**body["data"], "part": "x"}}
        assert await adopted(namespace) == {}
        namespace.bodies[path] = body

    assert await adopted(namespace) == {"one": LARGE}


@pytest.mark.parametrize("restarts", [False, True])
async def test_what_has_become_smaller_leaves_no_parts_behind(restarts: bool) -> None:
    namespace, source = Namespace(), Exporting(one=LARGE)
    cache = keeper(namespace, source)
    await cache.keep()
    if restarts:
        cache = keeper(namespace, source)
        await cache.load()

    source.entries = {"one": ENTRY}
    await cache.keep()

    assert len(namespace.bodies) == 1
    assert await adopted(namespace) == {"one": ENTRY}


OTHER = {"text": "y" * (2 * MAX_BYTES)}


@pytest.mark.parametrize(
    ("before", "after", "writes", "kept"),
    [
        ({}, {"one": LARGE}, 1, {}),
        ({}, {"one": LARGE}, 2, {}),
        ({"one": ENTRY}, {"one": LARGE}, 1, {}),
        ({"one": LARGE}, {"one": OTHER}, 1, {}),
        ({"one": LARGE}, {"one": OTHER}, 2, {}),
        ({"one": LARGE}, {"one": ENTRY}, 1, {"one": ENTRY}),
        ({"one": LARGE, "two": OTHER}, {"one": OTHER, "two": OTHER}, 2, {"two": OTHER}),
    ],
)
async def test_what_is_left_of_a_write_that_did_not_end_is_removed(
    before: dict[str, Any], after: dict[str, Any], writes: int, kept: dict[str, Any]
) -> None:
    namespace = Namespace()
    await keeper(namespace, Exporting(**before)).keep()
    await keep_until(namespace, writes, **after)
    cache = keeper(namespace, Exporting(**kept))
    await cache.load()
    await cache.keep()

    assert len(namespace.bodies) == sum(1 if each == ENTRY else 3 for each in kept.values())
    assert await adopted(namespace) == kept


async def test_parts_that_were_written_over_since_or_are_another_leaders_are_not_removed() -> None:
    namespace = Namespace()
    await keep_until(namespace, 1, one=LARGE)
    first, waiting = keeper(namespace, Exporting()), keeper(namespace, Exporting(), leads=False)
    for cache in (first, waiting):
        await cache.load()
    await waiting.keep()
    await keeper(namespace, Exporting(one=LARGE)).keep()
    await first.keep()

    assert await adopted(namespace) == {"one": LARGE}


@pytest.mark.parametrize("then", [ENTRY, LARGE])
async def test_a_write_that_failed_between_two_parts_is_made_good(then: dict[str, Any]) -> None:
    namespace, source = Namespace(), Exporting(one=ENTRY)
    cache = keeper(namespace, source)
    await cache.keep()
    source.entries, namespace.left = {"one": LARGE}, namespace.writes + 2
    with pytest.raises(NotAnswered):
        await cache.keep()

    source.entries, namespace.left = {"one": then}, math.inf
    await cache.keep()

    assert await adopted(namespace) == {"one": then}
    assert len(namespace.bodies) == (1 if then == ENTRY else 3)


async def test_what_is_too_large_at_all_is_reported_and_not_tried_again() -> None:
    namespace = Namespace()
    cache = keeper(namespace, Exporting(one={"text": "x" * MAX_BYTES * MAX_PARTS}))
    with capture_logs() as logs:
        for _ in range(2):
            await cache.keep()

    assert namespace.writes == 0
    assert [(each["log_level"], each["entry"]) for each in logs] == [("warning", "one")]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"source": "registry", "entry": "one"}'])
def test_what_is_no_entry_is_ignored(text: str) -> None:
    bodies = [{"data": {"content": text}}, {}, {"metadata": {"name": "x"}, "data": {"part": text}}]

    assert [Reader().take(body) for body in bodies] == [None] * 3


async def test_others_run_between_two_entries_that_are_adopted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slices, "SLICE", -1.0)
    namespace, source, turns = Namespace(), Exporting(), []
    many = {f"model-{number}": ENTRY for number in range(20)}
    await keeper(namespace, Exporting(**many)).keep()
    cache = keeper(namespace, source)
    await cache.load()

    adopting = asyncio.create_task(cache.adopt())
    while not adopting.done():
        await asyncio.sleep(0)
        turns.append(len(source.adopted))

    assert source.adopted == many
    steps = [after - before for before, after in itertools.pairwise([0, *turns])]
    assert max(steps) == 1


def test_a_page_of_the_largest_entries_is_an_answer_that_the_client_takes() -> None:
    """In JSON within JSON each quotation mark is two characters."""
    assert hash_cache.A_PAGE * MAX_BYTES * 2 < BODY_LIMIT
