"""Reads what a database has of an index."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar

from stagingmirror.errors import NotAnswered, NotSupported, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.pgvector import catalog
from stagingmirror.sources.index.pgvector.catalog import Column, Table, TableIndex
from stagingmirror.sources.index.pgvector.database import Database
from stagingmirror.sources.index.pgvector.names import name_of, quoted
from stagingmirror.sources.index.pgvector.relations import find
from stagingmirror.sources.index.pgvector.sampling import documents_in, key_of, rows_of
from stagingmirror.sources.index.pgvector.views import refuse_more_than_columns
from stagingmirror.sources.index.store import (
    Document,
    IndexFacts,
    Sample,
    Snapshot,
    VectorField,
    mark_in,
)

# In a COMMENT, beside what its builder wrote.
MARK = "stagingmirror"
_SYSTEM = "SELECT system_identifier::text || ' ' || current_database() FROM pg_control_system()"
_SETTINGS = """
SELECT coalesce(r.rolname::text, '') AS role, setting
FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
  CROSS JOIN LATERAL unnest(s.setconfig) AS setting
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND (setting LIKE 'hnsw.%' OR setting LIKE 'ivfflat.%')
ORDER BY s.setdatabase, role, setting LIMIT 64
"""
_MAY_WRITE = """
SELECT EXISTS (
  SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema'
    AND n.nspname NOT LIKE 'pg\\_%'
    AND (has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
      OR has_any_column_privilege(c.oid, 'INSERT, UPDATE'))
)
"""
_LONGEST_TEXT = 512
# Rows of one answer, and bytes of the vectors of one sample.
_AT_ONCE, _LARGEST_SAMPLE = 16, 64 * 1024 * 1024


class PgvectorReader:
    """See ``store.IndexReader``."""

    samples_documents: ClassVar[bool] = True

    def __init__(self, database: Database) -> None:
        self.database = database

    async def identity(self) -> str:
        """A physical copy of a server is the same system, as far as it can be known."""
        async with self.database.session("identity", "reading which system it is") as connection:
            return await system_of(connection)

    async def resolve(self, alias: str) -> tuple[str, ...]:
        """A table is the alias of itself."""
        name = name_of(alias)
        async with self.database.session("alias", f"resolving {name}") as connection:
            found = await find(connection, name)
            if found is None:
                return ()
            if not found.is_view:
                return (str(name),)
        if not found.targets:
            raise Refused(Reason.NOT_AN_ALIAS, f"the view {name} shows no table")
        if len(found.targets) == 1:
            refuse_more_than_columns(name, found)
        return found.targets

    async def facts(self, target: str) -> IndexFacts:
        async with self.database.session("table", f"reading about {target}") as connection:
            table = await catalog.table(connection, name_of(target))
            settings = {
                _setting(each["role"], each["setting"]): each["setting"].partition("=")[2]
                for each in await connection.fetch(_SETTINGS)
            }
        return IndexFacts(
            target=str(table.name),
            vectors=tuple(_vector(table, each) for each in table.vectors),
            settings=_special(table),
            manifest=manifest_of(table.comment),
            server=f"PostgreSQL {table.version}, pgvector {table.pgvector}",
            built=_built(table.comment),
            content_version=table.written,
            mark=mark_in(table.comment.get(MARK)),
            server_settings=settings,
            made=table.made,
        )

    async def snapshots(self, target: str) -> tuple[Snapshot, ...]:
        """The table itself. Raises NotSupported(NoSnapshot) where its COMMENT names none."""
        async with self.database.session(
            "snapshot", f"reading the snapshot of {target}"
        ) as connection:
            table = await catalog.table(connection, name_of(target))
        return (snapshot_of(table),)

    async def count(self, target: str) -> int:
        async with self.database.reading("count", f"counting {target}", "rows") as connection:
            table = await catalog.table(connection, name_of(target))
            text = await quoted(connection, "SELECT count(*) FROM %I.%I", *table.name)
            found: int = await connection.fetchval(text, timeout=self.database.limits.reading)
        return found

    async def ids(self, target: str, most: int) -> tuple[str, ...]:
        """Keys, in the order of their hashes."""
        async with self.database.reading(
            "ids", f"choosing a sample of {target}", "rows"
        ) as connection:
            table = await catalog.table(connection, name_of(target))
            key = key_of(table).name
            text = await quoted(
                connection,
                "SELECT %1$I::text FROM %2$I.%3$I "
                "ORDER BY hashtextextended(%1$I::text, 0), %1$I::text LIMIT $1",
                key,
                *table.name,
            )
            found = await connection.fetch(text, most, timeout=self.database.limits.reading)
        return tuple(each[0] for each in found)

    async def sample(self, target: str, ids: Sequence[str]) -> Sample:
        """Texts are hashed by the server, so that none comes here."""
        found, left = dict[str, Document | None](), _LARGEST_SAMPLE
        async with self.database.reading(
            "documents", f"reading a sample of {target}", "rows"
        ) as connection:
            table = await catalog.table(connection, name_of(target))
            for start in range(0, len(ids), _AT_ONCE):
                some = list(ids[start : start + _AT_ONCE])
                rows = await rows_of(connection, table, some, self.database.limits.reading)
                left -= sum(len(text or "") for each in rows for text in each["vectors"])
                if left < 0:
                    raise NotAnswered(
                        Reason.OVERSIZED_ANSWER,
                        f"{table.name}: the vectors of {len(ids)} rows have more than "
                        f"{_LARGEST_SAMPLE} bytes",
                    )
                found |= await asyncio.to_thread(documents_in, table, rows)
        return {each: found.get(each) for each in ids}

    async def may_write(self) -> bool | None:
        """Whether it may change any table or view of the database."""
        async with self.database.session("rights", "reading our rights") as connection:
            found: bool = await connection.fetchval(_MAY_WRITE)
        return found

    async def close(self) -> None:
        await self.database.close()


async def system_of(connection: Any) -> str:
    return f"postgresql {await connection.fetchval(_SYSTEM)}"


def snapshot_of(table: Table) -> Snapshot:
    """Raises NotSupported(NoSnapshot)."""
    given, taken = table.comment.get("snapshot"), _built(table.comment)
    is_named = isinstance(given, str) and 0 < len(given) <= _LONGEST_TEXT
    if not is_named or taken is None:
        missing = "builtAt, a time in RFC 3339" if is_named else "snapshot, a text"
        raise NotSupported(
            Reason.NO_SNAPSHOT,
            f"the COMMENT of {table.name} is not JSON with {missing}; let its builder write "
            '{"snapshot": "…", "builtAt": "…"} there, or set compare: Content',
        )
    return Snapshot(
        id=str(given),
        name=str(given),
        taken=taken,
        complete=all(each.valid for each in table.indexes),
        targets=(str(table.name),),
        version=table.version,
        size=table.size,
        manifest=manifest_of(table.comment),
    )


def manifest_of(comment: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: comment[name][:_LONGEST_TEXT]
        for name in ("embeddingModel", "tokenizer")
        if isinstance(comment.get(name), str)
    }


def _built(comment: Mapping[str, Any]) -> float | None:
    with suppress(ValueError, TypeError):
        found = datetime.fromisoformat(str(comment.get("builtAt")))
        if found.tzinfo is not None:
            return found.timestamp()
    return None


def _setting(role: str, text: str) -> str:
    name = text.partition("=")[0]
    return f"{name} of {role}" if role else name


def _vector(table: Table, column: Column) -> VectorField:
    """Of several indexes the first by name that can be used."""
    found = [each for each in table.indexes if _searches(each, column)]
    index = next((each for each in found if each.valid), found[0] if found else None)
    return VectorField(
        column.name,
        column.modifier if column.modifier > 0 else None,
        None if index is None else catalog.metric_of(index),
        "none" if index is None else index.method if index.valid else f"{index.method}, invalid",
        {"type": column.type, **({} if index is None else catalog.options_of(index))},
    )


def _special(table: Table) -> dict[str, str]:
    """Indexes of vectors on an expression, or on some of the rows: queries are answered by them."""
    found = [
        f"{each.method} {each.special} {' '.join((*each.classes, *each.options))}"
        for each in table.indexes
        if each.is_of_vectors and each.special and each.valid
    ]
    return {"specialIndexes": "; ".join(sorted(found))} if found else {}


def _searches(index: TableIndex, column: Column) -> bool:
    is_whole = index.is_of_vectors and not index.special
    return is_whole and index.columns[:1] == (column.name,)
