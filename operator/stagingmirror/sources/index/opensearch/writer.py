"""What is written in staging's OpenSearch."""

import re
from contextlib import suppress
from typing import ClassVar

from stagingmirror.errors import (
    ChangedUnderneath,
    NotAnswered,
    NotThere,
    Refused,
    StagingMirrorError,
)
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.opensearch import answers
from stagingmirror.sources.index.opensearch.facts import META_KEY, Json, mapping_in
from stagingmirror.sources.index.opensearch.names import quoted
from stagingmirror.sources.index.opensearch.reader import OpenSearchReader
from stagingmirror.sources.index.opensearch.recovery import Recovery, number_of_shards
from stagingmirror.sources.index.opensearch.renaming import Renaming
from stagingmirror.sources.index.opensearch.restoring import Restoring
from stagingmirror.sources.index.store import IndexReader, Mark, Progressing, Room, Snapshot

_DISKS = {
    "filter_path": "nodes.*.roles,nodes.*.fs.total.total_in_bytes,"
    "nodes.*.fs.total.available_in_bytes"
}
_VERSION = re.compile(r"(\d+)\.(\d+)\.?(\d*)")


class OpenSearchWriter(OpenSearchReader):
    """See ``IndexWriter``."""

    atomic_swap: ClassVar[bool] = True

    async def room(self) -> Room | None:
        found = await self._server.call(
            "disks", "GET", "/_nodes/stats/fs", answers.NODES, query=_DISKS
        )
        rooms = [
            Room(node.fs.total.available_in_bytes, node.fs.total.total_in_bytes)
            for node in found.nodes.values()
            if node.fs.total.total_in_bytes
            and any(role == "data" or role.startswith("data_") for role in node.roles)
        ]
        return min(rooms, key=lambda each: each.free / each.total, default=None)

    async def rehearse(
        self, snapshot: Snapshot, target: str, new: str, source: IndexReader
    ) -> None:
        await self._refuse_unrestorable(snapshot, target)
        if await self._existing(new) is not None:
            raise self._taken(new)

    async def rehearse_swap(self, alias: str) -> None:
        """Whether we may is known by the write alone."""

    async def restore(
        self, snapshot: Snapshot, target: str, new: str, source: IndexReader, done: Progressing
    ) -> None:
        restoring = Restoring(self._server, self._repository.path, snapshot, target, new)
        quoted(target), quoted(new)
        found = await self._existing(new)
        done(0, 0)
        if found is None:
            await self._refuse_unrestorable(snapshot, target)
            await restoring.begin()
            done(0, 0)
            found = await self._index(new)
        elif not await restoring.is_ours(found):
            raise self._taken(new)
        await Recovery(self._server, new).follow(number_of_shards(self._server, found), done)

    async def version(self, target: str) -> str | None:
        return (await self.facts(target)).content_version

    def beside(self, target: str, name: str) -> str:
        return name

    async def rename(self, former: str, new: str, done: Progressing) -> None:
        renaming = Renaming(self._server, former, new)
        found = await self._existing(new)
        if found is None:
            await renaming.begin()
            done(0, 0)
            found = await self._index(new)
        renaming.refuse_foreign(found)
        await Recovery(self._server, new).follow(number_of_shards(self._server, found), done)
        await self.drop(former)

    async def stamp(self, new: str, mark: Mark) -> None:
        meta = mapping_in(mapping_in(await self._index(new), "mappings"), "_meta")
        # It is replaced as a whole.
        merged = {**meta, META_KEY: mark.document()}
        await self._write("mark", "PUT", f"/{quoted(new)}/_mapping", {"_meta": merged})

    async def swap(self, alias: str, expected: str | None, new: str) -> None:
        leads = await self.resolve(alias)
        if leads == (new,):
            return
        if leads != (() if expected is None else (expected,)):
            raise self._moved(alias, leads)
        if expected is not None:
            await self._aliases(alias, _removal(alias, expected), _addition(alias, new))
        elif alias in await self._at_name(alias):
            raise self._server.refuse(
                Refused, Reason.NOT_AN_ALIAS, f"there is an index called {alias}"
            )
        else:
            await self._aliases(alias, _addition(alias, new))
        await self._undo_unless_alone(alias, expected, new)

    async def _undo_unless_alone(self, alias: str, expected: str | None, new: str) -> None:
        """The store swaps whatever else an alias leads to, or has come to lead to meanwhile."""
        leads = await self.resolve(alias)
        if leads == (new,):
            return
        if new in leads:
            back = [] if expected is None else [_addition(alias, expected)]
            await self._aliases(alias, _removal(alias, new), *back)
        raise self._moved(alias, leads)

    async def unset(self, alias: str, expected: str) -> None:
        leads = await self.resolve(alias)
        if leads == ():
            return
        if leads != (expected,):
            raise self._moved(alias, leads)
        await self._aliases(alias, _removal(alias, expected))

    async def drop(self, target: str) -> None:
        found = await self._at_name(target)
        if not found:
            return
        if target not in found:
            raise self._server.refuse(
                Refused, Reason.INDEX_SERVED, f"{target} is an alias, and no index"
            )
        self._refuse_served(target, found[target])
        try:
            await self._frozen(target, frozen=True)
            await self._remove_frozen(target)
        except NotThere:
            return

    async def _remove_frozen(self, target: str) -> None:
        """An index that is frozen gets no further alias. One that stays is not left frozen."""
        try:
            self._refuse_served(target, await self._index(target))
            await self._write("remove", "DELETE", f"/{quoted(target)}", None)
        except NotThere:
            raise
        except StagingMirrorError:
            with suppress(StagingMirrorError):
                await self._frozen(target, frozen=False)
            raise

    def _refuse_served(self, target: str, index: Json) -> None:
        if aliases := sorted(mapping_in(index, "aliases")):
            raise self._server.refuse(
                Refused,
                Reason.INDEX_SERVED,
                f"alias {aliases[0]} leads to {target}, so it is not removed",
            )

    async def _frozen(self, target: str, *, frozen: bool) -> None:
        """It may still be removed, and nothing else be done to it."""
        body: dict[str, object] = {"index.blocks.read_only_allow_delete": frozen or None}
        await self._write("freeze", "PUT", f"/{quoted(target)}/_settings", body)

    async def _refuse_unrestorable(self, snapshot: Snapshot, target: str) -> None:
        await self._repository.refuse_writable()
        found = await self._repository.one(snapshot)
        if not found.complete or target not in found.targets:
            raise self._server.refuse(
                Refused,
                Reason.RESTORE_FAILED,
                f"snapshot {snapshot.name} is not complete, or does not hold {target}",
            )
        root = await self._ask_root()
        if _version(found.version) > _version(root.version.number):
            raise self._server.refuse(
                Refused,
                Reason.LATER_VERSION,
                f"snapshot {snapshot.name} was taken by {found.version}, and this server is"
                f" {root.version.number}; upgrade staging",
            )

    async def _existing(self, new: str) -> Json | None:
        """The index of that name. Raises Refused where an alias has it."""
        found = await self._at_name(new)
        if found and new not in found:
            raise self._taken(new)
        return found.get(new)

    async def _at_name(self, name: str) -> dict[str, Json]:
        """The index of a name, or those that an alias of it leads to."""
        try:
            return await self._server.call("index", "GET", f"/{quoted(name)}", answers.INDEXES)
        except NotThere:
            return {}

    async def _aliases(self, alias: str, *actions: Json) -> None:
        try:
            await self._write("aliases", "POST", "/_aliases", {"actions": list(actions)})
        except NotThere:
            raise self._moved(alias, await self.resolve(alias)) from None

    async def _write(
        self, operation: str, method: str, path: str, body: dict[str, object] | None
    ) -> None:
        """Raises NotAnswered(Busy) where not every node has it in time: called again it does
        nothing, or the rest.
        """
        found = await self._server.call(operation, method, path, answers.ACKNOWLEDGED, body=body)
        if not found.acknowledged:
            raise self._server.refuse(
                NotAnswered, Reason.BUSY, f"{operation}: not every node has confirmed it in time"
            )

    def _taken(self, new: str) -> Exception:
        return self._server.refuse(
            Refused, Reason.NAME_TAKEN, f"there is another index, or an alias, called {new}"
        )

    def _moved(self, alias: str, leads: tuple[str, ...]) -> Exception:
        return self._server.refuse(
            ChangedUnderneath,
            Reason.ALIAS_MOVED,
            f"alias {alias} leads to {', '.join(leads[:3]) or 'nothing'} by now",
        )


def _addition(alias: str, new: str) -> Json:
    return {"add": {"index": new, "alias": alias}}


def _removal(alias: str, expected: str) -> Json:
    """Fails, and all that is sent with it, where the alias does not lead there."""
    return {"remove": {"index": expected, "alias": alias, "must_exist": True}}


def _version(text: str) -> tuple[int, ...]:
    """(): not known, which nothing is later than."""
    found = _VERSION.match(text)
    return tuple(int(each or 0) for each in found.groups()) if found else ()
