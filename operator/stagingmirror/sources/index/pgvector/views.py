"""Moves a view from one table to another, within a transaction that is open."""

from typing import Any

from stagingmirror.errors import ChangedUnderneath, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.pgvector import catalog
from stagingmirror.sources.index.pgvector.names import Name, quoted

_VIEW = """
SELECT pg_get_viewdef(c.oid) AS text, coalesce(c.reloptions, '{}') AS options,
  pg_get_userbyid(c.relowner) AS owner,
  ARRAY(SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns
FROM pg_class c WHERE c.oid = $1::int8::oid
"""
_OWNER = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = $1::int8::oid"
# Options of a view that say nothing about who reads the table.
_OPTIONS = {"security_barrier=true", "security_barrier=on", "security_barrier=false"}


async def set_view(connection: Any, alias: Name, expected: str | None, new: Name) -> None:
    """Raises ChangedUnderneath, and Refused where it is no view of one table's columns alone."""
    found = await _locked(connection, alias)
    if found is None:
        if expected is not None:
            raise _moved(alias, expected, ())
        await connection.execute(
            await quoted(connection, "CREATE VIEW %I.%I AS SELECT * FROM %I.%I", *alias, *new)
        )
        return
    targets = catalog.targets_of(found)
    if targets == (str(new),):
        return
    if expected is None or targets != (expected,):
        raise _moved(alias, expected, targets)
    view = await connection.fetchrow(_VIEW, found["oid"])
    await _refuse_what_would_be_lost(connection, alias, Name(*_split(targets[0])), view)
    # Readers of the view read the table as its owner.
    await connection.execute(
        await quoted(connection, "GRANT SELECT ON %I.%I TO %I", *new, view["owner"])
    )
    columns = ", ".join(["%I"] * len(view["columns"]))
    options = f" WITH ({', '.join(view['options'])})" if view["options"] else ""
    text = await quoted(
        connection,
        f"CREATE OR REPLACE VIEW %I.%I{options} AS SELECT {columns} FROM %I.%I",  # noqa: S608
        *alias,
        *view["columns"],
        *new,
    )
    await connection.execute(text)


async def unset_view(connection: Any, alias: Name, expected: str) -> None:
    """Raises ChangedUnderneath."""
    found = await _locked(connection, alias)
    if found is None:
        return
    targets = catalog.targets_of(found)
    if targets != (expected,):
        raise _moved(alias, expected, targets)
    await connection.execute(await quoted(connection, "DROP VIEW %I.%I", *alias))


async def _locked(connection: Any, alias: Name) -> Any:
    """None: it is not there. Raises Refused where it is no view."""
    found = await catalog.find(connection, alias)
    if found is None:
        return None
    if found["kind"] != "v":
        raise Refused(
            Reason.NOT_AN_ALIAS,
            f"{alias} is a table and no view, and only a view can be moved; rename it, and CREATE "
            "VIEW in its place",
        )
    # It changes nothing, and locks the view alone: LOCK TABLE wants rights on what it shows.
    owner = await connection.fetchval(_OWNER, found["oid"])
    await connection.execute(
        await quoted(connection, "ALTER VIEW %I.%I OWNER TO %I", *alias, owner)
    )
    # Perhaps another one since.
    again = await catalog.find(connection, alias)
    if again is None or again["oid"] != found["oid"]:
        raise _moved(alias, None, ())
    return again


async def _refuse_what_would_be_lost(connection: Any, alias: Name, table: Name, view: Any) -> None:
    """A condition, a join or an expression of the view, or whose rights its readers need."""
    listed = ", ".join(["%I"] * len(view["columns"]))
    plain = await quoted(connection, f"SELECT {listed} FROM %I.%I;", *view["columns"], *table)  # noqa: S608
    # As PostgreSQL 15 and older write it.
    prefix = await quoted(connection, "%I", table.table)
    columns = [f"{prefix}.{await quoted(connection, '%I', each)}" for each in view["columns"]]
    older = plain.replace(plain[7 : plain.index(" FROM ")], ", ".join(columns), 1)
    is_plain = " ".join(view["text"].split()) in (plain, older)
    if not is_plain or not set(view["options"]) <= _OPTIONS:
        raise Refused(
            Reason.NOT_AN_ALIAS,
            f"the view {alias} shows more than columns of one table (a condition, a join, an "
            "expression, security_invoker, a check option), and that would be lost; make another "
            "view of it, above a plain one that is the alias",
        )


def _split(target: str) -> tuple[str, str]:
    schema, dot, table = target.partition(".")
    return (schema, table) if dot else ("public", target)


def _moved(alias: Name, expected: str | None, found: tuple[str, ...]) -> ChangedUnderneath:
    return ChangedUnderneath(
        Reason.ALIAS_MOVED,
        f"{alias} shows {', '.join(found) or 'nothing'} and not {expected or 'nothing'} any more; "
        "it was left as it is",
    )
