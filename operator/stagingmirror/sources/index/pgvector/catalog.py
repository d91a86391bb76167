"""What the catalogs have of a table, without reading its rows."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stagingmirror.errors import NotAllowed, NotThere, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.pgvector.names import Name

_COMMENT = 64 * 1024
_VECTORS = ("vector", "halfvec", "sparsevec")
_LISTS = ("options", "columns", "classes", "directions")
# A table, also a partitioned one, and what is kept of a query.
_KINDS = ("r", "p", "m")

SEEN = """
SELECT c.oid::int8 AS oid, c.relkind::text AS kind,
  has_schema_privilege(n.oid, 'USAGE') AS may_use,
  has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT') AS may_read
"""
FROM = """
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'm', 'v', 'f')
"""
_SCHEMA = "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1"
_COLUMNS = """
SELECT a.attname AS name, t.typname AS type, a.atttypmod AS modifier, a.attnotnull AS filled,
  tn.nspname AS schema, coalesce(e.extname, '') AS extension
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_namespace tn ON tn.oid = t.typnamespace
  LEFT JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
  LEFT JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_INDEXES = """
SELECT i.relname AS name, am.amname AS method, x.indisvalid AS valid, x.indisunique AS uniq,
  x.indisprimary AS prim, i.reloptions AS options, x.indnkeyatts::int AS keys,
  concat_ws(' where ', pg_get_expr(x.indexprs, x.indrelid),
    pg_get_expr(x.indpred, x.indrelid)) AS special,
  ARRAY(SELECT a.attname::text FROM unnest(x.indkey::int2[]) WITH ORDINALITY k(number, at)
    JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number
    ORDER BY k.at) AS columns,
  ARRAY(SELECT o.opcname::text FROM unnest(x.indclass::oid[]) WITH ORDINALITY k(class, at)
    JOIN pg_opclass o ON o.oid = k.class ORDER BY k.at) AS classes,
  x.indoption::int2[] AS directions
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am am ON am.oid = i.relam
WHERE x.indrelid = c.oid ORDER BY i.relname LIMIT 256
"""
# Of a table and its partitions: which files they are, which a table that replaced another does not
# share with it; and which rows were written, as the server counts it. Whoever may read no row of it
# may read both.
_PARTS = """
SELECT encode(sha256(convert_to(
    string_agg(concat_ws(' ', p.oid, p.relfilenode), ',' ORDER BY p.oid), 'UTF8')), 'hex') AS made,
  encode(sha256(convert_to(string_agg(concat_ws(' ', p.oid, pg_stat_get_tuples_inserted(p.oid),
    pg_stat_get_tuples_updated(p.oid), pg_stat_get_tuples_deleted(p.oid)),
    ',' ORDER BY p.oid), 'UTF8')), 'hex') AS written,
  bool_and(p.relkind <> 'f') AND current_setting('track_counts') = 'on'
    AND NOT pg_is_in_recovery() AS counted,
  concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()),
    (SELECT extract(epoch FROM pg_stat_get_db_stat_reset_time(oid)) FROM pg_database
      WHERE datname = current_database())) AS since
FROM (SELECT c.oid AS oid UNION SELECT relid::oid FROM pg_partition_tree(c.oid)) t
  JOIN pg_class p ON p.oid = t.oid
"""
# All of a table in one call.
_TABLE = f"""
{SEEN}, "left"(obj_description(c.oid, 'pg_class'), {_COMMENT} + 1) AS comment,
  pg_total_relation_size(c.oid) AS size,
  current_setting('server_version') AS version,
  (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector,
  (SELECT json_agg(row_to_json(found)) FROM ({_COLUMNS}) found) AS columns,
  (SELECT json_agg(row_to_json(found)) FROM ({_INDEXES}) found) AS indexes,
  (SELECT row_to_json(found) FROM ({_PARTS}) found) AS parts
{FROM}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Column:
    """``schema`` and ``extension`` are of its type; empty: the type is of no extension."""

    name: str
    type: str
    modifier: int
    filled: bool
    schema: str
    extension: str

    @property
    def is_vector(self) -> bool:
        return self.extension == "vector" and self.type in _VECTORS

    @property
    def is_builtin(self) -> bool:
        """PostgreSQL's own: whoever owns a type may give it casts, which are code."""
        return self.schema == "pg_catalog" and not self.extension

    @property
    def is_bits(self) -> bool:
        return self.is_builtin and self.type == "bit"


