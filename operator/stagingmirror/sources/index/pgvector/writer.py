"""Writes tables and views of staging's."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from stagingmirror.errors import ChangedUnderneath, NotAllowed, NotSupported, NotThere, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.pgvector import catalog, copying
from stagingmirror.sources.index.pgvector.catalog import Table
from stagingmirror.sources.index.pgvector.database import Database, Use
from stagingmirror.sources.index.pgvector.names import Name, name_of, quoted
from stagingmirror.sources.index.pgvector.reader import MARK, PgvectorReader, snapshot_of, system_of
from stagingmirror.sources.index.pgvector.relations import find
from stagingmirror.sources.index.pgvector.views import refuse_unmovable, set_view, unset_view
from stagingmirror.sources.index.store import IndexReader, Mark, Progressing, Room, Snapshot

_MAY_CREATE = """
SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE')
FROM pg_namespace WHERE nspname = $1
"""
_WRITTEN = "SELECT count(*) || ' ' || coalesce(sum(xmin::text::numeric), 0) FROM %I.%I"
_IS_SHOWN = """
SELECT EXISTS (
  SELECT FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
  WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.refobjid = $1::int8::oid AND r.ev_class <> d.refobjid
)
"""
# Roles other than the owner that may do more than read it; null: everybody.
_WRITERS = """
SELECT DISTINCT r.rolname::text AS name
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE c.oid = $1::int8::oid AND a.grantee <> c.relowner AND a.privilege_type <> 'SELECT'
"""


class PgvectorWriter(PgvectorReader):
    """See ``store.IndexWriter``."""

    atomic_swap: ClassVar[bool] = True

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._system: str | None = None

    async def identity(self) -> str:
        """What is written from now on is written there, or nowhere."""
        self._system = await super().identity()
        return self._system

    @asynccontextmanager
    async def _writing(
        self, operation: str, what: str, use: Use = "catalogs"
    ) -> AsyncIterator[Any]:
        """A transaction on the very system whose identity was read last: by the same address
        another one may answer. One whose client is gone keeps its locks for as long as two calls
        may take, unless it copies.
        """
        async with (
            self.database.session(operation, what, use) as connection,
            connection.transaction(),
        ):
            if await system_of(connection) != self._system:
                raise ChangedUnderneath(
                    Reason.CHANGED_UNDERNEATH,
                    f"{self.database.uri}, {what}: another server answers there than before, so "
                    "nothing is written",
                )
            if use != "copying":
                limits = self.database.limits
                limit = f"{2000 * (limits.call + limits.lock):.0f}"
                await connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = {limit}")
            yield connection

    async def room(self) -> Room | None:
        return None

    async def rehearse(
        self, snapshot: Snapshot, target: str, new: str, source: IndexReader
    ) -> None:
        name, origin = name_of(new), _origin(source)
        async with origin.database.session("table", f"reading about {target}") as theirs:
            table = await catalog.table(theirs, name_of(target))
        copying.same_snapshot(snapshot_of(table).id, snapshot.id, target)
        copying.refuse_what_cannot_be_made(table)
        async with self.database.session("rehearse", f"rehearsing a restore as {name}") as ours:
            await _refuse_schema(ours, name)
            if await find(ours, name) is not None:
                raise _taken(name)
            await copying.types_of(ours, table.columns)

    async def rehearse_swap(self, alias: str) -> None:
        name = name_of(alias)
        async with self.database.session("rehearse", f"rehearsing a move of {name}") as connection:
            if not await refuse_unmovable(connection, name):
                await _refuse_schema(connection, name)

    async def restore(
        self, snapshot: Snapshot, target: str, new: str, source: IndexReader, done: Progressing
    ) -> None:
        """One transaction: the table is there whole, or not at all."""
        name, origin = name_of(new), _origin(source)
        what = f"copying {target} to {name}"
        from_there = origin.database.reading("copy", f"{what}: production's side", "copying")
        async with self._writing("copy", what, "copying") as ours:
            await ours.execute("SET LOCAL statement_timeout = 0")
            async with from_there as theirs:
                await theirs.execute("SET LOCAL statement_timeout = 0")
                table = await catalog.table(theirs, name_of(target))
                copying.same_snapshot(snapshot_of(table).id, snapshot.id, target)
                copying.refuse_what_cannot_be_made(table)
                is_there = await self._is_there(ours, name, snapshot)
                if not is_there:
                    await self._copy(theirs, ours, table, name, done)
            # Production's transaction has ended: building takes longer than it may be idle.
            if not is_there:
                await self._finish(ours, table, name)
        done(table.size, table.size)

    async def version(self, target: str) -> str | None:
        """Each row has the number of the transaction that wrote it."""
        name = name_of(target)
        what = f"reading the version of {name}"
        async with self.database.reading("version", what, "rows") as connection:
            text = await quoted(connection, _WRITTEN, *name)
            found: str = await connection.fetchval(text, timeout=self.database.limits.reading)
        return found

    def beside(self, target: str, name: str) -> str:
        return str(Name(name_of(target).schema, name))

    async def rename(self, former: str, new: str, done: Progressing) -> None:
        name, other = name_of(former), name_of(new)
        async with self._writing("rename", f"renaming {name}") as connection:
            found = await find(connection, name)
            if found is None:
                await catalog.table(connection, other)
                return
            if await find(connection, other) is not None:
                raise _taken(other)
            await connection.execute(
                await quoted(connection, "ALTER TABLE %I.%I RENAME TO %I", *name, other.table)
            )
            await _revoke_writes(connection, found.oid, Name(name.schema, other.table))
            # A view goes on showing what it showed, whatever that is called. None can come now.
            if await connection.fetchval(_IS_SHOWN, found.oid):
                raise Refused(Reason.INDEX_SERVED, f"a view shows {name}, so it keeps its name")

    async def stamp(self, new: str, mark: Mark) -> None:
        name = name_of(new)
        async with self._writing("mark", f"marking {name}") as connection:
            table = await catalog.table(connection, name)
            await _comment(connection, name, {**table.comment, MARK: mark.document()})

    async def swap(self, alias: str, expected: str | None, new: str) -> None:
        name, shown = name_of(alias), name_of(new)
        async with self._writing("switch", f"moving {name}") as connection:
            await catalog.table(connection, shown)
            await set_view(connection, name, expected, shown)

    async def unset(self, alias: str, expected: str) -> None:
        name = name_of(alias)
        async with self._writing("unset", f"removing {name}") as connection:
            await unset_view(connection, name, expected)

    async def drop(self, target: str) -> None:
        name = name_of(target)
        async with self._writing("drop", f"dropping {name}") as connection:
            found = await find(connection, name)
            if found is None:
                return
            if not found.is_table:
                raise Refused(Reason.BAD_REQUEST, f"{name} is not a plain table, as refreshes make")
            await connection.execute(await quoted(connection, "DROP TABLE IF EXISTS %I.%I", *name))

    async def _is_there(self, connection: Any, name: Name, snapshot: Snapshot) -> bool:
        """Raises Refused where something else has its name."""
        if await find(connection, name) is None:
            return False
        try:
            found = snapshot_of(await catalog.table(connection, name))
        except (NotThere, NotSupported, Refused):
            raise _taken(name) from None
        if found.id != snapshot.id:
            raise _taken(name)
        return True

    async def _copy(
        self, theirs: Any, ours: Any, table: Table, new: Name, done: Progressing
    ) -> None:
        limits = self.database.limits
        done(0, table.size)
        await copying.create_table(ours, new, table.columns)
        rows = copying.Rows(limits.idle)
        sent = _counted(rows, table.size, done)
        await copying.both(
            copying.read_rows(theirs, table, rows, limits.whole),
            copying.write_rows(ours, new, table, sent, limits.whole),
        )

    async def _finish(self, ours: Any, table: Table, new: Name) -> None:
        limits = self.database.limits
        for index in table.indexes:
            await copying.create_index(ours, new, index, limits.building)
        await ours.execute(await quoted(ours, "ANALYZE %I.%I", *new), timeout=limits.building)
        await _comment(ours, new, {k: v for k, v in table.comment.items() if k != MARK})


async def _counted(rows: copying.Rows, total: int, done: Progressing) -> Any:
    async for block in rows:
        done(min(rows.size, total), total)
        yield block


async def _comment(connection: Any, name: Name, document: dict[str, Any]) -> None:
    text = json.dumps(document, ensure_ascii=False)
    await connection.execute(await quoted(connection, "COMMENT ON TABLE %I.%I IS %L", *name, text))


async def _revoke_writes(connection: Any, oid: int, name: Name) -> None:
    """Of whoever masked it: from now on it is served, and nobody but us writes it."""
    for row in await connection.fetch(_WRITERS, oid):
        whom = "PUBLIC" if row["name"] is None else await quoted(connection, "%I", row["name"])
        text = await quoted(connection, "REVOKE ALL ON TABLE %I.%I FROM ", *name)
        await connection.execute(f"{text}{whom} CASCADE")


async def _refuse_schema(connection: Any, name: Name) -> None:
    may = await connection.fetchval(_MAY_CREATE, name.schema)
    if may is None:
        raise NotThere(
            Reason.INDEX_MISSING, f"staging's database has no schema {name.schema}; create it"
        )
    if not may:
        raise NotAllowed(
            Reason.FORBIDDEN,
            f"our role may not make tables there; GRANT USAGE, CREATE ON SCHEMA {name.schema}",
        )


def _origin(source: IndexReader) -> PgvectorReader:
    if not isinstance(source, PgvectorReader):
        raise NotSupported(
            Reason.NOT_SUPPORTED, "tables are only copied from another PostgreSQL; correct type"
        )
    return source


def _taken(name: Name) -> Refused:
    return Refused(
        Reason.NAME_TAKEN, f"there is something by the name {name} already; DROP it, or rename it"
    )
