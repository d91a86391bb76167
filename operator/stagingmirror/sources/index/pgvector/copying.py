"""Copies one table from production's server to staging's, through us, in one transaction of
each: what fails in the middle leaves nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from stagingmirror.errors import ChangedUnderneath, NotSupported, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.pgvector import catalog
from stagingmirror.sources.index.pgvector.catalog import Column, Table, TableIndex
from stagingmirror.sources.index.pgvector.names import Name, quoted

# Blocks that wait to be sent.
_WAITING = 16
_TYPE = """
SELECT pg_catalog.format_type(t.oid, $3) FROM pg_type t
  JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
  LEFT JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
WHERE t.typname = $1 AND coalesce(e.extname, '') = $2
  AND ($2 <> '' OR n.nspname = 'pg_catalog')
"""
_CLASS = """
SELECT n.nspname FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace
  JOIN pg_am a ON a.oid = o.opcmethod WHERE o.opcname = $1 AND a.amname = $2
"""
_METHODS = ("btree", "hash", "gin", "gist", "brin", "hnsw", "ivfflat")


def refuse_what_cannot_be_made(table: Table) -> None:
    """Raises NotSupported, with the index or column."""
    for index in table.indexes:
        plain = index.method in _METHODS and len(index.columns) == len(index.classes) == index.keys
        if index.special or not plain or any(index.directions):
            raise NotSupported(
                Reason.NOT_SUPPORTED,
                f"the index {index.name} of {table.name} is on an expression, on some of the rows, "
                "with an order or further columns of its own, or of an unknown method, and such a "
                "one is not built in staging; set compare: Content",
            )
    for column in table.columns:
        if not (column.is_builtin or column.extension == "vector"):
            raise NotSupported(
                Reason.NOT_SUPPORTED,
                f"the column {column.name} of {table.name} has a type that neither PostgreSQL nor "
                "pgvector has; set compare: Content",
            )


async def types_of(connection: Any, columns: tuple[Column, ...]) -> list[str]:
    """As this server writes them. Raises Refused where it does not have one."""
    found = []
    for each in columns:
        text = await connection.fetchval(_TYPE, each.type, each.extension, each.modifier)
        if text is None:
            raise Refused(
                Reason.LATER_VERSION,
                f"staging's database has no type {each.type}; CREATE EXTENSION vector there, or "
                "update it, or the server",
            )
        found.append(text)
    return found


@dataclass
class Rows:
    """What is read of production's and not yet sent to staging's."""

    idle: float
    size: int = field(default=0, init=False)
    _blocks: "asyncio.Queue[bytes | None]" = field(init=False)

    def __post_init__(self) -> None:
        self._blocks = asyncio.Queue(_WAITING)

    async def put(self, block: bytes | None) -> None:
        async with asyncio.timeout(self.idle):
            await self._blocks.put(block)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            async with asyncio.timeout(self.idle):
                block = await self._blocks.get()
            if block is None:
                return
            self.size += len(block)
            yield block


async def read_rows(connection: Any, table: Table, rows: Rows, within: float) -> None:
    """All rows, and then the end of them; a failure has no end."""
    columns = ", ".join(["%I"] * len(table.columns))
    names = [each.name for each in table.columns]
    text = await quoted(connection, f"SELECT {columns} FROM %I.%I", *names, *table.name)  # noqa: S608
    await connection.copy_from_query(text, output=rows.put, format="binary", timeout=within)
    await rows.put(None)


async def write_rows(connection: Any, new: Name, table: Table, rows: Any, within: float) -> None:
    await connection.copy_to_table(
        new.table,
        schema_name=new.schema,
        columns=[each.name for each in table.columns],
        source=rows,
        format="binary",
        timeout=within,
    )


async def both(reading: Any, writing: Any) -> None:
    """Whichever fails ends the other. Raises what failed first."""
    tasks = [asyncio.ensure_future(reading), asyncio.ensure_future(writing)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for each in done:
            each.result()
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def create_table(connection: Any, new: Name, columns: tuple[Column, ...]) -> None:
    types = await types_of(connection, columns)
    names = [await quoted(connection, "%I", each.name) for each in columns]
    parts = [
        f"{name} {kind}{' NOT NULL' if each.filled else ''}"
        for name, kind, each in zip(names, types, columns, strict=True)
    ]
    begin = await quoted(connection, "CREATE TABLE %I.%I", *new)
    await connection.execute(f"{begin} ({', '.join(parts)})")


async def create_index(connection: Any, new: Name, index: TableIndex, within: float) -> None:
    """By its parts; its name is the server's choice."""
    if index.prim:
        keys = ", ".join(["%I"] * len(index.columns))
        text = await quoted(
            connection, f"ALTER TABLE %I.%I ADD PRIMARY KEY ({keys})", *new, *index.columns
        )
        await connection.execute(text, timeout=within)
        return
    parts = []
    for column, kind in zip(index.columns, index.classes, strict=True):
        schema = await connection.fetchval(_CLASS, kind, index.method)
        if schema is None:
            raise Refused(
                Reason.LATER_VERSION,
                f"staging's database has no operator class {kind} for {index.method}, which the "
                f"index {index.name} needs; update pgvector there",
            )
        parts.append(await quoted(connection, "%I %I.%I", column, schema, kind))
    options = [
        await quoted(connection, "%I = %L", key, value)
        for key, value in catalog.options_of(index).items()
    ]
    unique = "UNIQUE " if index.uniq else ""
    begin = await quoted(connection, f"CREATE {unique}INDEX ON %I.%I USING %I", *new, index.method)
    end = f" WITH ({', '.join(options)})" if options else ""
    await connection.execute(f"{begin} ({', '.join(parts)}){end}", timeout=within)


def same_snapshot(found: str, wanted: str, target: str) -> None:
    if found != wanted:
        raise ChangedUnderneath(
            Reason.CHANGED_UNDERNEATH,
            f"production's {target} is another snapshot than was chosen; the next refresh sees what"
            " is there then",
        )