@dataclass(frozen=True, slots=True)
class TableIndex:
    """``special``: the expressions that it is on, and the condition of its rows, if any."""

    name: str
    method: str
    valid: bool
    uniq: bool
    prim: bool
    options: tuple[str, ...]
    keys: int
    special: str
    columns: tuple[str, ...]
    classes: tuple[str, ...]
    directions: tuple[int, ...]

    @property
    def is_of_vectors(self) -> bool:
        return self.method in ("hnsw", "ivfflat")


@dataclass(frozen=True, slots=True)
class Table:
    """``written``: another text after each write, up to 10 s later while its writer is connected;
    None: the server does not count them.
    """

    name: Name
    oid: int
    made: str
    written: str | None
    comment: Mapping[str, Any]
    size: int
    version: str
    pgvector: str
    columns: tuple[Column, ...]
    indexes: tuple[TableIndex, ...]

    @property
    def vectors(self) -> tuple[Column, ...]:
        """Columns of bits are some where an index searches them."""
        searched = {each.columns[:1] for each in self.indexes if each.is_of_vectors}
        return tuple(
            each
            for each in self.columns
            if each.is_vector or (each.is_bits and (each.name,) in searched)
        )

    @property
    def key(self) -> Column | None:
        """The column that tells its rows apart."""
        named = {
            each.columns[0]
            for each in self.indexes
            if each.prim and len(each.columns) == 1 and each.valid
        }
        return next((each for each in self.columns if each.name in named), None)


async def table(connection: Any, name: Name) -> Table:
    """Raises NotThere, NotAllowed, and Refused(NoVectors) where it is no index."""
    found = await row_of(connection, _TABLE, name)
    if found is None or found["kind"] not in _KINDS:
        raise NotThere(Reason.INDEX_MISSING, f"there is no table {name}")
    if not found["may_read"]:
        raise _forbidden(name)
    return await asyncio.to_thread(_parsed, name, found)


def _parsed(name: Name, found: Any) -> Table:
    """Raises Refused(NoVectors)."""
    parts = json.loads(found["parts"])
    made = Table(
        name=name,
        oid=found["oid"],
        made=parts["made"][:16],
        written=f"{parts['since']} {parts['written'][:16]}" if parts["counted"] else None,
        comment=comment_of(name, found["comment"]),
        size=found["size"],
        version=found["version"],
        pgvector=found["pgvector"] or "",
        columns=tuple(Column(**each) for each in json.loads(found["columns"] or "[]")),
        indexes=tuple(_index(each) for each in json.loads(found["indexes"] or "[]")),
    )
    if not made.vectors:
        raise Refused(
            Reason.NO_VECTORS,
            f"the table {name} has no column of type vector, halfvec or sparsevec, and no index "
            "that searches one of type bit",
        )
    return made


async def row_of(connection: Any, statement: str, name: Name) -> Any:
    """What a statement has of a relation; None: there is none. Raises NotAllowed where its schema
    may not be used, so that it could not be read either.
    """
    found = await connection.fetchrow(statement, *name)
    if found is None:
        if await connection.fetchval(_SCHEMA, name.schema) is False:
            raise _forbidden(name)
        return None
    if not found["may_use"]:
        raise _forbidden(name)
    return found


def _index(values: dict[str, Any]) -> TableIndex:
    return TableIndex(**values | {name: tuple(values[name] or ()) for name in _LISTS})


def comment_of(name: Name, text: str | None) -> Mapping[str, Any]:
    """What stands in a COMMENT, where it is a JSON object; any other text is none of ours."""
    if text is None or not text.lstrip().startswith("{"):
        return {}
    if len(text) > _COMMENT:
        raise Refused(Reason.TOO_LARGE, f"the COMMENT of {name} is longer than {_COMMENT}")
    try:
        found = json.loads(text, parse_constant=_no_number)
        json.dumps(found, ensure_ascii=False).encode()  # half a pair of surrogates is no text
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _no_number(text: str) -> float:
    raise ValueError(text)


_METRIC = re.compile(r"_(cosine|ip|l2|l1|hamming|jaccard)_ops$")


def metric_of(index: TableIndex) -> str | None:
    """Of its operator class."""
    found = _METRIC.search(index.classes[0]) if index.classes else None
    return found.group(1) if found else None


def options_of(index: TableIndex) -> dict[str, str]:
    return dict(each.split("=", 1) for each in index.options if "=" in each)


def _forbidden(name: Name) -> NotAllowed:
    return NotAllowed(
        Reason.FORBIDDEN,
        f"our role may not read {name}; GRANT USAGE ON its SCHEMA, and SELECT ON it and on the view"
        " of the alias",
    )
