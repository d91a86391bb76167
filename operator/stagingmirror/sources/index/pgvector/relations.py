"""What is there by a name: a table, or a view and the tables that it reads."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from stagingmirror.sources.index.pgvector.catalog import FROM, SEEN, row_of
from stagingmirror.sources.index.pgvector.names import Name, seen

# Tables that a view reads, also through other views.
_TARGETS = """
WITH RECURSIVE reads(oid, kind, depth) AS (
  SELECT c.oid, 'v'::"char", 0
  UNION
  SELECT r2.oid, r2.relkind, reads.depth + 1
  FROM reads JOIN pg_rewrite r ON r.ev_class = reads.oid
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n' AND d.refobjid <> reads.oid
    JOIN pg_class r2 ON r2.oid = d.refobjid
  WHERE reads.kind = 'v' AND reads.depth < 8
)
SELECT DISTINCT rn.nspname AS schema, rc.relname AS "table",
  quote_ident(rn.nspname) || '.' || quote_ident(rc.relname) AS whole,
  quote_ident(rc.relname) AS short
FROM reads JOIN pg_class rc ON rc.oid = reads.oid JOIN pg_namespace rn ON rn.oid = rc.relnamespace
WHERE reads.kind IN ('r', 'p', 'm', 'f') LIMIT 64
"""
_FIND = f"""
{SEEN}, CASE WHEN c.relkind = 'v' THEN
  (SELECT json_agg(row_to_json(found)) FROM ({_TARGETS}) found) END AS targets,
  CASE WHEN c.relkind = 'v' THEN "left"(pg_get_viewdef(c.oid), 262144) END AS text,
  CASE WHEN c.relkind = 'v' THEN ARRAY(
    SELECT quote_ident(a.attname) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
  ) END AS shown
{FROM}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Relation:
    """``targets``: of a view the tables that it reads, sorted. ``shows_columns``: whether a view
    shows all rows of one table, and of these only columns by their own names: no condition, limit,
    join or expression.
    """

    oid: int
    is_view: bool
    is_table: bool
    targets: tuple[str, ...]
    shows_columns: bool


async def find(connection: Any, name: Name) -> Relation | None:
    """None: there is none. Raises NotAllowed where its schema may not be used, and Refused where a
    view reads what has a name that cannot be written.
    """
    found = await row_of(connection, _FIND, name)
    return None if found is None else await asyncio.to_thread(_parsed, found)


def _parsed(found: Any) -> Relation:
    targets: list[dict[str, str]] = json.loads(found["targets"] or "[]")
    return Relation(
        oid=found["oid"],
        is_view=found["kind"] == "v",
        is_table=found["kind"] == "r",
        targets=tuple(sorted(str(seen(each["schema"], each["table"])) for each in targets)),
        shows_columns=len(targets) == 1 and _shows_columns(found, targets[0]),
    )


def _shows_columns(found: Any, table: dict[str, str]) -> bool:
    text = " ".join(found["text"].split())
    # The second as PostgreSQL 15 and older write it.
    plain = (
        ", ".join(f"{prefix}{each}" for each in found["shown"])
        for prefix in ("", f"{table['short']}.")
    )
    return text in [f"SELECT {each} FROM {table['whole']};" for each in plain]  # noqa: S608
